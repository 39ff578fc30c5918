#include "access/merchant_list.h"

#include <string.h>

bool merchant_list_next(Cursor *items, Span *ret_item)
{
    Span blank = { 0 };
    if (!status_ok(cursor_take(items, 1, &blank))) return false;
    for (size_t i = 0; i < items->rest.size; i++)
        if (items->rest.data[i] == ' ') return status_ok(cursor_take(items, i, ret_item));
    return status_ok(cursor_take(items, items->rest.size, ret_item));
}

/* All but this one; how many there are, and whether it was among them. */
static bool without(
        const MerchantList *list, Span item, MerchantList *ret_others, size_t *ret_count)
{
    bool found = false;
    Span next = { 0 };
    Cursor c = cursor_of(span_of_text(list->items));
    Buffer others = { (uint8_t *)ret_others->items, 0, MERCHANT_LIST_BYTES_MAX };
    *ret_count = 0;
    while (merchant_list_next(&c, &next)) {
        found = found || span_equal(next, item);
        (*ret_count)++;
        if (span_equal(next, item)) continue;
        const bool fits =
                status_ok(buffer_put(&others, SPAN(" "))) && status_ok(buffer_put(&others, next));
        ASSERT(fits); /* no longer than what it comes from */
    }
    ret_others->items[others.size] = 0;
    return found;
}

Status merchant_list_add(const MerchantListKind *kind, MerchantList *list, Span item)
{
    MerchantList others = { 0 };
    size_t count = 0;
    ASSERT(kind->most <= MERCHANT_LIST_MAX);
    const bool fits = item.size <= MERCHANT_LIST_ITEM_BYTES_MAX && kind->is_valid(item);
    if (!fits) return kind->format;
    if (without(list, item, &others, &count)) return kind->known;
    if (count >= kind->most) return kind->too_many;
    Buffer items = { (uint8_t *)list->items, strlen(list->items), MERCHANT_LIST_BYTES_MAX };
    TRY(buffer_put(&items, SPAN(" ")));
    TRY(buffer_put(&items, item));
    list->items[items.size] = 0;
    return OK;
}

Status merchant_list_remove(const MerchantListKind *kind, MerchantList *list, Span item)
{
    MerchantList others = { 0 };
    size_t count = 0;
    if (!without(list, item, &others, &count)) return kind->unknown;
    *list = others;
    return OK;
}

/* --- the row --- */

static Status find(const MerchantListKind *kind, Rows *rows, const char *mchid, const Row **ret_row)
{
    return rows_get(rows, kind->table, &VALUE_OF_TEXT(span_of_text(mchid)), ret_row);
}

Status merchant_list_get(
        const MerchantListKind *kind, Rows *rows, const char *mchid, MerchantList *ret)
{
    const Row *row = NULL;
    TRY(find(kind, rows, mchid, &row));
    *ret = (MerchantList) { 0 };
    if (row == NULL) return OK;
    const Span items = row->values[COLUMN_AT(MERCHANT_LIST_ITEMS)].bytes;
    REQUIRE(items.size <= MERCHANT_LIST_BYTES_MAX, REFUSED_ROW_INVALID);
    if (items.size > 0) memcpy(ret->items, items.data, items.size);
    return OK;
}

Status merchant_list_put(
        const MerchantListKind *kind, Rows *rows, const char *mchid, const MerchantList *list)
{
    const Row *row = NULL;
    const Value values[] = { VALUE_OF_TEXT(span_of_text(mchid)),
        VALUE_OF_TEXT(span_of_text(list->items)), VALUE_OF_INT(rows_now_us(rows)) };
    TRY(find(kind, rows, mchid, &row));
    if (row == NULL) return rows_insert(rows, kind->table, values);
    return rows_update(rows, kind->table, values);
}
