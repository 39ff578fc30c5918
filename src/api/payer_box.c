/* What a payer's app needs to make a box: the box key of today, a challenge, the facts of an order
 * (routes.h). */
#include "api/challenge.h"
#include "api/payer_door.h"
#include "api/routes.h"
#include "base/encoding.h"
#include "base/time.h"

static void key_base64(JsonWriter *w, const char *key, Span bytes)
{
    uint8_t text_bytes[2048];
    Buffer text = BUFFER_OF(text_bytes);
    ASSERT(status_ok(base64_encode(bytes, &text)));
    json_key_text(w, key, span_of_buffer(&text));
}

static int write_made(Passage *p, Buffer *ret_body)
{
    if (status_ok(p->outcome)) return 200;
    return passage_write_refusal(p, p->outcome, NULL, ret_body);
}

static Status write_box_key(const WireBoxKey *key, Buffer *ret_body)
{
    uint8_t time_bytes[TIME_TEXT_BYTES];
    Buffer time = BUFFER_OF(time_bytes);
    TRY(time_format(key->expires_us, &time));
    REQUIRE(key->public_key.size <= 512 && key->signature.size <= SIGN_BYTES_MAX
                    && key->signature_before.size <= SIGN_BYTES_MAX,
            REFUSED_IPC_FORMAT);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_int(&w, "key_id", key->key_id);
    json_key_int(&w, "suite", key->suite);
    json_key_text(&w, "expire_time", span_of_buffer(&time));
    json_key_int(&w, "expires_us", key->expires_us);
    key_base64(&w, "public_key", key->public_key);
    key_base64(&w, "signature", key->signature);
    key_base64(&w, "signature_before", key->signature_before);
    json_close(&w);
    return json_finish(&w);
}

static void fetch_box_key(Job *job)
{
    Passage *p = passage_of_job(job);
    uint8_t memory_bytes[4096];
    Buffer memory = BUFFER_OF(memory_bytes);
    WireBoxKey key = { 0 };
    Status s = vaultclient_box_key(p->house->vault, &memory, &key);
    if (status_ok(s)) s = write_box_key(&key, &p->body);
    passage_finish(p, s, write_made);
}

void payer_box_key(Passage *p, Span rest)
{
    passage_not_coming(p);
    p->for_pages = true;
    p->job.run = fetch_box_key;
    const Status s = workers_submit(p->house->openers, &p->job);
    if (!status_ok(s)) passage_refuse(p, s, NULL);
}

static void key_hex(JsonWriter *w, const char *key, const uint8_t nonce[BOX_NONCE_BYTES])
{
    uint8_t text_bytes[2 * BOX_NONCE_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    ASSERT(status_ok(hex_encode((Span) { nonce, BOX_NONCE_BYTES }, &text)));
    json_key_text(w, key, span_of_buffer(&text));
}

static int write_challenge(Passage *p, Buffer *ret_body)
{
    uint8_t nonce[BOX_NONCE_BYTES];
    const Status s = challenge_make(p->house, nonce);
    if (!status_ok(s)) return passage_write_refusal(p, s, NULL, ret_body);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    char payer[CHALLENGE_PAYER_BYTES + 1];
    challenge_payer(nonce, payer);
    key_hex(&w, "nonce", nonce);
    json_key_text(&w, "payer_id", span_of_text(payer));
    challenge_card(nonce, payer);
    json_key_text(&w, "card_id", span_of_text(payer));
    json_key_int(&w, "life_s", HOUSE_CHALLENGE_LIFE_S);
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

void payer_challenge(Passage *p, Span rest) { passage_finish(p, OK, write_challenge); }

/* Payee, order, amount and nonce: everything that the box must be made for. */
static int write_order(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    const Payment *payment = &p->work.query.payment;
    uint8_t nonce[BOX_NONCE_BYTES];
    challenge_of_order(span_of_text(payment->prepay_id), nonce);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "prepay_id", span_of_text(payment->prepay_id));
    json_key_text(&w, "mchid", span_of_text(payment->mchid));
    json_key_text(&w, "out_trade_no", span_of_text(payment->out_trade_no));
    json_key_text(&w, "description", span_of_text(payment->description));
    json_key_text(&w, "trade_state", span_of_text(trade_state_name(payment->state)));
    json_key_object(&w, "amount");
    json_key_int(&w, "total", payment->money.minor);
    json_key_text(&w, "currency", span_of_text(currency_name(payment->money.currency)));
    json_close(&w);
    key_hex(&w, "nonce", nonce);
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

void payer_order(Passage *p, Span prepay_id)
{
    p->for_pages = true;
    if (!payer_may_come(p, SPAN(""))) return;
    if (!payment_prepay_id_is_valid(prepay_id)) {
        passage_refuse(p, REFUSE(REFUSED_ORDER_NOT_EXIST), NULL);
        return;
    }
    PaymentQuery *work = &p->work.query;
    memset(work, 0, sizeof(*work));
    work->by = PAYMENT_BY_PREPAY_ID;
    passage_text(work->name, sizeof(work->name), prepay_id);
    payment_query_unit(work, passage_done);
    passage_submit(p, write_order);
}
