/* Goal: terms that no merchant can have are refused, and which field it was is said. Method: good
 * terms, and each field at and behind its border. */
#include "access/merchant_terms.h"

#include <stdio.h>

#include "base/expect.h"

#define NOW INT64_C(1796000000000000)

static MerchantTerms good_terms(void)
{
    return (MerchantTerms) { .mchid = "1900000001",
        .licence_name = "Book shop",
        .licence_number = "91310000MA1K35XQ7U",
        .licence_until_us = NOW + 1,
        .account_token = "6217003810012345675",
        .account_mask = "**** **** 1234",
        .mcc = 9999,
        .agreement_us = NOW,
        .agreement_clause = "7.3",
        .risk = RISK_LOW,
        .fee_rate = TERMS_RATE_MAX,
        .fee_min_minor = TERMS_FEE_MINOR_MAX,
        .fee_max_minor = TERMS_FEE_MINOR_MAX,
        .settlement = SETTLE_NEXT_DAY };
}

static bool is_refused(const MerchantTerms *terms, const char *field)
{
    const char *named = NULL;
    const Status s = merchant_terms_check(terms, NOW, &named);
    return status_is(s, REFUSED_TERMS_FIELD) && strcmp(named, field) == 0;
}

static void test_terms_at_their_borders_are_good(void)
{
    const char *field = NULL;
    const MerchantTerms terms = good_terms();
    EXPECT_OK(merchant_terms_check(&terms, NOW, &field));
}

/* Numbers of people and of accounts, where a licence, a token or a clause should be. */
static void test_no_text_is_somebodys_number(void)
{
    const char *field = NULL;
    MerchantTerms terms = good_terms();
    snprintf(terms.licence_number, sizeof(terms.licence_number), "11010519491231002X");
    EXPECT_REFUSED(merchant_terms_check(&terms, NOW, &field), REFUSED_DATA_SENSITIVE);
    EXPECT(strcmp(field, "licence_number") == 0);
    terms = good_terms();
    snprintf(terms.agreement_clause, sizeof(terms.agreement_clause), "7.3 4111111111111111");
    EXPECT_REFUSED(merchant_terms_check(&terms, NOW, &field), REFUSED_DATA_CARD_NUMBER);
    EXPECT(strcmp(field, "agreement_clause") == 0);
    terms = good_terms();
    snprintf(terms.licence_name, sizeof(terms.licence_name), "Shop CVV2: 123");
    EXPECT_REFUSED(merchant_terms_check(&terms, NOW, &field), REFUSED_DATA_PROHIBITED);
    terms = good_terms(); /* a bank's account number, with its own mask */
    snprintf(terms.account_token, sizeof(terms.account_token), "110907711210201234");
    EXPECT_REFUSED(merchant_terms_check(&terms, NOW, &field), REFUSED_TERMS_TOKEN);
    EXPECT(strcmp(field, "account_token") == 0);
}

#define WRONG(field, member, ...)           \
    do {                                    \
        MerchantTerms terms = good_terms(); \
        terms.member = __VA_ARGS__;         \
        EXPECT(is_refused(&terms, field));  \
    } while (0)

static void test_numbers_behind_their_borders(void)
{
    WRONG("licence_until", licence_until_us, NOW);
    WRONG("agreement_time", agreement_us, NOW + 1);
    WRONG("agreement_time", agreement_us, 0);
    WRONG("mcc", mcc, 0);
    WRONG("mcc", mcc, 10000);
    WRONG("fee_rate", fee_rate, TERMS_RATE_MAX + 1);
    WRONG("fee_rate", fee_rate, -1);
    WRONG("fee_rate", fee_min_minor, -1);
    WRONG("fee_rate", fee_max_minor, TERMS_FEE_MINOR_MAX - 1);
    WRONG("fee_rate", fee_max_minor, TERMS_FEE_MINOR_MAX + 1);
}

static void test_texts_that_are_none(void)
{
    static const char *const masks[] = { "", "1234", "**** 12345", "*a1234", "1*2*3*4*5" };
    static const char *const tokens[] = { "", "1234567", "12345678a", "1234 5678" };
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        MerchantTerms terms = good_terms();
        snprintf(terms.account_mask, sizeof(terms.account_mask), "%s", masks[i]);
        EXPECT(is_refused(&terms, "account_mask"));
    }
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        MerchantTerms terms = good_terms();
        snprintf(terms.account_token, sizeof(terms.account_token), "%s", tokens[i]);
        EXPECT(is_refused(&terms, "account_token"));
    }
    WRONG("licence_name", licence_name[0], 0);
    WRONG("licence_number", licence_number[0], 0);
    WRONG("licence_number", licence_number[3], ' ');
    WRONG("agreement_clause", agreement_clause[0], 0);
}

static void test_a_cards_number_is_no_token(void)
{
    const char *field = NULL;
    MerchantTerms terms = good_terms();
    snprintf(terms.account_token, sizeof(terms.account_token), "6217003810012345677");
    EXPECT_REFUSED(merchant_terms_check(&terms, NOW, &field), REFUSED_DATA_CARD_NUMBER);
    EXPECT(strcmp(field, "account_token") == 0);
}

static void test_the_table_is_dense(void) { EXPECT(table_is_dense(&merchant_terms_table)); }

TESTS(TEST(test_terms_at_their_borders_are_good), TEST(test_no_text_is_somebodys_number),
        TEST(test_numbers_behind_their_borders), TEST(test_texts_that_are_none),
        TEST(test_a_cards_number_is_no_token), TEST(test_the_table_is_dense))
