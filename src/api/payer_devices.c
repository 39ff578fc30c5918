/* A payer sees his devices, and ends one (routes.h): the lost telephone signs nothing any more. */
#include "api/payer_desk.h"
#include "api/payer_session.h"
#include "api/routes.h"
#include "base/encoding.h"

static void write_device(JsonWriter *w, const Passage *p, const PayerDevice *device)
{
    uint8_t text_bytes[2 * PAYER_DEVICE_ID_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    ASSERT(status_ok(hex_encode(SPAN_OF(device->id), &text)));
    json_open_object(w);
    json_key_text(w, "device", span_of_buffer(&text));
    json_key_text(w, "device_name", span_of_text(device->name));
    json_key_int(w, "added_us", device->added_us);
    json_key_int(w, "seen_us", device->seen_us);
    if (device->cools_until_us > 0) json_key_int(w, "cools_until_us", device->cools_until_us);
    json_key_bool(w, "current", device->place == p->comes.place);
    json_close(w);
}

static Status list(Passage *p)
{
    PayerAct look;
    payer_act_begin(p, PAYER_LOOK, span_of_text(p->comes.payer), &look);
    TRY(payer_act_do(p, &look));
    JsonWriter w = json_writer(&p->body);
    json_open_object(&w);
    json_key_array(&w, "devices");
    for (size_t i = 0; i < PAYER_DEVICES_MAX; i++) {
        const PayerDevice *device = &look.devices.at[i];
        if (device->status == STATUS_LIVE) write_device(&w, p, device);
    }
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

static void open_and_list(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, list(p), payer_write_made);
}

void payer_devices(Passage *p, Span rest)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_list);
}

/* The name came in the path, which lives as long as the request. */
static Status end_device(Passage *p)
{
    PayerAct act;
    Span text = { 0 };
    ASSERT(route_matches("/payer/v1/devices/*/end", http_request_path(p->http), &text));
    payer_act_begin(p, PAYER_ENDS_DEVICE, span_of_text(p->comes.payer), &act);
    Buffer id = BUFFER_OF(act.ends);
    REQUIRE(text.size == 2 * PAYER_DEVICE_ID_BYTES, REFUSED_PAYER_FIELD);
    TRY(hex_decode(text, &id));
    TRY(payer_act_do(p, &act));
    payer_sessions_end_device(p, act.payer, act.ends);
    return payer_say(p, SPAN("ended"), 0);
}

static void open_and_end(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, end_device(p), payer_write_made);
}

void payer_device_end(Passage *p, Span device)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_end);
}
