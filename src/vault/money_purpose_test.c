/*
 * Goal: a captured hufud refunds no more than a merchant was paid, to nobody but who paid, once,
 * and pays nobody twice. Method: one sound refund of a sound payment, each time with one thing
 * changed that hufud could change; every such batch is refused, and the sound one is sealed after
 * all of them. Then what is left is taken, and one more is refused.
 */
#include "vault/money_drafts.h"

static void draft(House *h, const Draft *d)
{
    house_begin(h);
    if (d->moved != 0) {
        move(h, row_of(d->from), d->transaction, -d->moved);
        move(h, row_of(d->to), d->transaction, d->moved);
    }
    PaymentFacts f = payment(h, d->state);
    f.minor = d->payment_minor;
    if (d->state != 0) house_update(h, ROW_PAYMENT, house_payment(h, &f));
    if (!d->no_refunded) house_insert(h, refunded_row(h, d, 1));
    if (!d->no_refund) house_insert(h, refund_row(h, d, "r1", 1));
}

static void test_a_payment_is_paid_once(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    pay(h, TRADE_SUCCESS, 0); /* paid with nothing */
    EXPECT_REFUSED(house_prepare(h), REFUSED_POSTINGS_NOT_PAYMENT);
    pay(h, TRADE_NOTPAY, 100); /* moved, and not paid: it could be moved again */
    EXPECT_REFUSED(house_prepare(h), REFUSED_POSTINGS_NOT_PAYMENT);
    pay(h, TRADE_REFUND, 0);
    EXPECT_REFUSED(house_prepare(h), REFUSED_POSTINGS_NOT_PAYMENT);
    pay(h, TRADE_SUCCESS, 100);
    EXPECT_OK(house_commit(h));
    pay(h, TRADE_SUCCESS, 100);
    EXPECT_REFUSED(house_prepare(h), REFUSED_POSTINGS_NOT_PAYMENT);
    static const TradeState others[] = { TRADE_NOTPAY, TRADE_CLOSED, TRADE_USERPAYING,
        TRADE_PAYERROR };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        pay(h, others[i], 0); /* what was paid is forgotten */
        EXPECT_REFUSED(house_prepare(h), REFUSED_POSTINGS_NOT_PAYMENT);
    }
    pay(h, TRADE_REVOKED, 0);
    EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
}

static void test_a_refund_is_of_a_payment_and_goes_back(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    pay(h, TRADE_SUCCESS, 100);
    EXPECT_OK(house_commit(h));
    Draft d[17];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
        d[i] = sound;
    d[n++].to = ACCOUNT_OTHER; /* to somebody else */
    d[n++].from = ACCOUNT_OTHER;
    d[n++].moved = 61;
    d[n++].moved = 0; /* said, not done */
    d[n++].transaction = "r2"; /* done, not said */
    d[n++].no_refund = true;
    d[n++].no_refunded = true;
    d[n++].state = 0; /* the payment is not asked */
    d[n++].state = TRADE_SUCCESS; /* ... stays as if nothing had gone back */
    d[n++].sum = 59;
    d[n++].count = 2;
    d[n++].total = 101;
    d[n++].sum_payer = ACCOUNT_OTHER;
    d[n++].refund_payer = ACCOUNT_OTHER;
    d[n++].order = "o2"; /* which nobody paid */
    d[n].sum_payer = ACCOUNT_OTHER; /* all agree, but for the payment */
    d[n].refund_payer = ACCOUNT_OTHER;
    d[n++].to = ACCOUNT_OTHER;
    d[n].minor = 101; /* more than was paid */
    d[n].sum = 101;
    d[n++].moved = 101;
    for (size_t i = 0; i < n; i++) {
        draft(h, &d[i]);
        const Status s = house_prepare(h);
        if (!status_refused(s)) fprintf(stderr, "draft %zu: %s\n", i, status_name(s));
        EXPECT(status_refused(s));
    }
    draft(h, &sound);
    EXPECT_OK(house_commit(h));
}

/* As hufud's batch leaves the row when both units meet in it: one step, which is none. hufud's
 * engine then lets them come one by one. */
/* What is called like the postings of a bank order, a fee or a settlement is no payment. */
static void test_a_payment_is_a_number(void)
{
    static const char *const names[] = { "bank/n-0001", "fee/o2", "settle/m1/1", "/" };
    CLEANUP(house_done) House *h = house_open();
    found(h);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        PaymentFacts f = payment(h, 0);
        f.order = names[i];
        f.revision = 1;
        f.payer = NULL;
        f.payer_account = 0;
        house_begin(h);
        house_insert(h, house_payment(h, &f));
        EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_INVALID);
    }
    PaymentFacts f = payment(h, 0);
    f.order = "o2";
    f.revision = 1;
    f.payer = NULL;
    f.payer_account = 0;
    house_begin(h);
    house_insert(h, house_payment(h, &f));
    EXPECT_OK(house_prepare(h));
}

static void test_paid_and_given_back_are_two_batches(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    pay(h, TRADE_REFUND, 100);
    house_insert(h, refunded_row(h, &sound, 1));
    EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
    pay(h, TRADE_REVOKED, 100);
    house_insert(h, refunded_row(h, &sound, 1));
    EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
}

/* After the first: 40 of 100 are left. */
static void next(House *h, int64_t minor, int64_t sum, bool again)
{
    Draft d = sound;
    d.minor = minor;
    d.sum = sum;
    d.count = 2;
    const int64_t revision = stored(h, ROW_SUM)->head.revision + 1;
    house_begin(h);
    move(h, ROW_SHOP, "r2", -minor);
    move(h, ROW_PAYER, "r2", minor);
    house_update(h, ROW_SUM, refunded_row(h, &d, revision));
    if (again)
        house_update(h, ROW_SUM + 1, refund_row(h, &d, "r1", 2));
    else
        house_insert(h, refund_row(h, &d, "r2", 1));
}

static void test_no_more_than_was_paid(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    pay(h, TRADE_SUCCESS, 100);
    EXPECT_OK(house_commit(h));
    draft(h, &sound);
    EXPECT_OK(house_commit(h));
    EXPECT(stored(h, ROW_SUM)->head.table == TABLE_REFUNDED);
    next(h, 41, 101, false);
    EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
    next(h, 41, 100, false);
    EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
    Draft most = sound;
    most.minor = INT64_MAX; /* with what went before, more than a number holds */
    house_begin(h);
    house_update(h, ROW_SUM, refunded_row(h, &most, stored(h, ROW_SUM)->head.revision + 1));
    house_insert(h, refund_row(h, &most, "r2", 1));
    EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
    next(h, 40, 60, false); /* not counted */
    EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
    next(h, 40, 100, true); /* the first refund becomes another */
    EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
    next(h, 40, 100, false);
    EXPECT_OK(house_commit(h));
    next(h, 1, 101, false);
    EXPECT(status_refused(house_prepare(h)));
}

static void test_a_merchants_money_goes_to_the_house_alone(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    house_begin(h);
    move(h, ROW_SHOP, "t", -10);
    move(h, ROW_PAYER, "t", 10);
    EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
    house_begin(h); /* over the house's own account, in one transaction */
    move(h, ROW_SHOP, "t", -10);
    move(h, 0, "t", 5);
    move(h, ROW_PAYER, "t", 5);
    EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
    /* to another merchant's new account, whose number hufud chose */
    static const int64_t chosen[] = { 0, -1, 77 };
    for (size_t i = 0; i < sizeof(chosen) / sizeof(chosen[0]); i++) {
        const AccountFacts to = { chosen[i], ACCOUNT_CLASS_MERCHANT, 156, 10, 0, 1, "m2" };
        house_begin(h);
        house_insert(h, house_account(h, &to));
        house_insert(h, house_posting(h, &(PostingFacts) { "t", to.id, POSTING_BALANCE, 10, 156 }));
        move(h, ROW_SHOP, "t", -10);
        EXPECT_REFUSED(house_prepare(h), REFUSED_REFUND_NOT_LAWFUL);
    }
    house_begin(h);
    move(h, ROW_SHOP, "t", -10);
    move(h, 0, "t", 10);
    EXPECT_OK(house_commit(h));
}

TESTS(TEST(test_a_payment_is_a_number), TEST(test_a_payment_is_paid_once),
        TEST(test_a_refund_is_of_a_payment_and_goes_back),
        TEST(test_paid_and_given_back_are_two_batches), TEST(test_no_more_than_was_paid),
        TEST(test_a_merchants_money_goes_to_the_house_alone))
