/* The tables of the ledger as SQL. WITHOUT ROWID is the one word of SQLite's own: it saves a second
 * tree beside the key's. `in_batch` is the posting's own key; `batch`, as in every table, is the
 * store's. */
#include "ledger/day_end.h"
#include "ledger/reserve.h"

static const Migration migrations[] = {
    { 1,
            "CREATE TABLE account("
            "id BIGINT PRIMARY KEY NOT NULL, owner TEXT NOT NULL, class BIGINT NOT NULL,"
            "currency BIGINT NOT NULL, balance BIGINT NOT NULL, frozen BIGINT NOT NULL,"
            "previous BIGINT NOT NULL, previous_day BIGINT NOT NULL, balance_time BIGINT NOT NULL,"
            "status BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL"
            ") WITHOUT ROWID;"
            "CREATE TABLE posting("
            "in_batch BIGINT NOT NULL, number BIGINT NOT NULL, transaction_id TEXT NOT NULL,"
            "account BIGINT NOT NULL, bucket BIGINT NOT NULL, minor BIGINT NOT NULL,"
            "currency BIGINT NOT NULL, kind BIGINT NOT NULL, posted BIGINT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(in_batch, number)) WITHOUT ROWID;"
            "CREATE TABLE day_end("
            "day BIGINT NOT NULL, currency BIGINT NOT NULL, accounts BIGINT NOT NULL,"
            "sum_minor BIGINT NOT NULL, closed BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(day, currency)) WITHOUT ROWID" },
    { 2,
            "CREATE TABLE reserve("
            "day BIGINT NOT NULL, currency BIGINT NOT NULL, customers_minor BIGINT NOT NULL,"
            "payables_minor BIGINT NOT NULL, fees_minor BIGINT NOT NULL, statement_minor BIGINT,"
            "digest BYTEA, imported BIGINT, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(day, currency)) WITHOUT ROWID" },
};

static const Table *const tables[] = { &account_table, &posting_table, &day_end_table,
    &reserve_table };

const StoreSchema ledger_schema = { "ledger", migrations, 2, tables, 4 };
