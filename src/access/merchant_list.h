#pragma once
/*
 * merchant_list: short lists of a merchant's, each a sealed row of its own: the origins whose pages
 * may frame protected fields for him (merchant_origin.h), the addresses his requests are taken from
 * (merchant_address.h). Who could add one unseen could put a page, or a machine, of his own there.
 */
#include "access/merchant.h"

enum {
    MERCHANT_LIST_MAX = 16, /* of the longest list */
    MERCHANT_LIST_ITEM_BYTES_MAX = 100,
    MERCHANT_LIST_BYTES_MAX = MERCHANT_LIST_MAX * (MERCHANT_LIST_ITEM_BYTES_MAX + 1),
};

/* What such a list is. Its table has the columns below. */
typedef struct MerchantListKind {
    const Table *table;
    size_t most;
    bool (*is_valid)(Span item);
    const char *added, *removed; /* in the audit log */
    Status format, known, unknown, too_many; /* what is refused, in this order of asking */
} MerchantListKind;

enum MerchantListColumn {
    MERCHANT_LIST_MCHID = 1, /* TEXT, key */
    MERCHANT_LIST_ITEMS = 2, /* TEXT, as MerchantList has it */
    MERCHANT_LIST_CHANGED = 3, /* INT, us */
};

/* Each with a blank before it, as a content policy lists origins; "" none. */
typedef struct MerchantList {
    char items[MERCHANT_LIST_BYTES_MAX + 1];
} MerchantList;

/* The next of the items, taken from them. False: there is none. */
bool merchant_list_next(Cursor *items, Span *ret_item);
/* Refuse what the kind says. */
MUST_USE Status merchant_list_add(const MerchantListKind *kind, MerchantList *list, Span item);
MUST_USE Status merchant_list_remove(const MerchantListKind *kind, MerchantList *list, Span item);

/* Gathering or running. */
MUST_USE Status merchant_list_get(
        const MerchantListKind *kind, Rows *rows, const char *mchid, MerchantList *ret_list);
/* Running, gathered by merchant_list_get(). */
MUST_USE Status merchant_list_put(
        const MerchantListKind *kind, Rows *rows, const char *mchid, const MerchantList *list);
