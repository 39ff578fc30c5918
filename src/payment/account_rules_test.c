/*
 * Goal: the limits of payment accounts (PBOC notice [2015] 43) bite exactly above themselves, each
 * sum in its own period; a rules file that gives less to whoever proves more, and rules that were
 * never read, allow nothing. Method: the shipped file and mistyped ones; one payer's allowance
 * carried through days and years on a clock of ours.
 */
#include "base/expect.h"
#include "base/time.h"
#include "payment/allowance.h"

#include <stdio.h>
#include <stdlib.h>

static const char sample[] = "version: 1\nclasses:\n"
                             "  one:\n    channels: 1\n    lifetime: 1000\n    year: 0\n"
                             "  two:\n    channels: 3\n    lifetime: 0\n    year: 10000\n"
                             "  three:\n    channels: 5\n    lifetime: 0\n    year: 20000\n"
                             "day:\n  signed: 0\n  two: 500\n  one: 100\ndormant_days: 183\n";

static AccountRules rules_of(const char *text)
{
    AccountRules rules = { 0 };
    YamlProblem problem;
    ASSERT(status_ok(account_rules_parse(span_of_text(text), &rules, &problem)));
    return rules;
}

static int64_t at(const char *text)
{
    int64_t now_us = 0;
    ASSERT(status_ok(time_parse(span_of_text(text), &now_us)));
    return now_us;
}

static Allowance account_of(AccountGrade grade, int64_t opened_us)
{
    return (Allowance) {
        .payer = "p", .grade = grade, .state = ALLOWANCE_LIVE, .opened_us = opened_us
    };
}

static Status pays(Allowance *a, const AccountRules *rules, int64_t minor, AuthStrength strength,
        int64_t now_us)
{
    TRY(allowance_judge(a, rules, minor, strength, now_us));
    return allowance_count(a, minor, strength, now_us);
}

static void test_the_shipped_file_is_the_notice(void)
{
    char path[512];
    AccountRules rules = { 0 };
    YamlProblem problem;
    snprintf(path, sizeof(path), "%s/rules/accounts.yaml", getenv("HUFU_SOURCE"));
    EXPECT_OK(account_rules_load(path, &rules, &problem));
    EXPECT(rules.grades[0].lifetime == 100000 && rules.grades[1].year == 10000000);
    EXPECT(rules.grades[2].year == 20000000 && rules.day[AUTH_ONE] == 100000);
    EXPECT(rules.day[AUTH_TWO] == 500000 && rules.day[AUTH_SIGNED] == 0);
    EXPECT_REFUSED(account_rules_load("/nonexistent/accounts.yaml", &rules, &problem),
            REFUSED_ACCOUNT_RULES_INVALID);
}

static void test_less_for_more_proof_is_refused(void)
{
    static const char *const mistyped[][2] = {
        { "channels: 3", "channels: 1" },
        { "year: 20000", "year: 9999" },
        { "two: 500", "two: 99" },
        { "signed: 0", "signed: 499" },
        { "channels: 5", "channels: 3" },
    };
    for (size_t i = 0; i < sizeof(mistyped) / sizeof(mistyped[0]); i++) {
        char text[sizeof(sample) + 16];
        AccountRules rules = { 0 };
        YamlProblem problem;
        const char *place = strstr(sample, mistyped[i][0]);
        EXPECT(place != NULL);
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(place - sample), sample, mistyped[i][1],
                place + strlen(mistyped[i][0]));
        EXPECT_REFUSED(account_rules_parse(span_of_text(text), &rules, &problem),
                REFUSED_ACCOUNT_RULES_INVALID);
        EXPECT(rules.magic == 0 && problem.line > 0);
    }
}

static void test_channels_make_the_class(void)
{
    const AccountRules rules = rules_of(sample);
    AccountGrade grade = ACCOUNT_GRADE_III;
    EXPECT(!account_grade_of(&rules, 0, false, &grade));
    EXPECT(account_grade_of(&rules, 1, false, &grade) && grade == ACCOUNT_GRADE_I);
    EXPECT(account_grade_of(&rules, 3, false, &grade) && grade == ACCOUNT_GRADE_II);
    EXPECT(account_grade_of(&rules, 4, false, &grade) && grade == ACCOUNT_GRADE_II);
    EXPECT(account_grade_of(&rules, 5, false, &grade) && grade == ACCOUNT_GRADE_III);
    EXPECT(account_grade_of(&rules, 0, true, &grade) && grade == ACCOUNT_GRADE_III);
}

static void test_a_class_one_account_pays_so_much_in_its_life(void)
{
    const AccountRules rules = rules_of(sample);
    const int64_t opened_us = at("2026-01-05T10:00:00+08:00");
    Allowance a = account_of(ACCOUNT_GRADE_I, opened_us);
    EXPECT_OK(pays(&a, &rules, 999, AUTH_SIGNED, opened_us));
    const int64_t years_later_us = at("2029-01-05T10:00:00+08:00");
    EXPECT_REFUSED(pays(&a, &rules, 2, AUTH_SIGNED, years_later_us), REFUSED_ALLOWANCE_GRADE);
    EXPECT_OK(pays(&a, &rules, 1, AUTH_SIGNED, years_later_us));
}

static void test_a_year_ends_at_midnight_in_shanghai(void)
{
    const AccountRules rules = rules_of(sample);
    const int64_t last_us = at("2026-12-31T23:59:59+08:00");
    Allowance a = account_of(ACCOUNT_GRADE_II, at("2026-12-01T10:00:00+08:00"));
    EXPECT_OK(pays(&a, &rules, 10000, AUTH_SIGNED, last_us));
    EXPECT_REFUSED(pays(&a, &rules, 1, AUTH_SIGNED, last_us), REFUSED_ALLOWANCE_GRADE);
    EXPECT_OK(pays(&a, &rules, 10000, AUTH_SIGNED, last_us + TIME_SECOND_US));
    /* A clock that is set back opens no year again. */
    EXPECT_REFUSED(pays(&a, &rules, 1, AUTH_SIGNED, last_us), REFUSED_ALLOWANCE_GRADE);
}

static void test_each_strength_has_its_day(void)
{
    const AccountRules rules = rules_of(sample);
    const int64_t noon_us = at("2026-03-01T12:00:00+08:00");
    Allowance a = account_of(ACCOUNT_GRADE_III, noon_us);
    EXPECT_OK(pays(&a, &rules, 100, AUTH_ONE, noon_us));
    EXPECT_REFUSED(pays(&a, &rules, 1, AUTH_ONE, noon_us), REFUSED_ALLOWANCE_FACTORS);
    EXPECT_OK(pays(&a, &rules, 500, AUTH_TWO, noon_us));
    EXPECT_REFUSED(pays(&a, &rules, 1, AUTH_TWO, noon_us), REFUSED_ALLOWANCE_FACTORS);
    EXPECT_OK(pays(&a, &rules, 5000, AUTH_SIGNED, noon_us));
    const int64_t next_us = at("2026-03-02T00:00:00+08:00");
    EXPECT_REFUSED(
            pays(&a, &rules, 1, AUTH_ONE, next_us - TIME_SECOND_US), REFUSED_ALLOWANCE_FACTORS);
    EXPECT_OK(pays(&a, &rules, 100, AUTH_ONE, next_us));
    EXPECT_REFUSED(pays(&a, &rules, 1, AUTH_ONE, noon_us), REFUSED_ALLOWANCE_FACTORS);
}

static void test_what_is_given_back_can_be_paid_again(void)
{
    const AccountRules rules = rules_of(sample);
    const int64_t noon_us = at("2026-03-01T12:00:00+08:00");
    Allowance a = account_of(ACCOUNT_GRADE_III, noon_us);
    EXPECT_OK(pays(&a, &rules, 100, AUTH_ONE, noon_us));
    allowance_uncount(&a, 100, AUTH_ONE, noon_us);
    EXPECT_OK(pays(&a, &rules, 100, AUTH_ONE, noon_us));
    /* The next day nothing of it is today's any more; the year's sum goes down all the same. */
    const int64_t next_us = noon_us + TIME_DAY_US;
    EXPECT_OK(pays(&a, &rules, 60, AUTH_ONE, next_us));
    allowance_uncount(&a, 100, AUTH_ONE, noon_us);
    EXPECT_REFUSED(pays(&a, &rules, 41, AUTH_ONE, next_us), REFUSED_ALLOWANCE_FACTORS);
    EXPECT(a.year_minor == 60 && a.lifetime_minor == 60);
}

static void test_dormant_and_stopped_accounts_pay_nothing(void)
{
    const AccountRules rules = rules_of(sample);
    const int64_t opened_us = at("2026-01-05T10:00:00+08:00");
    Allowance a = account_of(ACCOUNT_GRADE_III, opened_us);
    const int64_t last_us = opened_us + 183 * TIME_DAY_US;
    EXPECT_REFUSED(pays(&a, &rules, 1, AUTH_TWO, last_us + 1), REFUSED_ACCOUNT_DORMANT);
    EXPECT_OK(pays(&a, &rules, 1, AUTH_TWO, last_us));
    EXPECT_OK(pays(&a, &rules, 1, AUTH_TWO, last_us + 400 * TIME_DAY_US)); /* it was used */
    a.state = ALLOWANCE_STOPPED;
    EXPECT_REFUSED(pays(&a, &rules, 1, AUTH_TWO, last_us), REFUSED_ACCOUNT_STOPPED);
}

static void test_nonsense_is_never_allowed(void)
{
    const AccountRules rules = rules_of(sample);
    const AccountRules never_read = { 0 };
    const AllowanceFacts good = { ACCOUNT_GRADE_III, AUTH_ONE, 1, 0, 0, 0 };
    const AllowanceFacts bad[] = {
        { ACCOUNT_GRADE_III, AUTH_ONE, 0, 0, 0, 0 },
        { ACCOUNT_GRADE_III, AUTH_ONE, -5, 0, 0, 0 },
        { (AccountGrade)0, AUTH_ONE, 1, 0, 0, 0 },
        { (AccountGrade)4, AUTH_ONE, 1, 0, 0, 0 },
        { ACCOUNT_GRADE_III, (AuthStrength)3, 1, 0, 0, 0 },
        { ACCOUNT_GRADE_III, AUTH_SIGNED, 1, INT64_MAX, 0, 0 },
        { ACCOUNT_GRADE_III, AUTH_SIGNED, 1, 0, -1, 0 },
    };
    EXPECT_OK(account_allows(&rules, &good));
    EXPECT_REFUSED(account_allows(&never_read, &good), REFUSED_ALLOWANCE_GRADE);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        EXPECT_REFUSED(account_allows(&rules, &bad[i]), REFUSED_ALLOWANCE_GRADE);
}

TESTS(TEST(test_the_shipped_file_is_the_notice), TEST(test_less_for_more_proof_is_refused),
        TEST(test_channels_make_the_class), TEST(test_a_class_one_account_pays_so_much_in_its_life),
        TEST(test_a_year_ends_at_midnight_in_shanghai), TEST(test_each_strength_has_its_day),
        TEST(test_what_is_given_back_can_be_paid_again),
        TEST(test_dormant_and_stopped_accounts_pay_nothing), TEST(test_nonsense_is_never_allowed))
