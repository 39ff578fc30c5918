/*
 * Goal: a merchant's keys follow one another without a gap, and a lost one ends at once (TP-7);
 * who is about to be without a key is told. Method: the real programs, a merchant who signs with
 * old and new keys before, during and after the overlap; keys that end soon and the alert rows they
 * raise; another merchant's serial; and no form of a symmetric key in the database of rows, the
 * logs, the answers.
 */
#define _GNU_SOURCE
#include "api/routes.h"
#include "base/encoding.h"
#include "base/expect.h"
#include "command.h"
#include "crypto/digest.h"
#include "crypto/key_transport.h"
#include "merchant_steps.h"
#include "operator.h"

#include <stdio.h>
#include <time.h>

enum { TRIES_MAX = 600, POLL_MS = 50, PATHS_MAX = 16 };

static Stand stand;
static MerchantApp merchant;
static MerchantApp next; /* the same merchant with its new key */
static MerchantApp other;
static HttpClient *http;

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    EXPECT_OK(stand_connect(&stand, &http));
}

/* A public key of a fresh pair in a file; the private one signs for `ret_app`. */
static const char *make_key(const char *name, MerchantApp *ret_app)
{
    static char paths[PATHS_MAX][STAND_PATH_BYTES_MAX];
    static int path_count;
    char *path = paths[path_count++ % PATHS_MAX];
    snprintf(path, STAND_PATH_BYTES_MAX, "%s", stand_path(&stand, name));
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    *ret_app = merchant;
    ret_app->key = NULL;
    ASSERT(status_ok(private_key_generate(KEY_RSA, &ret_app->key)));
    ASSERT(status_ok(public_key_to_pem(private_key_public(ret_app->key), &pem)));
    ASSERT(status_ok(file_write(path, 0644, span_of_buffer(&pem))));
    merchant_serial_of(private_key_public(ret_app->key), ret_app->serial);
    return path;
}

/* --- the owner and its APIv3 key --- */

static const JsonField revealed_fields[] = { { "encrypted_apiv3_key", JSON_TEXT, true, 1, 1024,
        0 } };

/* HTTP status of asking for one's own APIv3 key; 200 only when it opens to `wanted`. A second
 * request in the same second is refused as a replay (401), and asked again. */
static int ask_for_key(const MerchantApp *app, const char *wanted)
{
    uint8_t cipher_bytes[KEY_TRANSPORT_BYTES_MAX];
    uint8_t plain_bytes[KEY_TRANSPORT_BYTES_MAX];
    Buffer cipher = BUFFER_OF(cipher_bytes);
    Buffer plain = BUFFER_OF(plain_bytes);
    const struct timespec wait = { 0, POLL_MS * 1000000L };
    MerchantAnswer answer = { .status = 401 };
    for (int tries = 0; tries < 60 && answer.status == 401; tries++) {
        if (tries > 0) nanosleep(&wait, NULL);
        if (!status_ok(merchant_app_call(
                    app, http, "GET", SPAN("/v3/merchant-service/apiv3-key"), SPAN(""), &answer)))
            return 0;
    }
    if (answer.status != 200) return answer.status;
    JsonProblem problem = { 0 };
    Span text = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!status_ok(json_parse(answer.body, &document, &problem))) return 0;
    if (!status_ok(
                json_read_some(document, json_root(document), revealed_fields, 1, &text, &problem)))
        return 0;
    if (!status_ok(base64_decode(text, &cipher))) return 0;
    if (!status_ok(key_transport_open(app->key, span_of_buffer(&cipher), &plain))) return 0;
    return plain.size == 32 && bytes_equal_ct(plain.data, (const uint8_t *)wanted, 32) ? 200 : 0;
}

static void test_the_owner_obtains_its_key(void)
{
    char wanted[33] = "";
    memcpy(wanted, merchant.apiv3, 32);
    EXPECT(ask_for_key(&merchant, wanted) == 200);
    memcpy(wanted, other.apiv3, 32);
    EXPECT(ask_for_key(&other, wanted) == 200); /* SM2 */
    for (int i = 1; i < 5; i++)
        EXPECT(ask_for_key(&other, wanted) == 200);
    EXPECT(ask_for_key(&other, wanted) == 429);
    MerchantApp thief = other;
    thief.key = merchant.key; /* another merchant's serial */
    thief.profile = merchant.profile;
    EXPECT(ask_for_key(&thief, wanted) == 401);
}

static void test_overlap(void)
{
    const char *file = make_key("next.pem", &next);
    EXPECT(step_believed(&merchant, http) == 404);
    EXPECT(step_believed(&next, http) == 401);
    EXPECT(operator_ended(HUFU("merchant", "key", "rotate", "--mchid", merchant.mchid, "--before",
                                  merchant.serial, "--public-key", file, "--overlap-seconds", "3"),
            0));
    EXPECT(operator_says(next.serial));
    EXPECT(step_believed(&next, http) == 404);
    EXPECT(step_believed(&merchant, http) == 404); /* both */
    EXPECT(step_await_believed(&merchant, http, 401)); /* and then the new one alone */
    EXPECT(step_believed(&next, http) == 404);
    EXPECT(operator_ended(HUFU("merchant", "key", "list", "--mchid", merchant.mchid), 0));
    EXPECT(operator_says("expired"));
    EXPECT(operator_says("live"));
}

static void test_bad_rotations_are_refused(void)
{
    MerchantApp third;
    const char *file = make_key("third.pem", &third);
    /* the key before is over; is another merchant's; is unknown */
    EXPECT(operator_ended(HUFU("merchant", "key", "rotate", "--mchid", merchant.mchid, "--before",
                                  merchant.serial, "--public-key", file),
            1));
    EXPECT(operator_says("MERCHANT_KEY_EXPIRED"));
    EXPECT(operator_ended(HUFU("merchant", "key", "rotate", "--mchid", merchant.mchid, "--before",
                                  other.serial, "--public-key", file),
            1));
    EXPECT(operator_says("MERCHANT_KEY_UNKNOWN"));
    EXPECT(operator_ended(
            HUFU("merchant", "key", "add", "--mchid", "1900000009", "--public-key", file), 1));
    EXPECT(operator_says("MERCHANT_UNKNOWN"));
    EXPECT(operator_ended(HUFU("merchant", "key", "add", "--mchid", merchant.mchid, "--public-key",
                                  stand_path(&stand, "next.pem")),
            1));
    EXPECT(operator_says("MERCHANT_KEY_EXISTS"));
    EXPECT(step_believed(&third, http) == 401); /* nothing of it came in */
    private_key_free(&third.key);
}

static void test_a_revoked_key_is_refused_at_once(void)
{
    MerchantApp lost;
    const char *file = make_key("lost.pem", &lost);
    EXPECT(operator_ended(
            HUFU("merchant", "key", "add", "--mchid", merchant.mchid, "--public-key", file), 0));
    EXPECT(step_believed(&lost, http) == 404);
    EXPECT(operator_ended(
            HUFU("merchant", "key", "revoke", "--mchid", merchant.mchid, "--serial", lost.serial),
            0));
    EXPECT(step_believed(&lost, http) == 401);
    EXPECT(step_believed(&next, http) == 404);
    EXPECT(operator_ended(HUFU("merchant", "key", "list"), 0));
    EXPECT(operator_says("revoked"));
    EXPECT(operator_says(other.serial));
    private_key_free(&lost.key);
}

static int64_t alerts_of(const char *verdict)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM alert WHERE kind = 40 AND verdict = %s",
            verdict);
    return stand_number(&stand, sql);
}

static bool await_alerts(const char *verdict, int64_t wanted)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        const struct timespec wait = { 0, POLL_MS * 1000000L };
        if (alerts_of(verdict) >= wanted) return true;
        nanosleep(&wait, NULL);
    }
    return false;
}

/* 30, 7 and 1 days before: one alert each, and not again after a restart. */
static void test_keys_that_end_soon_are_told(void)
{
    static const struct {
        const char *name;
        const char *days;
        const char *verdict;
        int64_t alerts;
    } ends[] = { { "month.pem", "20", "1147", 1 }, { "week.pem", "5", "1148", 1 },
        { "day.pem", "1", "1149", 2 } }; /* and the one whose overlap was short */
    for (size_t i = 0; i < 3; i++) {
        MerchantApp app;
        EXPECT(operator_ended(
                HUFU("merchant", "key", "add", "--mchid", merchant.mchid, "--public-key",
                        make_key(ends[i].name, &app), "--days", ends[i].days),
                0));
        private_key_free(&app.key);
        EXPECT(await_alerts(ends[i].verdict, ends[i].alerts));
    }
    EXPECT(operator_ended(HUFU("status"), 0));
    EXPECT(operator_says("merchant_keys_ending 3"));
    EXPECT(operator_ended(HUFU("merchant", "key", "list", "--mchid", merchant.mchid), 0));
    EXPECT(operator_says("ends in 4 days"));
    stand_stop(&stand, STAND_HUFUD, 9, NULL);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    http_client_close(&http);
    EXPECT_OK(stand_connect(&stand, &http));
    MerchantApp app; /* one more, as a sign that the round came by */
    EXPECT(operator_ended(HUFU("merchant", "key", "add", "--mchid", other.mchid, "--public-key",
                                  make_key("more.pem", &app), "--days", "6"),
            0));
    private_key_free(&app.key);
    EXPECT(await_alerts("1148", 2));
    EXPECT(alerts_of("1147") == 1);
    EXPECT(alerts_of("1148") == 2);
    EXPECT(alerts_of("1149") == 2);
}

/* Another APIv3 key: downlinks are under it from here on. */
static void test_another_apiv3_key(void)
{
    uint8_t before[32];
    char owner_path[STAND_PATH_BYTES_MAX];
    snprintf(owner_path, sizeof(owner_path), "%s", stand_path(&stand, "next.pem"));
    static const char text[] = "canaryKEYcanaryKEYcanaryKEY12345";
    memcpy(before, next.apiv3, sizeof(before));
    EXPECT_OK(file_write(stand_path(&stand, "apiv3"), 0600, span_of_text(text)));
    EXPECT(operator_ended(HUFU("merchant", "key", "add", "--mchid", merchant.mchid, "--apiv3-key",
                                  stand_path(&stand, "apiv3")),
            0));
    EXPECT(!status_ok(merchant_app_learn(&next, http))); /* it has the old one still */
    memcpy(next.apiv3, text, sizeof(next.apiv3));
    EXPECT_OK(merchant_app_learn(&next, http));
    EXPECT(ask_for_key(&next, text) == 403); /* set for nobody to obtain */
    EXPECT(operator_ended(HUFU("merchant", "key", "add", "--mchid", merchant.mchid, "--apiv3-key",
                                  stand_path(&stand, "apiv3"), "--owner", owner_path),
            0));
    EXPECT(ask_for_key(&next, text) == 200);
    EXPECT(operator_ended(HUFU("merchant", "key", "add", "--mchid", "1900000009", "--apiv3-key",
                                  stand_path(&stand, "apiv3")),
            1));
    EXPECT(operator_says("MERCHANT_UNKNOWN"));
}

static bool holds(Span hay, Span needle)
{
    return memmem(hay.data, hay.size, needle.data, needle.size) != NULL;
}

/* Every route there is, asked by another merchant for this one's key, in each way that names it. */
static void test_no_route_gives_a_key_to_another(void)
{
    static const char text[] = "canaryKEYcanaryKEYcanaryKEY12345";
    static const char *const queries[] = { "", "?mchid=1900000001",
        "?mchid=1900000001&serial_no=1" };
    uint8_t key64_bytes[64];
    Buffer key64 = BUFFER_OF(key64_bytes);
    EXPECT_OK(base64_encode(span_of_text(text), &key64));
    for (size_t i = 0; i < routes_count() * 3; i++) {
        const Route *route = routes_at(i / 3);
        const char *star = strchr(route->pattern, '*');
        const int before =
                star == NULL ? (int)strlen(route->pattern) : (int)(star - route->pattern);
        char target[256];
        MerchantApp app = other;
        MerchantAnswer answer = { 0 };
        app.tries_max = 1;
        const bool is_post = route->method == HTTP_POST;
        snprintf(target, sizeof(target), "%.*s%s%s%s", before, route->pattern,
                star == NULL ? "" : "1900000001", star == NULL ? "" : star + 1, queries[i % 3]);
        const Status s =
                merchant_app_call(&app, http, is_post ? "POST" : "GET", span_of_text(target),
                        is_post ? SPAN("{\"mchid\":\"1900000001\"}") : SPAN(""), &answer);
        if (!status_ok(s)) continue; /* a payer's answer has no signature: nothing was taken */
        EXPECT(!holds(answer.body, span_of_text(text)));
        EXPECT(!holds(answer.body, span_of_buffer(&key64)));
        EXPECT(!holds(answer.body, SPAN("encrypted_apiv3_key"))); /* its own are used up, too */
    }
    for (int i = 0; i < 4; i++) { /* nor the operator */
        static const char *const commands[][3] = { { "merchant", "key", "list" },
            { "key", "list", NULL }, { "status", NULL, NULL }, { "reveal", "list", NULL } };
        operator_ended(HUFU(commands[i][0], commands[i][1], commands[i][2]), 0);
        EXPECT(!operator_says(text));
        EXPECT(!operator_says("apiv3"));
    }
}

/* TP-7: clear, plain hash, base64: in no file of the house but the merchant's own. */
static void test_no_form_of_a_key_rests_outside_the_domain(void)
{
    static const char text[] = "canaryKEYcanaryKEYcanaryKEY12345";
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t forms_memory[3][128];
    Buffer hex = BUFFER_OF(forms_memory[0]);
    Buffer key64 = BUFFER_OF(forms_memory[1]);
    Buffer hash64 = BUFFER_OF(forms_memory[2]);
    sha256(span_of_text(text), digest);
    EXPECT_OK(hex_encode(SPAN_OF(digest), &hex));
    EXPECT_OK(base64_encode(span_of_text(text), &key64));
    EXPECT_OK(base64_encode(SPAN_OF(digest), &hash64));
    remove(stand_path(&stand, "apiv3"));
    const Span forms[] = { span_of_text(text), SPAN_OF(digest), span_of_buffer(&hex),
        span_of_buffer(&key64), span_of_buffer(&hash64) };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        EXPECT(!stand_holds(&stand, forms[i]));
    EXPECT(stand_holds(&stand, SPAN("1900000001"))); /* it looks in the right places */
}

static void test_house_closes(void)
{
    http_client_close(&http);
    EXPECT(stand_audit(&stand) == 0);
    private_key_free(&next.key);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_the_owner_obtains_its_key), TEST(test_overlap),
        TEST(test_bad_rotations_are_refused), TEST(test_a_revoked_key_is_refused_at_once),
        TEST(test_keys_that_end_soon_are_told), TEST(test_another_apiv3_key),
        TEST(test_no_route_gives_a_key_to_another),
        TEST(test_no_form_of_a_key_rests_outside_the_domain), TEST(test_house_closes))
