#include "access/caller.h"

#include "access/asker.h"

static const Column caller_columns[] = {
    { CALLER_NAME, "name", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { CALLER_TENANT, "tenant", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { CALLER_KEY, "key_hash", VALUE_BYTES, false, CLASS_KEY_PUBLIC, LEVEL_C1, "access" },
    { CALLER_RIGHTS, "rights", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { CALLER_STATUS, "status", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { CALLER_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { CALLER_EXPIRES, "expires", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};
enum { COLUMNS = sizeof(caller_columns) / sizeof(caller_columns[0]) };

const Table caller_table = {
    TABLE_CALLER,
    .schema = 1,
    .name = "caller",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = caller_columns,
};

typedef struct RightName {
    const char *name;
    CallerRight right;
} RightName;

static const RightName right_names[] = {
    { "protect", CALLER_MAY_PROTECT },
    { "lookup", CALLER_MAY_LOOK_UP },
    { "reveal", CALLER_MAY_REVEAL },
    { "password", CALLER_MAY_CHECK_PASSWORDS },
    { "bind", CALLER_MAY_BIND },
    { "mac", CALLER_MAY_MAC },
};
enum { RIGHT_NAMES = sizeof(right_names) / sizeof(right_names[0]) };

uint32_t caller_right_of(Span name)
{
    for (size_t i = 0; i < RIGHT_NAMES; i++) {
        if (span_equal(name, span_of_text(right_names[i].name)))
            return (uint32_t)right_names[i].right;
    }
    return 0;
}

Status caller_rights_put(uint32_t rights, Buffer *ret_text)
{
    bool first = true;
    for (size_t i = 0; i < RIGHT_NAMES; i++) {
        if ((rights & (uint32_t)right_names[i].right) == 0) continue;
        TRY(buffer_print(ret_text, "%s%s", first ? "" : ",", right_names[i].name));
        first = false;
    }
    return OK;
}

bool caller_name_is_valid(Span name)
{
    if (name.size == 0 || name.size > CALLER_NAME_BYTES_MAX) return false;
    for (size_t i = 0; i < name.size; i++) {
        const uint8_t c = name.data[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool mark = c == '_' || c == '.' || c == '-';
        if (!letter && !mark && !(c >= '0' && c <= '9')) return false;
    }
    return true;
}

bool caller_tenant_is_valid(Span tenant)
{
    return caller_name_is_valid(tenant) && !span_equal(tenant, SPAN(ASKER_HOUSE));
}

static Status caller_of_row(const Row *row, Caller *ret)
{
    const Value *v = row->values;
    Caller caller = {
        .rights = (uint32_t)v[COLUMN_AT(CALLER_RIGHTS)].integer & CALLER_RIGHTS_ALL,
        .status = (RegisterStatus)v[COLUMN_AT(CALLER_STATUS)].integer,
        .created_us = v[COLUMN_AT(CALLER_CREATED)].integer,
        .expires_us = v[COLUMN_AT(CALLER_EXPIRES)].integer,
    };
    const Span key = v[COLUMN_AT(CALLER_KEY)].bytes;
    REQUIRE(key.size == CALLER_KEY_BYTES, REFUSED_ROW_INVALID);
    memcpy(caller.key, key.data, key.size);
    TRY(value_copy_text(&v[COLUMN_AT(CALLER_NAME)], caller.name, sizeof(caller.name)));
    TRY(value_copy_text(&v[COLUMN_AT(CALLER_TENANT)], caller.tenant, sizeof(caller.tenant)));
    *ret = caller;
    return OK;
}

Status caller_get(Rows *rows, const char *name, Caller *ret, bool *ret_found)
{
    const Row *row = NULL;
    TRY(rows_get(rows, &caller_table, &VALUE_OF_TEXT(span_of_text(name)), &row));
    *ret_found = row != NULL;
    return row != NULL ? caller_of_row(row, ret) : OK;
}

static void caller_values(const Caller *caller, Value ret_values[COLUMNS])
{
    ret_values[COLUMN_AT(CALLER_NAME)] = VALUE_OF_TEXT(span_of_text(caller->name));
    ret_values[COLUMN_AT(CALLER_TENANT)] = VALUE_OF_TEXT(span_of_text(caller->tenant));
    ret_values[COLUMN_AT(CALLER_KEY)] = VALUE_OF_BYTES(SPAN_OF(caller->key));
    ret_values[COLUMN_AT(CALLER_RIGHTS)] = VALUE_OF_INT((int64_t)caller->rights);
    ret_values[COLUMN_AT(CALLER_STATUS)] = VALUE_OF_INT((int64_t)caller->status);
    ret_values[COLUMN_AT(CALLER_CREATED)] = VALUE_OF_INT(caller->created_us);
    ret_values[COLUMN_AT(CALLER_EXPIRES)] = VALUE_OF_INT(caller->expires_us);
}

Status caller_insert(Rows *rows, const Caller *caller)
{
    Value values[COLUMNS];
    caller_values(caller, values);
    const Status s = rows_insert(rows, &caller_table, values);
    return status_is(s, REFUSED_ROW_EXISTS) ? REFUSE(REFUSED_CALLER_EXISTS) : s;
}

Status caller_update(Rows *rows, const Caller *caller)
{
    Value values[COLUMNS];
    caller_values(caller, values);
    return rows_update(rows, &caller_table, values);
}
