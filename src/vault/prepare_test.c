/* Goal: only lawful batches are sealed: successors of sealed rows, postings in order, money that
 * sums to zero, payments that stay what they are about (DESIGN section 2). Method: a whole vault;
 * one rule broken at a time. */
#include "vault/vault_test_house.h"

#include <stdio.h>

static void test_only_successors_are_sealed(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    const AccountFacts same = { 2, ACCOUNT_CLASS_MERCHANT, 156, 10000, 0, 2, "p1" };
    AccountFacts f = same;

    f.revision = 3; /* skips one */
    house_begin(h);
    house_update(h, 1, house_account(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_NOT_SUCCESSOR);
    f = same;
    f.id = 3; /* becomes another row */
    house_begin(h);
    house_update(h, 1, house_account(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_NOT_SUCCESSOR);
    f = same;
    f.revision = 1; /* a second row with the same key */
    f.balance = 0;
    house_begin(h);
    house_insert(h, house_account(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_EXISTS);
    f.id = 9;
    f.revision = 2; /* a new row that claims a past */
    house_begin(h);
    house_insert(h, house_account(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_NOT_SUCCESSOR);
    house_begin(h); /* twice in one batch */
    house_update(h, 1, house_account(h, &same));
    house_update(h, 1, house_account(h, &same));
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_DUPLICATED);
    h->rows[1].seal[20] ^= 1; /* shown with a wrong seal */
    house_begin(h);
    house_update(h, 1, house_account(h, &same));
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_SEAL_MISMATCH);
    h->rows[1].seal[20] ^= 1;
    EXPECT_OK(house_prepare(h)); /* and nothing of all that has left a trace */
    EXPECT_REFUSED(house_prepare(h), REFUSED_BATCH_OUT_OF_ORDER);
}

static void test_postings_are_numbered_and_never_change(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    house_begin(h);
    h->posting_count = 1; /* begins at 2 */
    house_insert(h, house_posting(h, &(PostingFacts) { "t2", 1, POSTING_BALANCE, 0, 156 }));
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_NOT_SUCCESSOR);
    house_begin(h);
    house_update(h, 2, house_posting(h, &(PostingFacts) { "t1", 1, POSTING_BALANCE, 0, 156 }));
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_NOT_SUCCESSOR);
    house_begin(h);
    h->leaf_count = 0; /* the number of a batch that was */
    const Span old = house_posting(h, &(PostingFacts) { "t2", 1, POSTING_BALANCE, 0, 156 });
    h->leaf_count = 1;
    house_insert(h, old);
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_NOT_SUCCESSOR);
}

static void test_money_rules(void)
{
    static const struct {
        int64_t balance1, balance2, posting1, posting2, currency;
        int32_t refusal;
    } cases[] = {
        { -9900, 9900, 100, -100, 156, 0 },
        { -9900, 9900, 100, -99, 156, REFUSED_POSTINGS_NOT_ZERO }, /* do not sum to zero */
        { -9900, 9901, 100, -100, 156, REFUSED_POSTINGS_NOT_ZERO }, /* balance does not match */
        { -9900, 9900, 0, 0, 156, REFUSED_POSTINGS_NOT_ZERO }, /* moves without postings */
        { -10000, 10000, 100, -100, 156, REFUSED_POSTINGS_NOT_ZERO }, /* postings without a move */
        { 1, -1, 10001, -10001, 156, REFUSED_BALANCE_NEGATIVE },
        { -9900, 9900, 100, -100, 840, REFUSED_POSTINGS_NOT_ZERO }, /* another currency */
        { INT64_MAX, -1, INT64_MAX, INT64_MIN, 156, REFUSED_POSTINGS_NOT_ZERO },
    };
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    for (size_t i = sizeof(cases) / sizeof(cases[0]); i-- > 0;) {
        house_begin(h);
        house_update(h, 0,
                house_account(h,
                        &(AccountFacts) {
                                1, ACCOUNT_CLASS_SYSTEM, 156, cases[i].balance1, 0, 2, "house" }));
        house_update(h, 1,
                house_account(h,
                        &(AccountFacts) {
                                2, ACCOUNT_CLASS_MERCHANT, 156, cases[i].balance2, 0, 2, "p1" }));
        house_insert(h,
                house_posting(h,
                        &(PostingFacts) {
                                "t2", 1, POSTING_BALANCE, cases[i].posting1, cases[i].currency }));
        house_insert(h,
                house_posting(h,
                        &(PostingFacts) {
                                "t2", 2, POSTING_BALANCE, cases[i].posting2, cases[i].currency }));
        const Status s = house_prepare(h);
        if (s.code == REFUSED_BALANCE_NEGATIVE || s.code == REFUSED_POSTINGS_NOT_ZERO)
            EXPECT(cases[i].refusal != 0);
        if (cases[i].refusal == REFUSED_BALANCE_NEGATIVE)
            EXPECT_STATUS(s, REFUSED_BALANCE_NEGATIVE);
        EXPECT((s.code == 0) == (cases[i].refusal == 0));
    }
}

static void test_accounts_keep_what_they_are(void)
{
    static const AccountFacts cases[] = {
        { 2, ACCOUNT_CLASS_SYSTEM, 156, 10000, 0, 2, "p1" },
        { 2, ACCOUNT_CLASS_MERCHANT, 840, 10000, 0, 2, "p1" },
        { 2, ACCOUNT_CLASS_MERCHANT, 156, 10000, 0, 2, "p2" }, { 2, 7, 156, 10000, 0, 2, "p1" },
        { 2, ACCOUNT_CLASS_MERCHANT, 156, 9000, 1000, 2, "p1" }, /* a hold without postings */
    };
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        house_begin(h);
        house_update(h, 1, house_account(h, &cases[i]));
        EXPECT(status_refused(house_prepare(h)));
    }
    /* A hold: from one bucket into the other of the same account. */
    house_begin(h);
    house_update(h, 1, house_account(h, &cases[4]));
    house_insert(h, house_posting(h, &(PostingFacts) { "t3", 2, POSTING_BALANCE, -1000, 156 }));
    house_insert(h, house_posting(h, &(PostingFacts) { "t3", 2, POSTING_FROZEN, 1000, 156 }));
    EXPECT_OK(house_commit(h));
    /* Postings for an account that is not in the batch; money from nothing in a new account. */
    house_begin(h);
    house_insert(h, house_posting(h, &(PostingFacts) { "t4", 2, POSTING_BALANCE, 0, 156 }));
    EXPECT_REFUSED(house_prepare(h), REFUSED_POSTINGS_NOT_ZERO);
    house_begin(h);
    house_insert(
            h, house_account(h, &(AccountFacts) { 5, ACCOUNT_CLASS_MERCHANT, 156, 1, 0, 1, "p5" }));
    EXPECT_REFUSED(house_prepare(h), REFUSED_POSTINGS_NOT_ZERO);
}

/* An account that exists already, under a key of another shape: a row that no table can hold. */
static Span other_key(House *h, uint8_t key_columns, uint16_t first, uint16_t second)
{
    static uint8_t memory[HOUSE_IMAGE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    const uint16_t ids[] = { first, second, ACCOUNT_CLASS, ACCOUNT_CURRENCY, ACCOUNT_BALANCE,
        ACCOUNT_FROZEN };
    const Value id = VALUE_OF_INT(2);
    const Value owner = VALUE_OF_TEXT(SPAN("p1"));
    const Value values[] = { first == ACCOUNT_ID ? id : owner, second == ACCOUNT_ID ? id : owner,
        VALUE_OF_INT(ACCOUNT_CLASS_MERCHANT), VALUE_OF_INT(156), VALUE_OF_INT(100),
        VALUE_OF_INT(0) };
    const RowHead head = { TABLE_ACCOUNT, 1, key_columns, 1, house_batch(h) };
    ASSERT(status_ok(row_encode(&head, ids, values, 6, &b)));
    return span_of_buffer(&b);
}

static void test_no_account_stands_under_two_names(void)
{
    static const struct {
        uint8_t key_columns;
        uint16_t first, second;
    } cases[] = { { 2, ACCOUNT_ID, ACCOUNT_OWNER }, { 1, ACCOUNT_OWNER, ACCOUNT_ID },
        { 2, ACCOUNT_OWNER, ACCOUNT_ID }, { 1, ACCOUNT_ID, ACCOUNT_ID } };
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        /* The institution's account gives 100 to account 2, which gets them twice. */
        house_draft_transfer(h, -100);
        house_insert(h, other_key(h, cases[i].key_columns, cases[i].first, cases[i].second));
        EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_INVALID);
    }
}

static void test_payments_keep_what_they_are_about(void)
{
    CLEANUP(house_done) House *h = house_open();
    const PaymentFacts first = { "o1", 100, 156, 1, NULL, NULL, 1 };
    house_begin(h);
    house_insert(h, house_payment(h, &first));
    EXPECT_OK(house_commit(h));
    for (int i = 0; i < 3; i++) {
        PaymentFacts f = first;
        f.revision = 2;
        if (i == 0) f.minor = 99;
        if (i == 1) f.currency = 840;
        if (i == 2) f.payee_account = 2;
        house_begin(h);
        house_update(h, 0, house_payment(h, &f));
        EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_NOT_SUCCESSOR);
    }
    static const uint8_t forged[16] = { 1 };
    PaymentFacts f = first;
    f.revision = 2;
    f.payer = "p1";
    f.grant = forged;
    house_begin(h);
    house_update(h, 0, house_payment(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_GRANT_INVALID);
    static const uint8_t zeros[16];
    f.grant = zeros;
    house_begin(h);
    house_update(h, 0, house_payment(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_GRANT_INVALID);
}

/* --- whose money it is --- */

enum { ROW_PAYEE = 1, ROW_P = 4, ROW_Q = 5, ROW_PAYMENT = 6 };
static const AccountFacts account_p = { 3, ACCOUNT_CLASS_PAYER, 156, 1000, 0, 1, "p" };
static const AccountFacts account_q = { 4, ACCOUNT_CLASS_PAYER, 156, 1000, 0, 1, "q" };
static const PaymentFacts payment_of_p = { "o1", 100, 156, 1, NULL, NULL, 2, 0 };

/* Payers p and q with 1000 each, and an order of 100 for the merchant's account 2. */
static void found_payers(House *h)
{
    EXPECT_OK(house_found(h));
    house_begin(h);
    house_update(h, 0,
            house_account(
                    h, &(AccountFacts) { 1, ACCOUNT_CLASS_SYSTEM, 156, -12000, 0, 2, "house" }));
    house_insert(h, house_account(h, &account_p));
    house_insert(h, house_account(h, &account_q));
    house_insert(h, house_payment(h, &payment_of_p));
    house_insert(h, house_posting(h, &(PostingFacts) { "f", 1, POSTING_BALANCE, -2000, 156 }));
    house_insert(h, house_posting(h, &(PostingFacts) { "f", 3, POSTING_BALANCE, 1000, 156 }));
    house_insert(h, house_posting(h, &(PostingFacts) { "f", 4, POSTING_BALANCE, 1000, 156 }));
    EXPECT_OK(house_commit(h));
}

/* One side of a movement: `minor` more in a bucket of a stored account. */
static void move(House *h, int row, const char *transaction, int64_t balance, int64_t frozen)
{
    static char owner[16];
    RowView v;
    ASSERT(status_ok(row_parse((Span) { h->rows[row].image, h->rows[row].image_bytes }, &v)));
    const Span name = row_bytes(&v, ACCOUNT_OWNER);
    snprintf(owner, sizeof(owner), "%.*s", (int)name.size, (const char *)name.data);
    const int64_t id = row_int(&v, ACCOUNT_ID, 0);
    const AccountFacts f = { id, row_int(&v, ACCOUNT_CLASS, 0), 156,
        row_int(&v, ACCOUNT_BALANCE, 0) + balance, row_int(&v, ACCOUNT_FROZEN, 0) + frozen,
        v.head.revision + 1, owner };
    house_update(h, row, house_account(h, &f));
    if (balance != 0)
        house_insert(h,
                house_posting(
                        h, &(PostingFacts) { transaction, id, POSTING_BALANCE, balance, 156 }));
    if (frozen != 0)
        house_insert(h,
                house_posting(h, &(PostingFacts) { transaction, id, POSTING_FROZEN, frozen, 156 }));
}

static void test_a_payment_takes_from_its_payer_alone(void)
{
    static const struct {
        const char *payer; /* in the payment's row */
        int64_t account; /* likewise */
        int from; /* whose balance gives */
        const char *transaction;
        int64_t minor;
        int32_t refusal;
    } cases[] = {
        { "p", 3, ROW_Q, "o1", 100, REFUSED_PAYER_ACCOUNT_OTHER }, /* the account is not in it */
        { "p", 4, ROW_Q, "o1", 100, REFUSED_PAYER_ACCOUNT_OTHER }, /* another's account */
        { "p", 2, ROW_P, "o1", 100, REFUSED_PAYER_ACCOUNT_OTHER }, /* no payer's account */
        { NULL, 3, ROW_P, "o1", 100, REFUSED_PAYER_ACCOUNT_OTHER }, /* nobody's */
        { "q", 3, ROW_P, "o1", 100, REFUSED_PAYER_ACCOUNT_OTHER },
        { "p", 0, ROW_P, "o1", 100, REFUSED_PAYER_ACCOUNT_OTHER }, /* names none */
        { "p", 0, ROW_P, "o2", 100, REFUSED_PAYER_ACCOUNT_OTHER }, /* no payment of that number */
        { "p", 3, ROW_P, "o1", 101, REFUSED_POSTINGS_NOT_PAYMENT },
        { "p", 3, ROW_P, "o1", 99, REFUSED_POSTINGS_NOT_PAYMENT },
        { "p", 3, ROW_P, "o1", -100, REFUSED_PAYER_ACCOUNT_OTHER }, /* the payee pays the payer */
        { "p", 3, ROW_P, "o1", 100, 0 },
    };
    CLEANUP(house_done) House *h = house_open();
    found_payers(h);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        PaymentFacts f = payment_of_p;
        f.revision = 2;
        f.payer = cases[i].payer;
        f.payer_account = cases[i].account;
        f.state = TRADE_SUCCESS;
        house_begin(h);
        move(h, cases[i].from, cases[i].transaction, -cases[i].minor, 0);
        move(h, ROW_PAYEE, cases[i].transaction, cases[i].minor, 0);
        house_update(h, ROW_PAYMENT, house_payment(h, &f));
        EXPECT_STATUS(house_prepare(h), cases[i].refusal);
    }
    /* p's payment in order, and q's money beside it. */
    EXPECT_OK(house_abort(h));
    PaymentFacts f = payment_of_p;
    f.revision = 2;
    f.payer = "p";
    f.payer_account = 3;
    house_begin(h);
    move(h, ROW_P, "o1", 0, 0);
    move(h, ROW_Q, "o1", -100, 0);
    move(h, ROW_PAYEE, "o1", 100, 0);
    house_update(h, ROW_PAYMENT, house_payment(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_PAYER_ACCOUNT_OTHER);
    house_begin(h); /* to somebody else than the payee */
    move(h, ROW_P, "o1", -100, 0);
    move(h, ROW_Q, "o1", 100, 0);
    house_update(h, ROW_PAYMENT, house_payment(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_POSTINGS_NOT_PAYMENT);
}

static void test_what_is_held_stays_its_payers(void)
{
    CLEANUP(house_done) House *h = house_open();
    found_payers(h);
    PaymentFacts f = payment_of_p;
    f.revision = 2;
    f.payer = "p";
    f.payer_account = 3;
    house_begin(h);
    move(h, ROW_P, "o1", -100, 100);
    house_update(h, ROW_PAYMENT, house_payment(h, &f));
    EXPECT_OK(house_commit(h));

    f.revision = 3;
    house_begin(h); /* the hold is p's, the capture would be q's */
    move(h, ROW_Q, "o1", -100, 0);
    move(h, ROW_PAYEE, "o1", 100, 0);
    house_update(h, ROW_PAYMENT, house_payment(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_PAYER_ACCOUNT_OTHER);
    house_begin(h); /* what is held leaves without its payment */
    move(h, ROW_P, "o1", 0, -100);
    move(h, ROW_PAYEE, "o1", 100, 0);
    EXPECT_REFUSED(house_prepare(h), REFUSED_PAYER_ACCOUNT_OTHER);
    for (int i = 0; i < 3; i++) { /* the payment becomes another's, or nobody's */
        PaymentFacts other = f;
        if (i == 0) other.payer_account = 4;
        if (i == 1) other.payer_account = 0;
        if (i == 2) other.payer = "q";
        house_begin(h);
        move(h, ROW_Q, "o9", 0, 0);
        house_update(h, ROW_PAYMENT, house_payment(h, &other));
        EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_NOT_SUCCESSOR);
    }
    house_begin(h); /* given back: between the payer's own buckets */
    move(h, ROW_P, "o1", 100, -100);
    house_update(h, ROW_PAYMENT, house_payment(h, &f));
    EXPECT_OK(house_prepare(h));
    EXPECT_OK(house_abort(h));
    f.state = TRADE_SUCCESS;
    house_begin(h); /* captured */
    move(h, ROW_P, "o1", 0, -100);
    move(h, ROW_PAYEE, "o1", 100, 0);
    house_update(h, ROW_PAYMENT, house_payment(h, &f));
    EXPECT_OK(house_commit(h));
}

/* Malformed messages: every cut of a good one is refused and changes nothing. */
static void test_cut_messages_are_refused(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    house_draft_transfer(h, 100);
    EXPECT_OK(house_prepare(h));
    EXPECT_OK(house_abort(h));
    Buffer b = { h->message, 0, sizeof(h->message) };
    const WireDraftHead head = { h->epoch, house_batch(h), h->now_us, SPAN("events") };
    EXPECT_OK(wire_put_draft_head(&b, &head));
    EXPECT_OK(buffer_put_u32(&b, 1));
    EXPECT_OK(wire_put_change(&b, &(WireChange) { .new_image = h->changes[2].image }));
    for (size_t size = 0; size < b.size; size++)
        EXPECT(status_refused(house_ask(h, VAULT_PREPARE, (Span) { b.data, size })));
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
}

TESTS(TEST(test_only_successors_are_sealed), TEST(test_postings_are_numbered_and_never_change),
        TEST(test_money_rules), TEST(test_accounts_keep_what_they_are),
        TEST(test_no_account_stands_under_two_names), TEST(test_payments_keep_what_they_are_about),
        TEST(test_a_payment_takes_from_its_payer_alone), TEST(test_what_is_held_stays_its_payers),
        TEST(test_cut_messages_are_refused))
