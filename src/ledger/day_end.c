#include "ledger/day_end.h"

#include "audit/event.h"
#include "base/time.h"
#include "cases/alert.h"
#include "ledger/account_rows.h"
#include "ledger/reserve.h"
#include "store/unit_wait.h"

static const Column day_end_columns[] = {
    { DAY_END_DAY, "day", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { DAY_END_CURRENCY, "currency", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { DAY_END_ACCOUNTS, "accounts", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { DAY_END_SUM, "sum_minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "ledger" },
    { DAY_END_TIME, "closed", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
};

const Table day_end_table = {
    TABLE_DAY_END,
    .schema = 1,
    .name = "day_end",
    .append_only = true,
    .key_columns = 2,
    .column_count = sizeof(day_end_columns) / sizeof(day_end_columns[0]),
    .columns = day_end_columns,
};

/* --- list --- */

typedef struct IdList {
    int64_t *ids;
    size_t count;
} IdList;

static Status take_id(void *context, const Value *values, size_t count)
{
    IdList *list = context;
    CHECK(count == 1 && list->count < DAY_END_GROUP_MAX, FAULT_STORE);
    CHECK(values[0].type == VALUE_INT, FAULT_STORE);
    list->ids[list->count++] = values[0].integer;
    return OK;
}

Status day_end_list(
        Store *store, int64_t after_id, int64_t ret_ids[DAY_END_GROUP_MAX], size_t *ret_count)
{
    const Value parameters[] = { VALUE_OF_INT(after_id), VALUE_OF_INT(DAY_END_GROUP_MAX) };
    IdList list = { ret_ids, 0 };
    TRY(store_query(store, "SELECT id FROM account WHERE id > ?1 ORDER BY id LIMIT ?2", parameters,
            2, take_id, &list));
    *ret_count = list.count;
    return OK;
}

/* What the audit log hears of a day: which one, in which currency, and how it ended. */
static Status tell(Rows *rows, int64_t day, const DayEndTotal *total, Status outcome)
{
    uint8_t subject_memory[32];
    uint8_t detail_memory[96];
    Buffer subject = BUFFER_OF(subject_memory);
    Buffer detail = BUFFER_OF(detail_memory);
    char text[9];
    time_business_day_text((int32_t)day, text);
    TRY(buffer_print(&subject, "day/%s", text));
    TRY(buffer_print(&detail, "%s accounts %lld sum %lld", currency_name(total->currency),
            (long long)total->accounts, (long long)total->sum_minor));
    const AuditEvent event = { .kind = AUDIT_DAY_END,
        .outcome = outcome.code,
        .actor = SPAN("timer"),
        .subject = span_of_buffer(&subject),
        .detail = span_of_buffer(&detail) };
    return audit_event_tell(rows, &event);
}

/* --- roll --- */

static Status totals_put(DayEndTotals *totals, const DayEndTotal *more)
{
    size_t i = 0;
    while (i < totals->count && totals->of[i].currency != more->currency)
        i++;
    REQUIRE(i < DAY_END_CURRENCIES_MAX, REFUSED_BUFFER_FULL);
    if (i == totals->count)
        totals->of[totals->count++] = (DayEndTotal) { .currency = more->currency };
    DayEndTotal *total = &totals->of[i];
    TRY(minor_add(total->sum_minor, more->sum_minor, &total->sum_minor));
    TRY(minor_add(total->customers_minor, more->customers_minor, &total->customers_minor));
    TRY(minor_add(total->payables_minor, more->payables_minor, &total->payables_minor));
    TRY(minor_add(total->fees_minor, more->fees_minor, &total->fees_minor));
    total->accounts += more->accounts;
    return OK;
}

Status day_end_totals_add(DayEndTotals *totals, const DayEndTotals *more)
{
    DayEndTotals sum = *totals;
    for (size_t i = 0; i < more->count; i++)
        TRY(totals_put(&sum, &more->of[i]));
    *totals = sum;
    return OK;
}

static Status roll_gather(Unit *unit, Rows *rows)
{
    const DayEndRoll *work = (const DayEndRoll *)unit;
    ASSERT(work->count <= DAY_END_GROUP_MAX);
    for (size_t i = 0; i < work->count; i++)
        TRY(account_gather(rows, work->ids[i]));
    return OK;
}

static DayEndTotal total_of(const Account *account)
{
    DayEndTotal total = { account->currency, 1, account->previous, 0, 0, 0 };
    if (account->class != ACCOUNT_CLASS_SYSTEM) total.customers_minor = account->previous;
    if (account->id == account_id_of_payables(account->currency))
        total.payables_minor = account->previous;
    if (account->id == account_id_of_fees(account->currency)) total.fees_minor = account->previous;
    return total;
}

static Status roll_one(Rows *rows, int64_t id, int64_t day, DayEndTotals *totals)
{
    Account account;
    TRY(account_get(rows, id, &account));
    if (account_roll(&account, rows_now_us(rows))) TRY(account_put(rows, &account));
    /* Opened after the evening in question: it was not there, and has nothing to add. */
    REQUIRE(account.previous_day == day, REFUSED_DAY_TOO_OLD);
    const DayEndTotal total = total_of(&account);
    return totals_put(totals, &total);
}

static Status roll_run(Unit *unit, Rows *rows)
{
    DayEndRoll *work = (DayEndRoll *)unit;
    const int64_t yesterday = time_business_day(rows_now_us(rows)) - 1;
    REQUIRE(work->day <= yesterday, REFUSED_DAY_NOT_OVER);
    REQUIRE(work->day == yesterday, REFUSED_DAY_TOO_OLD);
    DayEndTotals totals = { 0 };
    for (size_t i = 0; i < work->count; i++)
        TRY(roll_one(rows, work->ids[i], work->day, &totals));
    work->totals = totals;
    return OK;
}

void day_end_roll_unit(DayEndRoll *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = roll_gather, .run = roll_run, .done = done };
}

/* --- close --- */

static Status close_row(Rows *rows, const DayEndClose *work, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_INT(work->day), VALUE_OF_INT((int64_t)work->total.currency) };
    return rows_get(rows, &day_end_table, key, ret_row);
}

static Status close_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return close_row(rows, (const DayEndClose *)unit, &row);
}

static Status alert_not_zero(Rows *rows, const DayEndClose *work)
{
    uint8_t memory[64];
    Buffer key = BUFFER_OF(memory);
    const uint16_t ids[] = { DAY_END_DAY, DAY_END_CURRENCY };
    const Value values[] = { VALUE_OF_INT(work->day), VALUE_OF_INT((int64_t)work->total.currency) };
    TRY(row_encode_key(TABLE_DAY_END, ids, values, 2, &key));
    const Alert alert = alert_of(
            ALERT_DAY_END, TABLE_DAY_END, span_of_buffer(&key), REFUSE(REFUSED_DAY_NOT_ZERO));
    return alert_append(rows, &alert);
}

static Status close_run(Unit *unit, Rows *rows)
{
    DayEndClose *work = (DayEndClose *)unit;
    const int64_t now_us = rows_now_us(rows);
    const Row *row = NULL;
    REQUIRE(work->day < time_business_day(now_us), REFUSED_DAY_NOT_OVER);
    TRY(close_row(rows, work, &row));
    REQUIRE(row == NULL, REFUSED_DAY_CLOSED);
    work->zero = work->total.sum_minor == 0;
    TRY(tell(rows, work->day, &work->total, work->zero ? OK : REFUSE(REFUSED_DAY_NOT_ZERO)));
    if (!work->zero) return alert_not_zero(rows, work);

    const Value values[] = {
        VALUE_OF_INT(work->day),
        VALUE_OF_INT((int64_t)work->total.currency),
        VALUE_OF_INT(work->total.accounts),
        VALUE_OF_INT(work->total.sum_minor),
        VALUE_OF_INT(now_us),
    };
    TRY(rows_insert(rows, &day_end_table, values));
    const ReserveDay ours = { .day = (int32_t)work->day,
        .currency = work->total.currency,
        .customers_minor = work->total.customers_minor,
        .payables_minor = work->total.payables_minor,
        .fees_minor = work->total.fees_minor };
    return reserve_insert(rows, &ours);
}

void day_end_close_unit(DayEndClose *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = close_gather, .run = close_run, .done = done };
}

/* --- all of it --- */

typedef struct GroupRequest {
    int64_t after_id;
    DayEndRoll *roll;
} GroupRequest;

static Status list_between(void *context, Store *store)
{
    GroupRequest *request = context;
    return day_end_list(store, request->after_id, request->roll->ids, &request->roll->count);
}

static Status roll_all(Batcher *batcher, int64_t day, DayEndTotals *totals)
{
    DayEndRoll roll = { .day = day };
    GroupRequest request = { -1,
        &roll }; /* ids are not negative; each group is behind the last: it ends */
    for (;;) {
        TRY(batcher_between(batcher, list_between, &request));
        if (roll.count == 0) return OK;
        day_end_roll_unit(&roll, NULL);
        TRY(unit_wait(batcher, &roll.unit));
        TRY(day_end_totals_add(totals, &roll.totals));
        request.after_id = roll.ids[roll.count - 1];
    }
}

Status day_end_run(Batcher *batcher, int64_t day, DayEndTotals *ret_totals)
{
    DayEndTotals totals = { 0 };
    TRY(roll_all(batcher, day, &totals));
    bool zero = true;
    size_t closed_before =
            0; /* a run that was interrupted closed some currencies: the others are left */
    for (size_t i = 0; i < totals.count; i++) {
        DayEndClose close = { .day = day, .total = totals.of[i] };
        day_end_close_unit(&close, NULL);
        const Status s = unit_wait(batcher, &close.unit);
        closed_before += status_is(s, REFUSED_DAY_CLOSED);
        if (status_is(s, REFUSED_DAY_CLOSED)) continue;
        TRY(s);
        zero = zero && close.zero;
    }
    REQUIRE(closed_before == 0 || closed_before < totals.count, REFUSED_DAY_CLOSED);
    *ret_totals = totals;
    REQUIRE(zero, REFUSED_DAY_NOT_ZERO);
    return OK;
}
