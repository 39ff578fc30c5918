/* A payer gives another payer money (routes.h): sees first who that is, by a masked name, and how
 * fast it may go; then confirms exactly this with the PIN in a box, from his own device. */
#include "api/challenge.h"
#include "api/payer_desk.h"
#include "api/routes.h"
#include "api/transfer_json.h"
#include "base/encoding.h"
#include "policy/detect.h"
#include "store/unit_wait.h"

typedef struct TransferJson {
    Span box;
    Span number;
    Span receiver;
    Span speed;
    Span remark;
    Span currency;
    int64_t total;
} TransferJson;

#define AT(member) offsetof(TransferJson, member)

static const JsonField amount_fields[] = {
    { "total", JSON_INT, true, 1, LEDGER_MINOR_MAX, AT(total) },
    { "currency", JSON_TEXT, false, 3, 3, AT(currency) },
};
enum { AMOUNT_FIELDS = sizeof(amount_fields) / sizeof(amount_fields[0]) };

#define TERMS                                                                             \
    { "out_transfer_no", JSON_TEXT, true, TRANSFER_NUMBER_MIN, TRANSFER_NUMBER_BYTES_MAX, \
        AT(number) },                                                                     \
            { "receiver_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, AT(receiver) },      \
    {                                                                                     \
        "amount", JSON_RECORD, true, 0, 0, 0, amount_fields, AMOUNT_FIELDS                \
    }

static const JsonField ask_fields[] = { TERMS };
static const JsonField begin_fields[] = { TERMS, { "speed", JSON_TEXT, true, 1, 16, AT(speed) },
    { "remark", JSON_TEXT, false, 1, TRANSFER_REMARK_BYTES_MAX, AT(remark) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, AT(box) } };

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* --- what both ask for --- */

static Status take_terms(const Passage *p, const TransferJson *json, Transfer *ret)
{
    *ret = (Transfer) { .money = { json->total, CURRENCY_CNY } };
    REQUIRE(transfer_number_is_valid(json->number), REFUSED_TRANSFER_FIELD);
    REQUIRE(payer_id_is_valid(json->receiver), REFUSED_TRANSFER_RECEIVER);
    if (json->currency.size > 0) TRY(currency_parse(json->currency, &ret->money.currency));
    passage_text(ret->payer, sizeof(ret->payer), span_of_text(p->comes.payer));
    passage_text(ret->number, sizeof(ret->number), json->number);
    passage_text(ret->receiver, sizeof(ret->receiver), json->receiver);
    transfer_name(ret->payer, ret->number, ret->id);
    return OK;
}

typedef struct Known {
    const Transfer *transfer;
    char *ret_id;
} Known;

static Status find_known(void *context, Store *store)
{
    const Known *known = context;
    return transfer_known(store, known->transfer->payer, known->transfer->receiver, known->ret_id);
}

/* --- before the PIN --- */

static Status write_look(Passage *p, const Transfer *t, TransferSpeed fastest, Span mask)
{
    uint8_t nonce[BOX_NONCE_BYTES];
    uint8_t text_bytes[2 * BOX_NONCE_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    const int64_t wait_us = transfer_wait_us(&p->house->rules.transfers, fastest);
    challenge_of_order(span_of_text(t->id), nonce);
    TRY(hex_encode(SPAN_OF(nonce), &text));
    JsonWriter w = json_writer(&p->body);
    json_open_object(&w);
    json_key_text(&w, "out_transfer_no", span_of_text(t->number));
    json_key_text(&w, "receiver_id", span_of_text(t->receiver));
    json_key_text(&w, "receiver_mask", mask);
    json_key_text(&w, "fastest_speed", span_of_text(transfer_speed_name((int64_t)fastest)));
    json_key_int(&w, "due_us", clock_now_us(&p->house->clock) + wait_us);
    json_key_text(&w, "nonce", span_of_buffer(&text));
    json_close(&w);
    return json_finish(&w);
}

static Status look(Passage *p, const TransferJson *json)
{
    Transfer t;
    TransferLook work = { .rules = &p->house->rules };
    uint8_t mask_bytes[FIELDS_MASK_BYTES_MAX];
    Buffer mask = BUFFER_OF(mask_bytes);
    TRY(take_terms(p, json, &t));
    Known known = { &t, work.known };
    memcpy(work.payer, t.payer, sizeof(work.payer));
    memcpy(work.receiver, t.receiver, sizeof(work.receiver));
    work.money = t.money;
    TRY(batcher_between(p->house->batcher, find_known, &known));
    transfer_look_unit(&work, NULL);
    work.unit.from = passage_from(p);
    TRY(unit_wait(p->house->batcher, &work.unit));
    TRY(transfer_receiver_mask(p->house, json->receiver, &mask));
    return write_look(p, &t, work.fastest, span_of_buffer(&mask));
}

static void open_and_look(Job *job)
{
    Passage *p = passage_of_job(job);
    TransferJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, ask_fields, COUNT_OF(ask_fields), &json, &document)) return;
    passage_finish(p, look(p, &json), payer_write_made);
}

void payer_transfer_ask(Passage *p, Span rest)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_look);
}

/* --- begun --- */

/* "NEXT_DAY/N-000001": what the PIN is for, beside receiver and amount. */
static Status check_pin(
        Passage *p, const Transfer *t, Span box_text, uint8_t ret_grant[WIRE_GRANT_BYTES])
{
    uint8_t order_bytes[16 + 1 + TRANSFER_NUMBER_BYTES_MAX];
    Buffer order = BUFFER_OF(order_bytes);
    Box box = { 0 };
    TRY(payer_take_box(p, box_text, &box));
    TRY(buffer_put(&order, span_of_text(transfer_speed_name((int64_t)t->speed))));
    TRY(buffer_put_u8(&order, '/'));
    TRY(buffer_put(&order, span_of_text(t->number)));
    challenge_of_order(span_of_text(t->id), p->server_nonce);
    p->pin = (WirePinCheck) { .purpose = SPAN("transfer"),
        .tenant = span_of_text(t->receiver),
        .order = span_of_buffer(&order),
        .minor = t->money.minor,
        .payer = span_of_text(t->payer),
        .nonce = SPAN_OF(p->server_nonce) };
    return payer_check_pin(p, ret_grant);
}

static Status begin(Passage *p, const TransferJson *json)
{
    TransferBegin work = { .door = passage_payer_door(p), .rules = &p->house->rules };
    Transfer *t = &work.wish;
    Known known = { t, work.known };
    uint8_t mask_bytes[FIELDS_MASK_BYTES_MAX];
    Buffer mask = BUFFER_OF(mask_bytes);
    TRY(take_terms(p, json, t));
    TRY(transfer_speed_parse(json->speed, &t->speed));
    TRY(detect_free_text(json->remark));
    passage_text(t->remark, sizeof(t->remark), json->remark);
    TRY(transfer_receiver_mask(p->house, json->receiver, &mask)); /* one he could have been shown */
    TRY(check_pin(p, t, json->box, t->grant));
    TRY(batcher_between(p->house->batcher, find_known, &known));
    memcpy(work.nonce_digest, p->comes.sender.nonce_digest, sizeof(work.nonce_digest));
    transfer_begin_unit(&work, NULL);
    work.unit.from = passage_from(p);
    TRY(unit_wait(p->house->batcher, &work.unit));
    JsonWriter w = json_writer_to_owner(&p->body);
    json_open_object(&w);
    transfer_put_json(&w, &work.transfer, true);
    json_close(&w);
    return json_finish(&w);
}

static void open_and_begin(Job *job)
{
    Passage *p = passage_of_job(job);
    TransferJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, begin_fields, COUNT_OF(begin_fields), &json, &document)) return;
    passage_finish(p, begin(p, &json), payer_write_made);
}

void payer_transfer_begin(Passage *p, Span rest)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_begin);
}
