/* money_purpose: what money moves for. Every movement of a payer's or a merchant's account belongs
 * to a payment or a refund, whose rows say whose it is and how much; here each is held against the
 * others. */
#include "vault/money_inside.h"

#include "base/money.h"
#include "policy/tables.h"

const RowView *account_row(MoneyScratch *s, const KeyedHashKey *key, int64_t account)
{
    KeyedHash name;
    name_account(key, account, &name);
    const Sum *sum = sum_known(&s->accounts, s->round, &name);
    return sum != NULL && sum->change != NULL ? &sum->change->new_row : NULL;
}

Sum *purpose_of(MoneyScratch *s, const KeyedHashKey *key, Span transaction)
{
    KeyedHash name;
    keyed_hash(key, transaction, &name);
    return sum_of(&s->purposes, s->round, &name);
}

bool same_value(const RowView *a, uint16_t column_a, const RowView *b, uint16_t column_b)
{
    const Value *x = row_value(a, column_a);
    const Value *y = row_value(b, column_b);
    return is_set(x) && is_set(y) && value_equal(x, y);
}

/* --- payments --- */

/* Rule 7. A payer's account that was named before was judged then, and stays (rule 6). */
static Status check_payer(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    const RowView *payment = &change->new_row;
    const Value *before =
            change->is_insert ? NULL : row_value(&change->old_row, PAYMENT_PAYER_ACCOUNT);
    const Value *now = row_value(payment, PAYMENT_PAYER_ACCOUNT);
    if (!is_set(now) || is_set(before)) return OK;
    REQUIRE(now->type == VALUE_INT, REFUSED_ROW_INVALID);
    const RowView *account = account_row(s, key, now->integer);
    const Span payer = row_bytes(payment, PAYMENT_PAYER);
    REQUIRE(account != NULL && payer.size > 0, REFUSED_PAYER_ACCOUNT_OTHER);
    REQUIRE(row_int(account, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_PAYER, REFUSED_PAYER_ACCOUNT_OTHER);
    REQUIRE(span_equal(row_bytes(account, ACCOUNT_OWNER), payer), REFUSED_PAYER_ACCOUNT_OTHER);
    return OK;
}

/* Payments and refunds are numbers: what has a '/' is the name of something else's postings. */
static bool is_number(Span name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] == '/') return false;
    return name.size > 0;
}

static Status add_payment(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    const Span transaction = row_bytes(&change->new_row, PAYMENT_TRANSACTION_ID);
    REQUIRE(is_number(transaction), REFUSED_ROW_INVALID);
    Sum *sum = purpose_of(s, key, transaction);
    REQUIRE(sum->change == NULL, REFUSED_ROW_DUPLICATED);
    sum->change = change;
    return check_payer(s, key, change);
}

/* A posting of a payment: its amount, from its payer or within the payer's account, to its payee.
 */
static Status check_paying(Sum *sum, const RowView *posting)
{
    const RowView *payment = &sum->change->new_row;
    const int64_t account = row_int(posting, POSTING_ACCOUNT, 0);
    const int64_t minor = row_int(posting, POSTING_MINOR, 0);
    const int64_t about = row_int(payment, PAYMENT_MINOR, 0);
    int64_t payer = 0;
    int64_t payee = 0;
    REQUIRE(take_int(payment, PAYMENT_PAYER_ACCOUNT, &payer), REFUSED_PAYER_ACCOUNT_OTHER);
    REQUIRE(take_int(payment, PAYMENT_PAYEE_ACCOUNT, &payee), REFUSED_ROW_INVALID);
    REQUIRE(about > 0 && (minor == about || minor == -about), REFUSED_POSTINGS_NOT_PAYMENT);
    REQUIRE(row_int(posting, POSTING_CURRENCY, 0) == row_int(payment, PAYMENT_CURRENCY, -1),
            REFUSED_POSTINGS_NOT_PAYMENT);
    if (account == payer) return OK;
    REQUIRE(minor > 0, REFUSED_PAYER_ACCOUNT_OTHER);
    REQUIRE(account == payee && row_int(posting, POSTING_BUCKET, -1) == POSTING_BALANCE,
            REFUSED_POSTINGS_NOT_PAYMENT);
    return minor_add(sum->minor[0], minor, &sum->minor[0]);
}

static bool may_become(int64_t before, int64_t now)
{
    const bool over = before == TRADE_CLOSED || before == TRADE_REVOKED || before == TRADE_PAYERROR;
    if (over) return now == before;
    switch (now) {
    case TRADE_SUCCESS:
        return before == 0 || before == TRADE_NOTPAY || before == TRADE_USERPAYING
                || before == TRADE_SUCCESS;
    case TRADE_REFUND: return before == TRADE_SUCCESS || before == TRADE_REFUND;
    default: return before != TRADE_SUCCESS && before != TRADE_REFUND;
    }
}

/* Rule 9. What was paid is paid once, and what is paid is not forgotten but by a refund. */
static Status check_state(const Sum *sum)
{
    const RowChange *change = sum->change;
    const int64_t now = row_int(&change->new_row, PAYMENT_STATE, 0);
    const int64_t before = change->is_insert ? 0 : row_int(&change->old_row, PAYMENT_STATE, 0);
    const bool becomes_paid = now == TRADE_SUCCESS && before != TRADE_SUCCESS;
    const bool gives_back = before == TRADE_SUCCESS && now != TRADE_SUCCESS;
    const bool reversed = before == TRADE_SUCCESS && now == TRADE_REVOKED;
    REQUIRE(reversed || may_become(before, now), REFUSED_POSTINGS_NOT_PAYMENT);
    const int64_t credit = becomes_paid ? row_int(&change->new_row, PAYMENT_MINOR, -1) : 0;
    REQUIRE(sum->minor[0] == credit, REFUSED_POSTINGS_NOT_PAYMENT);
    REQUIRE(gives_back == (sum->refunded != NULL && sum->refunded->is_insert),
            REFUSED_REFUND_NOT_LAWFUL);
    return OK;
}

/* --- refunds --- */

static Status add_refunded(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    static const uint16_t fixed[] = { REFUNDED_TRANSACTION_ID, REFUNDED_TOTAL, REFUNDED_CURRENCY,
        REFUNDED_PAYER_ACCOUNT, REFUNDED_PAYEE_ACCOUNT };
    const Span transaction = row_bytes(&change->new_row, REFUNDED_TRANSACTION_ID);
    REQUIRE(transaction.size > 0, REFUSED_ROW_INVALID);
    for (size_t i = 0; !change->is_insert && i < sizeof(fixed) / sizeof(fixed[0]); i++)
        REQUIRE(column_stays(change, fixed[i]), REFUSED_REFUND_NOT_LAWFUL);
    Sum *sum = purpose_of(s, key, transaction);
    REQUIRE(sum->refunded == NULL, REFUSED_ROW_DUPLICATED);
    sum->refunded = change;
    return OK;
}

/* Rule 10. A refund that is there keeps what it is about; a new one counts for its payment. */
static Status add_refund(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    static const uint16_t fixed[] = { REFUND_ID, REFUND_OUT_TRADE_NO, REFUND_TRANSACTION_ID,
        REFUND_MINOR, REFUND_TOTAL, REFUND_CURRENCY, REFUND_PAYER_ACCOUNT, REFUND_PAYEE_ACCOUNT };
    const RowView *row = &change->new_row;
    const int64_t minor = row_int(row, REFUND_MINOR, 0);
    for (size_t i = 0; !change->is_insert && i < sizeof(fixed) / sizeof(fixed[0]); i++)
        REQUIRE(column_stays(change, fixed[i]), REFUSED_REFUND_NOT_LAWFUL);
    if (!change->is_insert) return OK;
    REQUIRE(is_number(row_bytes(row, REFUND_ID)) && minor > 0, REFUSED_REFUND_NOT_LAWFUL);
    Sum *own = purpose_of(s, key, row_bytes(row, REFUND_ID));
    REQUIRE(own->change == NULL, REFUSED_ROW_DUPLICATED);
    own->change = change;
    Sum *sum = purpose_of(s, key, row_bytes(row, REFUND_TRANSACTION_ID));
    REQUIRE(sum->refunded != NULL, REFUSED_REFUND_NOT_LAWFUL);
    const RowView *all = &sum->refunded->new_row;
    const bool of_it = same_value(row, REFUND_MCHID, all, REFUNDED_MCHID)
            && same_value(row, REFUND_OUT_TRADE_NO, all, REFUNDED_OUT_TRADE_NO)
            && same_value(row, REFUND_TOTAL, all, REFUNDED_TOTAL)
            && same_value(row, REFUND_CURRENCY, all, REFUNDED_CURRENCY)
            && same_value(row, REFUND_PAYER_ACCOUNT, all, REFUNDED_PAYER_ACCOUNT)
            && same_value(row, REFUND_PAYEE_ACCOUNT, all, REFUNDED_PAYEE_ACCOUNT);
    REQUIRE(of_it, REFUSED_REFUND_NOT_LAWFUL);
    sum->given_count++;
    return minor_add(sum->given_minor, minor, &sum->given_minor);
}

/* Rule 11. The sum begins with its payment, which was paid until now, and moves by the refunds of
 * the batch. */
static Status check_refunded(const Sum *sum)
{
    const RowChange *change = sum->refunded;
    const RowView *now = &change->new_row;
    const RowView *old = change->is_insert ? NULL : &change->old_row;
    const int64_t minor = row_int(now, REFUNDED_MINOR, -1);
    const int64_t before = old == NULL ? 0 : row_int(old, REFUNDED_MINOR, -1);
    const int64_t count_before = old == NULL ? 0 : row_int(old, REFUNDED_COUNT, -1);
    int64_t after = 0;
    REQUIRE(before >= 0 && status_ok(minor_add(before, sum->given_minor, &after)),
            REFUSED_REFUND_NOT_LAWFUL);
    REQUIRE(minor == after, REFUSED_REFUND_NOT_LAWFUL);
    REQUIRE(minor <= row_int(now, REFUNDED_TOTAL, -1), REFUSED_REFUND_NOT_LAWFUL);
    REQUIRE(row_int(now, REFUNDED_COUNT, -1) == count_before + sum->given_count,
            REFUSED_REFUND_NOT_LAWFUL);
    if (old != NULL) return OK;
    REQUIRE(sum->change != NULL && !sum->change->is_insert, REFUSED_REFUND_NOT_LAWFUL);
    const RowView *payment = &sum->change->new_row;
    const bool of_it = payment->head.table == TABLE_PAYMENT
            && row_int(&sum->change->old_row, PAYMENT_STATE, 0) == TRADE_SUCCESS
            && same_value(now, REFUNDED_MCHID, payment, PAYMENT_MCHID)
            && same_value(now, REFUNDED_OUT_TRADE_NO, payment, PAYMENT_OUT_TRADE_NO)
            && same_value(now, REFUNDED_TOTAL, payment, PAYMENT_MINOR)
            && same_value(now, REFUNDED_CURRENCY, payment, PAYMENT_CURRENCY)
            && same_value(now, REFUNDED_PAYER_ACCOUNT, payment, PAYMENT_PAYER_ACCOUNT)
            && same_value(now, REFUNDED_PAYEE_ACCOUNT, payment, PAYMENT_PAYEE_ACCOUNT);
    REQUIRE(of_it, REFUSED_REFUND_NOT_LAWFUL);
    return OK;
}

/* A posting of a refund: its amount, from the payee's balance to the payer's. */
static Status check_refunding(Sum *sum, const RowView *posting)
{
    const RowView *refund = &sum->change->new_row;
    const int64_t minor = row_int(posting, POSTING_MINOR, 0);
    const int64_t about = row_int(refund, REFUND_MINOR, 0);
    const uint16_t side = minor > 0 ? REFUND_PAYER_ACCOUNT : REFUND_PAYEE_ACCOUNT;
    const bool lawful = (minor == about || minor == -about)
            && row_int(posting, POSTING_CURRENCY, 0) == row_int(refund, REFUND_CURRENCY, -1)
            && same_value(posting, POSTING_ACCOUNT, refund, side)
            && row_int(posting, POSTING_BUCKET, -1) == POSTING_BALANCE;
    REQUIRE(lawful, REFUSED_REFUND_NOT_LAWFUL);
    return minor > 0 ? minor_add(sum->minor[0], minor, &sum->minor[0]) : OK;
}

/* --- every posting --- */

/* Rules 8 and 12, of a posting that no payment and no refund of the batch explains. */
static Status check_unexplained(MoneyScratch *s, const KeyedHashKey *key, const RowView *posting)
{
    const int64_t account = row_int(posting, POSTING_ACCOUNT, 0);
    const int64_t minor = row_int(posting, POSTING_MINOR, 0);
    const RowView *row = account_row(s, key, account);
    REQUIRE(row != NULL, REFUSED_POSTINGS_NOT_ZERO);
    const int64_t class = row_int(row, ACCOUNT_CLASS, 0);
    REQUIRE(minor >= 0 || class != ACCOUNT_CLASS_PAYER, REFUSED_PAYER_ACCOUNT_OTHER);
    KeyedHash name;
    name_transaction(key, row_bytes(posting, POSTING_TRANSACTION),
            row_int(posting, POSTING_CURRENCY, 0), &name);
    Sum *sum = sum_of(&s->transactions, s->round, &name);
    const bool is_merchant = class == ACCOUNT_CLASS_MERCHANT;
    if (is_merchant && sum->has_merchant && sum->merchant != account) sum->to_another = true;
    if (is_merchant) {
        sum->merchant = account;
        sum->has_merchant = true;
    }
    if (minor > 0 && class == ACCOUNT_CLASS_PAYER) sum->to_another = true;
    if (minor < 0 && is_merchant) sum->from_merchant = true;
    REQUIRE(!sum->from_merchant || !sum->to_another, REFUSED_REFUND_NOT_LAWFUL);
    return OK;
}

/* The posting is known to be whole. */
static Status check_purpose(MoneyScratch *s, const KeyedHashKey *key, const RowView *posting)
{
    KeyedHash name;
    if (is_channel_posting(posting)) return check_channel_posting(s, key, posting);
    if (is_fee_posting(posting)) return check_fee_posting(s, key, posting);
    if (is_settlement_posting(posting)) return check_settlement_posting(s, key, posting);
    if (is_transfer_posting(posting)) return check_transfer_posting(s, key, posting);
    keyed_hash(key, row_bytes(posting, POSTING_TRANSACTION), &name);
    Sum *sum = sum_known(&s->purposes, s->round, &name);
    if (sum == NULL || sum->change == NULL) return check_unexplained(s, key, posting);
    return sum->change->new_row.head.table == TABLE_REFUND ? check_refunding(sum, posting)
                                                           : check_paying(sum, posting);
}

static Status check_end(
        MoneyScratch *s, const KeyedHashKey *key, const Sum *sum, const RowView *row)
{
    if (row->head.table == TABLE_PAYMENT) {
        TRY(check_deducted(s, key, sum));
        return check_state(sum);
    }
    if (row->head.table == TABLE_SETTLEMENT) return check_settlement(sum);
    if (row->head.table == TABLE_TRANSFER) return check_transfer(sum);
    REQUIRE(sum->minor[0] == row_int(row, REFUND_MINOR, -1), REFUSED_REFUND_NOT_LAWFUL);
    return OK;
}

/* What all postings together made of each payment, refund, settlement and transfer. */
static Status check_ends(MoneyScratch *s, const KeyedHashKey *key)
{
    for (size_t i = 0; i < s->purposes.used_count; i++) {
        const Sum *sum = &s->purposes.slots[s->purposes.used[i]];
        const RowView *row = sum->change != NULL ? &sum->change->new_row : NULL;
        if (sum->refunded != NULL) TRY(check_refunded(sum));
        if (sum->fee != NULL) TRY(check_fee(sum));
        if (sum->channel != NULL) TRY(check_channel(sum));
        if (sum->contract != NULL) TRY(check_contract(sum, s->now_us));
        if (row == NULL) continue;
        TRY(check_end(s, key, sum, row));
    }
    return OK;
}

typedef Status (*Adder)(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change);

static Status add_all(MoneyScratch *s, const KeyedHashKey *key, const RowChange *changes,
        size_t count, uint16_t table, Adder add)
{
    for (size_t i = 0; i < count; i++) {
        if (changes[i].new_row.head.table != table) continue;
        TRY(add(s, key, &changes[i]));
    }
    return OK;
}

Status check_purposes(
        MoneyScratch *s, const KeyedHashKey *key, const RowChange *changes, size_t count)
{
    TRY(add_all(s, key, changes, count, TABLE_PAYMENT, add_payment));
    TRY(add_all(s, key, changes, count, TABLE_REFUNDED, add_refunded));
    TRY(add_all(s, key, changes, count, TABLE_REFUND, add_refund));
    TRY(add_all(s, key, changes, count, TABLE_PAYMENT_FEE, add_fee));
    TRY(add_all(s, key, changes, count, TABLE_CHANNEL_ORDER, add_channel));
    TRY(add_all(s, key, changes, count, TABLE_SETTLEMENT, add_settlement));
    TRY(add_all(s, key, changes, count, TABLE_CONTRACT, add_contract));
    TRY(add_all(s, key, changes, count, TABLE_DEDUCTION, add_deduction));
    TRY(add_all(s, key, changes, count, TABLE_TRANSFER, add_transfer));
    for (size_t i = 0; i < count; i++) {
        if (changes[i].new_row.head.table != TABLE_POSTING) continue;
        TRY(check_purpose(s, key, &changes[i].new_row));
    }
    return check_ends(s, key);
}
