#include "vault/money_rules.h"

#include "base/money.h"
#include "base/secret.h"
#include "policy/tables.h"

#include <stdlib.h>

enum { SUM_SLOTS = 4096 }; /* a power of two, over twice what a batch can name */
_Static_assert(SUM_SLOTS >= 2 * 2 * MONEY_ROWS_MAX, "the tables stay half empty");

/* What the postings say of one transaction and currency, or of one account. */
typedef struct Sum {
    KeyedHash name;
    uint64_t round; /* of which batch; others are free */
    int64_t minor[2]; /* by bucket; a transaction uses the first */
    int64_t currency;
    const RowView *row; /* the account, or the payment of a transaction, when the batch writes it */
} Sum;

typedef struct Sums {
    Sum slots[SUM_SLOTS];
    uint16_t used[2 * MONEY_ROWS_MAX];
    size_t used_count;
} Sums;

struct MoneyScratch {
    uint64_t round;
    Sums transactions;
    Sums accounts;
    Sums payments; /* by transaction alone: no sums, only their rows */
};

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

/* The sum of this name, zero when the batch names it for the first time. */
static Sum *sum_of(Sums *sums, uint64_t round, const KeyedHash *name)
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

/* The row of this name, NULL when the batch does not write it. */
static const RowView *row_of(const Sums *sums, uint64_t round, const KeyedHash *name)
{
    uint32_t index = ((uint32_t)name->bytes[0] << 8 | name->bytes[1]) & (SUM_SLOTS - 1);
    while (sums->slots[index].round == round && !keyed_hash_equal(&sums->slots[index].name, name))
        index = (index + 1) & (SUM_SLOTS - 1);
    return sums->slots[index].round == round ? sums->slots[index].row : NULL;
}

static void name_account(const KeyedHashKey *key, int64_t account, KeyedHash *ret_name)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)((uint64_t)account >> (8 * i));
    keyed_hash(key, SPAN_OF(bytes), ret_name);
}

/* Transaction and currency: the hash is uniform, so mixing the number in keeps names apart. */
static void name_transaction(
        const KeyedHashKey *key, Span transaction, int64_t currency, KeyedHash *ret_name)
{
    keyed_hash(key, transaction, ret_name);
    for (size_t i = 0; i < 8; i++)
        ret_name->bytes[8 + i] ^= (uint8_t)((uint64_t)currency >> (8 * i));
}

static bool take_int(const RowView *row, uint16_t column, int64_t *ret)
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
    REQUIRE(sum->row == NULL, REFUSED_ROW_DUPLICATED);
    sum->row = &change->new_row;
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
        REQUIRE(sum->row != NULL, REFUSED_POSTINGS_NOT_ZERO);
    }
    return OK;
}

/* --- whose money it is --- */

static bool is_set(const Value *value) { return value != NULL && value->type != VALUE_NULL; }

/* Rule 7. A payer's account that was named before was judged then, and stays (rule 6). */
static Status check_payer(const MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    const RowView *payment = &change->new_row;
    const Value *before =
            change->is_insert ? NULL : row_value(&change->old_row, PAYMENT_PAYER_ACCOUNT);
    const Value *now = row_value(payment, PAYMENT_PAYER_ACCOUNT);
    if (!is_set(now) || is_set(before)) return OK;
    REQUIRE(now->type == VALUE_INT, REFUSED_ROW_INVALID);
    KeyedHash name;
    name_account(key, now->integer, &name);
    const RowView *account = row_of(&s->accounts, s->round, &name);
    const Span payer = row_bytes(payment, PAYMENT_PAYER);
    REQUIRE(account != NULL && payer.size > 0, REFUSED_PAYER_ACCOUNT_OTHER);
    REQUIRE(row_int(account, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_PAYER, REFUSED_PAYER_ACCOUNT_OTHER);
    REQUIRE(span_equal(row_bytes(account, ACCOUNT_OWNER), payer), REFUSED_PAYER_ACCOUNT_OTHER);
    return OK;
}

static Status add_payment(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    const Span transaction = row_bytes(&change->new_row, PAYMENT_TRANSACTION_ID);
    REQUIRE(transaction.size > 0, REFUSED_ROW_INVALID);
    KeyedHash name;
    keyed_hash(key, transaction, &name);
    Sum *sum = sum_of(&s->payments, s->round, &name);
    REQUIRE(sum->row == NULL, REFUSED_ROW_DUPLICATED);
    sum->row = &change->new_row;
    return check_payer(s, key, change);
}

/* A posting of a payment: its amount, from its payer or within the payer's account, to its payee.
 * */
static Status check_paying(const RowView *payment, const RowView *posting)
{
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
    return OK;
}

/* Rule 8. The posting is known to be whole. */
static Status check_purpose(const MoneyScratch *s, const KeyedHashKey *key, const RowView *posting)
{
    KeyedHash name;
    keyed_hash(key, row_bytes(posting, POSTING_TRANSACTION), &name);
    const RowView *payment = row_of(&s->payments, s->round, &name);
    if (payment != NULL) return check_paying(payment, posting);
    if (row_int(posting, POSTING_MINOR, 0) >= 0) return OK;
    name_account(key, row_int(posting, POSTING_ACCOUNT, 0), &name);
    const RowView *account = row_of(&s->accounts, s->round, &name);
    REQUIRE(account != NULL, REFUSED_POSTINGS_NOT_ZERO);
    REQUIRE(row_int(account, ACCOUNT_CLASS, 0) != ACCOUNT_CLASS_PAYER, REFUSED_PAYER_ACCOUNT_OTHER);
    return OK;
}

static Status check_payments(
        MoneyScratch *s, const KeyedHashKey *key, const RowChange *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (changes[i].new_row.head.table != TABLE_PAYMENT) continue;
        TRY(add_payment(s, key, &changes[i]));
    }
    for (size_t i = 0; i < count; i++) {
        if (changes[i].new_row.head.table != TABLE_POSTING) continue;
        TRY(check_purpose(s, key, &changes[i].new_row));
    }
    return OK;
}

Status money_check(
        MoneyScratch *scratch, const KeyedHashKey *key, const RowChange *changes, size_t count)
{
    ASSERT(count <= MONEY_ROWS_MAX);
    scratch->round++;
    scratch->transactions.used_count = 0;
    scratch->accounts.used_count = 0;
    scratch->payments.used_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (changes[i].new_row.head.table != TABLE_POSTING) continue;
        TRY(add_posting(scratch, key, &changes[i].new_row));
    }
    for (size_t i = 0; i < count; i++) {
        if (changes[i].new_row.head.table != TABLE_ACCOUNT) continue;
        TRY(check_account(scratch, key, &changes[i]));
    }
    TRY(check_sums(scratch));
    return check_payments(scratch, key, changes, count);
}

static bool column_stays(const RowChange *change, uint16_t column)
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
