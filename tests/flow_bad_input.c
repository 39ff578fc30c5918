/*
 * Goal: bad input gets a named refusal (status, code, message, field), changes nothing and leaks
 * nothing (DESIGN section 5.8; LL-4.3.9 every message signed; TP-5 prohibited data; TP-8 card
 * numbers). Method: tables of requests that no honest client sends, over TLS to the real programs;
 * after each one every table of the database is counted. Who signs badly, and where, stands in
 * flow_bad_sender.c.
 */
#include "admin_client.h"
#include "asks.h"
#include "base/expect.h"
#include "starts.h"

#include <stdio.h>

#define NATIVE "/v3/pay/transactions/native"
#define CODEPAY "/v3/pay/transactions/codepay"
#define BY_NUMBER "/v3/pay/transactions/out-trade-no/"
#define CANARY "CANARY-of-a-body-7731"

enum { BIG_BYTES = 80 * 1024 };

static Stand stand;
static MerchantApp merchant;
static HttpClient *http;
static Intruder intruder;

/* --- the house --- */

static void test_house_opens(void)
{
    const StandOptions options = { .code_life_s = 3600 };
    Answered answered = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(step_native(&merchant, http, "GOOD-1", 100, &answered));
    EXPECT(answered.status == 200);
    EXPECT(starts_with_closed_day(&stand, &http));
    intruder_open(&stand, &intruder);
}

/* --- bodies --- */

typedef struct BodyCase {
    const char *name;
    const char *target;
    Span body;
    AskWanted wanted;
} BodyCase;

#define FIRST "{\"appid\":\"wx\",\"mchid\":\"1900000001\",\"notify_url\":\"https://m.example/n\","
#define NUMBER "\"out_trade_no\":\"BAD-ORDER-1\","
#define TEXT "\"description\":\"" CANARY "\","
#define AMOUNT "\"amount\":{\"total\":100,\"currency\":\"CNY\"}"
#define ORDER(number, text, amount) SPAN(FIRST number text amount "}")
#define TOTAL(value) ORDER(NUMBER, TEXT, "\"amount\":{\"total\":" value "}")
#define DESCRIBED(value) ORDER(NUMBER, "\"description\":\"" value "\",", AMOUNT)
#define WITH(more) ORDER(NUMBER, TEXT, AMOUNT "," more)
#define NUMBERED(value) ORDER("\"out_trade_no\":\"" value "\",", TEXT, AMOUNT)
#define PARAM(pointer)              \
    {                               \
        400, "PARAM_ERROR", pointer \
    }
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define DEEP "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"

static const BodyCase bodies[] = {
    /* JSON */
    { "no body", NATIVE, SPAN(""), PARAM("") },
    { "half a body", NATIVE, SPAN("{\"appid\":"), PARAM("") },
    { "no JSON", NATIVE, SPAN("appid=wx&total=100"), PARAM("") },
    { "a list", NATIVE, SPAN("[]"), PARAM("") },
    { "null", NATIVE, SPAN("null"), PARAM("") },
    { "something behind", NATIVE, SPAN(FIRST NUMBER TEXT AMOUNT "}x"), PARAM("") },
    { "a second object", NATIVE, SPAN(FIRST NUMBER TEXT AMOUNT "}{}"), PARAM("") },
    { "a key twice", NATIVE, WITH("\"appid\":\"wy\""), PARAM(NULL) },
    { "a deep key twice", NATIVE, ORDER(NUMBER, TEXT, "\"amount\":{\"total\":1,\"total\":100}"),
            PARAM(NULL) },
    { "too deep", NATIVE, WITH("\"attach\":" DEEP), PARAM(NULL) },
    { "a NUL", NATIVE, DESCRIBED("a\\u0000b"), PARAM(NULL) },
    { "a bare NUL", NATIVE, DESCRIBED("a\0b"), PARAM(NULL) },
    { "a comment", NATIVE, WITH("/* hello */\"attach\":\"x\""), PARAM("") },
    { "NaN", NATIVE, TOTAL("NaN"), PARAM(NULL) },
    /* UTF-8 (Unicode 15, table 3-7) */
    { "no UTF-8", NATIVE, DESCRIBED("\xff\xfe"), PARAM(NULL) },
    { "overlong", NATIVE, DESCRIBED("\xc0\xaf"), PARAM(NULL) },
    { "a surrogate", NATIVE, DESCRIBED("\xed\xa0\x80"), PARAM(NULL) },
    { "half a surrogate pair", NATIVE, DESCRIBED("\\ud800"), PARAM(NULL) },
    { "past the last code point", NATIVE, DESCRIBED("\xf4\x90\x80\x80"), PARAM(NULL) },
    { "cut in a character", NATIVE, DESCRIBED("\xe4\xb8"), PARAM(NULL) },
    /* fields */
    { "no description", NATIVE, ORDER(NUMBER, "", AMOUNT), PARAM("/description") },
    { "no amount", NATIVE, SPAN(FIRST NUMBER "\"description\":\"x\"}"), PARAM("/amount") },
    { "no total", NATIVE, ORDER(NUMBER, TEXT, "\"amount\":{}"), PARAM("/amount/total") },
    { "unknown field", NATIVE, WITH("\"price\":1"), PARAM("/price") },
    { "unknown deep field", NATIVE, ORDER(NUMBER, TEXT, "\"amount\":{\"total\":1,\"tip\":1}"),
            PARAM("/amount/tip") },
    { "the other way's field", NATIVE, WITH("\"payer\":{\"auth_code\":\"100000000000000000\"}"),
            PARAM("/payer/auth_code") },
    { "description a number", NATIVE, ORDER(NUMBER, "\"description\":7,", AMOUNT),
            PARAM("/description") },
    { "description null", NATIVE, ORDER(NUMBER, "\"description\":null,", AMOUNT),
            PARAM("/description") },
    { "amount a number", NATIVE, ORDER(NUMBER, TEXT, "\"amount\":100"), PARAM("/amount") },
    { "empty description", NATIVE, DESCRIBED(""), PARAM("/description") },
    { "long description", NATIVE, DESCRIBED(HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED TEN),
            PARAM("/description") },
    { "notify_url too short", NATIVE,
            SPAN("{\"appid\":\"wx\",\"mchid\":\"1900000001\",\"notify_url\":\"x\"," NUMBER TEXT
                            AMOUNT "}"),
            PARAM("/notify_url") },
    { "somebody else's mchid", NATIVE,
            SPAN("{\"appid\":\"wx\",\"mchid\":\"1900000002\",\"notify_url\":\"https://m.example/"
                 "n\"," NUMBER TEXT AMOUNT "}"),
            PARAM("/mchid") },
    /* numbers of orders */
    { "short number", NATIVE, NUMBERED("BAD-1"), PARAM("/out_trade_no") },
    { "long number", NATIVE,
            NUMBERED(TEN TEN TEN "012"
                                 "3"),
            PARAM("/out_trade_no") },
    { "number with a space", NATIVE, NUMBERED("BAD ORDER"), PARAM("/out_trade_no") },
    { "number with a quote", NATIVE, NUMBERED("BAD'--ORDER"), PARAM("/out_trade_no") },
    { "number with a path", NATIVE, NUMBERED("../../ORDER"), PARAM("/out_trade_no") },
    { "number of pictures", NATIVE, NUMBERED("\xf0\x9f\x92\xb0\xf0\x9f\x92\xb0"),
            PARAM("/out_trade_no") },
    /* amounts */
    { "nothing", NATIVE, TOTAL("0"), PARAM("/amount/total") },
    { "less than nothing", NATIVE, TOTAL("-1"), PARAM("/amount/total") },
    { "smallest int64", NATIVE, TOTAL("-9223372036854775808"), PARAM("/amount/total") },
    { "largest int64", NATIVE, TOTAL("9223372036854775807"), PARAM("/amount/total") },
    { "two to the 63", NATIVE, TOTAL("9223372036854775808"), PARAM(NULL) },
    { "two to the 64 and a hundred", NATIVE, TOTAL("18446744073709551716"), PARAM(NULL) },
    { "a thousand digits", NATIVE, TOTAL(HUNDRED HUNDRED HUNDRED), PARAM(NULL) },
    { "a fraction", NATIVE, TOTAL("1.5"), PARAM("/amount/total") },
    { "a whole fraction", NATIVE, TOTAL("100.0"), PARAM("/amount/total") },
    { "an exponent", NATIVE, TOTAL("1e2"), PARAM("/amount/total") },
    { "a text", NATIVE, TOTAL("\"100\""), PARAM("/amount/total") },
    { "a truth", NATIVE, TOTAL("true"), PARAM("/amount/total") },
    { "a list of one", NATIVE, TOTAL("[100]"), PARAM("/amount/total") },
    { "leading zero", NATIVE, TOTAL("0100"), PARAM(NULL) },
    { "hexadecimal", NATIVE, TOTAL("0x64"), PARAM(NULL) },
    { "plus", NATIVE, TOTAL("+100"), PARAM(NULL) },
    { "no such currency", NATIVE,
            ORDER(NUMBER, TEXT, "\"amount\":{\"total\":100,\"currency\":\"XXX\"}"),
            PARAM("/amount/currency") },
    { "half a currency", NATIVE,
            ORDER(NUMBER, TEXT, "\"amount\":{\"total\":100,\"currency\":\"CN\"}"),
            PARAM("/amount/currency") },
    { "time in words", NATIVE, WITH("\"time_expire\":\"the day after tomorrow\""),
            PARAM("/time_expire") },
    { "no such day", NATIVE, WITH("\"time_expire\":\"2026-02-30T00:00:00+08:00\""),
            PARAM("/time_expire") },
    /* what must never be stored: TP-5, TP-8; the number is the schemes' own test number */
    { "a card", NATIVE, DESCRIBED("card 4111111111111111"), PARAM("/description") },
    { "a card with spaces", NATIVE, DESCRIBED("4111 1111 1111 1111"), PARAM("/description") },
    { "a card with dashes", NATIVE, DESCRIBED("4111-1111-1111-1111"), PARAM("/description") },
    { "a card in full width", NATIVE, DESCRIBED("４１１１１１１１１１１１１１１１"),
            PARAM("/description") },
    { "a card in escapes", NATIVE, DESCRIBED("\\u0034111111111111111"), PARAM("/description") },
    { "a card in attach", NATIVE, WITH("\"attach\":\"4111111111111111\""), PARAM("/attach") },
    { "a CVN2", NATIVE, DESCRIBED("CVN2 123"), PARAM("/description") },
    { "a track", NATIVE, DESCRIBED(";4111111111111111=29121010000000000?"), PARAM("/description") },
    /* codepay */
    { "no code", CODEPAY, ORDER(NUMBER, TEXT, AMOUNT), PARAM("/payer") },
    { "letters for a code", CODEPAY, WITH("\"payer\":{\"auth_code\":\"10000000000000000x\"}"),
            { 400, "AUTH_CODE_INVALID", "/payer/auth_code" } },
    { "a code of another house", CODEPAY, WITH("\"payer\":{\"auth_code\":\"990000000000000000\"}"),
            { 400, "AUTH_CODE_INVALID", "/payer/auth_code" } },
    { "a long code", CODEPAY,
            WITH("\"payer\":{\"auth_code\":\"1000000000000000001000000000000000\"}"),
            PARAM("/payer/auth_code") },
    /* close */
    { "close for another", BY_NUMBER "GOOD-1/close", SPAN("{\"mchid\":\"1900000002\"}"),
            PARAM("/mchid") },
    { "close for nobody", BY_NUMBER "GOOD-1/close", SPAN("{}"), PARAM("/mchid") },
    { "close with more", BY_NUMBER "GOOD-1/close", SPAN("{\"mchid\":\"1900000001\",\"force\":1}"),
            PARAM("/force") },
};

static void test_bodies(void)
{
    static AskAnswer answer;
    int right = 0;
    const int count = (int)(sizeof(bodies) / sizeof(bodies[0]));
    for (int i = 0; i < count; i++) {
        const Ask ask = { .app = &merchant, .target = bodies[i].target, .body = bodies[i].body };
        right += ask_refused(http, &intruder, bodies[i].name, &ask, &bodies[i].wanted, &answer);
        EXPECT(strstr((const char *)answer.body, CANARY) == NULL);
    }
    printf("       %d bodies\n", count);
    EXPECT(right == count);
}

static const Span good_body = ORDER(NUMBER, TEXT, AMOUNT);

static void test_types_and_sizes(void)
{
    static AskAnswer answer;
    static char big[BIG_BYTES + 1];
    static char long_name[9000];
    const AskWanted type = { 415, "PARAM_ERROR", NULL };
    const AskWanted too_large = { 413, "HTTP_TOO_LARGE", NULL };
    const AskWanted head_too_large = { 431, "HTTP_HEAD_TOO_LARGE", NULL };
    const HttpHeader two[] = { { "Content-Type", SPAN("application/json") } };
    const HttpHeader head[] = { { "X-Filler", { (const uint8_t *)long_name, sizeof(long_name) } } };
    memset(big, ' ', BIG_BYTES);
    memset(long_name, 'x', sizeof(long_name));
    Ask ask = {
        .app = &merchant, .target = NATIVE, .body = good_body, .content_type = "text/plain"
    };
    EXPECT(ask_refused(http, &intruder, "text", &ask, &type, &answer));
    ask.content_type = "application/x-www-form-urlencoded";
    EXPECT(ask_refused(http, &intruder, "a form", &ask, &type, &answer));
    ask.content_type = "application/jsonp";
    EXPECT(ask_refused(http, &intruder, "nearly", &ask, &type, &answer));
    ask.content_type = "";
    EXPECT(ask_refused(http, &intruder, "no type", &ask, &type, &answer));
    ask.content_type = NULL;
    ask.more = two;
    ask.more_count = 1;
    EXPECT(ask_refused(http, &intruder, "two types", &ask, &type, &answer));
    ask = (Ask) { .app = &merchant, .target = NATIVE, .body = { (const uint8_t *)big, BIG_BYTES } };
    EXPECT(ask_refused(http, &intruder, "a large body", &ask, &too_large, &answer));
    ask = (Ask) {
        .app = &merchant, .target = NATIVE, .body = good_body, .more = head, .more_count = 1
    };
    EXPECT(ask_refused(http, &intruder, "a large head", &ask, &head_too_large, &answer));
}

static void test_house_still_stands(void)
{
    Answered answered = { 0 };
    EXPECT(!stand_ended(&stand, STAND_VAULTD, NULL) && !stand_ended(&stand, STAND_HUFUD, NULL));
    EXPECT_OK(step_query(&merchant, http, "GOOD-1", &answered));
    EXPECT(strcmp(answered.trade_state, "NOTPAY") == 0);
    EXPECT_OK(step_query(&merchant, http, "BAD-ORDER-1", &answered));
    EXPECT(answered.status == 404);
    EXPECT(asks_log_lacks(&stand, CANARY) && asks_log_lacks(&stand, "4111111111111111"));
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    intruder_close(&intruder);
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_bodies), TEST(test_types_and_sizes),
        TEST(test_house_still_stands), TEST(test_house_closes))
