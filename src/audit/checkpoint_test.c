/*
 * Goal: only notes signed by our keys are believed, and what was kept is never replaced by another
 * story. Method: notes of our own, every flipped bit of one, forms that the specification
 * (c2sp.org/tlog-checkpoint) forbids, and places that fail.
 */
#include "audit/sample.h"
#include "base/encoding.h"
#include "base/expect.h"

#include <stdio.h>
#include <unistd.h>

static Sample sample;
static void close_p(Sample *const *s) { sample_close(*s); }

#define SAMPLE                                     \
    CLEANUP(close_p) Sample *const here = &sample; \
    (void)here;                                    \
    EXPECT_OK(sample_open(&sample, 2))

static void test_a_good_note(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    AuditCheckpoint checkpoint;
    MerkleHash root;
    EXPECT_OK(sample_note(&sample, &note));
    EXPECT_OK(audit_checkpoint_verify(span_of_buffer(&note), &sample.keys, &checkpoint));
    merkle_root(&sample.tree, &root);
    EXPECT(checkpoint.size == 2 && merkle_equal(&checkpoint.root, &root));
    EXPECT(checkpoint.by_ed25519 && checkpoint.by_sm2
            && strcmp(checkpoint.origin, "hufu/test/1") == 0);
}

static void test_every_flipped_bit_is_refused(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    AuditCheckpoint checkpoint;
    EXPECT_OK(sample_note(&sample, &note));
    for (size_t bit = 0; bit < 8 * note.size; bit++) {
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        const Status s = audit_checkpoint_verify(span_of_buffer(&note), &sample.keys, &checkpoint);
        EXPECT(status_is(s, REFUSED_CHECKPOINT_FORMAT)
                || status_is(s, REFUSED_CHECKPOINT_SIGNATURE));
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t size = 0; size < note.size; size++)
        EXPECT(status_refused(
                audit_checkpoint_verify((Span) { memory, size }, &sample.keys, &checkpoint)));
}

/* One algorithm alone does not do when both are known; a witness's line of an unknown key does no
 * harm. */
static void test_both_algorithms_must_sign(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    AuditCheckpoint checkpoint;
    EXPECT_OK(sample_note(&sample, &note));
    const Span whole = span_of_buffer(&note);
    size_t last = whole.size - 1;
    while (memory[last - 1] != '\n')
        last--;
    EXPECT_REFUSED(audit_checkpoint_verify((Span) { memory, last }, &sample.keys, &checkpoint),
            REFUSED_CHECKPOINT_SIGNATURE);
    AuditKeys one = { { sample.keys.keys[0] }, 1 };
    EXPECT_OK(audit_checkpoint_verify((Span) { memory, last }, &one, &checkpoint));
    EXPECT(checkpoint.by_ed25519 && !checkpoint.by_sm2);
    EXPECT_OK(buffer_put(&note, SPAN("\xE2\x80\x94 witness.example AAAAAAAAAAAAAAAAAAAAAAAA\n")));
    EXPECT_OK(audit_checkpoint_verify(span_of_buffer(&note), &sample.keys, &checkpoint));
    EXPECT_OK(buffer_put(&note, SPAN("\xE2\x80\x94 witness.example not*base64\n")));
    EXPECT_REFUSED(audit_checkpoint_verify(span_of_buffer(&note), &sample.keys, &checkpoint),
            REFUSED_CHECKPOINT_FORMAT);
}

static void test_formats_that_are_refused(void)
{
    static const char root[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    static const char *const texts[] = { "", "\n", "\n\n", "o\n1\n", "\n1\n%s\n", "o\n-1\n%s\n",
        "o\n01\n%s\n", "o\n+1\n%s\n", "o\n1 \n%s\n", "o\n99999999999999999999\n%s\n",
        "o\n1\nAAAA\n", "o\n1\n%s", "o\r\n1\n%s\n", "o\n1\n%.43s\n" };
    AuditCheckpoint checkpoint;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char note[512];
        char text[256];
        snprintf(text, sizeof(text), "%s", texts[i]);
        char *place = strstr(text, "%s");
        if (place != NULL) {
            char tail[8];
            snprintf(tail, sizeof(tail), "%s", place + 2);
            snprintf(place, sizeof(text) - (size_t)(place - text), "%s%s", root, tail);
        }
        snprintf(note, sizeof(note), "%s\n\xE2\x80\x94 o AAAAAAAA\n", text);
        EXPECT_REFUSED(
                audit_checkpoint_parse(span_of_text(note), &checkpoint), REFUSED_CHECKPOINT_FORMAT);
    }
    char good[256];
    snprintf(good, sizeof(good), "o\n1\n%s\nextension\n\n\xE2\x80\x94 o AAAAAAAA\n", root);
    EXPECT_OK(audit_checkpoint_parse(span_of_text(good), &checkpoint));
    EXPECT(checkpoint.size == 1);
}

static Status count_note(void *context, const char *name, Span note)
{
    ++*(int *)context;
    return OK;
}

static void test_kept_in_two_places(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    uint8_t other[AUDIT_NOTE_BYTES_MAX];
    Buffer first = BUFFER_OF(memory);
    Buffer found = BUFFER_OF(other);
    EXPECT_OK(sample_note(&sample, &first));
    EXPECT_REFUSED(audit_checkpoint_newest(sample.dir, &found), REFUSED_BYTES_TRUNCATED);
    EXPECT_OK(sample_checkpoint(&sample));
    EXPECT_OK(sample_checkpoint(&sample)); /* again is fine */
    EXPECT_OK(audit_checkpoint_newest(sample.second, &found));
    AuditCheckpoint checkpoint;
    EXPECT_OK(audit_checkpoint_verify(span_of_buffer(&found), &sample.keys, &checkpoint));
    EXPECT_OK(sample_transfer(&sample, 2, 3, 1));
    EXPECT_OK(sample_checkpoint(&sample));
    /* An older one does not become the newest again. */
    EXPECT_REFUSED(audit_checkpoint_keep(sample.dir, sample.second, span_of_buffer(&first)),
            REFUSED_AUDIT_ROOT_DIFFERS);
    int count = 0;
    EXPECT_OK(audit_checkpoint_each(sample.dir, count_note, &count));
    EXPECT(count == 2);
    /* After an accepted restore the origin is another: a smaller size is right. */
    sample.origin = "hufu/test/2";
    sample.tree = (MerkleFrontier) { 0 };
    EXPECT_OK(sample_checkpoint(&sample));
    EXPECT_OK(audit_checkpoint_each(sample.dir, count_note, &count));
    EXPECT(count == 5);
}

static void test_one_place_failing_does_not_stop_the_other(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    Buffer found = BUFFER_OF(memory);
    EXPECT_OK(sample_note(&sample, &note));
    EXPECT_STATUS(audit_checkpoint_keep("/nonexistent/place", sample.second, span_of_buffer(&note)),
            FAULT_DISK);
    EXPECT_OK(audit_checkpoint_newest(sample.second, &found));
    EXPECT_STATUS(audit_checkpoint_keep(sample.dir, "/nonexistent/place", span_of_buffer(&note)),
            FAULT_DISK);
    found.size = 0;
    EXPECT_OK(audit_checkpoint_newest(sample.dir, &found));
}

static void test_keys(void)
{
    AuditKeys keys = { 0 };
    EXPECT_REFUSED(audit_keys_parse(SPAN(""), &keys), REFUSED_KEY_FORMAT);
    EXPECT_REFUSED(audit_keys_parse(SPAN("-----BEGIN PUBLIC KEY-----\nAAAA\n"), &keys),
            REFUSED_KEY_FORMAT);
    EXPECT(keys.count == 0);
}

/* Every proof from the stored hashes checks against the root, and no proof checks for another leaf.
 */
static Status collect_hash(void *context, const uint8_t hash[MERKLE_HASH_BYTES])
{
    MerkleLeaves *leaves = context;
    memcpy((void *)(uintptr_t)leaves->leaves[leaves->count++].bytes, hash, MERKLE_HASH_BYTES);
    return OK;
}

static bool proofs_hold(Store *store, const MerkleFrontier *tree)
{
    static MerkleHash hashes[64];
    MerkleLeaves leaves = { hashes, 0 };
    MerkleProof proof;
    MerkleHash root;
    MerkleFrontier old = { 0 };
    bool good = status_ok(audit_each_hash(NULL, store, collect_hash, &leaves));
    merkle_root(tree, &root);
    for (uint64_t i = 0; good && i < tree->size; i++) {
        MerkleHash old_root;
        merkle_root(&old, &old_root);
        good = status_ok(audit_prove_consistency(store, i, tree->size, &proof))
                && merkle_check_consistency(i, &old_root, tree->size, &root, &proof);
        good = good && status_ok(audit_prove_inclusion(store, i, tree->size, &proof))
                && merkle_check_inclusion(&hashes[i], i, tree->size, &proof, &root)
                && !merkle_check_inclusion(
                        &hashes[(i + 1) % tree->size], i, tree->size, &proof, &root);
        merkle_append(&old, &hashes[i]);
    }
    return good;
}

static void test_frontier_and_proofs(void)
{
    SAMPLE;
    for (int i = 0; i < 5; i++)
        EXPECT_OK(sample_transfer(&sample, 2, 3, 1));
    batcher_stop(sample.batcher);
    sample.batcher = NULL;
    MerkleFrontier tree;
    EXPECT_OK(audit_frontier(sample.store, &tree));
    MerkleHash a;
    MerkleHash b;
    merkle_root(&tree, &a);
    merkle_root(&sample.tree, &b);
    EXPECT(tree.size == 7 && merkle_equal(&a, &b));
    EXPECT(proofs_hold(sample.store, &tree));
    MerkleProof proof;
    EXPECT_OK(store_execute(sample.store, "DELETE FROM audit_leaf WHERE batch = 2", NULL, 0));
    EXPECT_REFUSED(audit_prove_inclusion(sample.store, 0, 7, &proof), REFUSED_AUDIT_ROOT_DIFFERS);
}

TESTS(TEST(test_a_good_note), TEST(test_every_flipped_bit_is_refused),
        TEST(test_both_algorithms_must_sign), TEST(test_formats_that_are_refused),
        TEST(test_kept_in_two_places), TEST(test_one_place_failing_does_not_stop_the_other),
        TEST(test_keys), TEST(test_frontier_and_proofs))
