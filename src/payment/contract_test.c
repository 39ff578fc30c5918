/*
 * Goal: a payer is deducted what he signed and no more, by whom he signed with, until he ends it
 * (TP-9). Method: the table of states; a whole ledger (practice_house.h); 4,000 seeded takings over
 * two years against another way of counting, from the list of all that was taken.
 */
#include "payment/contract.h"

#include <stdio.h>

#include "base/expect.h"
#include "base/time.h"
#include "payment/account_act.h"
#include "payment/deduction.h"
#include "payment/practice_house.h"

static House h;

static void begin(void)
{
    house_open(&h, 17);
    house_agree(&h, "m1", 0, 0, 0);
    house_agree(&h, "m2", 0, 0, 0);
}

static void end(void)
{
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

/* --- steps --- */

static PlanWork plan_of(const char *mchid, int64_t number)
{
    PlanWork work = { .act = PLAN_ADD,
        .actor = "anna",
        .plan = { .number = number,
                .one_minor = 3000,
                .period = CONTRACT_EACH_MONTH,
                .period_minor = 5000,
                .period_count = 3,
                .life_days = 400 } };
    snprintf(work.plan.mchid, sizeof(work.plan.mchid), "%s", mchid);
    snprintf(work.plan.title, sizeof(work.plan.title), "会员 Member");
    plan_unit(&work, NULL);
    return work;
}

static Status add_plan(const char *mchid, int64_t number, int64_t notice_hours)
{
    PlanWork work = plan_of(mchid, number);
    work.plan.notice_hours = notice_hours;
    return house_run(&h, &work.unit);
}

static ContractRequest request_of(const char *mchid, const char *code, int64_t plan)
{
    ContractRequest work = { .serial = "5E1F", .contract = { .plan = plan } };
    snprintf(work.contract.mchid, sizeof(work.contract.mchid), "%s", mchid);
    snprintf(work.contract.code, sizeof(work.contract.code), "%s", code);
    snprintf(work.contract.account, sizeof(work.contract.account), "reader 17");
    ASSERT(status_ok(contract_id_draw(&h.random, work.contract.id)));
    contract_request_unit(&work, NULL);
    return work;
}

static ContractSign sign_of(const Contract *contract, const char *payer)
{
    ContractSign work = { 0 };
    memcpy(work.id, contract->id, sizeof(work.id));
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    contract_order(contract, work.order);
    memcpy(work.mchid, contract->mchid, sizeof(work.mchid));
    work.minor = contract->one_minor;
    h.grant_next++;
    memcpy(work.grant, &h.grant_next, sizeof(h.grant_next));
    contract_sign_unit(&work, NULL);
    return work;
}

static Contract signed_by(const char *payer, const char *code, int64_t plan)
{
    ContractRequest asked = request_of("m1", code, plan);
    ASSERT(status_ok(house_run(&h, &asked.unit)));
    ContractSign sign = sign_of(&asked.contract, payer);
    ASSERT(status_ok(house_run(&h, &sign.unit)));
    return sign.contract;
}

static PaymentDeduct deduct_of(const Contract *c, const char *number, int64_t minor)
{
    PaymentDeduct work = { .rules = &h.rules, .order = { .money = { minor, CURRENCY_CNY } } };
    snprintf(work.order.mchid, sizeof(work.order.mchid), "%s", c->mchid);
    snprintf(work.order.serial, sizeof(work.order.serial), "5E1F");
    snprintf(work.order.out_trade_no, sizeof(work.order.out_trade_no), "%s", number);
    snprintf(work.order.appid, sizeof(work.order.appid), "wx01");
    snprintf(work.order.description, sizeof(work.order.description), "November");
    memcpy(work.order.contract, c->id, sizeof(c->id));
    ASSERT(status_ok(payment_ids_draw(&h.random, h.now_us, &work.ids)));
    payment_deduct_unit(&work, NULL);
    return work;
}

static Status deducts(const Contract *c, const char *number, int64_t minor)
{
    PaymentDeduct work = deduct_of(c, number, minor);
    TRY(house_run(&h, &work.unit));
    return (Status) { work.payment.state == TRADE_SUCCESS ? 0 : work.payment.reason };
}

static ContractWork work_of(ContractAct act, const char *mchid, const char *payer, const char *id)
{
    ContractWork work = { .act = act };
    snprintf(work.mchid, sizeof(work.mchid), "%s", mchid);
    if (mchid[0] != 0) snprintf(work.serial, sizeof(work.serial), "5E1F");
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    snprintf(work.id, sizeof(work.id), "%s", id);
    contract_unit(&work, NULL);
    return work;
}

static Status does(ContractAct act, const char *mchid, const char *payer, const Contract *c)
{
    ContractWork work = work_of(act, mchid, payer, c->id);
    work.minor = c->one_minor;
    return house_run(&h, &work.unit);
}

/* --- plans --- */

static void test_a_plan_is_made_once_and_closed(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    EXPECT_OK(add_plan("m1", 7, 0));
    EXPECT_REFUSED(add_plan("m1", 7, 24), REFUSED_PLAN_EXISTS);
    EXPECT_REFUSED(add_plan("m9", 7, 0), REFUSED_MERCHANT_UNKNOWN);
    EXPECT_REFUSED(add_plan("m1", 0, 0), REFUSED_PLAN_FIELD);
    EXPECT_REFUSED(add_plan("m1", 8, -1), REFUSED_PLAN_FIELD);
    PlanWork work = plan_of("m1", 8);
    work.plan.period_minor = 2999; /* less than one */
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_PLAN_FIELD);
    work = plan_of("m1", 8);
    snprintf(work.plan.title, sizeof(work.plan.title), "4111 1111 1111 1111");
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_DATA_CARD_NUMBER);
    work = plan_of("m1", 8);
    snprintf(work.plan.title, sizeof(work.plan.title), "a\nb");
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_PLAN_FIELD);
    const Contract c = signed_by("p0", "C-1", 7);
    work = plan_of("m1", 7);
    work.act = PLAN_CLOSE;
    EXPECT_OK(house_run(&h, &work.unit));
    EXPECT_REFUSED(add_plan("m1", 7, 0), REFUSED_PLAN_EXISTS);
    ContractRequest asked = request_of("m1", "C-2", 7);
    EXPECT_REFUSED(house_run(&h, &asked.unit), REFUSED_PLAN_UNKNOWN);
    EXPECT_OK(deducts(&c, "go-on-1", 100)); /* what was signed goes on */
    end();
}

/* --- the table of states --- */

static void test_every_step_of_every_state(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    EXPECT_OK(add_plan("m2", 7, 0));
    ContractRequest asked = request_of("m1", "C-1", 7);
    EXPECT_OK(house_run(&h, &asked.unit));
    const Contract c = asked.contract;
    /* WAITING */
    ContractRequest again = request_of("m1", "C-1", 7);
    EXPECT_OK(house_run(&h, &again.unit));
    EXPECT(again.repeated && strcmp(again.contract.id, c.id) == 0);
    EXPECT_REFUSED(deducts(&c, "early-1", 100), REFUSED_CONTRACT_OVER);
    EXPECT_OK(does(CONTRACT_LOOK, "", "p1", &c));
    EXPECT_OK(does(CONTRACT_LOOK, "m1", "", &c));
    EXPECT_REFUSED(does(CONTRACT_LOOK, "m2", "", &c), REFUSED_CONTRACT_UNKNOWN);
    EXPECT_REFUSED(does(CONTRACT_END, "", "p1", &c), REFUSED_CONTRACT_UNKNOWN);
    ContractSign other = sign_of(&c, "p0");
    other.order[20] = other.order[20] == '0' ? '1' : '0';
    EXPECT_REFUSED(house_run(&h, &other.unit), REFUSED_BOX_CONTEXT);
    ContractSign sign = sign_of(&c, "p0");
    EXPECT_OK(house_run(&h, &sign.unit));
    /* IN_FORCE */
    sign = sign_of(&c, "p0");
    EXPECT_OK(house_run(&h, &sign.unit));
    EXPECT(sign.repeated);
    sign = sign_of(&c, "p1");
    EXPECT_REFUSED(house_run(&h, &sign.unit), REFUSED_CONTRACT_UNKNOWN);
    again = request_of("m1", "C-1", 7);
    EXPECT_REFUSED(house_run(&h, &again.unit), REFUSED_CONTRACT_EXISTS);
    EXPECT_REFUSED(does(CONTRACT_LOOK, "", "p1", &c), REFUSED_CONTRACT_UNKNOWN);
    EXPECT_REFUSED(does(CONTRACT_END, "m2", "", &c), REFUSED_CONTRACT_UNKNOWN);
    EXPECT_REFUSED(does(CONTRACT_END, "", "p1", &c), REFUSED_CONTRACT_UNKNOWN);
    EXPECT_REFUSED(does(CONTRACT_ANNOUNCE, "m1", "", &c), REFUSED_CONTRACT_FIELD);
    EXPECT_OK(deducts(&c, "take-1", 100));
    Contract foreign = c;
    snprintf(foreign.mchid, sizeof(foreign.mchid), "m2");
    EXPECT_REFUSED(deducts(&foreign, "take-2", 100), REFUSED_CONTRACT_UNKNOWN);
    EXPECT_OK(does(CONTRACT_END, "", "p0", &c));
    /* TERMINATED */
    EXPECT_OK(does(CONTRACT_END, "", "p0", &c));
    EXPECT_OK(does(CONTRACT_END, "m1", "", &c));
    EXPECT_REFUSED(deducts(&c, "late-1", 100), REFUSED_CONTRACT_OVER);
    sign = sign_of(&c, "p0");
    EXPECT_REFUSED(house_run(&h, &sign.unit), REFUSED_CONTRACT_OVER);
    again = request_of("m1", "C-1", 7);
    EXPECT_REFUSED(house_run(&h, &again.unit), REFUSED_CONTRACT_EXISTS);
    EXPECT(house_number(&h, "SELECT ended_by FROM contract WHERE code = 'C-1'")
            == CONTRACT_ENDED_BY_PAYER);
    EXPECT(house_balance(&h, "p0") == HOUSE_OPENING - 100);
    end();
}

static void test_what_waits_and_what_runs_out(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    ContractRequest asked = request_of("m1", "C-1", 7);
    EXPECT_OK(house_run(&h, &asked.unit));
    const Contract c = signed_by("p1", "C-2", 7);
    h.now_us += CONTRACT_WAITS_US;
    ContractSign sign = sign_of(&asked.contract, "p0");
    EXPECT_REFUSED(house_run(&h, &sign.unit), REFUSED_CONTRACT_OVER);
    EXPECT_REFUSED(does(CONTRACT_LOOK, "", "p0", &asked.contract), REFUSED_CONTRACT_UNKNOWN);
    h.now_us = c.until_us - 1;
    house_agree(&h, "m1", 0, 0, 0);
    EXPECT_OK(deducts(&c, "last-1", 100));
    h.now_us = c.until_us;
    EXPECT_REFUSED(deducts(&c, "last-2", 100), REFUSED_CONTRACT_OVER);
    end();
}

static void test_fields_of_a_request(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    static const char *const codes[] = { "", "a b", "a/b", "a.b", "6217003810012345675" };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        ContractRequest work = request_of("m1", codes[i], 7);
        EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_CONTRACT_FIELD);
    }
    ContractRequest work = request_of("m1", "C-1", 8);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_PLAN_UNKNOWN);
    work = request_of("m1", "C-1", 7);
    snprintf(work.contract.account, sizeof(work.contract.account), "4111111111111111");
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_DATA_CARD_NUMBER);
    EXPECT(house_number(&h, "SELECT count(*) FROM contract") == 0);
    end();
}

/* --- taking --- */

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

TESTS(TEST(test_a_plan_is_made_once_and_closed), TEST(test_every_step_of_every_state),
        TEST(test_what_waits_and_what_runs_out), TEST(test_fields_of_a_request),
        TEST(test_one_sum_and_count), TEST(test_notice),
        TEST(test_the_account_and_the_strategy_have_their_say),
        TEST(test_a_stopped_account_is_not_deducted),
        TEST(test_four_thousand_takings_of_each_period))
