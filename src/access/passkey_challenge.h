#pragma once
/*
 * passkey_challenge: what an authenticator signs so that its answer is fresh and ours: 32 bytes,
 * made for one act of one asker, good once and for a few minutes.
 *
 *   expiry u32 s | random [12] | HMAC-SHA256(key of this run, act | bound | the first 16)[0..15]
 *
 * Nothing is stored for one that was only given out, so asking for many fills nothing; who has
 * answered one rightly is remembered until it is over. A restart ends them all. Time never goes
 * backwards here. Thread-safe.
 */
#include "access/passkey.h"
#include "base/seams.h"

enum { PASSKEY_CHALLENGE_LIFE_S = 300, PASSKEY_SPENT_MAX = 16384 };

typedef enum PasskeyAct {
    PASSKEY_ACT_REGISTER = 1,
    PASSKEY_ACT_LOGIN = 2,
    PASSKEY_ACT_CONFIRM = 3, /* agree to one act, named by `bound` */
} PasskeyAct;

typedef struct PasskeyChallenges PasskeyChallenges;

/* Faults FAULT_MEMORY, FAULT_RANDOM. */
MUST_USE Status passkey_challenges_open(
        const Clock *clock, const Random *random, PasskeyChallenges **ret_challenges);
void passkey_challenges_close(PasskeyChallenges **challenges); /* wipes; NULL inside is fine */

/* bound  whose or for what: a principal, a session, an act's digest; empty: nobody is known yet.
 * Faults FAULT_RANDOM. */
MUST_USE Status passkey_challenge_make(PasskeyChallenges *challenges, PasskeyAct act, Span bound,
        uint8_t ret_challenge[PASSKEY_CHALLENGE_BYTES]);
/*
 * To be called last, when the answer proved right: of two at once with the same challenge one is
 * taken.
 * Refuses PASSKEY_CHALLENGE (not ours, of another act or bound, late, spent), PASSKEYS_FULL (too
 * many were spent within their life).
 */
MUST_USE Status passkey_challenge_spend(PasskeyChallenges *challenges, PasskeyAct act, Span bound,
        const uint8_t challenge[PASSKEY_CHALLENGE_BYTES]);
