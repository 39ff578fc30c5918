#include "access/merchant_origin.h"

static const Column origin_columns[] = {
    { MERCHANT_LIST_MCHID, "mchid", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_LIST_ITEMS, "origins", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_LIST_CHANGED, "changed", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
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

const MerchantListKind merchant_origins = {
    .table = &merchant_origin_table,
    .most = MERCHANT_ORIGINS_MAX,
    .is_valid = merchant_origin_is_valid,
    .added = "origin-added",
    .removed = "origin-removed",
    .format = { REFUSED_ORIGIN_FORMAT },
    .known = { REFUSED_ORIGIN_KNOWN },
    .unknown = { REFUSED_ORIGIN_UNKNOWN },
    .too_many = { REFUSED_ORIGIN_TOO_MANY },
};

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

bool merchant_origin_is_valid(Span origin)
{
    static const char scheme[] = "https://";
    Cursor c = cursor_of(origin);
    Span begins = { 0 };
    if (origin.size > MERCHANT_LIST_ITEM_BYTES_MAX) return false;
    if (!status_ok(cursor_take(&c, sizeof(scheme) - 1, &begins))) return false;
    if (!span_equal(begins, SPAN("https://"))) return false;
    Span host = c.rest;
    if (!status_ok(cursor_until(&c, ':', &host))) return is_host(host);
    return is_host(host) && is_port(c.rest);
}
