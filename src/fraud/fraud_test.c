/* Goal: the strategy file means what it says, and no fault inside the decision ever allows a
 * payment. */
#include "base/expect.h"
#include "fraud/decide.h"

static const char baseline[] = "version: 1\nname: t\n"
                               "amount:\n  challenge_over: 100\n  delay_over: 200\n  review_over: "
                               "300\n  refuse_over: 400\n"
                               "velocity:\n  challenge_count_over: 3\n  challenge_sum_over: 250\n"
                               "  refuse_count_over: 5\n  refuse_sum_over: 900\n"
                               "wait:\n  challenge_s: 1\n  delay_s: 2\n  review_s: 3\n";

static Strategy strategy_of(const char *text)
{
    Strategy strategy = { 0 };
    YamlProblem problem;
    const Status s = strategy_parse(span_of_text(text), &strategy, &problem);
    if (!status_ok(s)) strategy.magic = 0;
    return strategy;
}

static void test_every_threshold_bites_exactly_above_itself(void)
{
    const Strategy s = strategy_of(baseline);
    const struct {
        DecideFacts facts;
        RiskOutcome outcome;
        uint32_t reasons;
        int64_t wait_s;
    } cases[] = {
        { { 100, false, 0, 0 }, RISK_ALLOW, 0, 0 },
        { { 101, false, 0, 0 }, RISK_CHALLENGE, REASON_AMOUNT_NEEDS_PIN, 1 },
        { { 101, true, 0, 0 }, RISK_ALLOW, 0, 0 },
        { { 201, true, 0, 0 }, RISK_DELAY, REASON_AMOUNT_DELAY, 2 },
        { { 201, false, 0, 0 }, RISK_CHALLENGE, REASON_AMOUNT_DELAY | REASON_AMOUNT_NEEDS_PIN, 1 },
        { { 201, false, 5, 0 }, RISK_REFUSE,
                REASON_AMOUNT_DELAY | REASON_AMOUNT_NEEDS_PIN | REASON_COUNT_NEEDS_PIN
                        | REASON_COUNT_MAX,
                0 },
        { { 301, false, 0, 0 }, RISK_REVIEW,
                REASON_AMOUNT_DELAY | REASON_AMOUNT_NEEDS_PIN | REASON_AMOUNT_REVIEW
                        | REASON_SUM_NEEDS_PIN,
                3 },
        { { 301, true, 0, 0 }, RISK_REVIEW, REASON_AMOUNT_DELAY | REASON_AMOUNT_REVIEW, 3 },
        { { 401, true, 0, 0 }, RISK_REFUSE,
                REASON_AMOUNT_DELAY | REASON_AMOUNT_REVIEW | REASON_AMOUNT_MAX, 0 },
        { { 1, false, 2, 2 }, RISK_ALLOW, 0, 0 },
        { { 1, false, 3, 3 }, RISK_CHALLENGE, REASON_COUNT_NEEDS_PIN, 1 },
        { { 50, false, 1, 200 }, RISK_ALLOW, 0, 0 },
        { { 51, false, 1, 200 }, RISK_CHALLENGE, REASON_SUM_NEEDS_PIN, 1 },
        { { 1, true, 4, 4 }, RISK_ALLOW, 0, 0 },
        { { 1, true, 5, 5 }, RISK_REFUSE, REASON_COUNT_MAX, 0 },
        { { 1, true, 0, 900 }, RISK_REFUSE, REASON_SUM_MAX, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Decision d = { 0 };
        decide(&cases[i].facts, &s, &d);
        if (d.outcome != cases[i].outcome) fprintf(stderr, "case %zu\n", i);
        EXPECT(d.outcome == cases[i].outcome);
        EXPECT(d.reasons == cases[i].reasons);
        EXPECT(d.wait_us == cases[i].wait_s * 1000000);
    }
}

static void test_a_fault_inside_is_a_review(void)
{
    const Strategy s = strategy_of(baseline);
    const Strategy never_compiled = { 0 };
    const DecideFacts nonsense[] = {
        { 0, true, 0, 0 },
        { -5, true, 0, 0 },
        { 1, true, -1, 0 },
        { 1, true, 0, -1 },
        { 1, true, INT64_MAX, 0 },
        { INT64_MAX, true, 0, 1 },
    };
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        Decision d = { RISK_ALLOW, 0, 0 };
        decide(&nonsense[i], &s, &d);
        EXPECT(d.outcome == RISK_REVIEW && d.reasons == REASON_FAULT && d.wait_us > 0);
    }
    Decision d = { RISK_ALLOW, 0, 0 };
    decide(&(DecideFacts) { 1, true, 0, 0 }, &never_compiled, &d);
    EXPECT(d.outcome == RISK_REVIEW && d.reasons == REASON_FAULT);
}

static void test_a_threshold_of_zero_is_off(void)
{
    const Strategy s = strategy_of(
            "version: 1\nname: off\n"
            "amount: {challenge_over: 0, delay_over: 0, review_over: 0, refuse_over: 0}\n"
            "velocity: {challenge_count_over: 0, challenge_sum_over: 0, refuse_count_over: 0, "
            "refuse_sum_over: 0}\n"
            "wait: {challenge_s: 1, delay_s: 1, review_s: 1}\n");
    Decision d = { 0 };
    EXPECT(s.magic == STRATEGY_MAGIC);
    decide(&(DecideFacts) { INT64_C(1) << 50, false, 1000000, INT64_C(1) << 50 }, &s, &d);
    EXPECT(d.outcome == RISK_ALLOW && d.reasons == 0);
}

/* Change one line of the good file; say what must come back and at which line. */
static Status parse_changed(const char *from, const char *to, int *ret_line)
{
    char text[1024] = { 0 };
    const char *at = strstr(baseline, from);
    ASSERT(at != NULL);
    const int n = snprintf(
            text, sizeof(text), "%.*s%s%s", (int)(at - baseline), baseline, to, at + strlen(from));
    ASSERT(n > 0 && (size_t)n < sizeof(text));
    Strategy strategy = { 0 };
    YamlProblem problem = { 0 };
    const Status s = strategy_parse(span_of_text(text), &strategy, &problem);
    *ret_line = problem.line;
    ASSERT(status_ok(s) || strategy.magic == 0); /* untouched on refusal */
    return s;
}

static void test_a_wrong_file_is_refused_with_its_line(void)
{
    int line = 0;
    EXPECT_OK(parse_changed("name: t", "name: u", &line));
    EXPECT_REFUSED(parse_changed("version: 1", "version: 2", &line), REFUSED_YAML_RANGE);
    EXPECT(line == 1);
    EXPECT_REFUSED(parse_changed("refuse_over: 400", "refuse_over: -1", &line), REFUSED_YAML_RANGE);
    EXPECT(line == 7);
    EXPECT_REFUSED(
            parse_changed("refuse_over: 400", "refuse_over: many", &line), REFUSED_YAML_TYPE);
    EXPECT_REFUSED(parse_changed("delay_over", "dealy_over", &line), REFUSED_YAML_UNKNOWN_KEY);
    EXPECT(line == 5);
    EXPECT_REFUSED(parse_changed("  delay_over: 200\n", "", &line), REFUSED_YAML_MISSING);
    EXPECT_REFUSED(
            parse_changed("refuse_over: 400", "refuse_over: 300", &line), REFUSED_STRATEGY_INVALID);
    EXPECT(line >= 3 && line <= 4);
    EXPECT_REFUSED(parse_changed("refuse_sum_over: 900", "refuse_sum_over: 250", &line),
            REFUSED_STRATEGY_INVALID);
    EXPECT_REFUSED(parse_changed("delay_s: 2", "delay_s: 0", &line), REFUSED_YAML_RANGE);
}

static void test_a_missing_file_is_named(void)
{
    Strategy strategy = { 0 };
    YamlProblem problem = { 0 };
    EXPECT_REFUSED(strategy_load("/nonexistent/strategy.yaml", &strategy, &problem),
            REFUSED_STRATEGY_INVALID);
    EXPECT(problem.line == 0 && strategy.magic == 0);
}

static void test_the_rules_that_are_shipped_load(void)
{
    Strategy strategy = { 0 };
    YamlProblem problem = { 0 };
    const char *source = getenv("HUFU_SOURCE"); /* given by meson */
    char path[512];
    snprintf(path, sizeof(path), "%s/rules/strategy.yaml", source != NULL ? source : ".");
    EXPECT_OK(strategy_load(path, &strategy, &problem));
    EXPECT(strcmp(strategy.name, "baseline") == 0);
    EXPECT(strategy.amount.challenge_over == 100000);
}

TESTS(TEST(test_every_threshold_bites_exactly_above_itself), TEST(test_a_fault_inside_is_a_review),
        TEST(test_a_threshold_of_zero_is_off), TEST(test_a_wrong_file_is_refused_with_its_line),
        TEST(test_a_missing_file_is_named), TEST(test_the_rules_that_are_shipped_load))
