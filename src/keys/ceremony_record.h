#pragma once
/*
 * ceremony_record: what was done at a key ceremony, for auditors (PCI DSS 3.7.1, 3.7.8; TP-15): who
 * took part, which keys there are and how to know them again, into whose custody, and that source
 * and algorithms were tested before. A signed text (crypto/signed_text.h) under the checkpoint keys
 * that were made there.
 *
 * A symmetric key is known by a check value: the first 8 bytes of a MAC under a key derived for
 * nothing else. A pair by the SHA-256 of its public key.
 */
#include "keys/keys.h"

enum { CEREMONY_LINE_BYTES_MAX = 256 }; /* of a name, a reason */

/* The root was turned (root_turn.h): what it was before, and who agreed. */
typedef struct CeremonyTurn {
    const char *custody; /* the old root's */
    uint8_t old_check[8], new_check[8]; /* root_check_value() */
    Span approved[2];
    Span reason;
} CeremonyTurn;

typedef struct CeremonyFacts {
    const char *custody;
    const char *token; /* or NULL */
    uint8_t needed, count; /* 0 unless custodians */
    Span set;
    const char *const *who;
    size_t who_count;
    int64_t time_us;
    const CeremonyTurn *turn; /* NULL: the first ceremony */
} CeremonyFacts;

/* Append the record, at most 16 KiB. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status ceremony_record_put(Keys *keys, const CeremonyFacts *facts, Buffer *ret_record);
