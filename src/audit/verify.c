#include "audit/verify_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct FindingText {
    const char *name;
    const char *advice;
} FindingText;

static const FindingText texts[FINDING_KIND_COUNT] = {
    [FINDING_CHECKPOINT_MISSING] = { "checkpoint.missing",
            "A place has no checkpoint: bring it back from the other, or ask vaultd for one." },
    [FINDING_CHECKPOINT_INVALID] = { "checkpoint.invalid",
            "A checkpoint is not signed by these keys: check the key file, then who can write "
            "there." },
    [FINDING_CHECKPOINT_SPLIT] = { "checkpoint.split",
            "Two signed checkpoints contradict each other: treat vaultd's signing key as "
            "captured." },
    [FINDING_LOG_TRUNCATED] = { "log.truncated",
            "The log is shorter than what was signed: the database is an old copy. Stop; restore "
            "needs two people." },
    [FINDING_LOG_DIFFERS] = { "log.differs",
            "The log is not what was signed: keep this database as evidence and restore a good "
            "one." },
    [FINDING_LEAF_CHANGED] = { "leaf.changed",
            "A leaf was altered: compare with a backup; its rows are listed apart." },
    [FINDING_LEAF_MISSING] = { "leaf.missing", "A leaf is gone: restore it from a backup." },
    [FINDING_ROW_CHANGED] = { "row.changed",
            "The row is not what its batch wrote: it must be frozen; compare with a backup, find "
            "who wrote." },
    [FINDING_ROW_DUPLICATED] = { "row.duplicated",
            "Two rows claim one entry of the log: one is a copy." },
    [FINDING_ROW_LOST] = { "row.lost",
            "The log has a row that the table has not: it was deleted or set back; compare with a "
            "backup." },
    [FINDING_ROW_UNREADABLE] = { "row.unreadable",
            "The row's values are of no type of ours: somebody wrote it." },
    [FINDING_SEAL_DIFFERS] = { "seal.differs",
            "The seal belongs to another revision or schema of the row." },
    [FINDING_SUM_NOT_ZERO] = { "sum.not_zero",
            "The postings of a transaction do not sum to zero." },
    [FINDING_BALANCE_DIFFERS] = { "balance.differs",
            "The account does not hold what its postings add up to." },
    [FINDING_TABLE_MISSING] = { "table.missing", "A table that the log speaks of is not there." },
    [FINDING_PAYMENT_DIFFERS] = { "payment.differs",
            "The payment's state and its postings tell different stories: treat hufud as captured "
            "or "
            "broken; compare with both parties." },
    [FINDING_REPORT_MISSING] = { "report.missing",
            "An audit report that was kept is gone: bring it back from a copy; find who removed "
            "it." },
    [FINDING_REPORT_CHANGED] = { "report.changed",
            "An audit report or its note is not what was kept: bring it back from a copy; find who "
            "wrote." },
    [FINDING_APPROVAL_INVALID] = { "approval.invalid",
            "An approval was not signed by the key that stands in it: ask its approver, and who "
            "wrote it." },
    [FINDING_APPROVAL_MISSING] = { "approval.missing",
            "Something was run without the approvals that it needed: look at what it did." },
    [FINDING_COUNT_DIFFERS] = { "count.differs", "Rows claim revisions that the log never saw." },
};

const char *audit_finding_name(AuditFindingKind kind) { return texts[kind].name; }
bool audit_log_is_sound(const AuditReport *report)
{
    return report->log_findings == 0 && report->signed_leaves > 0;
}

const char *audit_finding_advice(AuditFindingKind kind) { return texts[kind].advice; }

void verify_found(
        Verify *v, AuditFindingKind kind, const char *table, const char *key, int64_t batch)
{
    const AuditFinding finding = { kind, table, key, batch };
    v->report.findings++;
    if (kind <= FINDING_LEAF_MISSING) v->report.log_findings++;
    v->config->found(v->config->context, &finding);
}

void verify_found_print(
        Verify *v, AuditFindingKind kind, const char *table, int64_t batch, const char *format, ...)
{
    char text[AUDIT_TEXT_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    verify_found(v, kind, table, size > 0 ? text : "", batch);
}

/* "1900000001/N42". A key that does not fit is cut. */
void verify_found_row(Verify *v, AuditFindingKind kind, const RowView *row)
{
    uint8_t memory[AUDIT_TEXT_BYTES_MAX];
    Buffer text = { memory, 0, sizeof(memory) - 1 };
    for (size_t i = 0; i < row->head.key_columns; i++) {
        const Value *value = &row->values[i];
        Status s = i > 0 ? buffer_put_u8(&text, '/') : OK;
        if (status_ok(s) && value->type == VALUE_INT)
            s = buffer_print(&text, "%lld", (long long)value->integer);
        if (status_ok(s) && value->type == VALUE_TEXT) s = buffer_put(&text, value->bytes);
        if (!status_ok(s)) break;
    }
    for (size_t i = 0; i < text.size; i++) /* what was tampered with goes to somebody's terminal */
        if (memory[i] < 0x20 || memory[i] >= 0x7F) memory[i] = '?';
    memory[text.size] = 0;
    verify_found(v, kind, discover_name(row->head.table), (const char *)memory, row->head.batch);
}

Status verify_grow(void **array, size_t element, size_t needed, size_t *capacity)
{
    if (needed <= *capacity) return OK;
    size_t wanted = *capacity > 0 ? *capacity : 64;
    while (wanted < needed)
        wanted *= 2;
    uint8_t *grown = realloc(*array, wanted * element);
    CHECK(grown != NULL, FAULT_MEMORY);
    memset(grown + *capacity * element, 0, (wanted - *capacity) * element);
    *array = grown;
    *capacity = wanted;
    return OK;
}

Status verify_tally(Verify *v, uint16_t table, uint64_t revision, Tally **ret_tally)
{
    size_t i = 0;
    while (i < v->tally_count && v->tallies[i].table != table)
        i++;
    if (i == v->tally_count) {
        REQUIRE(i < DISCOVER_TABLES_MAX, REFUSED_AUDIT_LEAF_FORMAT);
        v->tallies[v->tally_count++].table = table;
    }
    Tally *tally = &v->tallies[i];
    size_t same = tally->capacity; /* both arrays grow alike */
    TRY(verify_grow((void **)&tally->written, sizeof(uint64_t), revision + 2, &same));
    TRY(verify_grow((void **)&tally->present, sizeof(uint64_t), revision + 2, &tally->capacity));
    *ret_tally = tally;
    return OK;
}

static void verify_close(Verify **verify)
{
    Verify *v = *verify;
    if (v == NULL) return;
    store_close(v->store);
    for (size_t i = 0; i < VERIFY_CACHE_SLOTS; i++)
        free(v->cache[i].bytes);
    for (size_t i = 0; i < v->tally_count; i++) {
        free(v->tallies[i].written);
        free(v->tallies[i].present);
    }
    free(v->marks);
    free(v->first_entry);
    free(v->used);
    free(v->sums);
    free(v->approvals);
    free(v->requests);
    free(v);
}

static Status verify_steps(Verify *v)
{
    TRY(verify_marks(v)); /* before the snapshot: a checkpoint must not be younger than it */
    TRY(discover_tables(v->config->database, &v->tables));
    const StoreSchema *const schemas[] = { &v->tables.schema };
    const StoreConfig config = { v->config->database, NULL, schemas, 1 };
    TRY(store_open_readonly(&config, &v->store));
    TRY(store_execute(v->store, "BEGIN", NULL, 0));
    TRY(verify_log(v));
    TRY(verify_rows(v));
    verify_sums_end(v);
    TRY(verify_payments(v));
    if (verify_has_table(v, TABLE_CHANNEL_ORDER)) TRY(verify_channel_orders(v));
    TRY(verify_deductions(v));
    TRY(verify_transfers(v));
    TRY(verify_left_over(v));
    return store_execute(v->store, "COMMIT", NULL, 0);
}

Status audit_verify(const AuditVerifyConfig *config, AuditReport *ret_report)
{
    CLEANUP(verify_close) Verify *v = calloc(1, sizeof(Verify));
    CHECK(v != NULL, FAULT_MEMORY);
    v->config = config;
    v->sum_batch = -1;
    for (size_t i = 0; i < VERIFY_CACHE_SLOTS; i++)
        v->cache[i].batch = -1;
    TRY(verify_steps(v));
    memcpy(v->report.origin, v->origin, sizeof(v->origin));
    *ret_report = v->report;
    return OK;
}
