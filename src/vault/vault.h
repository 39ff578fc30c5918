#pragma once
/*
 * vault: the whole of vaultd behind its socket: one handler that asks rights.h and calls the module
 * that answers.
 *
 * Read next: rights.h (who may ask what), store_view.h (what is known of the store), memory.h (what
 * is never forgotten). Payloads are in ipc/vault_wire.h; where that names none, in scan.h, issue.h
 * and protect.h.
 */
#include "vault/attached.h"
#include "vault/field.h"
#include "vault/issue.h"
#include "vault/password_service.h"
#include "vault/pin.h"
#include "vault/protect.h"
#include "vault/rights.h"
#include "vault/store_view.h"

typedef struct VaultConfig {
    Keys *keys; /* borrowed */
    Memory *memory; /* borrowed */
    AttachedMemory *attached; /* borrowed */
    Clock clock;
    Random random;
    VaultUsers users;
    const char *custody; /* static storage */
    const char *names[ISSUE_NAMES_MAX + 1];
    size_t password_length_min; /* 0: PASSWORD_LENGTH_MIN */
    int64_t tls_life_us; /* of hufud's certificate; 0: ISSUE_TLS_LIFE_US */
    void *field_secrets; /* FIELD_SECRET_BYTES of locked memory, zeroed, aligned to 64; borrowed */
    SealSuite field_suite; /* 0: the house's */
    bool legacy_import; /* ciphertext of before Hufu may be migrated */
    uint32_t lookups_per_day; /* 0: FIELD_LOOKUPS_PER_DAY */
    uint32_t protects_per_day; /* 0: FIELD_PROTECTS_PER_DAY */
    void (*stop)(void *context); /* VAULT_STOP, or the journal is lost; may be NULL */
    void *stop_context;
    /* Something that people must see: a refusal (with its operation) that means tampering;
     * `tables`: those that differ, mostly none. May be NULL. Any lane's thread. */
    void (*alert)(void *context, uint8_t operation, Status status, const TableSet *tables);
    void *alert_context;
} VaultConfig;

typedef struct Vault Vault;

/* All memory is taken here. Faults FAULT_MEMORY. */
MUST_USE Status vault_open(const VaultConfig *config, Vault **ret_vault);
void vault_close(Vault *vault);
/* Said once, after the sandbox is closed; STATUS tells it. */
void vault_set_sandboxed(Vault *vault);
/* For ServiceConfig: context is the Vault. */
bool vault_admit(void *vault, const ServicePeer *peer);
MUST_USE Status vault_handle(
        void *vault, const ServicePeer *peer, uint8_t operation, Span request, Buffer *ret_answer);
