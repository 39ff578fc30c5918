/* A payer's contracts of deductions (routes.h): he sees who may take what, signs with the PIN in a
 * box for exactly these terms, sees what he signed, and ends it with his session alone (TP-9). */
#include "api/challenge.h"
#include "api/contract_json.h"
#include "api/payer_desk.h"
#include "api/routes.h"
#include "store/unit_wait.h"

static ContractWork work_of(Passage *p, ContractAct act)
{
    ContractWork work = { .act = act, .door = passage_payer_door(p) };
    memcpy(work.payer, p->comes.payer, sizeof(work.payer));
    memcpy(work.nonce_digest, p->comes.sender.nonce_digest, sizeof(work.nonce_digest));
    return work;
}

/* --- one --- */

static int write_one(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    const ContractWork *work = &p->work.contract;
    JsonWriter w = json_writer_to_owner(ret_body);
    if (!status_ok(contract_write_for_payer(&w, p->house, &work->contract, work->payee)))
        return 500;
    return status_ok(json_finish(&w)) ? 200 : 500;
}

static void one(Passage *p, Span id, ContractAct act)
{
    if (!payer_comes(p)) return;
    if (!contract_id_is_valid(id)) {
        passage_refuse(p, REFUSE(REFUSED_CONTRACT_UNKNOWN), NULL);
        return;
    }
    ContractWork *work = &p->work.contract;
    *work = work_of(p, act);
    passage_text(work->id, sizeof(work->id), id);
    contract_unit(work, passage_done);
    passage_submit(p, write_one);
}

void payer_contract(Passage *p, Span id) { one(p, id, CONTRACT_LOOK); }

void payer_contract_end(Passage *p, Span id) { one(p, id, CONTRACT_END); }

/* --- all of his --- */

typedef struct Listing {
    const char *payer;
    char ids[CONTRACTS_SHOWN_MAX][CONTRACT_ID_BYTES + 1];
    size_t count;
} Listing;

static Status find(void *context, Store *store)
{
    Listing *listing = context;
    return contract_ids(store, listing->payer, listing->ids, &listing->count);
}

/* The list was a plain read: the sealed row itself must say whose it is. One that cannot be shown
 * (a frozen row) hides no other. */
static Status list_one(Passage *p, const char *id, JsonWriter *w)
{
    ContractWork work = work_of(p, CONTRACT_LOOK);
    passage_text(work.id, sizeof(work.id), span_of_text(id));
    contract_unit(&work, NULL);
    const Status s = unit_wait(p->house->batcher, &work.unit);
    if (!status_ok(s) && !message_error_passes(s)) return OK;
    TRY(s);
    return contract_write_for_payer(w, p->house, &work.contract, work.payee);
}

static Status list(Passage *p)
{
    Listing listing = { .payer = p->comes.payer };
    TRY(batcher_between(p->house->batcher, find, &listing));
    JsonWriter w = json_writer_to_owner(&p->body);
    json_open_object(&w);
    json_key_array(&w, "contracts");
    for (size_t i = 0; i < listing.count; i++)
        TRY(list_one(p, listing.ids[i], &w));
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

static void open_and_list(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, list(p), payer_write_made);
}

void payer_contracts(Passage *p, Span rest)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_list);
}

/* --- sign --- */

static int write_signed(Passage *p, Buffer *ret_body)
{
    const bool raced = status_is(p->outcome, REFUSED_STORE_CONSTRAINT); /* another of this plan */
    if (raced) p->outcome = REFUSE(REFUSED_CONTRACT_EXISTS);
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    const Contract *contract = &p->work.contract_sign.contract;
    JsonWriter w = json_writer_to_owner(ret_body);
    json_open_object(&w);
    json_key_text(&w, "contract_id", span_of_text(contract->id));
    json_key_text(&w, "contract_state", span_of_text(contract_state_name(contract->state)));
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

static Status find_other(void *context, Store *store)
{
    ContractSign *work = context;
    return contract_signed_before(store, work->payer, work->id, work->other);
}

static void open_and_sign(Job *job)
{
    Passage *p = passage_of_job(job);
    ContractSign *work = &p->work.contract_sign;
    Status s = batcher_between(p->house->batcher, find_other, work);
    if (status_ok(s)) s = payer_check_pin(p, work->grant);
    if (!status_ok(s)) {
        passage_finish(p, s, write_signed);
        return;
    }
    contract_sign_unit(work, passage_done);
    passage_submit(p, write_signed);
}

/* What the box says that it is for; vaultd proves it, the unit holds it against the row. */
static Status fill_sign(Passage *p, Span box_base64, Span id)
{
    static const uint8_t cny[3] = { 'C', 'N', 'Y' };
    ContractSign *work = &p->work.contract_sign;
    Box box = { 0 };
    memset(work, 0, sizeof(*work));
    TRY(payer_take_box(p, box_base64, &box));
    REQUIRE(contract_id_is_valid(id), REFUSED_CONTRACT_UNKNOWN);
    REQUIRE(merchant_id_is_valid(box.context.tenant), REFUSED_BOX_CONTEXT);
    REQUIRE(box.context.order.size == CONTRACT_ORDER_BYTES, REFUSED_BOX_CONTEXT);
    REQUIRE(bytes_equal_ct(box.context.currency, cny, sizeof(cny)), REFUSED_BOX_CONTEXT);
    passage_text(work->order, sizeof(work->order), box.context.order);
    passage_text(work->mchid, sizeof(work->mchid), box.context.tenant);
    passage_text(work->id, sizeof(work->id), id);
    memcpy(work->payer, p->comes.payer, sizeof(work->payer));
    work->minor = box.context.amount;
    work->door = passage_payer_door(p);
    memcpy(work->nonce_digest, p->comes.sender.nonce_digest, sizeof(work->nonce_digest));
    challenge_of_order(span_of_text(work->id), p->server_nonce);
    p->pin = (WirePinCheck) { .purpose = SPAN("pay"),
        .tenant = span_of_text(work->mchid),
        .order = span_of_text(work->order),
        .minor = work->minor,
        .payer = span_of_text(work->payer),
        .nonce = SPAN_OF(p->server_nonce) };
    return OK;
}

void payer_contract_sign(Passage *p, Span id)
{
    static const JsonField fields[] = { { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, 0 } };
    Span box = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, fields, 1, &box, &document)) return;
    if (!payer_comes(p)) return;
    const Status s = fill_sign(p, box, id);
    if (!status_ok(s))
        passage_refuse(p, s, NULL);
    else
        payer_submit(p, open_and_sign);
}
