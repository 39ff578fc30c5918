/* What a payer does with the PIN: confirm a payment, take codes (routes.h). The PIN is in a box;
 * only vaultd opens it (TP-4, TP-6). */
#include "api/challenge.h"
#include "api/payer_door.h"
#include "api/payer_pin.h"
#include "api/routes.h"
#include "api/transaction.h"
#include "base/encoding.h"

typedef struct PinJson {
    Span payer_id;
    Span box;
    Span nonce;
    int64_t count;
} PinJson;

static const JsonField pay_fields[] = {
    { "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, offsetof(PinJson, payer_id) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, offsetof(PinJson, box) },
};

static const JsonField code_fields[] = {
    { "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, offsetof(PinJson, payer_id) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, offsetof(PinJson, box) },
    { "nonce", JSON_TEXT, true, 2 * BOX_NONCE_BYTES, 2 * BOX_NONCE_BYTES,
            offsetof(PinJson, nonce) },
    { "count", JSON_INT, true, 1, PAY_CODE_COUNT_MAX, offsetof(PinJson, count) },
};

static int write_paid(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    return payer_write_paid(&p->work.pay.payment, ret_body);
}

static void open_and_pay(Job *job)
{
    Passage *p = passage_of_job(job);
    PaymentPay *work = &p->work.pay;
    const Status s = payer_check_pin(p, work->grant);
    if (!status_ok(s)) {
        passage_finish(p, s, write_paid);
        return;
    }
    payment_pay_unit(work, passage_done);
    passage_submit(p, write_paid);
}

/* Inputs of the unit and of the PIN check from the box's context. The grant binds payer, payee,
 * order and amount as the box says; the unit refuses an order that differs from them. */
static Status fill_pay(Passage *p, const PinJson *json, Span prepay_id)
{
    PaymentPay *work = &p->work.pay;
    memset(work, 0, sizeof(*work));
    Box box = { 0 };
    TRY(payer_take_box(p, json->box, &box));
    REQUIRE(payer_id_is_valid(json->payer_id), REFUSED_PIN_WRONG);
    Money money = { 0 };
    TRY(payer_box_order(&box, &work->confirmed, &money));
    challenge_of_order(prepay_id, p->server_nonce);
    passage_text(work->prepay_id, sizeof(work->prepay_id), prepay_id);
    passage_text(work->payer, sizeof(work->payer), json->payer_id);
    work->confirmed_minor = money.minor;
    transaction_openid(p->house, work->confirmed.mchid, work->payer, work->openid);
    work->door = passage_payer_door(p);
    memcpy(work->nonce_digest, p->comes.sender.nonce_digest, sizeof(work->nonce_digest));
    work->rules = &p->house->rules;
    p->pin = (WirePinCheck) { .purpose = SPAN("pay"),
        .tenant = span_of_text(work->confirmed.mchid),
        .order = span_of_text(work->confirmed.out_trade_no),
        .minor = work->confirmed_minor,
        .payer = span_of_text(work->payer),
        .nonce = SPAN_OF(p->server_nonce) };
    return OK;
}

void payer_pay(Passage *p, Span prepay_id)
{
    PinJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, pay_fields, 2, &json, &document)) return;
    if (!payer_may_come(p, json.payer_id)) return;
    Status s = payment_prepay_id_is_valid(prepay_id) ? OK : REFUSE(REFUSED_ORDER_NOT_EXIST);
    if (status_ok(s)) s = fill_pay(p, &json, prepay_id);
    if (!status_ok(s))
        passage_refuse(p, s, NULL);
    else
        payer_submit(p, open_and_pay);
}

static int write_codes(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    const PayCodeIssue *work = &p->work.codes;
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_array(&w, "codes");
    for (size_t i = 0; i < work->count; i++)
        json_item_text(&w, span_of_text(work->codes[i]));
    json_close(&w);
    json_key_int(&w, "expires_us", work->expires_us);
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

static void open_and_issue(Job *job)
{
    Passage *p = passage_of_job(job);
    PayCodeIssue *work = &p->work.codes;
    uint8_t grant[WIRE_GRANT_BYTES]; /* proves the PIN; codes need no more of it */
    Status s = payer_check_pin(p, grant);
    if (status_ok(s)) s = pay_codes_draw(&p->house->random, work);
    if (!status_ok(s)) {
        passage_finish(p, s, write_codes);
        return;
    }
    pay_code_issue_unit(work, passage_done);
    passage_submit(p, write_codes);
}

static Status fill_codes(Passage *p, const PinJson *json)
{
    PayCodeIssue *work = &p->work.codes;
    memset(work, 0, sizeof(*work));
    Box box = { 0 };
    TRY(payer_take_box(p, json->box, &box));
    REQUIRE(payer_id_is_valid(json->payer_id), REFUSED_PIN_WRONG);
    Buffer nonce = BUFFER_OF(p->server_nonce);
    TRY(hex_decode(json->nonce, &nonce));
    TRY(challenge_check(p->house, p->server_nonce));
    passage_text(work->payer, sizeof(work->payer), json->payer_id);
    work->count = (size_t)json->count;
    work->door = passage_payer_door(p);
    memcpy(work->nonce_digest, p->comes.sender.nonce_digest, sizeof(work->nonce_digest));
    work->life_us = p->house->code_life_us;
    p->pin = (WirePinCheck) { .purpose = SPAN("codes"),
        .payer = span_of_text(work->payer),
        .nonce = SPAN_OF(p->server_nonce) };
    return OK;
}

void payer_codes(Passage *p, Span rest)
{
    PinJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, code_fields, 4, &json, &document)) return;
    if (!payer_may_come(p, json.payer_id)) return;
    const Status s = fill_codes(p, &json);
    if (!status_ok(s))
        passage_refuse(p, s, NULL);
    else
        payer_submit(p, open_and_issue);
}
