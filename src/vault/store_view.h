#pragma once
/*
 * store_view: what vaultd knows of the store it guards: revisions, digests, the audit tree's edge.
 *
 * hufud's database is never believed: verify.h checks each row that is read, prepare.h each batch
 * that is written, scan.h the whole at start. All three work on this, on the seal lane's one
 * worker: not thread-safe.
 */
#include "base/row.h"
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

typedef struct Roll { /* a walk along an append-only table (roll.h) */
    bool running;
    uint16_t table;
    uint64_t number;
    int64_t below; /* the batches before this one made `confirmed` */
    uint64_t seen; /* rows, of any batch */
    uint64_t fresh; /* of these, frozen by this walk since they do not verify */
    int64_t place[ROW_KEY_COLUMNS_MAX]; /* key of the last one */
    DigestSet confirmed;
    DigestSet shown;
    Status verdict; /* of the whole table, once it ended */
} Roll;

typedef struct RollFinding { /* of a table's last whole walk */
    DigestSet confirmed;
    DigestSet shown;
    Status verdict;
    uint64_t since; /* number of the walk that first found this difference */
} RollFinding;

typedef struct StoreView {
    Keys *keys;
    Memory *memory;
    Clock clock;
    Random random;
    KeyedHashKey names;
    _Atomic StorePhase phase; /* read by the other lanes */
    RevisionMap map;
    TableDigests digests;
    MerkleFrontier tree;
    TableSet differs; /* after a refused scan: store_state_difference() to the confirmed state */
    /* Versions of the row seal under which the last scan found rows, and rows were sealed since.
     * Rows leave a version without being counted, so the list can only be too long. */
    uint32_t seal_versions[KEYS_VERSIONS_MAX];
    size_t seal_version_count;
    bool has_pending;
    int64_t pending_batch;
    TableDigests pending_digests;
    MerkleFrontier pending_tree;
    Roll roll;
    uint64_t roll_number; /* of the last walk */
    RollFinding findings[DIGEST_TABLES_MAX];
    PrepareScratch *scratch;
} StoreView;

/* Everything is borrowed and outlives the view. Faults FAULT_MEMORY. */
MUST_USE Status store_view_open(
        Keys *keys, Memory *memory, Clock clock, Random random, StoreView **ret_view);
void store_view_close(StoreView *view);

/* The name under which a row is known to map and journal. `key` as row_encode_key() writes it. */
void store_view_name(const StoreView *view, Span key, KeyedHash *ret_name);
/* Rows of this table are inserted and never change, so the map does not hold them. */
bool store_view_append_only(uint16_t table);
/* A row carries a seal of this version. */
void store_view_saw_seal(StoreView *view, uint32_t version);
/* Does a row need this version of the row seal? Also while nobody knows. */
bool store_view_needs_seal(const StoreView *view, uint32_t version);
