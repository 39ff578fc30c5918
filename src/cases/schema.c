#include "cases/incident.h"

/* WITHOUT ROWID is the one word of SQLite's own: it saves a second tree beside the key's. */
static const Migration cases_migrations[] = {
    { 1,
            "CREATE TABLE alert("
            "in_batch BIGINT NOT NULL, number BIGINT NOT NULL, raised BIGINT NOT NULL,"
            "kind BIGINT NOT NULL, about_table BIGINT NOT NULL, about_key TEXT NOT NULL,"
            "verdict BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(in_batch, number)) WITHOUT ROWID" },
    { 2,
            "CREATE TABLE incident("
            "id TEXT PRIMARY KEY NOT NULL, kind BIGINT NOT NULL, state BIGINT NOT NULL,"
            "opened BIGINT NOT NULL, opened_by TEXT NOT NULL, title TEXT NOT NULL,"
            "crime BIGINT NOT NULL, done BIGINT NOT NULL, told BIGINT NOT NULL,"
            "alerts BIGINT NOT NULL, steps BIGINT NOT NULL,"
            "due_contain BIGINT, due_report_bank BIGINT, due_report_police BIGINT,"
            "due_notify BIGINT, due_cause BIGINT, due_close BIGINT,"
            "closed BIGINT, closed_by TEXT,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 3,
            "CREATE TABLE incident_step("
            "in_batch BIGINT NOT NULL, number BIGINT NOT NULL, incident TEXT NOT NULL,"
            "ordinal BIGINT NOT NULL, step BIGINT NOT NULL,"
            "done_at BIGINT NOT NULL, done_by TEXT NOT NULL, what TEXT NOT NULL,"
            "late BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(in_batch, number)) WITHOUT ROWID" },
};

static const Table *const cases_tables[] = { &alert_table, &incident_table, &incident_step_table };

const StoreSchema cases_schema = { "cases", cases_migrations,
    sizeof(cases_migrations) / sizeof(cases_migrations[0]), cases_tables,
    sizeof(cases_tables) / sizeof(cases_tables[0]) };
