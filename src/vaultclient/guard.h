#pragma once
/*
 * guard: vaultd as the batcher's guard (store/batch.h). All memory is taken when it is opened: a
 * batch allocates nothing. One thread: the batch thread.
 *
 * When vaultd was restarted it has forgotten its map of rows: it answers VAULT_NOT_READY. The guard
 * then scans again by itself, as long as the lease is still ours, and goes on; recovery needs no
 * hand work. When another instance has taken the lease, everything is refused EPOCH_FENCED from
 * then on: the lease is lost, and its program ends itself (vaultclient_guard_lost()).
 */
#include "store/batch.h"
#include "vaultclient/scan.h"

/* Exit status of a program that ends because its lease is lost. Whoever supervises it does not
 * start it again: it would take the lease back from the one that serves now. */
enum { GUARD_LOST_EXIT = 4 };

typedef struct VaultGuard VaultGuard;

typedef struct VaultGuardConfig {
    VaultClient *client; /* borrowed for the guard's life */
    Store *store; /* for scanning again */
    VaultScanView scan;
    uint64_t epoch; /* from vaultclient_scan() */
    /* The rest of a BatchGuard, which rooms beside and above this one know; as in store/batch.h. */
    void *append_context;
    MUST_USE Status (*append)(
            void *append_context, Store *store, const BatchDraft *draft, const BatchSealed *sealed);
    void *committed_context;
    MUST_USE Status (*committed)(
            void *committed_context, Store *store, int64_t *ret_batches); /* or NULL */
    void *alarm_context;
    void (*alarm)(void *alarm_context, const Table *table, Span key, Status verdict); /* or NULL */
} VaultGuardConfig;

/* Faults FAULT_MEMORY. */
MUST_USE Status vaultclient_guard_open(const VaultGuardConfig *config, VaultGuard **ret_guard);
/* After batcher_stop(). NULL is fine. */
void vaultclient_guard_close(VaultGuard *guard);
/* The batcher's view of it: lives as long as `guard`. */
BatchGuard vaultclient_guard(VaultGuard *guard);
/* The lease in use; it grows with each scan. */
uint64_t vaultclient_guard_epoch(const VaultGuard *guard);
/* True once vaultd knew of a lease that is neither ours nor one that we asked for; for good. From
 * any thread. */
bool vaultclient_guard_lost(const VaultGuard *guard);
