#include "access/grant.h"

static const Column grant_columns[] = {
    { GRANT_ID, "id", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { GRANT_PRINCIPAL, "principal", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { GRANT_KIND, "kind", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { GRANT_ACTION, "action", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { GRANT_LEVEL, "level", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { GRANT_REASON, "reason", VALUE_TEXT, false, CLASS_FREE_TEXT, LEVEL_C2, "access" },
    { GRANT_STATE, "state", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { GRANT_ASKED, "asked", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { GRANT_FROM, "given", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { GRANT_UNTIL, "until", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { GRANT_DECIDED_BY, "decided_by", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { GRANT_REVIEWED_BY, "reviewed_by", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
};
enum { COLUMNS = sizeof(grant_columns) / sizeof(grant_columns[0]) };

const Table grant_table = {
    TABLE_ACCESS_GRANT,
    .schema = 1,
    .name = "access_grant",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = grant_columns,
};

const char *grant_state_name(GrantState state)
{
    switch (state) {
    case GRANT_ASKED_FOR: return "asked";
    case GRANT_GIVEN: return "given";
    case GRANT_REFUSED: return "refused";
    case GRANT_REVOKED: return "revoked";
    case GRANT_ENDED: return "ended";
    }
    return "?";
}

static Status grant_of_row(const Row *row, Grant *ret)
{
    const Value *v = row->values;
    Grant grant = {
        .kind = (GrantKind)v[COLUMN_AT(GRANT_KIND)].integer,
        .level = (DataLevel)v[COLUMN_AT(GRANT_LEVEL)].integer,
        .state = (GrantState)v[COLUMN_AT(GRANT_STATE)].integer,
        .asked_us = v[COLUMN_AT(GRANT_ASKED)].integer,
        .from_us = v[COLUMN_AT(GRANT_FROM)].integer,
        .until_us = v[COLUMN_AT(GRANT_UNTIL)].integer,
    };
    TRY(value_copy_text(&v[COLUMN_AT(GRANT_ID)], grant.id, sizeof(grant.id)));
    TRY(value_copy_text(&v[COLUMN_AT(GRANT_PRINCIPAL)], grant.principal, sizeof(grant.principal)));
    TRY(value_copy_text(&v[COLUMN_AT(GRANT_ACTION)], grant.action, sizeof(grant.action)));
    TRY(value_copy_text(&v[COLUMN_AT(GRANT_REASON)], grant.reason, sizeof(grant.reason)));
    TRY(value_copy_text(
            &v[COLUMN_AT(GRANT_DECIDED_BY)], grant.decided_by, sizeof(grant.decided_by)));
    TRY(value_copy_text(
            &v[COLUMN_AT(GRANT_REVIEWED_BY)], grant.reviewed_by, sizeof(grant.reviewed_by)));
    *ret = grant;
    return OK;
}

Status grant_get(Rows *rows, const char *id, Grant *ret, bool *ret_found)
{
    const Row *row = NULL;
    TRY(rows_get(rows, &grant_table, &VALUE_OF_TEXT(span_of_text(id)), &row));
    *ret_found = row != NULL;
    return row != NULL ? grant_of_row(row, ret) : OK;
}

static void grant_values(const Grant *g, Value ret_values[COLUMNS])
{
    ret_values[COLUMN_AT(GRANT_ID)] = VALUE_OF_TEXT(span_of_text(g->id));
    ret_values[COLUMN_AT(GRANT_PRINCIPAL)] = VALUE_OF_TEXT(span_of_text(g->principal));
    ret_values[COLUMN_AT(GRANT_KIND)] = VALUE_OF_INT((int64_t)g->kind);
    ret_values[COLUMN_AT(GRANT_ACTION)] = VALUE_OF_TEXT(span_of_text(g->action));
    ret_values[COLUMN_AT(GRANT_LEVEL)] = VALUE_OF_INT((int64_t)g->level);
    ret_values[COLUMN_AT(GRANT_REASON)] = VALUE_OF_TEXT(span_of_text(g->reason));
    ret_values[COLUMN_AT(GRANT_STATE)] = VALUE_OF_INT((int64_t)g->state);
    ret_values[COLUMN_AT(GRANT_ASKED)] = VALUE_OF_INT(g->asked_us);
    ret_values[COLUMN_AT(GRANT_FROM)] = VALUE_OF_INT(g->from_us);
    ret_values[COLUMN_AT(GRANT_UNTIL)] = VALUE_OF_INT(g->until_us);
    ret_values[COLUMN_AT(GRANT_DECIDED_BY)] = VALUE_OF_TEXT(span_of_text(g->decided_by));
    ret_values[COLUMN_AT(GRANT_REVIEWED_BY)] = VALUE_OF_TEXT(span_of_text(g->reviewed_by));
}

Status grant_insert(Rows *rows, const Grant *grant)
{
    Value values[COLUMNS];
    grant_values(grant, values);
    return rows_insert(rows, &grant_table, values);
}

Status grant_update(Rows *rows, const Grant *grant)
{
    Value values[COLUMNS];
    grant_values(grant, values);
    return rows_update(rows, &grant_table, values);
}
