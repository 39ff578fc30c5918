/* Goal: a payment costs what was agreed when it was paid, a refund gives its share back to the fen
 * over any partition, and money neither comes nor goes. Method: thousands of payments and refunds
 * drawn from a seed, under terms that change meanwhile, on a real ledger; every fee is computed
 * here in another way, and all balances are added up by the database. */
#include "payment/fee.h"

#include "base/expect.h"
#include "base/time.h"
#include "payment/practice_house.h"

enum { PAYMENTS = 1200, STEPS = 3600 };

typedef struct Paid {
    Payment payment;
    int64_t fee;
    int64_t refunded;
} Paid;

static Paid paid[PAYMENTS];
static size_t paid_count;

typedef struct Agreed {
    int64_t rate, least, most;
} Agreed;

static const Agreed agreed[] = { { 733, 2, 15 }, { 38, 0, 100000000 }, { 1000, 0, 7 }, { 0, 0, 0 },
    { 1000, 400, 400 }, { 1000, 0, 100000000 } };

static void agree(House *h, const Agreed *terms)
{
    house_agree(h, "m1", terms->rate, terms->least, terms->most);
}

/* Not as fee.c does it: fen by fen. */
static int64_t fee_by_hand(const Agreed *terms, int64_t minor)
{
    int64_t fee = 0;
    while ((2 * fee + 1) * 10000 <= 2 * minor * terms->rate)
        fee++;
    while (fee < terms->least)
        fee++;
    while (fee > terms->most || fee > minor)
        fee--;
    return fee;
}

static int64_t returned_by_hand(const Paid *p)
{
    int64_t returned = 0;
    while ((2 * returned + 1) * p->payment.money.minor <= 2 * p->fee * p->refunded)
        returned++;
    return returned;
}

static uint32_t draw(House *h, uint32_t below)
{
    uint32_t drawn = 0;
    ASSERT(status_ok(random_fill(&h->random, &drawn, sizeof(drawn))));
    return drawn % below;
}

static void pay(House *h, const Agreed *terms)
{
    char number[32];
    char payer[8];
    Paid *p = &paid[paid_count];
    snprintf(number, sizeof(number), "fee-%06zu", paid_count);
    snprintf(payer, sizeof(payer), "p%u", draw(h, HOUSE_PAYERS));
    PaymentCodepay work = house_codepay(h, "m1", number, 1 + draw(h, 300), payer);
    ASSERT(status_ok(house_run(h, &work.unit)) && work.payment.state == TRADE_SUCCESS);
    *p = (Paid) { .payment = work.payment };
    p->fee = fee_by_hand(terms, work.payment.money.minor);
    paid_count++;
}

static void give_back(House *h, size_t step)
{
    char number[32];
    Paid *p = &paid[draw(h, (uint32_t)paid_count)];
    const int64_t left = p->payment.money.minor - p->refunded;
    if (left == 0) return;
    const int64_t minor = 1 + draw(h, (uint32_t)left);
    snprintf(number, sizeof(number), "back-%06zu", step);
    PaymentRefund work = house_refund(h, &p->payment, number, minor);
    const Status s = house_run(h, &work.unit);
    if (status_ok(s)) p->refunded += minor;
    EXPECT(status_ok(s) || status_is(s, REFUSED_REFUND_NOT_ENOUGH));
}

static void undo(House *h)
{
    Paid *p = &paid[draw(h, (uint32_t)paid_count)];
    PaymentReverse work = house_reverse(h, &p->payment);
    const Status s = house_run(h, &work.unit);
    if (status_ok(s) && work.changed) p->refunded = p->payment.money.minor;
    EXPECT(status_ok(s) || status_is(s, REFUSED_ORDER_STATE)
            || status_is(s, REFUSED_REFUND_NOT_ENOUGH));
}

static int64_t stored(House *h, const char *column, const Paid *p)
{
    char sql[160];
    snprintf(sql, sizeof(sql),
            "SELECT coalesce(sum(%s), 0) FROM payment_fee WHERE out_trade_no"
            " = '%s'",
            column, p->payment.out_trade_no);
    return house_number(h, sql);
}

static void check_each(House *h)
{
    int64_t kept = 0;
    int64_t earned = 0;
    for (size_t i = 0; i < paid_count; i++) {
        const int64_t returned = returned_by_hand(&paid[i]);
        EXPECT(stored(h, "fee", &paid[i]) == paid[i].fee);
        EXPECT(stored(h, "returned", &paid[i]) == returned);
        EXPECT(paid[i].refunded < paid[i].payment.money.minor || returned == paid[i].fee);
        kept += paid[i].fee - returned;
        earned += paid[i].payment.money.minor - paid[i].refunded - paid[i].fee + returned;
    }
    EXPECT(kept > 0 && house_number(h, "SELECT balance FROM account WHERE id = 1156") == kept);
    EXPECT(house_balance(h, "m1") == earned);
    EXPECT(house_number(h, "SELECT sum(minor) FROM posting") == 0);
    EXPECT(house_is_sound(h));
}

static void test_fees_are_exact(void)
{
    static House h;
    const size_t count = sizeof(agreed) / sizeof(agreed[0]);
    house_open(&h, 20261128);
    for (size_t i = 0; i < STEPS; i++) {
        const Agreed *terms = &agreed[i * count / STEPS];
        if (i % (STEPS / count) == 0) agree(&h, terms);
        h.now_us += TIME_SECOND_US;
        const bool pays = paid_count == 0 || (paid_count < PAYMENTS && draw(&h, 3) == 0);
        if (pays)
            pay(&h, terms);
        else if (draw(&h, 40) == 0)
            undo(&h);
        else
            give_back(&h, i);
    }
    check_each(&h);
    house_close(&h);
}

/* Held, then taken: the fee is of the moment in which it is paid. And all of it is refundable with
 * what is left of the payment alone. */
static void test_all_goes_back_from_what_is_left(void)
{
    static House h;
    house_open(&h, 7);
    agree(&h, &agreed[5]);
    PaymentCodepay work = house_codepay(&h, "m1", "whole-01", 205, "p1");
    EXPECT_OK(house_run(&h, &work.unit));
    EXPECT(house_balance(&h, "m1") == 205 - 21); /* 20.5, halves upwards */
    agree(&h, &agreed[3]);
    PaymentRefund refund = house_refund(&h, &work.payment, "whole-back", 205);
    EXPECT_OK(house_run(&h, &refund.unit));
    EXPECT(house_balance(&h, "m1") == 0);
    EXPECT(house_number(&h, "SELECT balance FROM account WHERE id = 1156") == 0);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_without_terms_nothing_is_taken(void)
{
    static House h;
    house_open(&h, 8);
    PaymentCodepay work = house_codepay(&h, "m2", "free-01", 300, "p1");
    EXPECT_OK(house_run(&h, &work.unit));
    EXPECT(house_balance(&h, "m2") == 300);
    EXPECT(house_number(&h, "SELECT count(*) FROM payment_fee") == 0);
    house_close(&h);
}

static void test_the_table_is_dense(void) { EXPECT(table_is_dense(&payment_fee_table)); }

TESTS(TEST(test_fees_are_exact), TEST(test_all_goes_back_from_what_is_left),
        TEST(test_without_terms_nothing_is_taken), TEST(test_the_table_is_dense))
