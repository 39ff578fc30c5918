/* Goal: the carrier brings the WAL's pages into the database beside a writer that goes on, and
 * loses none. Method: a writer whose own connection never carries; the main file must grow all the
 * same, and hold every row at the end. */
#define _GNU_SOURCE
#include "store/carrier.h"

#include "base/expect.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 600, POLLS_MAX = 2000 };

static char path[] = "/tmp/hufu_carrier_XXXXXX";

static void remove_files(void)
{
    char name[64];
    static const char *const ends[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
}

static int64_t main_file_bytes(void)
{
    struct stat facts = { 0 };
    return stat(path, &facts) == 0 ? (int64_t)facts.st_size : -1;
}

static bool run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static void test_pages_are_carried_while_the_writer_goes_on(void)
{
    sqlite3 *db = NULL;
    Carrier *carrier = NULL;
    const int fd = mkstemp(path);
    EXPECT(fd >= 0);
    close(fd);
    EXPECT(sqlite3_open(path, &db) == SQLITE_OK);
    EXPECT(run(
            db, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=FULL"));
    EXPECT(run(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, bytes BLOB)"));
    EXPECT_OK(carrier_open(path, &carrier));
    for (int i = 0; i < ROWS; i++) {
        EXPECT(run(db, "INSERT INTO t(bytes) VALUES(randomblob(5000))"));
        if (i % 50 == 0) carrier_ask(carrier);
    }
    carrier_ask(carrier);
    int polls = 0;
    while (main_file_bytes() < (int64_t)ROWS * 5000 && polls++ < POLLS_MAX) {
        const struct timespec wait = { 0, 5000000 };
        nanosleep(&wait, NULL);
    }
    EXPECT(main_file_bytes() >= (int64_t)ROWS * 5000);
    carrier_close(carrier);
    sqlite3_stmt *count = NULL;
    EXPECT(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &count, NULL) == SQLITE_OK);
    EXPECT(sqlite3_step(count) == SQLITE_ROW && sqlite3_column_int(count, 0) == ROWS);
    sqlite3_finalize(count);
    sqlite3_close(db);
    remove_files();
}

static void test_a_database_that_is_not_there_is_a_fault(void)
{
    Carrier *carrier = NULL;
    EXPECT_STATUS(carrier_open("/nonexistent/folder/db", &carrier), FAULT_STORE);
    EXPECT(carrier == NULL);
    carrier_close(NULL);
}

TESTS(TEST(test_pages_are_carried_while_the_writer_goes_on),
        TEST(test_a_database_that_is_not_there_is_a_fault))
