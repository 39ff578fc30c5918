/* GET /v3/merchant/fund/balance/{account_type}: what stands on the merchant's account (routes.h).
 * BASIC alone is an account here: fees are taken at each payment, and nothing is held for
 * operations. */
#include "api/routes.h"

static int write_balance(Passage *p, Buffer *ret_body)
{
    const BalanceShow *work = &p->work.balance;
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_int(&w, "available_amount", work->available_minor);
    json_key_int(&w, "pending_amount", work->pending_minor);
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

void merchant_balance(Passage *p, Span account_type)
{
    if (!passage_verify(p)) return;
    if (!span_equal(account_type, SPAN("BASIC"))) {
        passage_refuse_field(p, REFUSE(REFUSED_ORDER_FIELD), "account_type");
        return;
    }
    BalanceShow *work = &p->work.balance;
    memset(work, 0, sizeof(*work));
    passage_text(work->mchid, sizeof(work->mchid), span_of_text(p->mchid));
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    memcpy(work->nonce_digest, p->nonce_digest, sizeof(work->nonce_digest));
    balance_show_unit(work, passage_done);
    passage_submit(p, write_balance);
}
