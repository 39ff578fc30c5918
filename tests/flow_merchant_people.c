/*
 * Goal: what a merchant's people change about their keys, and what the house's people change for
 * them, waits for somebody else's own signature; a merchant's people agree among themselves, and to
 * nothing of anybody else (TP-7, TP-15, LL-4.5.2: 按需审批, 职责分离). Method: the real programs, two
 * administrators of one merchant and one of another as browsers with keys of their own; approvals
 * by the wrong people, for others, and handed in by others.
 */
#include "base/encoding.h"
#include "base/expect.h"
#include "browser.h"
#include "command.h"
#include "house_people.h"
#include "operator.h"
#include "people.h"
#include "text/json.h"

#include <stdlib.h>

#define GOOD "copper lantern 48 orchard"
#define MCHID "1900000001"
#define OTHER "1900000002"

enum { BODY_BYTES_MAX = 16384 };

static Stand stand;
static MerchantApp shop;
static MerchantApp other_shop;
static ConsoleUser li = { .name = "li", .tenant = MCHID, .password = GOOD };
static ConsoleUser wu = { .name = "wu", .tenant = MCHID, .password = GOOD };
static ConsoleUser mo = { .name = "mo", .tenant = OTHER, .password = GOOD };
static ConsoleUser dora = { .name = "dora", .password = GOOD };
static Browser li_at, wu_at, mo_at, dora_at;
static char request[32];
static char sha256_text[80];

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)

static void enter(ConsoleUser *user, const char *role, Browser *ret_browser)
{
    EXPECT_OK(house_person(&stand, user, role));
    EXPECT_OK(browser_open(&stand, ret_browser));
    EXPECT(browser_login(ret_browser, user) == 200);
}

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, MCHID, KEY_RSA, &shop));
    EXPECT_OK(stand_merchant(&stand, OTHER, KEY_RSA, &other_shop));
    enter(&li, "merchant-administrator", &li_at);
    enter(&wu, "merchant-administrator", &wu_at);
    enter(&mo, "merchant-administrator", &mo_at);
    enter(&dora, "payment-operator", &dora_at);
}

static int64_t keys_of_shop(void)
{
    return stand_number(&stand, "SELECT count(*) FROM merchant_key WHERE mchid = '" MCHID "'");
}

/* --- asking --- */

/* One member of an answer. */
static void keep(const Browser *browser, const char *key, char *ret, size_t size)
{
    const JsonField fields[] = { { key, JSON_TEXT, true, 1, 64, 0 } };
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    Span text = { 0 };
    ret[0] = '\0';
    EXPECT_OK(json_parse(span_of_text(browser->body), &document, &problem));
    if (document == NULL) return;
    EXPECT_OK(json_read_some(document, json_root(document), fields, 1, &text, &problem));
    snprintf(ret, size, "%.*s", (int)text.size, (const char *)text.data);
}

/* A new key for the shop; the HTTP status. */
static int ask_for_key(Browser *browser, const char *mchid)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t json_bytes[BODY_BYTES_MAX + 1];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer json = { json_bytes, 0, BODY_BYTES_MAX };
    ASSERT(status_ok(private_key_generate(KEY_SM2, &key)));
    ASSERT(status_ok(public_key_to_pem(private_key_public(key), &pem)));
    JsonWriter w = json_writer_for(&json, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("merchant.key.add"));
    json_key_text(&w, "mchid", span_of_text(mchid));
    json_key_text(&w, "public_key_pem", span_of_buffer(&pem));
    json_close(&w);
    ASSERT(status_ok(json_finish(&w)));
    json_bytes[json.size] = '\0';
    const int status =
            browser_post(browser, "/console/v1/merchant.key.add", (const char *)json_bytes);
    if (status != 200) return status;
    keep(browser, "request", request, sizeof(request));
    keep(browser, "sha256", sha256_text, sizeof(sha256_text));
    return status;
}

/* --- agreeing --- */

/* `signer`'s own approval of the request, handed in by `browser`'s owner. */
static int hand_in(Browser *browser, const char *tenant, const char *signer)
{
    char subject[128];
    char json[2 * BODY_BYTES_MAX];
    uint8_t wire_bytes[WIRE_APPROVAL_BYTES_MAX];
    uint8_t base64_bytes[2 * WIRE_APPROVAL_BYTES_MAX];
    Buffer wire = BUFFER_OF(wire_bytes);
    Buffer base64 = BUFFER_OF(base64_bytes);
    WireApproval approval;
    CLEANUP(person_free) Person person = { 0 };
    snprintf(subject, sizeof(subject), "%s/%s", request, sha256_text);
    ASSERT(status_ok(person_load(stand.folder, signer, &person)));
    ASSERT(status_ok(person_approve(&person, SPAN("merchant.key.add"), span_of_text(subject),
            SPAN("ticket 4"), &approval)));
    ASSERT(status_ok(wire_put_approval(&wire, &approval)));
    ASSERT(status_ok(base64_encode(span_of_buffer(&wire), &base64)));
    snprintf(json, sizeof(json),
            "{\"operation\":\"request.approve\",\"tenant\":\"%s\",\"request\":\"%s\","
            "\"approval\":\"%.*s\"}",
            tenant, request, (int)base64.size, (const char *)base64.data);
    return browser_post(browser, "/console/v1/request.approve", json);
}

static int ask_of_requests(Browser *browser, const char *operation, const char *more)
{
    char path[64];
    char json[512];
    snprintf(path, sizeof(path), "/console/v1/%s", operation);
    snprintf(json, sizeof(json), "{\"operation\":\"%s\"%s}", operation, more);
    return browser_post(browser, path, json);
}

static int show(Browser *browser, const char *tenant)
{
    char more[256];
    snprintf(more, sizeof(more), ",\"tenant\":\"%s\",\"request\":\"%s\"", tenant, request);
    return ask_of_requests(browser, "request.show", more);
}

static void test_a_merchants_key_waits_for_a_colleague(void)
{
    const int64_t before = keys_of_shop();
    EXPECT(ask_for_key(&li_at, MCHID) == 200);
    EXPECT(browser_says(&li_at, "\"needs\":1"));
    EXPECT(keys_of_shop() == before);
    EXPECT(hand_in(&li_at, MCHID, "li") == 403);
    EXPECT(browser_says(&li_at, "Who asks does not approve"));
    EXPECT(show(&wu_at, MCHID) == 200 && browser_says(&wu_at, sha256_text));
    EXPECT(ask_of_requests(&wu_at, "request.list", ",\"tenant\":\"" MCHID "\"") == 200);
    EXPECT(browser_says(&wu_at, request));
    EXPECT(hand_in(&wu_at, MCHID, "wu") == 200);
    EXPECT(browser_says(&wu_at, "\"state\":\"done\""));
    EXPECT(keys_of_shop() == before + 1);
    EXPECT(hand_in(&wu_at, MCHID, "wu") == 400); /* it waits no more */
    EXPECT(keys_of_shop() == before + 1);
}

/* Confused deputies: another merchant's people and the house's, by themselves and through a
 * colleague who hands in what they signed. */
static void test_nobody_else_agrees_for_a_merchant(void)
{
    const int64_t before = keys_of_shop();
    EXPECT(ask_for_key(&li_at, OTHER) == 403);
    EXPECT(ask_for_key(&li_at, MCHID) == 200);
    EXPECT(show(&mo_at, OTHER) == 404); /* there is none, for him */
    EXPECT(hand_in(&mo_at, OTHER, "mo") == 404);
    EXPECT(hand_in(&mo_at, OTHER, "wu") == 404);
    EXPECT(hand_in(&mo_at, MCHID, "mo") == 403 && show(&mo_at, MCHID) == 403);
    EXPECT(ask_of_requests(&mo_at, "request.list", ",\"tenant\":\"" OTHER "\"") == 200);
    EXPECT(strstr(mo_at.body, request) == NULL);
    EXPECT(hand_in(&li_at, MCHID, "mo") == 403);
    EXPECT(hand_in(&wu_at, MCHID, "bob") == 403);
    EXPECT(operator_ended(
            HUFU("--as", "bob", "request", "approve", request, "--reason", "ticket 4"), 1));
    EXPECT(operator_says("ACCESS_OTHER_TENANT"));
    EXPECT(operator_ended(HUFU("--as", "bob", "request", "refuse", request, "--reason", "no"), 1));
    EXPECT(operator_says("ACCESS_OTHER_TENANT"));
    EXPECT(keys_of_shop() == before);
    EXPECT(hand_in(&li_at, MCHID, "wu") == 200); /* whoever hands it in */
    EXPECT(keys_of_shop() == before + 1);
}

/* What the house's people ask is nobody's of a merchant. */
static void test_the_houses_people_wait_for_the_houses(void)
{
    const int64_t before = keys_of_shop();
    EXPECT(ask_for_key(&dora_at, MCHID) == 200);
    EXPECT(keys_of_shop() == before);
    EXPECT(hand_in(&wu_at, MCHID, "wu") == 404);
    EXPECT(hand_in(&dora_at, "hufu", "wu") == 403); /* signed by a merchant's */
    EXPECT(operator_ended(
            HUFU("--as", "bob", "request", "approve", request, "--reason", "ticket 4"), 0));
    EXPECT(keys_of_shop() == before + 1);
}

static void test_at_the_command_line(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    char path[STAND_PATH_BYTES_MAX];
    char serial[128];
    const int64_t before = keys_of_shop();
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "next.pem"));
    EXPECT_OK(private_key_generate(KEY_RSA, &key));
    EXPECT_OK(public_key_to_pem(private_key_public(key), &pem));
    EXPECT_OK(file_write(path, 0644, span_of_buffer(&pem)));
    unsetenv("HUFU_APPROVE");
    EXPECT(operator_ended(
            HUFU("merchant", "key", "add", "--mchid", MCHID, "--public-key", path), 1));
    EXPECT(operator_says("REQUEST_WAITS") && keys_of_shop() == before);
    EXPECT(operator_ended(HUFU("merchant", "key", "add", "--mchid", MCHID, "--public-key", path,
                                  "--approve", "bob"),
            0));
    EXPECT(keys_of_shop() == before + 1);
    unsetenv("HUFU_APPROVE");
    stand_text(&stand, "SELECT serial FROM merchant_key ORDER BY created DESC LIMIT 1", serial,
            sizeof(serial));
    /* A lost key is stopped by one person, here. */
    EXPECT(operator_ended(
            HUFU("merchant", "key", "revoke", "--mchid", MCHID, "--serial", serial), 0));
}

static void test_the_house_closes(void)
{
    browser_close(&li_at);
    browser_close(&wu_at);
    browser_close(&mo_at);
    browser_close(&dora_at);
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_merchants_key_waits_for_a_colleague),
        TEST(test_nobody_else_agrees_for_a_merchant),
        TEST(test_the_houses_people_wait_for_the_houses), TEST(test_at_the_command_line),
        TEST(test_the_house_closes))
