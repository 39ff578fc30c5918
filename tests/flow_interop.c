/*
 * Goal: merchants keep the client that they use already: it orders, asks, closes and is charged
 * here unchanged, verifies what we sign with its own code, and sees a challenge, a delay and a
 * review as USERPAYING, then SUCCESS or PAYERROR (LL-4.3.9). Method: clients that we did not write,
 * from the npm registry as tests/interop/package-lock.json names them, against a real house; the
 * payer's side is our own. Skipped where tests/interop/install was not run.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "command.h"
#include "operator.h"
#include "receiver.h"
#include "stand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, NUMBER_BYTES = 33, TEXT_BYTES = 512 };

static const char driver[] = HUFU_INTEROP "/merchant.mjs";

/* Over 1000.00 yuan the PIN is asked for; with it, more than 3000.00 waits for a person, and more
 * than 2000.00 a second. */
static const char strategy[] =
        "version: 1\nname: interop\n"
        "amount:\n  challenge_over: 100000\n  delay_over: 200000\n  review_over: 300000\n"
        "  refuse_over: 5000000\n"
        "velocity:\n  challenge_count_over: 1000\n  challenge_sum_over: 100000000\n"
        "  refuse_count_over: 2000\n  refuse_sum_over: 1000000000\n"
        "wait:\n  challenge_s: 6\n  delay_s: 1\n  review_s: 2\n";

static Stand stand;
static MerchantApp rsa;
static MerchantApp sm2;
static PayerApp payer;
static HttpClient *http;
static Receiver *receiver;

typedef struct Client {
    const char *name;
    const char *prefix; /* of its order numbers */
    const MerchantApp *app;
} Client;

static const Client clients[] = {
    { "wechatpay-axios-plugin", "AXIOS", &rsa },
    { "wechatpay-node-v3", "NODEV3", &rsa },
    { "sm-crypto", "SMC", &sm2 },
    { "sm-crypto-v2", "SMC2", &sm2 },
    { "sorted-rsa2", "SRSA2", &rsa },
    { "lianlian-rsa", "LRSA2", &rsa },
    { "lianlian-md5", "LMD5", &rsa },
    { "sorted-sm2", "SSM2", &sm2 },
    { "lianlian-sm2", "LSM2", &sm2 },
};
enum {
    CLIENT_COUNT = sizeof(clients) / sizeof(clients[0]),
    SDK_COUNT = 2,
    FIRST_GIVEN = 4,
    LEGACY = 6
};

/* The exit status; -1: a signal ended it. */
static int run(const char *const *words)
{
    int state = 0;
    fflush(NULL);
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) { }
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static void tell(const char *name, const char *value) { ASSERT(setenv(name, value, 1) == 0); }

static void tell_who(const MerchantApp *app)
{
    char name[MESSAGE_MCHID_BYTES_MAX + 32];
    tell("HUFU_MCHID", app->mchid);
    tell("HUFU_SERIAL", app->serial);
    snprintf(name, sizeof(name), "demo/%s.key.pem", app->mchid);
    tell("HUFU_KEY", stand_path(&stand, name));
    snprintf(name, sizeof(name), "demo/%s.apiv3", app->mchid);
    tell("HUFU_APIV3", stand_path(&stand, name));
}

/* One step of tests/interop/merchant.mjs; unused words are NULL. */
static bool step(const Client *client, const char *name, const char *number, const char *a,
        const char *b, const char *c)
{
    tell_who(client->app);
    const char *const words[] = { "node", driver, client->name, name, number, a, b, c, NULL };
    return run(words) == 0;
}

/* What the step left for the next one. */
static const char *said(void)
{
    static char text[TEXT_BYTES];
    Buffer bytes = { (uint8_t *)text, 0, sizeof(text) - 1 };
    ASSERT(status_ok(file_read(stand_path(&stand, "said"), &bytes)));
    text[bytes.size] = 0;
    return text;
}

static const char *number_of(const Client *client, const char *what)
{
    static char number[NUMBER_BYTES];
    snprintf(number, sizeof(number), "%s-%s", client->prefix, what);
    return number;
}

static const char *fresh_code(void)
{
    PayerAnswer answer = { 0 };
    const char *code = NULL;
    return status_ok(payer_app_code(&payer, http, &stand.box_key, &answer, &code)) ? code : "0";
}

static bool pay(Span code_url)
{
    PayerAnswer paid = { 0 };
    return status_ok(payer_app_pay(&payer, http, &stand.box_key, code_url, &paid))
            && paid.status == 200;
}

/* The payer finds what waits for the PIN, and gives it. */
static bool confirm(const Client *client, const char *number)
{
    PayerAnswer answer = { 0 };
    uint8_t bytes[PAYER_APP_CODE_URL_BYTES_MAX];
    Buffer url = BUFFER_OF(bytes);
    return status_ok(payer_app_waiting(&payer, http, &stand.box_key,
                   span_of_text(client->app->mchid), span_of_text(number), &answer, &url))
            && pay(span_of_buffer(&url));
}

static char settings[512];

static void test_house_opens(void)
{
    char url[64];
    StandOptions options = { .strategy = strategy, .notify = settings };
    if (access(HUFU_INTEROP "/node_modules/.hufu-lock", R_OK) != 0) {
        printf("SKIPPED: tests/interop/install was not run\n");
        exit(SKIPPED);
    }
    EXPECT_OK(receiver_open(&receiver));
    snprintf(settings, sizeof(settings), "notifiers: 4\nnotify_ca: %s", receiver_ca(receiver));
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &rsa));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &sm2));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 100000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
    snprintf(url, sizeof(url), "https://localhost:%u", stand.port);
    tell("HUFU_URL", url);
    tell("HUFU_FOLDER", stand.folder);
    snprintf(url, sizeof(url), "https://localhost:%u/ok", receiver_port(receiver));
    tell("HUFU_NOTIFY", url);
    tell("NODE_EXTRA_CA_CERTS", stand_path(&stand, "run/hufud/ca.pem"));
}

static int give(const char *mchid, const char *names)
{
    return OPERATOR(&stand, "merchant", "profile", "--mchid", mchid, "--give", names);
}

/* What this merchant is given when the clients up to `last` are to work. */
static const char *names_to(size_t last)
{
    static char names[256];
    Buffer text = { (uint8_t *)names, 0, sizeof(names) };
    for (size_t i = FIRST_GIVEN; i <= last; i++)
        if (clients[i].app == clients[last].app)
            ASSERT(status_ok(
                    buffer_print(&text, "%s%s", text.size == 0 ? "" : ",", clients[i].name)));
    names[text.size] = 0;
    return names;
}

/* A broken digest (docs/signing-profiles.md): not given, and not taken, unless hufud.yaml names
 * it. */
static void test_a_broken_digest_is_off(void)
{
    const Client *md5 = &clients[LEGACY];
    char url[64];
    tell("HUFU_APPROVE", "bob");
    EXPECT(operator_ended(give(md5->app->mchid, md5->name), 1));
    EXPECT(operator_says("PROFILE_LEGACY_OFF"));
    EXPECT(step(md5, "not-given", "NONE", NULL, NULL, NULL));
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    snprintf(settings + strlen(settings), sizeof(settings) - strlen(settings),
            "\nlegacy_profiles: [lianlian-md5]");
    EXPECT_OK(stand_configure(&stand));
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
    snprintf(url, sizeof(url), "https://localhost:%u", stand.port);
    tell("HUFU_URL", url);
}

/* docs/signing-profiles.md: default deny; two people give it, and take it back. */
static void test_a_way_of_signing_is_given_by_two(void)
{
    for (size_t i = FIRST_GIVEN; i < CLIENT_COUNT; i++) {
        const Client *client = &clients[i];
        const char *mchid = client->app->mchid;
        ASSERT(unsetenv("HUFU_APPROVE") == 0);
        EXPECT(step(client, "not-given", "NONE", NULL, NULL, NULL));
        EXPECT(operator_ended(give(mchid, names_to(i)), 1));
        EXPECT(operator_says("REQUEST_WAITS"));
        EXPECT(step(client, "not-given", "NONE", NULL, NULL, NULL));
        tell("HUFU_APPROVE", "bob");
        EXPECT(operator_ended(give(mchid, "v3-md5"), 1));
        EXPECT(operator_says("PROFILE_UNKNOWN"));
        EXPECT(operator_ended(give(mchid, names_to(i)), 0));
    }
}

static void test_each_orders_sees_it_paid_and_gives_back(void)
{
    http_client_close(&http); /* it was idle for long */
    EXPECT_OK(stand_connect(&stand, &http));
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        const char *number = number_of(&clients[i], "ORDER");
        EXPECT(step(&clients[i], "order", number, "1250", NULL, NULL));
        EXPECT(pay(span_of_text(said())));
        EXPECT(step(&clients[i], "paid", number, "1250", NULL, NULL));
        EXPECT(step(&clients[i], "refund", number, "1250", NULL, NULL));
    }
}

static void keep(const char *name, const char *text, size_t size)
{
    const Span bytes = { (const uint8_t *)text, size };
    EXPECT_OK(file_write(stand_path(&stand, name), 0600, bytes));
}

/* What came for this order, as a merchant's server sees it: headers by name, the body's bytes. */
static bool keep_notification(const char *number)
{
    static Received r;
    char path[RECEIVED_PATH_MAX];
    char headers[4 * RECEIVED_HEADER_MAX];
    snprintf(path, sizeof(path), "/ok/%s", number);
    if (!receiver_await(receiver, path, 1) || !receiver_get(receiver, path, 0, &r)) return false;
    const int size = snprintf(headers, sizeof(headers),
            "wechatpay-timestamp: %s\nwechatpay-nonce: %s\nwechatpay-serial: %s\n"
            "wechatpay-signature: %s\n",
            r.timestamp, r.nonce, r.serial, r.signature);
    keep("told.headers", headers, (size_t)size);
    keep("told.body", r.body, r.body_size);
    return true;
}

/* Verified and opened by the clients' own code. */
static void test_each_is_told_what_was_paid(void)
{
    for (size_t i = 0; i < FIRST_GIVEN; i++) {
        const char *number = number_of(&clients[i], "TOLD");
        EXPECT(step(&clients[i], "order", number, "1250", NULL, NULL));
        EXPECT(pay(span_of_text(said())) && keep_notification(number));
        EXPECT(step(&clients[i], "told", number, NULL, NULL, NULL));
    }
}

/* For the payer's app, and for the one payer whom an answer named (jsapi). */
static void test_the_sdks_make_orders_of_each_kind(void)
{
    char openid[TEXT_BYTES];
    for (size_t i = 0; i < SDK_COUNT; i++) {
        const Client *client = &clients[i];
        EXPECT(step(client, "code", number_of(client, "NAMES"), "100", fresh_code(), "SUCCESS"));
        EXPECT(step(client, "paid", number_of(client, "NAMES"), "100", NULL, NULL));
        snprintf(openid, sizeof(openid), "%s", said());
        EXPECT(step(client, "kinds", number_of(client, "KIND"), "700", openid, NULL));
        EXPECT(pay(span_of_text(said())));
        EXPECT(step(client, "paid", number_of(client, "KIND"), "700", NULL, NULL));
    }
}

static void test_each_closes(void)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++)
        EXPECT(step(&clients[i], "close", number_of(&clients[i], "CLOSE"), NULL, NULL, NULL));
}

static void test_each_is_told_that_its_key_is_wrong(void)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++)
        EXPECT(step(&clients[i], "stranger", number_of(&clients[i], "THIEF"), NULL, NULL, NULL));
}

/* What a signature covers, and that it counts once (LL-4.3.9). */
static void test_a_body_is_signed_whole_and_counts_once(void)
{
    static const char *const types[][2] = { { "lianlian-rsa", "RSA2" }, { "lianlian-md5", "RSA" },
        { "lianlian-sm2", "SM2" } };
    for (size_t i = FIRST_GIVEN; i < CLIENT_COUNT; i++)
        for (size_t k = 0; k < 3; k++)
            if (strcmp(clients[i].name, types[k][0]) == 0)
                EXPECT(step(&clients[i], "bent", number_of(&clients[i], "BENT"), types[k][1], NULL,
                        NULL));
}

/* What operators' machines scrape; -1: it is not there. */
static int64_t legacy_signatures(void)
{
    static const char name[] = "\nhufu_legacy_signatures_total ";
    static char text[128 * 1024];
    const HttpClientConfig config = { .address = "127.0.0.1", .port = stand.metrics_port };
    const HttpCall call = { "GET", SPAN("/metrics"), NULL, 0, { NULL, 0 } };
    HttpAnswer answer = { 0 };
    HttpClient *watcher = NULL;
    if (!status_ok(http_client_open(&config, &watcher))) return -1;
    const Status s = http_client_call(watcher, &call, &answer);
    const bool fits = status_ok(s) && answer.body.size < sizeof(text);
    if (fits) memcpy(text, answer.body.data, answer.body.size);
    text[fits ? answer.body.size : 0] = 0;
    http_client_close(&watcher);
    const char *at = strstr(text, name);
    return at == NULL ? -1 : strtoll(at + sizeof(name) - 1, NULL, 10);
}

/* Each use of a broken digest is told to the log, counted for operators, and shown. */
static void test_a_broken_digest_is_reported(void)
{
    EXPECT(operator_ended(
            OPERATOR(&stand, "merchant", "profile", "list", "--mchid", rsa.mchid), 0));
    EXPECT(operator_says("legacy_profiles") && operator_says("lianlian-md5"));
    EXPECT(stand_leaves_with(&stand, "lianlian-md5") > 10);
    EXPECT(legacy_signatures() > 10);
}

/* That the answers above were verified is worth something only when a wrong one is refused. */
static void test_a_client_refuses_what_another_key_signed(void)
{
    EXPECT(step(&clients[0], "forged", number_of(&clients[0], "FORGED"), NULL, NULL, NULL));
}

static void test_each_charges_a_code(void)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        const char *number = number_of(&clients[i], "CODE");
        EXPECT(step(&clients[i], "code", number, "999", fresh_code(), "SUCCESS"));
        EXPECT(step(&clients[i], "paid", number, "999", NULL, NULL));
    }
}

static void test_a_challenge_is_userpaying_then_success(void)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        const char *number = number_of(&clients[i], "PIN");
        EXPECT(step(&clients[i], "code", number, "150000", fresh_code(), "USERPAYING"));
        EXPECT(confirm(&clients[i], number));
        EXPECT(step(&clients[i], "becomes", number, "SUCCESS", NULL, NULL));
    }
}

static void test_a_challenge_is_userpaying_then_payerror(void)
{
    const char *number = number_of(&clients[0], "NOPIN");
    EXPECT(step(&clients[0], "code", number, "150000", fresh_code(), "USERPAYING"));
    EXPECT(step(&clients[0], "becomes", number, "PAYERROR", NULL, NULL));
}

/* The PIN comes before the delay: the client sees one USERPAYING that lasts. */
static void test_a_delay_is_userpaying_then_success(void)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        const char *number = number_of(&clients[i], "DELAY");
        EXPECT(step(&clients[i], "code", number, "250000", fresh_code(), "USERPAYING"));
        EXPECT(confirm(&clients[i], number));
        EXPECT(step(&clients[i], "becomes", number, "SUCCESS", NULL, NULL));
    }
}

static void test_a_review_is_userpaying_then_payerror(void)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        const char *number = number_of(&clients[i], "REVIEW");
        EXPECT(step(&clients[i], "code", number, "350000", fresh_code(), "USERPAYING"));
        EXPECT(step(&clients[i], "becomes", number, "PAYERROR", NULL, NULL));
    }
}

static void test_what_was_given_is_taken_back(void)
{
    EXPECT(operator_ended(give(sm2.mchid, ""), 0));
    EXPECT(step(&clients[CLIENT_COUNT - 1], "not-given", "NONE", NULL, NULL, NULL));
}

static void test_the_page_shows_what_runs(void)
{
    EXPECT(run((const char *const[]) { "node", HUFU_INTEROP "/page.mjs", NULL }) == 0);
}

static void test_books_and_log_are_right(void)
{
    EXPECT(stand_number(&stand, "SELECT sum(balance + frozen) FROM account") == 0);
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
    receiver_close(receiver);
}

TESTS(TEST(test_house_opens), TEST(test_a_broken_digest_is_off),
        TEST(test_a_way_of_signing_is_given_by_two),
        TEST(test_each_orders_sees_it_paid_and_gives_back), TEST(test_each_is_told_what_was_paid),
        TEST(test_the_sdks_make_orders_of_each_kind), TEST(test_each_closes),
        TEST(test_each_is_told_that_its_key_is_wrong),
        TEST(test_a_body_is_signed_whole_and_counts_once), TEST(test_a_broken_digest_is_reported),
        TEST(test_a_client_refuses_what_another_key_signed), TEST(test_each_charges_a_code),
        TEST(test_a_challenge_is_userpaying_then_success),
        TEST(test_a_challenge_is_userpaying_then_payerror),
        TEST(test_a_delay_is_userpaying_then_success),
        TEST(test_a_review_is_userpaying_then_payerror), TEST(test_what_was_given_is_taken_back),
        TEST(test_the_page_shows_what_runs), TEST(test_books_and_log_are_right),
        TEST(test_house_closes))
