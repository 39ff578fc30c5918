#pragma once
/*
 * money_drafts: batches that move money, for the tests of money's rules: a house with its own
 * account, a shop and two payers, one of whom paid the shop; rows as hufud would write them. Only
 * *_test.c files include it.
 */
#include "vault/vault_test_house.h"

#include "base/expect.h"
#include "policy/tables.h"

enum { ROW_HOUSE = 0, ROW_SHOP = 1, ROW_PAYER = 4, ROW_OTHER = 5, ROW_PAYMENT = 6, ROW_SUM = 14 };
enum { ACCOUNT_HOUSE = 1, ACCOUNT_SHOP = 2, ACCOUNT_PAYER = 3, ACCOUNT_OTHER = 4 };

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

static inline Span encode_with_keys(
        House *h, uint16_t table, uint8_t keys, int64_t revision, const Value *values, size_t count)
{
    uint16_t ids[ROW_COLUMNS_MAX];
    Buffer b = BUFFER_OF(image);
    const RowHead head = { table, 1, keys, revision, house_batch(h) };
    for (size_t i = 0; i < count; i++)
        ids[i] = (uint16_t)(i + 1);
    ASSERT(status_ok(row_encode(&head, ids, values, count, &b)));
    return span_of_buffer(&b);
}

static inline Span encode(
        House *h, uint16_t table, int64_t revision, const Value *values, size_t count)
{
    return encode_with_keys(h, table, 2, revision, values, count);
}

#define TEXT(text) VALUE_OF_TEXT(span_of_text(text))

static inline Span refund_row(House *h, const Draft *d, const char *number, int64_t revision)
{
    const Value values[] = { TEXT("m1"), TEXT(number), TEXT(number), TEXT(d->order), TEXT(d->order),
        VALUE_OF_INT(REFUND_SUCCESS), VALUE_OF_INT(d->minor), VALUE_OF_INT(d->total),
        VALUE_OF_INT(156), VALUE_OF_INT(d->refund_payer), VALUE_OF_INT(ACCOUNT_SHOP) };
    return encode(h, TABLE_REFUND, revision, values, sizeof(values) / sizeof(values[0]));
}

static inline Span refunded_row(House *h, const Draft *d, int64_t revision)
{
    const Value values[] = { TEXT("m1"), TEXT("o1"), TEXT("o1"), VALUE_OF_INT(d->total),
        VALUE_OF_INT(156), VALUE_OF_INT(d->sum_payer), VALUE_OF_INT(ACCOUNT_SHOP),
        VALUE_OF_INT(d->sum), VALUE_OF_INT(d->count) };
    return encode(h, TABLE_REFUNDED, revision, values, sizeof(values) / sizeof(values[0]));
}

static inline const RowView *stored(House *h, int row)
{
    static RowView v;
    ASSERT(status_ok(row_parse((Span) { h->rows[row].image, h->rows[row].image_bytes }, &v)));
    return &v;
}

/* One side of a movement of a stored account. */
static inline void move(House *h, int row, const char *transaction, int64_t minor)
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

static inline int row_of(int64_t account)
{
    if (account == ACCOUNT_SHOP) return ROW_SHOP;
    return account == ACCOUNT_PAYER ? ROW_PAYER : ROW_OTHER;
}

static inline PaymentFacts payment(House *h, int64_t state)
{
    const int64_t revision = h->row_count > ROW_PAYMENT ? stored(h, ROW_PAYMENT)->head.revision : 0;
    return (PaymentFacts) { "o1", 100, 156, revision + 1, "p", NULL, ACCOUNT_SHOP, ACCOUNT_PAYER,
        state };
}

/* Payers "p" and "q" with 1000 each; p paid the shop 100. */
static inline void found(House *h)
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

static inline void pay(House *h, int64_t state, int64_t moved)
{
    const PaymentFacts f = payment(h, state);
    house_begin(h);
    move(h, ROW_PAYER, "o1", -moved);
    move(h, ROW_SHOP, "o1", moved);
    house_update(h, ROW_PAYMENT, house_payment(h, &f));
}

static inline void book(House *h, int row, int64_t minor)
{
    const RowView *v = stored(h, row);
    char owner[16];
    const Span name = row_bytes(v, ACCOUNT_OWNER);
    snprintf(owner, sizeof(owner), "%.*s", (int)name.size, (const char *)name.data);
    const AccountFacts f = { row_int(v, ACCOUNT_ID, 0), row_int(v, ACCOUNT_CLASS, 0), 156,
        row_int(v, ACCOUNT_BALANCE, 0) + minor, 0, v->head.revision + 1, owner };
    house_update(h, row, house_account(h, &f));
}

static inline void post(House *h, const char *name, int64_t account, int64_t minor)
{
    if (minor == 0) return;
    const PostingFacts f = { name, account, POSTING_BALANCE, minor, 156 };
    house_insert(h, house_posting(h, &f));
}
