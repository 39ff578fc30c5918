#pragma once
/*
 * log: the audit log in the database: one leaf a batch, hashed into an RFC 6962 tree (LL-4.5.3).
 *
 *   audit_leaf  batch (= index of the leaf) | time_us | salt [32] | leaf | hash [32]
 *   leaf = version u8 (1) | batch i64 | time_us i64 | events framed | rows u32 | row...
 *   row  = table u16 | revision u32 | SHA-256(0x02 | salt | image) [32]
 *
 * vaultd makes leaves (ipc/vault_wire.h has the same layout); this room stores, reads and proves
 * them. `salt` is beside the leaf, so the log can be shown to people who may not see rows. Floor 3.
 * One thread: the store's.
 */
#include "crypto/merkle.h"
#include "store/batch.h"

enum {
    AUDIT_LEAF_VERSION = 1,
    AUDIT_LEAF_ROWS_MAX = 1024,
    AUDIT_LEAF_BYTES_MAX = 192 * 1024,
    AUDIT_LEAF_EVENTS_BYTES_MAX = 64 * 1024,
    AUDIT_LEAF_ROW_BYTES = 2 + 4 + 32,
    AUDIT_SALT_BYTES = 32,
};

extern const StoreSchema audit_schema; /* the table audit_leaf; no sealed rows */

/* BatchGuard.append: write the leaf inside the batch's transaction. `context` is not used. */
MUST_USE Status audit_append(
        void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed);
/* BatchGuard.committed, and the next batch's number: how many leaves there are. */
MUST_USE Status audit_batches(void *context, Store *store, int64_t *ret_batches);

/* Every leaf hash in order (what vaultd's start-up scan is shown). What `visit` returns ends the
 * walk unless OK. */
typedef Status (*AuditHashVisit)(void *context, const uint8_t hash[MERKLE_HASH_BYTES]);
MUST_USE Status audit_each_hash(
        void *unused, Store *store, AuditHashVisit visit, void *visit_context);

typedef struct AuditEntry {
    int64_t batch;
    int64_t time_us;
    Span salt;
    Span leaf;
    Span hash;
} AuditEntry;
/* Leaves from `first` on, in order, valid during the call; not verified. */
typedef Status (*AuditEntryVisit)(void *context, const AuditEntry *entry);
MUST_USE Status audit_each_entry(Store *store, int64_t first, AuditEntryVisit visit, void *context);
/* ... `count_max` at most, so that a long walk is many short reads of a living database. */
MUST_USE Status audit_some_entries(
        Store *store, int64_t first, int64_t count_max, AuditEntryVisit visit, void *context);
/* One leaf, by batch; *ret_found is false when there is none. */
MUST_USE Status audit_read_entry(
        Store *store, int64_t batch, AuditEntryVisit visit, void *context, bool *ret_found);

/* --- leaves --- */
typedef struct AuditLeaf {
    int64_t batch;
    int64_t time_us;
    Span events; /* event.h reads it */
    Span rows;
    uint32_t row_count;
} AuditLeaf;
typedef struct AuditLeafRow {
    uint16_t table;
    uint32_t revision;
    const uint8_t *hash; /* [32], borrowed */
} AuditLeafRow;
/* Spans borrow. Refuses REFUSED_AUDIT_LEAF_FORMAT for anything vaultd would not have written. */
MUST_USE Status audit_leaf_parse(Span bytes, AuditLeaf *ret_leaf);
/* Row `index` < row_count (asserted). */
AuditLeafRow audit_leaf_row(const AuditLeaf *leaf, uint32_t index);
/* The blinded hash of a row. */
void audit_row_hash(Span salt, Span image, uint8_t ret_hash[32]);

/* The root of the complete subtree of these leaves: `index` counts subtrees of 2^level leaves.
 * Refuses REFUSED_AUDIT_ROOT_DIFFERS when one is missing. */
MUST_USE Status audit_subtree(Store *store, unsigned level, uint64_t index, MerkleHash *ret_hash);

/* --- the tree, from the stored hashes: as trustworthy as the root that it is compared with --- */
MUST_USE Status audit_frontier(Store *store, MerkleFrontier *ret_tree);
/* Refuse REFUSED_AUDIT_ROOT_DIFFERS when a leaf is missing; index < size, old_size <= size
 * (asserted). */
MUST_USE Status audit_prove_inclusion(
        Store *store, uint64_t index, uint64_t size, MerkleProof *ret_proof);
MUST_USE Status audit_prove_consistency(
        Store *store, uint64_t old_size, uint64_t size, MerkleProof *ret_proof);
