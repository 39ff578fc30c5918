#include "api/transfer_json.h"

#include <stdio.h>

#include "policy/tables.h"
#include "store/unit_wait.h"

void transfer_put_json(JsonWriter *w, const Transfer *t, bool owner)
{
    json_key_text(w, "transfer_id", span_of_text(t->id));
    json_key_text(w, "payer_id", span_of_text(t->payer));
    json_key_text(w, "out_transfer_no", span_of_text(t->number));
    json_key_text(w, "receiver_id", span_of_text(t->receiver));
    json_key_object(w, "amount");
    json_key_int(w, "total", t->money.minor);
    json_key_text(w, "currency", span_of_text(currency_name(t->money.currency)));
    json_close(w);
    json_key_text(w, "speed", span_of_text(transfer_speed_name((int64_t)t->speed)));
    json_key_text(w, "state", span_of_text(transfer_state_name(t->state)));
    if (owner && t->remark[0] != 0) json_key_text(w, "remark", span_of_text(t->remark));
    if (t->reason != 0)
        json_key_text(w, "outcome", span_of_text(status_name((Status) { t->reason })));
    json_key_int(w, "created_us", t->created_us);
    json_key_int(w, "due_us", t->due_us);
    if (t->ended_us != 0) json_key_int(w, "ended_us", t->ended_us);
}

Status transfer_put_line(House *house, const char *id, const char *payer, bool owner, JsonWriter *w)
{
    TransferRead read = { 0 };
    snprintf(read.id, sizeof(read.id), "%s", id);
    snprintf(read.payer, sizeof(read.payer), "%s", payer);
    transfer_read_unit(&read, NULL);
    const Status s = unit_wait(house->batcher, &read.unit);
    if (status_broken(s)) return s;
    json_open_object(w);
    if (status_ok(s)) {
        transfer_put_json(w, &read.transfer, owner);
    } else {
        json_key_text(w, "transfer_id", span_of_text(id));
        json_key_text(w, "outcome", span_of_text(status_name(s)));
    }
    json_close(w);
    return OK;
}

Status transfer_receiver_mask(const House *house, Span receiver, Buffer *ret_mask)
{
    const Fields fields = { .domain = house->domain, .vault = house->vault };
    const WireBatchHead head = {
        .tenant = SPAN("hufu"), .data_class = CLASS_NAME, .table = TABLE_FIELD, .column = CLASS_NAME
    };
    const Status s = fields_mask(&fields, &head, receiver, ret_mask);
    return status_is(s, REFUSED_ROW_MISSING) ? REFUSE(REFUSED_TRANSFER_RECEIVER) : s;
}
