/*
 * Goal: the levels of barcodes (TP-18; 银发 [2017] 296) are the notice's numbers, a lower level
 * that allows more is refused, and rules that were never read allow nothing. Method: the shipped
 * file and mistyped ones; one payer's static codes carried over days on a clock of ours.
 */
#include "base/expect.h"
#include "base/time.h"
#include "payment/payer_barcode.h"

#include <stdio.h>
#include <stdlib.h>

static const char sample[] = "version: 1\nlevels:\n  a: 0\n  b: 500\n  c: 100\n  d: 50\n";

static BarcodeRules rules_of(const char *text)
{
    BarcodeRules rules = { 0 };
    YamlProblem problem;
    ASSERT(status_ok(barcode_rules_parse(span_of_text(text), &rules, &problem)));
    return rules;
}

static int64_t at(const char *text)
{
    int64_t now_us = 0;
    ASSERT(status_ok(time_parse(span_of_text(text), &now_us)));
    return now_us;
}

static void test_the_shipped_file_is_the_notice(void)
{
    char path[512];
    BarcodeRules rules = { 0 };
    YamlProblem problem;
    snprintf(path, sizeof(path), "%s/rules/barcode.yaml", getenv("HUFU_SOURCE"));
    EXPECT_OK(barcode_rules_load(path, &rules, &problem));
    EXPECT(rules.dynamic[AUTH_SIGNED] == 0 && rules.dynamic[AUTH_TWO] == 500000);
    EXPECT(rules.dynamic[AUTH_ONE] == 100000 && rules.fixed == 50000);
    EXPECT_REFUSED(barcode_rules_load("/nonexistent/barcode.yaml", &rules, &problem),
            REFUSED_BARCODE_RULES_INVALID);
}

static void test_more_at_a_lower_level_is_refused(void)
{
    static const char *const mistyped[][2] = { { "a: 0", "a: 499" }, { "b: 500", "b: 99" },
        { "c: 100", "c: 49" }, { "c: 100", "c: 0" }, { "b: 500", "b: 0\n  a: 1" } };
    for (size_t i = 0; i < sizeof(mistyped) / sizeof(mistyped[0]); i++) {
        char text[sizeof(sample) + 16];
        BarcodeRules rules = { 0 };
        YamlProblem problem;
        const char *place = strstr(sample, mistyped[i][0]);
        EXPECT(place != NULL);
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(place - sample), sample, mistyped[i][1],
                place + strlen(mistyped[i][0]));
        EXPECT(!status_ok(barcode_rules_parse(span_of_text(text), &rules, &problem)));
        EXPECT(rules.magic == 0 && problem.line > 0);
    }
    BarcodeRules rules = { 0 };
    YamlProblem problem;
    EXPECT(!status_ok(barcode_rules_parse(/* nobody agrees upon static codes */
            SPAN("version: 1\nlevels:\n  a: 0\n  b: 0\n  c: 0\n  d: 0\n"), &rules, &problem)));
}

static void test_the_lower_of_both_sums_counts(void)
{
    const BarcodeRules rules = rules_of(sample);
    AccountRules accounts = { .magic = ACCOUNT_RULES_MAGIC, .day = { 90, 0, 700 } };
    const AccountRules both = barcode_account_rules(&rules, &accounts);
    EXPECT(both.magic == ACCOUNT_RULES_MAGIC && both.day[AUTH_ONE] == 90);
    EXPECT(both.day[AUTH_TWO] == 500 && both.day[AUTH_SIGNED] == 700);
}

static void test_rules_never_read_allow_nothing(void)
{
    const BarcodeRules rules = { .fixed = 1000 };
    const AccountRules accounts = { .magic = ACCOUNT_RULES_MAGIC };
    EXPECT_REFUSED(barcode_allows_static(&rules, 0, 1), REFUSED_BARCODE_STATIC);
    EXPECT(barcode_account_rules(&rules, &accounts).magic != ACCOUNT_RULES_MAGIC);
}

static void test_a_day_ends_at_midnight_in_shanghai(void)
{
    const BarcodeRules rules = rules_of(sample);
    const int64_t last_us = at("2026-03-01T23:59:59+08:00");
    PayerBarcode b = { .payer = "p" };
    EXPECT_OK(payer_barcode_count(&b, &rules, 49, last_us));
    EXPECT_REFUSED(payer_barcode_count(&b, &rules, 2, last_us), REFUSED_BARCODE_STATIC);
    EXPECT_OK(payer_barcode_count(&b, &rules, 1, last_us));
    EXPECT_REFUSED(payer_barcode_count(&b, &rules, 1, last_us), REFUSED_BARCODE_STATIC);
    payer_barcode_uncount(&b, 10, last_us);
    EXPECT_OK(payer_barcode_count(&b, &rules, 10, last_us));
    EXPECT_OK(payer_barcode_count(&b, &rules, 50, last_us + TIME_SECOND_US));
    /* A clock that is set back opens no day again, and what was yesterday's is not given back. */
    EXPECT_REFUSED(payer_barcode_count(&b, &rules, 1, last_us), REFUSED_BARCODE_STATIC);
    payer_barcode_uncount(&b, 10, last_us);
    EXPECT(b.static_minor == 50);
    EXPECT_REFUSED(payer_barcode_count(&b, &rules, INT64_MAX, last_us), REFUSED_BARCODE_STATIC);
}

static void test_fresh_codes_are_later_than_all_before(void)
{
    PayerBarcode b = { .payer = "p" };
    EXPECT(payer_barcode_renew(&b, 1000) == 1000);
    EXPECT(payer_barcode_renew(&b, 1000) == 1001); /* in one batch */
    EXPECT(payer_barcode_renew(&b, 10) == 1002); /* the clock was set back */
}

TESTS(TEST(test_the_shipped_file_is_the_notice), TEST(test_more_at_a_lower_level_is_refused),
        TEST(test_the_lower_of_both_sums_counts), TEST(test_rules_never_read_allow_nothing),
        TEST(test_a_day_ends_at_midnight_in_shanghai),
        TEST(test_fresh_codes_are_later_than_all_before))
