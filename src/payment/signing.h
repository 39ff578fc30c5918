#pragma once
/*
 * signing: which ways of signing a merchant may use besides everyone's (access/merchant_profile.h):
 * given by an approved change, asked of the sealed row at each use.
 */
#include "audit/event.h"
#include "message/profile.h"
#include "payment/enrol.h"

/* Was the merchant given this profile? */
typedef struct SigningUse {
    Unit unit;
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    const SigningProfile *profile; /* in */
    const uint8_t *nonce_digest; /* in: for the log; AUDIT_NONCE_BYTES */
} SigningUse;

/* Each use of a legacy profile is told to the log. Refuses PROFILE_NOT_GIVEN. */
void signing_use_unit(SigningUse *work, void (*done)(Unit *unit, Status outcome));

/* Give these, and take back the others. */
typedef struct SigningGive {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    char names[AUDIT_DETAIL_BYTES_MAX + 1]; /* in: of them, for the log */
    int64_t given; /* in: set of 1 << number */
} SigningGive;

/* Refuses MERCHANT_UNKNOWN. */
void signing_give_unit(SigningGive *work, void (*done)(Unit *unit, Status outcome));

/* What a merchant was given. */
typedef struct SigningShow {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    int64_t given; /* out: set of 1 << number */
} SigningShow;

/* Refuses MERCHANT_UNKNOWN. */
void signing_show_unit(SigningShow *work, void (*done)(Unit *unit, Status outcome));
