#pragma once
/*
 * origins: whose pages may frame protected fields for a merchant (access/merchant_origin.h):
 * changed by an approved request, asked of the sealed rows whenever such a field is fetched.
 */
#include "access/merchant_origin.h"
#include "payment/enrol.h"

typedef struct OriginsChange {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    char origin[MERCHANT_ORIGIN_BYTES_MAX + 1]; /* in */
    bool removes; /* in */
    MerchantOrigins origins; /* out: as they are then */
} OriginsChange;

/* Refuses MERCHANT_UNKNOWN, what merchant_origins_add() or merchant_origins_remove() refuses. */
void origins_change_unit(OriginsChange *work, void (*done)(Unit *unit, Status outcome));

typedef struct OriginsAsk {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in: of the house, and it is told; "": a page asks */
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    MerchantOrigins origins; /* out */
} OriginsAsk;

/* Refuses MERCHANT_UNKNOWN. */
void origins_show_unit(OriginsAsk *work, void (*done)(Unit *unit, Status outcome));
/* For a field that is fetched: only those of a merchant with a licence that has not ended. Refuses
 * MERCHANT_UNKNOWN, what merchant_terms_admit() refuses. No event: the page tells nothing. */
void origins_frame_unit(OriginsAsk *work, void (*done)(Unit *unit, Status outcome));
