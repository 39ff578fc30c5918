/* A day with the bank as operators compare and explain it (api/admin.h; bank/reconcile.h). */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "bank/desk.h"
#include "base/time.h"
#include "store/unit_wait.h"

enum { DAY_LEAST = 20000101, DAY_MOST = 99991231 };

typedef struct DayJson {
    Span operation;
    int64_t day; /* 20261128; 0: yesterday */
    Span number;
    Span reason;
    Span file_base64;
} DayJson;

#define PLACE(member) offsetof(DayJson, member)
#define OPERATION                                             \
    {                                                         \
        "operation", JSON_TEXT, true, 1, 64, PLACE(operation) \
    }
static const JsonField compare_fields[] = {
    OPERATION,
    { "day", JSON_INT, false, DAY_LEAST, DAY_MOST, PLACE(day) },
    { "file_base64", JSON_TEXT, false, 1, ADMIN_TEXT_BYTES_MAX, PLACE(file_base64) },
};
static const JsonField explain_fields[] = {
    OPERATION,
    { "day", JSON_INT, true, DAY_LEAST, DAY_MOST, PLACE(day) },
    { "number", JSON_TEXT, true, 1, CHANNEL_NUMBER_BYTES_MAX, PLACE(number) },
    { "reason", JSON_TEXT, true, 1, RECONCILE_REASON_BYTES_MAX, PLACE(reason) },
};
#define COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))

/* Of 20261128, a day that there is. */
static Status day_of_number(int64_t number, int32_t *ret_day)
{
    uint8_t bytes[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(bytes);
    int64_t time_us = 0;
    TRY(buffer_print(&text, "%04d-%02d-%02dT00:00:00+08:00", (int)(number / 10000),
            (int)(number / 100 % 100), (int)(number % 100)));
    REQUIRE(status_ok(time_parse(span_of_buffer(&text), &time_us)), REFUSED_BANK_DAY);
    *ret_day = time_business_day(time_us);
    return OK;
}

static Status read(
        const JsonDocument *document, const JsonField *fields, size_t count, DayJson *ret_json)
{
    JsonProblem problem = { 0 };
    return json_read_request(document, json_root(document), fields, count, ret_json, &problem);
}

Status admin_bank_reconcile(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    static _Thread_local uint8_t bytes[ADMIN_TEXT_BYTES_MAX];
    char actor[CHANNEL_ACTOR_BYTES_MAX + 1];
    Buffer file = BUFFER_OF(bytes);
    DayJson json = { 0 };
    Reconciled r = { 0 };
    int32_t day = time_business_day(clock_now_us(&house->clock)) - 1;
    REQUIRE(house->bank_desk != NULL, REFUSED_BANK_NONE);
    TRY(read(document, compare_fields, COUNT(compare_fields), &json));
    if (json.day != 0) TRY(day_of_number(json.day, &day));
    if (json.file_base64.size > 0) TRY(admin_bytes(json.file_base64, &file));
    admin_actor(actor, sizeof(actor), asker);
    TRY(admin_bank_call_begin(admin));
    CLEANUP(admin_bank_call_end) Admin *const calling = admin;
    (void)calling;
    TRY(channel_desk_reconcile(house->bank_desk, day, actor, span_of_buffer(&file), &r));
    json_key_int(w, "matched", (int64_t)r.matched);
    json_key_int(w, "open_orders", (int64_t)r.open);
    json_key_int(w, "differences", (int64_t)r.differences);
    json_key_int(w, "found", (int64_t)r.found);
    return OK;
}

/* --- what differs --- */

typedef struct Listed {
    bool all;
    Difference list[RECONCILE_FOUND_MAX];
    size_t count;
} Listed;

static Status find(void *context, Store *store)
{
    Listed *listed = context;
    return reconcile_list(store, !listed->all, listed->list, &listed->count);
}

static void put_difference(JsonWriter *w, const Difference *d)
{
    const Status verdict = { d->verdict };
    char date[9];
    time_business_day_text(d->day, date);
    json_open_object(w);
    json_key_text(w, "day", span_of_text(date));
    json_key_text(w, "number", span_of_text(d->number));
    json_key_text(w, "result", span_of_text(status_name(verdict)));
    if (d->ours_minor >= 0) json_key_int(w, "ours_minor", d->ours_minor);
    if (d->theirs_minor >= 0) json_key_int(w, "theirs_minor", d->theirs_minor);
    json_key_bool(w, "explained", d->ended);
    json_close(w);
}

Status admin_bank_differences(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    static _Thread_local Listed listed;
    listed = (Listed) { 0 };
    TRY(admin_read_all(document, &listed.all));
    TRY(batcher_between(admin->config.house->batcher, find, &listed));
    json_key_array(w, "bank_orders");
    for (size_t i = 0; i < listed.count; i++)
        put_difference(w, &listed.list[i]);
    json_close(w);
    return OK;
}

Status admin_bank_explain(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    DayJson json = { 0 };
    ReconcileExplain work = { 0 };
    TRY(read(document, explain_fields, COUNT(explain_fields), &json));
    TRY(day_of_number(json.day, &work.day));
    passage_text(work.number, sizeof(work.number), json.number);
    passage_text(work.reason_text, sizeof(work.reason_text), json.reason);
    admin_actor(work.actor, sizeof(work.actor), asker);
    reconcile_explain_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    json_key_text(w, "number", span_of_text(work.number));
    return OK;
}
