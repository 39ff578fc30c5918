/* Goal: an event reads as it was written, and nothing else reads as an event
 * (LL-4.5.3). */
#include "audit/event.h"
#include "base/expect.h"

static const AuditEvent sample = { .kind = AUDIT_ORDER_PAY,
    .outcome = REFUSED_PIN_WRONG,
    .nonce = { 1, 2, 3 },
    .actor = { (const uint8_t *)"payer/p1", 8 },
    .subject = { (const uint8_t *)"1900000001/N42", 14 },
    .detail = { (const uint8_t *)"minor=100", 9 },
    .from = { (const uint8_t *)"payer/192.0.2.7", 15 },
    .reason = { (const uint8_t *)"ticket 7", 8 } };

static void test_round_trip(void)
{
    uint8_t memory[AUDIT_EVENT_BYTES_MAX];
    Buffer bytes = BUFFER_OF(memory);
    AuditEvent event;
    EXPECT_OK(audit_event_put(&bytes, &sample));
    EXPECT_OK(audit_event_parse(span_of_buffer(&bytes), &event));
    EXPECT(event.kind == sample.kind && event.outcome == sample.outcome);
    EXPECT(span_equal(SPAN_OF(event.nonce), SPAN_OF(sample.nonce)));
    EXPECT(span_equal(event.actor, sample.actor) && span_equal(event.subject, sample.subject));
    EXPECT(span_equal(event.detail, sample.detail));
    EXPECT(span_equal(event.from, sample.from) && span_equal(event.reason, sample.reason));
}

/* Leaves of the first version stay in the log for ever: version 1 ends before `from`. */
static void test_version_1_is_read(void)
{
    static const uint8_t old[] = "\x01\x00\x02\x00\x00\x00\x00"
                                 "0123456789abcdef"
                                 "\x08payer/p1"
                                 "\x03m/N"
                                 "\x05minor";
    uint8_t longer[sizeof(old) + 1] = { 0 };
    AuditEvent event = { .from = SPAN("left over") };
    EXPECT_OK(audit_event_parse((Span) { old, sizeof(old) - 1 }, &event));
    EXPECT(event.kind == AUDIT_ORDER_PAY && event.outcome == 0);
    EXPECT(span_equal(event.actor, SPAN("payer/p1")) && span_equal(event.subject, SPAN("m/N")));
    EXPECT(span_equal(event.detail, SPAN("minor")));
    EXPECT(event.from.size == 0 && event.reason.size == 0);
    memcpy(longer, old, sizeof(old) - 1); /* with an empty `from` and `reason` it is no version 1 */
    EXPECT_REFUSED(audit_event_parse(SPAN_OF(longer), &event), REFUSED_AUDIT_LEAF_FORMAT);
}

static void test_a_text_is_cut_between_characters(void)
{
    EXPECT(span_equal(audit_text_cut(SPAN("abc"), 3), SPAN("abc")));
    EXPECT(span_equal(audit_text_cut(SPAN("abc"), 2), SPAN("ab")));
    EXPECT(span_equal(audit_text_cut(SPAN("\xE8\x99\x8E"), 2), SPAN("")));
    EXPECT(span_equal(audit_text_cut(SPAN("a\xE8\x99\x8E"), 3), SPAN("a")));
}

static void test_every_truncation_and_extension_is_refused(void)
{
    uint8_t memory[AUDIT_EVENT_BYTES_MAX + 1];
    Buffer bytes = BUFFER_OF(memory);
    AuditEvent event;
    EXPECT_OK(audit_event_put(&bytes, &sample));
    for (size_t size = 0; size < bytes.size; size++)
        EXPECT_REFUSED(
                audit_event_parse((Span) { memory, size }, &event), REFUSED_AUDIT_LEAF_FORMAT);
    memory[bytes.size] = 0;
    EXPECT_REFUSED(audit_event_parse((Span) { memory, bytes.size + 1 }, &event),
            REFUSED_AUDIT_LEAF_FORMAT);
    memory[0] = AUDIT_EVENT_VERSION + 1;
    EXPECT_REFUSED(audit_event_parse(span_of_buffer(&bytes), &event), REFUSED_AUDIT_LEAF_FORMAT);
    memory[0] = 0;
    EXPECT_REFUSED(audit_event_parse(span_of_buffer(&bytes), &event), REFUSED_AUDIT_LEAF_FORMAT);
}

static void test_texts_have_limits(void)
{
    static const uint8_t large[256] = { 'x' };
    uint8_t memory[2 * AUDIT_EVENT_BYTES_MAX];
    const size_t limits[] = { AUDIT_ACTOR_BYTES_MAX, AUDIT_SUBJECT_BYTES_MAX,
        AUDIT_DETAIL_BYTES_MAX, AUDIT_FROM_BYTES_MAX, AUDIT_REASON_BYTES_MAX };
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        for (size_t over = 0; over < 2; over++) {
            AuditEvent event = sample;
            Span *const texts[] = { &event.actor, &event.subject, &event.detail, &event.from,
                &event.reason };
            Buffer bytes = BUFFER_OF(memory);
            *texts[i] = (Span) { large, limits[i] + over };
            EXPECT_STATUS(audit_event_put(&bytes, &event), over == 0 ? 0 : REFUSED_BUFFER_FULL);
            EXPECT(over == 0 || bytes.size == 0);
        }
    }
    uint8_t small[10];
    Buffer full = BUFFER_OF(small);
    EXPECT_REFUSED(audit_event_put(&full, &sample), REFUSED_BUFFER_FULL);
    EXPECT(full.size == 0);
}

static void test_text_must_be_utf8(void)
{
    uint8_t memory[AUDIT_EVENT_BYTES_MAX];
    Buffer bytes = BUFFER_OF(memory);
    AuditEvent event = sample;
    event.actor = SPAN("\xC0\x80");
    EXPECT_REFUSED(audit_event_put(&bytes, &event), REFUSED_TEXT_NOT_UTF8);
    EXPECT(bytes.size == 0);
    event.actor = SPAN("@#");
    EXPECT_OK(audit_event_put(&bytes, &event));
    uint8_t *actor = memchr(memory, '@', bytes.size);
    ASSERT(actor != NULL);
    memcpy(actor, "\xC0\x80", 2);
    EXPECT_REFUSED(audit_event_parse(span_of_buffer(&bytes), &event), REFUSED_AUDIT_LEAF_FORMAT);
}

static Status put_events(Buffer *list, uint32_t count, uint32_t said)
{
    TRY(buffer_put_u32(list, said));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t memory[AUDIT_EVENT_BYTES_MAX];
        Buffer bytes = BUFFER_OF(memory);
        TRY(audit_event_put(&bytes, &sample));
        TRY(buffer_put_framed(list, span_of_buffer(&bytes)));
    }
    return OK;
}

static Status count_events(Span list, int *ret_count)
{
    AuditEvents events;
    AuditEvent event;
    bool more = true;
    *ret_count = -1;
    TRY(audit_events_begin(list, &events));
    for (; more; ++*ret_count)
        TRY(audit_events_next(&events, &event, &more));
    return OK;
}

static void test_list_of_events(void)
{
    static uint8_t memory[64 * 1024];
    int count = 0;
    for (uint32_t said = 0; said <= AUDIT_EVENTS_MAX + 1; said++) {
        Buffer list = BUFFER_OF(memory);
        EXPECT_OK(put_events(&list, said, said));
        const bool fits = said <= AUDIT_EVENTS_MAX;
        EXPECT_STATUS(
                count_events(span_of_buffer(&list), &count), fits ? 0 : REFUSED_AUDIT_LEAF_FORMAT);
        EXPECT(!fits || count == (int)said);
    }
    Buffer fewer = BUFFER_OF(memory);
    EXPECT_OK(put_events(&fewer, 2, 3));
    EXPECT_REFUSED(count_events(span_of_buffer(&fewer), &count), REFUSED_AUDIT_LEAF_FORMAT);
    Buffer more = BUFFER_OF(memory);
    EXPECT_OK(put_events(&more, 3, 2));
    EXPECT_REFUSED(count_events(span_of_buffer(&more), &count), REFUSED_AUDIT_LEAF_FORMAT);
    EXPECT_REFUSED(count_events((Span) { memory, 3 }, &count), REFUSED_AUDIT_LEAF_FORMAT);
}

TESTS(TEST(test_round_trip), TEST(test_version_1_is_read),
        TEST(test_a_text_is_cut_between_characters),
        TEST(test_every_truncation_and_extension_is_refused), TEST(test_texts_have_limits),
        TEST(test_text_must_be_utf8), TEST(test_list_of_events))
