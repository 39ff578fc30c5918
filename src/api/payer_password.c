/* A payer's login password and PIN (routes.h): changed by who knows the old one, reset by who says
 * who he is (payer_reset.h, TP-6). Both need a device of his, or, for the login password, the PIN
 * from a new one. */
#include "api/payer_reset.h"
#include "api/payer_session.h"
#include "api/routes.h"
#include "policy/detect.h"

typedef struct PasswordJson {
    Span payer_id;
    Span box;
    Span pin_box;
    Span device_name;
} PasswordJson;

#define AT(member) offsetof(PasswordJson, member)

/* --- change, by the old one --- */

static Status change(Passage *p, const WireOwner *owner, PayerActKind kind, Span box)
{
    PayerAct act;
    payer_act_begin(p, kind, span_of_text(p->comes.payer), &act);
    const Status s = payer_set(p, owner, box);
    if (!status_ok(s)) return payer_act_failed(p, &act, s);
    TRY(payer_act_do(p, &act));
    payer_sessions_end_others(p, p->comes.payer);
    return payer_say(p, SPAN("set"), 0);
}

static void open_and_change_password(Job *job)
{
    static const JsonField fields[] = {
        { "login_box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, AT(box) },
    };
    Passage *p = passage_of_job(job);
    PasswordJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, fields, 1, &json, &document)) return;
    const WireOwner owner = payer_password_owner(span_of_text(p->comes.payer));
    passage_finish(p, change(p, &owner, PAYER_SETS_PASSWORD, json.box), payer_write_made);
}

/* The first PIN needs no old one, so it needs a device that is trusted to pay. */
static Status set_pin(Passage *p, Span box)
{
    const WireOwner owner = wire_owner_of_payer(span_of_text(p->comes.payer));
    const Passwords passwords = payer_passwords(p->house);
    bool has = false;
    PayerAct look;
    TRY(passwords_has(&passwords, &owner, &has));
    if (!has) {
        payer_act_begin(p, PAYER_LOOK, owner.user, &look);
        TRY(payer_act_do(p, &look));
        REQUIRE(payer_cools_until(&look) <= clock_now_us(&p->house->clock),
                REFUSED_PAYER_COOLS_DOWN);
    }
    return change(p, &owner, PAYER_SETS_PIN, box);
}

static void open_and_change_pin(Job *job)
{
    static const JsonField fields[] = {
        { "pin_box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, AT(pin_box) },
    };
    Passage *p = passage_of_job(job);
    PasswordJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, fields, 1, &json, &document)) return;
    passage_finish(p, set_pin(p, json.pin_box), payer_write_made);
}

void payer_password(Passage *p, Span rest)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_change_password);
}

void payer_pin(Passage *p, Span rest)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_change_pin);
}

/* --- reset, by who he is --- */

/* From a new device the PIN comes first: who has neither does nothing to anybody. */
static Status reset_password(Passage *p, const PasswordJson *json)
{
    const WireOwner pin = wire_owner_of_payer(json->payer_id);
    PayerAct look;
    PayerAct act;
    payer_act_begin(p, PAYER_LOOK, json->payer_id, &look);
    TRY(payer_act_do(p, &look));
    const bool known = look.registered && look.place >= 0;
    REQUIRE(known || json->pin_box.size > 0, REFUSED_PAYER_DEVICE_UNKNOWN);
    TRY(payer_tries(p, known));
    payer_act_begin(p, PAYER_RESETS_PASSWORD, json->payer_id, &act);
    Status s = known ? OK : payer_check(p, &pin, json->pin_box);
    if (status_ok(s) && !look.registered) s = REFUSE(REFUSED_PAYER_LOGIN_REFUSED);
    if (!status_ok(s)) {
        payer_tried(p, s);
        return payer_act_failed(p, &act, s);
    }
    const PayerReset reset = { .kind = PAYER_RESETS_PASSWORD,
        .owner = payer_password_owner(json->payer_id),
        .box = json->box,
        .device_name = json->device_name,
        .adds_device = !known };
    s = payer_reset(p, &reset, &act);
    payer_tried(p, s);
    TRY(s);
    return payer_say(p, SPAN("reset"), payer_cools_until(&act));
}

static void open_and_reset_password(Job *job)
{
    static const JsonField fields[] = {
        { "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, AT(payer_id) },
        { "recover_box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, AT(box) },
        { "pin_box", JSON_TEXT, false, 1, 2 * BOX_BYTES_MAX, AT(pin_box) },
        { "device_name", JSON_TEXT, true, 1, PAYER_DEVICE_NAME_BYTES_MAX, AT(device_name) },
    };
    Passage *p = passage_of_job(job);
    PasswordJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, fields, 4, &json, &document)) return;
    Status s = payer_name_check(json.payer_id);
    if (status_ok(s)) s = detect_free_text(json.device_name);
    if (status_ok(s)) s = reset_password(p, &json);
    passage_finish(p, s, payer_write_made);
}

void payer_password_reset(Passage *p, Span rest)
{
    if (!payer_shows_device(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_reset_password);
}

static Status reset_pin(Passage *p, Span box)
{
    PayerAct act;
    const PayerReset reset = { .kind = PAYER_RESETS_PIN,
        .owner = wire_owner_of_payer(span_of_text(p->comes.payer)),
        .box = box };
    TRY(payer_reset(p, &reset, &act));
    return payer_say(p, SPAN("reset"), payer_cools_until(&act));
}

static void open_and_reset_pin(Job *job)
{
    static const JsonField fields[] = {
        { "pin_recover_box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, AT(box) },
    };
    Passage *p = passage_of_job(job);
    PasswordJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, fields, 1, &json, &document)) return;
    passage_finish(p, reset_pin(p, json.box), payer_write_made);
}

void payer_pin_reset(Passage *p, Span rest)
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_reset_pin);
}
