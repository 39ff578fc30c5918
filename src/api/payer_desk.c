#include "api/payer_desk.h"

#include "base/encoding.h"
#include "cases/alert.h"
#include "policy/detect.h"
#include "policy/purposes.h"
#include "store/unit_wait.h"
#include "vaultclient/identity.h"

static const DataClass who_he_is[] = { CLASS_IDENTITY_NUMBER, CLASS_PHONE };

Passwords payer_passwords(const House *house)
{
    return (Passwords) { house->vault, house->domain };
}

WireOwner payer_password_owner(Span payer)
{
    WireOwner owner = wire_owner_of_payer(payer);
    owner.data_class = CLASS_PASSWORD;
    return owner;
}

Status payer_identify(Passage *p, Span payer, PayerAct *act)
{
    const Passwords passwords = payer_passwords(p->house);
    IdentityPrints *prints = &act->prints;
    return identity_of_payer(&passwords, payer, prints->number, prints->name, &act->identified);
}

Status payer_name_check(Span payer)
{
    REQUIRE(payer_id_is_valid(payer), REFUSED_PAYER_FIELD);
    return detect_kept_text(payer);
}

/* --- acts --- */

void payer_act_begin(Passage *p, PayerActKind kind, Span payer, PayerAct *ret_act)
{
    const DeviceSender *sender = &p->comes.sender;
    *ret_act = (PayerAct) { .kind = kind, .cool_us = p->house->payer_cool_us };
    passage_text(ret_act->payer, sizeof(ret_act->payer), payer);
    memcpy(ret_act->device.id, sender->name, sizeof(ret_act->device.id));
    memcpy(ret_act->device.spki, sender->spki, sender->spki_size);
    ret_act->device.spki_size = sender->spki_size;
    ret_act->device.algorithm = sender->algorithm;
    ret_act->device.place = p->comes.place;
    memcpy(ret_act->nonce_digest, sender->nonce_digest, sizeof(ret_act->nonce_digest));
}

Status payer_act_do(Passage *p, PayerAct *act)
{
    payer_act_unit(act, NULL);
    act->unit.from = passage_from(p);
    return unit_wait(p->house->batcher, &act->unit);
}

Status payer_act_failed(Passage *p, PayerAct *act, Status why)
{
    if (!status_refused(why)) return why;
    act->failed = why;
    return payer_act_do(p, act);
}

/* --- boxes --- */

/* One answer for whatever is wrong: who is there, and which password it was, nobody learns. */
static Status hide(Status s)
{
    const bool wrong = status_is(s, REFUSED_PIN_WRONG) || status_is(s, REFUSED_IDENTITY_WRONG)
            || status_is(s, REFUSED_GRANT_INVALID); /* its box was here before */
    return wrong ? REFUSE(REFUSED_PAYER_LOGIN_REFUSED) : s;
}

Status payer_set(Passage *p, const WireOwner *owner, Span base64)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    const Passwords passwords = payer_passwords(p->house);
    TRY(challenge_box(p->house, base64, &box, &parsed));
    const WirePasswordSet set = {
        .owner = *owner, .box = span_of_buffer(&box), .nonce = SPAN_OF(parsed.context.server_nonce)
    };
    return hide(passwords_set_against(
            &passwords, &set, who_he_is, sizeof(who_he_is) / sizeof(who_he_is[0])));
}

Status payer_set_pin(const House *house, const WirePinSet *set)
{
    const Passwords passwords = payer_passwords(house);
    return passwords_set_pin(&passwords, set, who_he_is, sizeof(who_he_is) / sizeof(who_he_is[0]));
}

/* The grant is spent at once, so that the same box proves nothing twice: who heard it on its way
 * would come with a device of his own. */
Status payer_check(Passage *p, const WireOwner *owner, Span base64)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    const Passwords passwords = payer_passwords(p->house);
    TRY(challenge_box(p->house, base64, &box, &parsed));
    const WirePasswordCheck check = { .owner = *owner,
        .box = span_of_buffer(&box),
        .nonce = SPAN_OF(parsed.context.server_nonce),
        .purpose = BOX_PURPOSE_LOGIN };
    WirePasswordSpend spend = { .owner = *owner, .purpose = BOX_PURPOSE_LOGIN };
    const Status s = passwords_check(&passwords, &check, spend.grant);
    return hide(status_ok(s) ? passwords_spend(&passwords, &spend) : s);
}

Status payer_recover(Passage *p, const WireOwner *owner, Span base64)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    const Passwords passwords = payer_passwords(p->house);
    TRY(challenge_box(p->house, base64, &box, &parsed));
    const WirePasswordRecover recover = {
        .owner = *owner, .box = span_of_buffer(&box), .nonce = SPAN_OF(parsed.context.server_nonce)
    };
    return hide(passwords_recover(
            &passwords, &recover, who_he_is, sizeof(who_he_is) / sizeof(who_he_is[0])));
}

/* --- tries --- */

static Span source_of(const Passage *p) { return span_of_text(http_request_peer(p->http)); }

/* People must see it; that it cannot be written now is no reason to refuse an honest payer. */
static void alarm_spray(Passage *p, unsigned news)
{
    const Span key = (news & THROTTLE_SOURCE) != 0 ? source_of(p) : SPAN("many sources");
    AlertAdd work = { .alert = alert_of(ALERT_PAYER_SPRAY, 0, key, REFUSE(REFUSED_PAYER_SPRAYED)) };
    alert_add_unit(&work, NULL);
    IGNORE(unit_wait(p->house->batcher, &work.unit), "the tries themselves are in the log");
}

Status payer_tries(Passage *p, bool known)
{
    unsigned news = 0;
    const Status s = throttle_try(p->house->throttle, source_of(p), known, &news);
    if (news != 0) alarm_spray(p, news);
    return s;
}

void payer_tried(Passage *p, Status outcome)
{
    const bool wrong = status_is(outcome, REFUSED_PAYER_LOGIN_REFUSED)
            || status_is(outcome, REFUSED_PIN_LOCKED);
    if (!wrong) throttle_was_right(p->house->throttle, source_of(p));
}

/* --- answers --- */

int payer_write_made(Passage *p, Buffer *ret_body)
{
    if (status_ok(p->outcome)) return 200;
    return passage_write_refusal(p, p->outcome, NULL, ret_body);
}

int64_t payer_cools_until(const PayerAct *act)
{
    const int64_t login_us = act->login.cools_until_us;
    if (act->place < 0) return login_us;
    const int64_t device_us = act->devices.at[act->place].cools_until_us;
    return device_us > login_us ? device_us : login_us;
}

Status payer_say(Passage *p, Span result, int64_t cools_until_us)
{
    JsonWriter w = json_writer_to_owner(&p->body);
    json_open_object(&w);
    json_key_text(&w, "result", result);
    if (cools_until_us > 0) json_key_int(&w, "cools_until_us", cools_until_us);
    json_close(&w);
    return json_finish(&w);
}
