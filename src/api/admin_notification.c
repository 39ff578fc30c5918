/* Notifications that wait or were given up: looked at, and sent again by hand (api/admin.h). */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "payment/notification.h"
#include "store/unit_wait.h"

enum { PAGE_SKIP_MAX = 1000000 };

typedef struct NotificationJson {
    Span operation;
    Span state;
    Span id;
    int64_t skip;
} NotificationJson;

#define PLACE(member) offsetof(NotificationJson, member)

static const JsonField list_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "state", JSON_TEXT, false, 1, 16, PLACE(state) },
    { "skip", JSON_INT, false, 0, PAGE_SKIP_MAX, PLACE(skip) },
};

static const JsonField resend_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "id", JSON_TEXT, true, 1, NOTIFICATION_ID_BYTES_MAX, PLACE(id) },
};

static const char *state_name(NotificationState state)
{
    switch (state) {
    case NOTIFICATION_WAITING: return "WAITING";
    case NOTIFICATION_DELIVERED: return "DELIVERED";
    case NOTIFICATION_DEAD: return "DEAD";
    }
    return "";
}

static Status state_of(Span name, NotificationState *ret_state)
{
    *ret_state = NOTIFICATION_DEAD;
    if (name.size == 0 || span_equal(name, SPAN("DEAD"))) return OK;
    REQUIRE(span_equal(name, SPAN("WAITING")), REFUSED_NOTIFICATION_FIELD);
    *ret_state = NOTIFICATION_WAITING;
    return OK;
}

typedef struct Listing {
    NotificationState state;
    int64_t skip;
    NotificationId ids[NOTIFICATION_FOUND_MAX];
    size_t count;
} Listing;

static Status find(void *context, Store *store)
{
    Listing *listing = context;
    return notification_list(store, listing->state, listing->skip, listing->ids, &listing->count);
}

/* One line, from its verified row; else its id and what is wrong with the row. */
static Status put_line(House *house, const char *id, JsonWriter *w)
{
    static _Thread_local NotificationRead read;
    const Notification *n = &read.notification;
    memset(&read, 0, sizeof(read));
    memcpy(read.id, id, sizeof(read.id));
    notification_read_unit(&read, NULL);
    const Status s = unit_wait(house->batcher, &read.unit);
    if (status_broken(s)) return s;
    json_open_object(w);
    json_key_text(w, "id", span_of_text(id));
    if (!status_ok(s)) json_key_text(w, "outcome", span_of_text(status_name(s)));
    if (read.known) {
        json_key_text(w, "mchid", span_of_text(n->mchid));
        json_key_text(w, "out_trade_no", span_of_text(n->out_trade_no));
        if (n->out_refund_no[0] != 0)
            json_key_text(w, "out_refund_no", span_of_text(n->out_refund_no));
        json_key_text(w, "state", span_of_text(state_name(n->state)));
        json_key_int(w, "attempts", n->attempts);
        json_key_text(w, "result", span_of_text(status_name((Status) { n->result })));
        json_key_int(w, "created_us", n->created_us);
        if (n->state == NOTIFICATION_WAITING) json_key_int(w, "due_us", n->due_us);
        if (n->ended_us != 0) json_key_int(w, "ended_us", n->ended_us);
    }
    json_close(w);
    return OK;
}

Status admin_notification_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    NotificationJson json = { 0 };
    JsonProblem problem = { 0 };
    Listing listing = { 0 };
    TRY(json_read_request(document, json_root(document), list_fields,
            sizeof(list_fields) / sizeof(list_fields[0]), &json, &problem));
    TRY(state_of(json.state, &listing.state));
    listing.skip = json.skip;
    TRY(batcher_between(house->batcher, find, &listing));
    json_key_array(w, "notifications");
    for (size_t i = 0; i < listing.count; i++)
        TRY(put_line(house, listing.ids[i], w));
    json_close(w);
    json_key_bool(w, "more", listing.count == NOTIFICATION_FOUND_MAX);
    return OK;
}

Status admin_notification_resend(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    NotificationJson json = { 0 };
    JsonProblem problem = { 0 };
    char actor[ADMIN_TEXT_BYTES_MAX + 1];
    NotificationResend work = { .actor = actor };
    TRY(json_read_request(document, json_root(document), resend_fields,
            sizeof(resend_fields) / sizeof(resend_fields[0]), &json, &problem));
    passage_text(work.id, sizeof(work.id), json.id);
    admin_actor(actor, sizeof(actor), asker);
    notification_resend_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    json_key_text(w, "id", span_of_text(work.notification.id));
    json_key_text(w, "state", span_of_text(state_name(work.notification.state)));
    return OK;
}
