/* The tables of lifecycle, and as SQL. WITHOUT ROWID is the one word of SQLite's own: it saves a
 * second tree beside the key's. Every column says what it holds and who answers (LL-4.5.1). */
#include "lifecycle/lifecycle_rows.h"

#define OWNER "lifecycle"
#define PLAIN(id, name, type)                                \
    {                                                        \
        id, name, type, false, CLASS_PUBLIC, LEVEL_C1, OWNER \
    }
#define MAYBE(id, name, type)                               \
    {                                                       \
        id, name, type, true, CLASS_PUBLIC, LEVEL_C1, OWNER \
    }
/* Who somebody is here: a pseudonymous id. */
#define WHO(id, name)                                                \
    {                                                                \
        id, name, VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, OWNER \
    }
/* What an operator typed; detectors looked at it. */
#define TYPED(id, name, nullable)                                        \
    {                                                                    \
        id, name, VALUE_TEXT, nullable, CLASS_FREE_TEXT, LEVEL_C2, OWNER \
    }
#define TABLE(number, text, append, keys, list)                                        \
    {                                                                                  \
        number, .schema = 1, .name = text, .append_only = append, .key_columns = keys, \
                .column_count = sizeof(list) / sizeof((list)[0]), .columns = list      \
    }

static const Column subject_columns[] = {
    WHO(SUBJECT_TENANT, "tenant"),
    WHO(SUBJECT_SUBJECT, "subject"),
    PLAIN(SUBJECT_STATE, "state", VALUE_INT),
    PLAIN(SUBJECT_CREATED, "created", VALUE_INT),
    PLAIN(SUBJECT_ENDED, "ended", VALUE_INT),
    PLAIN(SUBJECT_HOLDS, "holds", VALUE_INT),
    PLAIN(SUBJECT_REQUESTS, "requests", VALUE_INT),
    PLAIN(SUBJECT_DELETION_ASKED, "deletion_asked", VALUE_INT),
    MAYBE(SUBJECT_CERTIFICATE, "certificate", VALUE_BYTES),
    PLAIN(SUBJECT_BLIND, "blind", VALUE_INT),
};
const Table data_subject_table =
        TABLE(TABLE_DATA_SUBJECT, "data_subject", false, 2, subject_columns);

static const Column consent_columns[] = {
    WHO(CONSENT_TENANT, "tenant"),
    WHO(CONSENT_SUBJECT, "subject"),
    PLAIN(CONSENT_PURPOSE, "purpose", VALUE_INT),
    PLAIN(CONSENT_LIVE, "live", VALUE_INT),
    PLAIN(CONSENT_GIVEN, "given", VALUE_INT),
    PLAIN(CONSENT_TEXT, "shown", VALUE_BYTES),
    TYPED(CONSENT_CHANNEL, "channel", false),
    PLAIN(CONSENT_SEPARATE, "separate", VALUE_INT),
    MAYBE(CONSENT_SEPARATE_TEXT, "separate_shown", VALUE_BYTES),
    TYPED(CONSENT_SEPARATE_CHANNEL, "separate_channel", true),
    PLAIN(CONSENT_WITHDRAWN, "withdrawn", VALUE_INT),
};
const Table data_consent_table =
        TABLE(TABLE_DATA_CONSENT, "data_consent", false, 3, consent_columns);

static const Column holding_columns[] = {
    WHO(HOLDING_TENANT, "tenant"),
    WHO(HOLDING_SUBJECT, "subject"),
    PLAIN(HOLDING_CLASS, "class", VALUE_INT),
    PLAIN(HOLDING_STATE, "state", VALUE_INT),
    PLAIN(HOLDING_SINCE, "since", VALUE_INT),
    PLAIN(HOLDING_DUE, "due", VALUE_INT),
    PLAIN(HOLDING_VERSION, "version", VALUE_INT),
    { HOLDING_REFERENCE, "reference", VALUE_TEXT, true, CLASS_IDENTITY, LEVEL_C2, "lifecycle" },
    PLAIN(HOLDING_PURPOSES, "purposes", VALUE_BYTES),
};
const Table data_holding_table =
        TABLE(TABLE_DATA_HOLDING, "data_holding", false, 3, holding_columns);

static const Column hold_columns[] = {
    WHO(HOLD_TENANT, "tenant"),
    WHO(HOLD_SUBJECT, "subject"),
    PLAIN(HOLD_SLOT, "slot", VALUE_INT),
    PLAIN(HOLD_LIVE, "live", VALUE_INT),
    TYPED(HOLD_AUTHORITY, "authority", false),
    TYPED(HOLD_REFERENCE, "reference", false),
    PLAIN(HOLD_PLACED, "placed", VALUE_INT),
    PLAIN(HOLD_UNTIL, "until_time", VALUE_INT),
    PLAIN(HOLD_RELEASED, "released", VALUE_INT),
    WHO(HOLD_FIRST, "first_approver"),
    WHO(HOLD_SECOND, "second_approver"),
};
const Table data_hold_table = TABLE(TABLE_DATA_HOLD, "data_hold", false, 3, hold_columns);

static const Column request_columns[] = {
    WHO(REQUEST_TENANT, "tenant"),
    WHO(REQUEST_SUBJECT, "subject"),
    PLAIN(REQUEST_NUMBER, "number", VALUE_INT),
    PLAIN(REQUEST_KIND, "kind", VALUE_INT),
    TYPED(REQUEST_PROOF, "proof", false),
    PLAIN(REQUEST_RECEIVED, "received", VALUE_INT),
    PLAIN(REQUEST_DUE, "due", VALUE_INT),
    PLAIN(REQUEST_STATE, "state", VALUE_INT),
    PLAIN(REQUEST_OUTCOME, "outcome", VALUE_INT),
    PLAIN(REQUEST_ANSWERED, "answered", VALUE_INT),
    PLAIN(REQUEST_UNTIL, "until_time", VALUE_INT),
};
const Table data_request_table =
        TABLE(TABLE_DATA_REQUEST, "data_request", false, 3, request_columns);

static const Column act_columns[] = {
    PLAIN(ACT_IN_BATCH, "in_batch", VALUE_INT),
    PLAIN(ACT_NUMBER, "number", VALUE_INT),
    PLAIN(ACT_TIME, "done", VALUE_INT),
    PLAIN(ACT_KIND, "kind", VALUE_INT),
    WHO(ACT_TENANT, "tenant"),
    WHO(ACT_SUBJECT, "subject"),
    PLAIN(ACT_PURPOSE, "purpose", VALUE_INT),
    PLAIN(ACT_BASIS, "basis", VALUE_INT),
    PLAIN(ACT_CLASSES, "classes", VALUE_BYTES),
    MAYBE(ACT_PARTY, "party", VALUE_TEXT),
    TYPED(ACT_REFERENCE, "reference", true),
    MAYBE(ACT_DIGEST, "digest", VALUE_BYTES),
    WHO(ACT_ACTOR, "actor"),
};
const Table data_act_table = TABLE(TABLE_DATA_ACT, "data_act", true, 2, act_columns);

static const Column destroyed_columns[] = {
    PLAIN(DESTROYED_IN_BATCH, "in_batch", VALUE_INT),
    PLAIN(DESTROYED_NUMBER, "number", VALUE_INT),
    PLAIN(DESTROYED_TIME, "done", VALUE_INT),
    PLAIN(DESTROYED_SUBJECTS, "subjects", VALUE_INT),
    PLAIN(DESTROYED_BLIND, "blind", VALUE_INT),
    { DESTROYED_CERTIFICATE, "certificate", VALUE_BYTES, false, CLASS_IDENTITY, LEVEL_C2,
            "lifecycle" },
};
const Table data_destroyed_table =
        TABLE(TABLE_DATA_DESTROYED, "data_destroyed", true, 2, destroyed_columns);

#define WHOSE "tenant TEXT NOT NULL, subject TEXT NOT NULL,"
#define SEALED "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
#define APPENDED "batch BIGINT NOT NULL, seal BYTEA NOT NULL, PRIMARY KEY(in_batch, number))"

static const Migration migrations[] = {
    { 1,
            "CREATE TABLE data_subject(" WHOSE "state BIGINT NOT NULL, created BIGINT NOT NULL,"
            "ended BIGINT NOT NULL, holds BIGINT NOT NULL, requests BIGINT NOT NULL,"
            "deletion_asked BIGINT NOT NULL, certificate BYTEA, blind BIGINT NOT NULL," SEALED
            "PRIMARY KEY(tenant, subject)) WITHOUT ROWID;"
            "CREATE INDEX data_subject_waiting ON data_subject(state);"
            "CREATE TABLE data_consent(" WHOSE "purpose BIGINT NOT NULL, live BIGINT NOT NULL,"
            "given BIGINT NOT NULL, shown BYTEA NOT NULL, channel TEXT NOT NULL,"
            "separate BIGINT NOT NULL, separate_shown BYTEA, separate_channel TEXT,"
            "withdrawn BIGINT NOT NULL," SEALED
            "PRIMARY KEY(tenant, subject, purpose)) WITHOUT ROWID;"
            "CREATE TABLE data_holding(" WHOSE "class BIGINT NOT NULL, state BIGINT NOT NULL,"
            "since BIGINT NOT NULL, due BIGINT NOT NULL, version BIGINT NOT NULL,"
            "reference TEXT, purposes BYTEA NOT NULL," SEALED
            "PRIMARY KEY(tenant, subject, class)) WITHOUT ROWID;"
            "CREATE INDEX data_holding_due ON data_holding(due) WHERE due > 0;"
            "CREATE TABLE data_hold(" WHOSE "slot BIGINT NOT NULL, live BIGINT NOT NULL,"
            "authority TEXT NOT NULL, reference TEXT NOT NULL, placed BIGINT NOT NULL,"
            "until_time BIGINT NOT NULL, released BIGINT NOT NULL,"
            "first_approver TEXT NOT NULL, second_approver TEXT NOT NULL," SEALED
            "PRIMARY KEY(tenant, subject, slot)) WITHOUT ROWID;"
            "CREATE TABLE data_request(" WHOSE "number BIGINT NOT NULL, kind BIGINT NOT NULL,"
            "proof TEXT NOT NULL, received BIGINT NOT NULL, due BIGINT NOT NULL,"
            "state BIGINT NOT NULL, outcome BIGINT NOT NULL, answered BIGINT NOT NULL,"
            "until_time BIGINT NOT NULL," SEALED
            "PRIMARY KEY(tenant, subject, number)) WITHOUT ROWID;"
            "CREATE TABLE data_act("
            "in_batch BIGINT NOT NULL, number BIGINT NOT NULL, done BIGINT NOT NULL,"
            "kind BIGINT NOT NULL," WHOSE "purpose BIGINT NOT NULL, basis BIGINT NOT NULL,"
            "classes BYTEA NOT NULL, party TEXT, reference TEXT, digest BYTEA,"
            "actor TEXT NOT NULL," APPENDED " WITHOUT ROWID;"
            "CREATE INDEX data_act_subject ON data_act(tenant, subject, in_batch);"
            "CREATE TABLE data_destroyed("
            "in_batch BIGINT NOT NULL, number BIGINT NOT NULL, done BIGINT NOT NULL,"
            "subjects BIGINT NOT NULL, blind BIGINT NOT NULL, certificate BYTEA NOT NULL," APPENDED
            " WITHOUT ROWID" },
};

static const Table *const tables[] = { &data_subject_table, &data_consent_table,
    &data_holding_table, &data_hold_table, &data_request_table, &data_act_table,
    &data_destroyed_table };

const StoreSchema lifecycle_schema = { "lifecycle", migrations, 1, tables,
    sizeof(tables) / sizeof(tables[0]) };
