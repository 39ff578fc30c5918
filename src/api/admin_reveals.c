/* The reveal log, as an operator may look at it (api/admin.h): no number, and no name of a
 * person. */
#include "api/admin_inside.h"

#include "api/call.h"
#include "base/time.h"
#include "vaultclient/fields.h"

enum { SHOWN_MAX = 100 };

/* The last lines: each as it is visited takes the place of the one a hundred before. */
typedef struct Shown {
    WireRevealRecord records[SHOWN_MAX];
    uint8_t bytes[SHOWN_MAX][1024]; /* what their spans borrow from */
    size_t count;
} Shown;

static Status copy(Span from, Buffer *memory, Span *ret)
{
    const size_t at = memory->size;
    TRY(buffer_put(memory, from));
    *ret = (Span) { memory->data + at, from.size };
    return OK;
}

static Status take(void *context, const WireRevealRecord *record)
{
    Shown *shown = context;
    const size_t place = shown->count % SHOWN_MAX;
    WireRevealRecord *r = &shown->records[place];
    Buffer memory = BUFFER_OF(shown->bytes[place]);
    *r = *record;
    TRY(copy(record->tenant, &memory, &r->tenant));
    TRY(copy(record->row_key, &memory, &r->row_key));
    TRY(copy(record->receiver, &memory, &r->receiver));
    TRY(copy(record->reason, &memory, &r->reason));
    TRY(copy(record->first_approver, &memory, &r->first_approver));
    TRY(copy(record->second_approver, &memory, &r->second_approver));
    shown->count++;
    return OK;
}

static void write_record(const WireRevealRecord *r, JsonWriter *w)
{
    uint8_t time_bytes[TIME_TEXT_BYTES];
    Buffer time = BUFFER_OF(time_bytes);
    const Status outcome = { (int32_t)r->status };
    json_open_object(w);
    json_key_int(w, "number", (int64_t)r->number);
    if (status_ok(time_format(r->time_us, &time))) json_key_text(w, "time", span_of_buffer(&time));
    json_key_text(w, "outcome", span_of_text(status_name(outcome)));
    json_key_text(w, "tenant", r->tenant);
    call_key_hex(w, "subject_print", SPAN_OF(r->subject));
    json_key_text(w, "receiver", r->receiver);
    json_key_text(w, "purpose", span_of_text(reveal_purpose_name(r->purpose)));
    json_key_text(w, "reason", r->reason);
    json_key_text(w, "first", r->first_approver);
    json_key_text(w, "second", r->second_approver);
    json_close(w);
}

Status admin_reveal_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    static _Thread_local Shown shown;
    const Fields fields = { .domain = house->domain, .vault = house->vault };
    shown.count = 0;
    TRY(fields_keep_reveals(&fields));
    TRY(fields_reveals(&fields, 0, INT64_MAX, take, &shown));
    const size_t first = shown.count > SHOWN_MAX ? shown.count - SHOWN_MAX : 0;
    json_key_int(w, "count", (int64_t)shown.count);
    json_key_array(w, "reveals");
    for (size_t i = first; i < shown.count; i++)
        write_record(&shown.records[i % SHOWN_MAX], w);
    json_close(w);
    return OK;
}
