/*
 * Goal: a captured hufud credits nobody for a bank order that has not succeeded, not twice, not
 * somebody else, not with another amount; and a withdrawal that has not ended is neither given back
 * nor gone. Method: each order's steps with one thing changed that hufud could change; every such
 * batch is refused, and the sound one is sealed after all of them.
 */
#include "vault/vault_test_house.h"

#include "base/expect.h"
#include "policy/tables.h"

enum { ROW_HOUSE = 0, ROW_SHOP = 1, ACCOUNT_HOUSE = 1, ACCOUNT_SHOP = 2, COLUMNS = 14 };

/* What one batch says of an order, and moves: 0, +1 or -1 times 70. */
typedef struct Step {
    int64_t kind, state, minor, account;
    const char *holder;
    const char *name; /* of the postings */
    int64_t house, balance, frozen;
    int64_t moved; /* 70 unless wrong */
} Step;

static uint8_t image[HOUSE_IMAGE_BYTES_MAX];
#define TEXT(text) VALUE_OF_TEXT(span_of_text(text))

static Span order_row(House *h, const Step *s, int64_t revision)
{
    static const uint16_t ids[COLUMNS] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
    const Value values[COLUMNS] = { TEXT("n-0001"), VALUE_OF_INT(s->kind), TEXT(s->holder),
        VALUE_OF_INT(s->account), VALUE_OF_INT(s->minor), VALUE_OF_INT(156), VALUE_OF_INT(s->state),
        VALUE_OF_INT(0), VALUE_OF_INT(5), VALUE_OF_NULL, VALUE_OF_NULL, VALUE_OF_INT(0),
        VALUE_OF_INT(0), VALUE_OF_NULL };
    Buffer b = BUFFER_OF(image);
    const RowHead head = { TABLE_CHANNEL_ORDER, 1, 1, revision, house_batch(h) };
    ASSERT(status_ok(row_encode(&head, ids, values, COLUMNS, &b)));
    return span_of_buffer(&b);
}

static const RowView *stored(House *h, int row)
{
    static RowView v;
    ASSERT(status_ok(row_parse((Span) { h->rows[row].image, h->rows[row].image_bytes }, &v)));
    return &v;
}

static void move(House *h, int row, const char *name, int64_t balance, int64_t frozen)
{
    static char owner[16];
    const RowView *v = stored(h, row);
    const Span text = row_bytes(v, ACCOUNT_OWNER);
    snprintf(owner, sizeof(owner), "%.*s", (int)text.size, (const char *)text.data);
    const AccountFacts f = { row_int(v, ACCOUNT_ID, 0), row_int(v, ACCOUNT_CLASS, 0), 156,
        row_int(v, ACCOUNT_BALANCE, 0) + balance, row_int(v, ACCOUNT_FROZEN, 0) + frozen,
        v->head.revision + 1, owner };
    if (balance == 0 && frozen == 0) return;
    house_update(h, row, house_account(h, &f));
    const PostingFacts one = { name, f.id, POSTING_BALANCE, balance, 156 };
    const PostingFacts two = { name, f.id, POSTING_FROZEN, frozen, 156 };
    if (balance != 0) house_insert(h, house_posting(h, &one));
    if (frozen != 0) house_insert(h, house_posting(h, &two));
}

static void draft(House *h, const Step *s, int order)
{
    house_begin(h);
    move(h, ROW_HOUSE, s->name, s->house * s->moved, 0);
    move(h, ROW_SHOP, s->name, s->balance * s->moved, s->frozen * s->moved);
    if (order == 0)
        house_insert(h, order_row(h, s, 1));
    else
        house_update(h, order, order_row(h, s, stored(h, order)->head.revision + 1));
}

static Step step(int64_t kind, int64_t state, int64_t house, int64_t balance, int64_t frozen)
{
    return (Step) { kind, state, 70, ACCOUNT_SHOP, "merchant/p1", "bank/n-0001", house, balance,
        frozen, 70 };
}

static void refused(House *h, const Step *s, int order)
{
    draft(h, s, order);
    EXPECT_REFUSED(house_prepare(h), REFUSED_BANK_POSTING);
}

static int begun(House *h, const Step *first)
{
    draft(h, first, 0);
    ASSERT(status_ok(house_commit(h)));
    for (int row = 0; row < (int)h->row_count; row++)
        if (stored(h, row)->head.table == TABLE_CHANNEL_ORDER) return row;
    return 0;
}

static void test_a_funding_is_credited_when_it_succeeds(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    Step s = step(CHANNEL_FUNDING, CHANNEL_SUCCESS, 0, 0, 0);
    refused(h, &s, 0); /* it begins with its end */
    s = step(CHANNEL_FUNDING, CHANNEL_CREATED, -1, 1, 0);
    refused(h, &s, 0); /* credited before anybody was asked */
    s = step(CHANNEL_FUNDING, CHANNEL_CREATED, 0, 0, 0);
    const int order = begun(h, &s);
    EXPECT(order > 0);
    s.state = CHANNEL_SUCCESS;
    refused(h, &s, order); /* never sent */
    s.state = CHANNEL_SENT;
    draft(h, &s, order);
    EXPECT_OK(house_commit(h));
    s = step(CHANNEL_FUNDING, CHANNEL_UNKNOWN, -1, 1, 0);
    refused(h, &s, order); /* guessed */
    s = step(CHANNEL_FUNDING, CHANNEL_FAILED, -1, 1, 0);
    refused(h, &s, order);
    s = step(CHANNEL_FUNDING, CHANNEL_SUCCESS, 0, 0, 0);
    refused(h, &s, order); /* said, not done */
    s = step(CHANNEL_FUNDING, CHANNEL_SUCCESS, -1, 1, 0);
    s.moved = 69;
    refused(h, &s, order);
    s = step(CHANNEL_FUNDING, CHANNEL_SUCCESS, -1, 1, 0);
    s.minor = 71;
    refused(h, &s, order);
    s = step(CHANNEL_WITHDRAWAL, CHANNEL_SUCCESS, 1, 0, -1);
    draft(h, &s, order); /* another order than it was; and nothing is held */
    EXPECT(status_refused(house_prepare(h)));
    s = step(CHANNEL_FUNDING, CHANNEL_SUCCESS, -1, 1, 0);
    s.holder = "payer/p1";
    refused(h, &s, order);
    s = step(CHANNEL_FUNDING, CHANNEL_SUCCESS, -1, 1, 0);
    s.name = "bank/n-0002"; /* no such order */
    refused(h, &s, order);
    s = step(CHANNEL_FUNDING, CHANNEL_SUCCESS, -1, 1, 0);
    draft(h, &s, order);
    EXPECT_OK(house_commit(h));
    refused(h, &s, order); /* again */
    s = step(CHANNEL_FUNDING, CHANNEL_SENT, 0, 0, 0);
    refused(h, &s, order); /* forgotten, to be done again */
}

static void test_a_withdrawal_is_held_until_it_ends(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    Step s = step(CHANNEL_WITHDRAWAL, CHANNEL_CREATED, 0, 0, 0);
    refused(h, &s, 0); /* not held */
    s = step(CHANNEL_WITHDRAWAL, CHANNEL_CREATED, 0, -1, 1);
    const int order = begun(h, &s);
    s = step(CHANNEL_WITHDRAWAL, CHANNEL_SENT, 0, 1, -1);
    refused(h, &s, order); /* given back while the bank pays */
    s = step(CHANNEL_WITHDRAWAL, CHANNEL_SENT, 0, 0, 0);
    draft(h, &s, order);
    EXPECT_OK(house_commit(h));
    s = step(CHANNEL_WITHDRAWAL, CHANNEL_SUCCESS, 0, 1, -1);
    refused(h, &s, order); /* paid, and given back */
    s = step(CHANNEL_WITHDRAWAL, CHANNEL_FAILED, 1, 0, -1);
    refused(h, &s, order); /* not paid, and gone */
    s = step(CHANNEL_WITHDRAWAL, CHANNEL_FAILED, 0, 0, 0);
    refused(h, &s, order); /* held for ever */
    s = step(CHANNEL_WITHDRAWAL, CHANNEL_SUCCESS, 1, 0, -1);
    draft(h, &s, order);
    EXPECT_OK(house_commit(h));
}

/* A payer with 10000, as an ordinary batch makes him. */
static int payer_comes(House *h)
{
    const AccountFacts payer = { 3, ACCOUNT_CLASS_PAYER, 156, 10000, 0, 1, "p9" };
    house_begin(h);
    move(h, ROW_HOUSE, "t2", -10000, 0);
    house_insert(h, house_account(h, &payer));
    house_insert(h, house_posting(h, &(PostingFacts) { "t2", 3, POSTING_BALANCE, 10000, 156 }));
    ASSERT(status_ok(house_commit(h)));
    for (int row = 0; row < (int)h->row_count; row++) {
        const RowView *v = stored(h, row);
        if (v->head.table == TABLE_ACCOUNT && row_int(v, ACCOUNT_ID, 0) == 3) return row;
    }
    return -1;
}

/* Nobody's PIN stands behind it: of a payer's money nothing is held for a bank. */
static void test_a_payers_money_is_not_withdrawn(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    const int payer = payer_comes(h);
    EXPECT(payer > 0);
    Step s = step(CHANNEL_WITHDRAWAL, CHANNEL_CREATED, 0, 0, 0);
    s.account = 3;
    s.holder = "payer/p9";
    house_begin(h);
    move(h, payer, s.name, -70, 70);
    house_insert(h, order_row(h, &s, 1));
    EXPECT_REFUSED(house_prepare(h), REFUSED_BANK_POSTING);
}

TESTS(TEST(test_a_payers_money_is_not_withdrawn), TEST(test_a_funding_is_credited_when_it_succeeds),
        TEST(test_a_withdrawal_is_held_until_it_ends))
