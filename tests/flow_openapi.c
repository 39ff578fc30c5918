/*
 * Goal: the document that the server serves is true: every route stands in it, and what real
 * merchants send and get is what it says, and nothing besides. Method: the real programs; calls of
 * every kind, right and wrong, kept as they went over the wire; then tests/openapi_check.py, with
 * the document as it was fetched. Clocks are moved for the bills.
 */
#include "api/routes.h"
#include "base/expect.h"
#include "base/time.h"
#include "command.h"
#include "merchant_steps.h"
#include "moved_clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DAY_S = 86400, BODY_MAX = 2048, TEXT_MAX = 256 * 1024 };

static Stand stand;
static MerchantApp shop;
static PayerApp payer;
static HttpClient *http;
static FILE *exchanges;
static char text[TEXT_MAX]; /* of the last answer */
static int status;

static void test_house_opens(void)
{
    EXPECT_OK(moved_clock_begin());
    EXPECT_OK(stand_open(&(StandOptions) { .tls_life_s = 30 * DAY_S }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 10000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
    exchanges = fopen(stand_path(&stand, "exchanges"), "we");
    ASSERT(exchanges != NULL);
}

static void put_text(const char *name, Span value)
{
    fprintf(exchanges, "\"%s\":\"", name);
    for (size_t i = 0; i < value.size; i++) {
        const uint8_t c = value.data[i];
        if (c < ' ' || c == '"' || c == '\\')
            fprintf(exchanges, "\\u%04x", c);
        else
            fputc(c, exchanges);
    }
    fputc('"', exchanges);
}

static void keep(const char *method, const char *target, const char *sent, Span type, Span body)
{
    ASSERT(body.size < sizeof(text));
    if (body.size > 0) memcpy(text, body.data, body.size);
    text[body.size] = 0;
    fprintf(exchanges, "{\"status\":%d,", status);
    put_text("method", span_of_text(method));
    fputc(',', exchanges);
    put_text("target", span_of_text(target));
    fputc(',', exchanges);
    put_text("sent", span_of_text(sent));
    fputc(',', exchanges);
    put_text("type", type);
    fputc(',', exchanges);
    put_text("body", body);
    fputs("}\n", exchanges);
}

/* A merchant's, signed. */
static int call_as(const MerchantApp *app, const char *type, const char *method, const char *target,
        const char *body)
{
    MerchantAnswer answer = { 0 };
    status = 0;
    const Status s =
            merchant_app_call(app, http, method, span_of_text(target), span_of_text(body), &answer);
    if (!status_ok(s)) fprintf(stderr, "  %s %s: %s\n", method, target, status_name(s));
    if (!status_ok(s)) return 0;
    status = answer.status;
    keep(method, target, body, span_of_text(type), answer.body);
    return status;
}

static int call(const char *method, const char *target, const char *body)
{
    return call_as(&shop, "application/json", method, target, body);
}

/* Anybody's. */
static int plain(const char *method, const char *target, const char *body)
{
    const HttpHeader headers[] = { { "Content-Type", SPAN("application/json") } };
    const HttpCall call_of = { method, span_of_text(target), headers, 1, span_of_text(body) };
    HttpAnswer answer = { 0 };
    status = 0;
    if (!status_ok(http_client_call(http, &call_of, &answer))) return 0;
    status = answer.status;
    keep(method, target, body, http_answer_header(&answer, "Content-Type"), answer.body);
    return status;
}

/* A text member of the last answer. */
static const char *member(const char *name)
{
    static char value[512];
    char start[64];
    snprintf(start, sizeof(start), "\"%s\":\"", name);
    const char *at = strstr(text, start);
    if (at == NULL) return "";
    at += strlen(start);
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\""), at);
    return value;
}

#define ORDER(number, rest)                                                                    \
    "{\"appid\":\"wx1\",\"mchid\":\"1900000001\",\"description\":\"图书\",\"out_trade_no\":" \
    "\"" number "\",\"notify_url\":\"https://merchant.example/n\",\"amount\":{\"total\":1250," \
    "\"currency\":\"CNY\"}" rest "}"
#define TRANSACTIONS "/v3/pay/transactions/"
#define NUMBERED TRANSACTIONS "out-trade-no/"

static int codepay(const char *number, const char *code)
{
    char body[BODY_MAX];
    snprintf(body, sizeof(body),
            "{\"appid\":\"wx1\",\"mchid\":\"1900000001\",\"description\":\"A book\","
            "\"out_trade_no\":\"%s\",\"attach\":\"shelf\",\"amount\":{\"total\":1250,"
            "\"currency\":\"CNY\"},\"payer\":{\"auth_code\":\"%s\"},\"scene_info\":"
            "{\"store_info\":{\"id\":\"S1\"}}}",
            number, code);
    return call("POST", TRANSACTIONS "codepay", body);
}

static const char *fresh_code(void)
{
    PayerAnswer answer = { 0 };
    const char *code = "";
    const Status s = payer_app_code(&payer, http, &stand.box_key, &answer, &code);
    return status_ok(s) ? code : "0";
}

static void test_orders(void)
{
    char url[256];
    char target[512];
    EXPECT(call("POST", TRANSACTIONS "native", ORDER("NATIVE-1", ",\"attach\":\"a\"")) == 200);
    snprintf(url, sizeof(url), "%s", member("code_url"));
    EXPECT(call("POST", TRANSACTIONS "native", ORDER("NATIVE-1", "")) == 400);
    EXPECT(call("POST", TRANSACTIONS "native", "{}") == 400);
    EXPECT(call("GET", NUMBERED "NATIVE-1?mchid=1900000001", "") == 200);
    EXPECT(call("GET", NUMBERED "NOSUCH-1?mchid=1900000001", "") == 404);
    EXPECT(call("POST", TRANSACTIONS "app", ORDER("APP-0001", "")) == 200);
    EXPECT(call("POST", TRANSACTIONS "h5",
                   ORDER("H5-00001",
                           ",\"scene_info\":{\"payer_client_ip\":\"127.0.0.1\",\"h5_info\":{"
                           "\"type\":\"Wap\"}}"))
            == 403);
    EXPECT(call("POST", NUMBERED "APP-0001/close", "{\"mchid\":\"1900000001\"}") == 204);
    snprintf(target, sizeof(target), "/payer/v1/orders/%s", url + strlen("hufu://pay/"));
    EXPECT(plain("GET", target, "") == 200);
    EXPECT(plain("GET", "/payer/v1/orders/none", "") == 404);
    EXPECT(plain("POST", TRANSACTIONS "native", "{}") == 401);
}

static void test_payments_and_refunds(void)
{
    char body[BODY_MAX];
    char target[512];
    EXPECT(codepay("CODE-001", fresh_code()) == 200);
    snprintf(target, sizeof(target), TRANSACTIONS "id/%s?mchid=1900000001",
            member("transaction_id"));
    snprintf(body, sizeof(body), ORDER("JSAPI-01", ",\"payer\":{\"openid\":\"%s\"}"),
            member("openid"));
    EXPECT(call("GET", target, "") == 200);
    EXPECT(call("POST", TRANSACTIONS "jsapi", body) == 200);
    EXPECT(codepay("CODE-002", "100000000000000000") >= 400);
    EXPECT(call("POST", "/v3/refund/domestic/refunds",
                   "{\"out_trade_no\":\"CODE-001\",\"out_refund_no\":\"R-1\",\"reason\":\"退货\","
                   "\"amount\":{\"refund\":250,\"total\":1250,\"currency\":\"CNY\"}}")
            == 200);
    EXPECT(call("POST", "/v3/refund/domestic/refunds",
                   "{\"out_trade_no\":\"CODE-001\",\"out_refund_no\":\"R-2\",\"amount\":"
                   "{\"refund\":1250,\"total\":1250,\"currency\":\"CNY\"}}")
            == 400);
    EXPECT(call("GET", "/v3/refund/domestic/refunds/R-1", "") == 200);
    EXPECT(call("GET", "/v3/refund/domestic/refunds/R-9", "") == 404);
    EXPECT(call("GET", NUMBERED "CODE-001?mchid=1900000001", "") == 200);
    EXPECT(codepay("CODE-003", fresh_code()) == 200);
    EXPECT(call("POST", NUMBERED "CODE-003/reverse", "{\"appid\":\"wx1\",\"mchid\":\"1900000001\"}")
            == 200);
}

static void test_codes_keys_and_certificates(void)
{
    char target[512];
    EXPECT(call("POST", "/v3/pay/payee-codes",
                   "{\"appid\":\"wx1\",\"mchid\":\"1900000001\",\"description\":\"Till 1\","
                   "\"limit_minor\":50000}")
            == 200);
    snprintf(target, sizeof(target), "/payer/v1/payee-codes/%s",
            member("code_url") + strlen("hufu://payee/"));
    EXPECT(plain("GET", target, "") == 200);
    snprintf(target, sizeof(target), "/v3/pay/payee-codes/%s/revoke", strrchr(target, '/') + 1);
    EXPECT(call("POST", target, "{\"mchid\":\"1900000001\"}") == 200 || status == 204);
    EXPECT(call("GET", "/v3/merchant/fund/balance/BASIC", "") == 200);
    EXPECT(strstr(text, "\"available_amount\":1000,\"pending_amount\":0") != NULL);
    EXPECT(call("GET", "/v3/merchant/fund/balance/FEES", "") == 400);
    EXPECT(call("GET", "/v3/certificates", "") == 200);
    EXPECT(call("GET", "/v3/merchant-service/keys", "") == 200);
    EXPECT(call("GET", "/v3/merchant-service/apiv3-key", "") > 0);
    EXPECT(call("GET", "/v3/bill/tradebill?bill_date=2999-01-01", "") == 400);
}

static void test_the_payers_doors(void)
{
    static const char *const wrong[] = { "/payer/v1/codes", "/payer/v1/waiting",
        "/payer/v1/register", "/payer/v1/login", "/payer/v1/logout", "/payer/v1/password",
        "/payer/v1/password/reset", "/payer/v1/pin", "/payer/v1/pin/reset" };
    EXPECT(plain("GET", "/payer/v1/box-key", "") == 200);
    EXPECT(plain("GET", "/payer/v1/challenge", "") == 200);
    EXPECT(plain("GET", "/payer/v1/devices", "") >= 400);
    EXPECT(plain("GET", "/payer/v1/sessions", "") >= 400);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        EXPECT(plain("POST", wrong[i], "{}") >= 400);
    EXPECT(plain("GET", "/healthz", "") == 200);
}

/* The next day there are bills. */
static void test_bills(void)
{
    const Clock clock = clock_system();
    MerchantApp unbelieving = shop; /* a download is not signed: its hash was */
    char date[9];
    char target[512];
    time_business_day_text(time_business_day(clock_now_us(&clock)), date);
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    moved_clock_set_wall(DAY_S + 2 * 3600);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
    snprintf(target, sizeof(target), "/v3/bill/tradebill?bill_date=%.4s-%.2s-%.2s&bill_type=ALL",
            date, date + 4, date + 6);
    EXPECT(call("GET", target, "") == 200);
    snprintf(target, sizeof(target), "/v3/bill/fundflowbill?bill_date=%.4s-%.2s-%.2s", date,
            date + 4, date + 6);
    EXPECT(call("GET", target, "") == 200);
    const char *path = strstr(member("download_url"), "/v3/");
    ASSERT(path != NULL);
    snprintf(target, sizeof(target), "%s", path);
    unbelieving.platform = NULL;
    EXPECT(call_as(&unbelieving, "text/csv; charset=utf-8", "GET", target, "") == 200);
}

static void write_routes(void)
{
    FILE *file = fopen(stand_path(&stand, "routes"), "we");
    ASSERT(file != NULL);
    for (size_t i = 0; i < routes_count(); i++)
        fprintf(file, "%s %s\n", routes_at(i)->method == HTTP_POST ? "POST" : "GET",
                routes_at(i)->pattern);
    ASSERT(fclose(file) == 0);
}

static void test_all_of_it_is_as_the_document_says(void)
{
    char served[STAND_PATH_BYTES_MAX];
    char routes[STAND_PATH_BYTES_MAX];
    char kept[STAND_PATH_BYTES_MAX];
    int state = 0;
    EXPECT(plain("GET", "/openapi.yaml", "") == 200);
    ASSERT(fclose(exchanges) == 0);
    write_routes();
    snprintf(served, sizeof(served), "%s", stand_path(&stand, "served.yaml"));
    snprintf(routes, sizeof(routes), "%s", stand_path(&stand, "routes"));
    snprintf(kept, sizeof(kept), "%s", stand_path(&stand, "exchanges"));
    EXPECT_OK(file_write(served, 0600, span_of_text(text)));
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        execl("/usr/bin/python3", "/usr/bin/python3", HUFU_TESTS "/openapi_check.py", served,
                routes, kept, (char *)NULL);
        _exit(127);
    }
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) { }
    EXPECT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_orders), TEST(test_payments_and_refunds),
        TEST(test_codes_keys_and_certificates), TEST(test_the_payers_doors), TEST(test_bills),
        TEST(test_all_of_it_is_as_the_document_says), TEST(test_house_closes))
