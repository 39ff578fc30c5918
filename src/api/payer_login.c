/* A payer logs in (routes.h): with his password from a device of his, or with his payment password
 * besides from a new one, or, when he forgot that one, by saying who he is and setting another; a
 * new device pays nothing for a while (TP-6, TP-17).
 *
 * Whoever does not exist costs what whoever does costs, and gets the same answers: which devices
 * are whose is looked up for both, from an unknown device nothing is tried without the second
 * proof, and vaultd hashes for strangers, too. */
#include "api/payer_reset.h"
#include "api/payer_session.h"
#include "api/routes.h"
#include "policy/detect.h"

typedef struct LoginJson {
    Span payer_id;
    Span login_box;
    Span pin_box;
    Span pin_recover_box;
    Span device_name;
} LoginJson;

#define AT(member) offsetof(LoginJson, member)

static const JsonField login_fields[] = {
    { "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, AT(payer_id) },
    { "login_box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, AT(login_box) },
    { "pin_box", JSON_TEXT, false, 1, 2 * BOX_BYTES_MAX, AT(pin_box) },
    { "pin_recover_box", JSON_TEXT, false, 1, 2 * BOX_BYTES_MAX, AT(pin_recover_box) },
    { "device_name", JSON_TEXT, true, 1, PAYER_DEVICE_NAME_BYTES_MAX, AT(device_name) },
};

/* From a new device both passwords are tried, whatever the first one says. */
static Status prove(Passage *p, const LoginJson *json, bool known)
{
    const WireOwner password = payer_password_owner(json->payer_id);
    const WireOwner pin = wire_owner_of_payer(json->payer_id);
    const Status first = payer_check(p, &password, json->login_box);
    if (known || json->pin_box.size == 0 || status_broken(first)) return first;
    const Status second = payer_check(p, &pin, json->pin_box);
    return status_ok(first) ? second : first;
}

/* Who forgot the PIN, too, says who he is and sets another: as any reset. */
static Status prove_person(Passage *p, const LoginJson *json)
{
    PayerAct act;
    const PayerReset reset = { .kind = PAYER_RESETS_PIN,
        .owner = wire_owner_of_payer(json->payer_id),
        .box = json->pin_recover_box,
        .device_name = json->device_name,
        .adds_device = true };
    return payer_reset(p, &reset, &act);
}

static Status log_in(Passage *p, const LoginJson *json)
{
    PayerAct look;
    PayerAct act;
    TRY(payer_name_check(json->payer_id));
    TRY(detect_free_text(json->device_name));
    payer_act_begin(p, PAYER_LOOK, json->payer_id, &look);
    TRY(payer_act_do(p, &look));
    const bool known = look.registered && look.place >= 0;
    const bool person = json->pin_box.size == 0 && json->pin_recover_box.size > 0;
    const bool proves = known || person || json->pin_box.size > 0;
    /* Whose passwords are not tried is counted at the door alone (docs/decisions/0024). */
    REQUIRE(proves, REFUSED_PAYER_DEVICE_UNKNOWN);
    TRY(payer_tries(p, known));
    payer_act_begin(p, PAYER_LOGS_IN, json->payer_id, &act);
    Status s = prove(p, json, known);
    payer_tried(p, s);
    if (status_ok(s) && !known && person) s = prove_person(p, json);
    if (!status_ok(s)) return payer_act_failed(p, &act, s);
    passage_text(act.device.name, sizeof(act.device.name), json->device_name);
    act.adds_device = !known;
    if (!look.has_prints) {
        const Status told = payer_identify(p, json->payer_id, &act);
        if (status_broken(told)) return told; /* what is refused now is tried at the next one */
    }
    TRY(payer_act_do(p, &act));
    return payer_session_begin(p, &act);
}

static void open_and_log_in(Job *job)
{
    Passage *p = passage_of_job(job);
    LoginJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(
                p, login_fields, sizeof(login_fields) / sizeof(login_fields[0]), &json, &document))
        return;
    passage_finish(p, log_in(p, &json), payer_write_made);
}

void payer_login(Passage *p, Span rest)
{
    if (!payer_shows_device(p)) return;
    passage_not_coming(p);
    payer_submit(p, open_and_log_in);
}
