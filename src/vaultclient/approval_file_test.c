/* Goal: what is carried by hand is what was signed, or is refused by name (TP-15, LL-4.5.2).
 * Method: files of several acts and signers, every bit of one flipped, every length of it. */
#include "base/encoding.h"
#include "base/expect.h"
#include "base/time.h"
#include "vaultclient/approval_file.h"

static const int64_t expires_us = 1780000000 * TIME_SECOND_US;
static uint8_t digest[32] = { 7, 0, 255 };

static WireApproval hold(void)
{
    return (WireApproval) { .operation = SPAN("hold-subject"),
        .subject = SPAN_OF(digest),
        .reason = SPAN("court order 7, \xE6\xB3\x95\xE9\x99\xA2"),
        .expires_us = expires_us + 17 };
}

static WireApproval signature_of(const ApprovalAct *act, Span name)
{
    WireApproval approval = approval_act_wanted(act);
    approval.name = name;
    approval.nonce = SPAN("0123456789abcdef");
    approval.signature = SPAN("a signature");
    return approval;
}

/* One act, signed by alice. */
static void make(ApprovalFile *ret_file, Buffer *ret_text)
{
    const WireApproval wanted = hold();
    *ret_file = (ApprovalFile) { .act_count = 0 };
    EXPECT_OK(approval_file_add(ret_file, &wanted));
    const WireApproval alice = signature_of(&ret_file->acts[0], SPAN("alice"));
    EXPECT_OK(approval_act_sign(&ret_file->acts[0], &alice, expires_us - 1));
    EXPECT_OK(approval_file_write(ret_file, ret_text));
}

static void test_what_is_written_is_read(void)
{
    ApprovalFile file;
    ApprovalFile again;
    const ApprovalAct *act = NULL;
    uint8_t memory[APPROVAL_FILE_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    make(&file, &text);
    const WireApproval second = { .operation = SPAN("close-incident"),
        .subject = SPAN("20261128-1"),
        .reason = SPAN("over"),
        .expires_us = expires_us };
    EXPECT_OK(approval_file_add(&file, &second));
    WireApproval carol = signature_of(&file.acts[1], SPAN("carol"));
    carol.encoding = WIRE_SIGNATURE_RAW;
    EXPECT_OK(approval_act_sign(&file.acts[1], &carol, 0));
    text.size = 0;
    EXPECT_OK(approval_file_write(&file, &text));
    EXPECT_OK(approval_file_read(span_of_buffer(&text), &again));
    EXPECT(again.act_count == 2);
    EXPECT_OK(approval_file_find(
            &again, SPAN("close-incident"), SPAN("20261128-1"), expires_us - 1, &act));
    const WireApproval seen = approval_act_signed(act, 0);
    EXPECT(span_equal(seen.name, SPAN("carol")) && seen.encoding == WIRE_SIGNATURE_RAW);
    EXPECT(span_equal(seen.signature, SPAN("a signature")) && seen.expires_us == expires_us);
    EXPECT_OK(approval_file_find(&again, SPAN("hold-subject"), SPAN_OF(digest), 0, &act));
    EXPECT(act->expires_us == expires_us); /* whole seconds: what is shown is what is signed */
}

/* Every change of one bit, and every shorter or longer file. */
static void test_every_change_is_refused(void)
{
    ApprovalFile file;
    ApprovalFile again;
    uint8_t memory[2048];
    Buffer text = BUFFER_OF(memory);
    make(&file, &text);
    const size_t head = text.size - strlen("signed: alice own ") - 33
            - 17; /* behind it only what the signature itself decides */
    for (size_t i = 0; i < head; i++)
        for (int bit = 0; bit < 8; bit++) {
            memory[i] ^= (uint8_t)(1 << bit);
            EXPECT(status_refused(approval_file_read(span_of_buffer(&text), &again)));
            memory[i] ^= (uint8_t)(1 << bit);
        }
    for (size_t size = 0; size < text.size; size++) {
        const Status s = approval_file_read((Span) { memory, size }, &again);
        EXPECT(status_refused(s) || (status_ok(s) && again.acts[0].signer_count == 0));
    }
    EXPECT_OK(buffer_put_u8(&text, '\n'));
    EXPECT_REFUSED(approval_file_read(span_of_buffer(&text), &again), REFUSED_APPROVAL_FILE_FORMAT);
}

static void test_an_altered_reason_is_named(void)
{
    ApprovalFile file;
    ApprovalFile again;
    uint8_t memory[2048];
    Buffer text = BUFFER_OF(memory);
    make(&file, &text);
    memory[strlen("hufu approval 1\noperation: h")] = 'a';
    EXPECT_REFUSED(
            approval_file_read(span_of_buffer(&text), &again), REFUSED_APPROVAL_FILE_ALTERED);
}

static void test_nobody_signs_twice_or_late(void)
{
    ApprovalFile file;
    uint8_t memory[2048];
    Buffer text = BUFFER_OF(memory);
    make(&file, &text);
    ApprovalAct *act = &file.acts[0];
    const WireApproval alice = signature_of(act, SPAN("alice"));
    const WireApproval bob = signature_of(act, SPAN("bob"));
    EXPECT_REFUSED(approval_act_sign(act, &alice, 0), REFUSED_APPROVAL_FILE_TWICE);
    EXPECT_REFUSED(approval_act_sign(act, &bob, expires_us), REFUSED_APPROVAL_FILE_EXPIRED);
    EXPECT_OK(approval_act_sign(act, &bob, expires_us - 1));
    EXPECT(act->signer_count == 2);

    /* a file that says so itself */
    ApprovalFile again;
    text.size = 0;
    snprintf(act->signers[1].name, sizeof(act->signers[1].name), "alice");
    EXPECT_OK(approval_file_write(&file, &text));
    EXPECT_REFUSED(approval_file_read(span_of_buffer(&text), &again), REFUSED_APPROVAL_FILE_TWICE);
}

/* Two people sign a copy each. */
static void test_copies_come_together(void)
{
    ApprovalFile one;
    ApprovalFile other;
    uint8_t memory[2048];
    Buffer text = BUFFER_OF(memory);
    make(&one, &text);
    other = one;
    other.acts[0].signer_count = 0;
    const WireApproval bob = signature_of(&other.acts[0], SPAN("bob"));
    EXPECT_OK(approval_act_sign(&other.acts[0], &bob, 0));
    EXPECT_OK(approval_file_merge(&one, &other));
    EXPECT(one.act_count == 1 && one.acts[0].signer_count == 2);
    EXPECT_REFUSED(approval_file_merge(&one, &other), REFUSED_APPROVAL_FILE_TWICE);
    other.acts[0].reason[0] = 'C'; /* another reason is another act */
    EXPECT_OK(approval_file_merge(&one, &other));
    EXPECT(one.act_count == 2);
}

static void test_another_act_is_not_it(void)
{
    ApprovalFile file;
    const ApprovalAct *act = NULL;
    uint8_t memory[2048];
    Buffer text = BUFFER_OF(memory);
    make(&file, &text);
    EXPECT_REFUSED(approval_file_find(&file, SPAN("release-hold"), SPAN_OF(digest), 0, &act),
            REFUSED_APPROVAL_FILE_OTHER);
    EXPECT_REFUSED(approval_file_find(&file, SPAN("hold-subject"), SPAN("x"), 0, &act),
            REFUSED_APPROVAL_FILE_OTHER);
    EXPECT_REFUSED(
            approval_file_find(&file, SPAN("hold-subject"), SPAN_OF(digest), expires_us, &act),
            REFUSED_APPROVAL_FILE_EXPIRED);
}

static void test_what_cannot_be_asked_for(void)
{
    ApprovalFile file = { .act_count = 0 };
    WireApproval wanted = hold();
    wanted.reason = SPAN("two\nlines");
    EXPECT_REFUSED(approval_file_add(&file, &wanted), REFUSED_APPROVAL_FILE_FORMAT);
    static const char *const unseen[] = { "order\xC2\x9B[2J", "order\xE2\x80\xAE 7" };
    for (size_t i = 0; i < 2; i++) { /* who signs would see another file */
        wanted.reason = span_of_text(unseen[i]);
        EXPECT_REFUSED(approval_file_add(&file, &wanted), REFUSED_APPROVAL_FILE_FORMAT);
    }
    wanted = hold();
    wanted.subject.size = 0;
    EXPECT_REFUSED(approval_file_add(&file, &wanted), REFUSED_APPROVAL_FILE_FORMAT);
    wanted = hold();
    wanted.operation = SPAN("a b");
    EXPECT_REFUSED(approval_file_add(&file, &wanted), REFUSED_APPROVAL_FILE_FORMAT);
    wanted = hold();
    for (size_t i = 0; i < APPROVAL_FILE_ACTS_MAX; i++)
        EXPECT_OK(approval_file_add(&file, &wanted));
    EXPECT_REFUSED(approval_file_add(&file, &wanted), REFUSED_APPROVAL_FILE_FORMAT);
}

TESTS(TEST(test_what_is_written_is_read), TEST(test_every_change_is_refused),
        TEST(test_an_altered_reason_is_named), TEST(test_nobody_signs_twice_or_late),
        TEST(test_copies_come_together), TEST(test_another_act_is_not_it),
        TEST(test_what_cannot_be_asked_for))
