/*
 * Goal: opening, migrating, reading, copying. Method: databases under /tmp, opened with schemas
 * that fit, are older, newer or wrong; a reader of another user beside a live writer.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "store/practice.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct House {
    char folder[64];
    char path[96];
    char copy[96];
    Store *store;
} House;

static Status house_open_schema(House *h, const StoreSchema *schema, bool readonly, Store **ret)
{
    const StoreSchema *const schemas[] = { schema };
    const StoreConfig config = { h->path, NULL, schemas, 1 };
    return readonly ? store_open_readonly(&config, ret) : store_open(&config, ret);
}

static bool house_open(House *h)
{
    *h = (House) { .folder = "/tmp/hufu-store-XXXXXX" };
    if (mkdtemp(h->folder) == NULL || chmod(h->folder, 0755) != 0) return false;
    snprintf(h->path, sizeof(h->path), "%.60s/s?%%41#.db",
            h->folder); /* characters that mean something in a URI */
    snprintf(h->copy, sizeof(h->copy), "%.60s/copy.db", h->folder);
    return status_ok(house_open_schema(h, &practice_schema, false, &h->store));
}

static void house_close(House *h)
{
    store_close(h->store);
    practice_remove(h->path);
    practice_remove(h->copy);
    rmdir(h->folder);
}

/* Rows as a batch would write them. */
static bool fill(Store *store, int64_t count)
{
    bool good = true;
    for (int64_t i = 1; i <= count; i++) {
        static const uint8_t seal[SEAL_BYTES] = { 0 };
        const Value row[] = { VALUE_OF_INT(i), VALUE_OF_BYTES(SPAN_OF(seal)) };
        good = good
                && status_ok(store_execute(
                        store, "INSERT INTO account VALUES(?1, 'owner', 5, 1, 0, ?2)", row, 2));
    }
    return good;
}

static void test_the_file_is_where_it_was_said(void)
{
    CLEANUP(house_close) House house;
    EXPECT(house_open(&house));
    EXPECT(access(house.path, R_OK) == 0);
    EXPECT(store_table_count(house.store) == 3 && store_table(house.store, 0) == &practice_account);
    EXPECT(practice_number(house.store, "SELECT max(version) FROM store_migration") == 2);
    EXPECT(practice_number(house.store, "PRAGMA foreign_keys") == 1);
    EXPECT(practice_number(house.store, "PRAGMA synchronous") == 2);
}

static void test_migrations_run_once_and_in_order(void)
{
    CLEANUP(house_close) House house;
    EXPECT(house_open(&house) && fill(house.store, 3));
    store_close(house.store);
    house.store = NULL;
    Migration more[3] = { practice_schema.migrations[0], practice_schema.migrations[1],
        { 3, "CREATE TABLE later(x BIGINT); INSERT INTO later VALUES(7)" } };
    StoreSchema newer = practice_schema;
    newer.migrations = more;
    newer.migration_count = 3;
    /* A migration that fails leaves nothing: neither its first half nor its number. */
    more[2].sql =
            "CREATE TABLE later(x BIGINT); INSERT INTO later VALUES(7); SELECT * FROM nowhere";
    EXPECT_STATUS(house_open_schema(&house, &newer, false, &house.store), FAULT_STORE);
    more[2].sql = "CREATE TABLE later(x BIGINT); INSERT INTO later VALUES(7)";
    EXPECT_STATUS(house_open_schema(&house, &newer, true, &house.store),
            FAULT_STORE_SCHEMA); /* a reader cannot */
    for (int i = 0; i < 2; i++) {
        EXPECT_OK(house_open_schema(&house, &newer, false, &house.store));
        EXPECT(practice_number(house.store, "SELECT count(*) FROM later") == 1);
        EXPECT(practice_number(house.store, "SELECT count(*) FROM account") == 3);
        store_close(house.store);
        house.store = NULL;
    }
    /* The older program does not touch what it does not know. */
    EXPECT_STATUS(
            house_open_schema(&house, &practice_schema, false, &house.store), FAULT_STORE_SCHEMA);
    EXPECT_STATUS(
            house_open_schema(&house, &practice_schema, true, &house.store), FAULT_STORE_SCHEMA);
}

static void test_a_description_must_fit_its_table(void)
{
    CLEANUP(house_close) House house;
    EXPECT(house_open(&house));
    Column columns[3] = { practice_account.columns[0], practice_account.columns[1],
        practice_account.columns[2] };
    columns[2].name = "balence";
    Table table = practice_account;
    table.columns = columns;
    const Table *const tables[] = { &table };
    StoreSchema schema = practice_schema;
    schema.tables = tables;
    schema.table_count = 1;
    Store *other = NULL;
    EXPECT_STATUS(house_open_schema(&house, &schema, false, &other), FAULT_STORE_SCHEMA);
    EXPECT(other == NULL);
}

static void test_not_a_database(void)
{
    House house = { .path = "/tmp/hufu-store-test-XXXXXX" };
    const int fd = mkstemp(house.path);
    EXPECT(fd >= 0
            && write(fd, "this is no database, but it is long enough to look like one....", 64)
                    == 64);
    close(fd);
    const Status s = house_open_schema(&house, &practice_schema, false, &house.store);
    unlink(house.path);
    EXPECT_STATUS(s, FAULT_STORE);
    EXPECT(house.store == NULL);
    snprintf(house.path, sizeof(house.path), "/nonexistent/folder/x.db");
    EXPECT_STATUS(house_open_schema(&house, &practice_schema, false, &house.store), FAULT_STORE);
    EXPECT_STATUS(house_open_schema(&house, &practice_schema, true, &house.store), FAULT_STORE);
}

typedef struct Keys {
    int64_t keys[64];
    size_t count;
    size_t stop_at;
} Keys;

static Status note_key(void *context, Span image, Span seal)
{
    Keys *keys = context;
    RowView row;
    REQUIRE(keys->count != keys->stop_at, REFUSED_RISK_REFUSED);
    TRY(row_parse(image, &row));
    keys->keys[keys->count++] = row_int(&row, ACCOUNT_PRACTICE_ID, -1);
    return OK;
}

static void test_scan_goes_on_behind_a_key(void)
{
    CLEANUP(house_close) House house;
    EXPECT(house_open(&house) && fill(house.store, 10));
    Keys keys = { .stop_at = SIZE_MAX };
    size_t count = 4;
    while (count == 4) {
        const Value after = VALUE_OF_INT(keys.count > 0 ? keys.keys[keys.count - 1] : 0);
        EXPECT_OK(store_scan_from(house.store, &practice_account, keys.count > 0 ? &after : NULL, 4,
                note_key, &keys, &count));
    }
    EXPECT(count == 2 && keys.count == 10);
    for (int64_t i = 0; i < 10; i++)
        EXPECT(keys.keys[i] == i + 1);
    keys = (Keys) { .stop_at = 3 };
    EXPECT_REFUSED(
            store_scan(house.store, &practice_account, note_key, &keys), REFUSED_RISK_REFUSED);
    EXPECT(keys.count == 3);
    keys = (Keys) { .stop_at = SIZE_MAX };
    EXPECT_OK(store_execute(house.store, "UPDATE account SET revision = 7 WHERE id = 1", NULL, 0));
    EXPECT_OK(store_scan(house.store, &practice_account, note_key, &keys));
    EXPECT(keys.count == 10);
}

static void test_reader_cannot_write(void)
{
    CLEANUP(house_close) House house;
    EXPECT(house_open(&house) && fill(house.store, 3));
    Store *reader = NULL;
    EXPECT_OK(house_open_schema(&house, &practice_schema, true, &reader));
    const Status written = store_execute(reader, "UPDATE account SET balance = 0", NULL, 0);
    const Status begun = store_execute(reader, "BEGIN", NULL, 0);
    const int64_t before = practice_number(reader, "SELECT count(*) FROM account");
    const Status more = store_execute(house.store, "DELETE FROM account WHERE id = 1", NULL, 0);
    const int64_t same = practice_number(reader, "SELECT count(*) FROM account");
    const Status ended = store_execute(reader, "COMMIT", NULL, 0);
    const int64_t after = practice_number(reader, "SELECT count(*) FROM account");
    store_close(reader);
    EXPECT(status_broken(written));
    EXPECT(status_ok(begun) && status_ok(more) && status_ok(ended));
    EXPECT(before == 3 && same == 3 && after == 2); /* one state while it looks */
}

/* The auditor is another user: it may read the files and nothing else. */
static bool read_as_nobody(House *h)
{
    const pid_t child = fork();
    if (child == 0) {
        Store *reader = NULL;
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(2);
        if (!status_ok(house_open_schema(h, &practice_schema, true, &reader))) _exit(3);
        _exit(practice_number(reader, "SELECT count(*) FROM account") == 3 ? 0 : 4);
    }
    int state = 0;
    if (child < 0 || waitpid(child, &state, 0) != child) return false;
    if (state != 0) fprintf(stderr, "reader ended with %d\n", WEXITSTATUS(state));
    return state == 0;
}

static void test_another_user_reads_a_live_database_and_a_closed_one(void)
{
    CLEANUP(house_close) House house;
    EXPECT(house_open(&house) && fill(house.store, 3));
    EXPECT(read_as_nobody(&house));
    store_close(house.store);
    house.store = NULL;
    EXPECT(read_as_nobody(&house));
}

static void test_copy(void)
{
    CLEANUP(house_close) House house;
    EXPECT(house_open(&house) && fill(house.store, 3));
    EXPECT_OK(
            store_copy_to(house.path, house.copy)); /* while it is open, its WAL not carried over */
    EXPECT_STATUS(store_copy_to(house.path, house.copy), FAULT_STORE); /* never over another */
    EXPECT_OK(store_execute(house.store, "DELETE FROM account", NULL, 0));
    House copied = house;
    memcpy(copied.path, house.copy, sizeof(copied.path));
    EXPECT_OK(house_open_schema(&copied, &practice_schema, true, &copied.store));
    const int64_t rows = practice_number(copied.store, "SELECT count(*) FROM account");
    store_close(copied.store);
    EXPECT(rows == 3);
    EXPECT(unlink(house.copy) == 0);
    EXPECT_STATUS(store_copy_to("/nonexistent.db", house.copy), FAULT_STORE);
    EXPECT(access(house.copy, F_OK) != 0); /* half a backup is none */
}

typedef struct Seen {
    Value values[5];
    size_t count;
    bool good;
} Seen;

static Status look(void *context, const Value *values, size_t count)
{
    Seen *seen = context;
    seen->count = count;
    for (size_t i = 0; i < count; i++)
        seen->good = seen->good && value_equal(&values[i], &seen->values[i]);
    return OK;
}

static void test_values_come_back_as_they_went(void)
{
    CLEANUP(house_close) House house;
    EXPECT(house_open(&house));
    Seen seen = { { VALUE_OF_NULL, VALUE_OF_INT(INT64_MIN), VALUE_OF_TEXT(SPAN("a\0b\xE4\xB8\xAD")),
                          VALUE_OF_BYTES(SPAN("\0\xFF")), VALUE_OF_TEXT(SPAN("")) },
        0, true };
    EXPECT_OK(store_query(house.store, "SELECT ?1, ?2, ?3, ?4, ?5", seen.values, 5, look, &seen));
    EXPECT(seen.good && seen.count == 5);
    EXPECT_STATUS(
            store_query(house.store, "SELECT nonsense FROM", NULL, 0, NULL, NULL), FAULT_STORE);
    EXPECT(strlen(store_error(house.store)) > 0);
    /* More texts than the cache holds. */
    for (int i = 0; i < 100; i++) {
        char sql[64];
        snprintf(sql, sizeof(sql), "SELECT %d", i);
        EXPECT(practice_number(house.store, sql) == i);
    }
}

TESTS(TEST(test_the_file_is_where_it_was_said), TEST(test_migrations_run_once_and_in_order),
        TEST(test_a_description_must_fit_its_table), TEST(test_not_a_database),
        TEST(test_scan_goes_on_behind_a_key), TEST(test_reader_cannot_write),
        TEST(test_another_user_reads_a_live_database_and_a_closed_one), TEST(test_copy),
        TEST(test_values_come_back_as_they_went))
