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
#include "payment/holidays.h"
#include "request_client.h"
#include "terms_file.h"

#include <poll.h>
#include <signal.h>
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

static void agree(const char *cycle)
{
    uint8_t until_bytes[TIME_TEXT_BYTES];
    char until[TIME_TEXT_BYTES + 3];
    char quoted[16];
    Buffer text = BUFFER_OF(until_bytes);
    const Clock clock = clock_system();
    EXPECT_OK(time_format(clock_now_us(&clock) + 20 * TIME_DAY_US, &text));
    snprintf(until, sizeof(until), "\"%.*s\"", (int)text.size, (const char *)until_bytes);
    snprintf(quoted, sizeof(quoted), "\"%s\"", cycle);
    const TermsMember others[] = { { "fee_rate", "60" }, { "fee_min_minor", "2" },
        { "fee_max_minor", "5" }, { "licence_until", until }, { "settlement_cycle", quoted } };
    terms_file_write(&stand, others, 5);
    EXPECT(operator_ended(
            OPERATOR(&stand, "merchant", "onboard", "--file", stand_path(&stand, "terms.json")),
            0));
}

static void test_terms_are_agreed(void) { agree("T+1"); }

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
    EXPECT(a.status >= 400 && balance("id = 1156") == 5);
}

/* --- settlement --- */

/* Days from now to the next on which banks work; there is no file of holidays here. */
static int64_t next_working_day(void)
{
    const Clock clock = clock_system();
    static const Holidays weekends;
    const int32_t today = time_business_day(clock_now_us(&clock));
    int32_t after = 1;
    while (!holidays_is_working(&weekends, today + after))
        after++;
    return after;
}

static bool await_settlements(int64_t wanted)
{
    for (int i = 0; i < 300; i++) {
        if (stand_number(&stand, "SELECT count(*) FROM settlement") >= wanted) return true;
        poll(NULL, 0, 100);
    }
    return false;
}

/* Of the last one. */
static const char *settlement_id(void)
{
    static char id[80];
    stand_text(&stand, "SELECT id FROM settlement ORDER BY created DESC, id DESC LIMIT 1", id,
            sizeof(id));
    return id;
}

static int64_t settled(const char *state)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT coalesce(sum(minor), 0) FROM settlement WHERE state = %s",
            state);
    return stand_number(&stand, sql);
}

static void test_on_the_next_working_day_it_is_due(void)
{
    moved_clock_set_wall(next_working_day() * DAY_S);
    EXPECT(await_settlements(1));
    EXPECT(settled("1") == 98 && balance("owner = '1900000001'") == 0);
    EXPECT(balance("id = 2156") == 98);
    EXPECT(operator_ended(OPERATOR(&stand, "settlement", "list", "--state", "DUE"), 0));
    EXPECT(operator_says("1900000001") && operator_says("DUE"));
    EXPECT(operator_says("account_token") && operator_says("account_mask"));
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL); /* again from the start: it is one */
    http_client_close(&http);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
    pay("MORE-0001", 500);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM settlement") == 1);
}

static void test_it_takes_the_bank_and_two_people(void)
{
    const char *id = settlement_id();
    EXPECT(operator_ended(OPERATOR(&stand, "settlement", "confirm", id), 1));
    EXPECT(operator_says("SETTLEMENT_STATE")); /* nobody has handed it in */
    EXPECT(operator_ended(OPERATOR(&stand, "settlement", "submit", id), 0));
    unsetenv(APPROVE_VARIABLE);
    OPERATOR(&stand, "settlement", "confirm", id);
    EXPECT(settled("2") == 98 && balance("id = 2156") == 98);
    setenv(APPROVE_VARIABLE, "bob", 1);
    EXPECT(operator_ended(OPERATOR(&stand, "settlement", "confirm", id), 0));
    EXPECT(settled("3") == 98 && balance("id = 2156") == 0);
    EXPECT(operator_ended(OPERATOR(&stand, "settlement", "fail", id), 1));
    EXPECT(operator_says("SETTLEMENT_STATE"));
    EXPECT(operator_ended(OPERATOR(&stand, "settlement", "submit", "settle/x/20260101/0"), 1));
    EXPECT(operator_says("SETTLEMENT_UNKNOWN"));
}

/* The evening before: the payer's money, what the shop had, and the fee. */
static void write_statement(const char *date, int64_t minor)
{
    FILE *file = fopen(stand_path(&stand, "statement.csv"), "wb");
    ASSERT(file != NULL);
    fprintf(file, "date,currency,balance\n%s,CNY,%lld.%02lld\n", date, (long long)(minor / 100),
            (long long)(minor % 100));
    ASSERT(fclose(file) == 0);
}

static int import_statement(void)
{
    return OPERATOR(&stand, "reserve", "import", stand_path(&stand, "statement.csv"));
}

static char date[11]; /* of the statement */

static void test_the_reserve_is_what_customers_are_owed(void)
{
    uint8_t bytes[TIME_TEXT_BYTES + 1] = { 0 };
    Buffer text = { bytes, 0, TIME_TEXT_BYTES };
    const Clock clock = clock_system();
    const int32_t yesterday = time_business_day(clock_now_us(&clock)) - 1;
    EXPECT_OK(time_format(time_business_day_start_us(yesterday), &text));
    memcpy(date, bytes, 10);
    for (int i = 0; i < 300 && stand_number(&stand, "SELECT count(*) FROM reserve") == 0; i++)
        poll(NULL, 0, 100);
    EXPECT(operator_ended(OPERATOR(&stand, "reserve", "check", "--day", date), 0));
    EXPECT(operator_says("RESERVE_NO_STATEMENT"));
    const int64_t owed = stand_number(&stand,
            "SELECT customers_minor + payables_minor + fees_minor FROM reserve ORDER BY day DESC"
            " LIMIT 1");
    EXPECT(owed == 10000000); /* what came in: nothing has left */
    write_statement(date, owed - 1);
    EXPECT(operator_ended(import_statement(), 0));
    EXPECT(operator_says("RESERVE_DIFFERS"));
    EXPECT(operator_ended(OPERATOR(&stand, "incident", "list"), 0));
    EXPECT(operator_says("reserve") && operator_says("difference -1"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM incident") == 1);
    EXPECT(operator_ended(import_statement(), 0)); /* again: no second case */
    EXPECT(stand_number(&stand, "SELECT count(*) FROM incident") == 1);
    write_statement(date, owed);
    EXPECT(operator_ended(import_statement(), 1)); /* another figure for the same day */
    EXPECT(operator_says("RESERVE_KNOWN"));
    write_statement("2020-01-01", owed);
    EXPECT(operator_ended(import_statement(), 1));
    EXPECT(operator_says("RESERVE_DAY"));
}

static void test_on_the_same_day_where_it_is_agreed(void)
{
    const char *shops[] = { "settlement", "request", "--mchid", "1900000001" };
    EXPECT(operator_ended(OPERATOR(&stand, shops[0], shops[1], shops[2], shops[3]), 1));
    EXPECT(operator_says("SETTLEMENT_CYCLE"));
    agree("D+0");
    EXPECT(operator_ended(OPERATOR(&stand, shops[0], shops[1], shops[2], shops[3]), 0));
    EXPECT(settled("1") == 497 && balance("owner = '1900000001'") == 0);
    EXPECT(operator_ended(OPERATOR(&stand, shops[0], shops[1], shops[2], shops[3]), 1));
    EXPECT(operator_says("SETTLEMENT_NONE"));
    EXPECT(operator_ended(OPERATOR(&stand, "settlement", "submit", settlement_id()), 0));
    EXPECT(operator_ended(OPERATOR(&stand, "settlement", "fail", settlement_id()), 0));
    EXPECT(settled("4") == 497 && balance("owner = '1900000001'") == 497);
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_a_licence_that_ended_ends_the_orders(void)
{
    moved_clock_set_wall(26 * DAY_S);
    check_no_orders("OVER-0001");
}

/* As when a service was killed between the alert and the case: the next look opens it, once. */
static void test_a_case_that_was_never_opened(void)
{
    stand_tamper(&stand, "DELETE FROM incident");
    for (int i = 0; i < 2; i++) {
        EXPECT(operator_ended(OPERATOR(&stand, "reserve", "check", "--day", date), 0));
        EXPECT(operator_says("RESERVE_DIFFERS"));
        EXPECT(stand_number(&stand, "SELECT count(*) FROM incident") == 1);
    }
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_without_terms_there_are_no_orders),
        TEST(test_terms_are_agreed), TEST(test_fees_are_taken_and_given_back),
        TEST(test_on_the_next_working_day_it_is_due),
        TEST(test_the_reserve_is_what_customers_are_owed),
        TEST(test_it_takes_the_bank_and_two_people), TEST(test_on_the_same_day_where_it_is_agreed),
        TEST(test_a_licence_that_ended_ends_the_orders), TEST(test_a_changed_fee_is_found),
        TEST(test_a_case_that_was_never_opened), TEST(test_house_closes))
