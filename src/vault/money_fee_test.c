/*
 * Goal: a captured hufud takes no fee but one of a payment that is paid now, for the house, and
 * gives back no more and no less than a refund's share. Method: a sound fee and a sound share, each
 * time with one thing changed that hufud could change; every such batch is refused, and the sound
 * one is sealed after all of them.
 */
#include "vault/money_drafts.h"

/* A payment of 100 that costs 7, or a refund of 60 that gives 4 of them back. */
typedef struct FeeDraft {
    int64_t fee; /* as the row says */
    int64_t returned;
    int64_t total;
    int64_t payee;
    int64_t account; /* of the house */
    int64_t moved; /* from the shop to `to` */
    int64_t to; /* its row */
    bool no_row;
    bool paid_before;
    const char *name; /* of the postings */
} FeeDraft;

static Span fee_row(House *h, const FeeDraft *d, int64_t revision)
{
    const Value values[] = { TEXT("m1"), TEXT("o1"), TEXT("o1"), VALUE_OF_INT(d->total),
        VALUE_OF_INT(156), VALUE_OF_INT(d->payee), VALUE_OF_INT(d->account), VALUE_OF_INT(700),
        VALUE_OF_INT(d->fee), VALUE_OF_INT(d->returned), VALUE_OF_INT(1) };
    return encode(h, TABLE_PAYMENT_FEE, revision, values, sizeof(values) / sizeof(values[0]));
}

static int64_t id_of(House *h, int row) { return row_int(stored(h, row), ACCOUNT_ID, 0); }

/* From the payer 100 to the shop, from the shop the fee to the house. */
static void pay_with_fee(House *h, const FeeDraft *d)
{
    const int row = (int)d->to;
    const bool other = row != ROW_PAYER;
    const int64_t moved = d->paid_before ? 0 : 100;
    const PaymentFacts f = payment(h, TRADE_SUCCESS);
    house_begin(h);
    book(h, ROW_PAYER, other ? -moved : d->moved - moved);
    book(h, ROW_SHOP, moved - d->moved);
    if (other) book(h, row, d->moved);
    post(h, "o1", ACCOUNT_PAYER, -moved);
    post(h, "o1", ACCOUNT_SHOP, moved);
    post(h, d->name, ACCOUNT_SHOP, -d->moved);
    post(h, d->name, id_of(h, row), d->moved);
    house_update(h, ROW_PAYMENT, house_payment(h, &f));
    if (!d->no_row) house_insert(h, fee_row(h, d, 1));
}

static const FeeDraft taken = { .fee = 7,
    .total = 100,
    .payee = ACCOUNT_SHOP,
    .account = ACCOUNT_HOUSE,
    .moved = 7,
    .to = ROW_HOUSE,
    .name = "fee/o1" };

static void test_a_fee_is_taken_once_and_by_the_house(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    FeeDraft d[14];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
        d[i] = taken;
    d[n++].moved = 8;
    d[n++].moved = 0; /* said, not done */
    d[n++].no_row = true; /* done, not said */
    d[n++].returned = 1;
    d[n++].total = 99;
    d[n++].payee = ACCOUNT_OTHER;
    d[n++].to = ROW_OTHER; /* a payer has it */
    d[n].to = ROW_OTHER;
    d[n++].account = ACCOUNT_OTHER; /* ... and the row says so */
    d[n].to = ROW_PAYER;
    d[n++].account = ACCOUNT_PAYER;
    d[n].fee = 101; /* more than was paid */
    d[n++].moved = 101;
    d[n].fee = -7;
    d[n++].moved = -7;
    d[n++].name = "fee/o2";
    d[n++].name = "o1"; /* as if it were the payment's own */
    for (size_t i = 0; i < n; i++) {
        pay_with_fee(h, &d[i]);
        const Status s = house_prepare(h);
        if (!status_refused(s)) fprintf(stderr, "fee %zu: %s\n", i, status_name(s));
        EXPECT(status_refused(s));
    }
    pay_with_fee(h, &taken);
    EXPECT_OK(house_commit(h));
    FeeDraft again = taken;
    again.paid_before = true; /* a second fee of what was paid, in another batch */
    again.no_row = true;
    pay_with_fee(h, &again);
    EXPECT_REFUSED(house_prepare(h), REFUSED_FEE_NOT_LAWFUL);
}

static void refund_with_fee(House *h, const FeeDraft *d, int row_fee)
{
    const PaymentFacts f = payment(h, TRADE_REFUND);
    house_begin(h);
    book(h, ROW_SHOP, d->moved - 60);
    book(h, ROW_PAYER, 60);
    book(h, ROW_HOUSE, -d->moved);
    post(h, d->name, ACCOUNT_HOUSE, -d->moved);
    post(h, d->name, ACCOUNT_SHOP, d->moved);
    post(h, "r1", ACCOUNT_SHOP, -60);
    post(h, "r1", ACCOUNT_PAYER, 60);
    house_update(h, ROW_PAYMENT, house_payment(h, &f));
    house_insert(h, refunded_row(h, &sound, 1));
    house_insert(h, refund_row(h, &sound, "r1", 1));
    const int64_t revision = stored(h, row_fee)->head.revision + 1;
    if (!d->no_row) house_update(h, row_fee, fee_row(h, d, revision));
}

static int find_fee(House *h)
{
    for (int i = 0; i < (int)h->row_count; i++)
        if (stored(h, i)->head.table == TABLE_PAYMENT_FEE) return i;
    return -1;
}

static void test_a_refund_gives_its_share_of_the_fee_back(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    pay_with_fee(h, &taken);
    EXPECT_OK(house_commit(h));
    const int row = find_fee(h);
    EXPECT(row >= 0);
    FeeDraft back = taken; /* 7 * 60 / 100 = 4.2 */
    back.returned = 4;
    back.moved = 4;
    back.name = "fee/r1";
    FeeDraft d[8];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
        d[i] = back;
    d[n].returned = 5;
    d[n++].moved = 5;
    d[n].returned = 3;
    d[n++].moved = 3;
    d[n++].moved = 0;
    d[n++].no_row = true;
    d[n++].fee = 6;
    d[n++].total = 60;
    d[n++].name = "fee/r2";
    d[n++].name = "r1";
    for (size_t i = 0; i < n; i++) {
        refund_with_fee(h, &d[i], row);
        const Status s = house_prepare(h);
        if (!status_refused(s)) fprintf(stderr, "share %zu: %s\n", i, status_name(s));
        EXPECT(status_refused(s));
    }
    refund_with_fee(h, &back, row);
    EXPECT_OK(house_commit(h));
}

TESTS(TEST(test_a_fee_is_taken_once_and_by_the_house),
        TEST(test_a_refund_gives_its_share_of_the_fee_back))
