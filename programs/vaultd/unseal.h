#pragma once
/*
 * unseal: wait on the operators' socket until enough custodians have handed in their shares.
 *
 * Each share comes in a box (crypto/box.h) to a key that this start of vaultd made and forgets:
 * what passes the socket helps nobody later. Nobody sees another's share; everybody sees how
 * many are in. While it waits vaultd has no keys, and answers three operations: STATUS,
 * UNSEAL_BEGIN and UNSEAL_SHARE.
 */
#include "base/secret.h"
#include "keys/shares.h"

typedef struct UnsealConfig {
    const ShareSet *set;
    const char *socket;
    int group; /* -1: none */
    uint32_t operator_uid;
} UnsealConfig;

/* Refuses REFUSED_VAULT_SEALED when it was told to stop before. Faults FAULT_IPC, FAULT_CRYPTO,
 * FAULT_MEMORY, FAULT_THREAD. */
MUST_USE Status unseal_wait(const UnsealConfig *config, Secret *ret_root);
