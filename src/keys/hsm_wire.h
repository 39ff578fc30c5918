#pragma once
/*
 * hsm_wire: what vaultd and custodian-hsm say to each other, one message each way over a socket
 * that keeps messages apart (SOCK_SEQPACKET). custodian-hsm loads somebody else's library, so what
 * it says is read like anything from outside.
 *
 *   question = version u8 (1) | act u8 | wrapped framed
 *   answer   = version u8 (1) | status i32 | root framed (32 bytes, or none) | wrapped framed
 *            | token framed: label and serial, for the ceremony's record
 *   wrapped  = "HFRW" | version u8 (1) | nonce [12] | cipher and tag [48]        AES-256-GCM in the
 *              token; AAD "hufu root 1". What stands in root.wrapped.
 */
#include "base/secret.h"

enum {
    HSM_WRAPPED_BYTES = 4 + 1 + 12 + 48,
    HSM_TOKEN_BYTES_MAX = 64,
    HSM_MESSAGE_BYTES_MAX = 512,
    HSM_ROOT_BYTES = 32,
};

typedef enum HsmAct {
    HSM_UNWRAP = 1,
    HSM_CREATE = 2, /* at the ceremony: the token's key when it has none, and a fresh root */
} HsmAct;

typedef struct HsmQuestion {
    HsmAct act;
    Span wrapped; /* borrowed; empty for HSM_CREATE */
} HsmQuestion;

typedef struct HsmAnswer { /* holds a secret: the owner wipes the root */
    Status status; /* the rest is there only when it is OK */
    Secret root;
    uint8_t wrapped[HSM_WRAPPED_BYTES];
    uint8_t token[HSM_TOKEN_BYTES_MAX];
    size_t token_bytes;
} HsmAnswer;

/* Each put refuses REFUSED_BUFFER_FULL; each take REFUSED_HSM_FORMAT. */
MUST_USE Status hsm_put_question(const HsmQuestion *question, Buffer *b);
MUST_USE Status hsm_take_question(Span message, HsmQuestion *ret_question);
MUST_USE Status hsm_put_answer(const HsmAnswer *answer, Buffer *b);
MUST_USE Status hsm_take_answer(Span message, HsmAnswer *ret_answer);
