/*
 * Goal: every request is answered once, refusals by name and field; without vaultd nothing is
 * signed, nothing is believed and nothing is lost (DESIGN section 4.7; LL-4.3.9). Method: a real
 * HTTP server, a real database, and no vaultd at all.
 */
#include "api/house_for_tests.h"
#include "base/encoding.h"
#include "base/time.h"
#include "message/client.h"

#include <pthread.h>

static TestHouse house;
static HttpClient *http;

static bool open_house(int64_t signed_refusals)
{
    if (!status_ok(house_open(&house, signed_refusals))) return false;
    const HttpClientConfig config = { .address = "127.0.0.1",
        .port = http_server_port(house.server) };
    return status_ok(http_client_open(&config, &http));
}

static void close_house(const int *unused)
{
    http_client_close(&http);
    house_close(&house);
}
#define HOUSE(signed_refusals)                   \
    CLEANUP(close_house) const int closing_ = 0; \
    (void)closing_;                              \
    EXPECT(open_house(signed_refusals))

static bool contains(Span text, const char *part)
{
    const size_t size = strlen(part);
    for (size_t i = 0; i + size <= text.size; i++) {
        if (span_equal((Span) { text.data + i, size }, span_of_text(part))) return true;
    }
    fprintf(stderr, "  not in %.*s\n", (int)text.size, (const char *)text.data);
    return false;
}

static Status call(const char *method, const char *target, const char *body, HttpAnswer *ret_answer)
{
    const HttpHeader headers[] = { { "Content-Type", SPAN("application/json") } };
    const HttpCall call_of = { method, span_of_text(target), headers, 1, span_of_text(body) };
    return http_client_call(http, &call_of, ret_answer);
}

static void test_a_body_of_another_type(void)
{
    static const char *const types[] = { "text/plain", "application/jsonx", "application/jso", "" };
    HOUSE(0);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        HttpAnswer answer = { 0 };
        const HttpHeader headers[] = { { "Content-Type", span_of_text(types[i]) } };
        const HttpCall call_of = { "POST", SPAN("/payer/v1/codes"), headers, 1, SPAN("{}") };
        EXPECT_OK(http_client_call(http, &call_of, &answer));
        EXPECT(answer.status == 415 && contains(answer.body, "\"PARAM_ERROR\""));
    }
}

/* A merchant's call, rightly signed (with this nonce). */
static Status call_signed(const char *method, const char *target, const char *body, Span nonce,
        HttpAnswer *ret_answer)
{
    static uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
    static uint8_t header_bytes[CLIENT_AUTHORIZATION_BYTES_MAX];
    Buffer scratch = BUFFER_OF(scratch_bytes);
    Buffer header = BUFFER_OF(header_bytes);
    const MessageSigner signer = { &profile_v3_rsa, house.merchant_key, SPAN("1900000001"),
        SPAN("TESTSERIAL") };
    TRY(client_sign(&signer, span_of_text(method), span_of_text(target), span_of_text(body),
            clock_now_us(&house.house.clock) / TIME_SECOND_US, nonce, &scratch, &header));
    const HttpHeader headers[] = { { "Authorization", span_of_buffer(&header) },
        { "Content-Type", SPAN("application/json") }, { "Accept-Language", SPAN("en") } };
    const HttpCall call_of = { method, span_of_text(target), headers, 3, span_of_text(body) };
    return http_client_call(http, &call_of, ret_answer);
}

static bool is_unsigned(const HttpAnswer *answer)
{
    return http_answer_header(answer, "Wechatpay-Signature").data == NULL
            && http_answer_header(answer, "Request-ID").data != NULL;
}

static void test_health_and_unknown_paths(void)
{
    HOUSE(0);
    HttpAnswer answer = { 0 };
    EXPECT_OK(call("GET", "/healthz", "", &answer));
    EXPECT(answer.status == 503 && span_equal(answer.body, SPAN("{\"status\":\"unready\"}")));
    EXPECT(is_unsigned(&answer));
    static const char *const unknown[] = { "/", "/v3", "/v3/pay/transactions/nativ",
        "/payer/v1/orders/a/b", "/payer/v1/orders/..%2f..%2fetc", "/admin", "/healthz/" };
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        EXPECT_OK(call("GET", unknown[i], "", &answer));
        EXPECT(answer.status == 404);
    }
    EXPECT_OK(call("POST", "/healthz", "{}", &answer));
    EXPECT(answer.status == 405 && contains(answer.body, "\"METHOD_NOT_ALLOWED\""));
    EXPECT(span_equal(http_answer_header(&answer, "Allow"), SPAN("GET")));
    EXPECT_OK(call("GET", "/v3/pay/transactions/app", "", &answer));
    EXPECT(answer.status == 405 && is_unsigned(&answer));
    EXPECT(span_equal(http_answer_header(&answer, "Allow"), SPAN("POST")));
    EXPECT_OK(call("DELETE", "/healthz", "", &answer));
    EXPECT(answer.status == 405);
}

/* A stranger learns the same whether the budget of signatures is spent or vaultd is away. */
static void test_strangers(void)
{
    for (int64_t signed_refusals = 0; signed_refusals <= 10; signed_refusals += 10) {
        HOUSE(signed_refusals);
        HttpAnswer answer = { 0 };
        EXPECT_OK(call("POST", "/v3/pay/transactions/native", "{}", &answer));
        EXPECT(is_unsigned(&answer));
        EXPECT(answer.status == (signed_refusals == 0 ? 401 : 503));
        if (signed_refusals == 0) EXPECT(contains(answer.body, "\"code\":\"SIGN_ERROR\""));
        EXPECT_OK(call("GET", "/v3/certificates", "", &answer));
        EXPECT(answer.status == (signed_refusals == 0 ? 401 : 503));
    }
}

static AnswerReport reported;
static char reported_id[ANSWER_REQUEST_ID_BYTES + 1];
static unsigned reports;

static void keep_report(const AnswerReport *report)
{
    reported = *report;
    snprintf(reported_id, sizeof(reported_id), "%s", report->request_id);
    reports++;
}

/* Of the same request the same Request-ID, whatever becomes of it, and the log has it, too. */
static void test_a_fault_is_told_by_its_request_id(void)
{
    HOUSE(0);
    HttpAnswer answer = { 0 };
    uint8_t digest[NONCE_DIGEST_BYTES];
    uint8_t bytes[2 * NONCE_DIGEST_BYTES];
    Buffer id = BUFFER_OF(bytes);
    reports = 0;
    budget_open(&house.house.faults, 1, 1);
    house.house.report_answer = keep_report;
    nonce_digest(SPAN("1900000001"), SPAN("NONCE-9"), digest);
    EXPECT_OK(hex_encode_upper(SPAN_OF(digest), &id));
    EXPECT_OK(call_signed("GET", "/v3/certificates", "", SPAN("NONCE-9"), &answer));
    EXPECT(answer.status == 503);
    EXPECT(span_equal(http_answer_header(&answer, "Request-ID"), span_of_buffer(&id)));
    EXPECT(reports == 1 && reported.http == 503 && !status_ok(reported.why));
    EXPECT(span_equal(span_of_text(reported_id), span_of_buffer(&id)));
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(call_signed("GET", "/v3/certificates", "",
                i == 0           ? SPAN("N-a")
                        : i == 1 ? SPAN("N-b")
                                 : SPAN("N-c"),
                &answer));
        EXPECT(answer.status == 503);
    }
    EXPECT(reports == 1); /* no flood of lines */
}

/* A right signature, and then the answer cannot be signed: 503, and nothing that vaultd did not
 * sign is passed off as the platform's word. The nonce is used up. */
static void test_signed_requests_without_vaultd(void)
{
    HOUSE(0);
    HttpAnswer answer = { 0 };
    const char *target = "/v3/pay/transactions/out-trade-no/NO-000001?mchid=1900000001";
    EXPECT_OK(call_signed("GET", target, "", SPAN("NONCE-1"), &answer));
    EXPECT(answer.status == 503 && is_unsigned(&answer));
    EXPECT(contains(answer.body, "\"code\":\"SERVICE_UNAVAILABLE\""));
    EXPECT_OK(call_signed("GET", target, "", SPAN("NONCE-1"), &answer));
    EXPECT(answer.status == 401 && contains(answer.body, "SIGN_ERROR"));
    EXPECT_OK(
            call_signed("POST", "/v3/pay/transactions/native", "{\"x\":1}", SPAN("N-2"), &answer));
    EXPECT(answer.status == 503 && is_unsigned(&answer));
    EXPECT(practice_number(house.store, "SELECT count(*) FROM payment") == 0);
}

static void test_what_a_payer_may_ask(void)
{
    HOUSE(0);
    HttpAnswer answer = { 0 };
    EXPECT_OK(call("GET", "/payer/v1/challenge", "", &answer));
    EXPECT(answer.status == 200 && contains(answer.body, "\"nonce\":\""));
    EXPECT_OK(call("GET", "/payer/v1/box-key", "", &answer));
    EXPECT(answer.status == 503);
    EXPECT_OK(call(
            "GET", "/payer/v1/orders/hf0123456789abcdefghijklmnopqrstuvwxyz0123", "", &answer));
    EXPECT(answer.status == 404 && contains(answer.body, "ORDER_NOT_EXIST"));
    EXPECT_OK(call("GET", "/payer/v1/orders/hf0123456789abcdefghijklmnopqrstuvwx", "", &answer));
    EXPECT(answer.status == 404 && contains(answer.body, "ORDER_NOT_EXIST"));
    EXPECT_OK(call("GET", "/payer/v1/orders/%2e%2e", "", &answer));
    EXPECT(answer.status == 404);
}

static void test_bad_bodies_name_their_field(void)
{
    static const struct {
        const char *body;
        const char *part;
    } cases[] = { { "", "\"PARAM_ERROR\"" }, { "{", "\"PARAM_ERROR\"" },
        { "{\"payer_id\":\"p\"}", "\"field\":\"/box\"" },
        { "{\"payer_id\":7,\"box\":\"AA==\"}", "\"field\":\"/payer_id\"" },
        { "{\"payer_id\":\"p\",\"box\":\"AA==\",\"amount\":1}", "\"field\":\"/amount\"" },
        { "{\"payer_id\":\"p\",\"box\":\"not base64!\"}", "\"PARAM_ERROR\"" },
        { "{\"payer_id\":\"p\",\"box\":\"AA==\"}", "\"PARAM_ERROR\"" } };
    HOUSE(0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        HttpAnswer answer = { 0 };
        EXPECT_OK(call("POST", "/payer/v1/orders/hf0123456789abcdefghijklmnopqrstuvwx/pay",
                cases[i].body, &answer));
        EXPECT(answer.status == 400 && contains(answer.body, cases[i].part));
    }
}

/* Whoever signs rightly is still not let in without end; and he costs no signature. */
static void test_a_merchant_who_floods(void)
{
    HOUSE(0);
    HttpAnswer answer = { 0 };
    int calls = 0;
    do {
        char nonce[16];
        snprintf(nonce, sizeof(nonce), "flood-%d", calls);
        EXPECT_OK(call_signed("GET", "/v3/pay/transactions/out-trade-no/N?mchid=1900000001", "",
                span_of_text(nonce), &answer));
    } while (answer.status != 429 && ++calls < 4 * HOUSE_TEST_BURST);
    EXPECT(answer.status == 429 && calls >= HOUSE_TEST_BURST);
    EXPECT(contains(answer.body, "\"RATELIMIT_EXCEEDED\"") && is_unsigned(&answer));
}

enum { CALLERS = 6, CALLS = 60 };

static void *call_often(void *context)
{
    HttpClient *own = NULL;
    size_t *right = context;
    const HttpClientConfig config = { .address = "127.0.0.1",
        .port = http_server_port(house.server) };
    if (!status_ok(http_client_open(&config, &own))) return NULL;
    for (int i = 0; i < CALLS; i++) {
        HttpAnswer answer = { 0 };
        const Span target = i % 3 == 0 ? SPAN("/healthz")
                : i % 3 == 1 ? SPAN("/payer/v1/orders/hf0123456789abcdefghijklmnopqrstuvwx")
                             : SPAN("/v3/certificates");
        const HttpCall call_of = { .method = "GET", .target = target };
        const int wanted = i % 3 == 0 ? 503 : i % 3 == 1 ? 404 : 401;
        if (status_ok(http_client_call(own, &call_of, &answer)) && answer.status == wanted)
            (*right)++;
    }
    http_client_close(&own);
    return NULL;
}

/* Loops, batch and signers together: each request has its own answer, and no passage is left. */
static void test_many_at_once(void)
{
    HOUSE(0);
    pthread_t threads[CALLERS];
    size_t right[CALLERS] = { 0 };
    for (size_t i = 0; i < CALLERS; i++)
        EXPECT(pthread_create(&threads[i], NULL, call_often, &right[i]) == 0);
    for (size_t i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < CALLERS; i++)
        EXPECT(right[i] == CALLS);
    EXPECT_OK(http_server_stop(house.server, 10000));
    workers_stop(house.house.openers);
    house.house.openers = NULL;
    signer_stop(house.house.signer); /* the last answer is out before its passage is closed */
    house.house.signer = NULL;
    EXPECT(atomic_load(&house.house.passages_open) == 0);
}

TESTS(TEST(test_health_and_unknown_paths), TEST(test_strangers),
        TEST(test_a_fault_is_told_by_its_request_id), TEST(test_signed_requests_without_vaultd),
        TEST(test_what_a_payer_may_ask), TEST(test_a_body_of_another_type),
        TEST(test_bad_bodies_name_their_field), TEST(test_a_merchant_who_floods),
        TEST(test_many_at_once))
