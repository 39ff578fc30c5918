#include "crypto/merkle.h"

static const uint8_t leaf_prefix = 0x00; /* RFC 6962: a leaf can never be taken for a node */
static const uint8_t node_prefix = 0x01;

void merkle_leaf_parts(const Span *parts, size_t count, MerkleHash *ret_hash)
{
    DigestState state;
    digest_begin(&state, DIGEST_SHA256);
    digest_update(&state, (Span) { &leaf_prefix, 1 });
    for (size_t i = 0; i < count; i++)
        digest_update(&state, parts[i]);
    digest_end(&state, ret_hash->bytes);
}

void merkle_leaf(Span leaf, MerkleHash *ret_hash) { merkle_leaf_parts(&leaf, 1, ret_hash); }

void merkle_node(const MerkleHash *left, const MerkleHash *right, MerkleHash *ret_hash)
{
    const Span parts[] = { { &node_prefix, 1 }, SPAN_OF(left->bytes), SPAN_OF(right->bytes) };
    digest_parts(DIGEST_SHA256, parts, 3, ret_hash->bytes);
}

bool merkle_equal(const MerkleHash *a, const MerkleHash *b)
{
    return bytes_equal_ct(a->bytes, b->bytes, MERKLE_HASH_BYTES);
}

size_t merkle_append_nodes(
        MerkleFrontier *tree, const MerkleHash *leaf, MerkleHash ret_nodes[MERKLE_LEVELS_MAX])
{
    ASSERT(tree->size < INT64_MAX);
    size_t level = 0;
    ret_nodes[0] = *leaf;
    /* Like adding one in binary: every set bit from below merges with the carry. */
    for (; (tree->size >> level & 1) == 1; level++)
        merkle_node(&tree->edge[level], &ret_nodes[level], &ret_nodes[level + 1]);
    tree->edge[level] = ret_nodes[level];
    tree->size++;
    return level + 1;
}

void merkle_append(MerkleFrontier *tree, const MerkleHash *leaf)
{
    ASSERT(tree->size < INT64_MAX);
    size_t level = 0;
    MerkleHash carry = *leaf;
    for (; (tree->size >> level & 1) == 1; level++)
        merkle_node(&tree->edge[level], &carry, &carry);
    tree->edge[level] = carry;
    tree->size++;
}

void merkle_root(const MerkleFrontier *tree, MerkleHash *ret_root)
{
    if (tree->size == 0) {
        sha256((Span) { 0 }, ret_root->bytes);
        return;
    }
    unsigned level = (unsigned)__builtin_ctzll(tree->size);
    MerkleHash root = tree->edge[level];
    for (level++; level < MERKLE_LEVELS_MAX; level++)
        if ((tree->size >> level & 1) == 1) merkle_node(&tree->edge[level], &root, &root);
    *ret_root = root;
}

/* --- proofs: MTH, PATH and SUBPROOF of RFC 6962 section 2.1, on ranges [begin, end) of leaves
 * whose begin is a multiple of the power of two that covers them. Recursion is at most 64 deep. ---
 */

/* The largest power of two smaller than size (the RFC's k); size >= 2. */
static uint64_t split(uint64_t size) { return 1ULL << (63 - __builtin_clzll(size - 1)); }

static Status range_hash(const MerkleNodes *nodes, uint64_t begin, uint64_t end, MerkleHash *ret)
{
    const uint64_t size = end - begin;
    if ((size & (size - 1)) == 0) {
        const unsigned level = (unsigned)__builtin_ctzll(size);
        return nodes->node(nodes->context, level, begin >> level, ret);
    }
    MerkleHash left;
    MerkleHash right;
    TRY(range_hash(nodes, begin, begin + split(size), &left));
    TRY(range_hash(nodes, begin + split(size), end, &right));
    merkle_node(&left, &right, ret);
    return OK;
}

Status merkle_root_of(const MerkleNodes *nodes, uint64_t size, MerkleHash *ret_root)
{
    ASSERT(size <= INT64_MAX);
    if (size > 0) return range_hash(nodes, 0, size, ret_root);
    sha256((Span) { 0 }, ret_root->bytes);
    return OK;
}

static Status prove_range(
        const MerkleNodes *nodes, uint64_t begin, uint64_t end, MerkleProof *proof)
{
    ASSERT(proof->count < MERKLE_PROOF_HASHES_MAX);
    return range_hash(nodes, begin, end, &proof->hashes[proof->count++]);
}

static Status path(
        const MerkleNodes *nodes, uint64_t index, uint64_t begin, uint64_t end, MerkleProof *proof)
{
    if (end - begin == 1) return OK;
    const uint64_t middle = begin + split(end - begin);
    if (index < middle) {
        TRY(path(nodes, index, begin, middle, proof));
        return prove_range(nodes, middle, end, proof);
    }
    TRY(path(nodes, index, middle, end, proof));
    return prove_range(nodes, begin, middle, proof);
}

Status merkle_prove_inclusion(
        const MerkleNodes *nodes, uint64_t index, uint64_t size, MerkleProof *ret_proof)
{
    ASSERT(index < size && size <= INT64_MAX);
    MerkleProof proof = { 0 };
    TRY(path(nodes, index, 0, size, &proof));
    *ret_proof = proof;
    return OK;
}

/* `whole`: the old tree is exactly this range, and its root is known to the verifier. */
static Status subproof(const MerkleNodes *nodes, uint64_t old_end, uint64_t begin, uint64_t end,
        bool whole, MerkleProof *proof)
{
    if (old_end == end) return whole ? OK : prove_range(nodes, begin, end, proof);
    const uint64_t middle = begin + split(end - begin);
    if (old_end <= middle) {
        TRY(subproof(nodes, old_end, begin, middle, whole, proof));
        return prove_range(nodes, middle, end, proof);
    }
    TRY(subproof(nodes, old_end, middle, end, false, proof));
    return prove_range(nodes, begin, middle, proof);
}

Status merkle_prove_consistency(
        const MerkleNodes *nodes, uint64_t old_size, uint64_t size, MerkleProof *ret_proof)
{
    ASSERT(old_size <= size && size <= INT64_MAX);
    MerkleProof proof = { 0 };
    if (old_size > 0 && old_size < size) TRY(subproof(nodes, old_size, 0, size, true, &proof));
    *ret_proof = proof;
    return OK;
}

static Status leaves_node(void *context, unsigned level, uint64_t index, MerkleHash *ret_hash)
{
    const MerkleLeaves *leaves = context;
    ASSERT(level < MERKLE_LEVELS_MAX && (index + 1) << level <= leaves->count);
    MerkleFrontier tree = { 0 };
    for (uint64_t i = index << level; i < (index + 1) << level; i++)
        merkle_append(&tree, &leaves->leaves[i]);
    merkle_root(&tree, ret_hash);
    return OK;
}

MerkleNodes merkle_nodes_of_leaves(MerkleLeaves *leaves)
{
    return (MerkleNodes) { leaves_node, leaves };
}

/* --- checking: RFC 9162, with its names fn, sn, r and sr --- */

bool merkle_check_inclusion(const MerkleHash *leaf, uint64_t index, uint64_t size,
        const MerkleProof *proof, const MerkleHash *root)
{
    if (index >= size || proof->count > MERKLE_PROOF_HASHES_MAX) return false;
    uint64_t fn = index;
    uint64_t sn = size - 1;
    MerkleHash r = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        const MerkleHash *p = &proof->hashes[i];
        if (sn == 0) return false;
        if ((fn & 1) == 0 && fn != sn) {
            merkle_node(&r, p, &r);
        } else {
            merkle_node(p, &r, &r);
            while (fn != 0 && (fn & 1) == 0)
                fn >>= 1, sn >>= 1;
        }
        fn >>= 1, sn >>= 1;
    }
    return sn == 0 && merkle_equal(&r, root);
}

static bool check_consistency_path(uint64_t old_size, const MerkleHash *old_root, uint64_t size,
        const MerkleHash *root, const MerkleProof *proof)
{
    /* A full subtree's root is not in the proof: the verifier has it. */
    const bool full = (old_size & (old_size - 1)) == 0;
    if (!full && proof->count == 0) return false;
    MerkleHash fr = full ? *old_root : proof->hashes[0];
    MerkleHash sr = fr;
    uint64_t fn = old_size - 1;
    uint64_t sn = size - 1;
    while ((fn & 1) == 1)
        fn >>= 1, sn >>= 1;
    for (size_t i = full ? 0 : 1; i < proof->count; i++) {
        const MerkleHash *c = &proof->hashes[i];
        if (sn == 0) return false;
        if ((fn & 1) == 1 || fn == sn) {
            merkle_node(c, &fr, &fr);
            merkle_node(c, &sr, &sr);
            while (fn != 0 && (fn & 1) == 0)
                fn >>= 1, sn >>= 1;
        } else {
            merkle_node(&sr, c, &sr);
        }
        fn >>= 1, sn >>= 1;
    }
    return sn == 0 && merkle_equal(&fr, old_root) && merkle_equal(&sr, root);
}

bool merkle_check_consistency(uint64_t old_size, const MerkleHash *old_root, uint64_t size,
        const MerkleHash *root, const MerkleProof *proof)
{
    if (old_size > size || proof->count > MERKLE_PROOF_HASHES_MAX) return false;
    if (old_size == size) return proof->count == 0 && merkle_equal(old_root, root);
    if (old_size > 0) return check_consistency_path(old_size, old_root, size, root, proof);
    MerkleHash empty;
    sha256((Span) { 0 }, empty.bytes);
    return proof->count == 0 && merkle_equal(old_root, &empty);
}
