#pragma once
/*
 * merchant_address: the addresses that a merchant's requests are taken from (merchant_list.h). A
 * merchant who named none is served from anywhere; who named some, from there alone, whoever has
 * his key (LL-4.1: access control at the border). Asked inside the batch, of the verified row, by
 * merchant_admit().
 */
#include "access/merchant_list.h"

enum { MERCHANT_ADDRESSES_MAX = 16 };

extern const Table merchant_address_table;
extern const MerchantListKind merchant_addresses;

/* "192.0.2.1", "192.0.2.0/24", "2001:db8::/32", in the form in which addresses are shown. */
bool merchant_address_is_valid(Span address);

/* Gathering. */
MUST_USE Status merchant_address_gather(Rows *rows, const char *mchid);
/* Does the merchant take requests from where this unit comes from (rows_from(), "door/address")?
 * Running. Refuses ADDRESS_OTHER; also a unit of no address, when there is a list. */
MUST_USE Status merchant_address_admit(Rows *rows, const char *mchid);
