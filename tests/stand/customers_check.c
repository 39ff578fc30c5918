/* What the customers were told, against what the house has: see customers.h. */
#include "customers.h"

#include "admin_client.h"
#include "command.h"
#include "merchant_steps.h"
#include "policy/tables.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_MAX = 5, SQL_BYTES_MAX = 1024 };

/* One payment, with what the postings did to payee and payer. */
static const char payments_sql[] =
        "WITH moved AS (SELECT transaction_id AS id, account, sum(minor) AS net, count(*) AS times"
        " FROM posting GROUP BY transaction_id, account)"
        " SELECT p.out_trade_no, p.mchid, p.state, p.minor, p.transaction_id, coalesce(p.payer, "
        "''),"
        " coalesce(m.net, 0), coalesce(m.times, 0), coalesce(n.net, 0)"
        " FROM payment p"
        " LEFT JOIN moved m ON m.id = p.transaction_id AND m.account = p.payee_account"
        " LEFT JOIN moved n ON n.id = p.transaction_id AND n.account = p.payer_account";

typedef struct Check {
    const Customers *customers;
    const Receipt *receipts;
    size_t count;
    unsigned char *seen; /* one a receipt */
    unsigned problems;
} Check;

static void complain(Check *check, const char *what, const char *number)
{
    if (check->problems++ < SHOWN_MAX) fprintf(stderr, "  %s: %s\n", number, what);
}

static sqlite3 *open_database(const Stand *stand)
{
    sqlite3 *database = NULL;
    ASSERT(sqlite3_open_v2(stand_path(stand, PATH_DATABASE), &database,
                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL)
            == SQLITE_OK);
    ASSERT(sqlite3_busy_timeout(database, 10000) == SQLITE_OK);
    return database;
}

static sqlite3_stmt *question(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK) return statement;
    fprintf(stderr, "%s: %s\n", sqlite3_errmsg(database), sql);
    abort();
}

static const char *text_at(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text == NULL ? "" : text;
}

/* May a payment be in this state, when this was told last? A held one ends by itself. */
static bool state_fits(int told, int64_t state)
{
    return state == told || (told == TRADE_USERPAYING && state == TRADE_PAYERROR);
}

static void check_payment(Check *check, sqlite3_stmt *row)
{
    const char *number = text_at(row, 0);
    size_t index = CUSTOMERS_ORDERS_MAX;
    if (strncmp(number, "ORDER-", 6) == 0) index = (size_t)strtoull(number + 6, NULL, 10);
    if (index >= check->count) {
        complain(check, "nobody ordered this", number);
        return;
    }
    const Receipt *r = &check->receipts[index];
    const int64_t state = sqlite3_column_int64(row, 2);
    const bool paid = state == TRADE_SUCCESS;
    if (++check->seen[index] > 1) complain(check, "there twice", number);
    if (strcmp(text_at(row, 1), customers_merchant(check->customers, r->merchant)->mchid) != 0)
        complain(check, "another merchant's", number);
    if (!state_fits(r->told, state)) {
        fprintf(stderr, "  %s by %s: told %d, is %" PRId64 "\n", number, customers_way(r->way),
                r->told, state);
        complain(check, "not the state that was acknowledged", number);
    }
    if (sqlite3_column_int64(row, 3) != r->minor) complain(check, "another amount", number);
    if (r->transaction_id[0] != 0 && strcmp(text_at(row, 4), r->transaction_id) != 0)
        complain(check, "another transaction_id than was told", number);
    if (paid && strcmp(text_at(row, 5), customers_payer(r->payer)) != 0)
        complain(check, "another payer", number);
    if (sqlite3_column_int64(row, 6) != (paid ? r->minor : 0))
        complain(check, "the payee's postings", number);
    if (sqlite3_column_int64(row, 7) != (paid ? 1 : 0))
        complain(check, "not paid exactly once", number);
    if (state != TRADE_USERPAYING && sqlite3_column_int64(row, 8) != (paid ? -r->minor : 0))
        complain(check, "the payer's postings", number);
}

static void check_number(
        Check *check, sqlite3 *database, const char *sql, const char *what, int64_t wanted)
{
    sqlite3_stmt *statement = question(database, sql);
    ASSERT(sqlite3_step(statement) == SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    if (number == wanted) return;
    fprintf(stderr, "  %s: %" PRId64 ", not %" PRId64 "\n", what, number, wanted);
    check->problems++;
}

/* What an account must hold is summed from the receipts alone. */
static void check_accounts(Check *check, sqlite3 *database)
{
    int64_t earned[CUSTOMERS_MERCHANTS] = { 0 };
    int64_t spent[CUSTOMERS_PAYERS] = { 0 };
    char sql[SQL_BYTES_MAX];
    for (size_t i = 0; i < check->count; i++) {
        const Receipt *r = &check->receipts[i];
        if (r->told != TRADE_SUCCESS) continue;
        earned[r->merchant] += r->minor;
        spent[r->payer] += r->minor;
    }
    for (int i = 0; i < CUSTOMERS_MERCHANTS; i++) {
        snprintf(sql, sizeof(sql), "SELECT balance + frozen FROM account WHERE owner = '%s'",
                customers_merchant(check->customers, i)->mchid);
        check_number(check, database, sql, "a merchant's account", earned[i]);
    }
    for (int i = 0; i < CUSTOMERS_PAYERS; i++) {
        snprintf(sql, sizeof(sql), "SELECT balance + frozen FROM account WHERE owner = '%s'",
                customers_payer(i));
        check_number(check, database, sql, "a payer's account", CUSTOMERS_BALANCE_MINOR - spent[i]);
    }
}

static void check_sums(Check *check, sqlite3 *database)
{
    check_number(
            check, database, "SELECT coalesce(sum(minor), 0) FROM posting", "sum of postings", 0);
    check_number(check, database,
            "SELECT count(*) FROM (SELECT 1 FROM posting GROUP BY in_batch, currency HAVING "
            "sum(minor) != 0)",
            "batches whose postings do not sum to zero", 0);
    check_number(check, database,
            "SELECT count(*) FROM account a LEFT JOIN (SELECT account,"
            " sum(CASE bucket WHEN 0 THEN minor ELSE 0 END) AS balance,"
            " sum(CASE bucket WHEN 1 THEN minor ELSE 0 END) AS frozen FROM posting GROUP BY "
            "account) p"
            " ON p.account = a.id"
            " WHERE a.balance != coalesce(p.balance, 0) OR a.frozen != coalesce(p.frozen, 0)",
            "accounts that differ from their postings", 0);
    check_number(check, database,
            "SELECT count(*) - (SELECT coalesce(max(batch) + 1, 0) FROM audit_leaf) FROM "
            "audit_leaf",
            "holes in the audit log", 0);
}

bool customers_check_books(const Customers *customers, const Stand *stand)
{
    Check check = { .customers = customers };
    check.count = customers_receipts(customers, &check.receipts);
    check.seen = calloc(check.count + 1, 1);
    ASSERT(check.seen != NULL);
    sqlite3 *database = open_database(stand);
    ASSERT(sqlite3_exec(database, "BEGIN", NULL, NULL, NULL) == SQLITE_OK); /* one state of it */
    sqlite3_stmt *row = question(database, payments_sql);
    while (sqlite3_step(row) == SQLITE_ROW)
        check_payment(&check, row);
    sqlite3_finalize(row);
    for (size_t i = 0; i < check.count; i++) {
        const Receipt *r = &check.receipts[i];
        if (r->told != r->asked && !(r->asked == TRADE_USERPAYING && r->told == TRADE_PAYERROR))
            complain(&check, "never answered", r->number);
        if (r->told != 0 && check.seen[i] == 0)
            complain(&check, "acknowledged, and is lost", r->number);
    }
    check_accounts(&check, database);
    check_sums(&check, database);
    sqlite3_close(database);
    free(check.seen);
    return check.problems == 0;
}

/* --- the API --- */

static const char *name_of(int state)
{
    switch (state) {
    case TRADE_SUCCESS: return "SUCCESS";
    case TRADE_NOTPAY: return "NOTPAY";
    case TRADE_CLOSED: return "CLOSED";
    case TRADE_USERPAYING: return "USERPAYING";
    case TRADE_PAYERROR: return "PAYERROR";
    default: return "";
    }
}

static void check_answer(Check *check, HttpClient *http, const Receipt *r)
{
    Answered answered = { 0 };
    const Status s = step_query(
            customers_merchant(check->customers, r->merchant), http, r->number, &answered);
    if (!status_ok(s) || answered.status != 200) {
        fprintf(stderr, "  query: %s, HTTP %d, %s\n", status_name(s), answered.status,
                answered.code);
        complain(check, "acknowledged, and the API does not know it", r->number);
        return;
    }
    const bool held = r->told == TRADE_USERPAYING && strcmp(answered.trade_state, "PAYERROR") == 0;
    if (!held && strcmp(answered.trade_state, name_of(r->told)) != 0)
        complain(check, "the API says another state than was acknowledged", r->number);
    if (answered.total != r->minor) complain(check, "the API says another amount", r->number);
    if (r->told == TRADE_SUCCESS && r->transaction_id[0] != 0
            && strcmp(answered.transaction_id, r->transaction_id) != 0)
        complain(check, "the API says another transaction_id", r->number);
}

bool customers_check_api(
        const Customers *customers, const Stand *stand, size_t first, size_t samples)
{
    Check check = { .customers = customers };
    HttpClient *http = NULL;
    check.count = customers_receipts(customers, &check.receipts);
    if (!status_ok(stand_connect(stand, &http))) return false;
    for (size_t i = first; i < check.count; i++)
        if (check.receipts[i].told != 0) check_answer(&check, http, &check.receipts[i]);
    for (size_t i = 0; i < samples && first > 0; i++)
        check_answer(&check, http, &check.receipts[i * first / samples]);
    http_client_close(&http);
    return check.problems == 0;
}

/* --- what must not go back --- */

static const struct {
    const char *table;
    const char *keys;
} counted[] = {
    { "payment", "mchid, out_trade_no" },
    { "pay_code", "digest" },
    { "account", "id" },
    { "merchant", "mchid" },
    { "merchant_key", "mchid, serial" },
    { "payer", "id" },
};

static void run(sqlite3 *database, const char *sql)
{
    char *problem = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &problem) == SQLITE_OK) return;
    fprintf(stderr, "%s: %s\n", problem, sql);
    abort();
}

static sqlite3 *open_with_witness(const Stand *stand)
{
    char sql[SQL_BYTES_MAX];
    sqlite3 *database = open_database(stand);
    snprintf(sql, sizeof(sql), "ATTACH '%s' AS witness", stand_path(stand, "witness.db"));
    run(database, sql);
    run(database, "PRAGMA witness.synchronous = OFF");
    return database;
}

void customers_witness(const Stand *stand)
{
    char sql[SQL_BYTES_MAX];
    sqlite3 *database = open_with_witness(stand);
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
        const char *t = counted[i].table;
        snprintf(sql, sizeof(sql),
                "DROP TABLE IF EXISTS witness.%s;"
                "CREATE TABLE witness.%s AS SELECT %s, revision FROM main.%s",
                t, t, counted[i].keys, t);
        run(database, sql);
    }
    run(database,
            "DROP TABLE IF EXISTS witness.audit_leaf;"
            "CREATE TABLE witness.audit_leaf AS SELECT batch, hash FROM main.audit_leaf");
    sqlite3_close(database);
}

bool customers_check_witness(const Stand *stand)
{
    char sql[SQL_BYTES_MAX];
    Check check = { 0 };
    sqlite3 *database = open_with_witness(stand);
    run(database, "BEGIN");
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
        snprintf(sql, sizeof(sql),
                "SELECT count(*) FROM witness.%s o LEFT JOIN main.%s n USING(%s)"
                " WHERE n.revision IS NULL OR n.revision < o.revision",
                counted[i].table, counted[i].table, counted[i].keys);
        check_number(&check, database, sql, counted[i].table, 0);
    }
    check_number(&check, database,
            "SELECT count(*) FROM witness.audit_leaf o LEFT JOIN main.audit_leaf n USING(batch)"
            " WHERE n.hash IS NULL OR n.hash != o.hash",
            "audit leaves that went or changed", 0);
    sqlite3_close(database);
    return check.problems == 0;
}
