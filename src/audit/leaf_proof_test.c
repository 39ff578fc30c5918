/* Goal: who has a proof and the public keys can check, offline, that a leaf stands in the log
 * (LL-4.5.3), and nothing else passes for a proof. Method: a signed log; every proof of it; then
 * every byte of one changed, and parts of others put together. */
#include "audit/leaf_proof.h"
#include "audit/sample.h"
#include "base/expect.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEAVES = 9 };

static Sample sample;
static uint8_t note_bytes[AUDIT_NOTE_BYTES_MAX];
static Buffer note = BUFFER_OF(note_bytes);
static uint8_t text_bytes[LEAF_PROOF_BYTES_MAX];
static uint8_t leaf_bytes[AUDIT_LEAF_BYTES_MAX];

typedef struct Making {
    LeafProof proof;
    Buffer *text;
} Making;

static Status put(void *context, const AuditEntry *entry)
{
    Making *m = context;
    m->proof.leaf = entry->leaf;
    return leaf_proof_put(m->text, &m->proof);
}

typedef struct Wish {
    uint64_t index;
    uint64_t said; /* as the index */
    Buffer *text;
} Wish;

static Status make(void *context, Store *store)
{
    const Wish *w = context;
    bool found = false;
    Making m = { { .index = w->said, .note = span_of_buffer(&note) }, w->text };
    TRY(audit_prove_inclusion(store, w->index, LEAVES, &m.proof.path));
    return audit_read_entry(store, (int64_t)w->index, put, &m, &found);
}

static Status check(Span text, LeafProof *ret_proof)
{
    AuditCheckpoint checkpoint;
    Buffer leaf = BUFFER_OF(leaf_bytes);
    return leaf_proof_check(text, &sample.keys, &leaf, ret_proof, &checkpoint);
}

static void test_opens(void)
{
    EXPECT_OK(sample_open(&sample, 3));
    while (sample.tree.size < LEAVES)
        EXPECT_OK(sample_transfer(&sample, 2, 3, 1));
    EXPECT_OK(sample_note(&sample, &note));
}

/* RULE: LL-4.5.3 做到所有用户操作有迹可循 */
static void test_every_leaf_is_proved(void)
{
    for (uint64_t i = 0; i < LEAVES; i++) {
        LeafProof proof;
        AuditLeaf leaf;
        Buffer text = BUFFER_OF(text_bytes);
        Wish wish = { i, i, &text };
        EXPECT_OK(batcher_between(sample.batcher, make, &wish));
        EXPECT_OK(check(span_of_buffer(&text), &proof));
        EXPECT_OK(audit_leaf_parse(proof.leaf, &leaf));
        EXPECT(proof.index == i && leaf.batch == (int64_t)i);
    }
}

static void test_nothing_else_is_a_proof(void)
{
    LeafProof proof;
    Buffer text = BUFFER_OF(text_bytes);
    Wish wish = { 4, 4, &text };
    EXPECT_OK(batcher_between(sample.batcher, make, &wish));
    for (size_t i = 0; i < text.size; i++) {
        text_bytes[i] ^= 1;
        EXPECT(!status_ok(check(span_of_buffer(&text), &proof)));
        text_bytes[i] ^= 1;
        EXPECT(!status_ok(check((Span) { text_bytes, i }, &proof)));
    }
    EXPECT_OK(check(span_of_buffer(&text), &proof));
    text.size = 0;
    wish.said = 5; /* another's place */
    EXPECT_OK(batcher_between(sample.batcher, make, &wish));
    EXPECT_REFUSED(check(span_of_buffer(&text), &proof), REFUSED_AUDIT_LEAF_FORMAT);
}

static void test_one_proof_has_one_text(void)
{
    static const char *const indices[] = { "-0", "+0", "00", "", " 0", "0 ", "-1" };
    char text[128];
    LeafProof proof;
    for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
        Buffer leaf = BUFFER_OF(leaf_bytes);
        snprintf(text, sizeof(text), "c2sp.org/tlog-proof@v1\nextra \nindex %s\n\n", indices[i]);
        EXPECT_REFUSED(leaf_proof_parse(span_of_text(text), &leaf, &proof), REFUSED_TRAIL_PROOF);
    }
    Buffer leaf = BUFFER_OF(leaf_bytes);
    EXPECT_OK(leaf_proof_parse(SPAN("c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n"), &leaf, &proof));
}

static void test_others_keys_prove_nothing(void)
{
    LeafProof proof;
    AuditCheckpoint checkpoint;
    Buffer leaf = BUFFER_OF(leaf_bytes);
    Buffer text = BUFFER_OF(text_bytes);
    Wish wish = { 0, 0, &text };
    const AuditKeys none = { .count = 0 };
    EXPECT_OK(batcher_between(sample.batcher, make, &wish));
    EXPECT_REFUSED(leaf_proof_check(span_of_buffer(&text), &none, &leaf, &proof, &checkpoint),
            REFUSED_CHECKPOINT_SIGNATURE);
    sample_close(&sample);
}

TESTS(TEST(test_opens), TEST(test_every_leaf_is_proved), TEST(test_nothing_else_is_a_proof),
        TEST(test_one_proof_has_one_text), TEST(test_others_keys_prove_nothing))
