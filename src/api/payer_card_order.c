/* A payer pays an order from his bound card, with his PIN for exactly this order, amount, payee and
 * card (routes.h). No card data leaves: the bank knows the card by its agreement's number (TP-4;
 * docs/decisions/0085). */
#include "api/challenge.h"
#include "api/payer_desk.h"
#include "api/routes.h"
#include "api/transaction.h"
#include "bank/desk.h"
#include "payment/order.h"
#include "payment/payer_card_pay.h"
#include "store/unit_wait.h"

typedef struct CardPayJson {
    Span payer_id;
    Span box;
    Span card_id;
} CardPayJson;

static const JsonField pay_fields[] = {
    { "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, offsetof(CardPayJson, payer_id) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, offsetof(CardPayJson, box) },
    { "card_id", JSON_TEXT, true, 1, PAYER_CARD_ID_BYTES, offsetof(CardPayJson, card_id) },
};

enum { NONCE_BYTES = BOX_NONCE_BYTES + PAYER_CARD_ID_BYTES };

/* The order's nonce and the card's id: the context has 16 bytes of their SHA-256, so that a PIN
 * for one card, or for the balance, pays from no other. */
static Status put_nonce(Span prepay_id, Span card_id, Buffer *ret_nonce)
{
    uint8_t of_order[BOX_NONCE_BYTES];
    challenge_of_order(prepay_id, of_order);
    TRY(buffer_put(ret_nonce, SPAN_OF(of_order)));
    return buffer_put(ret_nonce, card_id);
}

static Status fill(Passage *p, const CardPayJson *json, Span prepay_id, PayerCardPay *work)
{
    Box box = { 0 };
    Money money = { 0 };
    REQUIRE(payment_prepay_id_is_valid(prepay_id), REFUSED_ORDER_NOT_EXIST);
    REQUIRE(payer_card_id_is_valid(json->card_id), REFUSED_CARD_UNKNOWN);
    REQUIRE(payer_id_is_valid(json->payer_id), REFUSED_PIN_WRONG);
    TRY(payer_take_box(p, json->box, &box));
    TRY(payer_box_order(&box, &work->confirmed, &money));
    work->confirmed_minor = money.minor;
    passage_text(work->prepay_id, sizeof(work->prepay_id), prepay_id);
    passage_text(work->payer, sizeof(work->payer), json->payer_id);
    passage_text(work->card, sizeof(work->card), json->card_id);
    transaction_openid(p->house, work->confirmed.mchid, work->payer, work->openid);
    work->door = passage_payer_door(p);
    memcpy(work->nonce_digest, p->comes.sender.nonce_digest, sizeof(work->nonce_digest));
    work->rules = &p->house->rules;
    work->unit.from = passage_from(p);
    return OK;
}

static Status check(Passage *p, PayerCardPay *work)
{
    uint8_t nonce_bytes[NONCE_BYTES];
    Buffer nonce = BUFFER_OF(nonce_bytes);
    TRY(put_nonce(span_of_text(work->prepay_id), span_of_text(work->card), &nonce));
    p->pin = (WirePinCheck) { .purpose = SPAN("pay"),
        .tenant = span_of_text(work->confirmed.mchid),
        .order = span_of_text(work->confirmed.out_trade_no),
        .minor = work->confirmed_minor,
        .payer = span_of_text(work->payer),
        .nonce = span_of_buffer(&nonce) };
    return payer_check_pin(p, work->grant);
}

/* As it is now, whatever became of the sending: what has no end the desk goes on with. */
static Status say(Passage *p, const char *prepay_id)
{
    PaymentQuery look = { .by = PAYMENT_BY_PREPAY_ID };
    passage_text(look.name, sizeof(look.name), span_of_text(prepay_id));
    payment_query_unit(&look, NULL);
    TRY(unit_wait(p->house->batcher, &look.unit));
    return payer_write_paid(&look.payment, &p->body) == 200 ? OK : REFUSE(REFUSED_BUFFER_FULL);
}

static Status pay(Passage *p, const CardPayJson *json)
{
    PayerCardPay work = { 0 };
    Span prepay_id;
    ChannelDesk *desk = p->house->bank_desk;
    REQUIRE(desk != NULL, REFUSED_BANK_NONE);
    ASSERT(route_matches("/payer/v1/orders/*/card-pay", http_request_path(p->http), &prepay_id));
    TRY(fill(p, json, prepay_id, &work));
    TRY(check(p, &work));
    work.lease_us = channel_desk_lease_us(desk);
    payer_card_pay_unit(&work, NULL);
    work.unit.from = passage_from(p);
    TRY(unit_wait(p->house->batcher, &work.unit));
    if (!work.repeated)
        IGNORE(channel_desk_send(desk, &work.begin.order, (Span) { NULL, 0 }),
                "the order is there, and the desk goes on with it");
    return say(p, work.prepay_id);
}

static void open_and_pay(Job *job)
{
    Passage *p = passage_of_job(job);
    CardPayJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, pay_fields, 3, &json, &document)) return;
    passage_finish(p, pay(p, &json), payer_write_made);
}

void payer_card_pay(Passage *p, Span prepay_id)
{
    CardPayJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, pay_fields, 3, &json, &document)) return;
    if (!payer_may_come(p, json.payer_id)) return;
    passage_not_coming(p);
    payer_submit_bank(p, open_and_pay);
}
