/*
 * Goal: behind a proxy everybody is himself: payers are throttled apart, and the log and a session
 * say where somebody really came from; who is no proxy of ours, and who writes the header himself,
 * is believed nothing (TP-15, LL-4.5.3). Method: the real programs behind a real proxy in this
 * process, with clients at addresses of their own; liars before and beside it.
 */
#include "base/expect.h"
#include "browser.h"
#include "house_people.h"
#include "payer_phone.h"

#include <signal.h>
#include <stdio.h>

#define GOOD "copper lantern 48 orchard"

enum { TRIES_MAX = 60 };

static Stand stand;
static HttpServer *proxy;
static HttpClient *behind; /* the proxy's own connection to hufud */
static ConsoleUser dora = { .name = "dora", .password = GOOD };
static PayerAnswer said;

/* As proxies do: whom it saw stands at the end of the list. */
static void forward(void *context, HttpRequest *request)
{
    char list[256];
    HttpAnswer answer = { 0 };
    const Span before = http_request_header(request, "X-Forwarded-For");
    snprintf(list, sizeof(list), "%.*s%s%s", (int)before.size,
            before.size == 0 ? "" : (const char *)before.data, before.size == 0 ? "" : ", ",
            http_request_peer(request));
    HttpHeader headers[3] = { { "X-Forwarded-For", span_of_text(list) } };
    size_t count = 1;
    static const char *const passed[] = { "Content-Type", "Authorization" };
    for (size_t i = 0; i < 2; i++) {
        const Span value = http_request_header(request, passed[i]);
        if (value.data != NULL) headers[count++] = (HttpHeader) { passed[i], value };
    }
    const HttpCall call = { http_request_method_text(request), http_request_target(request),
        headers, count, http_request_body(request) };
    const Status s = http_client_call(behind, &call, &answer);
    const HttpHeader json[] = { { "Content-Type", SPAN("application/json") } };
    http_answer(request, status_ok(s) ? answer.status : 502, json, 1, answer.body);
}

static void test_house_opens(void)
{
    const HttpServerConfig config = { .loops = 1, .handler = forward };
    EXPECT_OK(stand_open(&(StandOptions) { .trusted_proxies = "[127.0.0.1]" }, &stand));
    EXPECT_OK(stand_connect(&stand, &behind));
    EXPECT_OK(http_server_start(&config, &proxy));
    EXPECT_OK(house_person(&stand, &dora, "payment-operator"));
}

/* --- payers --- */

static HttpClient *client_at(const char *address)
{
    HttpClient *http = NULL;
    const HttpClientConfig config = { .address = "127.0.0.1",
        .port = http_server_port(proxy),
        .from = address,
        .timeout_ms = 60000 };
    ASSERT(status_ok(http_client_open(&config, &http)));
    return http;
}

/* A password of somebody who is nobody here, tried from this client. */
static void try_login(HttpClient *http, PayerPhone *phone, int number)
{
    PayerApp app = { .phone = phone, .pin = "284617" };
    snprintf(app.id, sizeof(app.id), "victim-%d", number);
    said = (PayerAnswer) { 0 };
    PayerTalk talk = { &app, http, &stand.box_key, &said };
    EXPECT(!status_ok(payer_phone_login(&talk, GOOD, true)));
}

static bool is_slowed(void) { return said.status == 429 || strcmp(said.code, "LOGIN_SLOWED") == 0; }

static void test_payers_are_throttled_apart(void)
{
    CLEANUP(payer_phone_wipe) PayerPhone phone = { 0 };
    CLEANUP(http_client_close) HttpClient *one = client_at("127.0.0.2");
    CLEANUP(http_client_close) HttpClient *other = client_at("127.0.0.3");
    int tries = 0;
    EXPECT_OK(payer_phone_make(KEY_P256, "sprayer", &phone));
    do
        try_login(one, &phone, tries++);
    while (!is_slowed() && tries < TRIES_MAX);
    EXPECT(is_slowed());
    try_login(other, &phone, TRIES_MAX);
    EXPECT(!is_slowed() && strcmp(said.code, "PAYER_LOGIN_REFUSED") == 0); /* somebody else */
    try_login(one, &phone, TRIES_MAX + 1);
    EXPECT(is_slowed());
}

/* --- the console --- */

static void test_a_session_knows_where_it_began(void)
{
    Browser browser;
    EXPECT_OK(browser_open(&stand, &browser));
    browser.forwarded = "203.0.113.6";
    EXPECT(browser_login(&browser, &dora) == 200);
    EXPECT(browser_get(&browser, "/console/v1/sessions") == 200);
    EXPECT(browser_says(&browser, "\"from\":\"console/203.0.113.6\""));
    EXPECT(browser_post(&browser, "/console/v1/stop", "{\"operation\":\"stop\"}") == 403);
    browser_close(&browser);
}

/* A log-in that fails, from this address with this header. */
static void fail_from(const char *address, const char *forwarded)
{
    Browser browser;
    ASSERT(status_ok(browser_open_from(&stand, address, &browser)));
    browser.forwarded = forwarded;
    EXPECT(browser_login_with(&browser, &dora, "not hers at all", "000000") == 401);
    browser_close(&browser);
}

static void test_liars_ask_too(void)
{
    fail_from("127.0.0.1", "203.0.113.1");
    fail_from("127.0.0.1", "198.51.100.2, 203.0.113.2");
    fail_from("127.0.0.1", "2001:db8::3");
    fail_from("127.0.0.4", "203.0.113.4"); /* no proxy of ours */
    fail_from("127.0.0.1", "203.0.113.5:443");
}

/* What was counted at the doors is written when hufud ends. */
static void test_the_log_believes_no_liar(void)
{
    static const char *const told[] = { "payer/127.0.0.2", "payer/127.0.0.3", "console/203.0.113.1",
        "console/203.0.113.2", "console/2001:db8::3", "console/127.0.0.4", "console/127.0.0.1",
        "console/203.0.113.6" };
    static const char *const lies[] = { "198.51.100.2", "203.0.113.4", "203.0.113.5" };
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        EXPECT(stand_leaves_with(&stand, told[i]) > 0);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
        EXPECT(stand_leaves_with(&stand, lies[i]) == 0);
}

static void test_the_house_closes(void)
{
    EXPECT_OK(http_server_stop(proxy, 5000));
    http_server_free(&proxy);
    http_client_close(&behind);
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_payers_are_throttled_apart),
        TEST(test_a_session_knows_where_it_began), TEST(test_liars_ask_too),
        TEST(test_the_log_believes_no_liar), TEST(test_the_house_closes))
