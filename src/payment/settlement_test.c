/* Goal: what a merchant has is paid out once, whole and no more, and back when the bank fails;
 * money neither comes nor goes. Method: a real ledger and a clock that the test moves; each step,
 * each step again, and each wrong step; then many days of payments, refunds and settlements in an
 * order drawn from a seed, added up by the database. */
#include "payment/settlement.h"

#include "base/expect.h"
#include "base/time.h"
#include "payment/practice_house.h"
#include "payment/terms.h"

enum { DAYS = 40, EACH_DAY = 12 };

static SettlementMake make_of(House *h, const char *mchid, int64_t number)
{
    const int32_t today = time_business_day(h->now_us);
    SettlementMake work = { .actor = "", .day = number == 0 ? today - 1 : today, .number = number };
    snprintf(work.mchid, sizeof(work.mchid), "%s", mchid);
    settlement_make_unit(&work, NULL);
    return work;
}

static Status move(House *h, const char *id, SettlementState to)
{
    SettlementMove work = { .actor = "test", .to = to };
    snprintf(work.id, sizeof(work.id), "%s", id);
    settlement_move_unit(&work, NULL);
    return house_run(h, &work.unit);
}

static int64_t payables(House *h)
{
    return house_number(h, "SELECT coalesce(sum(balance), 0) FROM account WHERE id = 2156");
}

static Payment pay(House *h, const char *number, int64_t minor)
{
    PaymentCodepay work = house_codepay(h, "m1", number, minor, "p1");
    ASSERT(status_ok(house_run(h, &work.unit)) && work.payment.state == TRADE_SUCCESS);
    return work.payment;
}

static void test_an_evening_is_paid_out_once(void)
{
    static House h;
    house_open(&h, 1);
    SettlementMake work = make_of(&h, "m1", 0);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_TERMS_NONE);
    house_agree(&h, "m1", 0, 0, 0);
    const Payment first = pay(&h, "evening-1", 300);
    work = make_of(&h, "m1", 0);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_SETTLEMENT_NONE); /* of this morning */
    h.now_us += TIME_DAY_US;
    pay(&h, "today-1", 50);
    PaymentRefund refund = house_refund(&h, &first, "back-1", 100);
    EXPECT_OK(house_run(&h, &refund.unit));
    work = make_of(&h, "m1", 0);
    EXPECT_OK(house_run(&h, &work.unit)); /* 300 last evening, 250 are left */
    EXPECT(!work.repeated && work.settlement.money.minor == 250);
    EXPECT(house_balance(&h, "m1") == 0 && payables(&h) == 250);
    pay(&h, "today-2", 70);
    SettlementMake again = make_of(&h, "m1", 0);
    EXPECT_OK(house_run(&h, &again.unit));
    EXPECT(again.repeated && again.settlement.money.minor == 250);
    EXPECT(house_balance(&h, "m1") == 70 && payables(&h) == 250);
    again.day--; /* an evening that is not the last */
    EXPECT_REFUSED(house_run(&h, &again.unit), REFUSED_SETTLEMENT_STATE);
    h.now_us += TIME_DAY_US;
    pay(&h, "later-1", 11);
    work = make_of(&h, "m1", 0);
    EXPECT_OK(house_run(&h, &work.unit));
    EXPECT(work.settlement.money.minor == 70 && house_balance(&h, "m1") == 11);
    house_close(&h);
}

static void test_each_step_once_and_in_order(void)
{
    static House h;
    house_open(&h, 2);
    house_agree(&h, "m1", 0, 0, 0);
    pay(&h, "steps-1", 300);
    h.now_us += TIME_DAY_US;
    SettlementMake work = make_of(&h, "m1", 0);
    EXPECT_OK(house_run(&h, &work.unit));
    const char *id = work.settlement.id;
    EXPECT_REFUSED(move(&h, "settle/m1/20200101/0", SETTLEMENT_PAID), REFUSED_SETTLEMENT_UNKNOWN);
    EXPECT_REFUSED(move(&h, id, SETTLEMENT_PAID), REFUSED_SETTLEMENT_STATE);
    EXPECT_REFUSED(move(&h, id, SETTLEMENT_FAILED), REFUSED_SETTLEMENT_STATE);
    EXPECT_OK(move(&h, id, SETTLEMENT_SUBMITTED_TO_BANK));
    EXPECT_OK(move(&h, id, SETTLEMENT_SUBMITTED_TO_BANK));
    EXPECT(payables(&h) == 300);
    EXPECT_OK(move(&h, id, SETTLEMENT_FAILED));
    EXPECT_OK(move(&h, id, SETTLEMENT_FAILED));
    EXPECT(payables(&h) == 0 && house_balance(&h, "m1") == 300);
    EXPECT_REFUSED(move(&h, id, SETTLEMENT_PAID), REFUSED_SETTLEMENT_STATE);
    EXPECT_REFUSED(move(&h, id, SETTLEMENT_SUBMITTED_TO_BANK), REFUSED_SETTLEMENT_STATE);
    h.now_us += TIME_DAY_US; /* what failed is of the next evening again */
    work = make_of(&h, "m1", 0);
    EXPECT_OK(house_run(&h, &work.unit));
    EXPECT(work.settlement.money.minor == 300);
    EXPECT_OK(move(&h, work.settlement.id, SETTLEMENT_SUBMITTED_TO_BANK));
    const int64_t outside = house_number(&h, "SELECT balance FROM account WHERE id = 156");
    EXPECT_OK(move(&h, work.settlement.id, SETTLEMENT_PAID));
    EXPECT_OK(move(&h, work.settlement.id, SETTLEMENT_PAID));
    EXPECT(house_number(&h, "SELECT balance FROM account WHERE id = 156") == outside + 300);
    EXPECT(payables(&h) == 0 && house_balance(&h, "m1") == 0);
    EXPECT_REFUSED(move(&h, work.settlement.id, SETTLEMENT_FAILED), REFUSED_SETTLEMENT_STATE);
    house_close(&h);
}

static Settlement read_again(House *h, const char *id)
{
    SettlementRead work = { 0 };
    snprintf(work.id, sizeof(work.id), "%s", id);
    settlement_read_unit(&work);
    ASSERT(status_ok(house_run(h, &work.unit)));
    return work.settlement;
}

static void agree_on_another_account(House *h)
{
    TermsGive work = { .actor = "test",
        .terms = { .mchid = "m1",
                .licence_name = "Book shop",
                .licence_number = "91310000MA1K35XQ7U",
                .licence_until_us = h->now_us + 90 * TIME_DAY_US,
                .account_token = "6217003810099999995",
                .account_mask = "**** 9999",
                .mcc = 5942,
                .agreement_us = h->now_us,
                .agreement_clause = "7.3",
                .risk = RISK_LOW,
                .settlement = SETTLE_NEXT_DAY } };
    terms_give_unit(&work, NULL);
    EXPECT_OK(house_run(h, &work.unit));
}

/* Terms that changed since do not lead to another account than the row's. */
static void test_the_rows_own_account_counts(void)
{
    static House h;
    house_open(&h, 5);
    house_agree(&h, "m1", 0, 0, 0);
    pay(&h, "account-1", 300);
    h.now_us += TIME_DAY_US;
    SettlementMake work = make_of(&h, "m1", 0);
    EXPECT_OK(house_run(&h, &work.unit));
    const Settlement first = work.settlement;
    EXPECT(first.mask[0] != 0);
    EXPECT(strcmp(read_again(&h, first.id).mask, first.mask) == 0);
    agree_on_another_account(&h);
    const Settlement later = read_again(&h, first.id);
    EXPECT(later.mask[0] == 0 && strcmp(later.target, first.target) == 0);
    house_close(&h);
}

static void test_on_request_where_it_is_agreed(void)
{
    static House h;
    house_open(&h, 3);
    house_agree(&h, "m1", 0, 0, 0);
    pay(&h, "request-1", 300);
    SettlementMake work = make_of(&h, "m1", 1);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_SETTLEMENT_CYCLE);
    EXPECT(house_balance(&h, "m1") == 300);
    house_close(&h);
}

/* --- many days --- */

static uint32_t draw(House *h, uint32_t below)
{
    uint32_t drawn = 0;
    ASSERT(status_ok(random_fill(&h->random, &drawn, sizeof(drawn))));
    return drawn % below;
}

static void live_a_day(House *h, int day, Payment *last)
{
    char number[32];
    for (int i = 0; i < EACH_DAY; i++) {
        h->now_us += TIME_SECOND_US;
        snprintf(number, sizeof(number), "day%02d-%04d", day, i);
        if (draw(h, 3) > 0) {
            *last = pay(h, number, 1 + draw(h, 300));
            continue;
        }
        if (last->money.minor == 0) continue;
        PaymentRefund refund = house_refund(h, last, number, 1 + draw(h, 50));
        const Status s = house_run(h, &refund.unit);
        EXPECT(status_ok(s) || status_is(s, REFUSED_REFUND_OVER_PAID)
                || status_is(s, REFUSED_REFUND_NOT_ENOUGH));
    }
}

static void settle_the_evening(House *h)
{
    SettlementMake work = make_of(h, "m1", 0);
    const Status s = house_run(h, &work.unit);
    if (status_is(s, REFUSED_SETTLEMENT_NONE)) return;
    EXPECT_OK(s);
    if (work.settlement.state != SETTLEMENT_DUE || draw(h, 4) == 0) return; /* it waits */
    EXPECT_OK(move(h, work.settlement.id, SETTLEMENT_SUBMITTED_TO_BANK));
    const SettlementState end = draw(h, 3) == 0 ? SETTLEMENT_FAILED : SETTLEMENT_PAID;
    EXPECT_OK(move(h, work.settlement.id, end));
}

static void test_many_days_add_up(void)
{
    static House h;
    Payment last = { 0 };
    house_open(&h, 20261128);
    house_agree(&h, "m1", 60, 1, 5);
    const int64_t before = house_number(&h, "SELECT balance FROM account WHERE id = 156");
    for (int day = 0; day < DAYS; day++) {
        live_a_day(&h, day, &last);
        h.now_us += TIME_DAY_US;
        settle_the_evening(&h);
        settle_the_evening(&h); /* once more: what is there stays */
    }
    const int64_t earned = house_number(&h,
            "SELECT (SELECT sum(minor) FROM payment WHERE success_time IS NOT NULL)"
            " - (SELECT coalesce(sum(minor), 0) FROM refund)"
            " - (SELECT sum(fee - returned) FROM payment_fee)");
    const int64_t waits = house_number(
            &h, "SELECT coalesce(sum(minor), 0) FROM settlement WHERE state IN (1, 2)");
    const int64_t paid =
            house_number(&h, "SELECT coalesce(sum(minor), 0) FROM settlement WHERE state = 3");
    EXPECT(waits > 0 && paid > 0 && payables(&h) == waits);
    EXPECT(house_balance(&h, "m1") + waits + paid == earned);
    EXPECT(house_number(&h, "SELECT balance FROM account WHERE id = 156") == before + paid);
    EXPECT(house_number(&h, "SELECT sum(balance + frozen) FROM account") == 0);
    EXPECT(house_number(&h, "SELECT count(*) FROM settlement WHERE state = 4") > 0);
    house_close(&h);
}

/* --- rows that somebody put into the database --- */

static Status execute(void *context, Store *store)
{
    return store_execute(store, context, NULL, 0);
}

static void insert_many(House *h, const char *sql)
{
    char text[512];
    snprintf(text, sizeof(text),
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) %s",
            sql);
    EXPECT_OK(batcher_between(h->batcher, execute, text));
}

typedef struct Found {
    SettlementMchid mchids[SETTLEMENT_FOUND_MAX];
    SettlementId ids[SETTLEMENT_FOUND_MAX];
    size_t count;
} Found;

static Status find_merchants(void *context, Store *store)
{
    Found *found = context;
    return settlement_merchants(store, "", found->mchids, &found->count);
}

static Status find_settlements(void *context, Store *store)
{
    Found *found = context;
    return settlement_list(store, SETTLEMENT_DUE, 0, found->ids, &found->count);
}

static void test_rows_that_do_not_fit_hide_nobody(void)
{
    static House h;
    static Found found;
    house_open(&h, 4);
    house_agree(&h, "m1", 0, 0, 0);
    pay(&h, "fitting-1", 300);
    h.now_us += TIME_DAY_US;
    SettlementMake work = make_of(&h, "m1", 0);
    EXPECT_OK(house_run(&h, &work.unit));
    insert_many(&h,
            "INSERT INTO merchant_terms SELECT printf('long/%040d', i), licence_name,"
            " licence_number, licence_digest, licence_until, account_token, account_mask, mcc,"
            " agreement_digest, agreement_time, agreement_clause, risk, fee_rate, fee_min,"
            " fee_max, settlement, changed, revision, batch, seal FROM merchant_terms, n");
    EXPECT_OK(batcher_between(h.batcher, find_merchants, &found)); /* he is settled, and asked */
    EXPECT(found.count == 1 && strcmp(found.mchids[0], "m1") == 0);
    insert_many(&h,
            "INSERT INTO settlement SELECT printf('%0200d', i), mchid, day, number, minor,"
            " currency, merchant_account, payable_account, target, created + 1, state, submitted,"
            " ended, revision, batch, seal FROM settlement, n");
    EXPECT_OK(batcher_between(h.batcher, find_settlements, &found));
    EXPECT(found.count == 1 && strcmp(found.ids[0], work.settlement.id) == 0);
    house_close(&h);
}

static void test_the_table_is_dense(void) { EXPECT(table_is_dense(&settlement_table)); }

TESTS(TEST(test_an_evening_is_paid_out_once), TEST(test_each_step_once_and_in_order),
        TEST(test_the_rows_own_account_counts), TEST(test_on_request_where_it_is_agreed),
        TEST(test_many_days_add_up), TEST(test_rows_that_do_not_fit_hide_nobody),
        TEST(test_the_table_is_dense))
