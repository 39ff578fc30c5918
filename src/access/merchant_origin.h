#pragma once
/*
 * merchant_origin: the origins (RFC 6454) whose pages may frame protected fields for a merchant
 * (TP-19; merchant_list.h).
 */
#include "access/merchant_list.h"

enum { MERCHANT_ORIGINS_MAX = 8 };

extern const Table merchant_origin_table;
extern const MerchantListKind merchant_origins;

/* https://host[:port] in its one form: lower case, no port 443, no wildcard, nothing behind it; at
 * most MERCHANT_LIST_ITEM_BYTES_MAX. */
bool merchant_origin_is_valid(Span origin);
