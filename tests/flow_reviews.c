/*
 * Goal: everybody's rights are looked at once a period, by somebody else: who is due is reminded
 * of, a review keeps or cuts and gives nothing, and what was cut is gone at once with all that was
 * given beside it (TP-15, LL-4.5.2, LL-4.5.3). Method: the real programs and the command line; the
 * test sets the clock (moved_clock.h) to where rules/access.yaml says that the period ends.
 */
#include "access/rights.h"
#include "base/expect.h"
#include "house_people.h"
#include "moved_clock.h"
#include "operator.h"

#include <signal.h>
#include <stdio.h>

static Stand stand;
static ConsoleUser mei = { .name = "mei" };
static ConsoleUser lin = { .name = "lin" };
static int64_t period_s;
static int64_t remind_s;

enum { DAY_S = 86400 };

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define DONE(...) EXPECT(operator_ended(HUFU(__VA_ARGS__), 0))
#define REFUSED(name, ...)                            \
    do {                                              \
        EXPECT(operator_ended(HUFU(__VA_ARGS__), 1)); \
        EXPECT(operator_says(name));                  \
    } while (0)
#define REVIEW(...) "access", "review", __VA_ARGS__, "--reason", "the quarter"

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    AccessTable *table = NULL;
    YamlProblem problem = { 0 };
    EXPECT_OK(moved_clock_begin());
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(access_table_load(stand_path(&stand, "access.yaml"), &table, &problem));
    period_s = table->reviews.period_days * DAY_S;
    remind_s = table->reviews.remind_days * DAY_S;
    access_table_free(&table);
    EXPECT_OK(house_join(&stand, &mei, "risk-analyst"));
    EXPECT_OK(house_join(&stand, &lin, "risk-analyst,key-custodian"));
}

/* How many reminders of this one: the alert's key begins with his name, in hexadecimal. */
static int64_t reminders_of(const char *id)
{
    char sql[160];
    snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM alert WHERE kind = 51"
            " AND about_key LIKE lower(hex('%s/')) || '%%'",
            id);
    return stand_number(&stand, sql);
}

static int64_t reviews_of(const char *id)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM access_review WHERE principal = '%s'", id);
    return stand_number(&stand, sql);
}

static void test_nobody_is_due_before(void)
{
    moved_clock_set_wall(period_s - remind_s - DAY_S);
    DONE("access", "reviews");
    EXPECT(!operator_said(&stand, "mei"));
    REFUSED("ACCESS_REVIEWED", REVIEW("mei", "--keep", "risk-analyst"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 51") == 0);
}

/* Each is reminded of once, not at every tick and not after a restart. */
static void test_who_is_due_is_told(void)
{
    moved_clock_set_wall(period_s - remind_s + DAY_S);
    EXPECT(stand_comes_true(&stand, "SELECT count(*) >= 5 FROM alert WHERE kind = 51"));
    EXPECT(reminders_of("mei") == 1 && reminders_of("lin") == 1 && reminders_of("alice") == 1);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    DONE("access", "reviews");
    EXPECT(operator_says("mei") && operator_says("lin") && operator_says("alice"));
    EXPECT(reminders_of("mei") == 1);
}

static void test_what_is_kept_stays(void)
{
    REFUSED("ACCESS_NO_ROLE", "--as", "mei", REVIEW("lin", "--keep", "risk-analyst"));
    REFUSED("ACCESS_SELF", REVIEW("alice", "--keep", "payment-operator"));
    REFUSED("PRINCIPAL_FIELD", REVIEW("mei", "--keep", "risk-analyst,key-custodian"));
    DONE(REVIEW("mei", "--keep", "risk-analyst"));
    EXPECT(reviews_of("mei") == 1);
    DONE("--as", "mei", "incident", "list");
    REFUSED("ACCESS_REVIEWED", REVIEW("mei", "--keep", "risk-analyst"));
    DONE("access", "reviews");
    EXPECT(!operator_said(&stand, "mei") && operator_says("lin"));
    DONE("trail", "search", "--kind", "access.review", "--subject", "mei");
    EXPECT(operator_says("kept risk-analyst") && operator_says("why the quarter"));
}

/* What lin may as a key-custodian. */
static Status ask_keys(void)
{
    static uint8_t memory[65536];
    Buffer answer = BUFFER_OF(memory);
    return house_ask(&stand, "lin", SPAN("{\"operation\":\"key.list\"}"), &answer);
}

static void test_what_is_cut_is_gone(void)
{
    EXPECT_OK(ask_keys());
    DONE("--as", "lin", "access", "request", "caller.list", "--reason", "a case");
    DONE("--as", "lin", "caller", "list");
    DONE("--as", "bob", REVIEW("lin", "--keep", "risk-analyst"));
    EXPECT(reviews_of("lin") == 1);
    EXPECT_REFUSED(ask_keys(), REFUSED_ACCESS_NO_ROLE);
    REFUSED("ACCESS_NO_ROLE", "--as", "lin", "caller", "list"); /* given before */
    DONE("--as", "lin", "incident", "list");
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    DONE("access", "list");
    EXPECT(operator_says("lin"));
    REFUSED("ACCESS_NO_ROLE", "--as", "lin", "caller", "list");
}

/* In the next period everybody is due again; who was late in this one still is. */
static void test_the_next_period_comes(void)
{
    moved_clock_set_wall(period_s + DAY_S);
    DONE("access", "reviews");
    EXPECT(operator_says("alice") && !operator_said(&stand, "mei"));
    moved_clock_set_wall(2 * period_s - remind_s + 2 * DAY_S);
    EXPECT(stand_comes_true(&stand,
            "SELECT count(*) = 2 FROM alert WHERE kind = 51 AND about_key LIKE '6d65692f%'"));
    DONE("access", "reviews");
    EXPECT(operator_says("mei") && operator_says("lin"));
}

static void test_house_closes(void)
{
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_nobody_is_due_before), TEST(test_who_is_due_is_told),
        TEST(test_what_is_kept_stays), TEST(test_what_is_cut_is_gone),
        TEST(test_the_next_period_comes), TEST(test_house_closes))
