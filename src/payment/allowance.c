#include "payment/allowance.h"

#include "base/money.h"
#include "base/time.h"

#define INT_COLUMN(id, name, class, level)                  \
    {                                                       \
        id, name, VALUE_INT, false, class, level, "payment" \
    }
static const Column columns[] = {
    { ALLOWANCE_PAYER, "payer", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "payment" },
    INT_COLUMN(ALLOWANCE_GRADE, "grade", CLASS_PUBLIC, LEVEL_C1),
    INT_COLUMN(ALLOWANCE_STATE, "state", CLASS_PUBLIC, LEVEL_C1),
    INT_COLUMN(ALLOWANCE_CHANNELS, "channels", CLASS_PUBLIC, LEVEL_C1),
    INT_COLUMN(ALLOWANCE_FACE, "face", CLASS_PUBLIC, LEVEL_C1),
    INT_COLUMN(ALLOWANCE_OPENED, "opened", CLASS_PUBLIC, LEVEL_C1),
    INT_COLUMN(ALLOWANCE_USED, "used", CLASS_PUBLIC, LEVEL_C1),
    INT_COLUMN(ALLOWANCE_LIFETIME, "lifetime_minor", CLASS_FINANCIAL, LEVEL_C2),
    INT_COLUMN(ALLOWANCE_YEAR, "year", CLASS_PUBLIC, LEVEL_C1),
    INT_COLUMN(ALLOWANCE_YEAR_MINOR, "year_minor", CLASS_FINANCIAL, LEVEL_C2),
    INT_COLUMN(ALLOWANCE_DAY, "day", CLASS_PUBLIC, LEVEL_C1),
    INT_COLUMN(ALLOWANCE_DAY_ONE, "day_one_minor", CLASS_FINANCIAL, LEVEL_C2),
    INT_COLUMN(ALLOWANCE_DAY_TWO, "day_two_minor", CLASS_FINANCIAL, LEVEL_C2),
    INT_COLUMN(ALLOWANCE_DAY_SIGNED, "day_signed_minor", CLASS_FINANCIAL, LEVEL_C2),
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table allowance_table = {
    TABLE_ALLOWANCE,
    .schema = 1,
    .name = "allowance",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = columns,
};

/* --- rows --- */

Status allowance_gather(Rows *rows, const char *payer)
{
    const Row *row = NULL;
    return rows_get(rows, &allowance_table, &VALUE_OF_TEXT(span_of_text(payer)), &row);
}

static int64_t number_at(const Row *row, enum AllowanceColumn column)
{
    return row->values[COLUMN_AT(column)].integer;
}

static Status of_row(const Row *row, Allowance *ret)
{
    Allowance a = { .grade = (AccountGrade)number_at(row, ALLOWANCE_GRADE),
        .state = (AllowanceState)number_at(row, ALLOWANCE_STATE),
        .channels = number_at(row, ALLOWANCE_CHANNELS),
        .face_to_face = number_at(row, ALLOWANCE_FACE) != 0,
        .opened_us = number_at(row, ALLOWANCE_OPENED),
        .used_us = number_at(row, ALLOWANCE_USED),
        .lifetime_minor = number_at(row, ALLOWANCE_LIFETIME),
        .year = number_at(row, ALLOWANCE_YEAR),
        .year_minor = number_at(row, ALLOWANCE_YEAR_MINOR),
        .day = number_at(row, ALLOWANCE_DAY),
        .day_minor = { number_at(row, ALLOWANCE_DAY_ONE), number_at(row, ALLOWANCE_DAY_TWO),
                number_at(row, ALLOWANCE_DAY_SIGNED) },
        .stored = true };
    REQUIRE(a.grade >= ACCOUNT_GRADE_I && a.grade <= ACCOUNT_GRADE_III, REFUSED_ROW_INVALID);
    REQUIRE(a.state == ALLOWANCE_LIVE || a.state == ALLOWANCE_STOPPED, REFUSED_ROW_INVALID);
    TRY(value_copy_text(&row->values[COLUMN_AT(ALLOWANCE_PAYER)], a.payer, sizeof(a.payer)));
    *ret = a;
    return OK;
}

Status allowance_get(Rows *rows, const char *payer, int64_t created_us, Allowance *ret)
{
    const Row *row = NULL;
    TRY(rows_get(rows, &allowance_table, &VALUE_OF_TEXT(span_of_text(payer)), &row));
    if (row != NULL) return of_row(row, ret);
    Allowance fresh = { .grade = ACCOUNT_GRADE_III,
        .state = ALLOWANCE_LIVE,
        .face_to_face = true,
        .opened_us = created_us };
    const Value name = VALUE_OF_TEXT(span_of_text(payer));
    TRY(value_copy_text(&name, fresh.payer, sizeof(fresh.payer)));
    *ret = fresh;
    return OK;
}

Status allowance_put(Rows *rows, const Allowance *a)
{
    Value values[COLUMNS] = {
        [COLUMN_AT(ALLOWANCE_PAYER)] = VALUE_OF_TEXT(span_of_text(a->payer)),
        [COLUMN_AT(ALLOWANCE_GRADE)] = VALUE_OF_INT((int64_t)a->grade),
        [COLUMN_AT(ALLOWANCE_STATE)] = VALUE_OF_INT((int64_t)a->state),
        [COLUMN_AT(ALLOWANCE_CHANNELS)] = VALUE_OF_INT(a->channels),
        [COLUMN_AT(ALLOWANCE_FACE)] = VALUE_OF_INT(a->face_to_face ? 1 : 0),
        [COLUMN_AT(ALLOWANCE_OPENED)] = VALUE_OF_INT(a->opened_us),
        [COLUMN_AT(ALLOWANCE_USED)] = VALUE_OF_INT(a->used_us),
        [COLUMN_AT(ALLOWANCE_LIFETIME)] = VALUE_OF_INT(a->lifetime_minor),
        [COLUMN_AT(ALLOWANCE_YEAR)] = VALUE_OF_INT(a->year),
        [COLUMN_AT(ALLOWANCE_YEAR_MINOR)] = VALUE_OF_INT(a->year_minor),
        [COLUMN_AT(ALLOWANCE_DAY)] = VALUE_OF_INT(a->day),
        [COLUMN_AT(ALLOWANCE_DAY_ONE)] = VALUE_OF_INT(a->day_minor[AUTH_ONE]),
        [COLUMN_AT(ALLOWANCE_DAY_TWO)] = VALUE_OF_INT(a->day_minor[AUTH_TWO]),
        [COLUMN_AT(ALLOWANCE_DAY_SIGNED)] = VALUE_OF_INT(a->day_minor[AUTH_SIGNED]),
    };
    return a->stored ? rows_update(rows, &allowance_table, values)
                     : rows_insert(rows, &allowance_table, values);
}

/* --- whose --- */

static bool paid_before(const Payer *payer)
{
    return payer->count > 0 || payer->day > time_business_day(payer->created_us);
}

Status allowance_of(Rows *rows, const Payer *payer, Allowance *ret)
{
    TRY(allowance_get(rows, payer->id, payer->created_us, ret));
    if (!ret->stored && paid_before(payer)) ret->used_us = rows_now_us(rows);
    return OK;
}

/* --- periods --- */

static int64_t year_of(int64_t now_us)
{
    char day[9];
    int64_t year = 0;
    time_business_day_text(time_business_day(now_us), day);
    for (int i = 0; i < 4; i++)
        year = year * 10 + (day[i] - '0');
    return year;
}

/* Sums of an earlier period are zero. A clock that was set back opens no new one. */
static void roll(Allowance *a, int64_t now_us)
{
    const int64_t day = time_business_day(now_us);
    const int64_t year = year_of(now_us);
    if (day > a->day) {
        a->day = day;
        memset(a->day_minor, 0, sizeof(a->day_minor));
    }
    if (year > a->year) {
        a->year = year;
        a->year_minor = 0;
    }
}

bool allowance_is_dormant(const Allowance *a, const AccountRules *rules, int64_t now_us)
{
    const int64_t days = rules->dormant_days;
    return days > 0 && a->used_us == 0 && now_us - a->opened_us > days * TIME_DAY_US;
}

Status allowance_judge(const Allowance *allowance, const AccountRules *rules, int64_t minor,
        AuthStrength strength, int64_t now_us)
{
    Allowance today = *allowance;
    REQUIRE(today.state == ALLOWANCE_LIVE, REFUSED_ACCOUNT_STOPPED);
    REQUIRE(!allowance_is_dormant(&today, rules, now_us), REFUSED_ACCOUNT_DORMANT);
    roll(&today, now_us);
    const AllowanceFacts facts = { .grade = today.grade,
        .strength = strength,
        .minor = minor,
        .lifetime_minor = today.lifetime_minor,
        .year_minor = today.year_minor,
        .day_minor = today.day_minor[strength] };
    return account_allows(rules, &facts);
}

Status allowance_count(Allowance *allowance, int64_t minor, AuthStrength strength, int64_t now_us)
{
    Allowance a = *allowance;
    roll(&a, now_us);
    TRY(minor_add(a.lifetime_minor, minor, &a.lifetime_minor));
    TRY(minor_add(a.year_minor, minor, &a.year_minor));
    TRY(minor_add(a.day_minor[strength], minor, &a.day_minor[strength]));
    a.used_us = now_us;
    *allowance = a;
    return OK;
}

/* What was paid before there were rows was never counted. */
static void give_back(int64_t *sum, int64_t minor) { *sum = *sum > minor ? *sum - minor : 0; }

void allowance_uncount(Allowance *a, int64_t minor, AuthStrength strength, int64_t counted_us)
{
    give_back(&a->lifetime_minor, minor);
    if (a->year == year_of(counted_us)) give_back(&a->year_minor, minor);
    if (a->day == time_business_day(counted_us)) give_back(&a->day_minor[strength], minor);
}
