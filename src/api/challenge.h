#pragma once
/*
 * challenge: server nonces of sealed boxes (crypto/box.h), so that a box is fresh and ours.
 *
 *   of an order      SHA-256("hufu order nonce" | prepay_id)[0..15]: fixed, so any order's box can
 * be checked without a look-up; vaultd spends each box once of a challenge   expiry u32 s | random
 * u32 | HMAC-SHA256(key of this run, the first eight)[0..7]: nothing is stored
 */
#include "api/house.h"
#include "crypto/box.h"

void challenge_of_order(Span prepay_id, uint8_t ret_nonce[BOX_NONCE_BYTES]);
/* Lives HOUSE_CHALLENGE_LIFE_S. Faults FAULT_RANDOM. */
MUST_USE Status challenge_make(const House *house, uint8_t ret_nonce[BOX_NONCE_BYTES]);
/* Refuses REFUSED_BOX_CONTEXT (not ours), REFUSED_BOX_EXPIRED. */
MUST_USE Status challenge_check(const House *house, const uint8_t nonce[BOX_NONCE_BYTES]);
