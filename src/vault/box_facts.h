#pragma once
/*
 * box_facts: what a box's own, authenticated context must say before it is worth opening
 * (policy/purposes.h lists the fields of each purpose). Pure.
 */
#include "crypto/box.h"
#include "policy/purposes.h"

/* A box lives at most this long from now on: as long as a prepay_id. */
#define BOX_LIFE_MAX_US ((int64_t)2 * 3600 * 1000000)

typedef struct BoxFacts {
    uint16_t data_class;
    uint16_t purpose;
    Span tenant;
    Span order;
    Span payee;
    int64_t minor;
    Span nonce; /* BOX_NONCE_BYTES, or longer: then the context has 16 bytes of its SHA-256 */
} BoxFacts;

/* Refuses REFUSED_BOX_CONTEXT (another fact, or a life that is too long), REFUSED_BOX_EXPIRED. */
MUST_USE Status box_facts_check(const BoxContext *context, const BoxFacts *facts, int64_t now_us);
