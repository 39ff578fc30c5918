/* The merchant's refunds, and the order undone: refund, query of a refund, reverse (routes.h). */
#include "api/refund_json.h"
#include "api/routes.h"

/* --- refund --- */

static int write_refund(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    return status_ok(refund_write(&p->work.refund.refund, ret_body)) ? 200 : 500;
}

void merchant_refund(Passage *p, Span rest)
{
    if (!passage_verify(p) || !passage_has_json(p)) return;
    PaymentRefund *work = &p->work.refund;
    JsonProblem problem = { 0 };
    memset(work, 0, sizeof(*work));
    Status s = refund_read(passage_body(p), span_of_text(p->mchid), &work->request, &problem);
    if (status_ok(s))
        s = refund_id_draw(&p->house->random, clock_now_us(&p->house->clock), work->refund_id);
    if (!status_ok(s)) {
        passage_refuse(p, s, &problem);
        return;
    }
    passage_text(work->request.serial, sizeof(work->request.serial), span_of_text(p->serial));
    memcpy(work->request.nonce_digest, p->nonce_digest, sizeof(work->request.nonce_digest));
    work->rules = p->house->refund_rules;
    payment_refund_unit(work, passage_done);
    passage_submit(p, write_refund);
}

/* --- query --- */

static int write_query(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    return status_ok(refund_write(&p->work.refund_query.refund, ret_body)) ? 200 : 500;
}

void merchant_refund_query(Passage *p, Span number)
{
    if (!passage_verify(p)) return;
    if (!refund_number_is_valid(number)) {
        passage_refuse_field(p, REFUSE(REFUSED_ORDER_FIELD), "out_refund_no");
        return;
    }
    PaymentRefundQuery *work = &p->work.refund_query;
    memset(work, 0, sizeof(*work));
    passage_text(work->mchid, sizeof(work->mchid), span_of_text(p->mchid));
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    passage_text(work->number, sizeof(work->number), number);
    memcpy(work->nonce_digest, p->nonce_digest, sizeof(work->nonce_digest));
    payment_refund_query_unit(work, passage_done);
    passage_submit(p, write_query);
}

/* --- reverse --- */

typedef struct ReverseJson {
    Span appid;
    Span mchid;
} ReverseJson;

static const JsonField reverse_fields[] = {
    { "appid", JSON_TEXT, true, 1, PAYMENT_APPID_BYTES_MAX, offsetof(ReverseJson, appid) },
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, offsetof(ReverseJson, mchid) },
};

static int write_reverse(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    const Payment *payment = &p->work.reverse.payment;
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "appid", span_of_text(payment->appid));
    json_key_text(&w, "mchid", span_of_text(payment->mchid));
    json_key_text(&w, "out_trade_no", span_of_text(payment->out_trade_no));
    json_key_text(&w, "trade_state", span_of_text(trade_state_name(payment->state)));
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

static bool read_reverse(Passage *p, PaymentReverse *work)
{
    ReverseJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, reverse_fields, 2, &json, &document)) return false;
    if (!span_equal(json.mchid, span_of_text(p->mchid))) {
        passage_refuse_field(p, REFUSE(REFUSED_ORDER_FIELD), "mchid");
        return false;
    }
    passage_text(work->appid, sizeof(work->appid), json.appid);
    return true;
}

void merchant_reverse(Passage *p, Span out_trade_no)
{
    if (!passage_verify(p)) return;
    PaymentReverse *work = &p->work.reverse;
    memset(work, 0, sizeof(*work));
    if (!read_reverse(p, work)) return;
    if (!payment_out_trade_no_is_valid(out_trade_no)) {
        passage_refuse_field(p, REFUSE(REFUSED_ORDER_FIELD), "out_trade_no");
        return;
    }
    const Status s =
            refund_id_draw(&p->house->random, clock_now_us(&p->house->clock), work->refund_id);
    if (!status_ok(s)) {
        passage_refuse(p, s, NULL);
        return;
    }
    passage_text(work->key.mchid, sizeof(work->key.mchid), span_of_text(p->mchid));
    passage_text(work->key.out_trade_no, sizeof(work->key.out_trade_no), out_trade_no);
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    memcpy(work->nonce_digest, p->nonce_digest, sizeof(work->nonce_digest));
    work->rules = p->house->refund_rules;
    payment_reverse_unit(work, passage_done);
    passage_submit(p, write_reverse);
}
