#pragma once
/*
 * money_inside: what the files that judge money share: what a batch says, by name. Nobody outside
 * includes it.
 */
#include "policy/contract_terms.h"
#include "vault/money_rules.h"

enum { SUM_SLOTS = 4096 }; /* a power of two, over twice what a batch can name */
_Static_assert(SUM_SLOTS >= 2 * 2 * MONEY_ROWS_MAX, "the tables stay half empty");

/* What the batch says of one transaction and currency, of one account, or of one purpose. */
typedef struct Sum {
    KeyedHash name;
    uint64_t round; /* of which batch; others are free */
    int64_t minor[2]; /* by bucket; a transaction uses the first */
    int64_t currency;
    const RowChange *change; /* the account, payment or refund, when the batch writes it */
    const RowChange *refunded; /* of a payment: what it has given back, likewise */
    int64_t given_minor; /* of a payment: its refunds in this batch */
    int64_t given_count;
    const RowChange *channel; /* a bank order, when the batch writes it; it uses both of minor */
    const RowChange *fee; /* of a payment: what it cost, likewise */
    int64_t fee_minor; /* of a payment: what came to the house's account for it in this batch */
    const RowChange *deduction; /* of a payment: by which contract it is taken, likewise */
    const RowChange *contract; /* of a contract, when the batch writes it: given_ is taken by it */
    int64_t merchant; /* of a transaction: the first merchant's account in it */
    bool has_merchant; /* ... there is one: hufud chooses the numbers, so none means nothing */
    bool from_merchant; /* ... it takes from a merchant's account */
    bool to_another; /* ... a payer's or a second merchant's is in it */
} Sum;

typedef struct Sums {
    Sum slots[SUM_SLOTS];
    uint16_t used[2 * MONEY_ROWS_MAX];
    size_t used_count;
} Sums;

struct MoneyScratch {
    uint64_t round;
    int64_t now_us;
    Sums transactions;
    Sums accounts;
    Sums purposes; /* payments and refunds, by the transaction of their postings */
};

/* --- money_rules.c --- */
/* The sum of this name, zero when the batch names it for the first time. */
Sum *sum_of(Sums *sums, uint64_t round, const KeyedHash *name);
/* The sum of this name, NULL when the batch does not name it. */
Sum *sum_known(Sums *sums, uint64_t round, const KeyedHash *name);
void name_account(const KeyedHashKey *key, int64_t account, KeyedHash *ret_name);
/* Transaction and currency: the hash is uniform, so mixing the number in keeps names apart. */
void name_transaction(
        const KeyedHashKey *key, Span transaction, int64_t currency, KeyedHash *ret_name);
bool take_int(const RowView *row, uint16_t column, int64_t *ret);
bool is_set(const Value *value);
bool column_stays(const RowChange *change, uint16_t column);

/* The row of this account in this batch, or NULL. */
const RowView *account_row(MoneyScratch *s, const KeyedHashKey *key, int64_t account);
/* The sum of what is called so in postings; made when the batch names it for the first time. */
Sum *purpose_of(MoneyScratch *s, const KeyedHashKey *key, Span transaction);
/* Both rows have this value, the same. */
bool same_value(const RowView *a, uint16_t column_a, const RowView *b, uint16_t column_b);

/* --- money_channel.c --- */
/* Rule 15 of one row. */
MUST_USE Status add_channel(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change);
bool is_channel_posting(const RowView *posting);
MUST_USE Status check_channel_posting(
        MoneyScratch *s, const KeyedHashKey *key, const RowView *posting);
/* Rule 16, of a bank order that the batch writes; all postings were added. */
MUST_USE Status check_channel(const Sum *order);

/* --- money_fee.c --- */
MUST_USE Status add_fee(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change);
bool is_fee_posting(const RowView *posting);
MUST_USE Status check_fee_posting(MoneyScratch *s, const KeyedHashKey *key, const RowView *posting);
/* Rules 13 and 14, of a payment whose fee the batch writes; all postings were added. */
MUST_USE Status check_fee(const Sum *payment);

/* --- money_settlement.c --- */
MUST_USE Status add_settlement(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change);
bool is_settlement_posting(const RowView *posting);
MUST_USE Status check_settlement_posting(
        MoneyScratch *s, const KeyedHashKey *key, const RowView *posting);
/* Rule 17; all postings were added. */
MUST_USE Status check_settlement(const Sum *sum);

/* --- money_transfer.c --- */
MUST_USE Status add_transfer(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change);
bool is_transfer_posting(const RowView *posting);
MUST_USE Status check_transfer_posting(
        MoneyScratch *s, const KeyedHashKey *key, const RowView *posting);
/* Rule 18 but for the grant (prepare.c); all postings were added. */
MUST_USE Status check_transfer(const Sum *sum);

/* --- money_deduction.c --- */
MUST_USE Status add_contract(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change);
/* Payments and contracts were added. */
MUST_USE Status add_deduction(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change);
/* Rule 19, of a payment that the batch writes, and of a contract. */
MUST_USE Status check_deducted(MoneyScratch *s, const KeyedHashKey *key, const Sum *payment);
MUST_USE Status check_contract(const Sum *sum, int64_t now_us);

/* --- money_purpose.c --- */
/* Rules 7 to 19; the sums of transactions and accounts are there already. */
MUST_USE Status check_purposes(
        MoneyScratch *s, const KeyedHashKey *key, const RowChange *changes, size_t count);
