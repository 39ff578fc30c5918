#include "payer_cards.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "policy/purposes.h"
#include "text/json.h"

#include <stdio.h>

enum { BOX_TEXT_MAX = 2 * BOX_BYTES_MAX, REQUEST_MAX = 6 * BOX_TEXT_MAX, TARGET_BYTES_MAX = 96 };

/* One request, while it is put together. */
typedef struct Asking {
    const PayerTalk *talk;
    uint8_t nonce[BOX_NONCE_BYTES];
    char card[PAYER_CARDS_ID_BYTES_MAX + 1];
    uint8_t bytes[REQUEST_MAX];
    Buffer body;
    JsonWriter w;
} Asking;

static void asking_wipe(Asking *a) { bytes_wipe(a, sizeof(*a)); }

static Status begin(const PayerTalk *talk, Asking *a)
{
    a->talk = talk;
    TRY(payer_key_fetch(talk->http, talk->key, talk->answer));
    TRY(payer_challenge_fetch(talk->http, talk->answer, a->nonce));
    a->body = BUFFER_OF(a->bytes);
    a->w = json_writer_for(&a->body, LAYER_REQUEST);
    json_open_object(&a->w);
    json_key_text(&a->w, "payer_id", span_of_text(talk->app->id));
    return OK;
}

/* The id that our challenge gives (api/challenge.h). */
static Status draw_id(Asking *a)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t text_bytes[20];
    Buffer text = BUFFER_OF(text_bytes);
    const Span parts[] = { SPAN("hufu card id"), SPAN_OF(a->nonce) };
    digest_parts(DIGEST_SHA256, parts, 2, digest);
    TRY(hex_encode((Span) { digest, 10 }, &text));
    snprintf(a->card, sizeof(a->card), "c-%.20s", (const char *)text_bytes);
    return OK;
}

static Status put_box(Asking *a, const char *key, const BoxWish *wish, const char *plain)
{
    uint8_t text_bytes[BOX_TEXT_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    BoxWish whole = *wish;
    memcpy(whole.nonce, a->nonce, sizeof(whole.nonce));
    whole.order = span_of_text(a->card);
    whole.payee = span_of_text(a->talk->app->id);
    TRY(box_make(a->talk->key, &whole, span_of_text(plain), &text));
    json_key_text(&a->w, key, span_of_buffer(&text));
    return OK;
}

static Status put_pin(Asking *a)
{
    const BoxWish wish = { .data_class = CLASS_PIN, .purpose = BOX_PURPOSE_CARDS };
    return put_box(a, "pin_box", &wish, a->talk->app->pin);
}

static Status put_element(Asking *a, const char *key, DataClass class, const char *value)
{
    const BoxWish wish = {
        .data_class = (uint16_t) class, .purpose = BOX_PURPOSE_FIELD, .tenant = SPAN("hufu")
    };
    return put_box(a, key, &wish, value);
}

/* --- answers --- */

typedef struct ShownJson {
    Span id;
    Span state;
    Span mask;
} ShownJson;

static const JsonField shown_fields[] = {
    { "card_id", JSON_TEXT, true, 1, PAYER_CARDS_ID_BYTES_MAX, offsetof(ShownJson, id) },
    { "card_state", JSON_TEXT, true, 1, 16, offsetof(ShownJson, state) },
    { "card_mask", JSON_TEXT, false, 1, PAYER_CARDS_MASK_BYTES_MAX, offsetof(ShownJson, mask) },
};

static Status post(Asking *a, const char *end, PayerCardShown *ret_shown)
{
    const PayerTalk *talk = a->talk;
    char target[TARGET_BYTES_MAX];
    Span body = { 0 };
    JsonProblem problem = { 0 };
    ShownJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    json_close(&a->w);
    TRY(json_finish(&a->w));
    snprintf(target, sizeof(target), "/payer/v1/cards%s%s%s", end[0] != 0 ? "/" : "",
            end[0] != 0 ? a->card : "", end);
    TRY(payer_ask(talk->app->phone, talk->http, "POST", span_of_text(target),
            span_of_buffer(&a->body), talk->answer, &body));
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), shown_fields, 3, &json, &problem));
    snprintf(ret_shown->id, sizeof(ret_shown->id), "%.*s", (int)json.id.size, json.id.data);
    snprintf(ret_shown->state, sizeof(ret_shown->state), "%.*s", (int)json.state.size,
            json.state.data);
    snprintf(ret_shown->mask, sizeof(ret_shown->mask), "%.*s", (int)json.mask.size, json.mask.data);
    return OK;
}

/* --- the acts --- */

Status payer_card_bind(const PayerTalk *talk, const PayerPerson *holder, const char *card_number,
        PayerCardShown *ret_shown)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    TRY(begin(talk, &a));
    TRY(draw_id(&a));
    memcpy(ret_shown->id, a.card, sizeof(ret_shown->id));
    TRY(put_pin(&a));
    TRY(put_element(&a, "name_box", CLASS_NAME, holder->name));
    TRY(put_element(&a, "identity_number_box", CLASS_IDENTITY_NUMBER, holder->identity_number));
    TRY(put_element(&a, "card_number_box", CLASS_CARD, card_number));
    TRY(put_element(&a, "phone_box", CLASS_PHONE, holder->phone));
    return post(&a, "", ret_shown);
}

Status payer_card_confirm(const PayerTalk *talk, const char *code, PayerCardShown *shown)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    const BoxWish wish = {
        .data_class = CLASS_SECOND_FACTOR, .purpose = BOX_PURPOSE_CODE, .tenant = SPAN("hufu")
    };
    TRY(begin(talk, &a));
    memcpy(a.card, shown->id, sizeof(a.card));
    TRY(put_box(&a, "code_box", &wish, code));
    return post(&a, "/confirm", shown);
}

Status payer_card_unbind(const PayerTalk *talk, PayerCardShown *shown)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    TRY(begin(talk, &a));
    memcpy(a.card, shown->id, sizeof(a.card));
    TRY(put_pin(&a));
    return post(&a, "/unbind", shown);
}

Status payer_card_list(const PayerTalk *talk, Span *ret_body)
{
    return payer_ask(talk->app->phone, talk->http, "GET", SPAN("/payer/v1/cards"),
            (Span) { NULL, 0 }, talk->answer, ret_body);
}

/* --- pay --- */

typedef struct OrderJson {
    Span mchid;
    Span out_trade_no;
    Span nonce;
    int64_t total;
} OrderJson;

static const JsonField amount_fields[] = { { "total", JSON_INT, true, 1, INT64_MAX,
        offsetof(OrderJson, total) } };
static const JsonField order_fields[] = {
    { "mchid", JSON_TEXT, true, 1, BOX_NAME_BYTES_MAX, offsetof(OrderJson, mchid) },
    { "out_trade_no", JSON_TEXT, true, 1, BOX_NAME_BYTES_MAX, offsetof(OrderJson, out_trade_no) },
    { "nonce", JSON_TEXT, true, 2 * BOX_NONCE_BYTES, 2 * BOX_NONCE_BYTES,
            offsetof(OrderJson, nonce) },
    { "amount", JSON_RECORD, true, 0, 0, 0, amount_fields, 1 },
};

/* The PIN, for this order, amount, payee and card (api/payer_card_order.c). */
static Status put_pay_box(Asking *a, const PayerCardShown *shown, Span order)
{
    uint8_t text_bytes[BOX_TEXT_MAX];
    uint8_t nonce_bytes[BOX_NONCE_BYTES];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    Buffer nonce = BUFFER_OF(nonce_bytes);
    JsonProblem problem = { 0 };
    OrderJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(order, &document, &problem));
    TRY(json_read_some(document, json_root(document), order_fields, 4, &json, &problem));
    TRY(hex_decode(json.nonce, &nonce));
    const Span parts[] = { span_of_buffer(&nonce), span_of_text(shown->id) };
    digest_parts(DIGEST_SHA256, parts, 2, digest);
    BoxWish wish = { .data_class = CLASS_PIN,
        .purpose = BOX_PURPOSE_PAY,
        .minor = json.total,
        .tenant = json.mchid,
        .order = json.out_trade_no,
        .payee = json.mchid };
    memcpy(wish.nonce, digest, sizeof(wish.nonce));
    TRY(box_make(a->talk->key, &wish, span_of_text(a->talk->app->pin), &text));
    json_key_text(&a->w, "box", span_of_buffer(&text));
    return OK;
}

static Status read_state(Span body, char ret_state[17])
{
    static const JsonField fields[] = { { "trade_state", JSON_TEXT, true, 1, 16, 0 } };
    JsonProblem problem = { 0 };
    Span state = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &state, &problem));
    snprintf(ret_state, 17, "%.*s", (int)state.size, state.data);
    return OK;
}

Status payer_card_pay_order(
        const PayerTalk *talk, const PayerCardShown *shown, Span code_url, char ret_state[17])
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    char target[TARGET_BYTES_MAX];
    Span body = { 0 };
    const Span before = SPAN("hufu://pay/");
    REQUIRE(code_url.size > before.size, REFUSED_ORDER_NOT_EXIST);
    snprintf(target, sizeof(target), "/payer/v1/orders/%.*s", (int)(code_url.size - before.size),
            code_url.data + before.size);
    TRY(begin(talk, &a));
    TRY(payer_ask(talk->app->phone, talk->http, "GET", span_of_text(target), (Span) { NULL, 0 },
            talk->answer, &body));
    TRY(put_pay_box(&a, shown, body));
    json_key_text(&a.w, "card_id", span_of_text(shown->id));
    json_close(&a.w);
    TRY(json_finish(&a.w));
    snprintf(target, sizeof(target), "/payer/v1/orders/%.*s/card-pay",
            (int)(code_url.size - before.size), code_url.data + before.size);
    TRY(payer_ask(talk->app->phone, talk->http, "POST", span_of_text(target),
            span_of_buffer(&a.body), talk->answer, &body));
    return read_state(body, ret_state);
}
