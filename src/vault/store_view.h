#pragma once
/*
 * store_view: what vaultd knows of the store it guards: revisions, digests, the audit tree's edge.
 *
 * hufud's database is never believed: verify.h checks each row that is read, prepare.h each batch
 * that is written, scan.h the whole at start. All three work on this, on the seal lane's one
 * worker: not thread-safe.
 */
#include "crypto/merkle.h"
#include "keys/keys.h"
#include "vault/memory_batch.h"
#include "vault/revision_map.h"
#include "vault/table_digest.h"

typedef enum StorePhase {
    STORE_UNKNOWN = 0, /* no scan yet */
    STORE_SCANNING = 1,
    STORE_REFUSED = 2, /* scanned, and not the state that the journal remembers */
    STORE_SERVING = 3,
} StorePhase;

typedef struct PrepareScratch PrepareScratch;

typedef struct StoreView {
    const Keys *keys;
    Memory *memory;
    Clock clock;
    Random random;
    KeyedHashKey names;
    _Atomic StorePhase phase; /* read by the other lanes */
    RevisionMap map;
    TableDigests digests;
    MerkleFrontier tree;
    uint32_t differs; /* after a refused scan: store_state_difference() to the confirmed state */
    bool has_pending;
    int64_t pending_batch;
    TableDigests pending_digests;
    MerkleFrontier pending_tree;
    PrepareScratch *scratch;
} StoreView;

/* Everything is borrowed and outlives the view. Faults FAULT_MEMORY. */
MUST_USE Status store_view_open(
        const Keys *keys, Memory *memory, Clock clock, Random random, StoreView **ret_view);
void store_view_close(StoreView *view);

/* The name under which a row is known to map and journal. `key` as row_encode_key() writes it. */
void store_view_name(const StoreView *view, Span key, KeyedHash *ret_name);
/* Rows of this table are inserted and never change, so the map does not hold them. */
bool store_view_append_only(uint16_t table);
