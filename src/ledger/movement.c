/* movement: money from one bucket to another. Everything is checked on copies first; only then rows
 * are written. */
#include "ledger/account_rows.h"

static const Column posting_columns[] = {
    { POSTING_BATCH, "in_batch", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { POSTING_NUMBER, "number", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { POSTING_TRANSACTION, "transaction_id", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { POSTING_ACCOUNT, "account", VALUE_INT, false, CLASS_IDENTITY, LEVEL_C2, "ledger" },
    { POSTING_BUCKET, "bucket", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { POSTING_MINOR, "minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "ledger" },
    { POSTING_CURRENCY, "currency", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { POSTING_KIND, "kind", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { POSTING_TIME, "posted", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
};

const Table posting_table = {
    TABLE_POSTING,
    .schema = 1,
    .name = "posting",
    .append_only = true,
    .key_columns = 2,
    .column_count = sizeof(posting_columns) / sizeof(posting_columns[0]),
    .columns = posting_columns,
};

typedef struct Side {
    int64_t account;
    PostingBucket bucket;
} Side;

typedef struct Movement {
    PostingKind kind;
    const char *transaction;
    Side from;
    Side to;
    Money money;
} Movement;

static bool comes_back(PostingKind kind)
{
    return kind == POSTING_REFUND || kind == POSTING_SETTLE;
}

static Status load(Rows *rows, const Movement *m, int64_t id, Account *ret)
{
    TRY(account_get(rows, id, ret));
    /* A closed account gets its own money back; nothing else moves on it. */
    const bool gets_back =
            m->kind == POSTING_RELEASE || (comes_back(m->kind) && id == m->to.account);
    REQUIRE(ret->status == STATUS_LIVE || gets_back, REFUSED_ACCOUNT_CLOSED);
    REQUIRE(ret->currency == m->money.currency, REFUSED_ACCOUNT_CURRENCY);
    account_roll(ret, rows_now_us(rows));
    ret->balance_time_us = rows_now_us(rows);
    return OK;
}

/* Balance and frozen each stay within half of int64, so that their sum (the evening balance) cannot
 * overflow. */
static Status apply(Account *account, PostingBucket bucket, int64_t minor)
{
    int64_t *place = bucket == POSTING_BALANCE ? &account->balance : &account->frozen;
    int64_t sum = 0;
    TRY(minor_add(*place, minor, &sum));
    REQUIRE(sum <= INT64_MAX / 2 && sum >= INT64_MIN / 2, REFUSED_MONEY_OVERFLOW);
    if (sum < 0 && bucket == POSTING_FROZEN) return REFUSE(REFUSED_HOLD_NOT_ENOUGH);
    if (sum < 0 && account->class != ACCOUNT_CLASS_SYSTEM)
        return REFUSE(REFUSED_BALANCE_NOT_ENOUGH);
    *place = sum;
    return OK;
}

static Status post(Rows *rows, const Movement *m, Side side, int64_t minor)
{
    const Value values[] = {
        VALUE_OF_INT(rows_batch(rows)),
        VALUE_OF_INT(rows_next_number(rows)),
        VALUE_OF_TEXT(span_of_text(m->transaction)),
        VALUE_OF_INT(side.account),
        VALUE_OF_INT((int64_t)side.bucket),
        VALUE_OF_INT(minor),
        VALUE_OF_INT((int64_t)m->money.currency),
        VALUE_OF_INT((int64_t)m->kind),
        VALUE_OF_INT(rows_now_us(rows)),
    };
    return rows_insert(rows, &posting_table, values);
}

static Status move(Rows *rows, const Movement *m)
{
    const int64_t minor = m->money.minor;
    const bool one = m->from.account == m->to.account;
    REQUIRE(minor > 0, REFUSED_AMOUNT_NOT_POSITIVE);
    REQUIRE(minor <= LEDGER_MINOR_MAX, REFUSED_MONEY_OVERFLOW);
    REQUIRE(!one || m->from.bucket != m->to.bucket, REFUSED_ACCOUNT_SAME);
    ASSERT(strlen(m->transaction) <= LEDGER_TRANSACTION_BYTES_MAX);

    Account from = { 0 };
    Account other = { 0 };
    Account *to = one ? &from : &other;
    TRY(load(rows, m, m->from.account, &from));
    if (!one) TRY(load(rows, m, m->to.account, &other));
    TRY(apply(&from, m->from.bucket, -minor));
    TRY(apply(to, m->to.bucket, minor));

    TRY(account_put(rows, &from));
    if (!one) TRY(account_put(rows, &other));
    TRY(post(rows, m, m->from, -minor));
    return post(rows, m, m->to, minor);
}

Status ledger_pay(Rows *rows, const char *transaction, int64_t payer, int64_t payee, Money money)
{
    return move(rows,
            &(Movement) { POSTING_PAY, transaction, { payer, POSTING_BALANCE },
                    { payee, POSTING_BALANCE }, money });
}

Status ledger_hold(Rows *rows, const char *transaction, int64_t payer, Money money)
{
    return move(rows,
            &(Movement) { POSTING_HOLD, transaction, { payer, POSTING_BALANCE },
                    { payer, POSTING_FROZEN }, money });
}

Status ledger_capture(
        Rows *rows, const char *transaction, int64_t payer, int64_t payee, Money money)
{
    REQUIRE(payer != payee, REFUSED_ACCOUNT_SAME); /* that would be a release under another name */
    return move(rows,
            &(Movement) { POSTING_CAPTURE, transaction, { payer, POSTING_FROZEN },
                    { payee, POSTING_BALANCE }, money });
}

Status ledger_release(Rows *rows, const char *transaction, int64_t payer, Money money)
{
    return move(rows,
            &(Movement) { POSTING_RELEASE, transaction, { payer, POSTING_FROZEN },
                    { payer, POSTING_BALANCE }, money });
}

Status ledger_refund(Rows *rows, const char *transaction, int64_t payee, int64_t payer, Money money)
{
    return move(rows,
            &(Movement) { POSTING_REFUND, transaction, { payee, POSTING_BALANCE },
                    { payer, POSTING_BALANCE }, money });
}

/* The house's own accounts are opened when they are first needed. */
static Status have_own(Rows *rows, int64_t id, Currency currency)
{
    const Status known = account_get(rows, id, NULL);
    if (!status_is(known, REFUSED_ACCOUNT_UNKNOWN)) return known;
    return account_open(rows, id, ACCOUNT_CLASS_SYSTEM, "system", currency);
}

Status ledger_fee(Rows *rows, const char *transaction, int64_t payee, Money money)
{
    const int64_t fees = account_id_of_fees(money.currency);
    TRY(have_own(rows, fees, money.currency));
    return move(rows,
            &(Movement) { POSTING_FEE, transaction, { payee, POSTING_BALANCE },
                    { fees, POSTING_BALANCE }, money });
}

Status ledger_fee_back(Rows *rows, const char *transaction, int64_t payee, Money money)
{
    const int64_t fees = account_id_of_fees(money.currency);
    return move(rows,
            &(Movement) { POSTING_FEE, transaction, { fees, POSTING_BALANCE },
                    { payee, POSTING_BALANCE }, money });
}

static Status settle(Rows *rows, const char *transaction, int64_t from, int64_t to, Money money)
{
    return move(rows,
            &(Movement) { POSTING_SETTLE, transaction, { from, POSTING_BALANCE },
                    { to, POSTING_BALANCE }, money });
}

Status ledger_settle(Rows *rows, const char *transaction, int64_t merchant, Money money)
{
    const int64_t payables = account_id_of_payables(money.currency);
    TRY(have_own(rows, payables, money.currency));
    return settle(rows, transaction, merchant, payables, money);
}

Status ledger_settle_paid(Rows *rows, const char *transaction, Money money)
{
    const int64_t funding = account_id_of_funding(money.currency);
    TRY(have_own(rows, funding, money.currency));
    return settle(rows, transaction, account_id_of_payables(money.currency), funding, money);
}

Status ledger_settle_back(Rows *rows, const char *transaction, int64_t merchant, Money money)
{
    return settle(rows, transaction, account_id_of_payables(money.currency), merchant, money);
}

Status ledger_fund(Rows *rows, const char *transaction, int64_t account, Money money)
{
    const int64_t funding = account_id_of_funding(money.currency);
    TRY(have_own(rows, funding, money.currency));
    return move(rows,
            &(Movement) { POSTING_FUND, transaction, { funding, POSTING_BALANCE },
                    { account, POSTING_BALANCE }, money });
}
