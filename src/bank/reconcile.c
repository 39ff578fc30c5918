#include "bank/reconcile_rows.h"

#include "base/time.h"
#include "store/unit_wait.h"
#include "text/csv.h"

#include <stdlib.h>

/* --- the bank's file --- */

typedef struct FileColumns {
    size_t number, kind, amount;
} FileColumns;

static Status take_line(const CsvReader *reader, const FileColumns *at, BankLine *ret_line)
{
    const Span number = csv_field(reader, at->number);
    REQUIRE(channel_number_is_valid(number), REFUSED_BANK_FILE);
    REQUIRE(channel_kind_of(csv_field(reader, at->kind), &ret_line->kind), REFUSED_BANK_FILE);
    REQUIRE(status_ok(csv_field_int(reader, at->amount, &ret_line->minor)), REFUSED_BANK_FILE);
    REQUIRE(ret_line->minor > 0 && ret_line->minor <= LEDGER_MINOR_MAX, REFUSED_BANK_FILE);
    memcpy(ret_line->number, number.data, number.size);
    ret_line->number[number.size] = 0;
    return OK;
}

static Status read_all(CsvReader *reader, BankLine *ret_lines, size_t capacity, size_t *ret_count)
{
    FileColumns at = { 0 };
    bool more = true;
    REQUIRE(csv_column_count(reader) == 3, REFUSED_BANK_FILE);
    REQUIRE(status_ok(csv_column(reader, "sandbox_order", &at.number)), REFUSED_BANK_FILE);
    REQUIRE(status_ok(csv_column(reader, "kind", &at.kind)), REFUSED_BANK_FILE);
    REQUIRE(status_ok(csv_column(reader, "amount", &at.amount)), REFUSED_BANK_FILE);
    for (size_t count = 0;; count++) { /* ends: a file has an end, and `capacity` */
        REQUIRE(status_ok(csv_next(reader, &more)), REFUSED_BANK_FILE);
        *ret_count = count;
        if (!more) return OK;
        REQUIRE(count < capacity, REFUSED_BUFFER_FULL);
        TRY(take_line(reader, &at, &ret_lines[count]));
    }
}

Status reconcile_read(Span file, BankLine *ret_lines, size_t capacity, size_t *ret_count)
{
    CLEANUP(csv_close) CsvReader *reader = NULL;
    REQUIRE(status_ok(csv_open(file, &reader)), REFUSED_BANK_FILE);
    return read_all(reader, ret_lines, capacity, ret_count);
}

/* --- our side --- */

typedef struct OurLine {
    BankLine line;
    ChannelState state;
    bool of_day; /* sent on the day, so that the bank's file must have it */
} OurLine;

typedef struct Work {
    const ReconcileAsk *ask;
    BankLine *theirs;
    size_t their_count;
    BankLine *before; /* of the day before */
    size_t before_count;
    OurLine *ours; /* by number */
    size_t our_count;
    uint8_t file[DIGEST_SHA256_BYTES];
} Work;

static void work_free(Work *work)
{
    free(work->theirs);
    free(work->before);
    free(work->ours);
}

static Status take_ours(void *context, const Value *values, size_t count)
{
    Work *work = context;
    CHECK(count == 5, FAULT_STORE);
    REQUIRE(work->our_count < RECONCILE_ORDERS_MAX, REFUSED_BUFFER_FULL);
    OurLine *ours = &work->ours[work->our_count];
    *ours = (OurLine) { .line = { .kind = (ChannelKind)values[1].integer,
                                .minor = values[2].integer },
        .state = (ChannelState)values[3].integer,
        .of_day = values[4].integer != 0 };
    if (status_ok(value_copy_text(&values[0], ours->line.number, sizeof(ours->line.number))))
        work->our_count++;
    return OK;
}

/* The day's orders, and those of the day before and the day after: the bank's clock is its own. In
 * the order of their numbers. */
static Status find_ours(void *context, Store *store)
{
    Work *work = context;
    static const char sql[] =
            "SELECT number, kind, minor, state, sent >= ?3 AND sent < ?4 FROM channel_order"
            " WHERE created >= ?1 AND created < ?2 AND sent IS NOT NULL ORDER BY number";
    const int64_t begin_us = time_business_day_start_us(work->ask->day);
    const int64_t seam_us = work->ask->file_before.data == NULL ? 0 : RECONCILE_SEAM_US;
    const Value parameters[] = { VALUE_OF_INT(begin_us - TIME_DAY_US),
        VALUE_OF_INT(begin_us + 2 * TIME_DAY_US), VALUE_OF_INT(begin_us - seam_us),
        VALUE_OF_INT(begin_us + TIME_DAY_US - RECONCILE_SEAM_US) };
    return store_query(store, sql, parameters, 4, take_ours, work);
}

static int by_number(const void *a, const void *b)
{
    return strcmp(((const BankLine *)a)->number, ((const BankLine *)b)->number);
}

/* The first member of an OurLine is a BankLine, so that both are found by number alike. */
_Static_assert(offsetof(OurLine, line) == 0, "found by number");

static const OurLine *our_line(const Work *work, const BankLine *line)
{
    return bsearch(line, work->ours, work->our_count, sizeof(work->ours[0]), by_number);
}

static bool they_have(const Work *work, const BankLine *line)
{
    const size_t size = sizeof(*line);
    if (bsearch(line, work->theirs, work->their_count, size, by_number) != NULL) return true;
    return work->before != NULL
            && bsearch(line, work->before, work->before_count, size, by_number) != NULL;
}

/* --- comparing --- */

/* `line`: the bank's, or NULL. */
static Status differs(Batcher *batcher, const Work *work, const char *number, StatusCode verdict,
        const BankLine *line, Reconciled *r)
{
    ReconcileDiffer unit = { .day = work->ask->day,
        .verdict = verdict,
        .theirs_kind = line == NULL ? 0 : line->kind,
        .theirs_minor = line == NULL ? -1 : line->minor };
    memcpy(unit.number, number, sizeof(unit.number));
    memcpy(unit.file, work->file, sizeof(unit.file));
    reconcile_differ_unit(&unit, NULL);
    TRY(unit_wait(batcher, &unit.unit));
    switch (unit.judgement) {
    case RECONCILE_DIFFERS:
        r->differences++;
        r->found += unit.known ? 0 : 1;
        break;
    case RECONCILE_MATCHES: r->matched++; break;
    case RECONCILE_OPEN: r->open += line == NULL ? 0 : 1; break;
    }
    return OK;
}

/* In this file before, or in that of the day before. */
static bool is_again(const Work *work, size_t at)
{
    const BankLine *line = &work->theirs[at];
    if (at > 0 && by_number(line, line - 1) == 0) return true;
    return work->before != NULL
            && bsearch(line, work->before, work->before_count, sizeof(*line), by_number) != NULL;
}

/* Each line of the bank's is matched, open or a difference. */
static Status compare_line(Batcher *batcher, const Work *work, size_t at, Reconciled *r)
{
    const BankLine *line = &work->theirs[at];
    const OurLine *ours = our_line(work, line);
    if (is_again(work, at))
        return differs(batcher, work, line->number, REFUSED_BANK_TWICE_THERE, line, r);
    if (ours == NULL || ours->state == CHANNEL_FAILED)
        return differs(batcher, work, line->number, REFUSED_BANK_MISSING_HERE, line, r);
    if (ours->line.minor != line->minor || ours->line.kind != line->kind)
        return differs(batcher, work, line->number, REFUSED_BANK_AMOUNT_DIFFERS, line, r);
    if (ours->state == CHANNEL_SUCCESS)
        r->matched++;
    else
        r->open++;
    return OK;
}

static Status compare(Batcher *batcher, const Work *work, Reconciled *r)
{
    for (size_t i = 0; i < work->their_count; i++)
        TRY(compare_line(batcher, work, i, r));
    for (size_t i = 0; i < work->our_count; i++) {
        const OurLine *ours = &work->ours[i];
        if (!ours->of_day || ours->state != CHANNEL_SUCCESS) continue;
        if (they_have(work, &ours->line)) continue;
        TRY(differs(batcher, work, ours->line.number, REFUSED_BANK_MISSING_THERE, NULL, r));
    }
    return OK;
}

static Status read_sorted(Span file, BankLine **ret_lines, size_t *ret_count)
{
    *ret_lines = malloc(RECONCILE_ORDERS_MAX * sizeof(**ret_lines));
    CHECK(*ret_lines != NULL, FAULT_MEMORY);
    TRY(reconcile_read(file, *ret_lines, RECONCILE_ORDERS_MAX, ret_count));
    qsort(*ret_lines, *ret_count, sizeof(**ret_lines), by_number);
    return OK;
}

static Status prepare(Batcher *batcher, Work *work)
{
    const ReconcileAsk *ask = work->ask;
    work->ours = malloc(RECONCILE_ORDERS_MAX * sizeof(work->ours[0]));
    CHECK(work->ours != NULL, FAULT_MEMORY);
    sha256(ask->file, work->file);
    TRY(read_sorted(ask->file, &work->theirs, &work->their_count));
    if (ask->file_before.data != NULL)
        TRY(read_sorted(ask->file_before, &work->before, &work->before_count));
    TRY(batcher_between(batcher, find_ours, work));
    qsort(work->ours, work->our_count, sizeof(work->ours[0]), by_number); /* as strcmp has it */
    return OK;
}

Status reconcile_day(
        Batcher *batcher, const Clock *clock, const ReconcileAsk *ask, Reconciled *ret_reconciled)
{
    CLEANUP(work_free) Work work = { .ask = ask };
    Reconciled r = { 0 };
    REQUIRE(ask->day < time_business_day(clock_now_us(clock)), REFUSED_BANK_DAY);
    TRY(prepare(batcher, &work));
    TRY(compare(batcher, &work, &r));
    ReconcileTell told = { .ask = ask, .reconciled = &r };
    memcpy(told.file, work.file, sizeof(told.file));
    reconcile_tell_unit(&told, NULL);
    TRY(unit_wait(batcher, &told.unit));
    *ret_reconciled = r;
    return OK;
}
