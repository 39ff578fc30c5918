/* A payer's cards as operators see them, and who he is, from people who met him: without that no
 * card is bound (api/admin.h; docs/decisions/0084). */
#include "api/admin_inside.h"

#include "api/card_desk.h"
#include "api/passage.h"
#include "api/payer_facts.h"
#include "payment/account_act.h"
#include "payment/enrol.h"
#include "payment/order_identity.h"
#include "store/unit_wait.h"
#include "vaultclient/identity.h"

#include <stdio.h>

typedef struct CardsJson {
    Span operation;
    Span payer_id;
    Span name_box;
    Span number_box;
    Span phone_box;
} CardsJson;

#define PLACE(member) offsetof(CardsJson, member)
#define WHOSE                                                               \
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },              \
    {                                                                       \
        "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, PLACE(payer_id) \
    }
#define BOX(name, member)                                          \
    {                                                              \
        name, JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, PLACE(member) \
    }
static const JsonField cards_fields[] = { WHOSE };
static const JsonField identify_fields[] = { WHOSE, BOX("name_box", name_box),
    BOX("identity_number_box", number_box), BOX("phone_box", phone_box) };

static Status read(
        const JsonDocument *document, const JsonField *fields, size_t count, CardsJson *ret_json)
{
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), fields, count, ret_json, &problem));
    REQUIRE(payer_id_is_valid(ret_json->payer_id), REFUSED_PAYER_FIELD);
    return OK;
}

/* That he is there, and that somebody looked, is in the log. */
static Status look(Admin *admin, const Asker *asker, Span payer)
{
    AccountAct work = { .kind = ACCOUNT_LOOK, .rules = &admin->config.house->rules.accounts };
    passage_text(work.payer, sizeof(work.payer), payer);
    admin_actor(work.actor, sizeof(work.actor), asker);
    account_act_unit(&work, NULL);
    return unit_wait(admin->config.house->batcher, &work.unit);
}

static void put_card(JsonWriter *w, const PayerCard *card)
{
    const Status result = { card->result };
    json_open_object(w);
    json_key_text(w, "card_id", span_of_text(card->id));
    json_key_text(w, "card_state", span_of_text(payer_card_state_name(card->state)));
    if (card->mask[0] != 0) json_key_text(w, "card_mask", span_of_text(card->mask));
    if (card->result != 0) json_key_text(w, "result", span_of_text(status_name(result)));
    json_key_int(w, "created_us", card->created_us);
    if (card->bound_us != 0) json_key_int(w, "bound_us", card->bound_us);
    if (card->ended_us != 0) json_key_int(w, "ended_us", card->ended_us);
    json_close(w);
}

Status admin_payer_cards(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    CardsJson json = { 0 };
    PayerCardAct act = { .kind = CARD_LOOKS, .timer = true };
    TRY(read(document, cards_fields, sizeof(cards_fields) / sizeof(cards_fields[0]), &json));
    TRY(look(admin, asker, json.payer_id));
    passage_text(act.payer, sizeof(act.payer), json.payer_id);
    payer_card_unit(&act, NULL);
    TRY(unit_wait(admin->config.house->batcher, &act.unit));
    json_key_array(w, "cards");
    for (size_t i = 0; i < PAYER_CARDS_MAX; i++)
        if (act.cards.at[i].state != PAYER_CARD_NONE) put_card(w, &act.cards.at[i]);
    json_close(w);
    return OK;
}

/* So that orders which name a person know him. */
static Status keep_prints(Admin *admin, const Asker *asker, Span payer)
{
    const House *house = admin->config.house;
    const Passwords passwords = { house->vault, house->domain };
    PayerIdentified work = { 0 };
    char actor[ENROL_ACTOR_BYTES_MAX + 1];
    bool there = false;
    TRY(identity_of_payer(&passwords, payer, work.prints.number, work.prints.name, &there));
    REQUIRE(there, REFUSED_ROW_MISSING);
    admin_actor(actor, sizeof(actor), asker);
    work.actor = actor;
    passage_text(work.payer, sizeof(work.payer), payer);
    payer_identified_unit(&work, NULL);
    return unit_wait(house->batcher, &work.unit);
}

/* Once: who somebody is does not become another by one operator's word. */
Status admin_payer_identify(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    CardsJson json = { 0 };
    bool known = false;
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1];
    TRY(read(document, identify_fields, sizeof(identify_fields) / sizeof(identify_fields[0]),
            &json));
    TRY(look(admin, asker, json.payer_id));
    TRY(payer_facts_known(admin->config.house, json.payer_id, &known));
    REQUIRE(!known, REFUSED_PAYER_EXISTS);
    snprintf(actor, sizeof(actor), "operator/%s", asker->principal);
    const PayerFacts facts = { .house = admin->config.house,
        .payer = json.payer_id,
        .actor = actor,
        .channel = "counter",
        .name_box = json.name_box,
        .number_box = json.number_box,
        .phone_box = json.phone_box };
    TRY(payer_facts_keep(&facts));
    TRY(keep_prints(admin, asker, json.payer_id));
    json_key_text(w, "payer_id", json.payer_id);
    return OK;
}
