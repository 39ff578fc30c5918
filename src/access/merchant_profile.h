#pragma once
/*
 * merchant_profile: which ways of signing a merchant was given besides those that are everyone's
 * (message/profile.h). A sealed row: who could add a weak one unseen could sign in its place.
 */
#include "access/merchant.h"

extern const Table merchant_profile_table;

enum MerchantProfileColumn {
    MERCHANT_PROFILE_MCHID = 1, /* TEXT, key */
    MERCHANT_PROFILE_GIVEN = 2, /* INT, set of 1 << number of the profile */
    MERCHANT_PROFILE_CHANGED = 3, /* INT, us */
};

/* Gathering or running; 0: none was given. */
MUST_USE Status merchant_profile_get(Rows *rows, const char *mchid, int64_t *ret_given);
/* Running. */
MUST_USE Status merchant_profile_put(Rows *rows, const char *mchid, int64_t given);
