/* A backup comes back byte for byte, and not at all once any byte of it is changed, moved or cut
 * off. */
#include "archive.h"

#include "command.h"

#include "base/expect.h"
#include "base/seams.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = { "ledger.db", "domain.db" };
static const uint8_t key[ARCHIVE_KEY_BYTES] = { 1, 2, 3 };
static char folder[] = "/tmp/hufu-archive-XXXXXX";
static char archive_path[PATH_BYTES_MAX];
static uint8_t ledger[3 * ARCHIVE_CHUNK_BYTES + 17];
static uint8_t whole[4 * ARCHIVE_CHUNK_BYTES];
static size_t whole_size;

static void put(const char *name, Span bytes)
{
    char path[PATH_BYTES_MAX];
    ASSERT(status_ok(file_write(path_in(path, folder, name), 0600, bytes)));
}

static void make_backup(size_t ledger_size)
{
    char path[PATH_BYTES_MAX];
    SeededRandom state;
    const Random random = random_seeded(&state, 7);
    ASSERT(status_ok(random_fill(&random, ledger, sizeof(ledger))));
    put("a", (Span) { ledger, ledger_size });
    put("b", SPAN(""));
    unlink(archive_path);
    Archive *archive = NULL;
    ASSERT(status_ok(archive_create(archive_path, SPAN("wrapped"), SPAN_OF(key), &archive)));
    ASSERT(status_ok(archive_add(archive, names[0], path_in(path, folder, "a"))));
    ASSERT(status_ok(archive_add(archive, names[1], path_in(path, folder, "b"))));
    ASSERT(status_ok(archive_finish(archive)));
    archive_close(&archive);
    Buffer all = BUFFER_OF(whole);
    ASSERT(status_ok(file_read(archive_path, &all)));
    whole_size = all.size;
}

static Status read_with(Span with)
{
    char path[PATH_BYTES_MAX];
    uint8_t wrapped_bytes[64];
    Buffer wrapped = BUFFER_OF(wrapped_bytes);
    for (size_t i = 0; i < 2; i++)
        unlink(path_in(path, folder, names[i]));
    CLEANUP(archive_close) Archive *archive = NULL;
    TRY(archive_open(archive_path, &wrapped, &archive));
    ASSERT(span_equal(span_of_buffer(&wrapped), SPAN("wrapped")));
    return archive_extract(archive, with, folder, names, 2);
}

static void test_every_size_comes_back(void)
{
    const size_t head = 4 + 9 + 8; /* in front of the first file's bytes */
    const size_t sizes[] = { 0, 1, ARCHIVE_CHUNK_BYTES - head, ARCHIVE_CHUNK_BYTES - head - 21,
        ARCHIVE_CHUNK_BYTES, sizeof(ledger) };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char path[PATH_BYTES_MAX];
        static uint8_t back[sizeof(ledger) + 1];
        Buffer bytes = BUFFER_OF(back);
        make_backup(sizes[i]);
        EXPECT_OK(read_with(SPAN_OF(key)));
        EXPECT_OK(file_read(path_in(path, folder, names[0]), &bytes));
        EXPECT(span_equal(span_of_buffer(&bytes), (Span) { ledger, sizes[i] }));
    }
}

static void test_a_changed_byte_is_refused(void)
{
    make_backup(300);
    for (size_t i = 19; i < whole_size; i++) { /* behind magic and wrapped key */
        whole[i] ^= 1;
        put("backup", (Span) { whole, whole_size });
        EXPECT(!status_ok(read_with(SPAN_OF(key))));
        whole[i] ^= 1;
    }
}

static void test_a_cut_file_is_refused(void)
{
    make_backup(sizeof(ledger));
    const size_t chunk = 4 + ARCHIVE_CHUNK_BYTES + 16;
    const size_t cuts[] = { 0, 5, 18, 19, 19 + chunk, 19 + 2 * chunk, 19 + 2 * chunk + 3,
        whole_size - 1 };
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        put("backup", (Span) { whole, cuts[i] });
        EXPECT(!status_ok(read_with(SPAN_OF(key))));
    }
}

static void test_swapped_chunks_are_refused(void)
{
    make_backup(sizeof(ledger));
    const size_t chunk = 4 + ARCHIVE_CHUNK_BYTES + 16;
    static uint8_t kept[4 + ARCHIVE_CHUNK_BYTES + 16];
    memcpy(kept, whole + 19, chunk);
    memmove(whole + 19, whole + 19 + chunk, chunk);
    memcpy(whole + 19 + chunk, kept, chunk);
    put("backup", (Span) { whole, whole_size });
    EXPECT_REFUSED(read_with(SPAN_OF(key)), REFUSED_BACKUP_TAMPERED);
}

static void test_another_key_is_refused(void)
{
    const uint8_t other[ARCHIVE_KEY_BYTES] = { 9 };
    make_backup(10);
    EXPECT_REFUSED(read_with(SPAN_OF(other)), REFUSED_BACKUP_TAMPERED);
    EXPECT_REFUSED(read_with(SPAN("short")), REFUSED_BACKUP_FORMAT);
}

static void test_a_backup_never_overwrites(void)
{
    make_backup(10);
    Archive *archive = NULL;
    EXPECT_STATUS(archive_create(archive_path, SPAN("w"), SPAN_OF(key), &archive), FAULT_DISK);
}

__attribute__((constructor)) static void make_folder(void)
{
    ASSERT(mkdtemp(folder) != NULL);
    path_in(archive_path, folder, "backup");
}

__attribute__((destructor)) static void remove_folder(void)
{
    static const char *const left[] = { "a", "b", "backup", "ledger.db", "domain.db" };
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        char path[PATH_BYTES_MAX];
        unlink(path_in(path, folder, left[i]));
    }
    rmdir(folder);
}

TESTS(TEST(test_every_size_comes_back), TEST(test_a_changed_byte_is_refused),
        TEST(test_a_cut_file_is_refused), TEST(test_swapped_chunks_are_refused),
        TEST(test_another_key_is_refused), TEST(test_a_backup_never_overwrites))
