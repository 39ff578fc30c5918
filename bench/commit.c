/*
 * commit: how much the batch costs over SQLite itself. A unit is a payment's share of the database:
 * three accounts read and updated, one deal looked up twice and inserted, four bookings inserted.
 * "raw" does the same statements in the same groups with the bare library: each distinct row read
 * and written once a group, one leaf, one durable commit.
 *
 * Prints one JSON line: durable units per second and CPU microseconds a unit, alone and in groups
 * of 64.
 */
#define _GNU_SOURCE
#include "store/practice.h"

#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    PAYERS = 10000,
    HOT = 2,
    ALONE_UNITS = 2000,
    GROUPED_UNITS = 64 * 400,
    GROUP = BATCH_UNITS_MAX
};

#define MUST(condition)                                         \
    do {                                                        \
        if (!(condition)) {                                     \
            fprintf(stderr, "commit: %s failed\n", #condition); \
            exit(1);                                            \
        }                                                       \
    } while (0)
#define MUST_OK(expression) MUST(status_ok(expression))

static double seconds(clockid_t clock)
{
    struct timespec t = { 0 };
    MUST(clock_gettime(clock, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef struct Figure {
    double units_per_s;
    double cpu_us;
} Figure;

typedef struct Stopwatch {
    double wall;
    double cpu;
} Stopwatch;

static Stopwatch stopwatch_start(void)
{
    return (Stopwatch) { seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID) };
}

static Figure stopwatch_stop(Stopwatch start, size_t units)
{
    const double wall = seconds(CLOCK_MONOTONIC) - start.wall;
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - start.cpu;
    return (Figure) { (double)units / wall, cpu * 1e6 / (double)units };
}

/* --- our way --- */

static Status guard_verify(
        void *context, const RowClaim *claims, size_t count, Status *ret_verdicts)
{
    for (size_t i = 0; i < count; i++)
        ret_verdicts[i] = OK;
    return OK;
}
static Status guard_prepare(void *context, const BatchDraft *draft, BatchSealed *ret_sealed)
{
    memset(ret_sealed->seals, 1, draft->change_count * SEAL_BYTES);
    return OK;
}
static Status guard_number(void *context, int64_t batch) { return OK; }
static Status guard_append(
        void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed)
{
    const Value leaf[] = { VALUE_OF_INT(draft->batch), VALUE_OF_BYTES(draft->events),
        VALUE_OF_BYTES(SPAN_OF(sealed->leaf_hash)) };
    return store_execute(
            store, "INSERT INTO leaf(batch, events, hash) VALUES(?1, ?2, ?3)", leaf, 3);
}

typedef struct Pay {
    Unit unit;
    int64_t payer;
    char number[24];
    sem_t *finished;
} Pay;

static int64_t accounts_of(const Pay *p, size_t i)
{
    return i == 2 ? HOT + p->payer : (int64_t)i + 1;
}

static Status gather_pay(Unit *unit, Rows *rows)
{
    const Pay *p = (const Pay *)unit;
    const Row *row = NULL;
    const Value key[] = { VALUE_OF_TEXT(SPAN("1900000001")),
        VALUE_OF_TEXT(span_of_text(p->number)) };
    for (size_t i = 0; i < 3; i++)
        TRY(rows_get(rows, &practice_account, &VALUE_OF_INT(accounts_of(p, i)), &row));
    TRY(rows_get(rows, &practice_deal, key, &row));
    return rows_find(rows, &practice_deal_by_code, &key[1], 1, &row);
}

static Status book(Rows *rows, int64_t account, int64_t minor)
{
    const Value booking[] = { VALUE_OF_INT(rows_batch(rows)), VALUE_OF_INT(rows_next_number(rows)),
        VALUE_OF_INT(account), VALUE_OF_INT(minor) };
    return rows_insert(rows, &practice_booking, booking);
}

static Status run_pay(Unit *unit, Rows *rows)
{
    const Pay *p = (const Pay *)unit;
    const Row *row = NULL;
    const Value deal[] = { VALUE_OF_TEXT(SPAN("1900000001")),
        VALUE_OF_TEXT(span_of_text(p->number)), VALUE_OF_TEXT(span_of_text(p->number)),
        VALUE_OF_INT(1) };
    TRY(rows_event(rows, SPAN("order.codepay merchant/1900000001 0123456789abcdef")));
    TRY(rows_find(rows, &practice_deal_by_code, &deal[2], 1, &row));
    REQUIRE(row == NULL, REFUSED_ROW_EXISTS);
    TRY(rows_insert(rows, &practice_deal, deal));
    for (size_t i = 0; i < 3; i++) {
        TRY(rows_get(rows, &practice_account, &VALUE_OF_INT(accounts_of(p, i)), &row));
        REQUIRE(row != NULL, REFUSED_ROW_MISSING);
        const Value account[] = { row->values[0], row->values[1],
            VALUE_OF_INT(row->values[2].integer + 1) };
        TRY(rows_update(rows, &practice_account, account));
        TRY(book(rows, accounts_of(p, i), 1));
    }
    return book(rows, 1, 0);
}

static void done_pay(Unit *unit, Status outcome)
{
    MUST_OK(outcome);
    sem_post(((Pay *)unit)->finished);
}

static Figure ours(Batcher *batcher, size_t units, size_t at_once, size_t first)
{
    Pay *pays = calloc(units, sizeof(Pay));
    sem_t finished;
    MUST(pays != NULL && sem_init(&finished, 0, 0) == 0);
    for (size_t i = 0; i < units; i++) {
        pays[i] = (Pay) { .unit = { .gather = gather_pay, .run = run_pay, .done = done_pay },
            .payer = 1 + (int64_t)((first + i) * 7919 % PAYERS),
            .finished = &finished };
        snprintf(pays[i].number, sizeof(pays[i].number), "O%zu", first + i);
    }
    const Stopwatch start = stopwatch_start();
    for (size_t i = 0; i < units; i += at_once) {
        const size_t now = units - i < at_once ? units - i : at_once;
        for (size_t k = 0; k < now; k++)
            MUST_OK(batcher_submit(batcher, &pays[i + k].unit));
        for (size_t k = 0; k < now; k++)
            sem_wait(&finished);
    }
    const Figure figure = stopwatch_stop(start, units);
    sem_destroy(&finished);
    free(pays);
    return figure;
}

/* --- bare SQLite --- */

typedef struct Raw {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *get_account, *get_deal, *find_deal, *set_account, *put_booking,
            *put_deal, *put_leaf;
    int64_t batch;
} Raw;

static sqlite3_stmt *raw_prepare(Raw *raw, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    MUST(sqlite3_prepare_v3(raw->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL)
            == SQLITE_OK);
    return statement;
}

static void raw_open(Raw *raw, const char *path)
{
    *raw = (Raw) { .batch = 1000000 };
    MUST(sqlite3_open_v2(path, &raw->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL)
            == SQLITE_OK);
    MUST(sqlite3_exec(raw->db,
                 "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
                 "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536; PRAGMA synchronous=FULL;"
                 "PRAGMA wal_autocheckpoint=4000",
                 NULL, NULL, NULL)
            == SQLITE_OK);
    raw->begin = raw_prepare(raw, "BEGIN IMMEDIATE");
    raw->commit = raw_prepare(raw, "COMMIT");
    raw->get_account = raw_prepare(
            raw, "SELECT id, owner, balance, revision, batch, seal FROM account WHERE id = ?1");
    raw->get_deal = raw_prepare(raw,
            "SELECT shop, number, code, state, revision, batch, seal FROM deal WHERE shop = ?1 AND "
            "number = ?2");
    raw->find_deal = raw_prepare(raw,
            "SELECT shop, number, code, state, revision, batch, seal FROM deal WHERE code = ?1");
    raw->set_account = raw_prepare(raw,
            "UPDATE account SET balance = ?1, revision = ?2, batch = ?3, seal = ?4 WHERE id = ?5 "
            "AND revision = ?6");
    raw->put_booking = raw_prepare(raw,
            "INSERT INTO booking(in_batch, number, account, minor, batch, seal) VALUES(?1, ?2, ?3, "
            "?4, ?5, ?6)");
    raw->put_deal = raw_prepare(raw,
            "INSERT INTO deal(shop, number, code, state, revision, batch, seal) VALUES(?1, ?2, ?3, "
            "?4, ?5, ?6, ?7)");
    raw->put_leaf = raw_prepare(raw, "INSERT INTO leaf(batch, events, hash) VALUES(?1, ?2, ?3)");
}

static void raw_run(sqlite3_stmt *statement)
{
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW)
        code = sqlite3_step(statement);
    MUST(code == SQLITE_DONE);
    sqlite3_reset(statement);
}

static const uint8_t raw_seal[SEAL_BYTES] = { 1 };
static const uint8_t raw_bytes[64 * 64] = { 2 };

typedef struct RawAccount {
    int64_t id, balance, revision;
} RawAccount;

static RawAccount raw_account(Raw *raw, int64_t id)
{
    sqlite3_bind_int64(raw->get_account, 1, id);
    MUST(sqlite3_step(raw->get_account) == SQLITE_ROW);
    const RawAccount account = { id, sqlite3_column_int64(raw->get_account, 2),
        sqlite3_column_int64(raw->get_account, 3) };
    for (int i = 0; i < 6; i++) {
        MUST(sqlite3_column_type(raw->get_account, i) != SQLITE_NULL);
        MUST(sqlite3_column_bytes(raw->get_account, i) >= 0);
    }
    sqlite3_reset(raw->get_account);
    return account;
}

static void raw_update(Raw *raw, RawAccount account)
{
    sqlite3_stmt *s = raw->set_account;
    sqlite3_bind_int64(s, 1, account.balance + 1);
    sqlite3_bind_int64(s, 2, account.revision + 1);
    sqlite3_bind_int64(s, 3, raw->batch);
    sqlite3_bind_blob(s, 4, raw_seal, SEAL_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(s, 5, account.id);
    sqlite3_bind_int64(s, 6, account.revision);
    raw_run(s);
}

static void raw_deal(Raw *raw, size_t number)
{
    char text[24];
    const int size = snprintf(text, sizeof(text), "O%zu", number);
    sqlite3_bind_text(raw->get_deal, 1, "1900000001", 10, SQLITE_STATIC);
    sqlite3_bind_text(raw->get_deal, 2, text, size, SQLITE_STATIC);
    raw_run(raw->get_deal);
    sqlite3_bind_text(raw->find_deal, 1, text, size, SQLITE_STATIC);
    raw_run(raw->find_deal);
    sqlite3_stmt *s = raw->put_deal;
    sqlite3_bind_text(s, 1, "1900000001", 10, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, text, size, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, text, size, SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, 1);
    sqlite3_bind_int64(s, 5, 1);
    sqlite3_bind_int64(s, 6, raw->batch);
    sqlite3_bind_blob(s, 7, raw_seal, SEAL_BYTES, SQLITE_STATIC);
    raw_run(s);
}

static void raw_group(Raw *raw, size_t first, size_t count)
{
    raw_run(raw->begin);
    raw_update(raw, raw_account(raw, 1));
    raw_update(raw, raw_account(raw, 2));
    for (size_t i = 0; i < count; i++)
        raw_update(raw, raw_account(raw, HOT + 1 + (int64_t)((first + i) * 7919 % PAYERS)));
    for (size_t i = 0; i < count; i++)
        raw_deal(raw, first + i);
    for (size_t i = 0; i < 4 * count; i++) {
        sqlite3_bind_int64(raw->put_booking, 1, raw->batch);
        sqlite3_bind_int64(raw->put_booking, 2, (int64_t)i + 1);
        sqlite3_bind_int64(raw->put_booking, 3, 1);
        sqlite3_bind_int64(raw->put_booking, 4, 1);
        sqlite3_bind_int64(raw->put_booking, 5, raw->batch);
        sqlite3_bind_blob(raw->put_booking, 6, raw_seal, SEAL_BYTES, SQLITE_STATIC);
        raw_run(raw->put_booking);
    }
    sqlite3_bind_int64(raw->put_leaf, 1, raw->batch++);
    sqlite3_bind_blob(raw->put_leaf, 2, raw_bytes, (int)(count * 55), SQLITE_STATIC);
    sqlite3_bind_blob(raw->put_leaf, 3, raw_bytes, 32, SQLITE_STATIC);
    raw_run(raw->put_leaf);
    raw_run(raw->commit);
}

static Figure raw_figure(Raw *raw, size_t units, size_t group, size_t first)
{
    const Stopwatch start = stopwatch_start();
    for (size_t i = 0; i < units; i += group)
        raw_group(raw, first + i, group);
    return stopwatch_stop(start, units);
}

/* --- the database both begin with --- */

static Status fill_one(void *context, Store *store)
{
    TRY(store_execute(store, "BEGIN", NULL, 0));
    for (int64_t i = 1; i <= HOT + PAYERS; i++) {
        const Value row[] = { VALUE_OF_INT(i), VALUE_OF_BYTES(SPAN_OF(raw_seal)) };
        TRY(store_execute(store, "INSERT INTO account VALUES(?1, 'owner', 0, 1, 0, ?2)", row, 2));
    }
    return store_execute(store, "COMMIT", NULL, 0);
}

static Store *open_filled(const char *path)
{
    const StoreSchema *const schemas[] = { &practice_schema };
    const StoreConfig config = { path, NULL, schemas, 1 };
    Store *store = NULL;
    MUST_OK(store_open(&config, &store));
    MUST_OK(fill_one(NULL, store));
    return store;
}

int main(void)
{
    char folder[] = "./commit-bench-XXXXXX"; /* beside us: /tmp may be memory, and fsync is what we
                                                measure */
    char path[64];
    char raw_path[64];
    MUST(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/ours.db", folder);
    snprintf(raw_path, sizeof(raw_path), "%s/raw.db", folder);
    Store *store = open_filled(path);
    store_close(open_filled(raw_path));

    const BatchGuard guard = { .verify = guard_verify,
        .prepare = guard_prepare,
        .confirm = guard_number,
        .abort = guard_number,
        .append = guard_append };
    const Clock clock = clock_system();
    Batcher *batcher = NULL;
    Raw raw;
    MUST_OK(batcher_start(store, &guard, &clock, 0, &batcher));
    raw_open(&raw, raw_path);
    Figure grouped = { 0 };
    Figure raw_grouped = { 0 };
    const Figure alone = ours(batcher, ALONE_UNITS, 1, 0);
    const Figure raw_alone = raw_figure(&raw, ALONE_UNITS, 1, 0);
    for (size_t round = 0; round < 3;
            round++) { /* the best of three, taken in turns: others use this machine too */
        const size_t first = 100000 + round * GROUPED_UNITS;
        const Figure a = ours(batcher, GROUPED_UNITS, 32 * GROUP, first);
        const Figure b = raw_figure(&raw, GROUPED_UNITS, GROUP, first);
        if (round == 0 || a.cpu_us < grouped.cpu_us) grouped = a;
        if (round == 0 || b.cpu_us < raw_grouped.cpu_us) raw_grouped = b;
    }
    const BatchCounters counters = batcher_counters(batcher);
    printf("{\"alone\":{\"units_per_s\":%.0f,\"cpu_us\":%.2f,\"raw_units_per_s\":%.0f,\"raw_cpu_"
           "us\":%.2f},"
           "\"grouped\":{\"units_per_s\":%.0f,\"cpu_us\":%.2f,\"raw_units_per_s\":%.0f,\"raw_cpu_"
           "us\":%.2f,"
           "\"cpu_ratio\":%.2f},\"batches\":%llu,\"units\":%llu}\n",
            alone.units_per_s, alone.cpu_us, raw_alone.units_per_s, raw_alone.cpu_us,
            grouped.units_per_s, grouped.cpu_us, raw_grouped.units_per_s, raw_grouped.cpu_us,
            raw_grouped.cpu_us / grouped.cpu_us, (unsigned long long)counters.batches,
            (unsigned long long)counters.units);
    batcher_stop(batcher);
    store_close(store);
    practice_remove(path);
    sqlite3_close_v2(raw.db);
    practice_remove(raw_path);
    rmdir(folder);
    return 0;
}
