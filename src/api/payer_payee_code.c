/* A payer scans a merchant's static code: sees who is paid, says how much, pays with the PIN in a
 * box for exactly that merchant and amount (routes.h; TP-18). */
#include "api/challenge.h"
#include "api/payer_door.h"
#include "api/payer_pin.h"
#include "api/routes.h"
#include "base/encoding.h"

/* --- look --- */

/* The number is drawn here and stored nowhere: the box is made for it, and it is taken once. */
static int write_look(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    const PayeeCodeLook *work = &p->work.payee_look;
    char number[PAYMENT_OUT_TRADE_NO_MAX + 1];
    uint8_t nonce[BOX_NONCE_BYTES];
    uint8_t text_bytes[2 * BOX_NONCE_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    const Status s = payee_code_number_draw(&p->house->random, number);
    if (!status_ok(s)) return passage_write_refusal(p, s, NULL, ret_body);
    challenge_of_order(span_of_text(number), nonce);
    ASSERT(status_ok(hex_encode(SPAN_OF(nonce), &text)));
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "payee", span_of_text(work->payee));
    json_key_text(&w, "mchid", span_of_text(work->code.mchid));
    json_key_text(&w, "description", span_of_text(work->code.description));
    json_key_int(&w, "limit_minor", work->code.limit_minor);
    json_key_text(&w, "out_trade_no", span_of_text(number));
    json_key_text(&w, "nonce", span_of_buffer(&text));
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

void payer_payee_code(Passage *p, Span reference)
{
    if (!payer_may_come(p, SPAN(""))) return;
    if (!payee_code_is_valid(reference)) {
        passage_refuse(p, REFUSE(REFUSED_PAYEE_CODE_UNKNOWN), NULL);
        return;
    }
    PayeeCodeLook *work = &p->work.payee_look;
    memset(work, 0, sizeof(*work));
    passage_text(work->reference, sizeof(work->reference), reference);
    payee_code_look_unit(work, passage_done);
    passage_submit(p, write_look);
}

/* --- pay --- */

typedef struct PayJson {
    Span payer_id;
    Span box;
} PayJson;

static const JsonField pay_fields[] = {
    { "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, offsetof(PayJson, payer_id) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, offsetof(PayJson, box) },
};

static int write_paid(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    return payer_write_paid(&p->work.payee_pay.payment, ret_body);
}

static void open_and_pay(Job *job)
{
    Passage *p = passage_of_job(job);
    PayeeCodePay *work = &p->work.payee_pay;
    Status s = payer_check_pin(p, work->grant);
    if (status_ok(s))
        s = payment_ids_draw(&p->house->random, clock_now_us(&p->house->clock), &work->ids);
    if (!status_ok(s)) {
        passage_finish(p, s, write_paid);
        return;
    }
    payee_code_pay_unit(work, passage_done);
    passage_submit(p, write_paid);
}

static Status fill_pay(Passage *p, const PayJson *json, Span reference)
{
    PayeeCodePay *work = &p->work.payee_pay;
    memset(work, 0, sizeof(*work));
    Box box = { 0 };
    TRY(payer_take_box(p, json->box, &box));
    REQUIRE(payer_id_is_valid(json->payer_id), REFUSED_PIN_WRONG);
    TRY(payer_box_order(&box, &work->confirmed, &work->money));
    REQUIRE(payee_code_number_is_valid(span_of_text(work->confirmed.out_trade_no)),
            REFUSED_BOX_CONTEXT);
    challenge_of_order(span_of_text(work->confirmed.out_trade_no), p->server_nonce);
    passage_text(work->reference, sizeof(work->reference), reference);
    passage_text(work->payer, sizeof(work->payer), json->payer_id);
    work->door = passage_payer_door(p);
    memcpy(work->nonce_digest, p->comes.sender.nonce_digest, sizeof(work->nonce_digest));
    work->rules = &p->house->rules;
    p->pin = (WirePinCheck) { .purpose = SPAN("pay"),
        .tenant = span_of_text(work->confirmed.mchid),
        .order = span_of_text(work->confirmed.out_trade_no),
        .minor = work->money.minor,
        .payer = span_of_text(work->payer),
        .nonce = SPAN_OF(p->server_nonce) };
    return OK;
}

void payer_payee_code_pay(Passage *p, Span reference)
{
    PayJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, pay_fields, 2, &json, &document)) return;
    if (!payer_may_come(p, json.payer_id)) return;
    Status s = payee_code_is_valid(reference) ? OK : REFUSE(REFUSED_PAYEE_CODE_UNKNOWN);
    if (status_ok(s)) s = fill_pay(p, &json, reference);
    if (!status_ok(s))
        passage_refuse(p, s, NULL);
    else
        payer_submit(p, open_and_pay);
}
