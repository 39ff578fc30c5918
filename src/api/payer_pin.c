#include "api/payer_pin.h"

#include "base/encoding.h"
#include "base/secret.h"

Status payer_take_box(Passage *p, Span base64, Box *ret_box)
{
    Buffer bytes = BUFFER_OF(p->box);
    TRY(base64_decode(base64, &bytes));
    p->box_size = bytes.size;
    return box_parse(span_of_buffer(&bytes), ret_box);
}

Status payer_box_order(const Box *box, PaymentKey *ret_key, Money *ret_money)
{
    static const uint8_t cny[3] = { 'C', 'N', 'Y' };
    const BoxContext *context = &box->context;
    REQUIRE(merchant_id_is_valid(context->tenant), REFUSED_BOX_CONTEXT);
    REQUIRE(payment_out_trade_no_is_valid(context->order), REFUSED_BOX_CONTEXT);
    REQUIRE(bytes_equal_ct(context->currency, cny, sizeof(cny)), REFUSED_BOX_CONTEXT);
    passage_text(ret_key->mchid, sizeof(ret_key->mchid), context->tenant);
    passage_text(ret_key->out_trade_no, sizeof(ret_key->out_trade_no), context->order);
    *ret_money = (Money) { context->amount, CURRENCY_CNY };
    return OK;
}

int payer_write_paid(const Payment *payment, Buffer *ret_body)
{
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "prepay_id", span_of_text(payment->prepay_id));
    json_key_text(&w, "trade_state", span_of_text(trade_state_name(payment->state)));
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

Status payer_check_pin(Passage *p, uint8_t ret_grant[WIRE_GRANT_BYTES])
{
    uint8_t verifier_bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer verifier = BUFFER_OF(verifier_bytes);
    Status s = domain_get_verifier(p->house->domain, p->pin.payer, &verifier);
    if (status_is(s, (StatusCode)REFUSED_ROW_MISSING)) s = REFUSE(REFUSED_PIN_WRONG);
    TRY(s);
    p->pin.box = (Span) { p->box, p->box_size };
    p->pin.verifier = span_of_buffer(&verifier);
    p->pin.now_us = clock_now_us(&p->house->clock);
    s = vaultclient_check_pin(p->house->vault, &p->pin, ret_grant);
    bytes_wipe(verifier_bytes, sizeof(verifier_bytes));
    return s;
}

static void submit_to(Workers *workers, Passage *p, void (*run)(Job *job))
{
    p->job.run = run;
    const Status s = workers_submit(workers, &p->job);
    if (!status_ok(s)) passage_refuse(p, s, NULL);
}

void payer_submit(Passage *p, void (*run)(Job *job)) { submit_to(p->house->openers, p, run); }

void payer_submit_bank(Passage *p, void (*run)(Job *job))
{
    if (p->house->bankers != NULL)
        submit_to(p->house->bankers, p, run);
    else
        passage_refuse(p, REFUSE(REFUSED_BANK_NONE), NULL);
}
