#pragma once
/*
 * scan: the start-up scan. It takes the lease, shows vaultd every sealed row and every audit leaf
 * hash, and asks whether this is the state that vaultd's journal confirmed or prepared. Until it
 * is, vaultd verifies nothing.
 *
 * Runs on the thread that owns the store. Source: DESIGN section 2 (journal), 5.4.
 */
#include "store/store.h"
#include "vaultclient/client.h"

enum { VAULTCLIENT_SCAN_BYTES_MAX = 256 * 1024 }; /* one message of rows or leaves */

typedef Status (*VaultLeafVisit)(void *visit_context, const uint8_t leaf_hash[WIRE_HASH_BYTES]);

/* What the scan needs of rooms beside this one. */
typedef struct VaultScanView {
    /* Walk the audit log: every leaf hash, in order. */
    void *leaves_context;
    MUST_USE Status (*leaves)(
            void *leaves_context, Store *store, VaultLeafVisit visit, void *visit_context);
    /* A row's own seal did not verify: it is frozen from now on. Alert. May be NULL. */
    void *frozen_context;
    void (*frozen)(void *frozen_context, Span key);
} VaultScanView;

/*
 * Scan the whole store under a lease epoch one above the one that vaultd knows.
 *
 * ret_status  its epoch is the lease that belongs into every later seal message; spans borrow from
 * `memory`
 *
 * Refuses REFUSED_STORE_ROLLED_BACK (and the other verdicts of vaultd), REFUSED_EPOCH_FENCED
 * (somebody else took the lease meanwhile), REFUSED_VAULT_UNAVAILABLE.
 */
MUST_USE Status vaultclient_scan(VaultClient *client, Store *store, const VaultScanView *view,
        Buffer *memory, WireStatus *ret_status);
