#pragma once
/*
 * token: a PKCS#11 token that wraps the root key (PKCS#11 v2.40). The wrapping key is AES-256,
 * made in the token and never outside (CKA_SENSITIVE, not CKA_EXTRACTABLE: asked of the token each
 * time, not believed).
 *
 * One attempt to log in per start, and none when the same PIN file was refused before: a supervisor
 * that starts us again and again must not lock the token.
 */
#include "keys/hsm_wire.h"

typedef struct TokenConfig {
    const char *module; /* path of the PKCS#11 library */
    const char *label; /* of the token */
    const char *pin_file; /* mode 0600, ours; NULL: $CREDENTIALS_DIRECTORY/hsm-pin */
    const char *refused_file; /* where a refused PIN is remembered */
} TokenConfig;

typedef struct Token Token;

/* Load, find, log in. Refuses REFUSED_HSM_MODULE, REFUSED_HSM_TOKEN, REFUSED_HSM_PIN_FILE,
 * REFUSED_HSM_PIN, REFUSED_HSM_PIN_LOW. Faults FAULT_HSM, FAULT_MEMORY. */
MUST_USE Status token_open(const TokenConfig *config, Token **ret_token);
void token_close(Token *token); /* logs out; NULL is fine */
/* Refuses REFUSED_HSM_KEY, REFUSED_HSM_WRAPPED. */
MUST_USE Status token_unwrap(Token *token, Span wrapped, HsmAnswer *ret_answer);
/* A root of the token's and the kernel's randomness together, both health-tested, wrapped. Refuses
 * REFUSED_HSM_KEY. Faults FAULT_RANDOM too. */
MUST_USE Status token_create(Token *token, HsmAnswer *ret_answer);
