#pragma once
/*
 * merkle: the hash tree of RFC 6962 section 2.1 (SHA-256).
 *
 *     leaf hash = SHA-256(0x00 || leaf)      node hash = SHA-256(0x01 || left || right)
 *
 * A MerkleFrontier is the tree's right edge: it appends and tells the root in O(log n) without the
 * leaves. Proofs are made from whatever holds the leaf hashes (MerkleLeaves) or, in O(log n) reads,
 * the hashes of complete subtrees (MerkleNodes), and checked from nothing but hashes. Nothing
 * here allocates. Floor 1. No shared state. Vectors: certificate-transparency's reference tests.
 */
#include "crypto/digest.h"

enum {
    MERKLE_HASH_BYTES = 32,
    MERKLE_LEVELS_MAX = 63, /* trees of fewer than 2^63 leaves */
    MERKLE_PROOF_HASHES_MAX = 64,
};

typedef struct MerkleHash {
    uint8_t bytes[MERKLE_HASH_BYTES];
} MerkleHash;

typedef struct MerkleFrontier {
    uint64_t size; /* leaves */
    MerkleHash
            edge[MERKLE_LEVELS_MAX]; /* edge[k] is set when bit k of size is: a full 2^k subtree */
} MerkleFrontier;

typedef struct MerkleProof {
    size_t count;
    MerkleHash hashes[MERKLE_PROOF_HASHES_MAX]; /* lowest first */
} MerkleProof;

void merkle_leaf(Span leaf, MerkleHash *ret_hash);
void merkle_leaf_parts(const Span *parts, size_t count, MerkleHash *ret_hash);
void merkle_node(const MerkleHash *left, const MerkleHash *right, MerkleHash *ret_hash);
bool merkle_equal(const MerkleHash *a, const MerkleHash *b);

/* --- the growing tree: start from { 0 } --- */
void merkle_append(MerkleFrontier *tree, const MerkleHash *leaf);
/* The root of the leaves so far; of an empty tree, SHA-256 of nothing. */
void merkle_root(const MerkleFrontier *tree, MerkleHash *ret_root);
/* Subtrees that the last append completed, lowest first: their level k and hash (for a node store).
 * Level 0 is the leaf itself. Returns their number, at most MERKLE_LEVELS_MAX. */
size_t merkle_append_nodes(
        MerkleFrontier *tree, const MerkleHash *leaf, MerkleHash ret_nodes[MERKLE_LEVELS_MAX]);

/* --- making proofs --- */

/* Where hashes come from: the complete subtree `index` of 2^level leaves. */
typedef struct MerkleNodes {
    MUST_USE Status (*node)(void *context, unsigned level, uint64_t index, MerkleHash *ret_hash);
    void *context;
} MerkleNodes;

/* Leaf hashes in an array serve as MerkleNodes, in O(n) per proof. */
typedef struct MerkleLeaves {
    const MerkleHash *leaves;
    uint64_t count;
} MerkleLeaves;
MerkleNodes merkle_nodes_of_leaves(MerkleLeaves *leaves);

/* The root of the first `size` leaves. Passes up what `nodes` returns. */
MUST_USE Status merkle_root_of(const MerkleNodes *nodes, uint64_t size, MerkleHash *ret_root);
/* Leaf `index` is in the tree of `size` leaves. index < size (asserted). */
MUST_USE Status merkle_prove_inclusion(
        const MerkleNodes *nodes, uint64_t index, uint64_t size, MerkleProof *ret_proof);
/* The tree of `old_size` leaves is the beginning of that of `size`. old_size <= size (asserted). */
MUST_USE Status merkle_prove_consistency(
        const MerkleNodes *nodes, uint64_t old_size, uint64_t size, MerkleProof *ret_proof);

/* --- checking proofs: RFC 9162 sections 2.1.3.2 and 2.1.4.2; any input is safe --- */
bool merkle_check_inclusion(const MerkleHash *leaf, uint64_t index, uint64_t size,
        const MerkleProof *proof, const MerkleHash *root);
bool merkle_check_consistency(uint64_t old_size, const MerkleHash *old_root, uint64_t size,
        const MerkleHash *root, const MerkleProof *proof);
