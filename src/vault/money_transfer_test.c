/*
 * Goal: a captured hufud moves no payer's money by transfers but what that payer confirmed, once,
 * to whom he confirmed it. Method: a whole vault and a real PIN; a sound transfer, each time with
 * one thing changed that hufud could change; every such batch is refused, and the sound one is
 * sealed after all of them.
 */
#include "policy/purposes.h"
#include "policy/transfer_columns.h"
#include "vault/money_drafts.h"

/* "p" gives "q" some of his 1000. */
typedef struct TransferDraft {
    int64_t state;
    int64_t speed;
    int64_t minor; /* as the row says */
    int64_t balance; /* what moves on p's account, likewise below */
    int64_t held;
    int64_t receiver; /* on q's */
    int64_t shop;
    const char *payer;
    const char *to;
    const char *number;
    const char *id;
    const char *name; /* of the postings */
    int64_t account;
    int64_t to_account;
    int64_t due;
    int64_t ended;
    const uint8_t *grant;
    bool no_row;
} TransferDraft;

static uint8_t grant[16];
static uint8_t forged[16] = { 7 };
static uint8_t nonce[16] = { 9 };
static uint8_t verifier_memory[256];
static Span verifier;

static const TransferDraft waiting = { .state = TRANSFER_WAITING,
    .speed = TRANSFER_NORMAL,
    .minor = 100,
    .balance = -100,
    .held = 100,
    .payer = "p",
    .to = "q",
    .number = "N-000001",
    .id = "transfer/1",
    .name = "transfer/1",
    .account = ACCOUNT_PAYER,
    .to_account = ACCOUNT_OTHER,
    .due = 7200,
    .grant = grant };

static Span make_box(
        House *h, BoxPurpose purpose, const char *order, const char *payee, int64_t minor)
{
    static uint8_t memory[BOX_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    PublicKey *key = NULL;
    uint32_t key_id = 0;
    const Random random = random_system();
    house_box_key(h, &key, &key_id);
    BoxContext context = { .data_class = CLASS_PIN,
        .purpose = (uint16_t)purpose,
        .amount = minor,
        .expiry_us = h->now_us + 60 * 1000000,
        .tenant = order != NULL ? span_of_text(payee) : (Span) { NULL, 0 },
        .order = order != NULL ? span_of_text(order) : (Span) { NULL, 0 },
        .payee = span_of_text(payee) };
    if (minor > 0) memcpy(context.currency, "CNY", 3);
    memcpy(context.server_nonce, nonce, sizeof(nonce));
    ASSERT(status_ok(box_seal(key, key_id, &random, &context, SPAN("284617"), &b)));
    public_key_free(&key);
    return span_of_buffer(&b);
}

static void set_pin(House *h)
{
    uint8_t memory[BOX_BYTES_MAX + 512];
    Buffer b = BUFFER_OF(memory);
    const WirePinSet set = { make_box(h, BOX_PURPOSE_SET_PIN, NULL, "p", 0), SPAN("p"),
        SPAN_OF(nonce), 0, { NULL, 0 } };
    ASSERT(status_ok(wire_put_pin_set(&b, &set)));
    ASSERT(status_ok(house_ask(h, VAULT_SET_PIN, span_of_buffer(&b))));
    memcpy(verifier_memory, h->answer.data, h->answer.size);
    verifier = (Span) { verifier_memory, h->answer.size };
}

/* The PIN of "p" for this transfer, or for what else `purpose` says. */
static void confirm(House *h, const char *purpose, const char *order, const char *to, int64_t minor)
{
    uint8_t memory[BOX_BYTES_MAX + 1024];
    Buffer b = BUFFER_OF(memory);
    const Span name = span_of_text(purpose);
    const WirePinCheck check = { make_box(h, box_purpose_of(name), order, to, minor), name,
        span_of_text(to), span_of_text(order), minor, SPAN("p"), SPAN_OF(nonce), verifier, 0 };
    ASSERT(status_ok(wire_put_pin_check(&b, &check)));
    ASSERT(status_ok(house_ask(h, VAULT_CHECK_PIN, span_of_buffer(&b))));
    ASSERT(h->answer.size == sizeof(grant));
    memcpy(grant, h->answer.data, sizeof(grant));
}

static Span transfer_row(House *h, const TransferDraft *d, int64_t revision)
{
    const Value ended = d->ended == 0 ? VALUE_OF_NULL : VALUE_OF_INT(d->ended);
    const Value values[] = { TEXT(d->id), TEXT(d->payer), TEXT(d->number), TEXT(d->to),
        VALUE_OF_INT(d->minor), VALUE_OF_INT(156), VALUE_OF_INT(d->speed), VALUE_OF_INT(d->account),
        VALUE_OF_INT(d->to_account), VALUE_OF_NULL,
        VALUE_OF_BYTES(((Span) { d->grant, sizeof(grant) })), VALUE_OF_INT(2), VALUE_OF_INT(1),
        VALUE_OF_INT(d->due), VALUE_OF_INT(d->state), ended, VALUE_OF_INT(0) };
    return encode_with_keys(
            h, TABLE_TRANSFER, 1, revision, values, sizeof(values) / sizeof(values[0]));
}

/* Both buckets of p's account in one row. */
static void book_payer(House *h, int64_t balance, int64_t held)
{
    const RowView *v = stored(h, ROW_PAYER);
    const AccountFacts f = { ACCOUNT_PAYER, ACCOUNT_CLASS_PAYER, 156,
        row_int(v, ACCOUNT_BALANCE, 0) + balance, row_int(v, ACCOUNT_FROZEN, 0) + held,
        v->head.revision + 1, "p" };
    house_update(h, ROW_PAYER, house_account(h, &f));
}

static void post_in(House *h, const char *name, int64_t account, int64_t bucket, int64_t minor)
{
    if (minor == 0) return;
    const PostingFacts f = { name, account, bucket, minor, 156 };
    house_insert(h, house_posting(h, &f));
}

static void transfer(House *h, const TransferDraft *d, int row)
{
    house_begin(h);
    book_payer(h, d->balance, d->held);
    if (d->receiver != 0) book(h, ROW_OTHER, d->receiver);
    if (d->shop != 0) book(h, ROW_SHOP, d->shop);
    post_in(h, d->name, ACCOUNT_PAYER, POSTING_BALANCE, d->balance);
    post_in(h, d->name, ACCOUNT_PAYER, POSTING_FROZEN, d->held);
    post_in(h, d->name, ACCOUNT_OTHER, POSTING_BALANCE, d->receiver);
    post_in(h, d->name, ACCOUNT_SHOP, POSTING_BALANCE, d->shop);
    if (d->no_row) return;
    if (row < 0)
        house_insert(h, transfer_row(h, d, 1));
    else
        house_update(h, row, transfer_row(h, d, stored(h, row)->head.revision + 1));
}

static void refuse_all(House *h, const TransferDraft *drafts, size_t count, int row)
{
    for (size_t i = 0; i < count; i++) {
        transfer(h, &drafts[i], row);
        const Status s = house_prepare(h);
        if (!status_refused(s)) fprintf(stderr, "transfer %zu: %s\n", i, status_name(s));
        EXPECT(status_refused(s));
    }
}

static int find_transfer(House *h)
{
    for (int i = 0; i < (int)h->row_count; i++)
        if (stored(h, i)->head.table == TABLE_TRANSFER) return i;
    return -1;
}

static void test_a_transfer_begins_as_its_payer_confirmed_it(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    set_pin(h);
    confirm(h, "transfer", "NORMAL/N-000001", "q", 100);
    TransferDraft d[24];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
        d[i] = waiting;
    d[n++].grant = forged;
    d[n++].to = "r"; /* somebody else than was confirmed */
    d[n++].number = "N-000002";
    d[n++].payer = "q"; /* from another's account */
    d[n++].speed = TRANSFER_NEXT_DAY;
    d[n++].speed = TRANSFER_REAL_TIME; /* may not wait */
    d[n++].state = TRANSFER_DONE;
    d[n++].state = TRANSFER_REVOKED;
    d[n].minor = 200; /* the row alone */
    d[n++].state = TRANSFER_WAITING;
    d[n].minor = 200; /* all of it */
    d[n].balance = -200;
    d[n++].held = 200;
    d[n++].no_row = true;
    d[n++].id = "1";
    d[n++].name = "transfer/2";
    d[n].id = "t"; /* as nothing in particular */
    d[n++].name = "t";
    d[n++].account = ACCOUNT_OTHER;
    d[n++].to_account = ACCOUNT_PAYER;
    d[n].held = 0; /* to the receiver at once, without his word on the speed */
    d[n++].receiver = 100;
    d[n].held = 0; /* to a shop */
    d[n++].shop = 100;
    d[n].balance = 0; /* said, not done */
    d[n++].held = 0;
    refuse_all(h, d, n, -1);
    transfer(h, &waiting, -1);
    EXPECT_OK(house_commit(h));
    TransferDraft again = waiting; /* the grant is spent */
    again.id = again.name = "transfer/2";
    refuse_all(h, &again, 1, -1);
}

/* A PIN for a payment, or for limits, of the very same words is no PIN for a transfer. */
static void test_another_grant_moves_nothing(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    set_pin(h);
    confirm(h, "pay", "NORMAL/N-000001", "q", 100);
    transfer(h, &waiting, -1);
    EXPECT_REFUSED(house_prepare(h), REFUSED_GRANT_INVALID);
    confirm(h, "transfer-limits", "NORMAL/N-000001", "q", 100);
    transfer(h, &waiting, -1);
    EXPECT_REFUSED(house_prepare(h), REFUSED_GRANT_INVALID);
    confirm(h, "transfer", "NORMAL/N-000001", "q", 100);
    transfer(h, &waiting, -1);
    EXPECT_OK(house_commit(h));
}

/* Two rows of one batch do not share one PIN. */
static void test_one_grant_is_for_one_row(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    set_pin(h);
    confirm(h, "transfer", "NORMAL/N-000001", "q", 100);
    TransferDraft second = waiting;
    second.id = "transfer/2";
    house_begin(h);
    book_payer(h, -200, 200);
    post_in(h, "transfer/1", ACCOUNT_PAYER, POSTING_BALANCE, -100);
    post_in(h, "transfer/1", ACCOUNT_PAYER, POSTING_FROZEN, 100);
    post_in(h, "transfer/2", ACCOUNT_PAYER, POSTING_BALANCE, -100);
    post_in(h, "transfer/2", ACCOUNT_PAYER, POSTING_FROZEN, 100);
    house_insert(h, transfer_row(h, &waiting, 1));
    house_insert(h, transfer_row(h, &second, 1));
    EXPECT_REFUSED(house_prepare(h), REFUSED_GRANT_INVALID);
}

static TransferDraft step(int64_t state, int64_t balance, int64_t held, int64_t receiver)
{
    TransferDraft d = waiting;
    d.state = state;
    d.balance = balance;
    d.held = held;
    d.receiver = receiver;
    d.ended = 7200;
    return d;
}

static void test_a_transfer_ends_once(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    set_pin(h);
    confirm(h, "transfer", "NORMAL/N-000001", "q", 100);
    transfer(h, &waiting, -1);
    EXPECT_OK(house_commit(h));
    const int row = find_transfer(h);
    EXPECT(row >= 0);
    const TransferDraft done = step(TRANSFER_DONE, 0, -100, 100);
    const TransferDraft revoked = step(TRANSFER_REVOKED, 100, -100, 0);
    TransferDraft d[16];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
        d[i] = done;
    d[n++].ended = 7199; /* before it is due */
    d[n++].ended = 0;
    d[n++] = step(TRANSFER_DONE, 0, 0, 0); /* said, not done */
    d[n++] = step(TRANSFER_REVOKED, 0, 0, 0);
    d[n++] = step(TRANSFER_REVOKED, 0, -100, 100); /* called another thing than it is */
    d[n++] = step(TRANSFER_DONE, 100, -100, 0);
    d[n++] = step(TRANSFER_WAITING, 0, 0, 0); /* written again */
    d[n++] = step(TRANSFER_WAITING, -100, 100, 0); /* held again */
    d[n].receiver = 0; /* to a shop instead */
    d[n++].shop = 100;
    d[n++].to = "r"; /* terms */
    d[n++].minor = 99;
    d[n++].number = "N-000002";
    d[n++].due = 1;
    d[n++].grant = forged;
    d[n++].to_account = ACCOUNT_SHOP;
    refuse_all(h, d, n, row);
    transfer(h, &done, row);
    EXPECT_OK(house_commit(h));
    const TransferDraft after[] = { done, revoked, step(TRANSFER_REVOKED, 0, 0, 0),
        step(TRANSFER_FAILED, 0, 0, 0), step(TRANSFER_WAITING, 0, 0, 0),
        step(TRANSFER_DONE, 0, 0, 0) };
    refuse_all(h, after, sizeof(after) / sizeof(after[0]), row);
}

static void test_revoked_gives_back_once_and_real_time_gives_at_once(void)
{
    CLEANUP(house_done) House *h = house_open();
    found(h);
    set_pin(h);
    confirm(h, "transfer", "NORMAL/N-000001", "q", 100);
    transfer(h, &waiting, -1);
    EXPECT_OK(house_commit(h));
    const TransferDraft revoked = step(TRANSFER_REVOKED, 100, -100, 0);
    transfer(h, &revoked, find_transfer(h));
    EXPECT_OK(house_commit(h));
    refuse_all(h, &revoked, 1, find_transfer(h));
    TransferDraft now = step(TRANSFER_DONE, -100, 0, 100);
    now.speed = TRANSFER_REAL_TIME;
    now.number = "N-000002";
    now.id = now.name = "transfer/2";
    confirm(h, "transfer", "REAL_TIME/N-000002", "q", 100);
    transfer(h, &now, -1);
    EXPECT_OK(house_commit(h));
    EXPECT(row_int(stored(h, ROW_OTHER), ACCOUNT_BALANCE, 0) == 1100);
    EXPECT(row_int(stored(h, ROW_PAYER), ACCOUNT_BALANCE, 0) == 900);
}

TESTS(TEST(test_a_transfer_begins_as_its_payer_confirmed_it),
        TEST(test_another_grant_moves_nothing), TEST(test_one_grant_is_for_one_row),
        TEST(test_a_transfer_ends_once),
        TEST(test_revoked_gives_back_once_and_real_time_gives_at_once))
