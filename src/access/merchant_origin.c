#include "access/merchant_origin.h"

#include <string.h>

static const Column origin_columns[] = {
    { MERCHANT_ORIGIN_MCHID, "mchid", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_ORIGIN_LIST, "origins", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_ORIGIN_CHANGED, "changed", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};

const Table merchant_origin_table = {
    TABLE_MERCHANT_ORIGIN,
    .schema = 1,
    .name = "merchant_origin",
    .append_only = false,
    .key_columns = 1,
    .column_count = sizeof(origin_columns) / sizeof(origin_columns[0]),
    .columns = origin_columns,
};

/* --- what an origin is --- */

/* Labels of letters, digits and hyphens, none empty: an address of four numbers is one, too. */
static bool is_host(Span host)
{
    uint8_t before = '.';
    for (size_t i = 0; i < host.size; i++) {
        const uint8_t c = host.data[i];
        const bool inside = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!inside && c != '-' && c != '.') return false;
        if (!inside && before == '.') return false; /* an empty label, or a hyphen first */
        if (c == '.' && before == '-') return false;
        before = c;
    }
    return host.size > 0 && before != '.' && before != '-';
}

/* 1 to 65535 without leading zeros; 443 is not written. */
static bool is_port(Span port)
{
    uint32_t number = 0;
    if (port.size == 0 || port.size > 5 || port.data[0] == '0') return false;
    for (size_t i = 0; i < port.size; i++) {
        if (port.data[i] < '0' || port.data[i] > '9') return false;
        number = number * 10 + (uint32_t)(port.data[i] - '0');
    }
    return number <= UINT16_MAX && number != 443;
}

static bool is_origin(Span origin)
{
    static const char scheme[] = "https://";
    Cursor c = cursor_of(origin);
    Span begins = { 0 };
    if (origin.size > MERCHANT_ORIGIN_BYTES_MAX) return false;
    if (!status_ok(cursor_take(&c, sizeof(scheme) - 1, &begins))) return false;
    if (!span_equal(begins, SPAN("https://"))) return false;
    Span host = c.rest;
    if (!status_ok(cursor_until(&c, ':', &host))) return is_host(host);
    return is_host(host) && is_port(c.rest);
}

/* --- the list --- */

bool merchant_origins_next(Cursor *list, Span *ret_origin)
{
    Span blank = { 0 };
    if (!status_ok(cursor_take(list, 1, &blank))) return false;
    for (size_t i = 0; i < list->rest.size; i++)
        if (list->rest.data[i] == ' ') return status_ok(cursor_take(list, i, ret_origin));
    return status_ok(cursor_take(list, list->rest.size, ret_origin));
}

/* All but this one; how many there are, and whether it was among them. */
static bool without(
        const MerchantOrigins *origins, Span origin, MerchantOrigins *ret_others, size_t *ret_count)
{
    bool found = false;
    Span next = { 0 };
    Cursor c = cursor_of(span_of_text(origins->list));
    Buffer others = { (uint8_t *)ret_others->list, 0, MERCHANT_ORIGINS_BYTES_MAX };
    *ret_count = 0;
    while (merchant_origins_next(&c, &next)) {
        found = found || span_equal(next, origin);
        (*ret_count)++;
        if (span_equal(next, origin)) continue;
        const bool fits =
                status_ok(buffer_put(&others, SPAN(" "))) && status_ok(buffer_put(&others, next));
        ASSERT(fits); /* no longer than what it comes from */
    }
    ret_others->list[others.size] = 0;
    return found;
}

Status merchant_origins_add(MerchantOrigins *origins, Span origin)
{
    MerchantOrigins others = { 0 };
    size_t count = 0;
    REQUIRE(is_origin(origin), REFUSED_ORIGIN_FORMAT);
    REQUIRE(!without(origins, origin, &others, &count), REFUSED_ORIGIN_KNOWN);
    REQUIRE(count < MERCHANT_ORIGINS_MAX, REFUSED_ORIGIN_TOO_MANY);
    Buffer list = { (uint8_t *)origins->list, strlen(origins->list), MERCHANT_ORIGINS_BYTES_MAX };
    TRY(buffer_put(&list, SPAN(" ")));
    TRY(buffer_put(&list, origin));
    origins->list[list.size] = 0;
    return OK;
}

Status merchant_origins_remove(MerchantOrigins *origins, Span origin)
{
    MerchantOrigins others = { 0 };
    size_t count = 0;
    REQUIRE(without(origins, origin, &others, &count), REFUSED_ORIGIN_UNKNOWN);
    *origins = others;
    return OK;
}

/* --- the row --- */

static Status find(Rows *rows, const char *mchid, const Row **ret_row)
{
    return rows_get(rows, &merchant_origin_table, &VALUE_OF_TEXT(span_of_text(mchid)), ret_row);
}

Status merchant_origins_get(Rows *rows, const char *mchid, MerchantOrigins *ret)
{
    const Row *row = NULL;
    TRY(find(rows, mchid, &row));
    *ret = (MerchantOrigins) { 0 };
    if (row == NULL) return OK;
    const Span list = row->values[COLUMN_AT(MERCHANT_ORIGIN_LIST)].bytes;
    ASSERT(list.size <= MERCHANT_ORIGINS_BYTES_MAX);
    if (list.size > 0) memcpy(ret->list, list.data, list.size);
    return OK;
}

Status merchant_origins_put(Rows *rows, const char *mchid, const MerchantOrigins *origins)
{
    const Row *row = NULL;
    const Value values[] = { VALUE_OF_TEXT(span_of_text(mchid)),
        VALUE_OF_TEXT(span_of_text(origins->list)), VALUE_OF_INT(rows_now_us(rows)) };
    TRY(find(rows, mchid, &row));
    if (row == NULL) return rows_insert(rows, &merchant_origin_table, values);
    return rows_update(rows, &merchant_origin_table, values);
}
