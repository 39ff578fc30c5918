/* The merchant's orders: native and codepay (routes.h). */
#include "api/order_json.h"
#include "api/routes.h"
#include "api/transaction.h"

/* The order in the body, or false: then the passage is answered and gone. */
static bool read_order(Passage *p, PaymentOrder *ret_order, PayCodeText *ret_auth_code)
{
    JsonProblem problem = { 0 };
    if (!passage_has_json(p)) return false;
    const Status s =
            order_read(passage_body(p), span_of_text(p->mchid), ret_order, ret_auth_code, &problem);
    if (!status_ok(s)) {
        passage_refuse(p, s, &problem);
        return false;
    }
    passage_text(ret_order->serial, sizeof(ret_order->serial), span_of_text(p->serial));
    memcpy(ret_order->nonce_digest, p->nonce_digest, sizeof(ret_order->nonce_digest));
    return true;
}

static int write_native(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    char url[PAYMENT_CODE_URL_BYTES + 1];
    payment_code_url(&p->work.native.payment, url);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "code_url", span_of_text(url));
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

void merchant_native(Passage *p, Span rest)
{
    if (!passage_verify(p)) return;
    PaymentNative *work = &p->work.native;
    memset(work, 0, sizeof(*work));
    if (!read_order(p, &work->order, NULL)) return;
    const Status s =
            payment_ids_draw(&p->house->random, clock_now_us(&p->house->clock), &work->ids);
    if (!status_ok(s)) {
        passage_refuse(p, s, NULL);
        return;
    }
    payment_native_unit(work, passage_done);
    passage_submit(p, write_native);
}

static int write_codepay(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    const Payment *payment = &p->work.codepay.payment;
    if (payment->state == TRADE_PAYERROR)
        return passage_write_refusal(p, (Status) { payment->reason }, NULL, ret_body);
    return status_ok(transaction_write(p->house, payment, ret_body)) ? 200 : 500;
}

void merchant_codepay(Passage *p, Span rest)
{
    if (!passage_verify(p)) return;
    PaymentCodepay *work = &p->work.codepay;
    memset(work, 0, sizeof(*work));
    if (!read_order(p, &work->order, &work->auth_code)) return;
    work->rules = &p->house->rules;
    const Status s =
            payment_ids_draw(&p->house->random, clock_now_us(&p->house->clock), &work->ids);
    if (!status_ok(s)) {
        passage_refuse(p, s, NULL);
        return;
    }
    payment_codepay_unit(work, passage_done);
    passage_submit(p, write_codepay);
}
