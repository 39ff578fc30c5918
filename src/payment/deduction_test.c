/*
 * Goal: a payer is deducted what he signed and no more, by whom he signed with, until he ends it
 * (TP-9). Method: a whole ledger (practice_house.h); 4,000 seeded takings over two years against
 * another way of counting, from the list of all that was taken.
 */
#include "payment/account_act.h"
#include "payment/contract_for_tests.h"

static void test_one_sum_and_count(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    const Contract c = signed_by("p0", "C-1", 7);
    EXPECT_REFUSED(deducts(&c, "take-0", 3001), REFUSED_CONTRACT_LIMIT);
    EXPECT_OK(deducts(&c, "take-1", 3000));
    EXPECT_OK(deducts(&c, "take-1", 3000)); /* the same again is the same */
    EXPECT_REFUSED(deducts(&c, "take-1", 2999), REFUSED_ORDER_CONFLICT);
    EXPECT_REFUSED(deducts(&c, "take-2", 2001), REFUSED_CONTRACT_PERIOD_SUM);
    EXPECT_OK(deducts(&c, "take-2", 1000)); /* the number was not used up */
    EXPECT_OK(deducts(&c, "take-3", 500));
    EXPECT_REFUSED(deducts(&c, "take-4", 1), REFUSED_CONTRACT_PERIOD_COUNT);
    EXPECT(house_balance(&h, "p0") == HOUSE_OPENING - 4500 && house_balance(&h, "m1") == 4500);
    h.now_us += 31 * TIME_DAY_US;
    EXPECT_OK(deducts(&c, "take-4", 3000));
    end();
}

static void test_notice(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 24));
    const Contract c = signed_by("p0", "C-1", 7);
    EXPECT_REFUSED(deducts(&c, "take-1", 100), REFUSED_DEDUCTION_NOT_LAWFUL);
    EXPECT_OK(does(CONTRACT_ANNOUNCE, "m1", "", &c));
    h.now_us += 24 * 3600 * TIME_SECOND_US - 1;
    EXPECT_OK(does(CONTRACT_ANNOUNCE, "m1", "", &c)); /* the same again counts from the first */
    EXPECT_REFUSED(deducts(&c, "take-1", 100), REFUSED_DEDUCTION_NOT_LAWFUL);
    h.now_us += 1;
    EXPECT_OK(deducts(&c, "take-1", 100));
    EXPECT_REFUSED(deducts(&c, "take-2", 100), REFUSED_DEDUCTION_NOT_LAWFUL);
    /* It lapses: nobody announces once and takes months later. */
    const int64_t notice_us = TIME_DAY_US;
    const int64_t lapses_us = notice_us + CONTRACT_ANNOUNCED_DAYS * TIME_DAY_US;
    EXPECT_OK(does(CONTRACT_ANNOUNCE, "m1", "", &c));
    h.now_us += lapses_us;
    EXPECT_REFUSED(deducts(&c, "take-2", 100), REFUSED_DEDUCTION_NOT_LAWFUL);
    EXPECT_OK(does(CONTRACT_ANNOUNCE, "m1", "", &c)); /* the same again counts from now */
    EXPECT_REFUSED(deducts(&c, "take-2", 100), REFUSED_DEDUCTION_NOT_LAWFUL);
    h.now_us += lapses_us - 1;
    EXPECT_OK(deducts(&c, "take-2", 100));
    end();
}

/* Nobody shows anything: the account's and the strategy's limits are those of such payments. */
static void test_the_account_and_the_strategy_have_their_say(void)
{
    begin();
    PlanWork plan = plan_of("m1", 7);
    plan.plan.one_minor = 200000;
    plan.plan.period_minor = 1000000;
    plan.plan.period_count = 100;
    EXPECT_OK(house_run(&h, &plan.unit));
    const Contract c = signed_by("p0", "C-1", 7);
    h.rules.accounts.day[AUTH_ONE] = 100000;
    h.rules.strategy.amount.challenge_over = 50000;
    h.rules.strategy.amount.delay_over = 0;
    h.rules.strategy.amount.review_over = 0;
    h.rules.strategy.amount.refuse_over = 0;
    PaymentDeduct work = deduct_of(&c, "asked-1", 50001);
    EXPECT_OK(house_run(&h, &work.unit));
    EXPECT(work.payment.state == TRADE_PAYERROR && work.payment.risk == RISK_CHALLENGE
            && work.payment.reason == REFUSED_RISK_REFUSED
            && (work.payment.risk_reasons & (uint32_t)REASON_AMOUNT_NEEDS_PIN) != 0);
    h.rules.strategy.amount.challenge_over = 0;
    EXPECT_OK(deducts(&c, "daily-1", 90000));
    EXPECT_REFUSED(deducts(&c, "daily-2", 10001), REFUSED_ALLOWANCE_FACTORS);
    EXPECT_OK(deducts(&c, "daily-3", 10000));
    EXPECT(house_number(&h, "SELECT deductions FROM contract") == 2);
    EXPECT(house_number(&h, "SELECT count(*) FROM deduction") == 2);
    h.now_us += TIME_DAY_US;
    h.rules.strategy.amount.delay_over = 1000;
    work = deduct_of(&c, "hold-1", 2000);
    EXPECT_OK(house_run(&h, &work.unit));
    EXPECT(work.payment.state == TRADE_USERPAYING && house_frozen(&h, "p0") == 2000);
    PaymentExpire late = house_expire("m1", "hold-1");
    h.now_us = work.payment.decide_by_us;
    EXPECT_OK(house_run(&h, &late.unit));
    EXPECT(late.payment.state == TRADE_SUCCESS && house_frozen(&h, "p0") == 0);
    end();
}

/* An emergency stop, a sleeping account and an empty one end the order, and count nothing. */
static void test_a_stopped_account_is_not_deducted(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    const Contract c = signed_by("p0", "C-1", 7);
    EXPECT_OK(deducts(&c, "before-1", 100));
    const Contract sleeping = signed_by("p1", "C-3", 7);
    AccountAct stop = { .kind = ACCOUNT_STOP, .actor = "anna", .rules = &h.rules.accounts };
    snprintf(stop.payer, sizeof(stop.payer), "p0");
    account_act_unit(&stop, NULL);
    EXPECT_OK(house_run(&h, &stop.unit));
    EXPECT_REFUSED(deducts(&c, "stopped-1", 100), REFUSED_ACCOUNT_STOPPED);
    EXPECT_REFUSED(deducts(&c, "stopped-1", 100), REFUSED_ACCOUNT_STOPPED); /* the same again */
    ContractRequest asked = request_of("m1", "C-2", 7);
    EXPECT_OK(house_run(&h, &asked.unit));
    ContractSign sign = sign_of(&asked.contract, "p0");
    EXPECT_REFUSED(house_run(&h, &sign.unit), REFUSED_ACCOUNT_STOPPED);
    EXPECT(house_number(&h, "SELECT deductions FROM contract WHERE code = 'C-1'") == 1);
    EXPECT(house_balance(&h, "p0") == HOUSE_OPENING - 100);
    h.rules.accounts.dormant_days = 183;
    h.now_us += 200 * TIME_DAY_US;
    EXPECT_REFUSED(deducts(&sleeping, "asleep-1", 100), REFUSED_ACCOUNT_DORMANT);
    end();
}

/* What a delay or a review holds is taken only while the contract lasts. */
static void test_what_is_held_goes_back_when_the_contract_ends(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    h.rules.strategy.amount.delay_over = 1000;
    for (int by = 0; by < 3; by++) { /* the payer, the merchant, time */
        char code[8];
        char number[16];
        char payer[4];
        snprintf(code, sizeof(code), "C-%d", by);
        snprintf(number, sizeof(number), "held-%d", by);
        snprintf(payer, sizeof(payer), "p%d", by % 2);
        const Contract c = signed_by(payer, code, 7);
        const int64_t before = house_balance(&h, payer);
        PaymentDeduct work = deduct_of(&c, number, 2000);
        if (by == 2) {
            h.now_us = c.until_us - 1;
            house_agree(&h, "m1", 0, 0, 0);
        }
        EXPECT_OK(house_run(&h, &work.unit));
        EXPECT(work.payment.state == TRADE_USERPAYING && house_frozen(&h, payer) == 2000);
        if (by == 0) EXPECT_OK(does(CONTRACT_END, "", payer, &c));
        if (by == 1) EXPECT_OK(does(CONTRACT_END, "m1", "", &c));
        PaymentExpire late = house_expire("m1", number);
        h.now_us = work.payment.decide_by_us;
        EXPECT_OK(house_run(&h, &late.unit));
        EXPECT(late.payment.state == TRADE_PAYERROR
                && late.payment.reason == REFUSED_CONTRACT_OVER);
        EXPECT(house_frozen(&h, payer) == 0 && house_balance(&h, payer) == before);
    }
    EXPECT(house_balance(&h, "m1") == 0);
    end();
}

/* --- another way of counting --- */

enum { TAKINGS = 4000 };

typedef struct Taken {
    int64_t minor;
    int64_t time_us;
} Taken;

static bool in_one_period(ContractPeriod period, int64_t a_us, int64_t b_us)
{
    uint8_t a_bytes[32];
    uint8_t b_bytes[32];
    Buffer a = BUFFER_OF(a_bytes);
    Buffer b = BUFFER_OF(b_bytes);
    if (period == CONTRACT_EACH_WEEK) {
        const int32_t monday = 4; /* 1970-01-05 */
        return (time_business_day(a_us) - monday) / 7 == (time_business_day(b_us) - monday) / 7;
    }
    ASSERT(status_ok(time_format(a_us, &a)) && status_ok(time_format(b_us, &b)));
    const size_t digits = period == CONTRACT_EACH_DAY ? 10 : period == CONTRACT_EACH_MONTH ? 7 : 4;
    return span_equal((Span) { a_bytes, digits }, (Span) { b_bytes, digits });
}

static void test_four_thousand_takings_of_each_period(void)
{
    static Taken taken[TAKINGS];
    SeededRandom seed;
    random_seeded(&seed, 42);
    for (int period = CONTRACT_EACH_DAY; period <= CONTRACT_EACH_YEAR; period++) {
        int64_t now_us = INT64_C(1790000000) * TIME_SECOND_US;
        size_t count = 0;
        size_t refused = 0;
        Contract c = { .one_minor = 50,
            .period = (ContractPeriod)period,
            .period_minor = 120,
            .period_count = 4,
            .until_us = INT64_MAX,
            .state = CONTRACT_IN_FORCE };
        for (size_t i = 0; i < TAKINGS; i++) {
            const int64_t minor = (int64_t)(seeded_next(&seed) % 60);
            int64_t sum = 0;
            int64_t many = 0;
            now_us += (int64_t)(seeded_next(&seed) % (uint64_t)(TIME_DAY_US / 3 * period));
            for (size_t j = count; j-- > 0;) {
                if (!in_one_period(c.period, taken[j].time_us, now_us)) break; /* in order */
                sum += taken[j].minor;
                many++;
            }
            const bool may = minor >= 1 && minor <= 50 && sum + minor <= 120 && many < 4;
            EXPECT(status_ok(contract_take(&c, minor, now_us)) == may);
            if (may) taken[count++] = (Taken) { minor, now_us };
            if (!may) refused++;
        }
        EXPECT(count > 5 && refused > 50);
    }
}

TESTS(TEST(test_one_sum_and_count), TEST(test_notice),
        TEST(test_the_account_and_the_strategy_have_their_say),
        TEST(test_a_stopped_account_is_not_deducted),
        TEST(test_what_is_held_goes_back_when_the_contract_ends),
        TEST(test_four_thousand_takings_of_each_period))
