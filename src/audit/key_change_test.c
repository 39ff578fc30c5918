/* Goal: whoever trusts the log's first keys follows their changes to the newest, and believes each
 * key in its own time alone (LL-4.3.9, TP-15). Method: a log whose keys are turned, with notes as
 * vaultd writes them; notes by keys that may not, about keys that are not, with every bit
 * flipped. */
#include "audit/key_change.h"
#include "audit/sample.h"
#include "audit/verify.h"
#include "base/encoding.h"
#include "base/expect.h"

static Sample sample;
static void close_p(Sample *const *s) { sample_close(*s); }

#define SAMPLE                                     \
    CLEANUP(close_p) Sample *const here = &sample; \
    (void)here;                                    \
    EXPECT_OK(sample_open(&sample, 2))

typedef struct Change {
    const char *role;
    unsigned version;
    unsigned long long epoch;
    unsigned long long size;
    const PrivateKey *before;
    const PrivateKey *key;
} Change;

static Status put_key(const PrivateKey *key, Buffer *b)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    TRY(public_key_to_spki(private_key_public(key), &spki));
    TRY(base64_encode(span_of_buffer(&spki), b));
    return buffer_put_u8(b, '\n');
}

static Status put_note(const Change *change, const char *name, Buffer *ret_note)
{
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    TRY(buffer_print(&text, "%s\n%s %u\n%llu %llu\n", name, change->role, change->version,
            change->epoch, change->size));
    TRY(put_key(change->before, &text));
    TRY(put_key(change->key, &text));
    TRY(buffer_print(&text, "2026-11-28T01:43:43+08:00\n"));
    ret_note->size = 0;
    return sample_sign(&sample, span_of_text(name), span_of_buffer(&text), ret_note);
}

static const char *const name = "hufu/test/key-change";

/* Turn the sample's key of this algorithm where the log stands now; the old one is the caller's. */
static Status turn(KeyAlgorithm algorithm, unsigned version, Buffer *note, PrivateKey **ret_before)
{
    PrivateKey **place = algorithm == KEY_SM2 ? &sample.sm2 : &sample.ed25519;
    PrivateKey *next = NULL;
    TRY(private_key_generate(algorithm, &next));
    const Change change = { algorithm == KEY_SM2 ? "checkpoint-sm2" : "checkpoint-ed25519", version,
        1, sample.tree.size, *place, next };
    const Status s = put_note(&change, name, note);
    *ret_before = *place;
    *place = next;
    return s;
}

static void count_finding(void *context, const AuditFinding *finding) { ++*(uint64_t *)context; }

static uint64_t findings(void)
{
    uint64_t told = 0;
    const AuditVerifyConfig config = { .database = sample.path,
        .found = count_finding,
        .context = &told,
        .keys = &sample.keys,
        .dir = sample.dir,
        .second = sample.second };
    AuditReport report = { 0 };
    return status_ok(audit_verify(&config, &report)) ? told : UINT64_MAX;
}

static void test_a_log_over_two_changes(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    CLEANUP(private_key_free) PrivateKey *first = NULL;
    CLEANUP(private_key_free) PrivateKey *second = NULL;
    EXPECT_OK(sample_checkpoint(&sample));
    EXPECT_OK(turn(KEY_ED25519, 2, &note, &first));
    EXPECT_OK(sample_transfer(&sample, 2, 3, 10));
    EXPECT_OK(sample_checkpoint(&sample));
    EXPECT(findings() > 0); /* by a key that nobody has told of */
    EXPECT_OK(audit_key_change(span_of_buffer(&note), &sample.keys));
    EXPECT(findings() == 0);
    EXPECT_OK(turn(KEY_SM2, 2, &note, &second));
    EXPECT_OK(audit_key_change(span_of_buffer(&note), &sample.keys));
    EXPECT_OK(sample_transfer(&sample, 2, 3, 10));
    EXPECT_OK(sample_checkpoint(&sample));
    EXPECT(findings() == 0 && sample.keys.count == 4);
}

/* A stolen old key: what it signs about later sizes is not believed, what it signed before is. */
static void test_an_old_key_signs_nothing_new(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    uint8_t early_memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    Buffer early = BUFFER_OF(early_memory);
    AuditCheckpoint checkpoint;
    CLEANUP(private_key_free) PrivateKey *stolen = NULL;
    const MerkleFrontier young = sample.tree;
    EXPECT_OK(sample_transfer(&sample, 2, 3, 10));
    EXPECT_OK(sample_note(&sample, &early));
    EXPECT_OK(turn(KEY_ED25519, 2, &note, &stolen));
    EXPECT_OK(audit_key_change(span_of_buffer(&note), &sample.keys));
    EXPECT_OK(audit_checkpoint_verify(span_of_buffer(&early), &sample.keys, &checkpoint));
    note.size = 0;
    EXPECT_OK(sample_note(&sample, &note)); /* the same size, by the new one */
    EXPECT_OK(audit_checkpoint_verify(span_of_buffer(&note), &sample.keys, &checkpoint));
    EXPECT_OK(sample_transfer(&sample, 2, 3, 10));
    PrivateKey *fresh = sample.ed25519;
    sample.ed25519 = stolen;
    note.size = 0;
    EXPECT_OK(sample_note(&sample, &note));
    EXPECT_REFUSED(audit_checkpoint_verify(span_of_buffer(&note), &sample.keys, &checkpoint),
            REFUSED_CHECKPOINT_SIGNATURE);
    /* Nor does it hand over a second time. */
    const Change again = { "checkpoint-ed25519", 3, 1, sample.tree.size, fresh, stolen };
    EXPECT_OK(put_note(&again, name, &note));
    EXPECT_REFUSED(audit_key_change(span_of_buffer(&note), &sample.keys), REFUSED_KEY_CHANGE);
    sample.ed25519 = fresh;
    note.size = 0;
    EXPECT_OK(sample_note(&sample, &note));
    EXPECT_OK(audit_checkpoint_verify(span_of_buffer(&note), &sample.keys, &checkpoint));
    /* And the new key signs nothing that was before it. */
    sample.tree = young;
    note.size = 0;
    EXPECT_OK(sample_note(&sample, &note));
    EXPECT_REFUSED(audit_checkpoint_verify(span_of_buffer(&note), &sample.keys, &checkpoint),
            REFUSED_CHECKPOINT_SIGNATURE);
}

static void test_a_log_that_began_anew(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    AuditCheckpoint checkpoint;
    CLEANUP(private_key_free) PrivateKey *before = NULL;
    const MerkleFrontier young = sample.tree;
    EXPECT_OK(sample_transfer(&sample, 2, 3, 10));
    EXPECT_OK(turn(KEY_SM2, 2, &note, &before));
    EXPECT_OK(audit_key_change(span_of_buffer(&note), &sample.keys));
    sample.origin = "hufu/test/2"; /* two people accepted an older database */
    sample.tree = young;
    note.size = 0;
    EXPECT_OK(sample_note(&sample, &note));
    EXPECT_OK(audit_checkpoint_verify(span_of_buffer(&note), &sample.keys, &checkpoint));
}

static void test_every_flipped_bit_is_refused(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    CLEANUP(private_key_free) PrivateKey *before = NULL;
    EXPECT_OK(turn(KEY_ED25519, 2, &note, &before));
    for (size_t bit = 0; bit < 8 * note.size; bit += 3) {
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        EXPECT_REFUSED(audit_key_change(span_of_buffer(&note), &sample.keys), REFUSED_KEY_CHANGE);
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    EXPECT(sample.keys.count == 2);
    EXPECT_OK(audit_key_change(span_of_buffer(&note), &sample.keys));
    EXPECT_REFUSED(audit_key_change(span_of_buffer(&note), &sample.keys), REFUSED_KEY_CHANGE);
}

static void test_changes_that_make_no_sense(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    CLEANUP(private_key_free) PrivateKey *ed25519 = NULL;
    CLEANUP(private_key_free) PrivateKey *sm2 = NULL;
    EXPECT_OK(private_key_generate(KEY_ED25519, &ed25519));
    EXPECT_OK(private_key_generate(KEY_SM2, &sm2));
    const char *const role = "checkpoint-ed25519";
    const Change wrong[] = {
        { "checkpoint-rsa", 2, 1, 2, sample.ed25519, ed25519 },
        { role, 1, 1, 2, sample.ed25519, ed25519 }, /* the first has no note */
        { role, 2, 1, 2, ed25519, ed25519 }, /* after a key that is not known */
        { role, 2, 1, 2, sample.ed25519, sample.ed25519 }, /* after itself */
        { role, 2, 1, 2, sample.ed25519, sm2 },
        { "checkpoint-sm2", 2, 1, 2, sample.ed25519, ed25519 },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        EXPECT_OK(put_note(&wrong[i], name, &note));
        EXPECT_REFUSED(audit_key_change(span_of_buffer(&note), &sample.keys), REFUSED_KEY_CHANGE);
    }
    const Change good = { role, 2, 1, 2, sample.ed25519, ed25519 };
    EXPECT_OK(put_note(&good, "hufu/test/1", &note)); /* a note of another kind */
    EXPECT_REFUSED(audit_key_change(span_of_buffer(&note), &sample.keys), REFUSED_KEY_CHANGE);
    EXPECT_OK(put_note(&good, name, &note));
    EXPECT_OK(audit_key_change(span_of_buffer(&note), &sample.keys));
}

static Status put_block(Span note, Buffer *file)
{
    TRY(buffer_print(file, "-----BEGIN HUFU KEY CHANGE-----\n"));
    TRY(base64_encode(note, file));
    return buffer_print(file, "\n-----END HUFU KEY CHANGE-----\n");
}

/* Goal: a file of keys is read with its changes; an older file is brought up to date by them. */
static void test_files(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    uint8_t file_memory[4 * AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    Buffer file = BUFFER_OF(file_memory);
    CLEANUP(private_key_free) PrivateKey *before = NULL;
    CLEANUP(audit_keys_free) AuditKeys keys = { 0 };
    EXPECT_OK(public_key_to_pem(sample.keys.keys[0], &file));
    EXPECT_OK(public_key_to_pem(sample.keys.keys[1], &file));
    EXPECT_OK(turn(KEY_SM2, 2, &note, &before));
    EXPECT_OK(put_block(span_of_buffer(&note), &file));
    EXPECT_OK(audit_keys_parse(span_of_buffer(&file), &keys));
    EXPECT(keys.count == 3 && keys.terms[1].ended && !keys.terms[2].ended);
    EXPECT_OK(audit_keys_follow(span_of_buffer(&file), &sample.keys));
    EXPECT(sample.keys.count == 3);
    file.size = 0;
    EXPECT_OK(put_block(span_of_buffer(&note), &file));
    AuditKeys none = { 0 };
    EXPECT_REFUSED(audit_keys_parse(span_of_buffer(&file), &none), REFUSED_KEY_CHANGE);
    file.data[40] = '*';
    EXPECT_REFUSED(audit_keys_parse(span_of_buffer(&file), &none), REFUSED_KEY_FORMAT);
}

/* Goal: keys from any moment of the log's life are brought up to date by the file of today: a file
 * with the first change in it, and the bare keys of after it. */
static void test_keys_of_between(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    uint8_t file_memory[8 * AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    Buffer file = BUFFER_OF(file_memory);
    CLEANUP(private_key_free) PrivateKey *ed25519 = NULL;
    CLEANUP(private_key_free) PrivateKey *sm2 = NULL;
    CLEANUP(audit_keys_free) AuditKeys between = { 0 };
    CLEANUP(audit_keys_free) AuditKeys bare = { 0 };
    CLEANUP(audit_keys_free) AuditKeys both = { 0 };
    EXPECT_OK(public_key_to_pem(sample.keys.keys[0], &file));
    EXPECT_OK(public_key_to_pem(sample.keys.keys[1], &file));
    EXPECT_OK(turn(KEY_ED25519, 2, &note, &ed25519));
    EXPECT_OK(put_block(span_of_buffer(&note), &file));
    EXPECT_OK(audit_keys_parse(span_of_buffer(&file), &between));
    EXPECT_OK(turn(KEY_SM2, 2, &note, &sm2));
    EXPECT_OK(put_block(span_of_buffer(&note), &file));
    EXPECT_OK(audit_keys_follow(span_of_buffer(&file), &between));
    EXPECT(between.count == 4 && between.terms[0].ended && between.terms[1].ended);
    const Span today = span_of_buffer(&file);
    EXPECT_OK(audit_keys_follow(today, &sample.keys)); /* the first ones follow both */
    EXPECT(sample.keys.count == 4);

    uint8_t pem_memory[1024];
    Buffer pem = BUFFER_OF(pem_memory);
    EXPECT_OK(public_key_to_pem(private_key_public(sample.ed25519), &pem));
    EXPECT_OK(public_key_to_pem(private_key_public(sm2), &pem));
    EXPECT_OK(audit_keys_parse(span_of_buffer(&pem), &bare));
    EXPECT_OK(audit_keys_follow(today, &bare));
    EXPECT(bare.count == 3 && !bare.terms[0].ended && bare.terms[1].ended);

    /* Who takes the old key for one that signs is not left with that: the note is applied or
     * refused, not passed over. */
    pem.size = 0;
    EXPECT_OK(public_key_to_pem(private_key_public(ed25519), &pem));
    EXPECT_OK(public_key_to_pem(private_key_public(sample.ed25519), &pem));
    EXPECT_OK(public_key_to_pem(private_key_public(sm2), &pem));
    EXPECT_OK(audit_keys_parse(span_of_buffer(&pem), &both));
    EXPECT_REFUSED(audit_keys_follow(today, &both), REFUSED_KEY_CHANGE);
}

TESTS(TEST(test_a_log_over_two_changes), TEST(test_an_old_key_signs_nothing_new),
        TEST(test_a_log_that_began_anew), TEST(test_every_flipped_bit_is_refused),
        TEST(test_changes_that_make_no_sense), TEST(test_files), TEST(test_keys_of_between))
