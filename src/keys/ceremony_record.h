#pragma once
/*
 * ceremony_record: what was done at a key ceremony, for auditors (PCI DSS 3.7.1, 3.7.8; TP-15): who
 * took part, which keys were made and how to know them again, into whose custody, and that source
 * and algorithms were tested before. A signed text (crypto/signed_text.h) under the checkpoint keys
 * that were made there.
 *
 * A symmetric key is known by a check value: the first 8 bytes of a MAC under a key derived for
 * nothing else. A pair by the SHA-256 of its public key.
 */
#include "keys/keys.h"

enum { CEREMONY_WHO_BYTES_MAX = 64 };

typedef struct CeremonyFacts {
    const char *custody;
    const char *token; /* or NULL */
    uint8_t needed, count; /* 0 unless custodians */
    Span set;
    const char *const *who;
    size_t who_count;
    int64_t time_us;
} CeremonyFacts;

/* Append the record, at most 16 KiB. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status ceremony_record_put(Keys *keys, const CeremonyFacts *facts, Buffer *ret_record);
