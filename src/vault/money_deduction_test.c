/*
 * Goal: a captured hufud takes from payers by contract what they signed and no fen more (TP-9):
 * no contract without the PIN for exactly its terms, no payment beside it, no period twice.
 * Method: a sound signing and sound deductions, each time with one thing changed that hufud could
 * change; every such batch is refused, and the sound one is sealed after all of them.
 */
#include "vault/money_drafts.h"
#include "vault/vault_test_pin.h"

#include "base/time.h"
#include "crypto/digest.h"
#include "policy/contract_terms.h"

#define HOUR_US (3600 * TIME_SECOND_US)

#define SHOP "p1" /* who owns ACCOUNT_SHOP */

static const char pin[] = "284617";

typedef struct ContractDraft {
    const char *mchid;
    int64_t one, period, period_minor, period_count, notice, until;
    int64_t state;
    const char *payer; /* NULL: nobody signed */
    const uint8_t *grant;
    int64_t at, minor, count, announced_minor, announced;
} ContractDraft;

static Value optional_int(int64_t number)
{
    return number != 0 ? VALUE_OF_INT(number) : VALUE_OF_NULL;
}

static Span contract_row(House *h, const ContractDraft *d, int64_t revision)
{
    const Value values[] = { TEXT(d->mchid), TEXT("C-1"), TEXT("hc1"), VALUE_OF_INT(7),
        TEXT("Member"), TEXT("w***"), VALUE_OF_INT(d->one), VALUE_OF_INT(d->period),
        VALUE_OF_INT(d->period_minor), VALUE_OF_INT(d->period_count), VALUE_OF_INT(d->notice),
        VALUE_OF_INT(156), VALUE_OF_INT(d->until), VALUE_OF_INT(1), VALUE_OF_INT(d->state),
        d->payer != NULL ? TEXT(d->payer) : VALUE_OF_NULL,
        d->grant != NULL ? VALUE_OF_BYTES(((Span) { d->grant, 16 })) : VALUE_OF_NULL, VALUE_OF_NULL,
        VALUE_OF_NULL, VALUE_OF_INT(0), VALUE_OF_INT(d->at), VALUE_OF_INT(d->minor),
        VALUE_OF_INT(d->count), VALUE_OF_INT(d->announced_minor), optional_int(d->announced) };
    return encode(h, TABLE_CONTRACT, revision, values, sizeof(values) / sizeof(values[0]));
}

static int contract_at(House *h)
{
    for (int i = 0; i < (int)h->row_count; i++)
        if (stored(h, i)->head.table == TABLE_CONTRACT) return i;
    return -1;
}

static void put_contract(House *h, const ContractDraft *d)
{
    const int row = contract_at(h);
    if (row < 0)
        house_insert(h, contract_row(h, d, 1));
    else
        house_update(h, row, contract_row(h, d, stored(h, row)->head.revision + 1));
}

static Status write_contract(House *h, const ContractDraft *d)
{
    house_begin(h);
    put_contract(h, d);
    return house_commit(h);
}

static ContractDraft waiting(House *h)
{
    return (ContractDraft) { .mchid = SHOP,
        .one = 100,
        .period = CONTRACT_EACH_MONTH,
        .period_minor = 250,
        .period_count = 3,
        .until = h->now_us + 365 * TIME_DAY_US,
        .state = CONTRACT_WAITING };
}

/* The grant of the payer's PIN for what `d` says. */
static void grant_for(House *h, const ContractDraft *d, const uint8_t **ret_grant)
{
    const ContractTerms terms = { span_of_text(d->mchid), SPAN("C-1"), SPAN("Member"), SPAN("w***"),
        7, d->one, d->period, d->period_minor, d->period_count, d->notice, 156, d->until };
    uint8_t memory[CONTRACT_TERMS_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    uint8_t digest[CONTRACT_TERMS_DIGEST_BYTES];
    char order[CONTRACT_ORDER_BYTES + 1];
    static uint64_t use;
    EXPECT_OK(contract_terms_text(&terms, &text));
    sha256(span_of_buffer(&text), digest);
    contract_terms_order(digest, order);
    use++;
    memcpy(nonce, &use, sizeof(use));
    const Wish w = { BOX_PURPOSE_PAY, pin, order, d->one, SHOP, 60 * TIME_SECOND_US };
    EXPECT_OK(check_box(h, make_box(h, &w), order, d->one));
    *ret_grant = grant;
}

static ContractDraft in_force(const ContractDraft *asked)
{
    ContractDraft d = *asked;
    d.state = CONTRACT_IN_FORCE;
    d.payer = "p";
    return d;
}

static House *open_house(void)
{
    House *h = house_open();
    payer = "p";
    tenant = SHOP;
    verifier = (Span) { NULL, 0 };
    found(h);
    ASSERT(status_ok(set_pin(h, pin)));
    return h;
}

static ContractDraft sign(House *h, int64_t notice)
{
    ContractDraft d = waiting(h);
    d.notice = notice;
    ASSERT(status_ok(write_contract(h, &d)));
    d = in_force(&d);
    grant_for(h, &d, &d.grant);
    ASSERT(status_ok(write_contract(h, &d)));
    return d;
}

/* --- signing --- */

static void test_a_contract_begins_unsigned_and_unused(void)
{
    CLEANUP(house_done) House *h = open_house();
    ContractDraft d[12];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
        d[i] = waiting(h);
    d[n++].state = CONTRACT_IN_FORCE;
    d[n++].payer = "p";
    d[n++].grant = nonce;
    d[n++].one = 0;
    d[n++].one = 251; /* more than a period's */
    d[n++].period = 5;
    d[n++].period_count = 0;
    d[n++].notice = -1;
    d[n++].minor = 1;
    d[n++].at = 1;
    d[n++].announced_minor = 1;
    d[n++].count = -1;
    for (size_t i = 0; i < n; i++)
        EXPECT_REFUSED(write_contract(h, &d[i]), REFUSED_DEDUCTION_NOT_LAWFUL);
    ContractDraft right = waiting(h);
    EXPECT_OK(write_contract(h, &right));
}

static void test_only_the_pin_for_exactly_these_terms_signs(void)
{
    CLEANUP(house_done) House *h = open_house();
    const ContractDraft asked = waiting(h);
    ContractDraft other = asked;
    other.one = 99;
    EXPECT_OK(write_contract(h, &asked));
    ContractDraft d = in_force(&asked);
    EXPECT_REFUSED(write_contract(h, &d), REFUSED_DEDUCTION_NOT_LAWFUL); /* no grant */
    grant_for(h, &other, &d.grant);
    EXPECT_REFUSED(write_contract(h, &d), REFUSED_GRANT_INVALID); /* of other terms */
    EXPECT_OK(check_pin(h, pin, "order-1"));
    d.grant = grant;
    EXPECT_REFUSED(write_contract(h, &d), REFUSED_GRANT_INVALID); /* of a payment */
    grant_for(h, &asked, &d.grant);
    d.payer = "q";
    EXPECT_REFUSED(write_contract(h, &d), REFUSED_GRANT_INVALID); /* another's */
    d.payer = "p";
    d.one = 99;
    EXPECT_REFUSED(write_contract(h, &d), REFUSED_DEDUCTION_NOT_LAWFUL); /* terms never change */
    d.one = 100;
    EXPECT_OK(write_contract(h, &d));
    EXPECT_OK(check_pin(h, pin, "order-2")); /* signed again by somebody, or unsigned */
    d.grant = grant;
    EXPECT_REFUSED(write_contract(h, &d), REFUSED_DEDUCTION_NOT_LAWFUL);
    d = asked;
    EXPECT_REFUSED(write_contract(h, &d), REFUSED_DEDUCTION_NOT_LAWFUL);
}

/* What the payer gave to sign a contract pays for nothing. */
static void test_a_signature_is_no_payment(void)
{
    CLEANUP(house_done) House *h = open_house();
    const ContractDraft asked = waiting(h);
    const uint8_t *signature = NULL;
    grant_for(h, &asked, &signature);
    uint8_t memory[CONTRACT_TERMS_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    uint8_t digest[CONTRACT_TERMS_DIGEST_BYTES];
    char order[CONTRACT_ORDER_BYTES + 1];
    const ContractTerms terms = { SPAN(SHOP), SPAN("C-1"), SPAN("Member"), SPAN("w***"), 7,
        asked.one, asked.period, asked.period_minor, asked.period_count, 0, 156, asked.until };
    EXPECT_OK(contract_terms_text(&terms, &text));
    sha256(span_of_buffer(&text), digest);
    contract_terms_order(digest, order);
    const PaymentFacts f = { order, 100, 156, 1, "p", signature, ACCOUNT_SHOP, 0, TRADE_NOTPAY };
    house_begin(h);
    house_insert(h, house_payment(h, &f));
    EXPECT(status_refused(house_prepare(h)));
}

/* --- deducting --- */

typedef struct Take {
    const char *number;
    int64_t minor; /* of the payment, and moved */
    int64_t trade_type;
    const char *payer;
    int64_t account;
    const char *contract; /* of the deduction's row; NULL: there is none */
    const char *transaction;
    const char *mchid; /* likewise */
    int64_t at;
    int64_t payee; /* 0: the shop's */
} Take;

static int64_t payee_of(const Take *t) { return t->payee != 0 ? t->payee : ACCOUNT_SHOP; }

static Span paying_row(House *h, const Take *t, int64_t revision, bool has_payer)
{
    static const uint16_t ids[] = { PAYMENT_MCHID, PAYMENT_OUT_TRADE_NO, PAYMENT_TRANSACTION_ID,
        PAYMENT_PREPAY_ID, PAYMENT_TRADE_TYPE, PAYMENT_STATE, PAYMENT_MINOR, PAYMENT_CURRENCY,
        PAYMENT_PAYER, PAYMENT_PAYER_ACCOUNT, PAYMENT_PAYEE_ACCOUNT, PAYMENT_GRANT };
    const Value values[] = { TEXT(SHOP), TEXT(t->number), TEXT(t->number), TEXT(t->number),
        VALUE_OF_INT(t->trade_type), VALUE_OF_INT(has_payer ? TRADE_SUCCESS : TRADE_NOTPAY),
        VALUE_OF_INT(t->minor), VALUE_OF_INT(156), has_payer ? TEXT(t->payer) : VALUE_OF_NULL,
        has_payer ? VALUE_OF_INT(t->account) : VALUE_OF_NULL, VALUE_OF_INT(payee_of(t)),
        VALUE_OF_NULL };
    Buffer b = BUFFER_OF(image);
    const RowHead head = { TABLE_PAYMENT, 1, 2, revision, house_batch(h) };
    ASSERT(status_ok(row_encode(&head, ids, values, sizeof(ids) / sizeof(ids[0]), &b)));
    return span_of_buffer(&b);
}

static void put_take(House *h, const Take *t)
{
    post(h, t->number, t->account, -t->minor);
    post(h, t->number, payee_of(t), t->minor);
    house_insert(h, paying_row(h, t, 1, true));
    if (t->contract == NULL) return;
    const Value values[] = { TEXT(t->mchid), TEXT(t->number), TEXT(t->transaction),
        TEXT(t->contract), VALUE_OF_INT(t->at) };
    house_insert(h, encode(h, TABLE_DEDUCTION, 1, values, 5));
}

static Take take_of(House *h, const char *number, int64_t minor)
{
    return (Take) { .number = number,
        .minor = minor,
        .trade_type = TRADE_DEDUCTION,
        .payer = "p",
        .account = ACCOUNT_PAYER,
        .contract = "C-1",
        .transaction = number,
        .mchid = SHOP,
        .at = contract_period_at(CONTRACT_EACH_MONTH, h->now_us) };
}

static void draft(House *h, const ContractDraft *after, const Take *takes, size_t count)
{
    int64_t sum = 0;
    house_begin(h);
    for (size_t i = 0; i < count; i++)
        sum += takes[i].minor;
    book(h, row_of(takes[0].account), -sum);
    book(h, takes[0].payee == 0 ? ROW_SHOP : row_of(takes[0].payee), sum);
    for (size_t i = 0; i < count; i++)
        put_take(h, &takes[i]);
    if (after != NULL) put_contract(h, after);
}

static ContractDraft counted(const ContractDraft *before, const Take *t)
{
    ContractDraft d = *before;
    const bool goes_on = d.at == t->at;
    d.minor = (goes_on ? d.minor : 0) + t->minor;
    d.count = (goes_on ? d.count : 0) + 1;
    d.at = t->at;
    return d;
}

static void refused(House *h, const ContractDraft *after, const Take *t, const char *what)
{
    draft(h, after, t, 1);
    const Status s = house_prepare(h);
    if (!status_refused(s)) fprintf(stderr, "%s: %s\n", what, status_name(s));
    EXPECT(status_refused(s));
}

static void test_a_deduction_is_of_its_contract(void)
{
    CLEANUP(house_done) House *h = open_house();
    const ContractDraft signed_ = sign(h, 0);
    const Take right = take_of(h, "d1", 100);
    const ContractDraft after = counted(&signed_, &right);
    Take t = right;
    t.contract = NULL;
    refused(h, &after, &t, "no row of deduction");
    refused(h, NULL, &right, "the contract is not written");
    refused(h, &signed_, &right, "it is not counted");
    t = right;
    t.contract = "C-2";
    refused(h, &after, &t, "another contract");
    t = right;
    t.mchid = "m2";
    refused(h, &after, &t, "another merchant");
    t = right;
    t.transaction = "d2";
    refused(h, &after, &t, "another payment");
    t = right;
    t.payer = "q";
    t.account = ACCOUNT_OTHER;
    refused(h, &after, &t, "another payer");
    t = right;
    t.trade_type = TRADE_MICROPAY;
    refused(h, &after, &t, "a payment of another type");
    t = right;
    t.payee = ACCOUNT_OTHER;
    refused(h, &after, &t, "to somebody else");
    t = take_of(h, "d1", 101);
    ContractDraft d = counted(&signed_, &t);
    refused(h, &d, &t, "more than of one");
    d = after;
    d.minor = 99;
    refused(h, &d, &right, "counted too little");
    d = after;
    d.count = 0;
    refused(h, &d, &right, "not counted");
    d = after;
    d.period_minor = 1000;
    refused(h, &d, &right, "other terms");
    for (int by = -1; by <= 1; by += 2) {
        t = right;
        t.at += by;
        d = counted(&signed_, &t);
        refused(h, &d, &t, "another period");
    }
    draft(h, &after, &right, 1);
    EXPECT_OK(house_commit(h));
    d = after;
    d.minor = 0;
    d.count = 0;
    EXPECT_REFUSED(write_contract(h, &d), REFUSED_DEDUCTION_NOT_LAWFUL); /* nothing is uncounted */
}

static void test_a_period_has_its_sum_and_its_count(void)
{
    CLEANUP(house_done) House *h = open_house();
    ContractDraft now = sign(h, 0);
    Take t = take_of(h, "d1", 100);
    Take two[2] = { take_of(h, "d2", 100), take_of(h, "d3", 50) };
    now = counted(&now, &t);
    draft(h, &now, &t, 1);
    EXPECT_OK(house_commit(h));
    two[1].minor = 51; /* 251 of 250 */
    ContractDraft d = counted(&now, &two[0]);
    d = counted(&d, &two[1]);
    draft(h, &d, two, 2);
    EXPECT_REFUSED(house_prepare(h), REFUSED_DEDUCTION_NOT_LAWFUL);
    two[1].minor = 49;
    now = counted(&now, &two[0]);
    now = counted(&now, &two[1]);
    draft(h, &now, two, 2); /* two of a batch */
    EXPECT_OK(house_commit(h));
    t = take_of(h, "d4", 1);
    d = counted(&now, &t);
    refused(h, &d, &t, "the fourth of three");
    h->now_us += 31 * TIME_DAY_US;
    t = take_of(h, "d5", 100);
    now = counted(&now, &t);
    draft(h, &now, &t, 1);
    EXPECT_OK(house_commit(h));
    h->now_us = now.until + HOUR_US;
    t = take_of(h, "d6", 1);
    d = counted(&now, &t);
    refused(h, &d, &t, "after its end");
}

static void test_what_has_ended_takes_nothing(void)
{
    CLEANUP(house_done) House *h = open_house();
    ContractDraft now = sign(h, 0);
    now.state = CONTRACT_TERMINATED;
    EXPECT_OK(write_contract(h, &now));
    const Take t = take_of(h, "d1", 100);
    ContractDraft d = counted(&now, &t);
    refused(h, &d, &t, "ended");
    d.state = CONTRACT_IN_FORCE;
    refused(h, &d, &t, "revived");
    d = now;
    d.state = CONTRACT_IN_FORCE;
    EXPECT_REFUSED(write_contract(h, &d), REFUSED_DEDUCTION_NOT_LAWFUL);
}

static void test_nobody_signed_nothing_is_taken(void)
{
    CLEANUP(house_done) House *h = open_house();
    const ContractDraft asked = waiting(h);
    EXPECT_OK(write_contract(h, &asked));
    const Take t = take_of(h, "d1", 100);
    ContractDraft d = counted(&asked, &t);
    refused(h, &d, &t, "waiting");
    d.payer = "p";
    refused(h, &d, &t, "waiting, with a payer");
}

static void test_notice_is_given_in_time_and_used_once(void)
{
    CLEANUP(house_done) House *h = open_house();
    ContractDraft now = sign(h, 24);
    Take t = take_of(h, "d1", 100);
    ContractDraft d = counted(&now, &t);
    refused(h, &d, &t, "not announced");
    now.announced_minor = 80;
    now.announced = h->now_us - 25 * HOUR_US;
    EXPECT_REFUSED(write_contract(h, &now), REFUSED_DEDUCTION_NOT_LAWFUL); /* of yesterday */
    now.announced = h->now_us;
    EXPECT_OK(write_contract(h, &now));
    t = take_of(h, "d1", 80);
    d = counted(&now, &t);
    d.announced_minor = 0;
    d.announced = 0;
    refused(h, &d, &t, "too early");
    h->now_us += 24 * HOUR_US;
    t = take_of(h, "d1", 81);
    ContractDraft more = counted(&now, &t);
    more.announced_minor = 0;
    more.announced = 0;
    refused(h, &more, &t, "more than announced");
    t = take_of(h, "d1", 80);
    d = counted(&now, &t);
    refused(h, &d, &t, "not used up");
    const int64_t in_time_us = h->now_us;
    h->now_us += 7 * TIME_DAY_US + HOUR_US;
    t = take_of(h, "d1", 80);
    ContractDraft late = counted(&now, &t);
    late.announced_minor = 0;
    late.announced = 0;
    refused(h, &late, &t, "lapsed");
    h->now_us = in_time_us;
    t = take_of(h, "d1", 80);
    d.announced_minor = 0;
    d.announced = 0;
    draft(h, &d, &t, 1);
    EXPECT_OK(house_commit(h));
    t = take_of(h, "d2", 1);
    ContractDraft again = counted(&d, &t);
    refused(h, &again, &t, "twice");
}

/* An order of this type that is not paid at once never takes anything. */
static void test_a_deduction_is_paid_when_it_is_made(void)
{
    CLEANUP(house_done) House *h = open_house();
    Take t = take_of(h, "d1", 100);
    house_begin(h);
    house_insert(h, paying_row(h, &t, 1, false));
    EXPECT_OK(house_commit(h));
    const int row = (int)h->row_count - 1;
    for (int type = 0; type < 2; type++) {
        t.trade_type = type == 0 ? TRADE_DEDUCTION : TRADE_MICROPAY;
        house_begin(h);
        book(h, ROW_PAYER, -100);
        book(h, ROW_SHOP, 100);
        post(h, "d1", ACCOUNT_PAYER, -100);
        post(h, "d1", ACCOUNT_SHOP, 100);
        house_update(h, row, paying_row(h, &t, 2, true));
        EXPECT_REFUSED(house_prepare(h), REFUSED_DEDUCTION_NOT_LAWFUL);
    }
}

TESTS(TEST(test_a_contract_begins_unsigned_and_unused),
        TEST(test_only_the_pin_for_exactly_these_terms_signs), TEST(test_a_signature_is_no_payment),
        TEST(test_a_deduction_is_of_its_contract), TEST(test_a_period_has_its_sum_and_its_count),
        TEST(test_what_has_ended_takes_nothing), TEST(test_nobody_signed_nothing_is_taken),
        TEST(test_notice_is_given_in_time_and_used_once),
        TEST(test_a_deduction_is_paid_when_it_is_made))
