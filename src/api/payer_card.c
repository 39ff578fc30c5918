/* A payer binds his own bank card, by four elements and the code that his bank sends him, sees his
 * cards, and ends one (routes.h). What he typed came in protected fields or in boxes of his app;
 * hufud opens none of them (TP-4, TP-8; docs/decisions/0084). */
#include "api/card_desk.h"
#include "api/challenge.h"
#include "api/payer_desk.h"
#include "api/routes.h"
#include "base/encoding.h"

typedef struct CardJson {
    Span payer_id;
    Span pin_box;
    Span name_box;
    Span identity_box;
    Span card_box;
    Span phone_box;
    Span code_box;
} CardJson;

#define AT(member) offsetof(CardJson, member)
#define WHO                                                              \
    {                                                                    \
        "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, AT(payer_id) \
    }
#define BOX(name, member)                                       \
    {                                                           \
        name, JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, AT(member) \
    }

static const JsonField bind_fields[] = { WHO, BOX("pin_box", pin_box), BOX("name_box", name_box),
    BOX("identity_number_box", identity_box), BOX("card_number_box", card_box),
    BOX("phone_box", phone_box) };
static const JsonField code_fields[] = { WHO, BOX("code_box", code_box) };
static const JsonField end_fields[] = { WHO, BOX("pin_box", pin_box) };

/* --- what every act needs --- */

static void begin_act(Passage *p, PayerCardActKind kind, Span payer, Span id, PayerCardAct *ret)
{
    *ret = (PayerCardAct) { .kind = kind, .door = passage_payer_door(p) };
    passage_text(ret->payer, sizeof(ret->payer), payer);
    passage_text(ret->id, sizeof(ret->id), id);
    memcpy(ret->nonce_digest, p->comes.sender.nonce_digest, sizeof(ret->nonce_digest));
    ret->unit.from = passage_from(p);
}

static Status desk_of(const Passage *p, CardDesk **ret_desk)
{
    REQUIRE(p->house->card_desk != NULL, REFUSED_BANK_NONE);
    *ret_desk = p->house->card_desk;
    return OK;
}

/* The PIN, for exactly this card. */
static Status proves(Passage *p, const PayerCardAct *act, Span pin_box)
{
    Box box = { 0 };
    uint8_t grant[WIRE_GRANT_BYTES]; /* proves the PIN; it pays for nothing */
    TRY(payer_take_box(p, pin_box, &box));
    memcpy(p->server_nonce, box.context.server_nonce, sizeof(p->server_nonce));
    TRY(challenge_check(p->house, p->server_nonce));
    p->pin = (WirePinCheck) { .purpose = SPAN("cards"),
        .order = span_of_text(act->id),
        .payer = span_of_text(act->payer),
        .nonce = SPAN_OF(p->server_nonce) };
    return payer_check_pin(p, grant);
}

/* "/payer/v1/cards/ID/..." */
static Status id_in_path(const Passage *p, const char *pattern, Span *ret_id)
{
    ASSERT(route_matches(pattern, http_request_path(p->http), ret_id));
    REQUIRE(payer_card_id_is_valid(*ret_id), REFUSED_CARD_UNKNOWN);
    return OK;
}

static void put_card(JsonWriter *w, const PayerCard *card)
{
    const Status result = { card->result };
    json_key_text(w, "card_id", span_of_text(card->id));
    json_key_text(w, "card_state", span_of_text(payer_card_state_name(card->state)));
    if (card->mask[0] != 0) json_key_text(w, "card_mask", span_of_text(card->mask));
    if (card->result != 0) json_key_text(w, "result", span_of_text(status_name(result)));
    if (card->state == PAYER_CARD_WAITING) json_key_int(w, "code_expires_us", card->expires_us);
    if (card->bound_us != 0) json_key_int(w, "bound_us", card->bound_us);
}

static Status say_card(Passage *p, const PayerCard *card)
{
    JsonWriter w = json_writer_to_owner(&p->body);
    json_open_object(&w);
    put_card(&w, card);
    json_close(&w);
    return json_finish(&w);
}

/* The row says how it ended; who asked hears it as a refusal. */
static Status outcome_of(const PayerCard *card)
{
    return card->state == PAYER_CARD_OVER && card->result != 0 ? REFUSE((uint32_t)card->result)
                                                               : OK;
}

/* --- bind --- */

/* The id is the one that this very challenge gives: known to who makes the boxes, drawn by us. */
static Status id_of_challenge(Passage *p, Span pin_box, char ret_id[PAYER_CARD_ID_BYTES + 1])
{
    Box box = { 0 };
    TRY(payer_take_box(p, pin_box, &box));
    challenge_card(box.context.server_nonce, ret_id);
    return OK;
}

typedef struct FourBoxes {
    uint8_t bytes[4][BOX_BYTES_MAX];
} FourBoxes;

static Status take_boxes(const CardJson *json, FourBoxes *boxes, WireCardBind *ret_bind)
{
    const Span texts[] = { json->name_box, json->identity_box, json->card_box, json->phone_box };
    Span *const places[] = { &ret_bind->name_box, &ret_bind->identity_box, &ret_bind->card_box,
        &ret_bind->phone_box };
    for (size_t i = 0; i < 4; i++) {
        Buffer box = BUFFER_OF(boxes->bytes[i]);
        TRY(base64_decode(texts[i], &box));
        *places[i] = span_of_buffer(&box);
    }
    return OK;
}

static Status bind_card(Passage *p, const CardJson *json)
{
    CardDesk *desk = NULL;
    PayerCardAct act;
    FourBoxes boxes;
    WireCardBind bind = { 0 };
    char id[PAYER_CARD_ID_BYTES + 1];
    TRY(desk_of(p, &desk));
    TRY(id_of_challenge(p, json->pin_box, id));
    begin_act(p, CARD_BEGINS, json->payer_id, span_of_text(id), &act);
    TRY(take_boxes(json, &boxes, &bind));
    TRY(proves(p, &act, json->pin_box));
    TRY(card_desk_act(desk, &act));
    bind.payer = span_of_text(act.payer);
    bind.number = span_of_text(act.id);
    bind.nonce = SPAN_OF(p->server_nonce);
    TRY(card_desk_bind(desk, &act, &bind));
    TRY(outcome_of(&act.card));
    return say_card(p, &act.card);
}

static void open_and_bind(Job *job)
{
    Passage *p = passage_of_job(job);
    CardJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(
                p, bind_fields, sizeof(bind_fields) / sizeof(bind_fields[0]), &json, &document))
        return;
    passage_finish(p, bind_card(p, &json), payer_write_made);
}

/* --- confirm --- */

static Status confirm(Passage *p, const CardJson *json)
{
    CardDesk *desk = NULL;
    PayerCardAct act;
    Span id;
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    TRY(desk_of(p, &desk));
    TRY(id_in_path(p, "/payer/v1/cards/*/confirm", &id));
    TRY(challenge_box(p->house, json->code_box, &box, &parsed));
    begin_act(p, CARD_TRIES, json->payer_id, id, &act);
    TRY(card_desk_act(desk, &act));
    const WireCardCode code = { .payer = span_of_text(act.payer),
        .number = span_of_text(act.id),
        .nonce = SPAN_OF(parsed.context.server_nonce),
        .box = span_of_buffer(&box) };
    TRY(card_desk_confirm(desk, &act, &code));
    TRY(outcome_of(&act.card));
    REQUIRE(act.card.state != PAYER_CARD_WAITING, REFUSED_CARD_CODE);
    return say_card(p, &act.card);
}

static void open_and_confirm(Job *job)
{
    Passage *p = passage_of_job(job);
    CardJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, code_fields, 2, &json, &document)) return;
    passage_finish(p, confirm(p, &json), payer_write_made);
}

/* --- list --- */

static Status list(Passage *p)
{
    CardDesk *desk = NULL;
    PayerCardAct look;
    TRY(desk_of(p, &desk));
    begin_act(p, CARD_LOOKS, span_of_text(p->comes.payer), SPAN(""), &look);
    TRY(card_desk_act(desk, &look));
    JsonWriter w = json_writer_to_owner(&p->body);
    json_open_object(&w);
    json_key_array(&w, "cards");
    for (size_t i = 0; i < PAYER_CARDS_MAX; i++) {
        const PayerCard *card = &look.cards.at[i];
        if (card->state == PAYER_CARD_NONE || card->state == PAYER_CARD_OVER) continue;
        json_open_object(&w);
        put_card(&w, card);
        json_close(&w);
    }
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

static void open_and_list(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, list(p), payer_write_made);
}

/* --- unbind --- */

static Status unbind(Passage *p, const CardJson *json)
{
    CardDesk *desk = NULL;
    PayerCardAct act;
    Span id;
    TRY(desk_of(p, &desk));
    TRY(id_in_path(p, "/payer/v1/cards/*/unbind", &id));
    begin_act(p, CARD_ENDS, json->payer_id, id, &act);
    TRY(proves(p, &act, json->pin_box));
    TRY(card_desk_act(desk, &act));
    TRY(card_desk_end(desk, &act));
    return say_card(p, &act.card);
}

static void open_and_unbind(Job *job)
{
    Passage *p = passage_of_job(job);
    CardJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, end_fields, 2, &json, &document)) return;
    passage_finish(p, unbind(p, &json), payer_write_made);
}

/* --- the doors --- */

static void comes(Passage *p, const JsonField *fields, size_t count, void (*run)(Job *job))
{
    CardJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, fields, count, &json, &document)) return;
    if (!payer_may_come(p, json.payer_id)) return;
    passage_not_coming(p);
    payer_submit_bank(p, run);
}

void payer_card_bind(Passage *p, Span rest)
{
    comes(p, bind_fields, sizeof(bind_fields) / sizeof(bind_fields[0]), open_and_bind);
}

void payer_card_confirm(Passage *p, Span id) { comes(p, code_fields, 2, open_and_confirm); }

void payer_card_unbind(Passage *p, Span id) { comes(p, end_fields, 2, open_and_unbind); }

void payer_cards(Passage *p, Span rest)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_list);
}
