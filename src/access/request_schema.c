/* The tables of requests as SQL, apart from the registers' of access: they grow on their own. */
#include "access/request.h"

static const Migration migrations[] = {
    { 1,
            "CREATE TABLE request("
            "id TEXT PRIMARY KEY NOT NULL, action TEXT NOT NULL, parts BIGINT NOT NULL,"
            "digest BYTEA NOT NULL, asker TEXT NOT NULL, person BYTEA NOT NULL,"
            "door BIGINT NOT NULL, asked_from TEXT NOT NULL, asked BIGINT NOT NULL,"
            "expires BIGINT NOT NULL, needs BIGINT NOT NULL, state BIGINT NOT NULL,"
            "changed BIGINT NOT NULL, first_approver TEXT, second_approver TEXT, ended_by TEXT,"
            "why TEXT, outcome BIGINT, answer BYTEA, revision BIGINT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE request_part("
            "request TEXT NOT NULL, number BIGINT NOT NULL, bytes BYTEA NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(request, number)) WITHOUT ROWID;"
            "CREATE TABLE approval("
            "request TEXT NOT NULL, approver TEXT NOT NULL, person BYTEA NOT NULL,"
            "spki BYTEA NOT NULL, operation TEXT NOT NULL, subject TEXT NOT NULL,"
            "reason TEXT NOT NULL, expires BIGINT NOT NULL, nonce BYTEA NOT NULL,"
            "signature BYTEA NOT NULL, encoding BIGINT NOT NULL, given BIGINT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(request, approver)) WITHOUT ROWID;"
            "CREATE INDEX request_by_state ON request(state, expires)" },
};

static const Table *const tables[] = { &request_table, &request_part_table, &approval_table };

const StoreSchema request_schema = { "request", migrations,
    sizeof(migrations) / sizeof(migrations[0]), tables, sizeof(tables) / sizeof(tables[0]) };
