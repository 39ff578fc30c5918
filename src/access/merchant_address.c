#include "access/merchant_address.h"

#include "http/address.h"

static const Column address_columns[] = {
    { MERCHANT_LIST_MCHID, "mchid", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_LIST_ITEMS, "addresses", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_LIST_CHANGED, "changed", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};

const Table merchant_address_table = {
    TABLE_MERCHANT_ADDRESS,
    .schema = 1,
    .name = "merchant_address",
    .append_only = false,
    .key_columns = 1,
    .column_count = sizeof(address_columns) / sizeof(address_columns[0]),
    .columns = address_columns,
};

const MerchantListKind merchant_addresses = {
    .table = &merchant_address_table,
    .most = MERCHANT_ADDRESSES_MAX,
    .is_valid = merchant_address_is_valid,
    .added = "address-added",
    .removed = "address-removed",
    .format = { REFUSED_ADDRESS_FORMAT },
    .known = { REFUSED_ADDRESS_KNOWN },
    .unknown = { REFUSED_ADDRESS_UNKNOWN },
    .too_many = { REFUSED_ADDRESS_TOO_MANY },
};

/* One form each, so that what is removed is what was added, and none stands there twice. */
bool merchant_address_is_valid(Span address)
{
    HttpNetwork network;
    char shown[HTTP_ADDRESS_TEXT_MAX];
    Cursor c = cursor_of(address);
    Span bare = address;
    if (address.size > MERCHANT_LIST_ITEM_BYTES_MAX || !http_network_read(address, &network))
        return false;
    const bool is_network = status_ok(cursor_until(&c, '/', &bare));
    http_address_write(network.bits, shown);
    return span_equal(bare, span_of_text(shown))
            && !(is_network && network.length == HTTP_ADDRESS_BITS);
}

Status merchant_address_gather(Rows *rows, const char *mchid)
{
    const Row *row = NULL;
    return rows_get(rows, &merchant_address_table, &VALUE_OF_TEXT(span_of_text(mchid)), &row);
}

/* Of "merchant/192.0.2.1". */
static bool where_from(const Rows *rows, uint8_t ret_bits[HTTP_ADDRESS_BYTES])
{
    Span door = { 0 };
    Cursor c = cursor_of(rows_from(rows));
    return status_ok(cursor_until(&c, '/', &door)) && http_address_read(c.rest, ret_bits);
}

Status merchant_address_admit(Rows *rows, const char *mchid)
{
    const Row *row = NULL;
    Span item = { 0 };
    uint8_t bits[HTTP_ADDRESS_BYTES];
    TRY(rows_get(rows, &merchant_address_table, &VALUE_OF_TEXT(span_of_text(mchid)), &row));
    if (row == NULL) return OK;
    Cursor items = cursor_of(row->values[COLUMN_AT(MERCHANT_LIST_ITEMS)].bytes);
    if (items.rest.size == 0) return OK;
    REQUIRE(where_from(rows, bits), REFUSED_ADDRESS_OTHER);
    while (merchant_list_next(&items, &item)) {
        HttpNetwork network;
        if (http_network_read(item, &network) && http_network_has(&network, bits)) return OK;
    }
    return REFUSE(REFUSED_ADDRESS_OTHER);
}
