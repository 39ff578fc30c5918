#pragma once
/*
 * merchant_origin: the origins (RFC 6454) whose pages may frame protected fields for a merchant
 * (TP-19). A sealed row: who could add one unseen could lay a page of his own around them.
 */
#include "access/merchant.h"

enum {
    MERCHANT_ORIGINS_MAX = 8,
    MERCHANT_ORIGIN_BYTES_MAX = 100,
    MERCHANT_ORIGINS_BYTES_MAX = MERCHANT_ORIGINS_MAX * (MERCHANT_ORIGIN_BYTES_MAX + 1),
};

extern const Table merchant_origin_table;

enum MerchantOriginColumn {
    MERCHANT_ORIGIN_MCHID = 1, /* TEXT, key */
    MERCHANT_ORIGIN_LIST = 2, /* TEXT, as MerchantOrigins has it */
    MERCHANT_ORIGIN_CHANGED = 3, /* INT, us */
};

/* Each with a blank before it, as a content policy lists them; "" none. */
typedef struct MerchantOrigins {
    char list[MERCHANT_ORIGINS_BYTES_MAX + 1];
} MerchantOrigins;

/* The next of the list, taken from it. False: there is none. */
bool merchant_origins_next(Cursor *list, Span *ret_origin);
/* Refuses ORIGIN_FORMAT: anything but https://host[:port] in its one form (lower case, no port 443,
 * no wildcard); ORIGIN_KNOWN, ORIGIN_TOO_MANY. */
MUST_USE Status merchant_origins_add(MerchantOrigins *origins, Span origin);
/* Refuses ORIGIN_UNKNOWN. */
MUST_USE Status merchant_origins_remove(MerchantOrigins *origins, Span origin);

/* Gathering or running. */
MUST_USE Status merchant_origins_get(Rows *rows, const char *mchid, MerchantOrigins *ret_origins);
/* Running, gathered by merchant_origins_get(). */
MUST_USE Status merchant_origins_put(Rows *rows, const char *mchid, const MerchantOrigins *origins);
