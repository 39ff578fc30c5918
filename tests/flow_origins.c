/*
 * Goal: a protected field is framed by the pages of exactly those origins that a merchant with a
 * licence on file was given by two people, and by nobody's when anything is amiss (TP-19). Method:
 * the real programs and the command line; the content policy that a browser would obey, before and
 * after each step; what browsers do with it stands in web/flow/cashier.ts.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "chromium.h"
#include "operator.h"
#include "request_client.h"
#include "terms_file.h"

#include <stdio.h>
#include <sys/stat.h>

#define SHOP "1900000001"
#define FIELD "/cashier/field.html?merchant="

static Stand stand;
static MerchantApp shop, other;
static HttpClient *http;

static void put(const char *name)
{
    FILE *file = fopen(stand_path(&stand, name), "w");
    ASSERT(file != NULL && fputs("<!doctype html>", file) >= 0 && fclose(file) == 0);
}

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, SHOP, KEY_RSA, &shop));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    EXPECT(mkdir(stand_path(&stand, "pages"), 0755) == 0);
    EXPECT(mkdir(stand_path(&stand, "pages/assets"), 0755) == 0);
    put("pages/index.html");
    put("pages/field.html");
    EXPECT_OK(chromium_serve(&stand, stand_path(&stand, "pages"), "cashier", "field_files"));
    EXPECT_OK(stand_connect(&stand, &http));
}

/* Whom the browser lets frame it; "": no such policy. */
static const char *framers(const char *target)
{
    static char said[1024];
    static const char name[] = "frame-ancestors ";
    const HttpCall call = { .method = "GET", .target = span_of_text(target) };
    HttpAnswer answer = { 0 };
    said[0] = 0;
    if (!status_ok(http_client_call(http, &call, &answer)) || answer.status != 200) return said;
    const Span policy = http_answer_header(&answer, "Content-Security-Policy");
    const char *at = memmem(policy.data, policy.size, name, sizeof(name) - 1);
    if (at == NULL) return said;
    at += sizeof(name) - 1;
    snprintf(said, sizeof(said), "%.*s", (int)((const char *)policy.data + policy.size - at), at);
    return said;
}

static bool framed_by(const char *target, const char *wanted)
{
    const char *got = framers(target);
    if (strcmp(got, wanted) == 0) return true;
    fprintf(stderr, "%s: framed by \"%s\", not \"%s\"\n", target, got, wanted);
    return false;
}

static int change(const char *act, const char *origin)
{
    return OPERATOR(&stand, "merchant", "origin", act, "--mchid", SHOP, "--origin", origin);
}

static void test_nobody_frames_at_first(void)
{
    EXPECT(framed_by("/cashier/field.html", "'self'"));
    EXPECT(framed_by(FIELD SHOP, "'none'"));
    EXPECT(framed_by(FIELD "1900000099", "'none'"));
    EXPECT(framed_by(FIELD, "'none'"));
    EXPECT(framed_by(FIELD SHOP "%20https://evil.example", "'none'"));
    EXPECT(framed_by("/cashier/", "'none'"));
}

static void test_it_takes_two_people(void)
{
    EXPECT(operator_ended(change("add", "http://shop.example"), 1));
    EXPECT(operator_says("ORIGIN_FORMAT"));
    unsetenv(APPROVE_VARIABLE);
    change("add", "https://shop.example");
    setenv(APPROVE_VARIABLE, "alice", 1); /* who asks */
    change("add", "https://shop.example");
    EXPECT(stand_number(&stand, "SELECT count(*) FROM merchant_origin") == 0);
    setenv(APPROVE_VARIABLE, "bob", 1);
    EXPECT(operator_ended(change("add", "https://shop.example"), 0));
    EXPECT(operator_ended(change("add", "https://pay.shop.example:8443"), 0));
    EXPECT(operator_ended(change("add", "https://shop.example"), 1));
    EXPECT(operator_says("ORIGIN_KNOWN"));
    EXPECT(stand_logged(&stand, "https://pay.shop.example:8443"));
    EXPECT(operator_ended(OPERATOR(&stand, "merchant", "origin", "list", "--mchid", SHOP), 0));
    EXPECT(operator_says("https://pay.shop.example:8443"));
}

static void test_without_a_licence_nobody_frames(void)
{
    EXPECT(framed_by(FIELD SHOP, "'none'"));
    terms_file_write(&stand, NULL, 0);
    EXPECT(operator_ended(
            OPERATOR(&stand, "merchant", "onboard", "--file", stand_path(&stand, "terms.json")),
            0));
    EXPECT(framed_by(FIELD SHOP, "https://shop.example https://pay.shop.example:8443"));
    EXPECT(framed_by(FIELD "1900000002", "'none'")); /* whose they are not */
    EXPECT(framed_by("/cashier/field.html", "'self'"));
    EXPECT(framed_by("/cashier/?merchant=" SHOP, "'none'")); /* a whole cashier: never */
}

static void test_one_person_takes_them_back(void)
{
    EXPECT(operator_ended(change("remove", "https://shop.example:8443"), 1));
    EXPECT(operator_says("ORIGIN_UNKNOWN"));
    unsetenv(APPROVE_VARIABLE);
    EXPECT(operator_ended(change("remove", "https://shop.example"), 0));
    setenv(APPROVE_VARIABLE, "bob", 1);
    EXPECT(framed_by(FIELD SHOP, "https://pay.shop.example:8443"));
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_a_changed_row_is_not_believed(void)
{
    stand_tamper(&stand, "UPDATE merchant_origin SET origins = ' https://evil.example'");
    EXPECT(framed_by(FIELD SHOP, "'none'"));
    EXPECT(stand_audit(&stand) == 1);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_nobody_frames_at_first), TEST(test_it_takes_two_people),
        TEST(test_without_a_licence_nobody_frames), TEST(test_one_person_takes_them_back),
        TEST(test_a_changed_row_is_not_believed), TEST(test_house_closes))
