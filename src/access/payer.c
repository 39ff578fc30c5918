#include "access/payer_login.h"

static const Column payer_columns[] = {
    { PAYER_ID, "id", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { PAYER_STATUS, "status", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_ACCOUNT, "account", VALUE_INT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { PAYER_DAY, "day", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_COUNT, "day_count", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "access" },
    { PAYER_MINOR, "day_minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "access" },
    { PAYER_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};

const Table payer_table = {
    TABLE_PAYER,
    .schema = 1,
    .name = "payer",
    .append_only = false,
    .key_columns = 1,
    .column_count = sizeof(payer_columns) / sizeof(payer_columns[0]),
    .columns = payer_columns,
};

bool payer_id_is_valid(Span id)
{
    if (id.size == 0 || id.size > PAYER_ID_BYTES_MAX) return false;
    for (size_t i = 0; i < id.size; i++) {
        const uint8_t c = id.data[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') return false;
    }
    return true;
}

Status payer_gather(Rows *rows, const char *id, int64_t *ret_account)
{
    const Row *row = NULL;
    TRY(rows_get(rows, &payer_table, &VALUE_OF_TEXT(span_of_text(id)), &row));
    *ret_account = row != NULL ? row->values[COLUMN_AT(PAYER_ACCOUNT)].integer : 0;
    bool registered = false;
    PayerLogin login;
    return payer_login_get(rows, id, &registered, &login); /* payer_may_pay() */
}

Status payer_get(Rows *rows, const char *id, Payer *ret)
{
    const Row *row = NULL;
    TRY(rows_get(rows, &payer_table, &VALUE_OF_TEXT(span_of_text(id)), &row));
    REQUIRE(row != NULL, REFUSED_PAYER_UNKNOWN);
    const Value *v = row->values;
    Payer payer = {
        .status = (RegisterStatus)v[COLUMN_AT(PAYER_STATUS)].integer,
        .account = v[COLUMN_AT(PAYER_ACCOUNT)].integer,
        .day = v[COLUMN_AT(PAYER_DAY)].integer,
        .count = v[COLUMN_AT(PAYER_COUNT)].integer,
        .minor = v[COLUMN_AT(PAYER_MINOR)].integer,
        .created_us = v[COLUMN_AT(PAYER_CREATED)].integer,
    };
    TRY(value_copy_text(&v[COLUMN_AT(PAYER_ID)], payer.id, sizeof(payer.id)));
    *ret = payer;
    return OK;
}

Status payer_admit(Rows *rows, const char *id, Payer *ret)
{
    Payer payer;
    TRY(payer_get(rows, id, &payer));
    REQUIRE(payer.status == STATUS_LIVE, REFUSED_PAYER_CLOSED);
    *ret = payer;
    return OK;
}

static void payer_values(const Payer *payer, Value ret_values[])
{
    ret_values[COLUMN_AT(PAYER_ID)] = VALUE_OF_TEXT(span_of_text(payer->id));
    ret_values[COLUMN_AT(PAYER_STATUS)] = VALUE_OF_INT((int64_t)payer->status);
    ret_values[COLUMN_AT(PAYER_ACCOUNT)] = VALUE_OF_INT(payer->account);
    ret_values[COLUMN_AT(PAYER_DAY)] = VALUE_OF_INT(payer->day);
    ret_values[COLUMN_AT(PAYER_COUNT)] = VALUE_OF_INT(payer->count);
    ret_values[COLUMN_AT(PAYER_MINOR)] = VALUE_OF_INT(payer->minor);
    ret_values[COLUMN_AT(PAYER_CREATED)] = VALUE_OF_INT(payer->created_us);
}

Status payer_insert(Rows *rows, const Payer *payer)
{
    Value values[sizeof(payer_columns) / sizeof(payer_columns[0])];
    payer_values(payer, values);
    const Status s = rows_insert(rows, &payer_table, values);
    return status_is(s, REFUSED_ROW_EXISTS) ? REFUSE(REFUSED_PAYER_EXISTS) : s;
}

static Status payer_put(Rows *rows, const Payer *payer)
{
    Value values[sizeof(payer_columns) / sizeof(payer_columns[0])];
    payer_values(payer, values);
    return rows_update(rows, &payer_table, values);
}

/* A clock that steps back never brings an older day's counters: the limit would start afresh. */
void payer_roll(Payer *payer, int64_t day)
{
    if (payer->day >= day) return;
    payer->day = day;
    payer->count = 0;
    payer->minor = 0;
}

Status payer_count(Rows *rows, const char *id, int64_t day, int64_t minor)
{
    Payer payer;
    TRY(payer_get(rows, id, &payer));
    payer_roll(&payer, day);
    TRY(minor_add(payer.minor, minor, &payer.minor));
    payer.count += 1;
    return payer_put(rows, &payer);
}

Status payer_uncount(Rows *rows, const char *id, int64_t day, int64_t minor)
{
    Payer payer;
    TRY(payer_get(rows, id, &payer));
    if (payer.day != day || payer.count == 0 || payer.minor < minor) return OK;
    payer.count -= 1;
    payer.minor -= minor;
    return payer_put(rows, &payer);
}
