#include "audit/verify_inside.h"

#include <stdlib.h>

/* --- postings of one batch: each transaction's sum in each currency is zero --- */

static void end_batch(Verify *v)
{
    for (size_t i = 0; i < v->in_batch_count; i++) {
        const BatchSum *sum = &v->in_batch[i];
        if (sum->sum != 0)
            verify_found_print(v, FINDING_SUM_NOT_ZERO, "posting", v->sum_batch, "%.*s in %lld",
                    (int)sum->size, (const char *)sum->transaction, (long long)sum->currency);
    }
    v->in_batch_count = 0;
}

/* Postings of a transaction stand together, so the search from the end is short. */
static BatchSum *batch_sum(Verify *v, Span transaction, int64_t currency)
{
    if (transaction.size > VERIFY_TRANSACTION_BYTES_MAX)
        transaction.size = VERIFY_TRANSACTION_BYTES_MAX;
    for (size_t i = v->in_batch_count; i > 0; i--) {
        BatchSum *sum = &v->in_batch[i - 1];
        if (sum->currency != currency) continue;
        if (span_equal((Span) { sum->transaction, sum->size }, transaction)) return sum;
    }
    if (v->in_batch_count == AUDIT_LEAF_ROWS_MAX) return NULL; /* more than a batch can hold */
    BatchSum *sum = &v->in_batch[v->in_batch_count++];
    *sum = (BatchSum) { .size = transaction.size, .currency = currency };
    if (transaction.size > 0) memcpy(sum->transaction, transaction.data, transaction.size);
    return sum;
}

/* --- accounts --- */

static size_t slot_of(const Verify *v, int64_t account)
{
    uint64_t hash = (uint64_t)account * 0x9E3779B97F4A7C15u;
    size_t at = (size_t)(hash >> 20) & (v->sum_capacity - 1);
    while (v->sums[at].taken && v->sums[at].account != account)
        at = (at + 1) & (v->sum_capacity - 1);
    return at;
}

static Status grow_sums(Verify *v)
{
    SumEntry *old = v->sums;
    const size_t old_capacity = v->sum_capacity;
    SumEntry *grown = calloc(old_capacity > 0 ? 2 * old_capacity : 1024, sizeof(SumEntry));
    CHECK(grown != NULL, FAULT_MEMORY);
    v->sums = grown;
    v->sum_capacity = old_capacity > 0 ? 2 * old_capacity : 1024;
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].taken) v->sums[slot_of(v, old[i].account)] = old[i];
    }
    free(old);
    return OK;
}

static Status account_sum(Verify *v, int64_t account, int64_t currency, SumEntry **ret)
{
    if (2 * v->sum_count >= v->sum_capacity) TRY(grow_sums(v));
    SumEntry *entry = &v->sums[slot_of(v, account)];
    if (!entry->taken) {
        *entry = (SumEntry) { .account = account, .currency = currency, .taken = true };
        v->sum_count++;
    }
    *ret = entry;
    return OK;
}

static Status add_posting(Verify *v, const RowView *row)
{
    const int64_t batch = row_int(row, POSTING_BATCH, -1);
    const int64_t currency = row_int(row, POSTING_CURRENCY, -1);
    const int64_t minor = row_int(row, POSTING_MINOR, 0);
    v->report.postings++;
    if (batch != v->sum_batch) end_batch(v);
    v->sum_batch = batch;
    BatchSum *sum = batch_sum(v, row_bytes(row, POSTING_TRANSACTION), currency);
    if (sum != NULL)
        sum->sum += minor;
    else
        verify_found_row(v, FINDING_SUM_NOT_ZERO, row);

    SumEntry *account = NULL;
    TRY(account_sum(v, row_int(row, POSTING_ACCOUNT, -1), currency, &account));
    if (row_int(row, POSTING_BUCKET, -1) == POSTING_FROZEN)
        account->frozen += minor;
    else
        account->balance += minor;
    if (account->currency != currency) verify_found_row(v, FINDING_BALANCE_DIFFERS, row);
    return OK;
}

static Status compare_account(Verify *v, const RowView *row)
{
    SumEntry *sum = NULL;
    v->report.accounts++;
    TRY(account_sum(v, row_int(row, ACCOUNT_ID, -1), row_int(row, ACCOUNT_CURRENCY, -1), &sum));
    sum->compared = true;
    const bool same = sum->balance == row_int(row, ACCOUNT_BALANCE, INT64_MIN)
            && sum->frozen == row_int(row, ACCOUNT_FROZEN, INT64_MIN)
            && sum->currency == row_int(row, ACCOUNT_CURRENCY, -2);
    if (!same) verify_found_row(v, FINDING_BALANCE_DIFFERS, row);
    return OK;
}

Status verify_sum_row(Verify *v, const RowView *row)
{
    if (row->head.table == TABLE_POSTING) return add_posting(v, row);
    if (row->head.table == TABLE_ACCOUNT) return compare_account(v, row);
    return OK;
}

void verify_sums_end(Verify *v)
{
    end_batch(v);
    for (size_t i = 0; i < v->sum_capacity; i++) {
        const SumEntry *sum = &v->sums[i];
        if (sum->taken && !sum->compared)
            verify_found_print(v, FINDING_BALANCE_DIFFERS, "account", -1, "%lld (no such account)",
                    (long long)sum->account);
    }
}
