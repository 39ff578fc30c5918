#include "api/field_frame.h"

#include "api/field_files.h"
#include "payment/merchant_lists.h"

#include <stdlib.h>

typedef struct Framing {
    MerchantListAsk ask; /* its unit is the first member */
    House *house;
    HttpRequest *request;
} Framing;

static atomic_uint asking;

static void answered(Unit *unit, Status outcome)
{
    Framing *frame = (Framing *)unit;
    const char *list = status_ok(outcome) ? frame->ask.list.items : "";
    const bool was =
            field_files_answer(frame->house->field_files, span_of_text(list), frame->request);
    ASSERT(was); /* it named the file before, and files stay */
    free(frame);
    atomic_fetch_sub(&asking, 1);
}

static Status ask(House *house, HttpRequest *request, Span merchant)
{
    Framing *frame = calloc(1, sizeof(*frame));
    CHECK(frame != NULL, FAULT_MEMORY);
    frame->house = house;
    frame->request = request;
    frame->ask.kind = &merchant_origins;
    memcpy(frame->ask.mchid, merchant.data, merchant.size);
    merchant_list_frame_unit(&frame->ask, answered);
    const Status s = batcher_submit(house->batcher, &frame->ask.unit);
    if (!status_ok(s)) free(frame);
    return s;
}

bool field_frame_answer(House *house, HttpRequest *request)
{
    Span merchant = { 0 };
    if (!field_files_for_merchant(house->field_files, request, &merchant))
        return field_files_answer(house->field_files, (Span) { NULL, 0 }, request);
    if (merchant.size == 0 || merchant.size > MERCHANT_ID_BYTES_MAX)
        return field_files_answer(house->field_files, (Span) { NULL, 0 }, request);
    const bool room = atomic_fetch_add(&asking, 1) < FIELD_FRAMES_MAX;
    if (room && status_ok(ask(house, request, merchant))) return true;
    atomic_fetch_sub(&asking, 1);
    http_answer(request, 503, NULL, 0, (Span) { NULL, 0 });
    return true;
}
