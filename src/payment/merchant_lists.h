#pragma once
/*
 * merchant_lists: a merchant's lists (access/merchant_list.h), changed by an approved request and
 * shown: whose pages may frame protected fields, where his requests are taken from.
 */
#include "access/merchant_address.h"
#include "access/merchant_origin.h"
#include "payment/enrol.h"

typedef struct MerchantListChange {
    Unit unit;
    const MerchantListKind *kind; /* in */
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    char item[MERCHANT_LIST_ITEM_BYTES_MAX + 1]; /* in */
    bool removes; /* in */
    MerchantList list; /* out: as it is then */
} MerchantListChange;

/* Refuses MERCHANT_UNKNOWN, what merchant_list_add() or merchant_list_remove() refuses. */
void merchant_list_change_unit(MerchantListChange *work, void (*done)(Unit *unit, Status outcome));

typedef struct MerchantListAsk {
    Unit unit;
    const MerchantListKind *kind; /* in */
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in: of the house, and it is told; "": a page asks */
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    MerchantList list; /* out */
} MerchantListAsk;

/* Refuses MERCHANT_UNKNOWN. */
void merchant_list_show_unit(MerchantListAsk *work, void (*done)(Unit *unit, Status outcome));
/* For a field that is fetched: only of a merchant with a licence that has not ended. Refuses
 * MERCHANT_UNKNOWN, what merchant_terms_admit() refuses. No event: the page tells nothing. */
void merchant_list_frame_unit(MerchantListAsk *work, void (*done)(Unit *unit, Status outcome));

/* May the merchant act with the key that signed, from where he asks? For calls that need no other
 * unit. Refuses what merchant_admit() refuses. */
typedef struct MerchantAdmission {
    Unit unit;
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1]; /* in */
} MerchantAdmission;
void merchant_admission_unit(MerchantAdmission *work, void (*done)(Unit *unit, Status outcome));
