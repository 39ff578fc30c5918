#include "audit/verify_inside.h"

#include <stdio.h>

/*
 * What a payment says of itself and what its postings say must be the same: no money moved twice,
 * none for a payment that failed, none missing from one that succeeded. Seals and sums alone do not
 * tell: rows that contradict one another can each be sealed and each sum to zero.
 */

enum { /* of the query below */
    AT_MCHID,
    AT_OUT_TRADE_NO,
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
    bool any;
    char key[AUDIT_TEXT_BYTES_MAX];
    int64_t batch;
    int64_t state;
    int64_t minor;
    __int128 payer;
    __int128 held;
    __int128 payee;
    bool strange; /* a posting of another account, bucket or currency */
} OnePayment;

static int64_t int_of(const Value *value)
{
    return value->type == VALUE_INT ? value->integer : INT64_MIN;
}

static bool is_sound(const OnePayment *p)
{
    const __int128 minor = p->minor;
    if (p->strange) return false;
    switch (p->state) {
    case TRADE_SUCCESS: return p->payer == -minor && p->held == 0 && p->payee == minor;
    case TRADE_USERPAYING: return p->payer == -minor && p->held == minor && p->payee == 0;
    case TRADE_REFUND: return true; /* nothing refunds yet */
    default: return p->payer == 0 && p->held == 0 && p->payee == 0;
    }
}

static void end_payment(OnePayment *p)
{
    if (p->any && !is_sound(p))
        verify_found(p->v, FINDING_PAYMENT_DIFFERS, "payment", p->key, p->batch);
    p->any = false;
}

/* "1900000001/N42"; what was tampered with goes to somebody's terminal. */
static void name_payment(const Value *values, char ret_key[AUDIT_TEXT_BYTES_MAX])
{
    const bool texts =
            values[AT_MCHID].type == VALUE_TEXT && values[AT_OUT_TRADE_NO].type == VALUE_TEXT;
    const Span mchid = values[AT_MCHID].bytes;
    const Span number = values[AT_OUT_TRADE_NO].bytes;
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
            .any = true,
            .batch = int_of(&values[AT_BATCH]),
            .state = int_of(&values[AT_STATE]),
            .minor = int_of(&values[AT_MINOR]) };
        memcpy(p->key, key, sizeof(key));
    }
    add_posting(p, values);
    return OK;
}

/* Postings have no index by transaction. SQLite makes one for the query, but never on a table
 * WITHOUT
 * ROWID: hence the copy, without which each payment would walk all postings. */
Status verify_payments(Verify *v)
{
    static const char sql[] =
            "WITH o AS MATERIALIZED (SELECT transaction_id, account, bucket, minor, currency"
            " FROM posting)"
            " SELECT p.mchid, p.out_trade_no, p.batch, p.state, p.minor, p.currency,"
            " p.payer_account, p.payee_account, o.account, o.bucket, o.minor, o.currency"
            " FROM payment p LEFT JOIN o ON o.transaction_id = p.transaction_id"
            " ORDER BY p.mchid, p.out_trade_no";
    bool payments = false;
    bool postings = false;
    for (size_t i = 0; i < v->tables.count; i++) {
        payments = payments || v->tables.list[i]->id == TABLE_PAYMENT;
        postings = postings || v->tables.list[i]->id == TABLE_POSTING;
    }
    if (!payments || !postings) return OK; /* a table that is gone was told */
    OnePayment one = { .v = v };
    TRY(store_query(v->store, sql, NULL, 0, visit_pair, &one));
    end_payment(&one);
    return OK;
}
