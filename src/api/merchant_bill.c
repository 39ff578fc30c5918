/* The merchant's bills: what there is of a day, and the bill itself (routes.h, bill_desk.h). */
#include "api/bill_desk.h"
#include "api/routes.h"

#include <stdio.h>

typedef Status (*FormReader)(Span query, BillAsk *ret_ask, const char **ret_field);

static void submit(Passage *p, const BillAsk *ask, bool download)
{
    BillWork *work = &p->work.bill;
    work->ask = *ask;
    work->download = download;
    work->form = (BillForm) { .kind = ask->kind, .day = ask->day };
    passage_text(work->form.mchid, sizeof(work->form.mchid), span_of_text(p->mchid));
    passage_text(work->form.serial, sizeof(work->form.serial), span_of_text(p->serial));
    memcpy(work->form.nonce_digest, p->nonce_digest, sizeof(work->form.nonce_digest));
    bill_desk_submit(p->house->bills, p);
}

static void ask_for(Passage *p, FormReader read)
{
    const char *field = NULL;
    BillAsk ask = { 0 };
    if (!passage_verify(p)) return;
    char origin[HOUSE_URL_BYTES_MAX] = "";
    const Status s = read(passage_query(p), &ask, &field);
    if (!status_ok(s)) {
        passage_refuse_field(p, s, field);
        return;
    }
    memset(&p->work.bill, 0, sizeof(p->work.bill));
    if (!house_public_url(p->house, origin)) { /* only in the moment when serving begins */
        passage_refuse(p, REFUSE(REFUSED_STORE_BUSY), NULL);
        return;
    }
    passage_text(p->work.bill.origin, sizeof(p->work.bill.origin), span_of_text(origin));
    submit(p, &ask, false);
}

void merchant_trade_bill(Passage *p, Span rest) { ask_for(p, bill_form_trade); }

void merchant_fund_bill(Passage *p, Span rest) { ask_for(p, bill_form_fund); }

void merchant_bill_file(Passage *p, Span rest)
{
    BillAsk ask = { 0 };
    if (!passage_verify(p)) return;
    /* What the gateway answers is wrapped and signed: it is none of the profile's downloads. */
    Status s = p->gateway == NULL ? OK : REFUSE(REFUSED_ENVELOPE_METHOD);
    if (status_ok(s)) s = bill_token_check(p->house, p->mchid, passage_query(p), &ask);
    if (!status_ok(s)) {
        passage_refuse_field(p, s, "token");
        return;
    }
    memset(&p->work.bill, 0, sizeof(p->work.bill));
    submit(p, &ask, true);
}
