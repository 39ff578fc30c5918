/* money_fee: what a payment may cost its payee, and what of it goes back with refunds. */
#include "vault/money_inside.h"

#include "base/money.h"
#include "policy/tables.h"

Status add_fee(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    static const uint16_t fixed[] = { PAYMENT_FEE_TRANSACTION_ID, PAYMENT_FEE_TOTAL,
        PAYMENT_FEE_CURRENCY, PAYMENT_FEE_PAYEE_ACCOUNT, PAYMENT_FEE_ACCOUNT, PAYMENT_FEE_RATE,
        PAYMENT_FEE_MINOR, PAYMENT_FEE_TAKEN };
    const Span transaction = row_bytes(&change->new_row, PAYMENT_FEE_TRANSACTION_ID);
    REQUIRE(transaction.size > 0, REFUSED_ROW_INVALID);
    for (size_t i = 0; !change->is_insert && i < sizeof(fixed) / sizeof(fixed[0]); i++)
        REQUIRE(column_stays(change, fixed[i]), REFUSED_FEE_NOT_LAWFUL);
    Sum *sum = purpose_of(s, key, transaction);
    REQUIRE(sum->fee == NULL, REFUSED_ROW_DUPLICATED);
    sum->fee = change;
    return OK;
}

/* --- postings --- */

static Span prefix(void) { return SPAN(POSTING_FEE_PREFIX); }

bool is_fee_posting(const RowView *posting)
{
    const Span name = row_bytes(posting, POSTING_TRANSACTION);
    return name.size > prefix().size && span_equal((Span) { name.data, prefix().size }, prefix());
}

/* The payment that a fee's posting names, itself or by one of its refunds; NULL: none of this
 * batch. */
static Sum *payment_of(MoneyScratch *s, const KeyedHashKey *key, const RowView *posting)
{
    const Span name = row_bytes(posting, POSTING_TRANSACTION);
    const Span id = { name.data + prefix().size, name.size - prefix().size };
    KeyedHash hash;
    keyed_hash(key, id, &hash);
    Sum *sum = sum_known(&s->purposes, s->round, &hash);
    if (sum == NULL || sum->change == NULL) return NULL;
    const RowView *row = &sum->change->new_row;
    if (row->head.table != TABLE_REFUND) return sum;
    keyed_hash(key, row_bytes(row, REFUND_TRANSACTION_ID), &hash);
    return sum_known(&s->purposes, s->round, &hash);
}

Status check_fee_posting(MoneyScratch *s, const KeyedHashKey *key, const RowView *posting)
{
    Sum *payment = payment_of(s, key, posting);
    const int64_t minor = row_int(posting, POSTING_MINOR, 0);
    REQUIRE(payment != NULL && payment->fee != NULL, REFUSED_FEE_NOT_LAWFUL);
    const RowView *fee = &payment->fee->new_row;
    const bool lawful = row_int(posting, POSTING_BUCKET, -1) == POSTING_BALANCE
            && same_value(posting, POSTING_CURRENCY, fee, PAYMENT_FEE_CURRENCY);
    REQUIRE(lawful, REFUSED_FEE_NOT_LAWFUL);
    if (same_value(posting, POSTING_ACCOUNT, fee, PAYMENT_FEE_PAYEE_ACCOUNT)) return OK;
    REQUIRE(same_value(posting, POSTING_ACCOUNT, fee, PAYMENT_FEE_ACCOUNT), REFUSED_FEE_NOT_LAWFUL);
    const RowView *house = account_row(s, key, row_int(posting, POSTING_ACCOUNT, 0));
    REQUIRE(house != NULL && row_int(house, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_SYSTEM,
            REFUSED_FEE_NOT_LAWFUL);
    return minor_add(payment->fee_minor, minor, &payment->fee_minor);
}

/* --- what came of it --- */

/* Rule 13. */
static bool begins_lawfully(const Sum *sum)
{
    const RowView *fee = &sum->fee->new_row;
    const RowChange *paid = sum->change;
    if (paid == NULL || paid->new_row.head.table != TABLE_PAYMENT) return false;
    const RowView *payment = &paid->new_row;
    const bool was_paid =
            !paid->is_insert && row_int(&paid->old_row, PAYMENT_STATE, 0) == TRADE_SUCCESS;
    return row_int(payment, PAYMENT_STATE, 0) == TRADE_SUCCESS && !was_paid
            && same_value(fee, PAYMENT_FEE_MCHID, payment, PAYMENT_MCHID)
            && same_value(fee, PAYMENT_FEE_OUT_TRADE_NO, payment, PAYMENT_OUT_TRADE_NO)
            && same_value(fee, PAYMENT_FEE_TOTAL, payment, PAYMENT_MINOR)
            && same_value(fee, PAYMENT_FEE_CURRENCY, payment, PAYMENT_CURRENCY)
            && same_value(fee, PAYMENT_FEE_PAYEE_ACCOUNT, payment, PAYMENT_PAYEE_ACCOUNT)
            && row_int(fee, PAYMENT_FEE_RETURNED, -1) == 0;
}

/* Rule 14. */
static bool goes_back_lawfully(const Sum *sum)
{
    const RowView *fee = &sum->fee->new_row;
    const int64_t total = row_int(fee, PAYMENT_FEE_TOTAL, 0);
    if (sum->refunded == NULL) return false;
    const int64_t refunded = row_int(&sum->refunded->new_row, REFUNDED_MINOR, -1);
    if (refunded < 0 || refunded > total) return false;
    return row_int(fee, PAYMENT_FEE_RETURNED, -1)
            == minor_portion(row_int(fee, PAYMENT_FEE_MINOR, 0), refunded, total);
}

Status check_fee(const Sum *payment)
{
    const RowView *now = &payment->fee->new_row;
    const RowView *old = payment->fee->is_insert ? NULL : &payment->fee->old_row;
    const int64_t minor = row_int(now, PAYMENT_FEE_MINOR, 0);
    const int64_t returned = row_int(now, PAYMENT_FEE_RETURNED, -1);
    const int64_t before = old == NULL ? 0 : row_int(old, PAYMENT_FEE_RETURNED, -1);
    REQUIRE(minor > 0 && minor <= row_int(now, PAYMENT_FEE_TOTAL, 0), REFUSED_FEE_NOT_LAWFUL);
    REQUIRE(old == NULL ? begins_lawfully(payment) : goes_back_lawfully(payment),
            REFUSED_FEE_NOT_LAWFUL);
    REQUIRE(before >= 0 && returned >= before && returned <= minor, REFUSED_FEE_NOT_LAWFUL);
    REQUIRE(payment->fee_minor == (old == NULL ? minor : before - returned),
            REFUSED_FEE_NOT_LAWFUL);
    return OK;
}
