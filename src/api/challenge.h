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
/* A box that is fresh and for us: its nonce is a challenge of ours. ret_parsed borrows from
 * `box`. Refuses ENCODING_INVALID, BUFFER_FULL, BOX_FORMAT, and as challenge_check(). */
MUST_USE Status challenge_box(const House *house, Span base64, Buffer *box, Box *ret_parsed);
/* The id that whoever registers under this challenge gets: drawn by us, known to him before he
 * makes his boxes. */
enum { CHALLENGE_PAYER_BYTES = 2 + 20 };
/* Likewise of the card that is bound under this challenge (payment/payer_card.h). */
void challenge_card(const uint8_t nonce[BOX_NONCE_BYTES], char ret_card[CHALLENGE_PAYER_BYTES + 1]);
void challenge_payer(
        const uint8_t nonce[BOX_NONCE_BYTES], char ret_payer[CHALLENGE_PAYER_BYTES + 1]);
