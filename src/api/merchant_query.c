/* The merchant's questions about an order, and its end: query, close (routes.h). */
#include "api/routes.h"
#include "api/transaction.h"

static int write_query(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    const PaymentQuery *work = &p->work.query;
    const Status s = transaction_write(p->house, &work->payment, &work->identity, ret_body);
    return status_ok(s) ? 200 : 500;
}

/* The query string must be exactly mchid=<the sender's own>. */
static bool names_the_sender(const Passage *p)
{
    Cursor query = cursor_of(passage_query(p));
    Span name = { 0 };
    if (!status_ok(cursor_until(&query, '=', &name))) return false;
    return span_equal(name, SPAN("mchid")) && span_equal(query.rest, span_of_text(p->mchid));
}

static void query(Passage *p, PaymentName by, Span name)
{
    PaymentQuery *work = &p->work.query;
    memset(work, 0, sizeof(*work));
    passage_text(work->mchid, sizeof(work->mchid), span_of_text(p->mchid));
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    passage_text(work->name, sizeof(work->name), name);
    memcpy(work->nonce_digest, p->nonce_digest, sizeof(work->nonce_digest));
    work->by = by;
    payment_query_unit(work, passage_done);
    passage_submit(p, write_query);
}

void merchant_query_by_id(Passage *p, Span transaction_id)
{
    if (!passage_verify(p)) return;
    if (!names_the_sender(p))
        passage_refuse_field(p, REFUSE(REFUSED_ORDER_FIELD), "mchid");
    else if (!payment_transaction_id_is_valid(transaction_id))
        passage_refuse_field(p, REFUSE(REFUSED_ORDER_NOT_EXIST), "transaction_id");
    else
        query(p, PAYMENT_BY_TRANSACTION_ID, transaction_id);
}

void merchant_query_by_number(Passage *p, Span out_trade_no)
{
    if (!passage_verify(p)) return;
    if (!names_the_sender(p))
        passage_refuse_field(p, REFUSE(REFUSED_ORDER_FIELD), "mchid");
    else if (!payment_out_trade_no_is_valid(out_trade_no))
        passage_refuse_field(p, REFUSE(REFUSED_ORDER_FIELD), "out_trade_no");
    else
        query(p, PAYMENT_BY_OUT_TRADE_NO, out_trade_no);
}

static int write_close(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    return 204;
}

typedef struct CloseJson {
    Span mchid;
} CloseJson;

static const JsonField close_fields[] = {
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, offsetof(CloseJson, mchid) },
};

void merchant_close(Passage *p, Span out_trade_no)
{
    if (!passage_verify(p)) return;
    CloseJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, close_fields, 1, &json, &document)) return;
    if (!span_equal(json.mchid, span_of_text(p->mchid))) {
        passage_refuse_field(p, REFUSE(REFUSED_ORDER_FIELD), "mchid");
        return;
    }
    if (!payment_out_trade_no_is_valid(out_trade_no)) {
        passage_refuse_field(p, REFUSE(REFUSED_ORDER_FIELD), "out_trade_no");
        return;
    }
    PaymentClose *work = &p->work.close;
    memset(work, 0, sizeof(*work));
    passage_text(work->key.mchid, sizeof(work->key.mchid), span_of_text(p->mchid));
    passage_text(work->key.out_trade_no, sizeof(work->key.out_trade_no), out_trade_no);
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    memcpy(work->nonce_digest, p->nonce_digest, sizeof(work->nonce_digest));
    payment_close_unit(work, passage_done);
    passage_submit(p, write_close);
}
