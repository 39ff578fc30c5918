#pragma once
/*
 * nonce: which (mchid, nonce) pairs were used within the window. Bounded memory, thread-safe.
 *
 * A pair is remembered until its message's timestamp has left the window, after which the clock
 * check refuses it. A full set refuses STORE_BUSY: it never forgets a pair that could still be
 * replayed. The set's time never goes backwards: what it has forgotten stays refused even when the
 * clock is set back. After a restart the pairs come back from the audit events of the window
 * (nonce_restore).
 */
#include "base/seams.h"

enum {
    NONCE_DIGEST_BYTES = 16,
    NONCE_CAPACITY =
            2 * 1024 * 1024, /* 7,000 requests a second over 300 s; 28 bytes each, taken as used */
    NONCE_WINDOW_S_MAX = 1000,
};

typedef struct NonceSet NonceSet;

/* `capacity` pairs (0: NONCE_CAPACITY). Faults FAULT_MEMORY, FAULT_RANDOM. */
MUST_USE Status nonce_open(size_t capacity, const Random *random, NonceSet **ret_set);
void nonce_close(NonceSet *set); /* NULL is fine */

/* The first 16 bytes of SHA-256 over both, framed: what audit events keep. */
void nonce_digest(Span mchid, Span nonce, uint8_t ret_digest[NONCE_DIGEST_BYTES]);

/*
 * Remember a pair whose signature was right.
 *
 * expires_s  the last second at which a message with this timestamp is accepted
 *
 * Refuses REFUSED_NONCE_REPLAYED (known), REFUSED_TIMESTAMP_SKEWED (its window is over for this
 * set), REFUSED_STORE_BUSY (full).
 */
MUST_USE Status nonce_remember(
        NonceSet *set, const uint8_t digest[NONCE_DIGEST_BYTES], int64_t expires_s, int64_t now_s);

/* The same while starting, for pairs of the log: known and outlived ones are fine. */
MUST_USE Status nonce_restore(
        NonceSet *set, const uint8_t digest[NONCE_DIGEST_BYTES], int64_t expires_s, int64_t now_s);

/* Pairs remembered now. */
size_t nonce_count(NonceSet *set);
