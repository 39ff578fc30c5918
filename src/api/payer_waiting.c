/* What waits for a payer's PIN: payments by a scanned code that were challenged, whose prepay_id
 * the payer has from nowhere else (routes.h). Only the PIN shows them, since they are the payer's
 * own business (TP-4); each is read through the batch, so that what is shown is what was sealed. */
#include "api/challenge.h"
#include "api/payer_door.h"
#include "api/payer_pin.h"
#include "api/routes.h"
#include "base/encoding.h"
#include "store/unit_wait.h"

typedef struct WaitingJson {
    Span payer_id;
    Span box;
    Span nonce;
} WaitingJson;

static const JsonField waiting_fields[] = {
    { "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, offsetof(WaitingJson, payer_id) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, offsetof(WaitingJson, box) },
    { "nonce", JSON_TEXT, true, 2 * BOX_NONCE_BYTES, 2 * BOX_NONCE_BYTES,
            offsetof(WaitingJson, nonce) },
};

typedef struct Waiting {
    const char *payer;
    PaymentKey keys[PAYMENT_DUE_MAX];
    size_t count;
} Waiting;

static Status list_waiting(void *context, Store *store)
{
    Waiting *waiting = context;
    return payment_waiting(store, waiting->payer, waiting->keys, &waiting->count);
}

static void write_order(JsonWriter *w, const Payment *payment)
{
    uint8_t nonce[BOX_NONCE_BYTES];
    uint8_t text_bytes[2 * BOX_NONCE_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    challenge_of_order(span_of_text(payment->prepay_id), nonce);
    ASSERT(status_ok(hex_encode(SPAN_OF(nonce), &text)));
    json_open_object(w);
    json_key_text(w, "prepay_id", span_of_text(payment->prepay_id));
    json_key_text(w, "mchid", span_of_text(payment->mchid));
    json_key_text(w, "out_trade_no", span_of_text(payment->out_trade_no));
    json_key_object(w, "amount");
    json_key_int(w, "total", payment->money.minor);
    json_key_text(w, "currency", span_of_text(currency_name(payment->money.currency)));
    json_close(w);
    json_key_text(w, "trade_state", span_of_text(trade_state_name(payment->state)));
    json_key_text(w, "nonce", span_of_buffer(&text));
    json_close(w);
}

/* The list was a plain read: the sealed row itself must say that it is this payer's and waits for a
 * PIN. One that waits for a reviewer has no use for it. */
static bool waits_for(const Payment *payment, const char *payer, int64_t now_us)
{
    return payment->state == TRADE_USERPAYING && payment->risk == RISK_CHALLENGE
            && strcmp(payment->payer, payer) == 0 && now_us < payment->decide_by_us;
}

/* An order that cannot be shown (a frozen row) hides no other. */
static Status write_one(House *house, const char *payer, const PaymentKey *key, JsonWriter *w)
{
    PaymentQuery work = { .by = PAYMENT_BY_OUT_TRADE_NO };
    memcpy(work.mchid, key->mchid, sizeof(work.mchid));
    passage_text(work.name, sizeof(work.name), span_of_text(key->out_trade_no));
    payment_query_unit(&work, NULL);
    const Status s = unit_wait(house->batcher, &work.unit);
    if (!status_ok(s) && !message_error_passes(s)) return OK;
    TRY(s);
    if (waits_for(&work.payment, payer, clock_now_us(&house->clock))) write_order(w, &work.payment);
    return OK;
}

static Status write_all(House *house, const char *payer, Buffer *ret_body)
{
    Waiting waiting = { .payer = payer };
    TRY(batcher_between(house->batcher, list_waiting, &waiting));
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_array(&w, "orders");
    for (size_t i = 0; i < waiting.count; i++)
        TRY(write_one(house, payer, &waiting.keys[i], &w));
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

static int write_made(Passage *p, Buffer *ret_body)
{
    if (status_ok(p->outcome)) return 200;
    return passage_write_refusal(p, p->outcome, NULL, ret_body);
}

static void open_and_list(Job *job)
{
    Passage *p = passage_of_job(job);
    uint8_t grant[WIRE_GRANT_BYTES]; /* proves the PIN; it pays for nothing */
    char payer[PAYER_ID_BYTES_MAX + 1];
    Status s = payer_check_pin(p, grant);
    if (status_ok(s)) {
        passage_text(payer, sizeof(payer), p->pin.payer);
        s = write_all(p->house, payer, &p->body);
    }
    passage_finish(p, s, write_made);
}

static Status fill_waiting(Passage *p, const WaitingJson *json)
{
    PayCodeIssue *work = &p->work.codes; /* keeps the payer's id while the job waits */
    Box box = { 0 };
    Buffer nonce = BUFFER_OF(p->server_nonce);
    TRY(payer_take_box(p, json->box, &box));
    REQUIRE(payer_id_is_valid(json->payer_id), REFUSED_PIN_WRONG);
    TRY(hex_decode(json->nonce, &nonce));
    TRY(challenge_check(p->house, p->server_nonce));
    passage_text(work->payer, sizeof(work->payer), json->payer_id);
    p->pin = (WirePinCheck) { .purpose = SPAN("waiting"),
        .payer = span_of_text(work->payer),
        .nonce = SPAN_OF(p->server_nonce) };
    return OK;
}

void payer_waiting(Passage *p, Span rest)
{
    WaitingJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, waiting_fields, 3, &json, &document)) return;
    if (!payer_may_come(p, json.payer_id)) return;
    const Status s = fill_waiting(p, &json);
    if (!status_ok(s))
        passage_refuse(p, s, NULL);
    else {
        passage_not_coming(p);
        payer_submit(p, open_and_list);
    }
}
