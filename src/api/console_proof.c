/* Who proves what: password and one-time code in one box, throttled, counted, alarmed
 * (api/console.h). */
#include "api/console_inside.h"

#include "access/staff.h"
#include "api/challenge.h"
#include "api/event.h"
#include "base/encoding.h"
#include "policy/purposes.h"
#include "store/unit_wait.h"
#include "vaultclient/second_factor.h"

#include <stdio.h>

WireOwner console_owner(const ConsoleClaim *claim)
{
    const bool staff = staff_session_kind(claim->tenant) == SESSION_STAFF;
    return (WireOwner) { .data_class = CLASS_PASSWORD,
        .tenant = claim->tenant,
        .realm = staff ? SPAN("staff") : SPAN("administrators"),
        .user = claim->name };
}

SessionOwner console_session_owner(const ConsoleCall *call)
{
    return (SessionOwner) { call->session.kind, span_of_text(call->session.tenant),
        span_of_text(call->session.principal) };
}

void console_actor(const Principal *principal, char ret_actor[CONSOLE_ACTOR_BYTES_MAX + 1])
{
    const bool staff = strcmp(principal->tenant, ASKER_HOUSE) == 0;
    const int size = staff
            ? snprintf(ret_actor, CONSOLE_ACTOR_BYTES_MAX + 1, "operator/%s", principal->id)
            : snprintf(ret_actor, CONSOLE_ACTOR_BYTES_MAX + 1, "administrator/%s", principal->id);
    ASSERT(size > 0 && size <= CONSOLE_ACTOR_BYTES_MAX);
}

Status console_write_down(
        const ConsoleCall *call, AuditKind kind, const char *actor, Span subject, Span detail)
{
    const AuditEvent event = { .kind = kind,
        .actor = span_of_text(actor),
        .subject = subject,
        .detail = detail,
        .from = span_of_text(call->from) };
    return event_write(call->house->batcher, &event);
}

Status console_alert(House *house, AlertKind kind, Span about, Status verdict)
{
    AlertAdd work = { .alert = alert_of(kind, 0, about, verdict) };
    alert_add_unit(&work, NULL);
    return unit_wait(house->batcher, &work.unit);
}

Status console_box(const House *house, Span base64, Buffer *ret_box, Box *ret_parsed)
{
    TRY(base64_decode(base64, ret_box));
    TRY(box_parse(span_of_buffer(ret_box), ret_parsed));
    return challenge_check(house, ret_parsed->context.server_nonce);
}

Status console_proved_lately(const ConsoleCall *call)
{
    REQUIRE(call->session.proof_age_us <= call->asker.proof_lasts_us,
            REFUSED_ACCESS_REAUTHENTICATE);
    return OK;
}

/* Guessing is told at most once an hour for each source (access/throttle.h). */
static Status alarm(ConsoleCall *call, unsigned news)
{
    const Status slowed = REFUSE(REFUSED_LOGIN_SLOWED);
    if ((news & THROTTLE_SOURCE) != 0)
        TRY(console_alert(call->house, ALERT_LOGIN_GUESSED, span_of_text(call->from), slowed));
    if ((news & THROTTLE_CROWD) != 0)
        TRY(console_alert(call->house, ALERT_LOGIN_GUESSED, SPAN("many sources"), slowed));
    return OK;
}

Status console_throttle(ConsoleCall *call, bool known)
{
    unsigned news = 0;
    const Span address = span_of_text(http_request_peer(call->http));
    const Status may = throttle_try(call->house->throttle, address, known, &news);
    TRY(alarm(call, news));
    return may;
}

/* vaultd judges both, whoever is named, and whether or not he exists. A grant is spent at once, so
 * that the same box proves nothing twice. */
static Status check(const House *house, const WireOwner *owner, Span box, Span nonce)
{
    const Passwords passwords = { house->vault, house->domain };
    const WireSecondLogin login = { .owner = *owner, .box = box, .nonce = nonce };
    WirePasswordSpend spend = { .owner = *owner, .purpose = BOX_PURPOSE_LOGIN_CODE };
    const Status s = second_factor_login(&passwords, &login, spend.grant);
    if (!status_ok(s)) return s;
    return passwords_spend(&passwords, &spend);
}

/* What was wrong is told to nobody: but that an account is locked to who shows a device on which
 * its owner has logged in before, and what is wrong with a box, which says nothing of the account.
 */
static Status refusal_of(Status s, bool known)
{
    if (status_broken(s)) return s;
    switch ((StatusCode)s.code) {
    case REFUSED_PIN_LOCKED: return REFUSE(known ? REFUSED_LOGIN_LOCKED : REFUSED_LOGIN_REFUSED);
    case REFUSED_BOX_FORMAT:
    case REFUSED_BOX_CONTEXT:
    case REFUSED_BOX_EXPIRED:
    case REFUSED_BOX_KEY_UNKNOWN:
    case REFUSED_BOX_TAMPERED:
    case REFUSED_VAULT_UNAVAILABLE:
    case REFUSED_VAULT_BUSY: return s;
    default: return REFUSE(REFUSED_LOGIN_REFUSED);
    }
}

/* For the audit log: at whose account somebody tried. A name of nobody is not kept. */
static void name_claimed(ConsoleCall *call, Span name)
{
    Principal claimed;
    if (!principal_book_look(call->house->principals, name, &claimed)) return;
    snprintf(call->named, sizeof(call->named), "%s", claimed.id);
}

Status console_prove(ConsoleCall *call, const ConsoleClaim *claim, Span box_base64)
{
    House *house = call->house;
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    const Span address = span_of_text(http_request_peer(call->http));
    const WireOwner owner = console_owner(claim);
    name_claimed(call, claim->name);
    const bool known = device_book_knows(house->devices, claim->name, call->device_name);
    TRY(console_box(house, box_base64, &box, &parsed));
    TRY(console_throttle(call, known));
    const Span nonce = SPAN_OF(parsed.context.server_nonce);
    const Status s = check(house, &owner, span_of_buffer(&box), nonce);
    if (status_ok(s)) throttle_was_right(house->throttle, address);
    return status_ok(s) ? s : refusal_of(s, known);
}
