/* Goal: TP-5, TP-8, TP-14: what lies in folders, archives in archives and git's history is found;
 * bombs, depth, damage and locks are named, never silently passed over; a log line is guarded.
 * Method: archives made here with libarchive, a repository made with git. */
#define _GNU_SOURCE
#include "scan/walk.h"

#include "base/expect.h"
#include "base/log.h"
#include "policy/detect_test_canaries.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARCHIVE_BYTES = 4 << 20, ALLOWED_BYTES = 1 << 20 };

typedef struct Seen {
    size_t found;
    size_t skipped;
    DetectKind kind;
    char place[WALK_PLACE_BYTES_MAX];
    Status why;
} Seen;

static void on_found(void *context, const char *place, const ScanFinding *finding)
{
    Seen *seen = context;
    seen->found++;
    seen->kind = finding->kind;
    snprintf(seen->place, sizeof(seen->place), "%s", place);
}

static void on_skipped(void *context, const char *place, Status why)
{
    Seen *seen = context;
    snprintf(seen->place, sizeof(seen->place), "%s", place);
    seen->skipped++;
    seen->why = why;
}

static void on_read(void *context, uint64_t bytes)
{
    (void)context;
    (void)bytes;
}

typedef struct Bench {
    Scanner *scanner;
    Walk *walk;
    WalkSink sink;
    Seen seen;
} Bench;

static void bench_close(Bench *b)
{
    walk_free(&b->walk);
    scanner_free(&b->scanner);
}

static Status bench_open(Bench *b)
{
    *b = (Bench) { 0 };
    b->sink = (WalkSink) { on_found, on_skipped, on_read, &b->seen };
    TRY(scanner_new(&b->scanner));
    return walk_new(b->scanner, &b->sink, ALLOWED_BYTES, &b->walk);
}

/* An archive of one entry in memory. filter: 0 none or ARCHIVE_FILTER_...; format 'z': zip;
 * 'a' and 'o': zip encrypted with AES, and the old way. */
static size_t pack(char format, int filter, const char *name, Span content, uint8_t *ret_bytes)
{
    size_t size = 0;
    struct archive *w = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    if (format == 'z' || format == 'a' || format == 'o') archive_write_set_format_zip(w);
    if (format == 'a') archive_write_set_options(w, "zip:encryption=aes256");
    if (format == 'o') archive_write_set_options(w, "zip:encryption=traditional");
    if (format == 'a' || format == 'o') archive_write_set_passphrase(w, "unknown to us");
    if (format == 't') archive_write_set_format_pax_restricted(w);
    if (format == 'r') archive_write_set_format_raw(w);
    if (filter != 0) archive_write_add_filter(w, filter);
    archive_write_set_bytes_in_last_block(w, 1);
    archive_write_open_memory(w, ret_bytes, ARCHIVE_BYTES, &size);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)content.size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(w, entry);
    archive_write_data(w, content.data, content.size);
    archive_entry_free(entry);
    archive_write_free(w);
    return size;
}

static uint8_t one[ARCHIVE_BYTES];
static uint8_t two[ARCHIVE_BYTES];

static Status judge(Bench *b, Span bytes)
{
    const int fd = memfd_create("file", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size, FAULT_SYSTEM);
    lseek(fd, 0, SEEK_SET);
    memset(&b->seen, 0, sizeof(b->seen));
    const Status s = walk_fd(b->walk, fd, "file");
    close(fd);
    return s;
}

static void test_every_archive_is_opened(void)
{
    static const struct {
        char format;
        int filter;
    } kinds[] = { { 't', 0 }, { 't', ARCHIVE_FILTER_GZIP }, { 't', ARCHIVE_FILTER_XZ },
        { 't', ARCHIVE_FILTER_ZSTD }, { 't', ARCHIVE_FILTER_BZIP2 }, { 'z', 0 },
        { 'r', ARCHIVE_FILTER_GZIP }, { 'r', ARCHIVE_FILTER_LZ4 } };
    CLEANUP(bench_close) Bench b;
    EXPECT_OK(bench_open(&b));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const Span text = SPAN("line\ncard 4111 1111 1111 1111\n");
        size_t size = pack(kinds[i].format, kinds[i].filter, "in/pay.log", text, one);
        EXPECT_OK(judge(&b, (Span) { one, size }));
        EXPECT(b.seen.found == 1 && b.seen.kind == DETECT_CARD && b.seen.skipped == 0);
        EXPECT(kinds[i].format == 'r' || strcmp(b.seen.place, "file!in/pay.log") == 0);
        /* The same in another archive. */
        size = pack('z', 0, "inner", (Span) { one, size }, two);
        EXPECT_OK(judge(&b, (Span) { two, size }));
        EXPECT(b.seen.found == 1 && b.seen.skipped == 0);
        EXPECT(strncmp(b.seen.place, "file!inner", 10) == 0);
    }
}

static void test_bombs_depth_and_damage_are_named(void)
{
    CLEANUP(bench_close) Bench b;
    EXPECT_OK(bench_open(&b));
    memset(two, 0, sizeof(two)); /* four times what is allowed, four kilobytes packed */
    size_t size = pack('r', ARCHIVE_FILTER_GZIP, "zeros", SPAN_OF(two), one);
    EXPECT(size < 64 * 1024);
    EXPECT_OK(judge(&b, (Span) { one, size }));
    EXPECT(b.seen.skipped > 0 && status_is(b.seen.why, REFUSED_SCAN_ARCHIVE_BOMB));

    size = pack('t', 0, "x", SPAN("4111111111111111"), one);
    for (int i = 0; i < WALK_DEPTH_MAX; i++) {
        memcpy(two, one, size);
        size = pack('z', 0, "deeper", (Span) { two, size }, one);
    }
    EXPECT_OK(judge(&b, (Span) { one, size }));
    EXPECT(b.seen.found == 0 && status_is(b.seen.why, REFUSED_SCAN_ARCHIVE_DEPTH));

    /* Cut anywhere, it is found or named, never clean. */
    const Span text = SPAN("some words before the card 4111111111111111 and some words behind it");
    size = pack('t', ARCHIVE_FILTER_GZIP, "x", text, one);
    for (size_t cut = 20; cut < size; cut += 3) {
        EXPECT_OK(judge(&b, (Span) { one, cut }));
        EXPECT(b.seen.found > 0 || b.seen.skipped > 0);
    }
}

static void test_names_are_judged(void)
{
    CLEANUP(bench_close) Bench b;
    EXPECT_OK(bench_open(&b));
    const size_t size = pack('t', 0, "4111111111111111.txt", SPAN("nothing"), one);
    EXPECT_OK(judge(&b, (Span) { one, size }));
    EXPECT(b.seen.found == 1 && b.seen.kind == DETECT_CARD);
}

/* --- folders and git --- */

static int run(const char *folder, char *const arguments[])
{
    const pid_t pid = fork();
    if (pid == 0) {
        static char *const environment[] = { (char *)"PATH=/usr/bin:/bin",
            (char *)"GIT_CONFIG_GLOBAL=/dev/null", (char *)"GIT_AUTHOR_NAME=a",
            (char *)"GIT_AUTHOR_EMAIL=a@example.com", (char *)"GIT_COMMITTER_NAME=a",
            (char *)"GIT_COMMITTER_EMAIL=a@example.com", NULL };
        if (chdir(folder) != 0) _exit(126);
        execve("/usr/bin/git", arguments, environment);
        _exit(127);
    }
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool write_file(const char *folder, const char *name, Span text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    const int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    const bool written = fd >= 0 && write(fd, text.data, text.size) == (ssize_t)text.size;
    if (fd >= 0) close(fd);
    return written;
}

static void remove_folder(char *folder)
{
    const pid_t pid = fork();
    char *const arguments[] = { (char *)"rm", (char *)"-rf", folder, NULL };
    char *const environment[] = { NULL };
    if (pid == 0) {
        execve("/bin/rm", arguments, environment);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

/* A card that was committed and removed again is still in the history. */
static void test_history_keeps_what_was_removed(void)
{
    char folder[] = "/tmp/hufu-git-XXXXXX";
    EXPECT(mkdtemp(folder) != NULL);
    char *const init[] = { (char *)"git", (char *)"init", (char *)"-q", NULL };
    char *const add[] = { (char *)"git", (char *)"add", (char *)"-A", NULL };
    char *const commit[] = { (char *)"git", (char *)"commit", (char *)"-q", (char *)"-m",
        (char *)"with password=hunter2x9", NULL };
    EXPECT(run(folder, init) == 0);
    EXPECT(write_file(folder, "a.txt", SPAN("card 4111111111111111\n")));
    EXPECT(run(folder, add) == 0 && run(folder, commit) == 0);
    EXPECT(write_file(folder, "a.txt", SPAN("nothing\n")));
    EXPECT(run(folder, add) == 0 && run(folder, commit) == 0);

    CLEANUP(bench_close) Bench b;
    EXPECT_OK(bench_open(&b));
    EXPECT_OK(walk_git(b.walk, folder));
    EXPECT(b.seen.found == 3); /* the card once, the password in two messages */
    memset(&b.seen, 0, sizeof(b.seen));
    EXPECT_OK(walk_path(b.walk, folder));
    EXPECT(b.seen.found == 0 && b.seen.skipped == 0);
    EXPECT_REFUSED(walk_git(b.walk, "/nowhere"), REFUSED_SCAN_GIT);
    remove_folder(folder);
}

/* What cannot be read is named, so that nobody takes it for clean. */
static void test_locked_entries_are_named(void)
{
    CLEANUP(bench_close) Bench b;
    EXPECT_OK(bench_open(&b));
    static const char formats[] = { 'a', 'o' };
    for (size_t i = 0; i < sizeof(formats); i++) {
        const size_t size = pack(formats[i], 0, "pay.log", SPAN("card 4111111111111111\n"), one);
        EXPECT_OK(judge(&b, (Span) { one, size }));
        EXPECT(b.seen.found == 0 && b.seen.skipped == 1);
        EXPECT(status_is(b.seen.why, REFUSED_SCAN_ARCHIVE_LOCKED));
        EXPECT(strcmp(b.seen.place, "file!pay.log") == 0);
        /* In an archive that is not encrypted itself, too. */
        const size_t outer = pack('t', ARCHIVE_FILTER_GZIP, "in.zip", (Span) { one, size }, two);
        EXPECT_OK(judge(&b, (Span) { two, outer }));
        EXPECT(b.seen.skipped == 1 && strcmp(b.seen.place, "file!in.zip!pay.log") == 0);
    }
}

static void test_folders_links_and_pipes(void)
{
    char folder[] = "/tmp/hufu-walk-XXXXXX";
    char path[256];
    EXPECT(mkdtemp(folder) != NULL);
    EXPECT(write_file(folder, "a.log", SPAN("tel 13800138000\n")));
    snprintf(path, sizeof(path), "%s/link", folder);
    EXPECT(symlink("a.log", path) == 0);
    snprintf(path, sizeof(path), "%s/pipe", folder);
    EXPECT(mkfifo(path, 0600) == 0);
    CLEANUP(bench_close) Bench b;
    EXPECT_OK(bench_open(&b));
    EXPECT_OK(walk_path(b.walk, folder));
    EXPECT(b.seen.found == 1 && b.seen.kind == DETECT_PHONE && b.seen.skipped == 0);
    EXPECT(walk_size(folder) == 16);
    EXPECT_OK(walk_path(b.walk, "/nowhere/at/all"));
    EXPECT(b.seen.skipped == 1 && status_is(b.seen.why, REFUSED_SCAN_UNREADABLE));
    remove_folder(folder);
}

/* --- the guard of a log --- */

static char logged[16384];

static void log_through(const LogField *fields, size_t count)
{
    const int fd = memfd_create("log", 0);
    log_open("test", LOG_INFO, fd);
    log_guard(scan_guard);
    log_write(LOG_INFO, "test.line", fields, count);
    const ssize_t size = pread(fd, logged, sizeof(logged) - 1, 0);
    logged[size > 0 ? size : 0] = 0;
    log_guard(NULL);
    log_open("test", LOG_INFO, STDERR_FILENO);
    close(fd);
}

static void test_the_log_sink_refuses(void)
{
    EXPECT_OK(scan_guard_open());
    for (DetectKind kind = DETECT_CARD; kind < DETECT_KINDS; kind++) {
        for (CanaryEncoding e = CANARY_PLAIN; e < CANARY_ENCODINGS; e++) {
            uint8_t memory[CANARY_BYTES_MAX + 1];
            Buffer text = BUFFER_OF(memory);
            if (!canary_exists(kind, e)) continue;
            canary_make(kind, e, 2, &text);
            memory[text.size] = 0;
            if (text.size > LOG_TEXT_BYTES_MAX) continue; /* the sink cuts it anyway */
            for (LogKey key = 0; key < LOG_KEY_COUNT_OF; key++) {
                const LogField field = { key, (const char *)memory, 0 };
                log_through(&field, 1);
                EXPECT(strstr(logged, "[refused: ") != NULL);
                EXPECT(strstr(logged, "\"level\":\"alert\"") != NULL);
            }
        }
    }
    const LogField split[] = { LOG_TEXT(PATH, "41111111"), LOG_TEXT(ADDRESS, "11111111") };
    log_through(split, 2);
    EXPECT(strstr(logged, "11111111") == NULL && strstr(logged, "card_number") != NULL);
    const LogField clean[] = { LOG_TEXT(PATH, "/var/log"), LOG_NUMBER(COUNT, 41111111) };
    log_through(clean, 2);
    EXPECT(strstr(logged, "refused") == NULL && strstr(logged, "41111111") != NULL);
}

TESTS(TEST(test_every_archive_is_opened), TEST(test_bombs_depth_and_damage_are_named),
        TEST(test_names_are_judged), TEST(test_history_keeps_what_was_removed),
        TEST(test_locked_entries_are_named), TEST(test_folders_links_and_pipes),
        TEST(test_the_log_sink_refuses))
