/*
 * Goal: what two people sign has one spelling, loosens nothing that law forbids, and ends by itself
 * (TP-5, TP-15, DESIGN section 5.2). Method: every byte of a blob cut, flipped and doubled; each
 * demand of an override left out in turn; the clock on both sides of its end.
 */
#include "policy/amend.h"

#include "base/expect.h"

static const int64_t now_us = INT64_C(1800000000) * 1000000;
static const int64_t day_us = INT64_C(24) * 3600 * 1000000;

static PolicyAmendment full_display(void)
{
    return (PolicyAmendment) { .kind = AMEND_RULE,
        .class = CLASS_CARD,
        .layer = LAYER_DISPLAY,
        .purpose = PURPOSE_OPERATE,
        .usual = FORM_CLEAR,
        .forms = FORM_BIT(FORM_CLEAR) | FORM_BIT(FORM_MASK),
        .until_us = now_us + day_us,
        .clause = SPAN("TP-8"),
        .reason = SPAN("dispute 77 at the bank") };
}

static PolicyBlob blob_of(PolicyAmendment first)
{
    PolicyBlob blob = { .version = 1, .count = 1 };
    blob.amendments[0] = first;
    return blob;
}

static Status check(PolicyAmendment a)
{
    size_t wrong = 0;
    const PolicyBlob blob = blob_of(a);
    return policy_blob_check(&blob, now_us, &wrong);
}

static void test_an_override_lives_and_ends(void)
{
    PolicyBlob blob = blob_of(full_display());
    static Policy policy;
    EXPECT_OK(check(blob.amendments[0]));
    EXPECT(policy_amendment_is_override(&blob.amendments[0]));
    policy_adopt(&policy, &blob);
    const uint32_t c = CLASS_CARD;
    PolicyDecision d = policy_decide(&policy, c, LAYER_DISPLAY, PURPOSE_OPERATE, now_us);
    EXPECT(d.amended && d.usual == FORM_CLEAR && d.until_us == now_us + day_us);
    EXPECT(d.rule == NULL && d.purpose == PURPOSE_OPERATE);
    d = policy_decide(&policy, c, LAYER_DISPLAY, PURPOSE_OPERATE, now_us + day_us - 1);
    EXPECT(d.amended);
    d = policy_decide(&policy, c, LAYER_DISPLAY, PURPOSE_OPERATE, now_us + day_us);
    EXPECT(!d.amended && d.usual == FORM_MASK && d.purpose == PURPOSE_ANY);
    /* Nobody else is shown more, and nothing else is loosened. */
    EXPECT(!policy_decide(&policy, c, LAYER_DISPLAY, PURPOSE_OWNER, now_us).amended);
    EXPECT(!policy_decide(&policy, c, LAYER_EXPORT, PURPOSE_OPERATE, now_us).amended);
    EXPECT(!policy_decide(policy_default(), c, LAYER_DISPLAY, PURPOSE_OPERATE, now_us).amended);
    blob.count = 0;
    policy_adopt(&policy, &blob);
    EXPECT(!policy_decide(&policy, c, LAYER_DISPLAY, PURPOSE_OPERATE, now_us).amended);
}

static void test_an_override_says_why_and_until_when(void)
{
    PolicyAmendment a = full_display();
    a.until_us = 0;
    EXPECT_REFUSED(check(a), REFUSED_POLICY_OVERRIDE);
    a.until_us = now_us;
    EXPECT_REFUSED(check(a), REFUSED_POLICY_OVERRIDE);
    a.until_us = now_us + POLICY_OVERRIDE_MAX_US + 1000000;
    EXPECT_REFUSED(check(a), REFUSED_POLICY_OVERRIDE);
    a = full_display();
    a.reason = SPAN("");
    EXPECT_REFUSED(check(a), REFUSED_POLICY_OVERRIDE);
    a = full_display();
    a.clause = SPAN("");
    EXPECT_REFUSED(check(a), REFUSED_POLICY_OVERRIDE);
    a = full_display(); /* a stricter rule needs none of it */
    a.forms = 0;
    a.usual = FORM_REFUSE;
    a.until_us = 0;
    a.reason = a.clause = SPAN("");
    EXPECT(!policy_amendment_is_override(&a));
    EXPECT_OK(check(a));
}

/* Prohibited data has no door, whatever is signed (TP-5): every layer, purpose, form is tried. */
static void test_prohibited_data_is_never_loosened(void)
{
    static const uint16_t fixed[] = { CLASS_PROHIBITED, CLASS_CARD_EXPIRY };
    PolicyAmendment a = full_display();
    for (size_t i = 0; i < 2; i++) {
        a.class = fixed[i];
        for (a.layer = 1; a.layer <= POLICY_LAYER_COUNT; a.layer++) {
            for (a.purpose = 0; a.purpose < POLICY_PURPOSE_COUNT; a.purpose++) {
                for (a.usual = 1; a.usual < POLICY_FORM_COUNT; a.usual++) {
                    a.forms = FORM_BIT(a.usual);
                    if (!policy_amendment_is_override(&a)) continue;
                    EXPECT_REFUSED(check(a), REFUSED_POLICY_FIXED);
                }
            }
        }
    }
    a = (PolicyAmendment) { .kind = AMEND_MASK,
        .class = CLASS_PROHIBITED,
        .mask = { MASK_SHAPE_NUMBER, 0, 4 },
        .until_us = now_us + day_us,
        .clause = SPAN("TP-5"),
        .reason = SPAN("no") };
    EXPECT_REFUSED(check(a), REFUSED_POLICY_FIXED);
}

/* No purpose `granted` but the default, and no secret in clear (TP-5, TP-6, TP-7). */
static void test_secrets_stay_secret(void)
{
    PolicyAmendment a = full_display();
    a.purpose = PURPOSE_GRANTED;
    EXPECT_REFUSED(check(a), REFUSED_POLICY_FIXED);
    static const uint16_t secrets[] = { CLASS_PIN, CLASS_PASSWORD, CLASS_SIGNING_KEY,
        CLASS_ONE_TIME_CODE, CLASS_BIOMETRIC, CLASS_SECOND_FACTOR };
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        a = full_display();
        a.class = secrets[i];
        EXPECT_REFUSED(check(a), REFUSED_POLICY_FIXED);
    }
    a = (PolicyAmendment) { .kind = AMEND_MASK,
        .class = CLASS_CARD,
        .mask = { MASK_SHAPE_NUMBER, 6, 4 },
        .until_us = now_us + day_us,
        .clause = SPAN("TP-11"),
        .reason = SPAN("reconciliation") };
    EXPECT_OK(check(a));
    a.mask.last = 5;
    EXPECT_REFUSED(check(a), REFUSED_POLICY_FIXED);
    a.mask = (PolicyMask) { MASK_SHAPE_NUMBER, 7, 4 };
    EXPECT_REFUSED(check(a), REFUSED_POLICY_FIXED);
}

static void test_masks_are_amended_for_a_while(void)
{
    static Policy policy;
    PolicyBlob blob = blob_of((PolicyAmendment) { .kind = AMEND_MASK,
            .class = CLASS_CARD,
            .mask = { MASK_SHAPE_NUMBER, 6, 4 },
            .until_us = now_us + day_us,
            .clause = SPAN("TP-11"),
            .reason = SPAN("reconciliation") });
    EXPECT(policy_amendment_is_override(&blob.amendments[0]));
    policy_adopt(&policy, &blob);
    EXPECT(policy_mask(&policy, CLASS_CARD, now_us).first == 6);
    EXPECT(policy_mask(&policy, CLASS_CARD, now_us + day_us).first == 0);
    blob.amendments[0].mask = (PolicyMask) { MASK_SHAPE_ALL, 0, 0 };
    EXPECT(!policy_amendment_is_override(&blob.amendments[0]));
}

static Buffer written(PolicyBlob *blob, uint8_t memory[POLICY_BLOB_BYTES_MAX])
{
    Buffer bytes = { memory, 0, POLICY_BLOB_BYTES_MAX };
    ASSERT(status_ok(policy_blob_write(blob, &bytes)));
    return bytes;
}

static PolicyBlob two_amendments(void)
{
    PolicyBlob blob = blob_of(full_display());
    blob.count = 2;
    blob.version = 9;
    blob.amendments[1] = full_display();
    blob.amendments[1].layer = LAYER_DATABASE; /* sorts before the other */
    return blob;
}

static void test_one_spelling(void)
{
    uint8_t memory[POLICY_BLOB_BYTES_MAX];
    uint8_t again_memory[POLICY_BLOB_BYTES_MAX];
    PolicyBlob blob = two_amendments();
    PolicyBlob read;
    const Buffer bytes = written(&blob, memory);
    EXPECT_OK(policy_blob_read(span_of_buffer(&bytes), &read));
    EXPECT(read.version == 9 && read.count == 2 && read.amendments[0].layer == LAYER_DATABASE);
    const Buffer again = written(&read, again_memory);
    EXPECT(span_equal(span_of_buffer(&bytes), span_of_buffer(&again)));
    for (size_t size = 0; size < bytes.size; size++)
        EXPECT(!status_ok(policy_blob_read((Span) { memory, size }, &read)) && read.count == 0);
    memory[bytes.size] = 0;
    EXPECT_REFUSED(policy_blob_read((Span) { memory, bytes.size + 1 }, &read), REFUSED_POLICY_BLOB);
}

/* A flipped bit is refused, or it is another policy: never two spellings of one. */
static void test_flipped_bits(void)
{
    uint8_t memory[POLICY_BLOB_BYTES_MAX];
    uint8_t again_memory[POLICY_BLOB_BYTES_MAX];
    PolicyBlob blob = two_amendments();
    const Buffer bytes = written(&blob, memory);
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        PolicyBlob read;
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        if (status_ok(policy_blob_read(span_of_buffer(&bytes), &read))) {
            const Buffer again = written(&read, again_memory);
            EXPECT(span_equal(span_of_buffer(&bytes), span_of_buffer(&again)));
        }
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

static void test_what_is_no_policy(void)
{
    uint8_t memory[POLICY_BLOB_BYTES_MAX];
    Buffer bytes = BUFFER_OF(memory);
    PolicyBlob blob = two_amendments();
    blob.amendments[1].layer = LAYER_DISPLAY; /* twice the same cell */
    EXPECT_REFUSED(policy_blob_write(&blob, &bytes), REFUSED_POLICY_BLOB);
    blob = blob_of(full_display());
    blob.amendments[0].class = 7;
    EXPECT_REFUSED(policy_blob_write(&blob, &bytes), REFUSED_POLICY_UNKNOWN);
    blob = blob_of(full_display());
    blob.amendments[0].usual = FORM_HASH; /* not among its forms */
    EXPECT_REFUSED(policy_blob_write(&blob, &bytes), REFUSED_POLICY_BLOB);
    blob = blob_of(full_display());
    blob.amendments[0].until_us += 1; /* no whole second */
    EXPECT_REFUSED(policy_blob_write(&blob, &bytes), REFUSED_POLICY_BLOB);
    blob = blob_of(full_display());
    blob.amendments[0].clause = SPAN("a clause that is too long");
    EXPECT_REFUSED(policy_blob_write(&blob, &bytes), REFUSED_POLICY_BLOB);
    blob.amendments[0].clause = SPAN("\xFF");
    EXPECT_REFUSED(policy_blob_write(&blob, &bytes), REFUSED_POLICY_BLOB);
    EXPECT(bytes.size == 0);
}

TESTS(TEST(test_an_override_lives_and_ends), TEST(test_an_override_says_why_and_until_when),
        TEST(test_prohibited_data_is_never_loosened), TEST(test_secrets_stay_secret),
        TEST(test_masks_are_amended_for_a_while), TEST(test_one_spelling), TEST(test_flipped_bits),
        TEST(test_what_is_no_policy))
