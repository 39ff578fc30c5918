#include "vault/money_inside.h"

#include "base/money.h"
#include "base/secret.h"
#include "policy/tables.h"

#include <stdlib.h>

Status money_scratch_open(MoneyScratch **ret_scratch)
{
    MoneyScratch *scratch = calloc(1, sizeof(*scratch));
    CHECK(scratch != NULL, FAULT_MEMORY);
    *ret_scratch = scratch;
    return OK;
}

void money_scratch_close(MoneyScratch *scratch)
{
    if (scratch == NULL) return;
    bytes_wipe(scratch, sizeof(*scratch));
    free(scratch);
}

Sum *sum_of(Sums *sums, uint64_t round, const KeyedHash *name)
{
    uint32_t index = ((uint32_t)name->bytes[0] << 8 | name->bytes[1]) & (SUM_SLOTS - 1);
    while (sums->slots[index].round == round && !keyed_hash_equal(&sums->slots[index].name, name))
        index = (index + 1) & (SUM_SLOTS - 1);
    Sum *sum = &sums->slots[index];
    if (sum->round == round) return sum;
    ASSERT(sums->used_count < sizeof(sums->used) / sizeof(sums->used[0]));
    sums->used[sums->used_count++] = (uint16_t)index;
    *sum = (Sum) { .name = *name, .round = round };
    return sum;
}

Sum *sum_known(Sums *sums, uint64_t round, const KeyedHash *name)
{
    uint32_t index = ((uint32_t)name->bytes[0] << 8 | name->bytes[1]) & (SUM_SLOTS - 1);
    while (sums->slots[index].round == round && !keyed_hash_equal(&sums->slots[index].name, name))
        index = (index + 1) & (SUM_SLOTS - 1);
    return sums->slots[index].round == round ? &sums->slots[index] : NULL;
}

void name_account(const KeyedHashKey *key, int64_t account, KeyedHash *ret_name)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)((uint64_t)account >> (8 * i));
    keyed_hash(key, SPAN_OF(bytes), ret_name);
}

void name_transaction(
        const KeyedHashKey *key, Span transaction, int64_t currency, KeyedHash *ret_name)
{
    keyed_hash(key, transaction, ret_name);
    for (size_t i = 0; i < 8; i++)
        ret_name->bytes[8 + i] ^= (uint8_t)((uint64_t)currency >> (8 * i));
}

bool take_int(const RowView *row, uint16_t column, int64_t *ret)
{
    const Value *value = row_value(row, column);
    if (value == NULL || value->type != VALUE_INT) return false;
    *ret = value->integer;
    return true;
}

static Status add_posting(MoneyScratch *s, const KeyedHashKey *key, const RowView *row)
{
    int64_t account = 0;
    int64_t bucket = 0;
    int64_t minor = 0;
    int64_t currency = 0;
    const bool whole = take_int(row, POSTING_ACCOUNT, &account)
            && take_int(row, POSTING_BUCKET, &bucket) && take_int(row, POSTING_MINOR, &minor)
            && take_int(row, POSTING_CURRENCY, &currency);
    REQUIRE(whole, REFUSED_ROW_INVALID);
    REQUIRE(bucket == POSTING_BALANCE || bucket == POSTING_FROZEN, REFUSED_ROW_INVALID);
    const Span transaction = row_bytes(row, POSTING_TRANSACTION);
    REQUIRE(transaction.size > 0, REFUSED_ROW_INVALID);

    KeyedHash name;
    name_transaction(key, transaction, currency, &name);
    Sum *sum = sum_of(&s->transactions, s->round, &name);
    REQUIRE(status_ok(minor_add(sum->minor[0], minor, &sum->minor[0])), REFUSED_POSTINGS_NOT_ZERO);

    name_account(key, account, &name);
    sum = sum_of(&s->accounts, s->round, &name);
    const bool is_first = sum->currency == 0;
    if (is_first) sum->currency = currency;
    REQUIRE(currency > 0 && sum->currency == currency, REFUSED_POSTINGS_NOT_ZERO);
    int64_t *total = &sum->minor[bucket];
    REQUIRE(status_ok(minor_add(*total, minor, total)), REFUSED_POSTINGS_NOT_ZERO);
    return OK;
}

typedef struct Account {
    int64_t id, class, currency, balance, frozen;
    Span owner;
} Account;

static Status take_account(const RowView *row, Account *ret)
{
    const bool whole = take_int(row, ACCOUNT_ID, &ret->id)
            && take_int(row, ACCOUNT_CLASS, &ret->class)
            && take_int(row, ACCOUNT_CURRENCY, &ret->currency)
            && take_int(row, ACCOUNT_BALANCE, &ret->balance)
            && take_int(row, ACCOUNT_FROZEN, &ret->frozen);
    REQUIRE(whole, REFUSED_ROW_INVALID);
    REQUIRE(ret->class >= ACCOUNT_CLASS_PAYER && ret->class <= ACCOUNT_CLASS_SYSTEM,
            REFUSED_ROW_INVALID);
    REQUIRE(ret->currency > 0, REFUSED_ROW_INVALID);
    ret->owner = row_bytes(row, ACCOUNT_OWNER);
    return OK;
}

static Status check_account(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    Account now;
    TRY(take_account(&change->new_row, &now));
    Account before = {
        .id = now.id, .class = now.class, .currency = now.currency, .owner = now.owner
    };
    if (!change->is_insert) TRY(take_account(&change->old_row, &before));
    const bool same = now.id == before.id
            && now.class == before.class && now.currency == before.currency
            && span_equal(now.owner, before.owner);
    REQUIRE(same, REFUSED_ROW_NOT_SUCCESSOR);
    const bool may_owe = now.class == ACCOUNT_CLASS_SYSTEM;
    REQUIRE(may_owe || (now.balance >= 0 && now.frozen >= 0), REFUSED_BALANCE_NEGATIVE);

    KeyedHash name;
    name_account(key, now.id, &name);
    Sum *sum = sum_of(&s->accounts, s->round, &name);
    REQUIRE(sum->change == NULL, REFUSED_ROW_DUPLICATED);
    sum->change = change;
    REQUIRE(sum->currency == 0 || sum->currency == now.currency, REFUSED_POSTINGS_NOT_ZERO);
    int64_t balance = 0;
    int64_t frozen = 0;
    const bool overflows = __builtin_sub_overflow(now.balance, before.balance, &balance)
            || __builtin_sub_overflow(now.frozen, before.frozen, &frozen);
    REQUIRE(!overflows, REFUSED_POSTINGS_NOT_ZERO);
    REQUIRE(balance == sum->minor[POSTING_BALANCE], REFUSED_POSTINGS_NOT_ZERO);
    REQUIRE(frozen == sum->minor[POSTING_FROZEN], REFUSED_POSTINGS_NOT_ZERO);
    return OK;
}

static Status check_sums(const MoneyScratch *s)
{
    for (size_t i = 0; i < s->transactions.used_count; i++) {
        const Sum *sum = &s->transactions.slots[s->transactions.used[i]];
        REQUIRE(sum->minor[0] == 0, REFUSED_POSTINGS_NOT_ZERO);
    }
    for (size_t i = 0; i < s->accounts.used_count; i++) {
        const Sum *sum = &s->accounts.slots[s->accounts.used[i]];
        REQUIRE(sum->change != NULL, REFUSED_POSTINGS_NOT_ZERO);
    }
    return OK;
}

Status money_check(MoneyScratch *scratch, const KeyedHashKey *key, const RowChange *changes,
        size_t count, int64_t now_us)
{
    ASSERT(count <= MONEY_ROWS_MAX);
    scratch->round++;
    scratch->now_us = now_us;
    scratch->transactions.used_count = 0;
    scratch->accounts.used_count = 0;
    scratch->purposes.used_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (changes[i].new_row.head.table != TABLE_POSTING) continue;
        TRY(add_posting(scratch, key, &changes[i].new_row));
    }
    for (size_t i = 0; i < count; i++) {
        if (changes[i].new_row.head.table != TABLE_ACCOUNT) continue;
        TRY(check_account(scratch, key, &changes[i]));
    }
    TRY(check_sums(scratch));
    return check_purposes(scratch, key, changes, count);
}

bool is_set(const Value *value) { return value != NULL && value->type != VALUE_NULL; }

bool column_stays(const RowChange *change, uint16_t column)
{
    const Value *before = row_value(&change->old_row, column);
    const Value *now = row_value(&change->new_row, column);
    return before != NULL && now != NULL && value_equal(before, now);
}

Status money_check_payment(const RowChange *change)
{
    static const uint16_t fixed[] = { PAYMENT_MCHID, PAYMENT_OUT_TRADE_NO, PAYMENT_TRANSACTION_ID,
        PAYMENT_PREPAY_ID, PAYMENT_MINOR, PAYMENT_CURRENCY, PAYMENT_PAYEE_ACCOUNT };
    if (change->is_insert) return OK;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        REQUIRE(column_stays(change, fixed[i]), REFUSED_ROW_NOT_SUCCESSOR);
    if (is_set(row_value(&change->old_row, PAYMENT_PAYER_ACCOUNT))) {
        REQUIRE(column_stays(change, PAYMENT_PAYER_ACCOUNT), REFUSED_ROW_NOT_SUCCESSOR);
        REQUIRE(column_stays(change, PAYMENT_PAYER), REFUSED_ROW_NOT_SUCCESSOR);
    }
    if (!is_set(row_value(&change->old_row, PAYMENT_GRANT))) return OK;
    /* Whose grant it was stays as well: the log must not show it under another payer. */
    REQUIRE(column_stays(change, PAYMENT_GRANT), REFUSED_ROW_NOT_SUCCESSOR);
    REQUIRE(column_stays(change, PAYMENT_PAYER), REFUSED_ROW_NOT_SUCCESSOR);
    return OK;
}
