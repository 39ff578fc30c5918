/*
 * Goal: a captured hufud pays out no merchant's money but his own, once, and after the bank was
 * asked. Method: a sound settlement, each time with one thing changed that hufud could change;
 * every such batch is refused, and the sound one is sealed after all of them.
 */
#include "vault/money_drafts.h"

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

TESTS(TEST(test_a_settlement_begins_with_its_merchants_money), TEST(test_a_settlement_ends_once))
