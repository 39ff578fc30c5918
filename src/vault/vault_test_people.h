#pragma once
/*
 * vault_test_people: two enrolled operators and one who is not, with real Ed25519 keys, and their
 * approvals with each field wrong in turn. For tests only.
 */
#include "crypto/sign.h"
#include "vault/vault_test_house.h"

/* 0 ann and 1 bob are enrolled; 2 eve is not. Made once for the whole program. */
PrivateKey *people_key(int person);
Status people_enroll(House *house, const char *name, const PrivateKey *key);
void people_enroll_two(House *house);

typedef struct Act {
    const char *operation;
    Span subject;
    int people[2];
    int64_t life_us;
    uint8_t nonce;
    bool breaks_signature;
    bool other_subject;
} Act;

/* Both approvals, as a request begins. */
Status people_put_approvals(House *house, const Act *act, Buffer *b);
