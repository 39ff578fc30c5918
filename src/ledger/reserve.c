#include "ledger/reserve.h"

#include "audit/event.h"
#include "base/time.h"
#include "cases/alert.h"

#define MONEY(id, name, nullable)                                          \
    {                                                                      \
        id, name, VALUE_INT, nullable, CLASS_FINANCIAL, LEVEL_C2, "ledger" \
    }
#define PUBLIC(id, name, type, nullable)                           \
    {                                                              \
        id, name, type, nullable, CLASS_PUBLIC, LEVEL_C1, "ledger" \
    }

static const Column columns[] = {
    PUBLIC(RESERVE_DAY, "day", VALUE_INT, false),
    PUBLIC(RESERVE_CURRENCY, "currency", VALUE_INT, false),
    MONEY(RESERVE_CUSTOMERS, "customers_minor", false),
    MONEY(RESERVE_PAYABLES, "payables_minor", false),
    MONEY(RESERVE_FEES, "fees_minor", false),
    MONEY(RESERVE_STATEMENT, "statement_minor", true),
    PUBLIC(RESERVE_SHA256, "digest", VALUE_BYTES, true),
    PUBLIC(RESERVE_IMPORTED, "imported", VALUE_INT, true),
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table reserve_table = {
    TABLE_RESERVE,
    .schema = 1,
    .name = "reserve",
    .append_only = false,
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = columns,
};

Status reserve_difference(const ReserveDay *day, int64_t *ret_minor)
{
    int64_t owed = 0;
    TRY(minor_add(day->customers_minor, day->payables_minor, &owed));
    TRY(minor_add(owed, day->fees_minor, &owed));
    REQUIRE(owed > INT64_MIN, REFUSED_MONEY_OVERFLOW);
    return minor_add(day->statement_minor, -owed, ret_minor);
}

/* --- row --- */

static Status reserve_row(Rows *rows, const ReserveDay *day, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_INT(day->day), VALUE_OF_INT((int64_t)day->currency) };
    return rows_get(rows, &reserve_table, key, ret_row);
}

static Status reserve_get(Rows *rows, ReserveDay *day)
{
    const Row *row = NULL;
    TRY(reserve_row(rows, day, &row));
    REQUIRE(row != NULL, REFUSED_RESERVE_DAY);
    const Value *v = row->values;
    const Value *digest = &v[COLUMN_AT(RESERVE_SHA256)];
    day->customers_minor = v[COLUMN_AT(RESERVE_CUSTOMERS)].integer;
    day->payables_minor = v[COLUMN_AT(RESERVE_PAYABLES)].integer;
    day->fees_minor = v[COLUMN_AT(RESERVE_FEES)].integer;
    day->has_statement = v[COLUMN_AT(RESERVE_STATEMENT)].type == VALUE_INT;
    if (!day->has_statement) return OK;
    CHECK(digest->bytes.size == RESERVE_SHA256_BYTES, FAULT_STORE);
    memcpy(day->sha256, digest->bytes.data, RESERVE_SHA256_BYTES);
    day->statement_minor = v[COLUMN_AT(RESERVE_STATEMENT)].integer;
    day->imported_us = v[COLUMN_AT(RESERVE_IMPORTED)].integer;
    return OK;
}

static Status put(Rows *rows, const ReserveDay *day, bool is_new)
{
    const Value none = { .type = VALUE_NULL };
    const Span digest = SPAN_OF(day->sha256);
    const Value values[COLUMNS] = {
        [COLUMN_AT(RESERVE_DAY)] = VALUE_OF_INT(day->day),
        [COLUMN_AT(RESERVE_CURRENCY)] = VALUE_OF_INT((int64_t)day->currency),
        [COLUMN_AT(RESERVE_CUSTOMERS)] = VALUE_OF_INT(day->customers_minor),
        [COLUMN_AT(RESERVE_PAYABLES)] = VALUE_OF_INT(day->payables_minor),
        [COLUMN_AT(RESERVE_FEES)] = VALUE_OF_INT(day->fees_minor),
        [COLUMN_AT(RESERVE_STATEMENT)] =
                day->has_statement ? VALUE_OF_INT(day->statement_minor) : none,
        [COLUMN_AT(RESERVE_SHA256)] = day->has_statement ? VALUE_OF_BYTES(digest) : none,
        [COLUMN_AT(RESERVE_IMPORTED)] = day->has_statement ? VALUE_OF_INT(day->imported_us) : none,
    };
    return is_new ? rows_insert(rows, &reserve_table, values)
                  : rows_update(rows, &reserve_table, values);
}

Status reserve_insert(Rows *rows, const ReserveDay *day) { return put(rows, day, true); }

/* --- import --- */

static Status import_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return reserve_row(rows, &((const ReserveImport *)unit)->statement, &row);
}

static Status alert_differs(Rows *rows, const ReserveDay *day)
{
    uint8_t memory[64];
    Buffer key = BUFFER_OF(memory);
    const uint16_t ids[] = { RESERVE_DAY, RESERVE_CURRENCY };
    const Value values[] = { VALUE_OF_INT(day->day), VALUE_OF_INT((int64_t)day->currency) };
    TRY(row_encode_key(TABLE_RESERVE, ids, values, 2, &key));
    const Alert alert = alert_of(
            ALERT_DAY_END, TABLE_RESERVE, span_of_buffer(&key), REFUSE(REFUSED_RESERVE_DIFFERS));
    return alert_append(rows, &alert);
}

static Status import_new(ReserveImport *work, Rows *rows)
{
    ReserveDay *day = &work->day;
    day->has_statement = true;
    day->statement_minor = work->statement.statement_minor;
    day->imported_us = rows_now_us(rows);
    memcpy(day->sha256, work->statement.sha256, sizeof(day->sha256));
    TRY(reserve_difference(day, &work->difference_minor));
    TRY(put(rows, day, false));
    return work->difference_minor == 0 ? OK : alert_differs(rows, day);
}

static Status import(ReserveImport *work, Rows *rows)
{
    work->day = (ReserveDay) { .day = work->statement.day, .currency = work->statement.currency };
    TRY(reserve_get(rows, &work->day));
    work->repeated = work->day.has_statement;
    if (!work->repeated) return import_new(work, rows);
    REQUIRE(work->day.statement_minor == work->statement.statement_minor, REFUSED_RESERVE_KNOWN);
    return reserve_difference(&work->day, &work->difference_minor);
}

static Status tell(Rows *rows, const ReserveImport *work, Status s)
{
    uint8_t actor_memory[AUDIT_ACTOR_BYTES_MAX];
    uint8_t subject_memory[32];
    uint8_t detail_memory[96];
    Buffer actor = BUFFER_OF(actor_memory);
    Buffer subject = BUFFER_OF(subject_memory);
    Buffer detail = BUFFER_OF(detail_memory);
    char date[9];
    time_business_day_text(work->statement.day, date);
    TRY(buffer_print(&actor, "operator/%.50s", work->actor));
    TRY(buffer_print(&subject, "reserve/%s", date));
    TRY(buffer_print(&detail, "%s statement %lld differs by %lld",
            currency_name(work->statement.currency), (long long)work->statement.statement_minor,
            (long long)work->difference_minor));
    const AuditEvent event = { .kind = AUDIT_DAY_END,
        .outcome = s.code,
        .actor = span_of_buffer(&actor),
        .subject = span_of_buffer(&subject),
        .detail = span_of_buffer(&detail) };
    return audit_event_tell(rows, &event);
}

static Status import_run(Unit *unit, Rows *rows)
{
    ReserveImport *work = (ReserveImport *)unit;
    work->difference_minor = 0;
    const Status s = import(work, rows);
    if (!status_ok(s) && !status_is(s, REFUSED_RESERVE_KNOWN)) return s;
    TRY(tell(rows, work, s));
    return s;
}

void reserve_import_unit(ReserveImport *work)
{
    work->unit = (Unit) { .gather = import_gather, .run = import_run };
}

/* --- show --- */

static Status show_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return reserve_row(rows, &((const ReserveShow *)unit)->day, &row);
}

static Status show_run(Unit *unit, Rows *rows)
{
    return reserve_get(rows, &((ReserveShow *)unit)->day);
}

void reserve_show_unit(ReserveShow *work)
{
    work->unit = (Unit) { .gather = show_gather, .run = show_run };
}
