#include "payment/plan.h"

#include <stdio.h>

#include "access/merchant_terms.h"
#include "payment/payment_rows.h"
#include "policy/detect.h"

#define PUBLIC(id, name, type)                                   \
    {                                                            \
        id, name, type, false, CLASS_PUBLIC, LEVEL_C1, "payment" \
    }
#define AGREED(id, name)                                               \
    {                                                                  \
        id, name, VALUE_INT, false, CLASS_BINDING, LEVEL_C2, "payment" \
    }
static const Column columns[] = {
    PUBLIC(PLAN_MCHID, "mchid", VALUE_TEXT),
    PUBLIC(PLAN_NUMBER, "number", VALUE_INT),
    PUBLIC(PLAN_TITLE, "title", VALUE_TEXT),
    AGREED(PLAN_ONE_MINOR, "one_minor"),
    AGREED(PLAN_PERIOD, "period"),
    AGREED(PLAN_PERIOD_MINOR, "period_minor"),
    AGREED(PLAN_PERIOD_COUNT, "period_count"),
    AGREED(PLAN_LIFE_DAYS, "life_days"),
    AGREED(PLAN_NOTICE_HOURS, "notice_hours"),
    AGREED(PLAN_STATUS, "status"),
    PUBLIC(PLAN_CREATED, "created", VALUE_INT),
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table plan_table = {
    TABLE_PLAN,
    .schema = 1,
    .name = "plan",
    .append_only = false,
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = columns,
};

static const char *const periods[] = {
    [CONTRACT_EACH_DAY] = "day",
    [CONTRACT_EACH_WEEK] = "week",
    [CONTRACT_EACH_MONTH] = "month",
    [CONTRACT_EACH_YEAR] = "year",
};

const char *plan_period_name(ContractPeriod period)
{
    ASSERT(period >= CONTRACT_EACH_DAY && period <= CONTRACT_EACH_YEAR);
    return periods[period];
}

bool plan_period_of(Span name, ContractPeriod *ret_period)
{
    for (int period = CONTRACT_EACH_DAY; period <= CONTRACT_EACH_YEAR; period++) {
        if (!span_equal(name, span_of_text(periods[period]))) continue;
        *ret_period = (ContractPeriod)period;
        return true;
    }
    return false;
}

static bool within(int64_t number, int64_t least, int64_t most)
{
    return number >= least && number <= most;
}

Status plan_check(const Plan *p)
{
    const Span title = span_of_text(p->title);
    TRY(detect_kept_text(title));
    for (size_t i = 0; i < title.size; i++)
        REQUIRE(title.data[i] >= 0x20 && title.data[i] != 0x7F, REFUSED_PLAN_FIELD);
    REQUIRE(title.size > 0 && span_is_utf8(title), REFUSED_PLAN_FIELD);
    const bool fits = within(p->number, 1, PLAN_NUMBER_MAX)
            && within(p->one_minor, 1, LEDGER_MINOR_MAX)
            && within(p->period, CONTRACT_EACH_DAY, CONTRACT_EACH_YEAR)
            && within(p->period_minor, p->one_minor, LEDGER_MINOR_MAX)
            && within(p->period_count, 1, PLAN_COUNT_MAX)
            && within(p->life_days, 1, PLAN_LIFE_DAYS_MAX)
            && within(p->notice_hours, 0, PLAN_NOTICE_HOURS_MAX);
    REQUIRE(fits, REFUSED_PLAN_FIELD);
    return OK;
}

/* --- rows --- */

static void key_of(const char *mchid, int64_t number, Value ret_key[2])
{
    ret_key[0] = VALUE_OF_TEXT(span_of_text(mchid));
    ret_key[1] = VALUE_OF_INT(number);
}

static Status of_row(const Row *row, Plan *ret)
{
    const Value *v = row->values;
    Plan p = { .number = v[COLUMN_AT(PLAN_NUMBER)].integer,
        .one_minor = v[COLUMN_AT(PLAN_ONE_MINOR)].integer,
        .period = (ContractPeriod)v[COLUMN_AT(PLAN_PERIOD)].integer,
        .period_minor = v[COLUMN_AT(PLAN_PERIOD_MINOR)].integer,
        .period_count = v[COLUMN_AT(PLAN_PERIOD_COUNT)].integer,
        .life_days = v[COLUMN_AT(PLAN_LIFE_DAYS)].integer,
        .notice_hours = v[COLUMN_AT(PLAN_NOTICE_HOURS)].integer,
        .status = (RegisterStatus)v[COLUMN_AT(PLAN_STATUS)].integer,
        .created_us = v[COLUMN_AT(PLAN_CREATED)].integer };
    TRY(value_copy_text(&v[COLUMN_AT(PLAN_MCHID)], p.mchid, sizeof(p.mchid)));
    TRY(value_copy_text(&v[COLUMN_AT(PLAN_TITLE)], p.title, sizeof(p.title)));
    REQUIRE(contract_period_is_valid(p.period), REFUSED_ROW_INVALID);
    *ret = p;
    return OK;
}

static void values_of(const Plan *p, Value v[COLUMNS])
{
    key_of(p->mchid, p->number, v);
    v[COLUMN_AT(PLAN_TITLE)] = VALUE_OF_TEXT(span_of_text(p->title));
    v[COLUMN_AT(PLAN_ONE_MINOR)] = VALUE_OF_INT(p->one_minor);
    v[COLUMN_AT(PLAN_PERIOD)] = VALUE_OF_INT((int64_t)p->period);
    v[COLUMN_AT(PLAN_PERIOD_MINOR)] = VALUE_OF_INT(p->period_minor);
    v[COLUMN_AT(PLAN_PERIOD_COUNT)] = VALUE_OF_INT(p->period_count);
    v[COLUMN_AT(PLAN_LIFE_DAYS)] = VALUE_OF_INT(p->life_days);
    v[COLUMN_AT(PLAN_NOTICE_HOURS)] = VALUE_OF_INT(p->notice_hours);
    v[COLUMN_AT(PLAN_STATUS)] = VALUE_OF_INT((int64_t)p->status);
    v[COLUMN_AT(PLAN_CREATED)] = VALUE_OF_INT(p->created_us);
}

Status plan_get(Rows *rows, const char *mchid, int64_t number, bool closed_too, Plan *ret)
{
    Value key[2];
    const Row *row = NULL;
    key_of(mchid, number, key);
    TRY(rows_get(rows, &plan_table, key, &row));
    REQUIRE(row != NULL, REFUSED_PLAN_UNKNOWN);
    Plan plan;
    TRY(of_row(row, &plan));
    REQUIRE(closed_too || plan.status == STATUS_LIVE, REFUSED_PLAN_UNKNOWN);
    *ret = plan;
    return OK;
}

/* --- the unit --- */

static Status gather(Unit *unit, Rows *rows)
{
    const PlanWork *work = (const PlanWork *)unit;
    Value key[2];
    const Row *row = NULL;
    MerchantTerms ignored;
    int64_t account = 0;
    key_of(work->plan.mchid, work->plan.number, key);
    TRY(rows_get(rows, &plan_table, key, &row));
    const Status s = merchant_terms_get(rows, work->plan.mchid, &ignored);
    if (!status_ok(s) && !status_is(s, (StatusCode)REFUSED_TERMS_NONE)) return s;
    return merchant_gather(rows, work->plan.mchid, NULL, &account);
}

static bool same_terms(const Plan *a, const Plan *b)
{
    return strcmp(a->title, b->title) == 0 && a->one_minor == b->one_minor && a->period == b->period
            && a->period_minor == b->period_minor && a->period_count == b->period_count
            && a->life_days == b->life_days && a->notice_hours == b->notice_hours
            && b->status == STATUS_LIVE;
}

static Status add(PlanWork *work, Rows *rows)
{
    Merchant merchant;
    Plan there;
    Value values[COLUMNS];
    Plan *plan = &work->plan;
    TRY(merchant_get(rows, plan->mchid, &merchant));
    TRY(merchant_terms_admit(rows, plan->mchid));
    TRY(plan_check(plan));
    const Status s = plan_get(rows, plan->mchid, plan->number, true, &there);
    if (status_ok(s)) {
        REQUIRE(same_terms(plan, &there), REFUSED_PLAN_EXISTS);
        *plan = there;
        return OK;
    }
    if (!status_is(s, (StatusCode)REFUSED_PLAN_UNKNOWN)) return s;
    plan->status = STATUS_LIVE;
    plan->created_us = rows_now_us(rows);
    values_of(plan, values);
    return rows_insert(rows, &plan_table, values);
}

static Status act(PlanWork *work, Rows *rows)
{
    Value values[COLUMNS];
    if (work->act == PLAN_ADD) return add(work, rows);
    TRY(plan_get(rows, work->plan.mchid, work->plan.number, true, &work->plan));
    if (work->act == PLAN_SHOW || work->plan.status == STATUS_CLOSED) return OK;
    work->plan.status = STATUS_CLOSED;
    values_of(&work->plan, values);
    return rows_update(rows, &plan_table, values);
}

static Status run(Unit *unit, Rows *rows)
{
    PlanWork *work = (PlanWork *)unit;
    char subject[32];
    char detail[AUDIT_DETAIL_BYTES_MAX];
    const Plan *p = &work->plan;
    const Status s = act(work, rows);
    /* A refused title must not stand in the log that keeps everything. */
    if (status_is(s, REFUSED_DATA_CARD_NUMBER) || status_is(s, REFUSED_DATA_PROHIBITED)) return s;
    snprintf(subject, sizeof(subject), "plan-%lld", (long long)p->number);
    snprintf(detail, sizeof(detail), "%s: one %lld, %lld and %lld times a %s, %lld days, %lld h",
            p->status == STATUS_CLOSED ? "closed" : "plan", (long long)p->one_minor,
            (long long)p->period_minor, (long long)p->period_count,
            contract_period_is_valid(p->period) ? plan_period_name(p->period) : "?",
            (long long)p->life_days, (long long)p->notice_hours);
    const Record record = { .kind = AUDIT_MERCHANT_CHANGE,
        .role = "operator",
        .actor = work->actor,
        .mchid = p->mchid,
        .subject = subject,
        .detail = detail,
        .quiet = work->act == PLAN_SHOW };
    return record_end(rows, &record, s);
}

void plan_unit(PlanWork *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = gather, .run = run, .done = done };
}

/* --- found --- */

typedef struct Numbers {
    int64_t *at;
    size_t count;
} Numbers;

static Status take_number(void *context, const Value *values, size_t count)
{
    Numbers *numbers = context;
    CHECK(count == 1 && numbers->count < PLANS_SHOWN_MAX, FAULT_STORE);
    if (values[0].type == VALUE_INT) numbers->at[numbers->count++] = values[0].integer;
    return OK;
}

Status plan_numbers(
        Store *store, const char *mchid, int64_t ret_numbers[PLANS_SHOWN_MAX], size_t *ret_count)
{
    static const char sql[] = "SELECT number FROM plan WHERE mchid = ?1 ORDER BY number LIMIT ?2";
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(mchid)),
        VALUE_OF_INT(PLANS_SHOWN_MAX) };
    Numbers numbers = { ret_numbers, 0 };
    TRY(store_query(store, sql, parameters, 2, take_number, &numbers));
    *ret_count = numbers.count;
    return OK;
}
