#include "audit/verify_inside.h"

#include <stdio.h>

/*
 * What a payment or a refund says of itself and what its postings say must be the same: no money
 * moved twice, none for a payment that failed, none missing from one that succeeded; and refunds
 * must sum to what their payment's row in `refunded` says, which is never more than was paid. Seals
 * and sums alone do not tell: rows that contradict one another can each be sealed and each sum to
 * zero.
 */

enum { STATE_OF_REFUND = 0 /* in the place of a TradeState, none of which is 0 */ };

enum { /* of the query below */
    AT_MCHID,
    AT_NUMBER, /* out_trade_no or out_refund_no */
    AT_BATCH,
    AT_STATE,
    AT_MINOR,
    AT_CURRENCY,
    AT_PAYER,
    AT_PAYEE,
    AT_ACCOUNT, /* from here on of one posting; NULL: there is none */
    AT_BUCKET,
    AT_MOVED,
    AT_MOVED_CURRENCY,
};

typedef struct OnePayment {
    Verify *v;
    const char *table;
    bool any;
    char key[AUDIT_TEXT_BYTES_MAX];
    int64_t batch;
    int64_t state;
    int64_t minor;
    __int128 payer;
    __int128 held;
    __int128 payee;
    bool has_account; /* of a payer: none while a bank is asked for a card's money */
    bool strange; /* a posting of another account, bucket or currency */
} OnePayment;

static int64_t int_of(const Value *value)
{
    return value->type == VALUE_INT ? value->integer : INT64_MIN;
}

static bool is_paid(const OnePayment *p)
{
    const __int128 minor = p->minor;
    return p->payer == -minor && p->held == 0 && p->payee == minor;
}

static bool is_untouched(const OnePayment *p)
{
    return p->payer == 0 && p->held == 0 && p->payee == 0;
}

static bool is_sound(const OnePayment *p)
{
    const __int128 minor = p->minor;
    if (p->strange) return false;
    switch (p->state) {
    case STATE_OF_REFUND: return p->payer == minor && p->held == 0 && p->payee == -minor;
    case TRADE_SUCCESS:
    case TRADE_REFUND: return is_paid(p); /* what goes back has postings of its own */
    case TRADE_USERPAYING:
        if (!p->has_account) return is_untouched(p);
        return p->payer == -minor && p->held == minor && p->payee == 0;
    case TRADE_REVOKED: return is_paid(p) || is_untouched(p);
    default: return is_untouched(p);
    }
}

static void end_payment(OnePayment *p)
{
    if (p->any && !is_sound(p))
        verify_found(p->v, FINDING_PAYMENT_DIFFERS, p->table, p->key, p->batch);
    p->any = false;
}

/* "1900000001/N42"; what was tampered with goes to somebody's terminal. */
static void name_payment(const Value *values, char ret_key[AUDIT_TEXT_BYTES_MAX])
{
    const bool texts = values[AT_MCHID].type == VALUE_TEXT && values[AT_NUMBER].type == VALUE_TEXT;
    const Span mchid = values[AT_MCHID].bytes;
    const Span number = values[AT_NUMBER].bytes;
    ret_key[0] = 0;
    if (!texts) return;
    snprintf(ret_key, AUDIT_TEXT_BYTES_MAX, "%.*s/%.*s", (int)(mchid.size % INT32_MAX),
            (const char *)mchid.data, (int)(number.size % INT32_MAX), (const char *)number.data);
    for (char *c = ret_key; *c != 0; c++)
        if (*c < 0x20 || *c >= 0x7F) *c = '?';
}

static void add_posting(OnePayment *p, const Value *values)
{
    const int64_t account = int_of(&values[AT_ACCOUNT]);
    const int64_t bucket = int_of(&values[AT_BUCKET]);
    const int64_t moved = int_of(&values[AT_MOVED]);
    const bool of_payer = account == int_of(&values[AT_PAYER]);
    const bool of_payee = account == int_of(&values[AT_PAYEE]);
    if (values[AT_ACCOUNT].type == VALUE_NULL) return;
    if (int_of(&values[AT_MOVED_CURRENCY]) != int_of(&values[AT_CURRENCY])) p->strange = true;
    if (of_payer && bucket == POSTING_BALANCE)
        p->payer += moved;
    else if (of_payer && bucket == POSTING_FROZEN)
        p->held += moved;
    else if (of_payee && bucket == POSTING_BALANCE)
        p->payee += moved;
    else
        p->strange = true;
}

static Status visit_pair(void *context, const Value *values, size_t count)
{
    OnePayment *p = context;
    char key[AUDIT_TEXT_BYTES_MAX];
    name_payment(values, key);
    if (!p->any || strcmp(key, p->key) != 0) {
        end_payment(p);
        *p = (OnePayment) { .v = p->v,
            .table = p->table,
            .any = true,
            .batch = int_of(&values[AT_BATCH]),
            .state = int_of(&values[AT_STATE]),
            .minor = int_of(&values[AT_MINOR]),
            .has_account = values[AT_PAYER].type != VALUE_NULL };
        memcpy(p->key, key, sizeof(key));
    }
    add_posting(p, values);
    return OK;
}

static Status verify_one_by_one(Verify *v, const char *table, const char *sql)
{
    OnePayment one = { .v = v, .table = table };
    TRY(store_query(v->store, sql, NULL, 0, visit_pair, &one));
    end_payment(&one);
    return OK;
}

/* Its key and batch, in the order of the enum above. */
static Status tell_refunds_differ(void *context, const Value *values, size_t count)
{
    char key[AUDIT_TEXT_BYTES_MAX];
    name_payment(values, key);
    verify_found(context, FINDING_PAYMENT_DIFFERS, "refunded", key, int_of(&values[AT_BATCH]));
    return OK;
}

/* A payment that gave something back, and only that, is REFUND or REVOKED. */
static Status verify_refund_sums(Verify *v)
{
    static const char sql[] =
            "SELECT p.mchid, p.out_trade_no, p.batch FROM payment p"
            " LEFT JOIN refunded r ON r.mchid = p.mchid AND r.out_trade_no = p.out_trade_no"
            " LEFT JOIN (SELECT mchid, out_trade_no, SUM(minor) AS minor, COUNT(*) AS refunds"
            " FROM refund GROUP BY mchid, out_trade_no) f"
            " ON f.mchid = p.mchid AND f.out_trade_no = p.out_trade_no"
            " WHERE COALESCE(f.minor, 0) > p.minor OR COALESCE(f.minor, 0) <> COALESCE(r.minor, 0)"
            " OR COALESCE(f.refunds, 0) <> COALESCE(r.refunds, 0)"
            " OR (f.refunds IS NOT NULL AND p.state <> 2 AND p.state <> 5)"
            " OR (f.refunds IS NULL AND p.state = 2)"
            " OR (f.refunds IS NULL AND p.state = 5 AND p.success_time IS NOT NULL)"
            " UNION ALL SELECT f.mchid, f.out_refund_no, f.batch FROM refund f"
            " LEFT JOIN payment p ON p.mchid = f.mchid AND p.out_trade_no = f.out_trade_no"
            " AND p.transaction_id = f.transaction_id AND p.minor = f.total"
            " AND p.currency = f.currency"
            " AND p.payer_account = f.payer_account AND p.payee_account = f.payee_account"
            " WHERE p.mchid IS NULL"
            " UNION ALL SELECT r.mchid, r.out_trade_no, r.batch FROM refunded r"
            " LEFT JOIN payment p ON p.mchid = r.mchid AND p.out_trade_no = r.out_trade_no"
            " WHERE p.mchid IS NULL";
    return store_query(v->store, sql, NULL, 0, tell_refunds_differ, v);
}

static Status tell_fees_differ(void *context, const Value *values, size_t count)
{
    char key[AUDIT_TEXT_BYTES_MAX];
    name_payment(values, key);
    verify_found(context, FINDING_PAYMENT_DIFFERS, "payment_fee", key, int_of(&values[AT_BATCH]));
    return OK;
}

/* A fee is of a payment that was paid, and the house has what was taken less its share of what was
 * refunded; a posting of a fee belongs to such a row. */
static Status verify_fees(Verify *v)
{
    static const char sql[] =
            "WITH o AS MATERIALIZED (SELECT transaction_id, account, minor, batch FROM posting"
            " WHERE kind = 7), named AS MATERIALIZED ("
            "SELECT 'fee/' || transaction_id AS name, mchid, out_trade_no FROM payment_fee"
            " UNION ALL SELECT 'fee/' || r.refund_id, f.mchid, f.out_trade_no FROM payment_fee f"
            " JOIN refund r ON r.mchid = f.mchid AND r.out_trade_no = f.out_trade_no),"
            " moved AS (SELECT n.mchid, n.out_trade_no, o.account, SUM(o.minor) AS minor"
            " FROM named n JOIN o ON o.transaction_id = n.name"
            " GROUP BY n.mchid, n.out_trade_no, o.account)"
            " SELECT f.mchid, f.out_trade_no, f.batch FROM payment_fee f"
            " LEFT JOIN payment p ON p.mchid = f.mchid AND p.out_trade_no = f.out_trade_no"
            " AND p.transaction_id = f.transaction_id AND p.minor = f.total"
            " AND p.payee_account = f.payee_account AND p.success_time IS NOT NULL"
            " LEFT JOIN moved m ON m.mchid = f.mchid AND m.out_trade_no = f.out_trade_no"
            " AND m.account = f.fee_account"
            " LEFT JOIN refunded r ON r.mchid = f.mchid AND r.out_trade_no = f.out_trade_no"
            " WHERE p.mchid IS NULL OR f.fee > f.total"
            " OR COALESCE(m.minor, 0) <> f.fee - f.returned"
            " OR ABS(CAST(f.fee AS REAL) * COALESCE(r.minor, 0) / f.total - f.returned) > 0.501"
            " UNION ALL SELECT o.transaction_id, '', o.batch FROM o"
            " LEFT JOIN named n ON n.name = o.transaction_id WHERE n.name IS NULL";
    return store_query(v->store, sql, NULL, 0, tell_fees_differ, v);
}

static Status tell_settlements_differ(void *context, const Value *values, size_t count)
{
    char key[AUDIT_TEXT_BYTES_MAX];
    name_payment(values, key);
    verify_found(context, FINDING_PAYMENT_DIFFERS, "settlement", key, int_of(&values[AT_BATCH]));
    return OK;
}

/* What the merchant gave is with the house while it waits, gone once it is paid, and back when that
 * failed; a posting of a settlement belongs to its row. */
static Status verify_settlements(Verify *v)
{
    static const char sql[] =
            "WITH o AS MATERIALIZED (SELECT transaction_id, account, batch, SUM(minor) AS minor"
            " FROM posting WHERE kind = 8 GROUP BY transaction_id, account)"
            " SELECT s.mchid, s.id, s.batch FROM settlement s"
            " LEFT JOIN o m ON m.transaction_id = s.id AND m.account = s.merchant_account"
            " LEFT JOIN o p ON p.transaction_id = s.id AND p.account = s.payable_account"
            " WHERE COALESCE(m.minor, 0) <> CASE s.state WHEN 4 THEN 0 ELSE -s.minor END"
            " OR COALESCE(p.minor, 0) <> CASE WHEN s.state IN (1, 2) THEN s.minor ELSE 0 END"
            " UNION ALL SELECT o.transaction_id, '', o.batch FROM o"
            " LEFT JOIN settlement s ON s.id = o.transaction_id WHERE s.id IS NULL";
    return store_query(v->store, sql, NULL, 0, tell_settlements_differ, v);
}

/* Postings have no index by transaction. SQLite makes one for the query, but never on a table
 * WITHOUT ROWID: hence the copy, without which each payment would walk all postings. */
#define POSTINGS                                                                      \
    "WITH o AS MATERIALIZED (SELECT transaction_id, account, bucket, minor, currency" \
    " FROM posting) "

Status verify_payments(Verify *v)
{
    static const char payments[] =
            POSTINGS "SELECT p.mchid, p.out_trade_no, p.batch, p.state, p.minor, p.currency,"
                     " p.payer_account, p.payee_account, o.account, o.bucket, o.minor, o.currency"
                     " FROM payment p LEFT JOIN o ON o.transaction_id = p.transaction_id"
                     " ORDER BY p.mchid, p.out_trade_no";
    static const char refunds[] =
            POSTINGS "SELECT p.mchid, p.out_refund_no, p.batch, 0, p.minor, p.currency,"
                     " p.payer_account, p.payee_account, o.account, o.bucket, o.minor, o.currency"
                     " FROM refund p LEFT JOIN o ON o.transaction_id = p.refund_id"
                     " ORDER BY p.mchid, p.out_refund_no";
    if (!verify_has_table(v, TABLE_PAYMENT) || !verify_has_table(v, TABLE_POSTING))
        return OK; /* that was told */
    TRY(verify_one_by_one(v, "payment", payments));
    if (!verify_has_table(v, TABLE_REFUND) || !verify_has_table(v, TABLE_REFUNDED)) return OK;
    TRY(verify_one_by_one(v, "refund", refunds));
    TRY(verify_refund_sums(v));
    if (verify_has_table(v, TABLE_PAYMENT_FEE)) TRY(verify_fees(v));
    return verify_has_table(v, TABLE_SETTLEMENT) ? verify_settlements(v) : OK;
}
