/* Bindings of the institution's own core (payment/binding.h; TP-9), for the vault's callers. */
#include "api/call.h"

#include "api/passage.h"
#include "base/time.h"
#include "payment/binding.h"
#include "store/unit_wait.h"

typedef struct BindingJson {
    Span id, kind, user, card, merchant, plan, expires;
    int64_t limit_minor, day_limit_minor;
} BindingJson;

#define PLACE(member) offsetof(BindingJson, member)

static const JsonField fields[] = {
    { "id", JSON_TEXT, true, 1, BINDING_ID_BYTES_MAX, PLACE(id) },
    { "kind", JSON_TEXT, true, 1, 16, PLACE(kind) },
    { "user", JSON_TEXT, true, 1, BINDING_USER_BYTES_MAX, PLACE(user) },
    { "card", JSON_TEXT, false, 1, BINDING_CARD_BYTES_MAX, PLACE(card) },
    { "merchant", JSON_TEXT, false, 1, MERCHANT_ID_BYTES_MAX, PLACE(merchant) },
    { "plan", JSON_TEXT, false, 1, BINDING_PLAN_BYTES_MAX, PLACE(plan) },
    { "limit_minor", JSON_INT, true, 0, LEDGER_MINOR_MAX, PLACE(limit_minor) },
    { "day_limit_minor", JSON_INT, true, 0, LEDGER_MINOR_MAX, PLACE(day_limit_minor) },
    { "expire_time", JSON_TEXT, true, 1, 64, PLACE(expires) },
};

static Status write_binding(const Binding *b, Buffer *ret_answer)
{
    uint8_t created_bytes[TIME_TEXT_BYTES];
    uint8_t expires_bytes[TIME_TEXT_BYTES];
    Buffer created = BUFFER_OF(created_bytes);
    Buffer expires = BUFFER_OF(expires_bytes);
    TRY(time_format(b->created_us, &created));
    TRY(time_format(b->expires_us, &expires));
    JsonWriter w = json_writer(ret_answer);
    json_open_object(&w);
    json_key_text(&w, "id", span_of_text(b->id));
    json_key_text(&w, "kind", span_of_text(binding_kind_name(b->kind)));
    json_key_text(&w, "user", span_of_text(b->user));
    if (b->card[0] != 0) json_key_text(&w, "card", span_of_text(b->card));
    if (b->merchant[0] != 0) json_key_text(&w, "merchant", span_of_text(b->merchant));
    if (b->plan[0] != 0) json_key_text(&w, "plan", span_of_text(b->plan));
    json_key_int(&w, "limit_minor", b->limit_minor);
    json_key_int(&w, "day_limit_minor", b->day_limit_minor);
    json_key_text(&w, "status", b->status == STATUS_LIVE ? SPAN("live") : SPAN("ended"));
    json_key_text(&w, "create_time", span_of_buffer(&created));
    json_key_text(&w, "expire_time", span_of_buffer(&expires));
    json_close(&w);
    return json_finish(&w);
}

static Status carry_out(Call *call, BindingWork *work)
{
    passage_text(work->caller, sizeof(work->caller), span_of_text(call->caller.name));
    passage_text(
            work->binding.tenant, sizeof(work->binding.tenant), span_of_text(call->caller.tenant));
    binding_unit(work, NULL);
    TRY(unit_wait(call->house->batcher, &work->unit));
    return write_binding(&work->binding, &call->answer);
}

Status call_binding_make(Call *call)
{
    BindingJson json = { 0 };
    BindingWork work = { .act = BINDING_MAKE };
    Binding *b = &work.binding;
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(call_read_json(call, fields, sizeof(fields) / sizeof(fields[0]), &json, &document));
    REQUIRE(binding_kind_of(json.kind, &b->kind), REFUSED_BINDING_FIELD);
    TRY(time_parse(json.expires, &b->expires_us));
    REQUIRE(binding_id_is_valid(json.id), REFUSED_BINDING_FIELD);
    passage_text(b->id, sizeof(b->id), json.id);
    passage_text(b->user, sizeof(b->user), json.user);
    passage_text(b->card, sizeof(b->card), json.card);
    passage_text(b->merchant, sizeof(b->merchant), json.merchant);
    passage_text(b->plan, sizeof(b->plan), json.plan);
    b->limit_minor = json.limit_minor;
    b->day_limit_minor = json.day_limit_minor;
    return carry_out(call, &work);
}

static Status by_id(Call *call, BindingAct act)
{
    BindingWork work = { .act = act };
    const bool valid = call->rest.size <= BINDING_ID_BYTES_MAX && binding_id_is_valid(call->rest);
    REQUIRE(valid, REFUSED_BINDING_UNKNOWN);
    passage_text(work.binding.id, sizeof(work.binding.id), call->rest);
    return carry_out(call, &work);
}

Status call_binding_read(Call *call) { return by_id(call, BINDING_READ); }
Status call_binding_end(Call *call) { return by_id(call, BINDING_END); }
