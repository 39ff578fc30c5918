/*
 * Goal: transfers go as 银发 [2016] 261 and the anti-fraud law's article 18 say: three speeds, the
 * first one to a stranger delayed, a day's sum and count by class, a signature over 50,000 yuan;
 * a file that contradicts itself is refused, and rules that were never read allow nothing. Method:
 * the shipped file and mistyped ones; each limit from both of its sides.
 */
#include "payment/transfer_rules.h"

#include "base/expect.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>

static const char sample[] = "version: 1\n"
                             "speeds: { normal: 7200, next_day: 86400 }\n"
                             "first: { over: 500, speed: next_day }\n"
                             "signed_over: 800\n"
                             "day:\n"
                             "  one: { sum: 100, count: 2 }\n"
                             "  two: { sum: 600, count: 3 }\n"
                             "  three: { sum: 1000, count: 4 }\n";

static TransferRules rules_of(const char *text)
{
    TransferRules rules = { 0 };
    YamlProblem problem;
    ASSERT(status_ok(transfer_rules_parse(span_of_text(text), &rules, &problem)));
    return rules;
}

static void test_the_shipped_file_is_the_notice(void)
{
    char path[512];
    TransferRules rules = { 0 };
    YamlProblem problem;
    snprintf(path, sizeof(path), "%s/rules/transfers.yaml", getenv("HUFU_SOURCE"));
    EXPECT_OK(transfer_rules_load(path, &rules, &problem));
    EXPECT(transfer_wait_us(&rules, TRANSFER_REAL_TIME) == 0);
    EXPECT(transfer_wait_us(&rules, TRANSFER_NORMAL) == 2 * 3600 * TIME_SECOND_US);
    EXPECT(transfer_wait_us(&rules, TRANSFER_NEXT_DAY) == TIME_DAY_US);
    EXPECT(rules.first_speed == TRANSFER_NEXT_DAY && rules.signed_over == 5000000);
    EXPECT_REFUSED(transfer_rules_load("/nonexistent/transfers.yaml", &rules, &problem),
            REFUSED_TRANSFER_RULES_INVALID);
}

static void test_what_contradicts_itself_is_refused(void)
{
    static const char *const mistyped[][2] = { { "normal: 7200", "normal: 86400" },
        { "next_day: 86400", "next_day: 60" }, { "normal: 7200", "normal: 0" },
        { "speed: next_day", "speed: tomorrow" }, { "two: { sum: 600", "two: { sum: 99" },
        { "600, count: 3", "600, count: 1" }, { "1000, count: 4", "1000, count: 2" },
        { "three: { sum: 1000", "three: { sum: 599" }, { "sum: 100, count: 2", "sum: 0, count: 2" },
        { "signed_over: 800", "signed_over: -1" }, { "version: 1", "version: 2" } };
    for (size_t i = 0; i < sizeof(mistyped) / sizeof(mistyped[0]); i++) {
        char text[sizeof(sample) + 32];
        TransferRules rules = { 0 };
        YamlProblem problem;
        const char *place = strstr(sample, mistyped[i][0]);
        EXPECT(place != NULL);
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(place - sample), sample, mistyped[i][1],
                place + strlen(mistyped[i][0]));
        EXPECT(!status_ok(transfer_rules_parse(span_of_text(text), &rules, &problem)));
        EXPECT(rules.magic == 0 && problem.line > 0);
    }
}

static TransferFacts facts_of(AccountGrade grade, int64_t minor, int64_t before, int64_t count)
{
    return (TransferFacts) { grade, AUTH_SIGNED, minor, before, count, -1, -1 };
}

static void test_a_day_has_a_sum_and_a_count(void)
{
    const TransferRules rules = rules_of(sample);
    const int64_t sums[] = { 100, 600, 1000 };
    const int64_t counts[] = { 2, 3, 4 };
    for (int i = 0; i < ACCOUNT_GRADES; i++) {
        const AccountGrade grade = (AccountGrade)(i + 1);
        TransferFacts f = facts_of(grade, sums[i], 0, 0);
        EXPECT_OK(transfer_allows(&rules, &f));
        f.minor++;
        EXPECT_REFUSED(transfer_allows(&rules, &f), REFUSED_TRANSFER_DAY_SUM);
        f = facts_of(grade, 1, sums[i] - 1, counts[i] - 1);
        EXPECT_OK(transfer_allows(&rules, &f));
        f.day_count++;
        EXPECT_REFUSED(transfer_allows(&rules, &f), REFUSED_TRANSFER_DAY_COUNT);
    }
}

static void test_the_owners_own_limits_only_lower(void)
{
    const TransferRules rules = rules_of(sample);
    TransferFacts f = facts_of(ACCOUNT_GRADE_II, 50, 0, 1);
    f.limit_minor = 50;
    f.limit_count = 2;
    EXPECT_OK(transfer_allows(&rules, &f));
    f.minor = 51;
    EXPECT_REFUSED(transfer_allows(&rules, &f), REFUSED_TRANSFER_DAY_SUM);
    f.minor = 50;
    f.day_count = 2;
    EXPECT_REFUSED(transfer_allows(&rules, &f), REFUSED_TRANSFER_DAY_COUNT);
    f.limit_minor = 0; /* nothing at all */
    EXPECT_REFUSED(transfer_allows(&rules, &f), REFUSED_TRANSFER_DAY_SUM);
    f = facts_of(ACCOUNT_GRADE_II, 601, 0, 1);
    f.limit_minor = 100000; /* a row of before the rules were lowered */
    EXPECT_REFUSED(transfer_allows(&rules, &f), REFUSED_TRANSFER_DAY_SUM);
}

static void test_much_needs_a_signature(void)
{
    const TransferRules rules = rules_of(sample);
    TransferFacts f = facts_of(ACCOUNT_GRADE_III, 700, 100, 1);
    f.strength = AUTH_TWO;
    EXPECT_OK(transfer_allows(&rules, &f));
    f.minor = 701;
    EXPECT_REFUSED(transfer_allows(&rules, &f), REFUSED_ALLOWANCE_FACTORS);
    f.strength = AUTH_SIGNED;
    EXPECT_OK(transfer_allows(&rules, &f));
}

static void test_the_first_one_to_a_stranger_waits(void)
{
    const TransferRules rules = rules_of(sample);
    EXPECT(transfer_fastest(&rules, 500, false) == TRANSFER_REAL_TIME);
    EXPECT(transfer_fastest(&rules, 501, false) == TRANSFER_NEXT_DAY);
    EXPECT(transfer_fastest(&rules, 501, true) == TRANSFER_REAL_TIME);
}

static void test_nonsense_and_rules_never_read_allow_nothing(void)
{
    const TransferRules rules = rules_of(sample);
    const TransferRules never = { 0 };
    const TransferFacts wrong[] = { facts_of(ACCOUNT_GRADE_III, 0, 0, 0),
        facts_of(ACCOUNT_GRADE_III, -1, 0, 0), facts_of(ACCOUNT_GRADE_III, 1, -1, 0),
        facts_of(ACCOUNT_GRADE_III, 1, 0, -1), facts_of((AccountGrade)0, 1, 0, 0),
        facts_of((AccountGrade)4, 1, 0, 0), facts_of(ACCOUNT_GRADE_III, INT64_MAX, 1, 0) };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        EXPECT_REFUSED(transfer_allows(&rules, &wrong[i]), REFUSED_TRANSFER_DAY_SUM);
    const TransferFacts sane = facts_of(ACCOUNT_GRADE_III, 1, 0, 0);
    EXPECT_REFUSED(transfer_allows(&never, &sane), REFUSED_TRANSFER_DAY_SUM);
    TransferSpeed speed = TRANSFER_NORMAL;
    EXPECT_REFUSED(transfer_speed_parse(SPAN("normal"), &speed), REFUSED_TRANSFER_FIELD);
    EXPECT_REFUSED(transfer_speed_parse(SPAN(""), &speed), REFUSED_TRANSFER_FIELD);
    EXPECT_OK(transfer_speed_parse(SPAN("NEXT_DAY"), &speed));
    EXPECT(speed == TRANSFER_NEXT_DAY);
}

TESTS(TEST(test_the_shipped_file_is_the_notice), TEST(test_what_contradicts_itself_is_refused),
        TEST(test_a_day_has_a_sum_and_a_count), TEST(test_the_owners_own_limits_only_lower),
        TEST(test_much_needs_a_signature), TEST(test_the_first_one_to_a_stranger_waits),
        TEST(test_nonsense_and_rules_never_read_allow_nothing))
