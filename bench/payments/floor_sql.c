#define _GNU_SOURCE
#include "floor_sql.h"

#include "processor.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GROUP = 64, PAYERS_IN_GROUP = 40, GROUPS = 40, COLUMNS_MAX = 40, LEAF_BYTES = 64 * 9 * 38 };

typedef struct Sql {
    sqlite3 *database; /* the measured one */
    sqlite3 *pattern;
    int64_t serial;
} Sql;

static void execute(sqlite3 *database, const char *sql)
{
    char *problem = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &problem) == SQLITE_OK) return;
    fprintf(stderr, "floor: %s: %s\n", sql, problem);
    abort();
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL)
            == SQLITE_OK)
        return statement;
    fprintf(stderr, "floor: %s: %s\n", sql, sqlite3_errmsg(database));
    abort();
}

/* A statement whose parameters are a row of the real table; keys are bound anew for each use. */
typedef struct Insert {
    sqlite3_stmt *statement;
    sqlite3_stmt *row; /* holds the pattern */
} Insert;

static Insert insert_like(const Sql *sql, const char *table)
{
    char text[1024];
    snprintf(text, sizeof(text), "SELECT * FROM %s LIMIT 1", table);
    Insert insert = { .row = prepare(sql->pattern, text) };
    ASSERT(sqlite3_step(insert.row) == SQLITE_ROW);
    int n = snprintf(text, sizeof(text), "INSERT INTO %s VALUES(?", table);
    for (int i = 1; i < sqlite3_column_count(insert.row); i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, ",?");
    snprintf(text + n, sizeof(text) - (size_t)n, ")");
    insert.statement = prepare(sql->database, text);
    for (int i = 0; i < sqlite3_column_count(insert.row); i++)
        sqlite3_bind_value(insert.statement, i + 1, sqlite3_column_value(insert.row, i));
    return insert;
}

static void insert_done(Insert *insert)
{
    sqlite3_finalize(insert->statement);
    sqlite3_finalize(insert->row);
}

static void step(sqlite3_stmt *statement)
{
    const int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            (void)sqlite3_column_value(statement, i);
    }
    ASSERT(rc == SQLITE_ROW || rc == SQLITE_DONE);
    sqlite3_reset(statement);
}

static void bind_text(sqlite3_stmt *statement, int at, const char *prefix, int64_t number)
{
    char text[48];
    snprintf(text, sizeof(text), "%s%010lld", prefix, (long long)number);
    sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

/* Ids begin with their time, as ours do: what is written together lies together. */
static void bind_id(sqlite3_stmt *statement, int at, int64_t number)
{
    char text[48];
    snprintf(text, sizeof(text), "42%018lld%016lld", (long long)number, (long long)(number * 7919));
    sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

static void bind_digest(sqlite3_stmt *statement, int at, int64_t number)
{
    uint64_t words[4] = { (uint64_t)number * 0x9E3779B97F4A7C15u, (uint64_t)number, 3, 4 };
    sqlite3_bind_blob(statement, at, words, sizeof(words), SQLITE_TRANSIENT);
}

typedef struct Statements {
    Insert payment, code, payer, account, posting, leaf;
    sqlite3_stmt *get_payment, *get_by_prepay, *get_code, *get_payer, *get_account, *get_merchant,
            *get_key;
    sqlite3_stmt *set_payment, *set_code, *set_payer, *set_account;
} Statements;

static int column_of(const Insert *insert, const char *name)
{
    for (int i = 0; i < sqlite3_column_count(insert->row); i++) {
        if (strcmp(sqlite3_column_name(insert->row, i), name) == 0) return i + 1;
    }
    status_assert_failed("the table has no such column", name, 0);
}

static void open_statements(const Sql *sql, Statements *s)
{
    sqlite3 *d = sql->database;
    *s = (Statements) { .payment = insert_like(sql, "payment"),
        .code = insert_like(sql, "pay_code"),
        .payer = insert_like(sql, "payer"),
        .account = insert_like(sql, "account"),
        .posting = insert_like(sql, "posting"),
        .leaf = insert_like(sql, "audit_leaf") };
    s->get_payment = prepare(d, "SELECT * FROM payment WHERE mchid = ?1 AND out_trade_no = ?2");
    s->get_by_prepay = prepare(d, "SELECT * FROM payment WHERE prepay_id = ?1");
    s->get_code = prepare(d, "SELECT * FROM pay_code WHERE digest = ?1");
    s->get_payer = prepare(d, "SELECT * FROM payer WHERE id = ?1");
    s->get_account = prepare(d, "SELECT * FROM account WHERE id = ?1");
    s->get_merchant = prepare(d, "SELECT * FROM merchant LIMIT 1");
    s->get_key = prepare(d, "SELECT * FROM merchant_key LIMIT 1");
    s->set_payment = prepare(d,
            "UPDATE payment SET state = 1, payer = 'bench-01', payer_account = 7, pin_grant = "
            "x'00112233445566778899aabbccddeeff',"
            " success_time = 1, revision = 2, batch = 9, seal = zeroblob(48) WHERE mchid = ?1 AND "
            "out_trade_no = ?2");
    s->set_code = prepare(d,
            "UPDATE pay_code SET state = 2, used_by = '4200000000000000000000000000', revision = "
            "2, batch = 9,"
            " seal = zeroblob(48) WHERE digest = ?1");
    s->set_payer = prepare(d,
            "UPDATE payer SET day_count = ?2, day_minor = ?2, revision = ?2, batch = ?2, seal = "
            "zeroblob(48) WHERE id = ?1");
    s->set_account = prepare(d,
            "UPDATE account SET balance = ?2, balance_time = ?2, revision = ?2, batch = ?2, seal = "
            "zeroblob(48)"
            " WHERE id = ?1");
}

static void close_statements(Statements *s)
{
    sqlite3_stmt *all[] = { s->get_payment, s->get_by_prepay, s->get_code, s->get_payer,
        s->get_account, s->get_merchant, s->get_key, s->set_payment, s->set_code, s->set_payer,
        s->set_account };
    Insert *inserts[] = { &s->payment, &s->code, &s->payer, &s->account, &s->posting, &s->leaf };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        sqlite3_finalize(all[i]);
    for (size_t i = 0; i < sizeof(inserts) / sizeof(inserts[0]); i++)
        insert_done(inserts[i]);
}

static void insert_payment(const Statements *s, int64_t n)
{
    sqlite3_stmt *statement = s->payment.statement;
    bind_text(statement, column_of(&s->payment, "out_trade_no"), "FLOOR-", n);
    bind_id(statement, column_of(&s->payment, "transaction_id"), n);
    bind_id(statement, column_of(&s->payment, "prepay_id"), n + 1);
    step(statement);
}

static void insert_posting(const Statements *s, int64_t batch, int64_t number)
{
    sqlite3_bind_int64(s->posting.statement, 1, batch + 1000000);
    sqlite3_bind_int64(s->posting.statement, 2, number);
    step(s->posting.statement);
}

static void insert_leaf(const Statements *s, int64_t batch)
{
    static uint8_t leaf[LEAF_BYTES];
    sqlite3_bind_int64(s->leaf.statement, 1, batch + 1000000);
    sqlite3_bind_blob(
            s->leaf.statement, column_of(&s->leaf, "leaf"), leaf, sizeof(leaf), SQLITE_STATIC);
    step(s->leaf.statement);
}

/* Payers, accounts and codes that the measured statements find. */
static void fill(Sql *sql, Statements *s)
{
    execute(sql->database, "BEGIN");
    for (int i = 0; i <= PAYERS_IN_GROUP; i++) {
        bind_text(s->payer.statement, 1, "floor-", i);
        step(s->payer.statement);
        sqlite3_bind_int64(s->account.statement, 1, 5000 + i);
        step(s->account.statement);
    }
    for (int64_t i = 0; i < (int64_t)GROUPS * GROUP; i++) {
        bind_digest(s->code.statement, 1, i);
        step(s->code.statement);
    }
    execute(sql->database, "COMMIT");
}

static void touch_payer(const Statements *s, int64_t payer, int64_t n)
{
    bind_text(s->get_payer, 1, "floor-", payer);
    step(s->get_payer);
    sqlite3_bind_int64(s->get_account, 1, 5000 + payer);
    step(s->get_account);
    bind_text(s->set_payer, 1, "floor-", payer);
    sqlite3_bind_int64(s->set_payer, 2, n);
    step(s->set_payer);
    sqlite3_bind_int64(s->set_account, 1, 5000 + payer);
    sqlite3_bind_int64(s->set_account, 2, n);
    step(s->set_account);
}

static void once_a_group(const Statements *s, int64_t batch, bool with_key)
{
    step(s->get_merchant);
    if (with_key) step(s->get_key);
    touch_payer(s, PAYERS_IN_GROUP, batch); /* the merchant's account, and a row like it */
    insert_leaf(s, batch);
}

static void look_for_payment(const Statements *s, int64_t n)
{
    sqlite3_bind_text(s->get_payment, 1, "1900000001", -1, SQLITE_STATIC);
    bind_text(s->get_payment, 2, "FLOOR-", n);
    step(s->get_payment);
}

static void codepay_group(Sql *sql, const Statements *s, int64_t batch)
{
    execute(sql->database, "BEGIN IMMEDIATE");
    once_a_group(s, batch, true);
    for (int i = 0; i < GROUP; i++) {
        const int64_t n = sql->serial++;
        look_for_payment(s, n);
        bind_digest(s->get_code, 1, batch * GROUP + i);
        step(s->get_code);
        if (i < PAYERS_IN_GROUP) touch_payer(s, i, n);
        insert_payment(s, n);
        bind_digest(s->set_code, 1, batch * GROUP + i);
        step(s->set_code);
        insert_posting(s, batch, 2 * i);
        insert_posting(s, batch, 2 * i + 1);
    }
    execute(sql->database, "COMMIT");
}

static void pin_group(Sql *sql, const Statements *s, int64_t batch)
{
    const int64_t first = sql->serial;
    execute(sql->database, "BEGIN IMMEDIATE");
    step(s->get_merchant);
    step(s->get_key);
    insert_leaf(s, 2 * batch);
    for (int i = 0; i < GROUP; i++) {
        const int64_t n = sql->serial++;
        look_for_payment(s, n);
        insert_payment(s, n);
    }
    execute(sql->database, "COMMIT");
    execute(sql->database, "BEGIN IMMEDIATE");
    once_a_group(s, 2 * batch + 1, false);
    for (int i = 0; i < GROUP; i++) {
        bind_id(s->get_by_prepay, 1, first + i + 1);
        step(s->get_by_prepay);
        if (i < PAYERS_IN_GROUP) touch_payer(s, i, first + i);
        sqlite3_bind_text(s->set_payment, 1, "1900000001", -1, SQLITE_STATIC);
        bind_text(s->set_payment, 2, "FLOOR-", first + i);
        step(s->set_payment);
        insert_posting(s, 2 * batch + 1, 2 * i);
        insert_posting(s, 2 * batch + 1, 2 * i + 1);
    }
    execute(sql->database, "COMMIT");
}

static int copy_schema(void *context, int count, char **values, char **names)
{
    if (values[0] != NULL) execute(context, values[0]);
    return 0;
}

/* An empty database with the real schema, opened as the store opens its own. */
static void open_database(Sql *sql, const char *folder, const char *database)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/floor.db", folder);
    ASSERT(sqlite3_open_v2(database, &sql->pattern, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    sqlite3_busy_timeout(sql->pattern, 10000);
    unlink(path);
    ASSERT(sqlite3_open(path, &sql->database) == SQLITE_OK);
    execute(sql->database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
    ASSERT(sqlite3_exec(sql->pattern,
                   "SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'", copy_schema,
                   sql->database, NULL)
            == SQLITE_OK);
}

static double measure(
        Sql *sql, const Statements *s, void (*group)(Sql *, const Statements *, int64_t))
{
    const double start_us = 1e6 * processor_thread_s();
    for (int64_t batch = 0; batch < GROUPS; batch++)
        group(sql, s, batch);
    return (1e6 * processor_thread_s() - start_us) / (GROUPS * GROUP);
}

static double measure_in_fresh(
        const char *folder, const char *database, void (*group)(Sql *, const Statements *, int64_t))
{
    Sql sql = { 0 };
    Statements statements = { 0 };
    open_database(&sql, folder, database);
    open_statements(&sql, &statements);
    fill(&sql, &statements);
    const double each_us = measure(&sql, &statements, group);
    close_statements(&statements);
    sqlite3_close(sql.database);
    sqlite3_close(sql.pattern);
    return each_us;
}

Status floor_sql_measure(
        const char *folder, const char *database, double *ret_codepay_us, double *ret_pin_us)
{
    *ret_codepay_us = measure_in_fresh(folder, database, codepay_group);
    *ret_pin_us = measure_in_fresh(folder, database, pin_group);
    return OK;
}
