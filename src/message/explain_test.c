#define _GNU_SOURCE /* memmem */
#include "message/explain.h"

#include "base/expect.h"
#include "base/time.h"
#include "message/test_vectors.h"

#define HEAD "POST\n/v3/pay?a=%2F&b=1\n1767225600\nnonce10chr\n"
#define OURS HEAD "{\"a\":1,\"b\":\"\xE5\x85\xBB\"}\n"

static uint8_t report_bytes[EXPLAIN_BYTES_MAX];

static bool holds(const Buffer *text, const char *part)
{
    return memmem(text->data, text->size, part, strlen(part)) != NULL;
}

static void causes(void)
{
    static const struct {
        const char *theirs;
        ExplainCause cause;
        MessagePart part;
    } cases[] = {
        { HEAD "{\"a\":1,\"b\":\"\xE5\x85\xBB\"}", EXPLAIN_NO_LAST_LINE_FEED, MESSAGE_BODY },
        { "POST\r\n/v3/pay?a=%2F&b=1\r\n1767225600\r\nnonce10chr\r\n"
          "{\"a\":1,\"b\":\"\xE5\x85\xBB\"}\r\n",
                EXPLAIN_CRLF, MESSAGE_METHOD },
        { "POST\n/v3/pay?a=%2F&b=1\n1767225600000\nnonce10chr\n{}\n", EXPLAIN_MILLISECONDS,
                MESSAGE_TIMESTAMP },
        { "POST\n/v3/pay?a=/&b=1\n1767225600\nnonce10chr\n{}\n", EXPLAIN_QUERY_DECODED,
                MESSAGE_TARGET },
        { "POST\n/v3/pay?a=%2f&b=1\n1767225600\nnonce10chr\n{}\n", EXPLAIN_QUERY_DECODED,
                MESSAGE_TARGET },
        { "POST\n/v3/pay\n1767225600\nnonce10chr\n{}\n", EXPLAIN_QUERY_MISSING, MESSAGE_TARGET },
        { "POST\nhttps://x/v3/pay?a=%2F&b=1\n1767225600\nnonce10chr\n{}\n", EXPLAIN_HOST_INCLUDED,
                MESSAGE_TARGET },
        { "post\n/v3/pay?a=%2F&b=1\n1767225600\nnonce10chr\n{}\n", EXPLAIN_METHOD, MESSAGE_METHOD },
        { "POST\n/v3/pay?a=%2F&b=1\nnonce10chr\n1767225600\n{}\n", EXPLAIN_LINES_SWAPPED,
                MESSAGE_TIMESTAMP },
        { "1767225600\nnonce10chr\n{}\n", EXPLAIN_LINES_SWAPPED, MESSAGE_METHOD },
        { "", EXPLAIN_LINES_SWAPPED, MESSAGE_METHOD },
        { "POST\n/v3/pay?a=%2F&b=1\n1767225600\nnonce10chR\n{}\n", EXPLAIN_OTHER_VALUE,
                MESSAGE_NONCE },
        { HEAD "{\"a\": 1, \"b\": \"\xE5\x85\xBB\"}\n", EXPLAIN_BODY_SERIALISED_AGAIN,
                MESSAGE_BODY },
        { HEAD "{\"a\":1,\"b\":\"\\u517b\"}\n", EXPLAIN_BODY_SERIALISED_AGAIN, MESSAGE_BODY },
        { HEAD "{\"b\":\"\xE5\x85\xBB\",\"a\":1}\n", EXPLAIN_BODY_SERIALISED_AGAIN, MESSAGE_BODY },
        { HEAD "\n", EXPLAIN_BODY_MISSING, MESSAGE_BODY },
        { HEAD "{\"a\":1,\"b\":\"\xE5\x85\xBB\"} \n", EXPLAIN_BODY_BLANKS_AT_END, MESSAGE_BODY },
        { HEAD "{\"a\":1,\"b\":\"\xD1\xF8\"}\n", EXPLAIN_BODY_ENCODING, MESSAGE_BODY }, /* GBK */
        { HEAD "{\"a\":2,\"b\":\"\xE5\x85\xBB\"}\n", EXPLAIN_OTHER_VALUE, MESSAGE_BODY },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const ExplainResult r = explain_compare(SPAN(OURS), span_of_text(cases[i].theirs));
        if (r.cause != cases[i].cause) fprintf(stderr, "case %zu: cause %d\n", i, (int)r.cause);
        EXPECT(r.cause == cases[i].cause);
        EXPECT(r.part == cases[i].part);
        EXPECT(explain_cause_text(r.cause)[0] != '\0');
    }
    EXPECT(explain_compare(SPAN(OURS), SPAN(OURS)).cause == EXPLAIN_SAME);
}

static void the_first_byte_is_named(void)
{
    const ExplainResult r = explain_compare(
            SPAN(OURS), SPAN("POST\n/v3/pay?a=%2F&b=2\n1767225600\nnonce10chr\n{}\n"));
    EXPECT(r.differs_at == sizeof("POST\n/v3/pay?a=%2F&b=") - 1);
    EXPECT(r.part == MESSAGE_TARGET);
}

static void a_whole_report(void)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    EXPECT_OK(public_key_from_pem(span_of_text(vector_rsa_public), &key));
    uint8_t header_bytes[AUTHORIZATION_BYTES_MAX];
    Buffer header = BUFFER_OF(header_bytes);
    EXPECT_OK(buffer_print(&header,
            "%s mchid=\"1900000001\",nonce_str=\"%s\",timestamp=\"%s\",serial_no=\"S2\","
            "signature=\"%s\"",
            profile_v3_rsa.scheme, vector_nonce, vector_timestamp, vector_rsa_request));
    ExplainInput input = {
        .authorization = span_of_buffer(&header),
        .method = SPAN("POST"),
        .target = span_of_text(vector_target),
        .body = span_of_text(vector_body),
        .key = key,
        .expected_serial = SPAN("S1"),
        .now_us = 1767225601 * TIME_SECOND_US,
    };
    Buffer report = BUFFER_OF(report_bytes);
    ExplainResult result = { 0 };
    EXPECT_OK(message_explain(&input, &report, &result));
    EXPECT_OK(result.verdict);
    EXPECT(holds(&report, "expected S1, the header names S2: DIFFERENT"));
    EXPECT(holds(&report, "1 s apart"));
    EXPECT(holds(&report, ": right"));
    EXPECT(holds(&report, "POST\\n\n    /v3/pay"));

    input.body = SPAN("{}");
    input.theirs = span_of_text(vector_request);
    report.size = 0;
    EXPECT_OK(message_explain(&input, &report, &result));
    EXPECT_REFUSED(result.verdict, REFUSED_SIGNATURE_INVALID);
    EXPECT(holds(&report, "First difference at byte"));
    EXPECT(holds(&report, "in the body"));
}

static void a_bad_header_is_named(void)
{
    const ExplainInput input = {
        .authorization = SPAN("WECHATPAY2-SHA256-RSA2048 mchid=\"1\",timestamp=\"\""),
        .method = SPAN("GET"),
        .target = SPAN("/"),
    };
    Buffer report = BUFFER_OF(report_bytes);
    ExplainResult result = { 0 };
    EXPECT_OK(message_explain(&input, &report, &result));
    EXPECT_REFUSED(result.verdict, REFUSED_AUTHORIZATION_FORMAT);
    EXPECT(holds(&report, "Attribute: timestamp"));
}

/* Escape sequences in a request do not reach the terminal. */
static void nothing_moves_the_cursor(void)
{
    const ExplainInput input = {
        .timestamp = SPAN("1"),
        .nonce = SPAN("n"),
        .method = SPAN("GET"),
        .target = SPAN("/\x1B[2J\xC2\x9B"),
        .body = SPAN("\x07\r\t\xFF"),
        .theirs = SPAN("\x1B]0;x\x07"),
    };
    Buffer report = BUFFER_OF(report_bytes);
    ExplainResult result = { 0 };
    EXPECT_OK(message_explain(&input, &report, &result));
    for (size_t i = 0; i < report.size; i++)
        EXPECT(report.data[i] == '\n' || (report.data[i] >= ' ' && report.data[i] < 0x7F));
}

/* The debugger of the profiles whose fields are sorted. */
static void forms_are_explained(void)
{
    for (size_t i = 0; i < sizeof(vector_profiles) / sizeof(vector_profiles[0]); i++) {
        const ProfileVector *vector = &vector_profiles[i];
        const bool sm2 = strstr(vector->profile, "sm2") != NULL;
        CLEANUP(public_key_free) PublicKey *key = NULL;
        ExplainResult result = { 0 };
        Buffer report = BUFFER_OF(report_bytes);
        if (strncmp(vector->profile, "sorted-", 7) != 0) continue;
        EXPECT_OK(public_key_from_pem(
                span_of_text(sm2 ? vector_sm2_public : vector_rsa_public), &key));
        ExplainInput input = {
            .form = span_of_text(vector->body), .theirs = span_of_text(vector->request), .key = key
        };
        EXPECT_OK(message_explain(&input, &report, &result));
        EXPECT_OK(result.verdict);
        EXPECT(result.cause == EXPLAIN_SAME && holds(&report, "right"));
        input.theirs = SPAN("biz_content={}");
        report.size = 0;
        EXPECT_OK(message_explain(&input, &report, &result));
        EXPECT(result.cause == EXPLAIN_OTHER_VALUE && holds(&report, "in the fields"));
        input.form = SPAN("biz_content=");
        EXPECT_OK(message_explain(&input, &report, &result));
        EXPECT_REFUSED(result.verdict, REFUSED_ENVELOPE_FORMAT);
    }
}

TESTS(TEST(forms_are_explained), TEST(causes), TEST(the_first_byte_is_named), TEST(a_whole_report),
        TEST(a_bad_header_is_named), TEST(nothing_moves_the_cursor))
