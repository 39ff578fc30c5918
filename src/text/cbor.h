#pragma once
/*
 * cbor: strict CBOR (RFC 8949) in the one form that CTAP2 lets authenticators write: definite
 * lengths, the shortest form of every number, no tags, no floats. Read item by item through a
 * cursor; nothing is allocated, so what a sender claims costs nothing but what he sends.
 *
 *     uint64_t count = 0;
 *     TRY(cbor_map(&c, &count));
 *     for (uint64_t i = 0; i < count; i++) {
 *         TRY(cbor_text(&c, &key));
 *         TRY(cbor_skip(&c));
 *     }
 *
 * Every function refuses REFUSED_CBOR_FORMAT (another kind, another form, cut short) and then
 * leaves the cursor unchanged. Floor 1. No state.
 */
#include "base/bytes.h"

enum { CBOR_DEPTH_MAX = 4 }; /* CTAP2's own limit */

typedef enum CborKind {
    CBOR_UNSIGNED = 0,
    CBOR_NEGATIVE = 1,
    CBOR_BYTES = 2,
    CBOR_TEXT = 3,
    CBOR_ARRAY = 4,
    CBOR_MAP = 5,
    CBOR_SIMPLE = 7, /* false 20, true 21, null 22 */
} CborKind;

/* One whole number of either sign that fits. */
MUST_USE Status cbor_int(Cursor *c, int64_t *ret);
MUST_USE Status cbor_bytes(Cursor *c, Span *ret);
MUST_USE Status cbor_text(Cursor *c, Span *ret);
/* Its head: `ret_count` pairs follow, at most as many as the rest could hold. */
MUST_USE Status cbor_map(Cursor *c, uint64_t *ret_count);
/* One item of any kind, with all that lies in it. */
MUST_USE Status cbor_skip(Cursor *c);
