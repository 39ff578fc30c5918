#define _GNU_SOURCE /* memmem */
#include "message/errors.h"

#include "base/expect.h"
#include "text/json.h"

#include <string.h>

static uint8_t body_bytes[ERROR_BODY_BYTES_MAX];

static Span body_of(StatusCode code, const ErrorContext *context)
{
    Buffer body = BUFFER_OF(body_bytes);
    if (!status_ok(message_error_body((Status) { (int32_t)code }, context, &body)))
        return (Span) { NULL, 0 };
    return span_of_buffer(&body);
}

static bool holds(Span text, const char *part)
{
    return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static void the_documented_codes(void)
{
    const struct {
        StatusCode status;
        int http;
        const char *code;
    } wanted[] = {
        { REFUSED_JSON_MISSING, 400, "PARAM_ERROR" },
        { REFUSED_ORDER_CONFLICT, 400, "INVALID_REQUEST" },
        { REFUSED_SIGNATURE_INVALID, 401, "SIGN_ERROR" },
        { REFUSED_NONCE_REPLAYED, 401, "SIGN_ERROR" },
        { REFUSED_MERCHANT_CLOSED, 403, "NO_AUTH" },
        { REFUSED_ROW_SEAL_MISMATCH, 403, "ACCOUNT_ERROR" },
        { REFUSED_ROW_FROZEN, 403, "ACCOUNT_ERROR" },
        { REFUSED_ORDER_NOT_EXIST, 404, "ORDER_NOT_EXIST" },
        { REFUSED_RATE_LIMITED, 429, "RATELIMIT_EXCEEDED" },
        { FAULT_STORE_UNCERTAIN, 500, "SYSTEM_ERROR" },
        { REFUSED_VAULT_UNAVAILABLE, 503, "SERVICE_UNAVAILABLE" },
        { REFUSED_STORE_BUSY, 503, "SERVICE_UNAVAILABLE" },
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const MessageError *e = message_error((Status) { (int32_t)wanted[i].status });
        EXPECT(e->http == wanted[i].http);
        EXPECT(strcmp(e->code, wanted[i].code) == 0);
        EXPECT(message_error_passes((Status) { (int32_t)wanted[i].status })
                == (wanted[i].http >= 429));
    }
    EXPECT(strcmp(message_error((Status) { REFUSED_ORDER_CONFLICT })->chinese, "201 商户订单号重复")
            == 0);
}

static bool same_answer(StatusCode a, StatusCode b)
{
    const ErrorContext context = { .language = MESSAGE_ENGLISH, .canonical = SPAN("GET\n") };
    uint8_t kept[ERROR_BODY_BYTES_MAX];
    const Span first = body_of(a, &context);
    memcpy(kept, first.data, first.size);
    const Span second = body_of(b, &context);
    return span_equal((Span) { kept, first.size }, second)
            && message_error((Status) { (int32_t)a })->http
            == message_error((Status) { (int32_t)b })->http;
}

/* DESIGN promise 8, and reference/message.md: nobody learns which merchants or payers exist. */
static void answers_that_must_not_differ(void)
{
    EXPECT(same_answer(REFUSED_MERCHANT_UNKNOWN, REFUSED_SIGNATURE_INVALID));
    EXPECT(same_answer(REFUSED_MERCHANT_KEY_UNKNOWN, REFUSED_SIGNATURE_INVALID));
    EXPECT(same_answer(REFUSED_MERCHANT_KEY_EXPIRED, REFUSED_SIGNATURE_INVALID));
    EXPECT(same_answer(REFUSED_ORDER_REFUSED_BY_DEFAULT, REFUSED_RISK_REFUSED));
    EXPECT(same_answer(REFUSED_SIGNATURE_FORMAT, REFUSED_SIGNATURE_INVALID));
    EXPECT(same_answer(REFUSED_PAYER_UNKNOWN, REFUSED_PIN_WRONG));
    static const StatusCode rows[] = { REFUSED_ROW_SEAL_MISMATCH, REFUSED_ROW_ROLLED_BACK,
        REFUSED_ROW_DELETED, REFUSED_ROW_DUPLICATED, REFUSED_ROW_FROZEN };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        EXPECT(same_answer(rows[i], REFUSED_ACCOUNT_CLOSED)); /* an intruder learns nothing */
    EXPECT(same_answer(REFUSED_ROW_NOT_SUCCESSOR, FAULT_CRYPTO)); /* nothing of our inside */
}

/* Every registered status has an answer in both languages that is JSON, and only ours are 500. */
static void every_status_has_an_answer(void)
{
    static const StatusCode all[] = {
#define REFUSAL(number, name, advice) REFUSED_##name,
#define FAULT(number, name, advice) FAULT_##name,
#include "base/refusals.def"
#undef REFUSAL
#undef FAULT
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        for (int language = 0; language < 2; language++) {
            const ErrorContext context = { .language = (MessageLanguage)language };
            const Span body = body_of(all[i], &context);
            CLEANUP(json_free) JsonDocument *document = NULL;
            JsonProblem problem = { 0 };
            EXPECT_OK(json_parse(body, &document, &problem));
            EXPECT(!holds(body, status_advice((Status) { (int32_t)all[i] })));
        }
        EXPECT(all[i] > 0 || message_error((Status) { (int32_t)all[i] })->http >= 500);
    }
}

static void the_field_is_named(void)
{
    const ErrorContext context = { .field = "goods[2].name" };
    const Span body = body_of(REFUSED_JSON_TYPE, &context);
    EXPECT(holds(body, "\"/goods/2/name\""));
    EXPECT(holds(body, "\"body\""));
    const ErrorContext query = { .field = "mchid", .location = "query" };
    EXPECT(holds(body_of(REFUSED_JSON_MISSING, &query), "\"query\""));
}

static void the_signed_string_is_cut(void)
{
    char canonical[400];
    memset(canonical, 'a', sizeof(canonical));
    memcpy(canonical + sizeof(canonical) - 6, "SECRET", 6);
    const ErrorContext context = {
        .method = SPAN("POST"),
        .target = SPAN("/v3/x?a=\xFF\x00\"<"),
        .canonical = SPAN_OF(canonical),
    };
    const Span body = body_of(REFUSED_SIGNATURE_INVALID, &context);
    EXPECT(holds(body, "\"sign_information\""));
    EXPECT(holds(body, "\"sign_message_length\":400"));
    EXPECT(!holds(body, "SECRET"));
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    EXPECT_OK(json_parse(body, &document, &problem));
    /* A refusal that is not about the signature shows none of it. */
    EXPECT(!holds(body_of(REFUSED_JSON_TYPE, &context), "sign_information"));
}

/* The longest that every part can be still fits; cutting inside a character stays UTF-8. */
static void the_largest_body_fits(void)
{
    char long_text[2000];
    memset(long_text, '\x01', sizeof(long_text)); /* each becomes six bytes of JSON */
    const ErrorContext controls = {
        .method = SPAN_OF(long_text), .target = SPAN_OF(long_text), .canonical = SPAN_OF(long_text)
    };
    EXPECT(body_of(REFUSED_SIGNATURE_INVALID, &controls).size > 3000);
    for (size_t i = 0; i + 3 <= sizeof(long_text); i += 3)
        memcpy(long_text + i, "\xE5\x85\xBB", 3);
    const ErrorContext cut = { .canonical = { (uint8_t *)long_text, 1998 } };
    const Span body = body_of(REFUSED_SIGNATURE_INVALID, &cut);
    EXPECT(body.size > 0 && span_is_utf8(body));
}

static void languages(void)
{
    EXPECT(message_language(SPAN("")) == MESSAGE_CHINESE);
    EXPECT(message_language(SPAN("en")) == MESSAGE_ENGLISH);
    EXPECT(message_language(SPAN("en-US,zh-CN")) == MESSAGE_ENGLISH);
    EXPECT(message_language(SPAN("zh-CN, en")) == MESSAGE_CHINESE);
    EXPECT(message_language(SPAN("fr-FR, en")) == MESSAGE_ENGLISH);
    EXPECT(message_language(SPAN("den")) == MESSAGE_CHINESE);
    EXPECT(message_language(SPAN("*")) == MESSAGE_CHINESE);
}

TESTS(TEST(the_documented_codes), TEST(answers_that_must_not_differ),
        TEST(every_status_has_an_answer), TEST(the_field_is_named), TEST(the_signed_string_is_cut),
        TEST(the_largest_body_fits), TEST(languages))
