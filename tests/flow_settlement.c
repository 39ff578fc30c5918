/*
 * Goal: a merchant with terms pays his fee when he is paid and gets its share back with refunds, on
 * real programs; the auditor says the same, and a changed fee is found. Before his terms, and after
 * his licence, he has no orders. Method: two people agree to terms; payments, partial refunds and a
 * reversal of one day, under vaultd's own rules; the sums are counted here; the clock goes on until
 * the licence is over; at last somebody changes a row.
 */
#include "base/expect.h"
#include "base/time.h"
#include "merchant_steps.h"
#include "moved_clock.h"
#include "operator.h"
#include "terms_file.h"

#include <stdio.h>

enum { DAY_S = 86400 };

static Stand stand;
static MerchantApp shop;
static PayerApp payer;
static HttpClient *http;

static void test_house_opens(void)
{
    const StandOptions options = { .tls_life_s = 30 * DAY_S,
        .notify = "notifiers: 0\nmerchant_terms: required\n" };
    EXPECT_OK(moved_clock_begin());
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 10000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
}

/* Orders of any kind, by a merchant whom the house has no papers of. */
static void check_no_orders(const char *number)
{
    PayerAnswer answer = { 0 };
    Answered a = { 0 };
    const char *code = NULL;
    EXPECT_OK(step_native(&shop, http, number, 100, &a));
    EXPECT(a.status == 403 && strcmp(a.code, "NO_AUTH") == 0);
    EXPECT_OK(payer_app_code(&payer, http, &stand.box_key, &answer, &code));
    EXPECT_OK(step_codepay(&shop, http, number, 100, code, &a));
    EXPECT(a.status == 403 && strcmp(a.code, "NO_AUTH") == 0);
    EXPECT_OK(step_query(&shop, http, number, &a));
    EXPECT(a.status == 404);
}

static void test_without_terms_there_are_no_orders(void) { check_no_orders("NONE-0001"); }

static void test_terms_are_agreed(void)
{
    uint8_t until_bytes[TIME_TEXT_BYTES];
    char until[TIME_TEXT_BYTES + 3];
    Buffer text = BUFFER_OF(until_bytes);
    const Clock clock = clock_system();
    EXPECT_OK(time_format(clock_now_us(&clock) + 20 * TIME_DAY_US, &text));
    snprintf(until, sizeof(until), "\"%.*s\"", (int)text.size, (const char *)until_bytes);
    const TermsMember others[] = { { "fee_rate", "60" }, { "fee_min_minor", "2" },
        { "fee_max_minor", "5" }, { "licence_until", until } };
    terms_file_write(&stand, others, 4);
    EXPECT(operator_ended(
            OPERATOR(&stand, "merchant", "onboard", "--file", stand_path(&stand, "terms.json")),
            0));
}

static void pay(const char *number, int64_t minor)
{
    PayerAnswer answer = { 0 };
    Answered a = { 0 };
    const char *code = NULL;
    EXPECT_OK(payer_app_code(&payer, http, &stand.box_key, &answer, &code));
    EXPECT_OK(step_codepay(&shop, http, number, minor, code, &a));
    EXPECT(strcmp(a.trade_state, "SUCCESS") == 0);
}

static int64_t balance(const char *of)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT balance FROM account WHERE %s", of);
    return stand_number(&stand, sql);
}

/* 0.6 %, from 2 to 5 fen: of 100 it is 2 (0.6), of 700 it is 4 (4.2), of 2000 it is 5 (12). */
static void test_fees_are_taken_and_given_back(void)
{
    Answered a = { 0 };
    pay("FEE-0001", 100);
    pay("FEE-0002", 700);
    pay("FEE-0003", 2000);
    EXPECT(balance("owner = '1900000001'") == 2800 - 2 - 4 - 5);
    EXPECT(balance("id = 1156") == 11);
    EXPECT_OK(step_refund(&shop, http, "FEE-0002", "BACK-0001", 175, 700, &a)); /* 1 of 4 */
    EXPECT(a.status == 200 && balance("id = 1156") == 10);
    EXPECT_OK(
            step_refund(&shop, http, "FEE-0002", "BACK-0002", 1, 700, &a)); /* 1.006: none of it */
    EXPECT(a.status == 200 && balance("id = 1156") == 10);
    EXPECT_OK(step_refund(&shop, http, "FEE-0002", "BACK-0003", 524, 700, &a)); /* all */
    EXPECT(a.status == 200 && balance("id = 1156") == 7);
    EXPECT_OK(step_reverse(&shop, http, "FEE-0003", &a));
    EXPECT(a.status == 200 && balance("id = 1156") == 2);
    EXPECT(balance("owner = '1900000001'") == 100 - 2);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM payment_fee WHERE returned = fee") == 2);
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_a_changed_fee_is_found(void)
{
    Answered a = { 0 };
    stand_tamper(&stand, "UPDATE payment_fee SET fee = 1 WHERE out_trade_no = 'FEE-0001'");
    EXPECT(stand_audit(&stand) == 1);
    EXPECT_OK(step_refund(&shop, http, "FEE-0001", "BACK-0009", 100, 100, &a));
    EXPECT(a.status >= 400 && balance("id = 1156") == 2);
}

static void test_a_licence_that_ended_ends_the_orders(void)
{
    moved_clock_set_wall(21 * DAY_S);
    check_no_orders("OVER-0001");
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_without_terms_there_are_no_orders),
        TEST(test_terms_are_agreed), TEST(test_fees_are_taken_and_given_back),
        TEST(test_a_licence_that_ended_ends_the_orders), TEST(test_a_changed_fee_is_found),
        TEST(test_house_closes))
