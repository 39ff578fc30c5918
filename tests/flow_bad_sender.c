/*
 * Goal: who signs badly, asks at the wrong place or guesses is refused by name, learns nothing and
 * changes nothing (DESIGN section 5.8; LL-4.3.9 every message signed; TP-6 PINs; TP-17). Method: as
 * flow_bad_input.c; then the logs are searched for what must not be in them: PINs, bodies, keys.
 */
#include "admin_client.h"
#include "asks.h"
#include "base/encoding.h"
#include "base/expect.h"
#include "starts.h"

#include <signal.h>
#include <stdio.h>

#define NATIVE "/v3/pay/transactions/native"
#define CODEPAY "/v3/pay/transactions/codepay"
#define BY_NUMBER "/v3/pay/transactions/out-trade-no/"
#define CANARY "CANARY-of-a-body-7731"
#define PIN "271828"
#define MINE "?mchid=1900000001"

static const Span good_body =
        SPAN("{\"appid\":\"wx\",\"mchid\":\"1900000001\",\"notify_url\":\"https://m.example/n\","
             "\"out_trade_no\":\"BAD-SENDER-1\",\"description\":\"" CANARY
             "\",\"amount\":{\"total\":100}}");

static Stand stand;
static MerchantApp merchant;
static MerchantApp other;
static PayerApp payer;
static HttpClient *http;
static Intruder intruder;
static char code_url[128]; /* of the good order */

static void test_house_opens(void)
{
    const StandOptions options = { .code_life_s = 3600 };
    Answered answered = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    EXPECT_OK(stand_payer(&stand, "payer-1", PIN, 100000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(step_native(&merchant, http, "GOOD-1", 100, &answered));
    EXPECT(answered.status == 200);
    snprintf(code_url, sizeof(code_url), "%s", answered.code_url);
    EXPECT_OK(step_native(&other, http, "THEIRS-1", 100, &answered));
    EXPECT(answered.status == 200);
    EXPECT(starts_with_closed_day(&stand, &http));
    intruder_open(&stand, &intruder);
}

/* --- who signed --- */

/* What strangers are told is one sentence, whatever was wrong with who they said they are. */
static const char sign_error[] =
        "The signature does not match; check mchid, serial_no and the signed string";

typedef struct SignerCase {
    const char *name;
    Ask ask;
    bool alike; /* to a bad signature */
} SignerCase;

static void test_who_signed(void)
{
    static AskAnswer answer;
    static char long_nonce[130];
    memset(long_nonce, 'n', 129);
    const SignerCase cases[] = {
        { "unknown merchant", { .mchid = "1999999999" }, true },
        { "unknown serial", { .serial = "PUB_KEY_ID_0123456789" }, true },
        { "another's serial", { .serial = other.serial }, true },
        { "another's name", { .mchid = other.mchid }, true },
        { "another's name and serial", { .mchid = other.mchid, .serial = other.serial }, true },
        { "another's key", { .app = &other, .mchid = merchant.mchid, .serial = merchant.serial },
                true },
        { "other body", { .signed_body = SPAN("{}") }, true },
        { "other target", { .signed_target = CODEPAY }, true },
        { "no signature", { .replace = "signature=\"", .with = "signature=\"\",x=\"" }, false },
        { "not base64", { .replace = "signature=\"", .with = "signature=\"!!!" }, true },
        { "301 s late", { .late_s = 302 }, false },
        { "301 s early", { .late_s = -302 }, false },
        { "a year late", { .late_s = 31536000 }, false },
        { "timestamp in words", { .replace = "timestamp=\"", .with = "timestamp=\"x" }, false },
        { "timestamp of 1970", { .replace = "timestamp=\"", .with = "timestamp=\"-" }, false },
        { "milliseconds", { .replace = "timestamp=\"", .with = "timestamp=\"999" }, false },
        { "long nonce", { .nonce = long_nonce }, false },
        { "no nonce", { .replace = "nonce_str=", .with = "nonce_strange=" }, false },
        { "nonce twice", { .replace = "nonce_str=", .with = "nonce_str=\"a\",nonce_str=" }, false },
        { "mchid twice", { .replace = "mchid=", .with = "mchid=\"1900000002\",mchid=" }, false },
        { "no mchid", { .replace = "mchid=\"1900000001\",", .with = "" }, false },
        { "unknown attribute", { .replace = "mchid=", .with = "admin=\"1\",mchid=" }, false },
        { "open quote", { .replace = "mchid=\"", .with = "mchid=" }, false },
        { "no scheme", { .authorization = "mchid=\"1900000001\"" }, false },
        { "another scheme", { .authorization = "Basic YWxhZGRpbjpvcGVuc2VzYW1l" }, false },
        { "no Authorization", { .authorization = "" }, false },
        { "Authorization twice", { .authorizations = 2 }, false },
        { "RSA's key under SM2's name",
                { .replace = "WECHATPAY2-SHA256-RSA2048", .with = "WECHATPAY2-SM2-WITH-SM3" },
                false },
    };
    const AskWanted wanted = { 401, "SIGN_ERROR", NULL };
    int right = 0;
    const int count = (int)(sizeof(cases) / sizeof(cases[0]));
    for (int i = 0; i < count; i++) {
        Ask ask = cases[i].ask;
        ask.target = NATIVE;
        ask.body = good_body;
        if (ask.app == NULL) ask.app = &merchant;
        const bool one = ask_refused(http, &intruder, cases[i].name, &ask, &wanted, &answer);
        const bool alike = !cases[i].alike || strcmp(answer.message, sign_error) == 0;
        if (!alike) fprintf(stderr, "  %s: %s\n", cases[i].name, answer.message);
        right += one && alike;
    }
    printf("       %d signers\n", count);
    EXPECT(right == count);
}

/* --- nonces --- */

static void test_a_nonce_serves_once(void)
{
    static AskAnswer answer;
    const AskWanted wanted = { 401, "SIGN_ERROR", NULL };
    Ask ask = { .app = &merchant,
        .method = "GET",
        .target = BY_NUMBER "GOOD-1" MINE,
        .nonce = "ONCE-and-never-again" };
    EXPECT_OK(ask_send(http, &ask, &answer));
    EXPECT(answer.fields.status == 200);
    EXPECT(ask_refused(http, &intruder, "the same nonce", &ask, &wanted, &answer));
    EXPECT(strcmp(answer.message, "This nonce_str was used before") == 0);
    ask.target = BY_NUMBER "GOOD-1" MINE "&x";
    EXPECT(ask_refused(http, &intruder, "the same nonce elsewhere", &ask, &wanted, &answer));
    ask.late_s = 5;
    EXPECT(ask_refused(http, &intruder, "the same nonce at another time", &ask, &wanted, &answer));
    ask = (Ask) { .app = &other,
        .method = "GET",
        .target = BY_NUMBER "THEIRS-1?mchid=1900000002",
        .nonce = "ONCE-and-never-again" };
    EXPECT_OK(ask_send(http, &ask, &answer)); /* another merchant has nonces of its own */
    EXPECT(answer.fields.status == 200);
}

/* Who has seen a request that changed something cannot make it happen again by waiting for a
 * restart (decision 4). */
static void test_a_nonce_serves_once_also_after_a_restart(void)
{
    static AskAnswer answer;
    const AskWanted wanted = { 401, "SIGN_ERROR", NULL };
    const Span body = SPAN("{\"mchid\":\"1900000001\"}");
    Answered answered = { 0 };
    int exit_status = -1;
    EXPECT_OK(step_native(&merchant, http, "CLOSED-1", 100, &answered));
    const Ask ask = {
        .app = &merchant, .target = BY_NUMBER "CLOSED-1/close", .body = body, .nonce = "CLOSED-once"
    };
    EXPECT_OK(ask_send(http, &ask, &answer));
    EXPECT(answer.fields.status == 204);
    for (int i = 0; i < 2; i++) { /* in order, and killed */
        http_client_close(&http);
        stand_stop(&stand, STAND_HUFUD, i == 0 ? SIGTERM : SIGKILL, &exit_status);
        EXPECT_OK(stand_start(&stand, STAND_HUFUD));
        EXPECT_OK(stand_connect(&stand, &http));
        EXPECT(ask_refused(http, &intruder, "after a restart", &ask, &wanted, &answer));
        EXPECT(strcmp(answer.message, "This nonce_str was used before") == 0);
    }
}

/* --- paths --- */

typedef struct PathCase {
    const char *name;
    const char *method;
    const char *target;
    AskWanted wanted;
} PathCase;

#define LOST                             \
    {                                    \
        404, "RESOURCE_NOT_EXISTS", NULL \
    }
#define NO_METHOD                       \
    {                                   \
        405, "METHOD_NOT_ALLOWED", NULL \
    }
#define NO_ORDER                     \
    {                                \
        404, "ORDER_NOT_EXIST", NULL \
    }
#define FIELD(pointer)              \
    {                               \
        400, "PARAM_ERROR", pointer \
    }

static const PathCase paths[] = {
    { "nowhere", "GET", "/", LOST },
    { "a slash more", "POST", NATIVE "/", LOST },
    { "a slash before", "POST", "/" NATIVE, LOST },
    { "a way around", "POST", "/v3/pay/../pay/transactions/native", LOST },
    { "a hidden way around", "POST", "/v3/pay/%2e%2e/pay/transactions/native", LOST },
    { "capitals", "POST", "/V3/pay/transactions/native", LOST },
    { "reading what is written", "GET", NATIVE, NO_METHOD },
    { "writing what is read", "POST", "/v3/certificates", NO_METHOD },
    { "operator's things", "GET", "/admin/status", LOST },
    { "a file", "GET", "/../../etc/passwd", LOST },
    { "removing", "DELETE", BY_NUMBER "GOOD-1" MINE, { 405, "HTTP_METHOD", NULL } },
    { "replacing", "PUT", BY_NUMBER "GOOD-1" MINE, { 405, "HTTP_METHOD", NULL } },
    { "a number with a path", "GET", BY_NUMBER "..%2F..%2Fetc" MINE, FIELD("/out_trade_no") },
    { "a number with a quote", "GET", BY_NUMBER "GOOD'1--" MINE, FIELD("/out_trade_no") },
    { "a number with a NUL", "GET", BY_NUMBER "GOOD-1%00" MINE, FIELD("/out_trade_no") },
    { "no number", "GET", BY_NUMBER MINE, LOST },
    { "a long number", "GET", BY_NUMBER "0123456789012345678901234567890123" MINE,
            FIELD("/out_trade_no") },
    { "no mchid", "GET", BY_NUMBER "GOOD-1", FIELD("/mchid") },
    { "another's mchid", "GET", BY_NUMBER "GOOD-1?mchid=1900000002", FIELD("/mchid") },
    { "two mchids", "GET", BY_NUMBER "GOOD-1" MINE "&mchid=1900000002", FIELD("/mchid") },
    { "a hidden mchid", "GET", BY_NUMBER "GOOD-1?%6dchid=1900000001", FIELD("/mchid") },
    { "another's order", "GET", BY_NUMBER "THEIRS-1" MINE, NO_ORDER },
    { "nobody's order", "GET", BY_NUMBER "NOBODY-1" MINE, NO_ORDER },
    { "no id", "GET", "/v3/pay/transactions/id/42" MINE, NO_ORDER },
    { "nobody's id", "GET", "/v3/pay/transactions/id/4200000000202611230000000000" MINE, NO_ORDER },
};

static void test_paths(void)
{
    static AskAnswer answer;
    int right = 0;
    const int count = (int)(sizeof(paths) / sizeof(paths[0]));
    for (int i = 0; i < count; i++) {
        const Ask ask = { .app = &merchant, .method = paths[i].method, .target = paths[i].target };
        right += ask_refused(http, &intruder, paths[i].name, &ask, &paths[i].wanted, &answer);
    }
    printf("       %d paths\n", count);
    EXPECT(right == count);
}

/* Whether it is another's or nobody's, the answer is the same to the byte. */
static void test_another_s_order_looks_like_none(void)
{
    static AskAnswer theirs;
    static AskAnswer nobodys;
    const Ask one = { .app = &merchant, .method = "GET", .target = BY_NUMBER "THEIRS-1" MINE };
    const Ask two = { .app = &merchant, .method = "GET", .target = BY_NUMBER "NOBODY-1" MINE };
    EXPECT_OK(ask_send(http, &one, &theirs));
    EXPECT_OK(ask_send(http, &two, &nobodys));
    EXPECT(theirs.body_size == nobodys.body_size && theirs.body_size > 0);
    EXPECT(span_equal(
            (Span) { theirs.body, theirs.body_size }, (Span) { nobodys.body, nobodys.body_size }));
}

/* --- payers --- */

static void test_boxes_that_are_none(void)
{
    static AskAnswer answer;
    char target[160];
    const char *id = strrchr(code_url, '/');
    EXPECT(id != NULL);
    snprintf(target, sizeof(target), "/payer/v1/orders%s/pay", id);
    const struct {
        const char *name;
        Span body;
        AskWanted wanted;
    } cases[] = {
        { "no box", SPAN("{\"payer_id\":\"payer-1\"}"), FIELD("/box") },
        { "a PIN in clear", SPAN("{\"payer_id\":\"payer-1\",\"pin\":\"" PIN "\",\"box\":\"AAAA\"}"),
                { 400, "PASSWORD_IN_CLEAR", "/pin" } },
        { "no base64", SPAN("{\"payer_id\":\"payer-1\",\"box\":\"!!!!\"}"), FIELD(NULL) },
        { "no box inside", SPAN("{\"payer_id\":\"payer-1\",\"box\":\"AAAA\"}"), FIELD(NULL) },
        { "an empty box", SPAN("{\"payer_id\":\"payer-1\",\"box\":\"\"}"), FIELD("/box") },
        { "no payer", SPAN("{\"payer_id\":\"\",\"box\":\"AAAA\"}"), FIELD("/payer_id") },
        { "no JSON", SPAN("box"), FIELD("") },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const Ask ask = { .target = target, .body = cases[i].body };
        EXPECT(ask_refused(http, &intruder, cases[i].name, &ask, &cases[i].wanted, &answer));
    }
    const AskWanted none = NO_ORDER;
    const Ask nobodys = { .method = "GET", .target = "/payer/v1/orders/nobody" };
    EXPECT(ask_refused(http, &intruder, "nobody's order", &nobodys, &none, &answer));
}

/* An unknown payer and a wrong PIN are told the same. */
static void test_who_guesses_learns_nothing(void)
{
    PayerApp wrong = payer;
    PayerApp nobody = payer;
    PayerAnswer answers[2] = { 0 };
    const int64_t postings = stand_number(&stand, "SELECT count(*) FROM posting");
    snprintf(wrong.pin, sizeof(wrong.pin), "314159");
    snprintf(nobody.id, sizeof(nobody.id), "payer-of-nobody");
    IGNORE(payer_app_pay(&wrong, http, &stand.box_key, span_of_text(code_url), &answers[0]),
            "looked at");
    IGNORE(payer_app_pay(&nobody, http, &stand.box_key, span_of_text(code_url), &answers[1]),
            "looked at");
    EXPECT(answers[0].status == 403 && strcmp(answers[0].code, "PIN_WRONG") == 0);
    EXPECT(answers[1].status == 403 && strcmp(answers[1].code, "PIN_WRONG") == 0);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM posting") == postings);
}

/* --- afterwards --- */

static void test_house_still_stands(void)
{
    Answered answered = { 0 };
    EXPECT(!stand_ended(&stand, STAND_VAULTD, NULL) && !stand_ended(&stand, STAND_HUFUD, NULL));
    EXPECT_OK(step_query(&merchant, http, "GOOD-1", &answered));
    EXPECT(strcmp(answered.trade_state, "NOTPAY") == 0);
    EXPECT_OK(step_query(&merchant, http, "BAD-SENDER-1", &answered));
    EXPECT(answered.status == 404);
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_logs_hold_no_secret(void)
{
    PayerAnswer paid = { 0 };
    uint8_t hex_bytes[2 * sizeof(merchant.apiv3)];
    char hex[sizeof(hex_bytes) + 1] = "";
    char text[sizeof(merchant.apiv3) + 1] = "";
    Buffer b = BUFFER_OF(hex_bytes);
    EXPECT_OK(payer_app_pay(&payer, http, &stand.box_key, span_of_text(code_url), &paid));
    EXPECT_OK(hex_encode(SPAN_OF(merchant.apiv3), &b));
    memcpy(hex, hex_bytes, sizeof(hex_bytes));
    memcpy(text, merchant.apiv3, sizeof(merchant.apiv3));
    EXPECT(!asks_log_lacks(&stand, "hufud.serves")); /* the search does search */
    EXPECT(asks_log_lacks(&stand, PIN) && asks_log_lacks(&stand, "314159"));
    EXPECT(asks_log_lacks(&stand, CANARY) && asks_log_lacks(&stand, "out_trade_no"));
    EXPECT(asks_log_lacks(&stand, hex) && asks_log_lacks(&stand, text));
    EXPECT(asks_log_lacks(&stand, "PRIVATE KEY") && asks_log_lacks(&stand, "signature="));
}

static void test_house_closes(void)
{
    intruder_close(&intruder);
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_who_signed), TEST(test_a_nonce_serves_once),
        TEST(test_a_nonce_serves_once_also_after_a_restart), TEST(test_paths),
        TEST(test_another_s_order_looks_like_none), TEST(test_boxes_that_are_none),
        TEST(test_who_guesses_learns_nothing), TEST(test_house_still_stands),
        TEST(test_logs_hold_no_secret), TEST(test_house_closes))
