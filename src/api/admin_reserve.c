/* The reserve account of each day: the bank's statement, and what we owe (api/admin.h). */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "ledger/reserve.h"
#include "ledger/reserve_file.h"
#include "report/incident_work.h"
#include "store/unit_wait.h"

#include <stdio.h>

typedef struct ReserveJson {
    Span operation;
    Span file_base64;
    Span date;
} ReserveJson;

#define PLACE(member) offsetof(ReserveJson, member)

static const JsonField import_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "file_base64", JSON_TEXT, true, 1, 2 * RESERVE_FILE_BYTES_MAX, PLACE(file_base64) },
};
static const JsonField check_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "date", JSON_TEXT, true, 10, 10, PLACE(date) },
};

static Status put(JsonWriter *w, const ReserveDay *day)
{
    char date[9];
    int64_t difference = 0;
    time_business_day_text(day->day, date);
    json_key_text(w, "day", span_of_text(date));
    json_key_text(w, "currency", span_of_text(currency_name(day->currency)));
    json_key_int(w, "customers_minor", day->customers_minor);
    json_key_int(w, "payables_minor", day->payables_minor);
    json_key_int(w, "fees_minor", day->fees_minor);
    if (!day->has_statement) {
        json_key_text(w, "result", span_of_text(status_name(REFUSE(REFUSED_RESERVE_NO_STATEMENT))));
        return OK;
    }
    TRY(reserve_difference(day, &difference));
    const Status result = difference == 0 ? OK : REFUSE(REFUSED_RESERVE_DIFFERS);
    json_key_int(w, "statement_minor", day->statement_minor);
    json_key_int(w, "difference_minor", difference);
    json_key_text(w, "result", span_of_text(status_name(result)));
    return OK;
}

/* --- import --- */

/* With the figures in its title, which names it: a day and its statement have one. */
static void name_case(const ReserveDay *day, int64_t difference, IncidentOpen *open)
{
    char date[9];
    time_business_day_text(day->day, date);
    snprintf(open->title, sizeof(open->title),
            "%s %s: bank %lld, customers %lld, payables %lld, fees %lld, difference %lld", date,
            currency_name(day->currency), (long long)day->statement_minor,
            (long long)day->customers_minor, (long long)day->payables_minor,
            (long long)day->fees_minor, (long long)difference);
}

static Status take_id(void *context, const Value *values, size_t count)
{
    IncidentOpen *open = context;
    return value_copy_text(&values[0], open->id, sizeof(open->id));
}

static Status find_case(void *context, Store *store)
{
    const IncidentOpen *open = context;
    const Value parameters[] = { VALUE_OF_INT((int64_t)open->kind),
        VALUE_OF_TEXT(span_of_text(open->title)) };
    return store_query(store, "SELECT id FROM incident WHERE kind = ?1 AND title = ?2 LIMIT 1",
            parameters, 2, take_id, context);
}

/* A case that two people close. The alert stands since the statement was taken; whoever was killed
 * behind that has left the case to the next who looks. */
static Status have_case(Admin *admin, const Asker *asker, const ReserveDay *day, JsonWriter *w)
{
    House *house = admin->config.house;
    char actor[RESERVE_ACTOR_BYTES_MAX + 1];
    int64_t difference = 0;
    IncidentOpen open = { .kind = INCIDENT_RESERVE, .clocks = house->incident_clocks };
    if (!day->has_statement) return OK;
    TRY(reserve_difference(day, &difference));
    if (difference == 0) return OK;
    admin_actor(actor, sizeof(actor), asker);
    snprintf(open.by, sizeof(open.by), "operator/%.50s", actor);
    name_case(day, difference, &open);
    TRY(batcher_between(house->batcher, find_case, &open));
    if (open.id[0] == 0) {
        incident_open_unit(&open, NULL);
        TRY(unit_wait(house->batcher, &open.unit));
    }
    json_key_text(w, "id", span_of_text(open.id));
    return OK;
}

static Status import_line(
        Admin *admin, const Asker *asker, const ReserveLine *line, Span file, JsonWriter *w)
{
    ReserveImport work = { .statement = { .day = line->day,
                                   .currency = line->currency,
                                   .statement_minor = line->minor } };
    sha256(file, work.statement.sha256);
    admin_actor(work.actor, sizeof(work.actor), asker);
    reserve_import_unit(&work);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    json_open_object(w);
    TRY(put(w, &work.day));
    TRY(have_case(admin, asker, &work.day, w));
    json_close(w);
    return OK;
}

/* Line by line: what was taken before one that is refused stays, and comes again as it is. */
Status admin_reserve_import(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    static _Thread_local uint8_t bytes[RESERVE_FILE_BYTES_MAX];
    static _Thread_local ReserveLine lines[RESERVE_LINES_MAX];
    Buffer file = BUFFER_OF(bytes);
    ReserveJson json = { 0 };
    JsonProblem problem = { 0 };
    size_t count = 0;
    TRY(json_read_request(document, json_root(document), import_fields, 2, &json, &problem));
    TRY(admin_bytes(json.file_base64, &file));
    TRY(reserve_file_parse(span_of_buffer(&file), lines, &count));
    json_key_array(w, "reserve");
    for (size_t i = 0; i < count; i++)
        TRY(import_line(admin, asker, &lines[i], span_of_buffer(&file), w));
    json_close(w);
    return OK;
}

/* --- check --- */

Status admin_reserve_check(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    ReserveJson json = { 0 };
    JsonProblem problem = { 0 };
    ReserveShow work = { .day = { .currency = CURRENCY_CNY } };
    TRY(json_read_request(document, json_root(document), check_fields, 2, &json, &problem));
    REQUIRE(status_ok(time_parse_date(json.date, &work.day.day)), REFUSED_RESERVE_DAY);
    reserve_show_unit(&work);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    TRY(put(w, &work.day));
    return have_case(admin, asker, &work.day, w);
}
