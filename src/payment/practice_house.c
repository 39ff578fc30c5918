#include "payment/practice_house.h"

#include "base/time.h"
#include "payment/terms.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MUST(expression) ASSERT(status_ok(expression))

/* --- the guard's money rules (vaultd has its own: vault/money_rules.h) --- */

static int64_t moved(const BatchDraft *draft, int64_t account, PostingBucket bucket)
{
    int64_t sum = 0;
    for (size_t i = 0; i < draft->change_count; i++) {
        RowView v;
        if (draft->changes[i].table != &posting_table) continue;
        MUST(row_parse(draft->changes[i].new_image, &v));
        const bool same = row_int(&v, POSTING_ACCOUNT, 0) == account
                && row_int(&v, POSTING_BUCKET, -1) == (int64_t)bucket;
        if (same) sum += row_int(&v, POSTING_MINOR, 0);
    }
    return sum;
}

static Status check_account(const BatchDraft *draft, const RowView *old, const RowView *now)
{
    const int64_t id = row_int(now, ACCOUNT_ID, 0);
    const int64_t balance = row_int(now, ACCOUNT_BALANCE, INT64_MIN);
    const int64_t frozen = row_int(now, ACCOUNT_FROZEN, INT64_MIN);
    const bool is_system = row_int(now, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_SYSTEM;
    REQUIRE(balance - row_int(old, ACCOUNT_BALANCE, 0) == moved(draft, id, POSTING_BALANCE),
            REFUSED_POSTINGS_NOT_ZERO);
    REQUIRE(frozen - row_int(old, ACCOUNT_FROZEN, 0) == moved(draft, id, POSTING_FROZEN),
            REFUSED_POSTINGS_NOT_ZERO);
    REQUIRE(frozen >= 0 && (is_system || balance >= 0), REFUSED_BALANCE_NOT_ENOUGH);
    return OK;
}

static bool account_is_written(const BatchDraft *draft, int64_t id)
{
    for (size_t i = 0; i < draft->change_count; i++) {
        RowView v;
        if (draft->changes[i].table != &account_table) continue;
        MUST(row_parse(draft->changes[i].new_image, &v));
        if (row_int(&v, ACCOUNT_ID, 0) == id) return true;
    }
    return false;
}

static Status check_posting(const BatchDraft *draft, const RowView *posting)
{
    int64_t sum = 0;
    for (size_t i = 0; i < draft->change_count; i++) {
        RowView v;
        if (draft->changes[i].table != &posting_table) continue;
        MUST(row_parse(draft->changes[i].new_image, &v));
        const bool same = span_equal(
                row_bytes(&v, POSTING_TRANSACTION), row_bytes(posting, POSTING_TRANSACTION));
        if (same) sum += row_int(&v, POSTING_MINOR, 0);
    }
    REQUIRE(sum == 0, REFUSED_POSTINGS_NOT_ZERO);
    REQUIRE(account_is_written(draft, row_int(posting, POSTING_ACCOUNT, 0)),
            REFUSED_POSTINGS_NOT_ZERO);
    REQUIRE(row_int(posting, POSTING_BATCH, -1) == draft->batch, REFUSED_ROW_NOT_SUCCESSOR);
    return OK;
}

static Status check_payment(House *house, const RowView *old, const RowView *now)
{
    static const uint16_t terms[] = { PAYMENT_TRANSACTION_ID, PAYMENT_PREPAY_ID, PAYMENT_TRADE_TYPE,
        PAYMENT_REQUEST_HASH, PAYMENT_MINOR, PAYMENT_CURRENCY, PAYMENT_PAYEE_ACCOUNT,
        PAYMENT_CREATED, PAYMENT_EXPIRES };
    const Span grant = row_bytes(now, PAYMENT_GRANT);
    for (size_t i = 0; old->count > 0 && i < sizeof(terms) / sizeof(terms[0]); i++)
        REQUIRE(value_equal(row_value(old, terms[i]), row_value(now, terms[i])),
                REFUSED_ROW_NOT_SUCCESSOR);
    const bool fresh =
            grant.size > 0 && (old->count == 0 || row_bytes(old, PAYMENT_GRANT).size == 0);
    if (!fresh) return OK;
    for (size_t i = 0; i < house->grant_count; i++)
        REQUIRE(!span_equal(SPAN_OF(house->grants[i]), grant), REFUSED_GRANT_INVALID);
    ASSERT(house->grant_count < HOUSE_GRANTS_MAX && grant.size == PAYMENT_GRANT_BYTES);
    memcpy(house->grants[house->grant_count++], grant.data, grant.size);
    return OK;
}

static Status check_change(House *house, const BatchDraft *draft, const RowChange *change)
{
    RowView old = { 0 };
    RowView now;
    if (change->old_image.size > 0) TRY(row_parse(change->old_image, &old));
    TRY(row_parse(change->new_image, &now));
    if (change->table == &account_table) return check_account(draft, &old, &now);
    if (change->table == &posting_table) return check_posting(draft, &now);
    if (change->table == &payment_table) return check_payment(house, &old, &now);
    return OK;
}

static Status guard_prepare(void *context, const BatchDraft *draft, BatchSealed *ret_sealed)
{
    House *house = context;
    for (size_t i = 0; i < draft->change_count; i++) {
        const Status s = check_change(house, draft, &draft->changes[i]);
        if (!status_ok(s)) house->refused = s;
        TRY(s);
    }
    return house->practice.guard.prepare(&house->practice, draft, ret_sealed);
}

static Status guard_verify(
        void *context, const RowClaim *claims, size_t count, Status *ret_verdicts)
{
    House *house = context;
    return house->practice.guard.verify(&house->practice, claims, count, ret_verdicts);
}

static Status guard_confirm(void *context, int64_t batch)
{
    House *house = context;
    return house->practice.guard.confirm(&house->practice, batch);
}

static Status guard_abort(void *context, int64_t batch)
{
    House *house = context;
    return house->practice.guard.abort(&house->practice, batch);
}

static Status guard_append(
        void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed)
{
    return OK; /* no audit log here: house tests look at the rows */
}

/* --- opening --- */

static int64_t house_now_us(void *context) { return ((const House *)context)->now_us; }

static const StoreSchema *const schemas[] = { &ledger_schema, &access_schema, &payment_schema };

static void add_merchant(House *house, const char *mchid)
{
    MerchantAdd work = { .actor = "test", .currency = CURRENCY_CNY };
    snprintf(work.merchant.mchid, sizeof(work.merchant.mchid), "%s", mchid);
    snprintf(work.merchant.name, sizeof(work.merchant.name), "Shop %s", mchid);
    snprintf(work.key.serial, sizeof(work.key.serial), "5E1F");
    work.merchant.suite = MERCHANT_RSA;
    work.merchant.limit_minor = HOUSE_LIMIT;
    work.key.algorithm = KEY_RSA;
    work.key.spki_size = 4; /* not a key: units never parse it */
    MUST(account_id_draw(&house->random, &work.merchant.account));
    merchant_add_unit(&work, NULL);
    MUST(house_run(house, &work.unit));
}

static void add_payer(House *house, int number)
{
    PayerAdd work = { .actor = "test", .opening = { HOUSE_OPENING, CURRENCY_CNY } };
    snprintf(work.payer.id, sizeof(work.payer.id), "p%d", number);
    MUST(account_id_draw(&house->random, &work.payer.account));
    payer_add_unit(&work, NULL);
    MUST(house_run(house, &work.unit));
}

void house_open(House *ret_house, uint64_t seed)
{
    House *h = ret_house;
    *h = (House) { .now_us = INT64_C(1769832000000000),
        .refused = OK }; /* 2026-01-31 12:00 +08:00 */
    snprintf(h->folder, sizeof(h->folder), "/tmp/hufu-house-XXXXXX");
    ASSERT(mkdtemp(h->folder) != NULL);
    snprintf(h->path, sizeof(h->path), "%s/ledger.db", h->folder);
    h->random = random_seeded(&h->seed, seed);
    h->rules.strategy = (Strategy) {
        .magic = STRATEGY_MAGIC, .amount = { 10000, 20000, 30000, 50000 }, .wait = { 300, 60, 1800 }
    };
    h->rules.accounts = (AccountRules) { .magic = ACCOUNT_RULES_MAGIC }; /* no limits */
    h->rules.transfers = (TransferRules) { .magic = TRANSFER_RULES_MAGIC,
        .normal_s = 7200,
        .next_day_s = 86400,
        .first_over = 30000,
        .first_speed = TRANSFER_NEXT_DAY,
        .signed_over = LEDGER_MINOR_MAX,
        .day = { { 100000, 5 }, { 200000, 20 }, { 300000, 40 } } };
    h->rules.barcode = (BarcodeRules) { .magic = BARCODE_RULES_MAGIC, .fixed = 50000 };
    practice_guard_open(&h->practice);
    h->guard = (BatchGuard) { .context = h,
        .verify = guard_verify,
        .prepare = guard_prepare,
        .confirm = guard_confirm,
        .abort = guard_abort,
        .append = guard_append };
    const StoreConfig config = { .path = h->path, .schemas = schemas, .schema_count = 3 };
    h->clock = (Clock) { house_now_us, h };
    MUST(store_open(&config, &h->store));
    MUST(batcher_start(h->store, &h->guard, &h->clock, 0, &h->batcher));
    add_merchant(h, "m1");
    add_merchant(h, "m2");
    for (int i = 0; i < HOUSE_PAYERS; i++)
        add_payer(h, i);
}

void house_close(House *house)
{
    batcher_stop(house->batcher);
    store_close(house->store);
    practice_remove(house->path);
    rmdir(house->folder);
}

/* --- running --- */

typedef struct Together {
    House *house;
    UnitWait waits[HOUSE_TOGETHER_MAX];
    size_t count;
} Together;

/* On the batch thread between two batches: what is submitted here makes one batch. */
static Status submit_all(void *context, Store *store)
{
    Together *together = context;
    for (size_t i = 0; i < together->count; i++)
        TRY(batcher_submit(together->house->batcher, &together->waits[i].unit));
    return OK;
}

void house_together(House *house, Unit *const *units, size_t count, Status *ret_outcomes)
{
    Together together = { .house = house, .count = count };
    ASSERT(count <= HOUSE_TOGETHER_MAX);
    for (size_t i = 0; i < count; i++) {
        together.waits[i] = (UnitWait) {
            .unit = { .gather = unit_wait_gather, .run = unit_wait_run, .done = unit_wait_done },
            .inner = units[i],
            .lock = PTHREAD_MUTEX_INITIALIZER,
            .changed = PTHREAD_COND_INITIALIZER
        };
    }
    MUST(batcher_between(house->batcher, submit_all, &together));
    for (size_t i = 0; i < count; i++) {
        UnitWait *wait = &together.waits[i];
        pthread_mutex_lock(&wait->lock);
        while (!wait->finished)
            pthread_cond_wait(&wait->changed, &wait->lock);
        pthread_mutex_unlock(&wait->lock);
        ret_outcomes[i] = wait->outcome;
    }
}

Status house_run(House *house, Unit *unit) { return unit_wait(house->batcher, unit); }

typedef struct Number {
    const char *sql;
    int64_t number;
} Number;

static Status ask_number(void *context, Store *store)
{
    Number *number = context;
    number->number = practice_number(store, number->sql);
    return OK;
}

int64_t house_number(House *house, const char *sql)
{
    Number number = { sql, INT64_MIN };
    MUST(batcher_between(house->batcher, ask_number, &number));
    return number.number;
}

bool house_is_sound(House *house)
{
    static const char *const zero[] = {
        "SELECT sum(balance + frozen) FROM account",
        "SELECT sum(minor) FROM posting",
        "SELECT count(*) FROM account a WHERE balance <> (SELECT coalesce(sum(minor), 0)"
        " FROM posting WHERE account = a.id AND bucket = 0)",
        "SELECT count(*) FROM account a WHERE frozen <> (SELECT coalesce(sum(minor), 0)"
        " FROM posting WHERE account = a.id AND bucket = 1)",
        "SELECT count(*) FROM account WHERE frozen < 0 OR (class <> 3 AND balance < 0)",
        "SELECT count(*) FROM account a WHERE frozen <> (SELECT coalesce(sum(minor), 0)"
        " FROM payment WHERE payer_account = a.id AND state = 6) + (SELECT coalesce(sum(minor), 0)"
        " FROM transfer WHERE payer_account = a.id AND state = 1)",
        "SELECT (SELECT sum(balance) FROM account WHERE class = 2)"
        " - (SELECT coalesce(sum(minor), 0) FROM payment WHERE success_time IS NOT NULL)"
        " + (SELECT coalesce(sum(minor), 0) FROM refund)"
        " + (SELECT coalesce(sum(fee - returned), 0) FROM payment_fee)",
        "SELECT count(*) FROM payment WHERE state <> 5"
        " AND (state IN (1, 2)) <> (success_time IS NOT NULL)",
        "SELECT count(*) FROM payment p WHERE (state = 2 OR (state = 5 AND success_time IS NOT "
        "NULL))"
        " <> EXISTS (SELECT 1 FROM refunded r WHERE r.mchid = p.mchid"
        " AND r.out_trade_no = p.out_trade_no)",
        "SELECT count(*) FROM refunded r WHERE minor > total OR minor <> (SELECT sum(f.minor)"
        " FROM refund f WHERE f.mchid = r.mchid AND f.out_trade_no = r.out_trade_no)"
        " OR refunds <> (SELECT count(*) FROM refund f WHERE f.mchid = r.mchid"
        " AND f.out_trade_no = r.out_trade_no)",
        "SELECT count(*) FROM refund f WHERE (SELECT count(*) FROM posting"
        " WHERE transaction_id = f.refund_id AND kind = 6 AND abs(minor) = f.minor) <> 2",
    };
    for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
        if (house_number(house, zero[i]) == 0) continue;
        house->unsound = zero[i];
        return false;
    }
    return status_ok(house->refused);
}

static int64_t of_owner(House *house, const char *column, const char *owner)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "SELECT %s FROM account WHERE owner = '%s'", column, owner);
    return house_number(house, sql);
}

int64_t house_balance(House *house, const char *owner) { return of_owner(house, "balance", owner); }
int64_t house_frozen(House *house, const char *owner) { return of_owner(house, "frozen", owner); }

/* --- what people do --- */

void house_agree(House *house, const char *mchid, int64_t rate, int64_t least, int64_t most)
{
    TermsGive work = { .actor = "test",
        .terms = { .licence_name = "Book shop",
                .licence_number = "91310000MA1K35XQ7U",
                .licence_until_us = house->now_us + 90 * TIME_DAY_US,
                .account_token = "6217003810012345675",
                .account_mask = "**** 1234",
                .mcc = 5942,
                .agreement_us = house->now_us,
                .agreement_clause = "7.3",
                .risk = RISK_LOW,
                .fee_rate = rate,
                .fee_min_minor = least,
                .fee_max_minor = most,
                .settlement = SETTLE_NEXT_DAY } };
    snprintf(work.terms.mchid, sizeof(work.terms.mchid), "%s", mchid);
    terms_give_unit(&work, NULL);
    MUST(house_run(house, &work.unit));
}

static PaymentOrder order_of(const char *mchid, const char *number, int64_t minor)
{
    PaymentOrder order = { .money = { minor, CURRENCY_CNY } };
    snprintf(order.mchid, sizeof(order.mchid), "%s", mchid);
    snprintf(order.serial, sizeof(order.serial), "5E1F");
    snprintf(order.out_trade_no, sizeof(order.out_trade_no), "%s", number);
    snprintf(order.appid, sizeof(order.appid), "wx01");
    snprintf(order.description, sizeof(order.description), "tea");
    return order;
}

PaymentNative house_native(House *house, const char *mchid, const char *number, int64_t minor)
{
    PaymentNative work = { .order = order_of(mchid, number, minor) };
    MUST(payment_ids_draw(&house->random, house->now_us, &work.ids));
    work.type = TRADE_NATIVE;
    payment_native_unit(&work, NULL);
    return work;
}

static HouseCodes *codes_of(House *house, const char *payer)
{
    for (size_t i = 0; i < house->code_payers; i++)
        if (strcmp(house->codes[i].issue.payer, payer) == 0) return &house->codes[i];
    ASSERT(house->code_payers < HOUSE_CODES_MAX);
    HouseCodes *codes = &house->codes[house->code_payers++];
    snprintf(codes->issue.payer, sizeof(codes->issue.payer), "%s", payer);
    return codes;
}

static const char *fresh_code(House *house, const char *payer)
{
    HouseCodes *codes = codes_of(house, payer);
    if (codes->left == 0 || codes->made_us != house->now_us) {
        codes->issue.count = codes->left = PAY_CODE_COUNT_MAX;
        codes->made_us = house->now_us;
        MUST(pay_codes_draw(&house->random, &codes->issue));
        pay_code_issue_unit(&codes->issue, NULL);
        MUST(house_run(house, &codes->issue.unit));
    }
    return codes->issue.codes[--codes->left];
}

PaymentCodepay house_codepay(
        House *house, const char *mchid, const char *number, int64_t minor, const char *payer)
{
    PaymentCodepay work = { .order = order_of(mchid, number, minor), .rules = &house->rules };
    memcpy(work.auth_code, fresh_code(house, payer), sizeof(work.auth_code));
    MUST(payment_ids_draw(&house->random, house->now_us, &work.ids));
    payment_codepay_unit(&work, NULL);
    return work;
}

PaymentPay house_pay(House *house, const Payment *payment, const char *payer)
{
    PaymentPay work = { .rules = &house->rules };
    memcpy(work.prepay_id, payment->prepay_id, sizeof(work.prepay_id));
    memcpy(work.confirmed.mchid, payment->mchid, sizeof(work.confirmed.mchid));
    memcpy(work.confirmed.out_trade_no, payment->out_trade_no, sizeof(work.confirmed.out_trade_no));
    work.confirmed_minor = payment->money.minor;
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    house->grant_next++;
    memcpy(work.grant, &house->grant_next, sizeof(house->grant_next));
    payment_pay_unit(&work, NULL);
    return work;
}

PaymentQuery house_query(const char *mchid, PaymentName by, const char *name)
{
    PaymentQuery work = { .by = by, .serial = "5E1F" };
    snprintf(work.mchid, sizeof(work.mchid), "%s", mchid);
    snprintf(work.name, sizeof(work.name), "%s", name);
    payment_query_unit(&work, NULL);
    return work;
}

PaymentClose house_close_order(const char *mchid, const char *number)
{
    PaymentClose work = { .serial = "5E1F" };
    snprintf(work.key.mchid, sizeof(work.key.mchid), "%s", mchid);
    snprintf(work.key.out_trade_no, sizeof(work.key.out_trade_no), "%s", number);
    payment_close_unit(&work, NULL);
    return work;
}

PaymentExpire house_expire(const char *mchid, const char *number)
{
    PaymentExpire work = { 0 };
    snprintf(work.key.mchid, sizeof(work.key.mchid), "%s", mchid);
    snprintf(work.key.out_trade_no, sizeof(work.key.out_trade_no), "%s", number);
    payment_expire_unit(&work, NULL);
    return work;
}

PaymentRefund house_refund(House *house, const Payment *order, const char *number, int64_t minor)
{
    PaymentRefund work = { .rules = { 7 * TIME_DAY_US, 7 * TIME_DAY_US } };
    RefundRequest *request = &work.request;
    snprintf(request->mchid, sizeof(request->mchid), "%s", order->mchid);
    snprintf(request->serial, sizeof(request->serial), "5E1F");
    snprintf(request->number, sizeof(request->number), "%s", number);
    snprintf(request->out_trade_no, sizeof(request->out_trade_no), "%s", order->out_trade_no);
    request->money = (Money) { minor, order->money.currency };
    request->total_minor = order->money.minor;
    MUST(refund_id_draw(&house->random, house->now_us, work.refund_id));
    payment_refund_unit(&work, NULL);
    return work;
}

PaymentReverse house_reverse(House *house, const Payment *order)
{
    PaymentReverse work = { .serial = "5E1F", .rules = { 7 * TIME_DAY_US, 7 * TIME_DAY_US } };
    snprintf(work.key.mchid, sizeof(work.key.mchid), "%s", order->mchid);
    snprintf(work.key.out_trade_no, sizeof(work.key.out_trade_no), "%s", order->out_trade_no);
    memcpy(work.appid, order->appid, sizeof(work.appid));
    MUST(refund_id_draw(&house->random, house->now_us, work.refund_id));
    payment_reverse_unit(&work, NULL);
    return work;
}
