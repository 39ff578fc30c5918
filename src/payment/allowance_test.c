/*
 * Goal: a payment account's limits (PBOC notice [2015] 43) are judged and counted in the unit that
 * pays: over a day's sum a scanned code asks for the PIN, a PIN alone is refused where the payer's
 * own device is not, two payments of one batch go over no limit together, and what is not paid
 * after all is given back. Method: a whole ledger (practice_house.h) with limits of ours.
 */
#include "base/expect.h"
#include "base/time.h"
#include "payment/account_act.h"
#include "payment/allowance.h"
#include "payment/practice_house.h"

static House h;

static void begin(void)
{
    house_open(&h, 7);
    h.rules.strategy.amount.challenge_over = 0;
    h.rules.strategy.amount.delay_over = 0;
    h.rules.strategy.amount.review_over = 0;
    h.rules.accounts.grades[ACCOUNT_GRADE_III - 1].year = 1500;
    h.rules.accounts.day[AUTH_ONE] = 1000;
    h.rules.accounts.day[AUTH_TWO] = 1200;
}

static void end(void)
{
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static int64_t counted(const char *column)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT coalesce(sum(%s), 0) FROM allowance WHERE payer = 'p0'",
            column);
    return house_number(&h, sql);
}

static Payment scanned(const char *number, int64_t minor)
{
    PaymentCodepay work = house_codepay(&h, "m1", number, minor, "p0");
    const Status s = house_run(&h, &work.unit);
    if (!status_ok(s)) fprintf(stderr, "  %s: %s\n", number, status_name(s));
    return work.payment;
}

static Payment ordered(const char *number, int64_t minor)
{
    PaymentNative work = house_native(&h, "m1", number, minor);
    ASSERT(status_ok(house_run(&h, &work.unit)));
    return work.payment;
}

static void test_over_the_days_sum_a_code_asks_for_the_pin(void)
{
    begin();
    EXPECT(scanned("ORDER-1", 1000).state == TRADE_SUCCESS);
    const Payment asked = scanned("ORDER-2", 1);
    EXPECT(asked.state == TRADE_USERPAYING && asked.risk == RISK_CHALLENGE);
    EXPECT((asked.risk_reasons & (uint32_t)REASON_FACTORS) != 0);
    PaymentPay pay = house_pay(&h, &asked, "p0");
    EXPECT_OK(house_run(&h, &pay.unit));
    EXPECT(pay.payment.state == TRADE_SUCCESS);
    EXPECT(counted("day_one_minor") == 1000 && counted("day_two_minor") == 1);
    /* The year has 1,500 in all. */
    const Payment refused = scanned("ORDER-3", 500);
    EXPECT(refused.state == TRADE_PAYERROR && refused.reason == REFUSED_ALLOWANCE_GRADE);
    EXPECT(scanned("ORDER-4", 499).state == TRADE_USERPAYING);
    end();
}

static void test_a_challenge_that_ends_is_given_back(void)
{
    begin();
    EXPECT(scanned("ORDER-1", 1000).state == TRADE_SUCCESS);
    EXPECT(scanned("ORDER-2", 400).state == TRADE_USERPAYING);
    EXPECT(counted("year_minor") == 1400 && counted("day_two_minor") == 400);
    h.now_us += 301 * TIME_SECOND_US;
    PaymentExpire expire = house_expire("m1", "ORDER-2");
    EXPECT_OK(house_run(&h, &expire.unit));
    EXPECT(expire.payment.state == TRADE_PAYERROR);
    EXPECT(counted("year_minor") == 1000 && counted("day_two_minor") == 0);
    EXPECT(counted("lifetime_minor") == 1000 && counted("day_one_minor") == 1000);
    end();
}

static void test_a_pin_alone_is_one_kind_of_factor(void)
{
    begin();
    Payment first = ordered("ORDER-1", 1000);
    Payment second = ordered("ORDER-2", 1);
    PaymentPay pay = house_pay(&h, &first, "p0");
    EXPECT_OK(house_run(&h, &pay.unit));
    pay = house_pay(&h, &second, "p0");
    EXPECT_REFUSED(house_run(&h, &pay.unit), REFUSED_ALLOWANCE_FACTORS);
    EXPECT(counted("day_one_minor") == 1000 && counted("lifetime_minor") == 1000);
    end();
}

static void test_two_of_one_batch_go_over_no_limit(void)
{
    begin();
    PaymentCodepay work[4];
    Unit *units[4];
    Status outcomes[4];
    static const char *const numbers[] = { "ORDER-1", "ORDER-2", "ORDER-3", "ORDER-4" };
    for (int i = 0; i < 4; i++) {
        work[i] = house_codepay(&h, "m1", numbers[i], 600, "p0");
        units[i] = &work[i].unit;
    }
    house_together(&h, units, 4, outcomes);
    EXPECT(work[0].payment.state == TRADE_SUCCESS);
    EXPECT(work[1].payment.state == TRADE_USERPAYING);
    EXPECT(work[2].payment.state == TRADE_PAYERROR && work[3].payment.state == TRADE_PAYERROR);
    EXPECT(counted("year_minor") == 1200);
    end();
}

static Status before_gather(Unit *unit, Rows *rows)
{
    int64_t account = 0;
    return payer_gather(rows, "p0", &account);
}

static Status before_run(Unit *unit, Rows *rows)
{
    return payer_count(rows, "p0", time_business_day(rows_now_us(rows)), 1);
}

static void test_who_paid_before_there_were_rows_is_not_dormant(void)
{
    begin();
    Unit before = { .gather = before_gather, .run = before_run };
    EXPECT_OK(house_run(&h, &before));
    h.rules.accounts.dormant_days = 1;
    h.now_us += 2 * TIME_DAY_US;
    EXPECT(scanned("ORDER-1", 1).state == TRADE_SUCCESS);
    PaymentCodepay never = house_codepay(&h, "m1", "ORDER-2", 1, "p1");
    EXPECT_OK(house_run(&h, &never.unit));
    EXPECT(never.payment.reason == REFUSED_ACCOUNT_DORMANT);
    end();
}

static AccountAct acted(AccountActKind kind, const char *payer, int64_t channels)
{
    AccountAct work = { .kind = kind,
        .actor = "alice",
        .reason = "a test",
        .rules = &h.rules.accounts,
        .channels = channels };
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    account_act_unit(&work, NULL);
    const Status s = house_run(&h, &work.unit);
    if (!status_ok(s)) fprintf(stderr, "  %s: %s\n", payer, status_name(s));
    return work;
}

static void test_a_stop_counts_at_once_and_for_what_is_held(void)
{
    begin();
    h.rules.strategy.amount.delay_over = 500;
    h.rules.strategy.wait.delay_s = 60;
    const Payment held = scanned("HELD-001", 600);
    EXPECT(held.state == TRADE_USERPAYING && held.risk == RISK_DELAY);
    EXPECT(acted(ACCOUNT_STOP, "p0", 0).allowance.state == ALLOWANCE_STOPPED);
    const Payment refused = scanned("STOP-001", 1);
    EXPECT(refused.state == TRADE_PAYERROR && refused.reason == REFUSED_ACCOUNT_STOPPED);
    h.now_us += 61 * TIME_SECOND_US;
    PaymentExpire expire = house_expire("m1", "HELD-001");
    EXPECT_OK(house_run(&h, &expire.unit));
    const Payment over = expire.payment;
    EXPECT(over.state == TRADE_PAYERROR && over.reason == REFUSED_ACCOUNT_STOPPED);
    EXPECT(counted("lifetime_minor") == 0);
    EXPECT(acted(ACCOUNT_RESUME, "p0", 0).allowance.state == ALLOWANCE_LIVE);
    EXPECT(scanned("BACK-001", 1).state == TRADE_SUCCESS);
    end();
}

/* Asleep until somebody says anew who it is; and so many channels make so high a class. */
static void test_who_is_confirmed_anew_is_awake_and_of_another_class(void)
{
    begin();
    h.rules.accounts.dormant_days = 1;
    h.rules.accounts.grades[ACCOUNT_GRADE_I - 1].channels = 1;
    h.rules.accounts.grades[ACCOUNT_GRADE_II - 1].channels = 3;
    h.rules.accounts.grades[ACCOUNT_GRADE_III - 1].channels = 5;
    h.now_us += 2 * TIME_DAY_US;
    EXPECT(acted(ACCOUNT_LOOK, "p0", 0).dormant);
    EXPECT(scanned("SLEEP-01", 1).reason == REFUSED_ACCOUNT_DORMANT);
    const AccountAct done = acted(ACCOUNT_CONFIRM, "p0", 2);
    EXPECT(!done.dormant && done.allowance.grade == ACCOUNT_GRADE_I);
    EXPECT(scanned("AWAKE-01", 1).state == TRADE_SUCCESS);
    AccountAct nobody = { .kind = ACCOUNT_CONFIRM, .payer = "nobody", .rules = &h.rules.accounts };
    account_act_unit(&nobody, NULL);
    EXPECT_REFUSED(house_run(&h, &nobody.unit), REFUSED_PAYER_UNKNOWN);
    AccountAct few = { .kind = ACCOUNT_CONFIRM, .payer = "p0", .rules = &h.rules.accounts };
    account_act_unit(&few, NULL);
    EXPECT_REFUSED(house_run(&h, &few.unit), REFUSED_ALLOWANCE_GRADE);
    end();
}

TESTS(TEST(test_over_the_days_sum_a_code_asks_for_the_pin),
        TEST(test_a_challenge_that_ends_is_given_back),
        TEST(test_a_pin_alone_is_one_kind_of_factor), TEST(test_two_of_one_batch_go_over_no_limit),
        TEST(test_who_paid_before_there_were_rows_is_not_dormant),
        TEST(test_a_stop_counts_at_once_and_for_what_is_held),
        TEST(test_who_is_confirmed_anew_is_awake_and_of_another_class))
