#include "access/merchant.h"

#include "access/asker.h"
#include "access/merchant_address.h"

static const Column merchant_columns[] = {
    { MERCHANT_ID, "mchid", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_NAME, "name", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_STATUS, "status", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_ACCOUNT, "account", VALUE_INT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { MERCHANT_SUITE, "suite", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_LIMIT, "limit_minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "access" },
    { MERCHANT_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};

const Table merchant_table = {
    TABLE_MERCHANT,
    .schema = 1,
    .name = "merchant",
    .append_only = false,
    .key_columns = 1,
    .column_count = sizeof(merchant_columns) / sizeof(merchant_columns[0]),
    .columns = merchant_columns,
};

static const Column key_columns[] = {
    { MERCHANT_KEY_MCHID, "mchid", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_KEY_SERIAL, "serial", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_KEY_ALGORITHM, "algorithm", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_KEY_SPKI, "spki", VALUE_BYTES, false, CLASS_KEY_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_KEY_STATUS, "status", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_KEY_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_KEY_EXPIRES, "expires", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};

const Table merchant_key_table = {
    TABLE_MERCHANT_KEY,
    .schema = 1,
    .name = "merchant_key",
    .append_only = false,
    .key_columns = 2,
    .column_count = sizeof(key_columns) / sizeof(key_columns[0]),
    .columns = key_columns,
};

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool is_upper(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(uint8_t c) { return c >= 'a' && c <= 'z'; }

bool merchant_id_is_valid(Span mchid)
{
    if (mchid.size == 0 || mchid.size > MERCHANT_ID_BYTES_MAX) return false;
    if (span_equal(mchid, SPAN(ASKER_HOUSE)) || span_equal(mchid, SPAN("house"))) return false;
    for (size_t i = 0; i < mchid.size; i++) {
        const uint8_t c = mchid.data[i];
        if (!is_digit(c) && !is_upper(c) && !is_lower(c) && c != '_' && c != '-') return false;
    }
    return true;
}

bool merchant_serial_is_valid(Span serial)
{
    if (serial.size == 0 || serial.size > MERCHANT_SERIAL_BYTES_MAX) return false;
    for (size_t i = 0; i < serial.size; i++) {
        const uint8_t c = serial.data[i];
        if (!is_digit(c) && !is_upper(c) && c != '_') return false;
    }
    return true;
}

/* --- merchant --- */

Status merchant_gather(Rows *rows, const char *mchid, const char *serial, int64_t *ret_account)
{
    const Row *row = NULL;
    const Row *key_row = NULL;
    const Value key[] = { VALUE_OF_TEXT(span_of_text(mchid)),
        VALUE_OF_TEXT(span_of_text(serial != NULL ? serial : "")) };
    TRY(rows_get(rows, &merchant_table, key, &row));
    if (serial != NULL) TRY(rows_get(rows, &merchant_key_table, key, &key_row));
    if (serial != NULL) TRY(merchant_address_gather(rows, mchid));
    *ret_account = row != NULL ? row->values[COLUMN_AT(MERCHANT_ACCOUNT)].integer : 0;
    return OK;
}

Status merchant_get(Rows *rows, const char *mchid, Merchant *ret)
{
    const Row *row = NULL;
    TRY(rows_get(rows, &merchant_table, &VALUE_OF_TEXT(span_of_text(mchid)), &row));
    REQUIRE(row != NULL, REFUSED_MERCHANT_UNKNOWN);
    const Value *v = row->values;
    Merchant merchant = {
        .status = (RegisterStatus)v[COLUMN_AT(MERCHANT_STATUS)].integer,
        .account = v[COLUMN_AT(MERCHANT_ACCOUNT)].integer,
        .suite = (MerchantSuite)v[COLUMN_AT(MERCHANT_SUITE)].integer,
        .limit_minor = v[COLUMN_AT(MERCHANT_LIMIT)].integer,
        .created_us = v[COLUMN_AT(MERCHANT_CREATED)].integer,
    };
    TRY(value_copy_text(&v[COLUMN_AT(MERCHANT_ID)], merchant.mchid, sizeof(merchant.mchid)));
    TRY(value_copy_text(&v[COLUMN_AT(MERCHANT_NAME)], merchant.name, sizeof(merchant.name)));
    *ret = merchant;
    return OK;
}

Status merchant_insert(Rows *rows, const Merchant *merchant)
{
    const Value values[] = {
        VALUE_OF_TEXT(span_of_text(merchant->mchid)),
        VALUE_OF_TEXT(span_of_text(merchant->name)),
        VALUE_OF_INT((int64_t)merchant->status),
        VALUE_OF_INT(merchant->account),
        VALUE_OF_INT((int64_t)merchant->suite),
        VALUE_OF_INT(merchant->limit_minor),
        VALUE_OF_INT(merchant->created_us),
    };
    const Status s = rows_insert(rows, &merchant_table, values);
    return status_is(s, REFUSED_ROW_EXISTS) ? REFUSE(REFUSED_MERCHANT_EXISTS) : s;
}

/* --- its keys --- */

Status merchant_key_get(Rows *rows, const char *mchid, const char *serial, MerchantKey *ret)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(mchid)), VALUE_OF_TEXT(span_of_text(serial)) };
    const Row *row = NULL;
    TRY(rows_get(rows, &merchant_key_table, key, &row));
    REQUIRE(row != NULL, REFUSED_MERCHANT_KEY_UNKNOWN);
    const Value *v = row->values;
    const Span spki = v[COLUMN_AT(MERCHANT_KEY_SPKI)].bytes;
    REQUIRE(spki.size > 0 && spki.size <= SIGN_SPKI_BYTES_MAX, REFUSED_ROW_INVALID);
    TRY(value_copy_text(&v[COLUMN_AT(MERCHANT_KEY_MCHID)], ret->mchid, sizeof(ret->mchid)));
    TRY(value_copy_text(&v[COLUMN_AT(MERCHANT_KEY_SERIAL)], ret->serial, sizeof(ret->serial)));
    ret->algorithm = (KeyAlgorithm)v[COLUMN_AT(MERCHANT_KEY_ALGORITHM)].integer;
    memcpy(ret->spki, spki.data, spki.size);
    ret->spki_size = spki.size;
    ret->status = (RegisterStatus)v[COLUMN_AT(MERCHANT_KEY_STATUS)].integer;
    ret->created_us = v[COLUMN_AT(MERCHANT_KEY_CREATED)].integer;
    ret->expires_us = v[COLUMN_AT(MERCHANT_KEY_EXPIRES)].integer;
    return OK;
}

static void key_values(const MerchantKey *key, Value ret_values[])
{
    ret_values[COLUMN_AT(MERCHANT_KEY_MCHID)] = VALUE_OF_TEXT(span_of_text(key->mchid));
    ret_values[COLUMN_AT(MERCHANT_KEY_SERIAL)] = VALUE_OF_TEXT(span_of_text(key->serial));
    ret_values[COLUMN_AT(MERCHANT_KEY_ALGORITHM)] = VALUE_OF_INT((int64_t)key->algorithm);
    ret_values[COLUMN_AT(MERCHANT_KEY_SPKI)] =
            VALUE_OF_BYTES(((Span) { key->spki, key->spki_size }));
    ret_values[COLUMN_AT(MERCHANT_KEY_STATUS)] = VALUE_OF_INT((int64_t)key->status);
    ret_values[COLUMN_AT(MERCHANT_KEY_CREATED)] = VALUE_OF_INT(key->created_us);
    ret_values[COLUMN_AT(MERCHANT_KEY_EXPIRES)] = VALUE_OF_INT(key->expires_us);
}

Status merchant_key_insert(Rows *rows, const MerchantKey *key)
{
    Value values[sizeof(key_columns) / sizeof(key_columns[0])];
    key_values(key, values);
    const Status s = rows_insert(rows, &merchant_key_table, values);
    return status_is(s, REFUSED_ROW_EXISTS) ? REFUSE(REFUSED_MERCHANT_KEY_EXISTS) : s;
}

Status merchant_key_update(Rows *rows, const MerchantKey *key)
{
    Value values[sizeof(key_columns) / sizeof(key_columns[0])];
    key_values(key, values);
    const Status s = rows_update(rows, &merchant_key_table, values);
    return status_is(s, REFUSED_ROW_MISSING) ? REFUSE(REFUSED_MERCHANT_KEY_UNKNOWN) : s;
}

/* --- admission --- */

/* On the hot path: only the columns that decide are looked at, nothing of the key is copied. */
static Status key_is_live(Rows *rows, const char *mchid, const char *serial)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(mchid)), VALUE_OF_TEXT(span_of_text(serial)) };
    const Row *row = NULL;
    TRY(rows_get(rows, &merchant_key_table, key, &row));
    REQUIRE(row != NULL, REFUSED_MERCHANT_KEY_UNKNOWN);
    const Value *v = row->values;
    REQUIRE(v[COLUMN_AT(MERCHANT_KEY_STATUS)].integer == STATUS_LIVE, REFUSED_MERCHANT_KEY_EXPIRED);
    REQUIRE(v[COLUMN_AT(MERCHANT_KEY_EXPIRES)].integer > rows_now_us(rows),
            REFUSED_MERCHANT_KEY_EXPIRED);
    return OK;
}

Status merchant_admit(Rows *rows, const char *mchid, const char *serial, Merchant *ret_merchant)
{
    Merchant merchant;
    TRY(merchant_get(rows, mchid, &merchant));
    REQUIRE(merchant.status == STATUS_LIVE, REFUSED_MERCHANT_CLOSED);
    TRY(key_is_live(rows, mchid, serial));
    TRY(merchant_address_admit(rows, mchid));
    *ret_merchant = merchant;
    return OK;
}
