/* Goal: a program and a restorer never have the database together, no killed restorer shuts anybody
 * out, and an old write-ahead log never meets a fresh file. Method: real files, real processes. */
#include "store/replace.h"

#include "base/expect.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/hufu-replace-XXXXXX";
static char paths[4][REPLACE_PATH_BYTES_MAX];

static const char *in_folder(int place, const char *name)
{
    snprintf(paths[place], sizeof(paths[place]), "%s/%s", folder, name);
    return paths[place];
}

static void put_file(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ASSERT(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

static bool file_holds(const char *path, const char *text)
{
    char bytes[64] = { 0 };
    const int fd = open(path, O_RDONLY);
    if (fd < 0) return false;
    const ssize_t size = read(fd, bytes, sizeof(bytes) - 1);
    close(fd);
    return size == (ssize_t)strlen(text) && strcmp(bytes, text) == 0;
}

static const char *begin(void)
{
    memcpy(folder, "/tmp/hufu-replace-XXXXXX", sizeof(folder));
    ASSERT(mkdtemp(folder) != NULL);
    return in_folder(0, "ledger.db");
}

static void end(void)
{
    static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm", "fresh",
        "kept", "kept-wal", "ledger.db.restore" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(in_folder(3, names[i]));
    ASSERT(rmdir(folder) == 0);
}

static const RestoreNote sample = { .approvers = { "alice", "bob" },
    .reason = "disk burnt",
    .archive = { 1, 2, 3 },
    .old_size = 9,
    .size = 4,
    .root = { 7 } };

static void test_one_holds(void)
{
    const char *database = begin();
    int first = -1;
    int second = -1;
    EXPECT_OK(store_hold(database, &first));
    EXPECT_REFUSED(store_hold(database, &second), REFUSED_STORE_BUSY);
    EXPECT(second == -1);
    close(first);
    EXPECT_OK(store_hold(database, &second));
    close(second);
    end();
}

static void test_gate_is_seen_and_opens(void)
{
    const char *database = begin();
    StoreGate gate = { .fd = -1 };
    StoreGate other = { .fd = -1 };
    EXPECT(!store_gate_is_closed(database));
    EXPECT_OK(store_gate_close(database, &gate));
    EXPECT(store_gate_is_closed(database));
    EXPECT_REFUSED(store_gate_close(database, &other), REFUSED_STORE_BUSY);
    store_note_clear(database); /* the program may not tear it down */
    EXPECT(store_gate_is_closed(database));
    store_gate_open(&gate, false);
    EXPECT(!store_gate_is_closed(database) && access(in_folder(1, "ledger.db.restore"), F_OK) != 0);
    end();
}

static void test_a_killed_restorer_shuts_nobody_out(void)
{
    const char *database = begin();
    const pid_t pid = fork();
    if (pid == 0) {
        StoreGate gate = { .fd = -1 };
        _exit(status_ok(store_gate_close(database, &gate)) ? 0 : 1);
    }
    int state = 0;
    EXPECT(waitpid(pid, &state, 0) == pid && state == 0);
    EXPECT(!store_gate_is_closed(database));
    RestoreNote note = { 0 };
    bool found = true;
    EXPECT_OK(store_note_read(database, &note, &found));
    EXPECT(!found);
    store_note_clear(database);
    EXPECT(access(in_folder(1, "ledger.db.restore"), F_OK) != 0);
    end();
}

static void test_note_comes_back_and_stays_until_cleared(void)
{
    const char *database = begin();
    StoreGate gate = { .fd = -1 };
    RestoreNote note = { 0 };
    bool found = true;
    EXPECT_OK(store_note_read(database, &note, &found));
    EXPECT(!found);
    EXPECT_OK(store_gate_close(database, &gate));
    EXPECT_OK(store_gate_note(&gate, &sample));
    store_gate_open(&gate, true);
    EXPECT(!store_gate_is_closed(database));
    EXPECT_OK(store_note_read(database, &note, &found));
    EXPECT(found && strcmp(note.approvers[0], "alice") == 0
            && strcmp(note.approvers[1], "bob") == 0);
    EXPECT(strcmp(note.reason, "disk burnt") == 0 && note.old_size == 9 && note.size == 4);
    EXPECT(note.archive[2] == 3 && note.root[0] == 7);
    store_note_clear(database);
    EXPECT_OK(store_note_read(database, &note, &found));
    EXPECT(!found);
    end();
}

static void test_every_cut_of_a_note_is_none(void)
{
    const char *database = begin();
    StoreGate gate = { .fd = -1 };
    EXPECT_OK(store_gate_close(database, &gate));
    EXPECT_OK(store_gate_note(&gate, &sample));
    const off_t whole = lseek(gate.fd, 0, SEEK_END);
    EXPECT(whole > 0);
    for (off_t size = whole - 1; size >= 0; size--) {
        RestoreNote note = { 0 };
        bool found = true;
        EXPECT(ftruncate(gate.fd, size) == 0);
        EXPECT_OK(store_note_read(database, &note, &found));
        EXPECT(!found && note.size == 0);
    }
    store_gate_open(&gate, false);
    end();
}

static void test_replace_keeps_the_old_file_with_its_log(void)
{
    const char *database = begin();
    put_file(database, "old");
    put_file(in_folder(1, "ledger.db-wal"), "old log");
    put_file(in_folder(1, "ledger.db-shm"), "index");
    put_file(in_folder(1, "fresh"), "fresh");
    EXPECT_OK(store_replace(database, in_folder(1, "fresh"), in_folder(2, "kept")));
    EXPECT(file_holds(database, "fresh"));
    EXPECT(file_holds(in_folder(1, "kept"), "old"));
    EXPECT(file_holds(in_folder(1, "kept-wal"), "old log"));
    EXPECT(access(in_folder(1, "ledger.db-wal"), F_OK) != 0);
    EXPECT(access(in_folder(1, "ledger.db-shm"), F_OK) != 0);
    EXPECT(access(in_folder(1, "fresh"), F_OK) != 0);
    /* An occupied place is not taken, and nothing moves. */
    put_file(in_folder(1, "fresh"), "third");
    EXPECT_STATUS(store_replace(database, in_folder(1, "fresh"), in_folder(2, "kept")), FAULT_DISK);
    EXPECT(file_holds(database, "fresh"));
    EXPECT(file_holds(in_folder(1, "kept"), "old"));
    end();
}

static void test_replace_of_a_lost_file(void)
{
    const char *database = begin();
    put_file(in_folder(1, "fresh"), "fresh");
    EXPECT_OK(store_replace(database, in_folder(1, "fresh"), in_folder(2, "kept")));
    EXPECT(file_holds(database, "fresh"));
    end();
}

TESTS(TEST(test_one_holds), TEST(test_gate_is_seen_and_opens),
        TEST(test_a_killed_restorer_shuts_nobody_out),
        TEST(test_note_comes_back_and_stays_until_cleared), TEST(test_every_cut_of_a_note_is_none),
        TEST(test_replace_keeps_the_old_file_with_its_log), TEST(test_replace_of_a_lost_file))
