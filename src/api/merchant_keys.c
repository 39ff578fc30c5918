/* GET /v3/merchant-service/keys: a merchant's own keys and how each stands: live, over or revoked
 * (TP-7; routes.h). Who was told that a key is lost can see that the house knows. */
#include "api/routes.h"

#include "api/admission.h"
#include "base/time.h"

enum { KEYS_SHOWN_MAX = 256 };

static Status write_key(JsonWriter *w, const DirectoryEntry *entry, int64_t now_us)
{
    uint8_t time_bytes[TIME_TEXT_BYTES];
    Buffer time = BUFFER_OF(time_bytes);
    TRY(time_format(entry->expires_us, &time));
    json_open_object(w);
    json_key_text(w, "serial_no", span_of_text(entry->serial));
    json_key_text(w, "algorithm", entry->algorithm == KEY_SM2 ? SPAN("SM2") : SPAN("RSA"));
    json_key_text(w, "state", span_of_text(directory_state_name(entry, now_us)));
    json_key_text(w, "expire_time", span_of_buffer(&time));
    json_close(w);
    return OK;
}

static Status write_keys(const Passage *p, Buffer *ret_body)
{
    House *house = p->house;
    DirectoryEntry entry;
    size_t shown = 0;
    const int64_t now_us = clock_now_us(&house->clock);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_array(&w, "data");
    for (size_t i = 0; directory_at(house->directory, i, &entry) && shown < KEYS_SHOWN_MAX; i++) {
        if (!span_equal(span_of_text(p->mchid), span_of_text(entry.mchid))) continue;
        TRY(write_key(&w, &entry, now_us));
        shown++;
    }
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

static int write_answer(Passage *p, Buffer *ret_body)
{
    Status s = p->outcome;
    if (status_ok(s)) s = write_keys(p, ret_body);
    return status_ok(s) ? 200 : passage_write_refusal(p, s, NULL, ret_body);
}

void merchant_keys(Passage *p, Span rest) { admission_then(p, NULL, write_answer); }
