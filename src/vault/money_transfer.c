/* money_transfer: rule 18: what payers give one another: held once, then given once or given back.
 */
#include "vault/money_inside.h"

#include "base/money.h"
#include "policy/transfer_columns.h"

static bool is_named(Span name)
{
    const Span prefix = SPAN(POSTING_TRANSFER_PREFIX);
    return name.size > prefix.size && span_equal((Span) { name.data, prefix.size }, prefix);
}

bool is_transfer_posting(const RowView *posting)
{
    return is_named(row_bytes(posting, POSTING_TRANSACTION));
}

/* The account that the row names, written in this batch, is a payer's: the one that it names. */
static bool owns(MoneyScratch *s, const KeyedHashKey *key, const RowView *row, uint16_t account,
        uint16_t owner)
{
    const RowView *found = account_row(s, key, row_int(row, account, 0));
    return found != NULL && row_int(found, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_PAYER
            && same_value(found, ACCOUNT_OWNER, row, owner);
}

static bool terms_stay(const RowChange *change)
{
    static const uint16_t fixed[] = { TRANSFER_PAYER, TRANSFER_NUMBER, TRANSFER_RECEIVER,
        TRANSFER_MINOR, TRANSFER_CURRENCY, TRANSFER_SPEED, TRANSFER_ACCOUNT,
        TRANSFER_RECEIVER_ACCOUNT, TRANSFER_REMARK, TRANSFER_GRANT, TRANSFER_STRENGTH,
        TRANSFER_CREATED, TRANSFER_DUE };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (!column_stays(change, fixed[i])) return false;
    return true;
}

static bool begins_right(MoneyScratch *s, const KeyedHashKey *key, const RowView *row)
{
    int64_t account = 0;
    int64_t receiver = 0;
    const bool two = take_int(row, TRANSFER_ACCOUNT, &account)
            && take_int(row, TRANSFER_RECEIVER_ACCOUNT, &receiver) && account != receiver;
    return two && row_int(row, TRANSFER_MINOR, 0) > 0
            && owns(s, key, row, TRANSFER_ACCOUNT, TRANSFER_PAYER);
}

Status add_transfer(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    const RowView *row = &change->new_row;
    const Span id = row_bytes(row, TRANSFER_ID);
    REQUIRE(is_named(id), REFUSED_TRANSFER_NOT_LAWFUL);
    REQUIRE(change->is_insert ? begins_right(s, key, row) : terms_stay(change),
            REFUSED_TRANSFER_NOT_LAWFUL);
    Sum *sum = purpose_of(s, key, id);
    REQUIRE(sum->change == NULL, REFUSED_ROW_DUPLICATED);
    sum->change = change;
    return OK;
}

/* The payer's account, by bucket; what is not on it is the receiver's, so these two say all. */
Status check_transfer_posting(MoneyScratch *s, const KeyedHashKey *key, const RowView *posting)
{
    KeyedHash name;
    keyed_hash(key, row_bytes(posting, POSTING_TRANSACTION), &name);
    Sum *sum = sum_known(&s->purposes, s->round, &name);
    REQUIRE(sum != NULL && sum->change != NULL, REFUSED_TRANSFER_NOT_LAWFUL);
    const RowView *row = &sum->change->new_row;
    const int64_t minor = row_int(posting, POSTING_MINOR, 0);
    const int64_t about = row_int(row, TRANSFER_MINOR, 0);
    const int64_t bucket = row_int(posting, POSTING_BUCKET, -1);
    const bool lawful = row->head.table == TABLE_TRANSFER && (minor == about || minor == -about)
            && same_value(posting, POSTING_CURRENCY, row, TRANSFER_CURRENCY);
    REQUIRE(lawful, REFUSED_TRANSFER_NOT_LAWFUL);
    if (same_value(posting, POSTING_ACCOUNT, row, TRANSFER_ACCOUNT))
        return minor_add(sum->minor[bucket], minor, &sum->minor[bucket]);
    const bool credit = minor > 0 && bucket == POSTING_BALANCE
            && same_value(posting, POSTING_ACCOUNT, row, TRANSFER_RECEIVER_ACCOUNT)
            && owns(s, key, row, TRANSFER_RECEIVER_ACCOUNT, TRANSFER_RECEIVER);
    REQUIRE(credit, REFUSED_TRANSFER_NOT_LAWFUL);
    return OK;
}

static bool moved(const Sum *sum, int64_t balance, int64_t held)
{
    return sum->minor[POSTING_BALANCE] == balance && sum->minor[POSTING_FROZEN] == held;
}

static bool begins(const Sum *sum, const RowView *row, int64_t minor)
{
    const int64_t speed = row_int(row, TRANSFER_SPEED, 0);
    const bool delayed = speed == TRANSFER_NORMAL || speed == TRANSFER_NEXT_DAY;
    switch (row_int(row, TRANSFER_STATE, 0)) {
    case TRANSFER_WAITING: return delayed && moved(sum, -minor, minor);
    case TRANSFER_DONE: return speed == TRANSFER_REAL_TIME && moved(sum, -minor, 0);
    default: return false;
    }
}

static bool ends(const Sum *sum, const RowView *row, int64_t minor)
{
    int64_t due = 0;
    int64_t ended = 0;
    const bool timed = take_int(row, TRANSFER_DUE, &due) && take_int(row, TRANSFER_ENDED, &ended);
    switch (row_int(row, TRANSFER_STATE, 0)) {
    case TRANSFER_DONE: return timed && ended >= due && moved(sum, 0, -minor);
    case TRANSFER_REVOKED:
    case TRANSFER_FAILED: return timed && moved(sum, minor, -minor);
    default: return false;
    }
}

Status check_transfer(const Sum *sum)
{
    const RowChange *change = sum->change;
    const RowView *row = &change->new_row;
    const int64_t minor = row_int(row, TRANSFER_MINOR, 0);
    const bool waited =
            !change->is_insert && row_int(&change->old_row, TRANSFER_STATE, 0) == TRANSFER_WAITING;
    const bool lawful =
            change->is_insert ? begins(sum, row, minor) : waited && ends(sum, row, minor);
    REQUIRE(lawful, REFUSED_TRANSFER_NOT_LAWFUL);
    return OK;
}
