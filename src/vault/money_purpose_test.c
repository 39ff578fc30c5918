/*
 * Goal: a captured hufud refunds no more than a merchant was paid, to nobody but who paid, once,
 * and pays nobody twice. Method: one sound refund of a sound payment, each time with one thing
 * changed that hufud could change; every such batch is refused, and the sound one is sealed after
 * all of them. Then what is left is taken, and one more is refused.
 */
#include "vault/vault_test_house.h"

#include "base/expect.h"
#include "policy/tables.h"

enum { ROW_SHOP = 1, ROW_PAYER = 4, ROW_OTHER = 5, ROW_PAYMENT = 6, ROW_SUM = 14 };
enum { ACCOUNT_SHOP = 2, ACCOUNT_PAYER = 3, ACCOUNT_OTHER = 4 };

/* What one batch says. */
typedef struct Draft {
    int64_t state; /* of the payment afterwards; 0: it is not written */
    int64_t payment_minor;
    bool no_refunded;
    int64_t sum; /* `refunded` afterwards */
    int64_t count;
    int64_t total;
    int64_t sum_payer;
    bool no_refund;
    const char *order; /* of the refund */
    int64_t minor;
    int64_t refund_payer;
    int64_t moved; /* by the postings */
    int64_t from;
    int64_t to;
    const char *transaction;
} Draft;

static const Draft sound = { .state = TRADE_REFUND,
    .payment_minor = 100,
    .sum = 60,
    .count = 1,
    .total = 100,
    .sum_payer = ACCOUNT_PAYER,
    .order = "o1",
    .minor = 60,
    .refund_payer = ACCOUNT_PAYER,
    .moved = 60,
    .from = ACCOUNT_SHOP,
    .to = ACCOUNT_PAYER,
    .transaction = "r1" };

static uint8_t image[HOUSE_IMAGE_BYTES_MAX];

static Span encode_with_keys(
        House *h, uint16_t table, uint8_t keys, int64_t revision, const Value *values, size_t count)
{
    uint16_t ids[16];
    Buffer b = BUFFER_OF(image);
    const RowHead head = { table, 1, keys, revision, house_batch(h) };
    for (size_t i = 0; i < count; i++)
        ids[i] = (uint16_t)(i + 1);
    ASSERT(status_ok(row_encode(&head, ids, values, count, &b)));
    return span_of_buffer(&b);
}

static Span encode(House *h, uint16_t table, int64_t revision, const Value *values, size_t count)
{
    return encode_with_keys(h, table, 2, revision, values, count);
}

#define TEXT(text) VALUE_OF_TEXT(span_of_text(text))

static Span refund_row(House *h, const Draft *d, const char *number, int64_t revision)
{
    const Value values[] = { TEXT("m1"), TEXT(number), TEXT(number), TEXT(d->order), TEXT(d->order),
        VALUE_OF_INT(REFUND_SUCCESS), VALUE_OF_INT(d->minor), VALUE_OF_INT(d->total),
        VALUE_OF_INT(156), VALUE_OF_INT(d->refund_payer), VALUE_OF_INT(ACCOUNT_SHOP) };
    return encode(h, TABLE_REFUND, revision, values, sizeof(values) / sizeof(values[0]));
}

static Span refunded_row(House *h, const Draft *d, int64_t revision)
{
    const Value values[] = { TEXT("m1"), TEXT("o1"), TEXT("o1"), VALUE_OF_INT(d->total),
        VALUE_OF_INT(156), VALUE_OF_INT(d->sum_payer), VALUE_OF_INT(ACCOUNT_SHOP),
        VALUE_OF_INT(d->sum), VALUE_OF_INT(d->count) };
    return encode(h, TABLE_REFUNDED, revision, values, sizeof(values) / sizeof(values[0]));
}

static const RowView *stored(House *h, int row)
{
    static RowView v;
    ASSERT(status_ok(row_parse((Span) { h->rows[row].image, h->rows[row].image_bytes }, &v)));
    return &v;
}

/* One side of a movement of a stored account. */
static void move(House *h, int row, const char *transaction, int64_t minor)
{
    static char owner[16];
    const RowView *v = stored(h, row);
    const Span name = row_bytes(v, ACCOUNT_OWNER);
    snprintf(owner, sizeof(owner), "%.*s", (int)name.size, (const char *)name.data);
    const AccountFacts f = { row_int(v, ACCOUNT_ID, 0), row_int(v, ACCOUNT_CLASS, 0), 156,
        row_int(v, ACCOUNT_BALANCE, 0) + minor, 0, v->head.revision + 1, owner };
    house_update(h, row, house_account(h, &f));
    if (minor == 0) return;
    house_insert(h,
            house_posting(h, &(PostingFacts) { transaction, f.id, POSTING_BALANCE, minor, 156 }));
}

static int row_of(int64_t account)
{
    if (account == ACCOUNT_SHOP) return ROW_SHOP;
    return account == ACCOUNT_PAYER ? ROW_PAYER : ROW_OTHER;
}

static PaymentFacts payment(House *h, int64_t state)
{
    const int64_t revision = h->row_count > ROW_PAYMENT ? stored(h, ROW_PAYMENT)->head.revision : 0;
    return (PaymentFacts) { "o1", 100, 156, revision + 1, "p", NULL, ACCOUNT_SHOP, ACCOUNT_PAYER,
        state };
}

/* Payers "p" and "q" with 1000 each; p paid the shop 100. */
static void found(House *h)
{
    EXPECT_OK(house_found(h));
    house_begin(h);
    house_update(h, 0,
            house_account(
                    h, &(AccountFacts) { 1, ACCOUNT_CLASS_SYSTEM, 156, -12000, 0, 2, "house" }));
    house_insert(h,
            house_account(h,
                    &(AccountFacts) { ACCOUNT_PAYER, ACCOUNT_CLASS_PAYER, 156, 1000, 0, 1, "p" }));
    house_insert(h,
            house_account(h,
                    &(AccountFacts) { ACCOUNT_OTHER, ACCOUNT_CLASS_PAYER, 156, 1000, 0, 1, "q" }));
    PaymentFacts order = { "o1", 100, 156, 1, NULL, NULL, ACCOUNT_SHOP, 0, TRADE_NOTPAY };
    house_insert(h, house_payment(h, &order));
    house_insert(h, house_posting(h, &(PostingFacts) { "f", 1, POSTING_BALANCE, -2000, 156 }));
    house_insert(h, house_posting(h, &(PostingFacts) { "f", 3, POSTING_BALANCE, 1000, 156 }));
    house_insert(h, house_posting(h, &(PostingFacts) { "f", 4, POSTING_BALANCE, 1000, 156 }));
    EXPECT_OK(house_commit(h));
}

static void pay(House *h, int64_t state, int64_t moved)
{
    const PaymentFacts f = payment(h, state);
    house_begin(h);
    move(h, ROW_PAYER, "o1", -moved);
    move(h, ROW_SHOP, "o1", moved);
    house_update(h, ROW_PAYMENT, house_payment(h, &f));
}

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

/* --- fees --- */

enum { ROW_HOUSE = 0, ACCOUNT_HOUSE = 1 };

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

static void book(House *h, int row, int64_t minor)
{
    const RowView *v = stored(h, row);
    char owner[16];
    const Span name = row_bytes(v, ACCOUNT_OWNER);
    snprintf(owner, sizeof(owner), "%.*s", (int)name.size, (const char *)name.data);
    const AccountFacts f = { row_int(v, ACCOUNT_ID, 0), row_int(v, ACCOUNT_CLASS, 0), 156,
        row_int(v, ACCOUNT_BALANCE, 0) + minor, 0, v->head.revision + 1, owner };
    house_update(h, row, house_account(h, &f));
}

static void post(House *h, const char *name, int64_t account, int64_t minor)
{
    if (minor == 0) return;
    const PostingFacts f = { name, account, POSTING_BALANCE, minor, 156 };
    house_insert(h, house_posting(h, &f));
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

/* --- settlements --- */

/* The shop has 100; all of it is paid out. */
typedef struct SettlementDraft {
    int64_t state;
    int64_t minor; /* as the row says */
    int64_t shop; /* what moves on its account, likewise below */
    int64_t payable; /* the house's own */
    int64_t other; /* payer "p" */
    const char *mchid;
    const char *id;
    const char *name; /* of the postings */
    bool no_row;
} SettlementDraft;

static Span settlement_row(House *h, const SettlementDraft *d, int64_t revision)
{
    const Value values[] = { TEXT(d->id), TEXT(d->mchid), VALUE_OF_INT(1), VALUE_OF_INT(0),
        VALUE_OF_INT(d->minor), VALUE_OF_INT(156), VALUE_OF_INT(ACCOUNT_SHOP),
        VALUE_OF_INT(ACCOUNT_HOUSE), TEXT("token"), VALUE_OF_INT(1), VALUE_OF_INT(d->state) };
    return encode_with_keys(
            h, TABLE_SETTLEMENT, 1, revision, values, sizeof(values) / sizeof(values[0]));
}

static void settle(House *h, const SettlementDraft *d, int row)
{
    house_begin(h);
    if (d->shop != 0) book(h, ROW_SHOP, d->shop);
    if (d->payable != 0) book(h, ROW_HOUSE, d->payable);
    if (d->other != 0) book(h, ROW_PAYER, d->other);
    post(h, d->name, ACCOUNT_SHOP, d->shop);
    post(h, d->name, ACCOUNT_HOUSE, d->payable);
    post(h, d->name, ACCOUNT_PAYER, d->other);
    if (d->no_row) return;
    if (row < 0)
        house_insert(h, settlement_row(h, d, 1));
    else
        house_update(h, row, settlement_row(h, d, stored(h, row)->head.revision + 1));
}

static const SettlementDraft due = { .state = SETTLEMENT_DUE,
    .minor = 100,
    .shop = -100,
    .payable = 100,
    .mchid = "p1",
    .id = "settle/p1/20261128/0",
    .name = "settle/p1/20261128/0" };

static void test_a_settlement_begins_with_its_merchants_money(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    pay(h, TRADE_SUCCESS, 100);
    EXPECT_OK(house_commit(h));
    SettlementDraft d[12];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
        d[i] = due;
    d[n++].state = SETTLEMENT_SUBMITTED_TO_BANK; /* skips a step */
    d[n++].state = SETTLEMENT_PAID;
    d[n++].minor = 99;
    d[n++].minor = -100;
    d[n++].no_row = true;
    d[n++].mchid = "m2"; /* another's money */
    d[n++].name = "settle/p1/20261128/1";
    d[n++].name = "t"; /* moved under no name of it */
    d[n++].id = "t";
    d[n].shop = 0; /* said, not done */
    d[n++].payable = 0;
    d[n].payable = 0; /* to a payer */
    d[n++].other = 100;
    for (size_t i = 0; i < n; i++) {
        settle(h, &d[i], -1);
        const Status s = house_prepare(h);
        if (!status_refused(s)) fprintf(stderr, "settlement %zu: %s\n", i, status_name(s));
        EXPECT(status_refused(s));
    }
    settle(h, &due, -1);
    EXPECT_OK(house_commit(h));
}

static int find_settlement(House *h)
{
    for (int i = 0; i < (int)h->row_count; i++)
        if (stored(h, i)->head.table == TABLE_SETTLEMENT) return i;
    return -1;
}

static SettlementDraft step(int64_t state, int64_t shop, int64_t payable)
{
    SettlementDraft d = due;
    d.state = state;
    d.shop = shop;
    d.payable = payable;
    return d;
}

/* The house's own accounts are one here, so PAID moves nothing that is seen; FAILED does. */
static void test_a_settlement_ends_once(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    pay(h, TRADE_SUCCESS, 100);
    EXPECT_OK(house_commit(h));
    settle(h, &due, -1);
    EXPECT_OK(house_commit(h));
    const int row = find_settlement(h);
    EXPECT(row >= 0);
    const SettlementDraft failed = step(SETTLEMENT_FAILED, 100, -100);
    const SettlementDraft submitted = step(SETTLEMENT_SUBMITTED_TO_BANK, 0, 0);
    settle(h, &failed, row); /* nobody was asked */
    EXPECT_REFUSED(house_prepare(h), REFUSED_SETTLEMENT_NOT_LAWFUL);
    settle(h, &submitted, row);
    EXPECT_OK(house_commit(h));
    SettlementDraft wrong = step(SETTLEMENT_FAILED, 0, 0); /* said, not done */
    settle(h, &wrong, row);
    EXPECT_REFUSED(house_prepare(h), REFUSED_SETTLEMENT_NOT_LAWFUL);
    wrong = step(SETTLEMENT_PAID, 100, -100); /* paid, and given back as well */
    settle(h, &wrong, row);
    EXPECT_REFUSED(house_prepare(h), REFUSED_SETTLEMENT_NOT_LAWFUL);
    wrong = step(SETTLEMENT_FAILED, 100, -100);
    wrong.minor = 101;
    settle(h, &wrong, row);
    EXPECT_REFUSED(house_prepare(h), REFUSED_SETTLEMENT_NOT_LAWFUL);
    settle(h, &failed, row);
    EXPECT_OK(house_commit(h));
    settle(h, &submitted, row);
    EXPECT_REFUSED(house_prepare(h), REFUSED_SETTLEMENT_NOT_LAWFUL);
}

TESTS(TEST(test_a_settlement_begins_with_its_merchants_money), TEST(test_a_settlement_ends_once),
        TEST(test_a_fee_is_taken_once_and_by_the_house),
        TEST(test_a_refund_gives_its_share_of_the_fee_back), TEST(test_a_payment_is_paid_once),
        TEST(test_a_refund_is_of_a_payment_and_goes_back),
        TEST(test_paid_and_given_back_are_two_batches), TEST(test_no_more_than_was_paid),
        TEST(test_a_merchants_money_goes_to_the_house_alone))
