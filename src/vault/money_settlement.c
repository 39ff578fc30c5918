/* money_settlement: what merchants are paid out: once, to the bank or back. */
#include "vault/money_inside.h"

#include "base/money.h"
#include "policy/tables.h"

static Span prefix(void) { return SPAN(POSTING_SETTLE_PREFIX); }

static bool is_named(Span name)
{
    return name.size > prefix().size && span_equal((Span) { name.data, prefix().size }, prefix());
}

bool is_settlement_posting(const RowView *posting)
{
    return is_named(row_bytes(posting, POSTING_TRANSACTION));
}

/* The accounts that a new one names: its merchant's own, and one of the house's. */
static bool accounts_are_right(MoneyScratch *s, const KeyedHashKey *key, const RowView *row)
{
    const RowView *merchant = account_row(s, key, row_int(row, SETTLEMENT_ACCOUNT, 0));
    const RowView *payable = account_row(s, key, row_int(row, SETTLEMENT_PAYABLE, 0));
    return merchant != NULL && payable != NULL
            && row_int(merchant, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_MERCHANT
            && row_int(payable, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_SYSTEM
            && same_value(merchant, ACCOUNT_OWNER, row, SETTLEMENT_MCHID);
}

Status add_settlement(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    static const uint16_t fixed[] = { SETTLEMENT_MCHID, SETTLEMENT_DAY, SETTLEMENT_NUMBER,
        SETTLEMENT_MINOR, SETTLEMENT_CURRENCY, SETTLEMENT_ACCOUNT, SETTLEMENT_PAYABLE,
        SETTLEMENT_TARGET, SETTLEMENT_CREATED };
    const RowView *row = &change->new_row;
    const Span id = row_bytes(row, SETTLEMENT_ID);
    REQUIRE(is_named(id), REFUSED_SETTLEMENT_NOT_LAWFUL);
    for (size_t i = 0; !change->is_insert && i < sizeof(fixed) / sizeof(fixed[0]); i++)
        REQUIRE(column_stays(change, fixed[i]), REFUSED_SETTLEMENT_NOT_LAWFUL);
    if (change->is_insert) REQUIRE(accounts_are_right(s, key, row), REFUSED_SETTLEMENT_NOT_LAWFUL);
    Sum *sum = purpose_of(s, key, id);
    REQUIRE(sum->change == NULL, REFUSED_ROW_DUPLICATED);
    sum->change = change;
    return OK;
}

/* minor[0]: of the merchant, minor[1]: of the payables; what else moves is the house's own. */
Status check_settlement_posting(MoneyScratch *s, const KeyedHashKey *key, const RowView *posting)
{
    KeyedHash name;
    keyed_hash(key, row_bytes(posting, POSTING_TRANSACTION), &name);
    Sum *sum = sum_known(&s->purposes, s->round, &name);
    REQUIRE(sum != NULL && sum->change != NULL, REFUSED_SETTLEMENT_NOT_LAWFUL);
    const RowView *row = &sum->change->new_row;
    const int64_t minor = row_int(posting, POSTING_MINOR, 0);
    const bool lawful = row->head.table == TABLE_SETTLEMENT
            && row_int(posting, POSTING_BUCKET, -1) == POSTING_BALANCE
            && same_value(posting, POSTING_CURRENCY, row, SETTLEMENT_CURRENCY);
    REQUIRE(lawful, REFUSED_SETTLEMENT_NOT_LAWFUL);
    if (same_value(posting, POSTING_ACCOUNT, row, SETTLEMENT_ACCOUNT))
        return minor_add(sum->minor[0], minor, &sum->minor[0]);
    if (same_value(posting, POSTING_ACCOUNT, row, SETTLEMENT_PAYABLE))
        return minor_add(sum->minor[1], minor, &sum->minor[1]);
    const RowView *other = account_row(s, key, row_int(posting, POSTING_ACCOUNT, 0));
    REQUIRE(other != NULL && row_int(other, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_SYSTEM,
            REFUSED_SETTLEMENT_NOT_LAWFUL);
    return OK;
}

static bool moved(const Sum *sum, int64_t merchant, int64_t payable)
{
    return sum->minor[0] == merchant && sum->minor[1] == payable;
}

Status check_settlement(const Sum *sum)
{
    const RowChange *change = sum->change;
    const int64_t minor = row_int(&change->new_row, SETTLEMENT_MINOR, 0);
    const int64_t now = row_int(&change->new_row, SETTLEMENT_STATE, 0);
    const int64_t before = change->is_insert ? 0 : row_int(&change->old_row, SETTLEMENT_STATE, 0);
    bool lawful = false;
    REQUIRE(minor > 0, REFUSED_SETTLEMENT_NOT_LAWFUL);
    if (now == SETTLEMENT_DUE && before == 0) lawful = moved(sum, -minor, minor);
    if (now == SETTLEMENT_SUBMITTED_TO_BANK && before == SETTLEMENT_DUE) lawful = moved(sum, 0, 0);
    if (now == SETTLEMENT_PAID && before == SETTLEMENT_SUBMITTED_TO_BANK)
        lawful = moved(sum, 0, -minor);
    if (now == SETTLEMENT_FAILED && before == SETTLEMENT_SUBMITTED_TO_BANK)
        lawful = moved(sum, minor, -minor);
    REQUIRE(lawful, REFUSED_SETTLEMENT_NOT_LAWFUL);
    return OK;
}
