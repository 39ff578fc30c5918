#pragma once
/*
 * vault_test_deciders: people with keys of each algorithm, and what two of them decide about
 * operators. For tests only.
 */
#include "crypto/sign.h"
#include "ipc/operator_wire.h"
#include "vault/vault_test_house.h"

enum { DECIDE_LIFE_US = 600 * 1000000, DECIDE_BYTES_MAX = 8192 };

typedef struct Signer {
    const char *name;
    KeyAlgorithm algorithm;
    uint8_t encoding;
    PrivateKey *key; /* made at its first use */
} Signer;

/* Two of the ceremony with Ed25519 keys; a P-256 key that writes r | s, and an SM2 key. */
extern Signer decide_ann, decide_bob, decide_dan, decide_fay;

PrivateKey *signer_key(Signer *signer);
Span signer_spki(Signer *signer, uint8_t memory[WIRE_OPERATOR_KEY_BYTES_MAX]);
/* One approval with a nonce of its own, appended. */
void signer_approve(
        House *house, Signer *signer, const char *operation, Span subject, Buffer *ret_request);

/* ann and bob, of the ceremony, which is over; who they are is not stated. */
House *decide_house(void);
/* The same, and it is. */
House *decide_house_known(void);

/* Two people's request about an operator, as it is sent. */
void decide_put(House *house, const char *operation, const WireOperator *wire, Signer *const two[2],
        Buffer *ret_request);
/* The same, sent: VAULT_OPERATOR_ADD or VAULT_OPERATOR_CHANGE. */
Status decide_operator(
        House *house, uint8_t operation, const WireOperator *wire, Signer *first, Signer *second);
/* ann and bob enrol. */
Status decide_add(House *house, Signer *who, const char *person, uint32_t duties);
Status decide_change(House *house, const char *name, const char *person, uint32_t duties,
        Signer *first, Signer *second);
Status decide_remove(House *house, const char *name, Signer *first, Signer *second);
/* A request that two sign: that a key is turned. */
Span decide_rotation(House *house, Signer *first, Signer *second, uint8_t memory[DECIDE_BYTES_MAX]);
Status decide_rotate(House *house, Signer *first, Signer *second);

/* What VAULT_OPERATORS tells, into decide_listed. */
extern WireOperatorFacts decide_listed[WIRE_OPERATORS_MAX];
uint32_t decide_list(House *house);
