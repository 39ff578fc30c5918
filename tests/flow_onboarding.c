/*
 * Goal: what is agreed with a merchant is what two people agreed to, whole and lawful, and nobody
 * changes it behind them (TP-17: the agreement prohibits to keep sensitive payment data). Method:
 * the real programs and the command line; good terms; each field wrong by itself; alone, then with
 * a second person; at last somebody changes the row.
 */
#include "base/expect.h"
#include "operator.h"
#include "request_client.h"
#include "terms_file.h"

#include <stdio.h>

static Stand stand;
static MerchantApp shop;

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
}

static void write_terms(const char *name, const char *value)
{
    const TermsMember other = { name, value };
    terms_file_write(&stand, &other, name == NULL ? 0 : 1);
}

static int onboard(void)
{
    return OPERATOR(&stand, "merchant", "onboard", "--file", stand_path(&stand, "terms.json"));
}

static int64_t terms_count(void)
{
    return stand_number(&stand, "SELECT count(*) FROM merchant_terms");
}

static void test_nothing_is_agreed_at_first(void)
{
    EXPECT(operator_ended(OPERATOR(&stand, "merchant", "show", "--mchid", "1900000001"), 1));
    EXPECT(operator_says("TERMS_NONE"));
    EXPECT(operator_ended(OPERATOR(&stand, "merchant", "show", "--mchid", "1900000099"), 1));
    EXPECT(operator_says("MERCHANT_UNKNOWN"));
}

static void test_wrong_terms_are_refused_before_anybody_is_asked(void)
{
    static const struct {
        const char *name;
        const char *value;
        const char *refusal;
    } wrong[] = {
        { "licence_until", "\"2020-12-31T23:59:59+08:00\"", "TERMS_FIELD" },
        { "licence_until", "\"2099-12-31\"", "TIME_INVALID" },
        { "licence_number", "\"913 10000\"", "TERMS_FIELD" },
        { "licence_sha256", "\"" TERMS_HASH "00\"", "JSON_RANGE" },
        { "licence_sha256", "", "JSON_MISSING" },
        { "account_holder", "\"上海二号书店有限公司\"", "TERMS_HOLDER" },
        { "account_token", "\"6217003810012345677\"", "DATA_CARD_NUMBER" }, /* a card's number */
        { "account_token", "\"tok-1\"", "TERMS_FIELD" },
        { "account_mask", "\"**** 51234\"", "TERMS_FIELD" },
        { "account_mask", "\"1234\"", "TERMS_FIELD" },
        { "mcc", "0", "TERMS_FIELD" },
        { "mcc", "10000", "JSON_RANGE" },
        { "agreement_time", "\"2099-01-01T00:00:00+08:00\"", "TERMS_FIELD" },
        { "agreement_clause", "\"\"", "JSON_RANGE" },
        { "agreement_clause", "", "JSON_MISSING" },
        { "merchant_risk", "\"NONE\"", "TERMS_FIELD" },
        { "fee_rate", "1001", "JSON_RANGE" },
        { "fee_min_minor", "100001", "TERMS_FIELD" },
        { "settlement_cycle", "\"T+2\"", "TERMS_FIELD" },
        { "mcc", "5942,\"fee\":1", "JSON_UNKNOWN_KEY" },
        { "mcc", "5942,\"operation\":\"stop\"", "JSON_DUPLICATE_KEY" },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        write_terms(wrong[i].name, wrong[i].value);
        EXPECT(operator_ended(onboard(), 1));
        EXPECT(operator_says(wrong[i].refusal));
    }
    EXPECT(terms_count() == 0);
}

static void test_it_takes_two_people(void)
{
    write_terms(NULL, NULL);
    unsetenv(APPROVE_VARIABLE);
    onboard();
    EXPECT(terms_count() == 0);
    setenv(APPROVE_VARIABLE, "alice", 1); /* who asks */
    onboard();
    EXPECT(terms_count() == 0);
    setenv(APPROVE_VARIABLE, "bob", 1);
    EXPECT(operator_ended(onboard(), 0));
    EXPECT(terms_count() == 1);
    EXPECT(stand_logged(&stand, "licence 91310000MA1K35XQ7U, agreement " TERMS_HASH));
}

static void test_it_is_shown_without_the_account(void)
{
    EXPECT(operator_ended(OPERATOR(&stand, "merchant", "show", "--mchid", "1900000001"), 0));
    EXPECT(operator_says("上海一号书店有限公司") && operator_says("**** 1234"));
    EXPECT(operator_says("T+1") && operator_says("2099-12-31T23:59:59+08:00"));
    EXPECT(operator_says("5942") && operator_says("7.3"));
}

static void test_what_is_agreed_next_replaces_it(void)
{
    write_terms("settlement_cycle", "\"D+0\"");
    EXPECT(operator_ended(onboard(), 0));
    EXPECT(terms_count() == 1);
    EXPECT(stand_number(&stand, "SELECT revision FROM merchant_terms") == 2);
    EXPECT(operator_ended(OPERATOR(&stand, "merchant", "show", "--mchid", "1900000001"), 0));
    EXPECT(operator_says("D+0"));
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_a_changed_row_is_not_believed(void)
{
    stand_tamper(&stand, "UPDATE merchant_terms SET account_token = '6217003810099999994'");
    EXPECT(operator_ended(OPERATOR(&stand, "merchant", "show", "--mchid", "1900000001"), 1));
    EXPECT(operator_says("ROW_SEAL_MISMATCH"));
    EXPECT(stand_audit(&stand) == 1);
}

static void test_house_closes(void) { stand_close(&stand); }

TESTS(TEST(test_house_opens), TEST(test_nothing_is_agreed_at_first),
        TEST(test_wrong_terms_are_refused_before_anybody_is_asked), TEST(test_it_takes_two_people),
        TEST(test_it_is_shown_without_the_account), TEST(test_what_is_agreed_next_replaces_it),
        TEST(test_a_changed_row_is_not_believed), TEST(test_house_closes))
