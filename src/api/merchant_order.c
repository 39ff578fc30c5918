/* The merchant's orders: native, app, jsapi, h5, codepay and papay (routes.h). */
#include "api/order_identity.h"
#include "api/routes.h"
#include "api/transaction.h"

#include <stdio.h>

/* The order in the body, or false: then the passage is answered and gone. */
static bool read_order(
        Passage *p, TradeType type, PaymentOrder *ret_order, PayCodeText *ret_auth_code)
{
    JsonProblem problem = { 0 };
    if (!passage_has_json(p)) return false;
    const Status s = order_read(passage_body(p), span_of_text(p->mchid), type, ret_order,
            ret_auth_code, &p->sealed, &problem);
    if (!status_ok(s)) {
        passage_refuse(p, s, &problem);
        return false;
    }
    passage_text(ret_order->serial, sizeof(ret_order->serial), span_of_text(p->serial));
    memcpy(ret_order->nonce_digest, p->nonce_digest, sizeof(ret_order->nonce_digest));
    return true;
}

static int end_one(JsonWriter *w)
{
    json_close(w);
    return status_ok(json_finish(w)) ? 200 : 500;
}

static int write_native(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    char url[PAYMENT_CODE_URL_BYTES + 1];
    payment_code_url(&p->work.native.payment, url);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "code_url", span_of_text(url));
    return end_one(&w);
}

static int write_prepaid(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "prepay_id", span_of_text(p->work.native.payment.prepay_id));
    return end_one(&w);
}

/* The cashier page; the order's name stands behind '#', which no browser sends or refers on. */
static int write_h5(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    char url[HOUSE_URL_BYTES_MAX + PAYMENT_PREPAY_ID_BYTES + 16];
    char origin[HOUSE_URL_BYTES_MAX];
    if (!house_public_url(p->house, origin)) return 500; /* merchant_h5() asked before */
    snprintf(url, sizeof(url), "%s/cashier/#%s", origin, p->work.native.payment.prepay_id);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "h5_url", span_of_text(url));
    return end_one(&w);
}

/* The order's unit, at once, or when vaultd has read whom the order names: `come` submits it. */
static void open_or_come(Passage *p, void (*open)(Job *job), void (*come)(Passage *p))
{
    PlatformSigner key = { 0 };
    if (!p->sealed.there) {
        come(p);
        return;
    }
    Status s = order_identity_key(p, &key);
    if (!status_ok(s)) {
        passage_refuse_field(p, s, "Wechatpay-Serial");
        return;
    }
    passage_not_coming(p);
    p->job.run = open;
    s = workers_submit(p->house->openers, &p->job);
    if (!status_ok(s)) passage_refuse(p, s, NULL);
}

static Passage *passage_of(Job *job)
{
    return (Passage *)(void *)((uint8_t *)job - offsetof(Passage, job));
}

static PassageWrite writer_of(TradeType type)
{
    if (type == TRADE_NATIVE) return write_native;
    return type == TRADE_MWEB ? write_h5 : write_prepaid;
}

static void come_ordering(Passage *p)
{
    PaymentNative *work = &p->work.native;
    payment_native_unit(work, passage_done);
    passage_submit(p, writer_of(work->type));
}

static void open_and_order(Job *job)
{
    Passage *p = passage_of(job);
    const Status s = order_identity_open(p, &p->work.native.order);
    if (status_ok(s))
        come_ordering(p);
    else
        passage_refuse_field(p, s, "payer.identity");
}

/* Make an order that its payer pays with a PIN: it differs by its fields and the answer alone. */
static void make_order(Passage *p, TradeType type)
{
    if (!passage_verify(p)) return;
    PaymentNative *work = &p->work.native;
    memset(work, 0, sizeof(*work));
    work->type = type;
    work->terms_required = p->house->rules.terms_required;
    if (!read_order(p, type, &work->order, NULL)) return;
    const Status s =
            payment_ids_draw(&p->house->random, clock_now_us(&p->house->clock), &work->ids);
    if (!status_ok(s)) {
        passage_refuse(p, s, NULL);
        return;
    }
    open_or_come(p, open_and_order, come_ordering);
}

void merchant_native(Passage *p, Span rest) { make_order(p, TRADE_NATIVE); }

void merchant_app(Passage *p, Span rest) { make_order(p, TRADE_APP); }

void merchant_jsapi(Passage *p, Span rest) { make_order(p, TRADE_JSAPI); }

void merchant_h5(Passage *p, Span rest)
{
    char origin[HOUSE_URL_BYTES_MAX];
    const bool offered = p->house->field_files != NULL && house_public_url(p->house, origin);
    if (offered)
        make_order(p, TRADE_MWEB);
    else if (passage_verify(p))
        passage_refuse(p, REFUSE(REFUSED_H5_NOT_OFFERED), NULL);
}

/* Of what was decided at once: paid, held, or refused for good. */
static int write_decided(
        Passage *p, const Payment *payment, const OrderIdentity *identity, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    if (payment->state == TRADE_PAYERROR)
        return passage_write_refusal(p, (Status) { payment->reason }, NULL, ret_body);
    return status_ok(transaction_write(p->house, payment, identity, ret_body)) ? 200 : 500;
}

static int write_codepay(Passage *p, Buffer *ret_body)
{
    const PaymentCodepay *work = &p->work.codepay;
    return write_decided(p, &work->payment, &work->order.identity, ret_body);
}

static void come_charging(Passage *p)
{
    payment_codepay_unit(&p->work.codepay, passage_done);
    passage_submit(p, write_codepay);
}

static void open_and_charge(Job *job)
{
    Passage *p = passage_of(job);
    const Status s = order_identity_open(p, &p->work.codepay.order);
    if (status_ok(s))
        come_charging(p);
    else
        passage_refuse_field(p, s, "payer.identity");
}

void merchant_codepay(Passage *p, Span rest)
{
    if (!passage_verify(p)) return;
    PaymentCodepay *work = &p->work.codepay;
    memset(work, 0, sizeof(*work));
    if (!read_order(p, TRADE_MICROPAY, &work->order, &work->auth_code)) return;
    work->rules = &p->house->rules;
    const Status s =
            payment_ids_draw(&p->house->random, clock_now_us(&p->house->clock), &work->ids);
    if (!status_ok(s)) {
        passage_refuse(p, s, NULL);
        return;
    }
    open_or_come(p, open_and_charge, come_charging);
}

static int write_deducted(Passage *p, Buffer *ret_body)
{
    return write_decided(p, &p->work.deduct.payment, NULL, ret_body);
}

void merchant_deduct(Passage *p, Span rest)
{
    if (!passage_verify(p)) return;
    PaymentDeduct *work = &p->work.deduct;
    memset(work, 0, sizeof(*work));
    if (!read_order(p, TRADE_DEDUCTION, &work->order, NULL)) return;
    work->rules = &p->house->rules;
    const Status s =
            payment_ids_draw(&p->house->random, clock_now_us(&p->house->clock), &work->ids);
    if (!status_ok(s)) {
        passage_refuse(p, s, NULL);
        return;
    }
    payment_deduct_unit(work, passage_done);
    passage_submit(p, write_deducted);
}
