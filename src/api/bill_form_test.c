/* Goal: a merchant gets the bill that he named, in the forms of the v3 profile alone, and only he
 * can fetch it. Method: query strings good and bad; every single-bit change of a token; another
 * merchant, another run, a minute too late. */
#include "api/bill_form.h"

#include <stdio.h>

#include "base/encoding.h"
#include "base/expect.h"
#include "base/time.h"

static int64_t now_us = INT64_C(1796000000000000);

static int64_t test_now_us(void *context) { return now_us; }

static void open_house(House *house, uint8_t secret)
{
    house->clock = (Clock) { test_now_us, NULL };
    memset(house->challenge_key, secret, sizeof(house->challenge_key));
}

/* --- query strings --- */

typedef struct Good {
    const char *query;
    BillKind kind;
    BillHash hash;
    bool gzip;
} Good;

static void test_forms_of_the_profile(void)
{
    static const Good trade[] = {
        { "bill_date=2026-11-27", BILL_TRADE_ALL, BILL_HASH_SHA1, false },
        { "bill_date=2026-11-27&bill_type=ALL", BILL_TRADE_ALL, BILL_HASH_SHA1, false },
        { "bill_type=SUCCESS&bill_date=2026-11-27", BILL_TRADE_SUCCESS, BILL_HASH_SHA1, false },
        { "bill_date=2026-11-27&bill_type=REFUND&tar_type=GZIP", BILL_TRADE_REFUND, BILL_HASH_SHA1,
                true },
        { "bill_date=2026-11-27&hash_type=SM3", BILL_TRADE_ALL, BILL_HASH_SM3, false },
        { "bill_date=2026-11-27&hash_type=SHA256", BILL_TRADE_ALL, BILL_HASH_SHA256, false },
    };
    const char *field = NULL;
    BillAsk ask = { 0 };
    for (size_t i = 0; i < sizeof(trade) / sizeof(trade[0]); i++) {
        EXPECT_OK(bill_form_trade(span_of_text(trade[i].query), &ask, &field));
        EXPECT(ask.kind == trade[i].kind && ask.hash == trade[i].hash);
        EXPECT(ask.gzip == trade[i].gzip && ask.day == 20784); /* 2026-11-27 */
    }
    EXPECT_OK(bill_form_fund(SPAN("bill_date=2026-11-27&account_type=BASIC"), &ask, &field));
    EXPECT(ask.kind == BILL_FUND_BASIC);
    EXPECT_OK(bill_form_fund(SPAN("bill_date=2026-11-27"), &ask, &field));
    EXPECT(ask.kind == BILL_FUND_BASIC);
}

static void test_other_forms_are_refused_by_field(void)
{
    static const struct {
        const char *query;
        const char *field;
    } bad[] = {
        { "", "query" },
        { "bill_date", "query" },
        { "bill_date=", "bill_date" },
        { "bill_type=ALL", "bill_date" },
        { "bill_date=2026-11-27&", "query" },
        { "&bill_date=2026-11-27", "query" },
        { "bill_date=2026-11-27&bill_date=2026-11-27", "bill_date" },
        { "bill_date=2026-11-31", "bill_date" },
        { "bill_date=2026-1-27", "bill_date" },
        { "bill_date=20261127", "bill_date" },
        { "bill_date=2026-11-27T", "bill_date" },
        { "bill_date=2026%2D11-27", "bill_date" },
        { "bill_date=2026-11-27&bill_type=all", "bill_type" },
        { "bill_date=2026-11-27&bill_type=", "bill_type" },
        { "bill_date=2026-11-27&bill_type=RECHARGE_REFUND", "bill_type" },
        { "bill_date=2026-11-27&account_type=BASIC", "query" },
        { "bill_date=2026-11-27&tar_type=ZIP", "tar_type" },
        { "bill_date=2026-11-27&hash_type=MD5", "hash_type" },
        { "bill_date=2026-11-27&mchid=1900000001", "query" },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *field = NULL;
        BillAsk ask = { 0 };
        const Status s = bill_form_trade(span_of_text(bad[i].query), &ask, &field);
        EXPECT_REFUSED(s, REFUSED_BILL_FIELD);
        EXPECT(strcmp(field, bad[i].field) == 0);
    }
}

static void test_accounts_without_bills(void)
{
    const char *field = NULL;
    BillAsk ask = { 0 };
    EXPECT_REFUSED(bill_form_fund(SPAN("bill_date=2026-11-27&account_type=FEES"), &ask, &field),
            REFUSED_BILL_NONE);
    EXPECT_REFUSED(
            bill_form_fund(SPAN("bill_date=2026-11-27&account_type=OPERATION"), &ask, &field),
            REFUSED_BILL_NONE);
    EXPECT_REFUSED(bill_form_fund(SPAN("bill_date=2026-11-27&bill_type=ALL"), &ask, &field),
            REFUSED_BILL_FIELD);
}

/* --- tokens --- */

static const BillAsk asked = { .kind = BILL_TRADE_REFUND, .day = 20784, .gzip = true };

static Status check(const House *house, const char *mchid, const char *token, BillAsk *ret_ask)
{
    char query[8 + BILL_TOKEN_HEX_BYTES + 1];
    snprintf(query, sizeof(query), "token=%s", token);
    return bill_token_check(house, mchid, span_of_text(query), ret_ask);
}

static void test_a_token_is_its_merchants_for_five_minutes(void)
{
    static House house;
    static House other_run;
    char token[BILL_TOKEN_HEX_BYTES + 1];
    BillAsk ask = { 0 };
    open_house(&house, 7);
    open_house(&other_run, 8);
    bill_token_make(&house, "1900000001", &asked, token);
    EXPECT_OK(check(&house, "1900000001", token, &ask));
    EXPECT(ask.kind == asked.kind && ask.day == asked.day && ask.gzip);
    EXPECT_REFUSED(check(&house, "1900000002", token, &ask), REFUSED_BILL_TOKEN);
    EXPECT_REFUSED(check(&other_run, "1900000001", token, &ask), REFUSED_BILL_TOKEN);
    EXPECT_REFUSED(bill_token_check(&house, "1900000001", SPAN(""), &ask), REFUSED_BILL_TOKEN);
    EXPECT_REFUSED(
            bill_token_check(&house, "1900000001", SPAN("token="), &ask), REFUSED_BILL_TOKEN);
    EXPECT_REFUSED(
            bill_token_check(&house, "1900000001", SPAN("token=00zz"), &ask), REFUSED_BILL_TOKEN);
    now_us += BILL_TOKEN_LIFE_S * TIME_SECOND_US;
    EXPECT_OK(check(&house, "1900000001", token, &ask));
    now_us += TIME_SECOND_US;
    EXPECT_REFUSED(check(&house, "1900000001", token, &ask), REFUSED_BILL_TOKEN);
}

static void test_every_flipped_bit_of_a_token_is_refused(void)
{
    static House house;
    char token[BILL_TOKEN_HEX_BYTES + 1];
    uint8_t memory[BILL_TOKEN_HEX_BYTES / 2];
    Buffer bytes = BUFFER_OF(memory);
    open_house(&house, 7);
    bill_token_make(&house, "1900000001", &asked, token);
    EXPECT_OK(hex_decode(span_of_text(token), &bytes));
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        BillAsk ask = { 0 };
        char forged[BILL_TOKEN_HEX_BYTES + 1] = { 0 };
        Buffer hex = { (uint8_t *)forged, 0, BILL_TOKEN_HEX_BYTES };
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        EXPECT_OK(hex_encode(span_of_buffer(&bytes), &hex));
        EXPECT_REFUSED(check(&house, "1900000001", forged, &ask), REFUSED_BILL_TOKEN);
        EXPECT(ask.day == 0);
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

/* Vectors: FIPS 180-4 ("abc"), GB/T 32905-2016, example 1. */
static void test_hashes(void)
{
    static const char *const known[] = { "a9993e364706816aba3e25717850c26c9cd0d89d",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" };
    static const char *const names[] = { "SHA1", "SHA256", "SM3" };
    for (int hash = BILL_HASH_SHA1; hash <= BILL_HASH_SM3; hash++) {
        uint8_t memory[64];
        Buffer hex = BUFFER_OF(memory);
        EXPECT_OK(bill_hash_put((BillHash)hash, SPAN("abc"), &hex));
        EXPECT(span_equal(span_of_buffer(&hex), span_of_text(known[hash - 1])));
        EXPECT(strcmp(bill_hash_name((BillHash)hash), names[hash - 1]) == 0);
    }
}

TESTS(TEST(test_forms_of_the_profile), TEST(test_other_forms_are_refused_by_field),
        TEST(test_accounts_without_bills), TEST(test_a_token_is_its_merchants_for_five_minutes),
        TEST(test_every_flipped_bit_of_a_token_is_refused), TEST(test_hashes))
