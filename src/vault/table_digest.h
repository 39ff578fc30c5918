#pragma once
/*
 * table_digest: one multiset digest a table (crypto/digest_set.h), kept by every batch and proved
 * by the scan.
 *
 * Only commitments leave memory: HMAC(digest key, table | count | sum). The journal keeps them;
 * whoever reads it can neither recompute nor compare the digests themselves. Two states are equal
 * when all their commitments are.
 */
#include "crypto/digest_set.h"
#include "crypto/merkle.h"

enum { DIGEST_TABLES_MAX = 128 /* table ids 1..127 */, COMMITMENT_BYTES = 32 };

/* Some tables by their ids; 0, which is no table's, says that size or root of the log differ. */
typedef struct TableSet {
    uint64_t words[DIGEST_TABLES_MAX / 64];
} TableSet;

TableSet table_set_of(unsigned table);
bool table_set_has(const TableSet *set, unsigned table);
bool table_set_is_empty(const TableSet *set);

typedef struct TableDigests { /* { 0 }: all empty */
    DigestSet sets[DIGEST_TABLES_MAX];
} TableDigests;

/* One state of the store, as the journal remembers it. { 0 } with empty_root is the empty store. */
typedef struct StoreState {
    int64_t size; /* leaves of the audit tree */
    MerkleHash root;
    uint8_t commitments[DIGEST_TABLES_MAX][COMMITMENT_BYTES];
} StoreState;

/* Commitment of one table. A table without rows has the commitment of zeros, so that { 0 } is the
 * empty store. */
void table_commitment(const MacKey *digest_key, uint16_t table, const DigestSet *set,
        uint8_t ret_commitment[COMMITMENT_BYTES]);
/* What the state would be with these digests and this tree. */
void store_state_of(const MacKey *digest_key, const TableDigests *digests,
        const MerkleFrontier *tree, StoreState *ret_state);
/* The state before anything was written. */
void store_state_empty(StoreState *ret_state);
/* The tables that differ, and 0 when size or root do. Empty: equal. */
TableSet store_state_difference(const StoreState *a, const StoreState *b);
