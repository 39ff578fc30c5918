/* money_channel: rules 15 and 16: what moves between the house and a bank. */
#include "vault/money_inside.h"

#include "base/money.h"
#include "policy/tables.h"

#include <string.h>

static const char named[] = "bank/";
enum { NAMED_BYTES = sizeof(named) - 1, NUMBER_BYTES_MAX = 64 };

/* --- rows --- */

static bool is_kind(int64_t kind) { return kind >= CHANNEL_FUNDING && kind <= CHANNEL_CARD; }

static bool may_follow(int64_t before, int64_t now)
{
    switch (before) {
    case CHANNEL_CREATED: return now == CHANNEL_SENT || now == CHANNEL_FAILED;
    case CHANNEL_SENT:
    case CHANNEL_UNKNOWN:
        return now == CHANNEL_UNKNOWN || now == CHANNEL_SUCCESS || now == CHANNEL_FAILED;
    default: return now == before;
    }
}

static bool is_merchants(Span holder)
{
    const Span before = SPAN("merchant/");
    return holder.size > before.size && span_equal((Span) { holder.data, before.size }, before);
}

static Status check_row(const RowChange *change)
{
    static const uint16_t fixed[] = { CHANNEL_ORDER_KIND, CHANNEL_ORDER_HOLDER,
        CHANNEL_ORDER_ACCOUNT, CHANNEL_ORDER_MINOR, CHANNEL_ORDER_CURRENCY, CHANNEL_ORDER_CREATED,
        CHANNEL_ORDER_TARGET };
    const RowView *row = &change->new_row;
    const int64_t state = row_int(row, CHANNEL_ORDER_STATE, 0);
    REQUIRE(is_kind(row_int(row, CHANNEL_ORDER_KIND, 0)), REFUSED_BANK_POSTING);
    REQUIRE(row_int(row, CHANNEL_ORDER_MINOR, 0) > 0, REFUSED_BANK_POSTING);
    if (change->is_insert) {
        const bool withdraws = row_int(row, CHANNEL_ORDER_KIND, 0) == CHANNEL_WITHDRAWAL;
        REQUIRE(state == CHANNEL_CREATED, REFUSED_BANK_POSTING);
        REQUIRE(!withdraws || is_merchants(row_bytes(row, CHANNEL_ORDER_HOLDER)),
                REFUSED_BANK_POSTING);
        return OK;
    }
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        REQUIRE(column_stays(change, fixed[i]), REFUSED_BANK_POSTING);
    REQUIRE(may_follow(row_int(&change->old_row, CHANNEL_ORDER_STATE, 0), state),
            REFUSED_BANK_POSTING);
    return OK;
}

Status add_channel(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    uint8_t bytes[NAMED_BYTES + NUMBER_BYTES_MAX];
    Buffer transaction = BUFFER_OF(bytes);
    KeyedHash name;
    TRY(check_row(change));
    TRY(buffer_put(&transaction, span_of_text(named)));
    TRY(buffer_put(&transaction, row_bytes(&change->new_row, CHANNEL_ORDER_NUMBER)));
    keyed_hash(key, span_of_buffer(&transaction), &name);
    Sum *sum = sum_of(&s->purposes, s->round, &name);
    REQUIRE(sum->channel == NULL, REFUSED_ROW_DUPLICATED);
    sum->channel = change;
    return OK;
}

/* --- postings --- */

bool is_channel_posting(const RowView *posting)
{
    const Span transaction = row_bytes(posting, POSTING_TRANSACTION);
    return transaction.size >= NAMED_BYTES
            && span_equal((Span) { transaction.data, NAMED_BYTES }, span_of_text(named));
}

/* "merchant/<owner>" or "payer/<owner>". */
static bool is_holders(const RowView *account, Span holder)
{
    const bool is_merchant = row_int(account, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_MERCHANT;
    const Span before = is_merchant ? SPAN("merchant/") : SPAN("payer/");
    if (row_int(account, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_SYSTEM) return false;
    if (holder.size < before.size) return false;
    return span_equal((Span) { holder.data, before.size }, before)
            && span_equal((Span) { holder.data + before.size, holder.size - before.size },
                    row_bytes(account, ACCOUNT_OWNER));
}

Status check_channel_posting(MoneyScratch *s, const KeyedHashKey *key, const RowView *posting)
{
    KeyedHash name;
    keyed_hash(key, row_bytes(posting, POSTING_TRANSACTION), &name);
    Sum *sum = sum_known(&s->purposes, s->round, &name);
    REQUIRE(sum != NULL && sum->channel != NULL, REFUSED_BANK_POSTING);
    const RowView *order = &sum->channel->new_row;
    const int64_t id = row_int(posting, POSTING_ACCOUNT, 0);
    const int64_t minor = row_int(posting, POSTING_MINOR, 0);
    const int64_t about = row_int(order, CHANNEL_ORDER_MINOR, 0);
    const int64_t bucket = row_int(posting, POSTING_BUCKET, -1);
    const RowView *account = account_row(s, key, id);
    REQUIRE(account != NULL, REFUSED_POSTINGS_NOT_ZERO);
    REQUIRE(minor == about || minor == -about, REFUSED_BANK_POSTING);
    REQUIRE(row_int(posting, POSTING_CURRENCY, 0) == row_int(order, CHANNEL_ORDER_CURRENCY, -1),
            REFUSED_BANK_POSTING);
    if (id == row_int(order, CHANNEL_ORDER_ACCOUNT, -1)) {
        REQUIRE(is_holders(account, row_bytes(order, CHANNEL_ORDER_HOLDER)), REFUSED_BANK_POSTING);
        return minor_add(sum->minor[bucket], minor, &sum->minor[bucket]);
    }
    REQUIRE(row_int(account, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_SYSTEM && bucket == POSTING_BALANCE,
            REFUSED_BANK_POSTING);
    return OK;
}

/* What of the holder's account moves when the order comes to this state, in units of its amount. */
static void moves(int64_t kind, int64_t before, int64_t now, int *ret_balance, int *ret_frozen)
{
    const bool ends = before != now && (now == CHANNEL_SUCCESS || now == CHANNEL_FAILED);
    const bool withdraws = kind == CHANNEL_WITHDRAWAL;
    *ret_balance = 0;
    *ret_frozen = 0;
    if (withdraws && now == CHANNEL_CREATED) {
        *ret_balance = -1;
        *ret_frozen = 1;
    }
    if (withdraws && ends) {
        *ret_balance = now == CHANNEL_FAILED ? 1 : 0;
        *ret_frozen = -1;
    }
    if (!withdraws && ends && now == CHANNEL_SUCCESS) *ret_balance = 1;
}

Status check_channel(const Sum *sum)
{
    const RowChange *change = sum->channel;
    const RowView *now = &change->new_row;
    const int64_t before =
            change->is_insert ? 0 : row_int(&change->old_row, CHANNEL_ORDER_STATE, 0);
    const int64_t minor = row_int(now, CHANNEL_ORDER_MINOR, 0);
    int balance = 0;
    int frozen = 0;
    moves(row_int(now, CHANNEL_ORDER_KIND, 0), before, row_int(now, CHANNEL_ORDER_STATE, 0),
            &balance, &frozen);
    REQUIRE(sum->minor[POSTING_BALANCE] == balance * minor, REFUSED_BANK_POSTING);
    REQUIRE(sum->minor[POSTING_FROZEN] == frozen * minor, REFUSED_BANK_POSTING);
    return OK;
}
