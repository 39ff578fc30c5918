#pragma once
/*
 * mac_keys: symmetric keys of a tenant's merchants that sign messages (TP-7): vaultd's questions
 * and the domain store's records together. The record never leaves this room. Thread-safe. Floor 3.
 */
#include "ipc/password_wire.h"
#include "vaultclient/client.h"
#include "vaultclient/domain.h"

typedef struct MacKeyStore { /* borrowed */
    VaultClient *vault;
    DomainStore *domain;
} MacKeyStore;

/* In place of the one of this name, if there is one. Refuses what vault/mac_key.h says. */
MUST_USE Status mac_keys_set(const MacKeyStore *store, const WireMacKeySet *set);
/* `wanted->record` is filled here. Refuses REFUSED_KEY_UNKNOWN (no such key), and what
 * vault/mac_key.h says. */
MUST_USE Status mac_keys_make(
        const MacKeyStore *store, const WireKeyMac *wanted, uint8_t ret_mac[WIRE_MAC_BYTES]);
/* ret_right  whether wanted->mac is the message's */
MUST_USE Status mac_keys_verify(
        const MacKeyStore *store, const WireKeyMac *wanted, bool *ret_right);
