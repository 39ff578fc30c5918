/* A payer registers (routes.h): anew, under an id that we drew, or as one whom the institution's
 * own front had added and who knows his PIN. Who he is, and his passwords, come in boxes; what
 * hufud keeps is rows, sealed, and a reference (TP-3, TP-6, TP-17).
 *
 * Whoever was not refused has a password before anything else is kept, so nobody is ever in without
 * one; and one try that ended in its middle leaves nothing that another may go on with. Nobody
 * learns here who is registered: an id that somebody chooses is known only to who has its PIN. */
#include "api/payer_desk.h"
#include "api/payer_facts.h"
#include "api/payer_session.h"
#include "api/routes.h"
#include "policy/detect.h"

#include <stdio.h>

typedef struct RegisterJson {
    Span payer_id;
    Span name_box;
    Span number_box;
    Span phone_box;
    Span login_box;
    Span pin_box;
    Span pin_proof_box;
    Span device_name;
} RegisterJson;

#define AT(member) offsetof(RegisterJson, member)
#define BOX(name, required, member)                                 \
    {                                                               \
        name, JSON_TEXT, required, 1, 2 * BOX_BYTES_MAX, AT(member) \
    }

static const JsonField register_fields[] = {
    { "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, AT(payer_id) },
    BOX("name_box", true, name_box),
    BOX("identity_number_box", true, number_box),
    BOX("phone_box", true, phone_box),
    BOX("login_box", true, login_box),
    BOX("pin_box", false, pin_box),
    BOX("pin_proof_box", false, pin_proof_box),
    { "device_name", JSON_TEXT, true, 1, PAYER_DEVICE_NAME_BYTES_MAX, AT(device_name) },
};

/* --- who he is --- */

static Status keep_facts(Passage *p, const RegisterJson *json)
{
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1];
    snprintf(actor, sizeof(actor), "payer/%.*s",
            (int)(json->payer_id.size < 40 ? json->payer_id.size : 40),
            (const char *)json->payer_id.data);
    const PayerFacts facts = { .house = p->house,
        .payer = json->payer_id,
        .actor = actor,
        .channel = "app",
        .from = passage_from(p),
        .name_box = json->name_box,
        .number_box = json->number_box,
        .phone_box = json->phone_box };
    return payer_facts_keep(&facts);
}

/* --- the passwords --- */

/* Anew: the id is the one that this very challenge gives. */
static Status is_drawn(Passage *p, const RegisterJson *json)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    char drawn[CHALLENGE_PAYER_BYTES + 1];
    TRY(challenge_box(p->house, json->login_box, &box, &parsed));
    challenge_payer(parsed.context.server_nonce, drawn);
    REQUIRE(span_equal(json->payer_id, span_of_text(drawn)), REFUSED_PAYER_REGISTER_REFUSED);
    return OK;
}

static Status set_passwords(Passage *p, const RegisterJson *json, bool joins)
{
    const WireOwner password = payer_password_owner(json->payer_id);
    const WireOwner pin = wire_owner_of_payer(json->payer_id);
    if (joins) TRY(payer_check(p, &pin, json->pin_proof_box));
    TRY(payer_set(p, &password, json->login_box));
    if (!joins && json->pin_box.size > 0) TRY(payer_set(p, &pin, json->pin_box));
    return OK;
}

/* Once more, now that it is known who he is: a password made of his own numbers is weak. The same
 * box sets the same password. What was kept of somebody who is refused for it leaves the store. */
static Status compare_passwords(Passage *p, const RegisterJson *json, bool joins)
{
    const WireOwner password = payer_password_owner(json->payer_id);
    const WireOwner pin = wire_owner_of_payer(json->payer_id);
    Status s = payer_set(p, &password, json->login_box);
    if (status_ok(s) && !joins && json->pin_box.size > 0) s = payer_set(p, &pin, json->pin_box);
    if (!status_refused(s)) return s;
    TRY(payer_facts_forget(p->house, json->payer_id));
    return s;
}

static Status keep_all(Passage *p, const RegisterJson *json, PayerAct *act)
{
    const bool joins = json->pin_proof_box.size > 0;
    if (!joins) TRY(is_drawn(p, json));
    TRY(set_passwords(p, json, joins));
    TRY(keep_facts(p, json));
    TRY(compare_passwords(p, json, joins));
    TRY(payer_identify(p, json->payer_id, act));
    act->joins = joins;
    if (!joins) TRY(account_id_draw(&p->house->random, &act->account));
    passage_text(act->device.name, sizeof(act->device.name), json->device_name);
    TRY(payer_act_do(p, act));
    return payer_book_add(p->house->payers, json->payer_id);
}

/* A name that is registered, unknown, or whose PIN is wrong: one answer. */
static Status hide(Status s)
{
    return status_is(s, REFUSED_PAYER_LOGIN_REFUSED) ? REFUSE(REFUSED_PAYER_REGISTER_REFUSED) : s;
}

static Status register_payer(Passage *p, const RegisterJson *json)
{
    PayerAct act;
    TRY(payer_name_check(json->payer_id));
    TRY(detect_free_text(json->device_name));
    TRY(payer_tries(p, false));
    payer_act_begin(p, PAYER_REGISTERS, json->payer_id, &act);
    const Status s = keep_all(p, json, &act);
    if (json->pin_proof_box.size > 0) payer_tried(p, s); /* new ones: so many from one address */
    if (!status_ok(s)) return payer_act_failed(p, &act, hide(s));
    return payer_session_begin(p, &act);
}

static void open_and_register(Job *job)
{
    Passage *p = passage_of_job(job);
    RegisterJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, register_fields, sizeof(register_fields) / sizeof(register_fields[0]),
                &json, &document))
        return;
    passage_finish(p, register_payer(p, &json), payer_write_made);
}

void payer_register(Passage *p, Span rest)
{
    if (!payer_shows_device(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_register);
}
