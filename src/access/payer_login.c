#include "access/payer_login.h"

static const Column login_columns[] = {
    { PAYER_LOGIN_PAYER, "payer", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { PAYER_LOGIN_STATUS, "status", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_LOGIN_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_LOGIN_COOLS_UNTIL, "cools_until", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_LOGIN_LAST, "last", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_LOGIN_RESETS, "resets", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};

const Table payer_login_table = {
    TABLE_PAYER_LOGIN,
    .schema = 1,
    .name = "payer_login",
    .append_only = false,
    .key_columns = 1,
    .column_count = sizeof(login_columns) / sizeof(login_columns[0]),
    .columns = login_columns,
};

static const Column device_columns[] = {
    { PAYER_DEVICE_PAYER, "payer", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { PAYER_DEVICE_PLACE, "place", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_DEVICE_ID, "id", VALUE_BYTES, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_DEVICE_ALGORITHM, "algorithm", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_DEVICE_SPKI, "spki", VALUE_BYTES, false, CLASS_KEY_PUBLIC, LEVEL_C1, "access" },
    { PAYER_DEVICE_NAME, "name", VALUE_TEXT, false, CLASS_FREE_TEXT, LEVEL_C2, "access" },
    { PAYER_DEVICE_STATUS, "status", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_DEVICE_ADDED, "added", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_DEVICE_COOLS_UNTIL, "cools_until", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PAYER_DEVICE_SEEN, "seen", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};

const Table payer_device_table = {
    TABLE_PAYER_DEVICE,
    .schema = 1,
    .name = "payer_device",
    .append_only = false,
    .key_columns = 2,
    .column_count = sizeof(device_columns) / sizeof(device_columns[0]),
    .columns = device_columns,
};

/* --- rows --- */

Status payer_login_get(Rows *rows, const char *payer, bool *ret_found, PayerLogin *ret)
{
    const Row *row = NULL;
    TRY(rows_get(rows, &payer_login_table, &VALUE_OF_TEXT(span_of_text(payer)), &row));
    *ret_found = row != NULL;
    if (row == NULL) return OK;
    const Value *v = row->values;
    PayerLogin login = {
        .status = (RegisterStatus)v[COLUMN_AT(PAYER_LOGIN_STATUS)].integer,
        .created_us = v[COLUMN_AT(PAYER_LOGIN_CREATED)].integer,
        .cools_until_us = v[COLUMN_AT(PAYER_LOGIN_COOLS_UNTIL)].integer,
        .last_us = v[COLUMN_AT(PAYER_LOGIN_LAST)].integer,
        .resets = v[COLUMN_AT(PAYER_LOGIN_RESETS)].integer,
    };
    TRY(value_copy_text(&v[COLUMN_AT(PAYER_LOGIN_PAYER)], login.payer, sizeof(login.payer)));
    *ret = login;
    return OK;
}

static Status put(Rows *rows, const Table *table, const Value *values)
{
    const Status s = rows_update(rows, table, values);
    return status_is(s, REFUSED_ROW_MISSING) ? rows_insert(rows, table, values) : s;
}

Status payer_login_put(Rows *rows, const PayerLogin *login)
{
    const Value values[] = {
        VALUE_OF_TEXT(span_of_text(login->payer)),
        VALUE_OF_INT((int64_t)login->status),
        VALUE_OF_INT(login->created_us),
        VALUE_OF_INT(login->cools_until_us),
        VALUE_OF_INT(login->last_us),
        VALUE_OF_INT(login->resets),
    };
    return put(rows, &payer_login_table, values);
}

static Status take_device(const Value *v, PayerDevice *ret)
{
    const Span id = v[COLUMN_AT(PAYER_DEVICE_ID)].bytes;
    const Span spki = v[COLUMN_AT(PAYER_DEVICE_SPKI)].bytes;
    PayerDevice device = {
        .place = v[COLUMN_AT(PAYER_DEVICE_PLACE)].integer,
        .algorithm = (KeyAlgorithm)v[COLUMN_AT(PAYER_DEVICE_ALGORITHM)].integer,
        .status = (RegisterStatus)v[COLUMN_AT(PAYER_DEVICE_STATUS)].integer,
        .added_us = v[COLUMN_AT(PAYER_DEVICE_ADDED)].integer,
        .cools_until_us = v[COLUMN_AT(PAYER_DEVICE_COOLS_UNTIL)].integer,
        .seen_us = v[COLUMN_AT(PAYER_DEVICE_SEEN)].integer,
        .spki_size = spki.size,
    };
    REQUIRE(id.size == PAYER_DEVICE_ID_BYTES, REFUSED_ROW_INVALID);
    REQUIRE(spki.size > 0 && spki.size <= PAYER_DEVICE_SPKI_BYTES_MAX, REFUSED_ROW_INVALID);
    memcpy(device.id, id.data, id.size);
    memcpy(device.spki, spki.data, spki.size);
    TRY(value_copy_text(&v[COLUMN_AT(PAYER_DEVICE_PAYER)], device.payer, sizeof(device.payer)));
    TRY(value_copy_text(&v[COLUMN_AT(PAYER_DEVICE_NAME)], device.name, sizeof(device.name)));
    *ret = device;
    return OK;
}

Status payer_device_get(
        Rows *rows, const char *payer, int64_t place, bool *ret_found, PayerDevice *ret)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(payer)), VALUE_OF_INT(place) };
    const Row *row = NULL;
    TRY(rows_get(rows, &payer_device_table, key, &row));
    *ret_found = row != NULL;
    return row != NULL ? take_device(row->values, ret) : OK;
}

Status payer_device_put(Rows *rows, const PayerDevice *device)
{
    const Value values[] = {
        VALUE_OF_TEXT(span_of_text(device->payer)),
        VALUE_OF_INT(device->place),
        VALUE_OF_BYTES(SPAN_OF(device->id)),
        VALUE_OF_INT((int64_t)device->algorithm),
        VALUE_OF_BYTES(((Span) { device->spki, device->spki_size })),
        VALUE_OF_TEXT(span_of_text(device->name)),
        VALUE_OF_INT((int64_t)device->status),
        VALUE_OF_INT(device->added_us),
        VALUE_OF_INT(device->cools_until_us),
        VALUE_OF_INT(device->seen_us),
    };
    return put(rows, &payer_device_table, values);
}

/* --- a payer's devices --- */

Status payer_devices_get(Rows *rows, const char *payer, PayerDevices *ret_devices)
{
    for (int64_t place = 0; place < PAYER_DEVICES_MAX; place++) {
        bool found = false;
        PayerDevice *device = &ret_devices->at[place];
        *device = (PayerDevice) { .place = place };
        TRY(payer_device_get(rows, payer, place, &found, device));
    }
    return OK;
}

PayerDevice *payer_devices_find(PayerDevices *devices, const uint8_t id[PAYER_DEVICE_ID_BYTES])
{
    for (size_t i = 0; i < PAYER_DEVICES_MAX; i++) {
        PayerDevice *device = &devices->at[i];
        const bool same = bytes_equal_ct(device->id, id, PAYER_DEVICE_ID_BYTES);
        if (same && device->status == STATUS_LIVE) return device;
    }
    return NULL;
}

int64_t payer_devices_place(const PayerDevices *devices, const uint8_t id[PAYER_DEVICE_ID_BYTES])
{
    int64_t empty = -1;
    int64_t ended = -1;
    for (int64_t i = PAYER_DEVICES_MAX - 1; i >= 0; i--) {
        const PayerDevice *device = &devices->at[i];
        if (device->spki_size == 0)
            empty = i;
        else if (bytes_equal_ct(device->id, id, PAYER_DEVICE_ID_BYTES))
            return i;
        else if (device->status != STATUS_LIVE)
            ended = i;
    }
    return empty >= 0 ? empty : ended;
}

/* --- may money leave? --- */

static Status login_may_pay(Rows *rows, const char *payer, bool *ret_registered)
{
    PayerLogin login;
    TRY(payer_login_get(rows, payer, ret_registered, &login));
    if (!*ret_registered) return OK;
    REQUIRE(login.status == STATUS_LIVE, REFUSED_PAYER_CLOSED);
    REQUIRE(rows_now_us(rows) >= login.cools_until_us, REFUSED_PAYER_COOLS_DOWN);
    return OK;
}

Status payer_may_pay(Rows *rows, const char *payer)
{
    bool registered = false;
    return login_may_pay(rows, payer, &registered);
}

Status payer_door_gather(Rows *rows, const char *payer, const PayerDoor *door)
{
    bool found = false;
    PayerLogin login;
    PayerDevice device;
    TRY(payer_login_get(rows, payer, &found, &login));
    if (!door->by_device) return OK;
    return payer_device_get(rows, payer, door->place, &found, &device);
}

Status payer_door_admit(Rows *rows, const char *payer, const PayerDoor *door)
{
    bool registered = false;
    bool found = false;
    PayerDevice device;
    const Status s = login_may_pay(rows, payer, &registered);
    REQUIRE(door->by_device || !(registered || door->needed), REFUSED_PAYER_DEVICE_NEEDED);
    const bool cools = status_is(s, REFUSED_PAYER_COOLS_DOWN);
    if (!cools) TRY(s);
    if (!door->by_device) return s;
    TRY(payer_device_get(rows, payer, door->place, &found, &device));
    const bool lives = registered && found && device.status == STATUS_LIVE
            && bytes_equal_ct(device.id, door->device, sizeof(device.id));
    REQUIRE(lives, REFUSED_LOGIN_NEEDED);
    TRY(s);
    REQUIRE(rows_now_us(rows) >= device.cools_until_us, REFUSED_PAYER_COOLS_DOWN);
    return OK;
}
