#include "payment/transfer_day.h"

#include "base/money.h"
#include "base/time.h"

static const Column columns[] = {
    { TRANSFER_DAY_PAYER, "payer", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "payment" },
    { TRANSFER_DAY_DAY, "day", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { TRANSFER_DAY_MINOR, "day_minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "payment" },
    { TRANSFER_DAY_COUNT, "day_count", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "payment" },
    { TRANSFER_DAY_LIMIT_MINOR, "limit_minor", VALUE_INT, true, CLASS_FINANCIAL, LEVEL_C2,
            "payment" },
    { TRANSFER_DAY_LIMIT_COUNT, "limit_count", VALUE_INT, true, CLASS_FINANCIAL, LEVEL_C2,
            "payment" },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table transfer_day_table = {
    TABLE_TRANSFER_DAY,
    .schema = 1,
    .name = "transfer_day",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = columns,
};

static Status row_of(Rows *rows, const char *payer, const Row **ret_row)
{
    return rows_get(rows, &transfer_day_table, &VALUE_OF_TEXT(span_of_text(payer)), ret_row);
}

Status transfer_day_gather(Rows *rows, const char *payer)
{
    const Row *row = NULL;
    return row_of(rows, payer, &row);
}

static int64_t number_at(const Row *row, enum TransferDayColumn column)
{
    return row->values[COLUMN_AT(column)].integer;
}

static int64_t limit_at(const Row *row, enum TransferDayColumn column)
{
    const Value *value = &row->values[COLUMN_AT(column)];
    return value->type == VALUE_INT ? value->integer : -1;
}

/* Sums of an earlier day are zero. A clock that was set back opens no new one. */
static void roll(TransferDay *d, int64_t now_us)
{
    const int64_t today = time_business_day(now_us);
    if (today <= d->day) return;
    d->day = today;
    d->minor = 0;
    d->count = 0;
}

Status transfer_day_get(Rows *rows, const char *payer, int64_t now_us, TransferDay *ret_day)
{
    const Row *row = NULL;
    const Value name = VALUE_OF_TEXT(span_of_text(payer));
    TransferDay d = { .limit_minor = -1, .limit_count = -1 };
    TRY(row_of(rows, payer, &row));
    TRY(value_copy_text(&name, d.payer, sizeof(d.payer)));
    if (row != NULL) {
        d.day = number_at(row, TRANSFER_DAY_DAY);
        d.minor = number_at(row, TRANSFER_DAY_MINOR);
        d.count = number_at(row, TRANSFER_DAY_COUNT);
        d.limit_minor = limit_at(row, TRANSFER_DAY_LIMIT_MINOR);
        d.limit_count = limit_at(row, TRANSFER_DAY_LIMIT_COUNT);
        d.stored = true;
    }
    roll(&d, now_us);
    *ret_day = d;
    return OK;
}

static Value optional(int64_t limit) { return limit < 0 ? VALUE_OF_NULL : VALUE_OF_INT(limit); }

Status transfer_day_put(Rows *rows, const TransferDay *d)
{
    const Value values[COLUMNS] = {
        [COLUMN_AT(TRANSFER_DAY_PAYER)] = VALUE_OF_TEXT(span_of_text(d->payer)),
        [COLUMN_AT(TRANSFER_DAY_DAY)] = VALUE_OF_INT(d->day),
        [COLUMN_AT(TRANSFER_DAY_MINOR)] = VALUE_OF_INT(d->minor),
        [COLUMN_AT(TRANSFER_DAY_COUNT)] = VALUE_OF_INT(d->count),
        [COLUMN_AT(TRANSFER_DAY_LIMIT_MINOR)] = optional(d->limit_minor),
        [COLUMN_AT(TRANSFER_DAY_LIMIT_COUNT)] = optional(d->limit_count),
    };
    return d->stored ? rows_update(rows, &transfer_day_table, values)
                     : rows_insert(rows, &transfer_day_table, values);
}

Status transfer_day_add(TransferDay *day, int64_t minor)
{
    TRY(minor_add(day->minor, minor, &day->minor));
    day->count++;
    return OK;
}

void transfer_day_take_out(TransferDay *day, int64_t minor, int64_t begun_us)
{
    if (day->day != time_business_day(begun_us)) return;
    day->minor = day->minor > minor ? day->minor - minor : 0;
}
