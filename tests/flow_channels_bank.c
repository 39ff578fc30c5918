/*
 * Goal: what a bank is asked to do is done once and counted once, whatever becomes of the answer,
 * of a line, or of hufud itself; and nothing is believed that the bank has not said. Method: the
 * real programs and the sandbox bank over mutual TLS, its two lines two processes that share a
 * book; faults to order; the bank's book held against ours (LL-4.1).
 */
#include "base/expect.h"
#include "operator.h"
#include "policy/tables.h"
#include "sandbox_bank.h"

#include <signal.h>
#include <stdio.h>

static Stand stand;
static SandboxBank bank;
static MerchantApp shop;
static PayerApp payer;

static int64_t merchant_balance(void)
{
    return stand_number(&stand, "SELECT balance FROM account WHERE owner = '1900000001'");
}

static bool fund(const char *number, const char *holder, const char *amount, const char *state)
{
    return operator_ended(OPERATOR(&stand, "bank", "fund", "--number", number, "--holder", holder,
                                  "--amount", amount),
                   0)
            && operator_says(state);
}

static bool comes_to(const char *number, int state)
{
    char sql[128];
    snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM channel_order WHERE number = '%s' AND state = %d", number, state);
    return stand_comes_true(&stand, sql);
}

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 0, &payer));
    EXPECT(OPERATOR(&stand, "bank", "fund", "--number", "early-1", "--holder",
                   "merchant/1900000001", "--amount", "100")
            == 1);
    EXPECT(operator_says("BANK_NONE"));
    EXPECT_OK(sandbox_bank_open(&stand, "deadline_ms: 1000, close_s: 1", &bank));
}

static void test_funding_is_credited_once(void)
{
    EXPECT(fund("fund-1", "merchant/1900000001", "1000", "SUCCESS"));
    EXPECT(merchant_balance() == 1000);
    EXPECT(fund("fund-1", "merchant/1900000001", "1000", "SUCCESS")); /* again: the same order */
    EXPECT(merchant_balance() == 1000);
    EXPECT(OPERATOR(&stand, "bank", "fund", "--number", "fund-1", "--holder", "merchant/1900000001",
                   "--amount", "2000")
            == 1);
    EXPECT(operator_says("BANK_ORDER_CONFLICT"));
    EXPECT(fund("fund-2", "payer/payer-1", "500", "SUCCESS"));
    EXPECT(stand_number(&stand, "SELECT balance FROM account WHERE owner = 'payer-1'") == 500);
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_order") == 2);
}

static void test_what_the_bank_did_not_do(void)
{
    EXPECT(fund("fail-1", "merchant/1900000001", "191", "FAILED"));
    EXPECT(operator_says("BANK_REFUSED"));
    EXPECT(fund("refuse-1", "merchant/1900000001", "196", "FAILED"));
    EXPECT(merchant_balance() == 1000);
}

static void test_no_answer_is_no_outcome(void)
{
    EXPECT(fund("lost-1", "merchant/1900000001", "192", "UNKNOWN"));
    EXPECT(comes_to("lost-1", CHANNEL_SUCCESS)); /* the bank was asked */
    EXPECT(fund("slow-1", "merchant/1900000001", "195", "UNKNOWN"));
    EXPECT(comes_to("slow-1", CHANNEL_SUCCESS));
    EXPECT(fund("later-1", "merchant/1900000001", "193", "UNKNOWN"));
    EXPECT(comes_to("later-1", CHANNEL_SUCCESS));
    EXPECT(merchant_balance() == 1000 + 192 + 195 + 193);
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_order WHERE number = 'lost-1'")
            == 1);
}

static void test_house_is_sound(void)
{
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
    sandbox_bank_close(&bank);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_funding_is_credited_once),
        TEST(test_what_the_bank_did_not_do), TEST(test_no_answer_is_no_outcome),
        TEST(test_house_is_sound))
