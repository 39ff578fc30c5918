#include "crypto/merkle.h"

#include "crypto/vector_test.h"

/* google/certificate-transparency, merkletree/merkle_tree_test.cc: inputs, roots, proofs. */
static const char *const inputs[8] = { "", "00", "10", "2021", "3031", "40414243",
    "5051525354555657", "606162636465666768696a6b6c6d6e6f" };
static const char *const roots[8] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
};

enum { LEAVES = 70 };

static void fill(MerkleHash leaves[LEAVES])
{
    for (size_t i = 0; i < LEAVES; i++) {
        const uint8_t byte = (uint8_t)i;
        const Vector v = i < 8 ? vector(inputs[i]) : vector("");
        merkle_leaf(i < 8 ? vector_span(&v) : (Span) { &byte, 1 }, &leaves[i]);
    }
}

static void published_roots(void)
{
    MerkleHash leaves[LEAVES], root;
    fill(leaves);
    MerkleFrontier tree = { 0 };
    merkle_root(&tree, &root);
    EXPECT(vector_is(
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", root.bytes, 32));
    for (size_t i = 0; i < 8; i++) {
        merkle_append(&tree, &leaves[i]);
        merkle_root(&tree, &root);
        EXPECT(vector_is(roots[i], root.bytes, 32));
    }
}

static bool proof_is(const MerkleProof *proof, const char *const *hashes, size_t count)
{
    bool same = proof->count == count;
    for (size_t i = 0; same && i < count; i++)
        same = vector_is(hashes[i], proof->hashes[i].bytes, 32);
    return same;
}

static void published_proofs(void)
{
    MerkleHash leaves[LEAVES];
    fill(leaves);
    MerkleLeaves all = { leaves, 8 };
    const MerkleNodes nodes = merkle_nodes_of_leaves(&all);
    MerkleProof proof = { 0 };
    static const char *const inclusion_0_8[] = {
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
    };
    EXPECT_OK(merkle_prove_inclusion(&nodes, 0, 8, &proof));
    EXPECT(proof_is(&proof, inclusion_0_8, 3));
    static const char *const consistency_6_8[] = {
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
    };
    EXPECT_OK(merkle_prove_consistency(&nodes, 6, 8, &proof));
    EXPECT(proof_is(&proof, consistency_6_8, 3));
}

/* Every leaf of every tree: its proof holds, and for no other leaf, index, size or root. */
static void inclusion_holds_only_where_it_is_true(void)
{
    MerkleHash leaves[LEAVES], root;
    fill(leaves);
    MerkleLeaves all = { leaves, LEAVES };
    const MerkleNodes nodes = merkle_nodes_of_leaves(&all);
    for (uint64_t size = 1; size <= LEAVES; size++) {
        EXPECT_OK(merkle_root_of(&nodes, size, &root));
        for (uint64_t i = 0; i < size; i++) {
            MerkleProof proof;
            EXPECT_OK(merkle_prove_inclusion(&nodes, i, size, &proof));
            EXPECT(merkle_check_inclusion(&leaves[i], i, size, &proof, &root));
            EXPECT(!merkle_check_inclusion(&leaves[i], i, i, &proof, &root));
            EXPECT(size == 1
                    || !merkle_check_inclusion(&leaves[(i + 1) % size], i, size, &proof, &root));
            EXPECT(size == 1
                    || !merkle_check_inclusion(&leaves[i], (i + 1) % size, size, &proof, &root));
            proof.count++;
            EXPECT(!merkle_check_inclusion(&leaves[i], i, size, &proof, &root));
            proof.count -= 2;
            EXPECT(size == 1 || !merkle_check_inclusion(&leaves[i], i, size, &proof, &root));
            proof.count++;
            for (size_t k = 0; k < proof.count; k++) {
                proof.hashes[k].bytes[k] ^= 1;
                EXPECT(!merkle_check_inclusion(&leaves[i], i, size, &proof, &root));
                proof.hashes[k].bytes[k] ^= 1;
            }
        }
    }
}

static void consistency_holds_only_where_it_is_true(void)
{
    MerkleHash leaves[LEAVES], old_root, root;
    fill(leaves);
    MerkleLeaves all = { leaves, LEAVES };
    const MerkleNodes nodes = merkle_nodes_of_leaves(&all);
    for (uint64_t size = 0; size <= LEAVES; size++) {
        EXPECT_OK(merkle_root_of(&nodes, size, &root));
        for (uint64_t old = 0; old <= size; old++) {
            MerkleProof proof;
            EXPECT_OK(merkle_root_of(&nodes, old, &old_root));
            EXPECT_OK(merkle_prove_consistency(&nodes, old, size, &proof));
            EXPECT(merkle_check_consistency(old, &old_root, size, &root, &proof));
            old_root.bytes[0] ^= 1;
            EXPECT(!merkle_check_consistency(old, &old_root, size, &root, &proof));
            old_root.bytes[0] ^= 1;
            EXPECT(size == old || !merkle_check_consistency(size, &root, old, &old_root, &proof));
            for (size_t k = 0; k < proof.count; k++) {
                proof.hashes[k].bytes[k] ^= 1;
                EXPECT(!merkle_check_consistency(old, &old_root, size, &root, &proof));
                proof.hashes[k].bytes[k] ^= 1;
            }
            if (old == 0 || old == size) continue;
            root.bytes[9] ^= 1; /* another history */
            EXPECT(!merkle_check_consistency(old, &old_root, size, &root, &proof));
            root.bytes[9] ^= 1;
            proof.count++;
            EXPECT(!merkle_check_consistency(old, &old_root, size, &root, &proof));
            proof.count -= 2;
            EXPECT(!merkle_check_consistency(old, &old_root, size, &root, &proof));
        }
    }
}

/* A store fed by merkle_append_nodes() gives the same hashes as the leaves do. */
static MerkleHash stored[MERKLE_LEVELS_MAX][LEAVES];

static Status stored_node(void *context, unsigned level, uint64_t index, MerkleHash *ret_hash)
{
    (void)context;
    *ret_hash = stored[level][index];
    return OK;
}

static void a_node_store_proves_too(void)
{
    MerkleHash leaves[LEAVES], root, same;
    fill(leaves);
    MerkleFrontier tree = { 0 };
    const MerkleNodes nodes = { stored_node, NULL };
    for (uint64_t i = 0; i < LEAVES; i++) {
        MerkleHash made[MERKLE_LEVELS_MAX];
        const size_t count = merkle_append_nodes(&tree, &leaves[i], made);
        for (size_t level = 0; level < count; level++)
            stored[level][i >> level] = made[level];
        merkle_root(&tree, &root);
        EXPECT_OK(merkle_root_of(&nodes, i + 1, &same));
        EXPECT(merkle_equal(&root, &same));
        MerkleProof proof;
        EXPECT_OK(merkle_prove_inclusion(&nodes, i / 2, i + 1, &proof));
        EXPECT(merkle_check_inclusion(&leaves[i / 2], i / 2, i + 1, &proof, &root));
    }
}

/* A frontier as large as it may become, one short of full. */
static void the_largest_tree(void)
{
    MerkleFrontier tree = { .size = INT64_MAX - 1 };
    MerkleHash leaf = { { 1 } }, root;
    merkle_append(&tree, &leaf);
    merkle_root(&tree, &root);
    EXPECT(tree.size == INT64_MAX);
}

TESTS(TEST(published_roots), TEST(published_proofs), TEST(inclusion_holds_only_where_it_is_true),
        TEST(consistency_holds_only_where_it_is_true), TEST(a_node_store_proves_too),
        TEST(the_largest_tree))
