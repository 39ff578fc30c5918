#pragma once
/*
 * digest_set: the digest of a set of rows that follows every insert, change and delete in O(1).
 *
 *     digest = count, sum over all rows of HMAC-SHA512(key, row) mod 2^512
 *
 * Order does not matter; a row twice counts twice. Without the key nobody can find other rows with
 * the same sum, so the digest itself is kept from those who could try (DESIGN section 6: "never
 * stored in clear"). An update subtracts the old image and adds the new one. Sums of parts add up.
 * Source: MSet-Add-Hash, Clarke et al., ASIACRYPT 2003, section 4. Nothing can fail. Floor 1.
 */
#include "crypto/mac.h"

enum {
    DIGEST_SET_LIMBS = 8,
    DIGEST_SET_BYTES = 8 + 64, /* count u64 | sum u8[64] */
};

typedef struct DigestSet { /* { 0 } is the empty set */
    uint64_t count;
    uint64_t sum[DIGEST_SET_LIMBS]; /* least significant first */
} DigestSet;

/* key  of MAC_HMAC_SHA512 (asserted); row: its canonical bytes in parts */
void digest_set_add(DigestSet *set, const MacKey *key, Span row);
void digest_set_add_parts(DigestSet *set, const MacKey *key, const Span *parts, size_t count);
/* Subtracting a row that is not in the set wraps, also the count: the comparison shows it. */
void digest_set_subtract(DigestSet *set, const MacKey *key, Span row);
void digest_set_subtract_parts(DigestSet *set, const MacKey *key, const Span *parts, size_t count);
/* set += other, for partial sums made by several threads. */
void digest_set_merge(DigestSet *set, const DigestSet *other);
/* Constant time. */
bool digest_set_equal(const DigestSet *a, const DigestSet *b);

/* Append DIGEST_SET_BYTES. */
MUST_USE Status digest_set_put(const DigestSet *set, Buffer *ret_bytes);
/* Read DIGEST_SET_BYTES from the cursor. */
MUST_USE Status digest_set_take(Cursor *cursor, DigestSet *ret_set);
