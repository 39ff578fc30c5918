/* Somebody logs in, or proves again who he is, with a passkey (api/console.h; LL-4.5.2). */
#include "api/console_passkey.h"

#include "api/event.h"
#include "base/encoding.h"

#include <stdio.h>

/* --- for all routes of passkeys --- */

static const Span origin_head = { (const uint8_t *)"https://", 8 };

PasskeySite console_passkey_site(const Console *console)
{
    const Span origin = span_of_text(console->origins[0]);
    Span host = { origin.data + origin_head.size, 0 };
    ASSERT(origin.size > origin_head.size); /* console_listen() and the configuration say so */
    while (host.data + host.size < origin.data + origin.size && host.data[host.size] != ':')
        host.size++;
    return (PasskeySite) { .rp_id = host, .origin = origin, .verify_user = true };
}

Status console_passkey_bound(const ConsoleCall *call, const char *what, Buffer *ret_bound)
{
    if (!call->route->needs_session) return OK;
    return buffer_print(ret_bound, "%s/%s/%llu", what, call->principal.id,
            (unsigned long long)call->session.number);
}

void console_passkey_text(JsonWriter *w, const char *key, Span bytes)
{
    uint8_t text_bytes[PASSKEY_ID_TEXT_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    ASSERT(status_ok(base64url_encode(bytes, &text)));
    json_key_text(w, key, span_of_buffer(&text));
}

Status console_passkey_bytes(Span base64url, Buffer *ret_bytes)
{
    REQUIRE(status_ok(base64url_decode(base64url, ret_bytes)), REFUSED_PASSKEY_FORMAT);
    return OK;
}

Status console_passkey_challenge(ConsoleCall *call, PasskeyAct act, Span bound, JsonWriter *w)
{
    uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
    const PasskeySite site = console_passkey_site(call->console);
    PasskeyChallenges *challenges = passkey_desk_challenges(call->house);
    TRY(passkey_challenge_make(challenges, act, bound, challenge));
    console_passkey_text(w, "challenge", SPAN_OF(challenge));
    json_key_text(w, "rp_id", site.rp_id);
    json_key_int(w, "timeout_ms", PASSKEY_CHALLENGE_LIFE_S * 1000);
    return OK;
}

Status console_passkey_refused(ConsoleCall *call, const char *what, Status why)
{
    char actor[CONSOLE_ACTOR_BYTES_MAX + 1] = "stranger";
    if (call->principal.id[0] != 0) console_actor(&call->principal, actor);
    const AuditEvent event = { .kind = AUDIT_PASSKEY_REFUSED,
        .outcome = why.code,
        .actor = span_of_text(actor),
        .subject = span_of_text(call->named),
        .detail = span_of_text(what),
        .from = span_of_text(call->from) };
    TRY(event_write(call->house->batcher, &event));
    call->told = true;
    return OK;
}

/* --- an answer of an authenticator --- */

typedef struct AnswerJson {
    Span id;
    Span client_data;
    Span authenticator_data;
    Span signature;
} AnswerJson;

#define PLACE(member) offsetof(AnswerJson, member)

static const JsonField answer_fields[] = {
    { "id", JSON_TEXT, true, 1, PASSKEY_ID_TEXT_MAX, PLACE(id) },
    { "client_data", JSON_TEXT, true, 1, PASSKEY_LONG_TEXT_MAX, PLACE(client_data) },
    { "authenticator_data", JSON_TEXT, true, 1, PASSKEY_LONG_TEXT_MAX, PLACE(authenticator_data) },
    { "signature", JSON_TEXT, true, 1, PASSKEY_SIGNATURE_TEXT_MAX, PLACE(signature) },
};

/* One attempt: at a log-in anybody's passkey, at a proof the session's own person's. */
typedef struct Attempt {
    const char *what;
    PasskeyAct act;
    AuditKind kind;
    AnswerJson json;
    Status found;
    Passkey passkey; /* when found */
    uint32_t count; /* of the answer, when it is right */
} Attempt;

static Status look(ConsoleCall *call, Attempt *attempt)
{
    uint8_t id_bytes[PASSKEY_ID_BYTES_MAX];
    Buffer id = BUFFER_OF(id_bytes);
    PasskeyBook *book = passkey_desk_book(call->house);
    const Span who = span_of_text(call->principal.id);
    TRY(console_passkey_bytes(attempt->json.id, &id));
    if (who.size > 0) return passkey_book_find(book, who, span_of_buffer(&id), &attempt->passkey);
    return passkey_book_find_id(book, span_of_buffer(&id), &attempt->passkey);
}

/* The answer is right, for this site and act, and its challenge is spent: last, so that who cannot
 * sign spends none. */
static Status check_answer(ConsoleCall *call, const AnswerJson *json, PasskeyAct act, Span bound,
        const PasskeyKey *key, uint32_t *ret_count)
{
    uint8_t client_bytes[PASSKEY_CLIENT_DATA_BYTES_MAX + 2];
    uint8_t data_bytes[PASSKEY_ANSWER_BYTES_MAX + 2];
    uint8_t signature_bytes[PASSKEY_SIGNATURE_BYTES_MAX + 2];
    uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
    Buffer client = BUFFER_OF(client_bytes);
    Buffer data = BUFFER_OF(data_bytes);
    Buffer signature = BUFFER_OF(signature_bytes);
    TRY(console_passkey_bytes(json->client_data, &client));
    TRY(console_passkey_bytes(json->authenticator_data, &data));
    TRY(console_passkey_bytes(json->signature, &signature));
    const PasskeySite site = console_passkey_site(call->console);
    const PasskeyAnswer answer = { span_of_buffer(&client), span_of_buffer(&data),
        span_of_buffer(&signature) };
    TRY(passkey_challenge_of(answer.client_data, challenge));
    const Status s = passkey_verify(&site, challenge, &answer, key, ret_count);
    if (!status_ok(s) && !status_is(s, REFUSED_PASSKEY_COUNT)) return s;
    TRY(passkey_challenge_spend(passkey_desk_challenges(call->house), act, bound, challenge));
    return s;
}

/* A lock is the person's, whichever way he comes (docs/decisions/0054). */
static Status is_unlocked(const House *house, const ConsoleClaim *claim)
{
    const Passwords passwords = { house->vault, house->domain };
    const WireOwner owner = console_owner(claim);
    return passwords_unlocked(&passwords, &owner);
}

/* The key is right, and its owner is who he was when he added it. */
static Status judge(ConsoleCall *call, Attempt *attempt)
{
    uint8_t bound_bytes[PASSKEY_BOUND_BYTES_MAX];
    Buffer bound = BUFFER_OF(bound_bytes);
    Principal owner;
    TRY(attempt->found);
    const Span name = span_of_text(attempt->passkey.principal);
    const bool lives = status_ok(principal_book_find(call->house->principals, name, &owner));
    REQUIRE(lives && owner.changed_us == attempt->passkey.stamp, REFUSED_PASSKEY_UNKNOWN);
    TRY(console_passkey_bound(call, attempt->what, &bound));
    TRY(check_answer(call, &attempt->json, attempt->act, span_of_buffer(&bound),
            &attempt->passkey.key, &attempt->count));
    const ConsoleClaim claim = { span_of_text(owner.tenant), span_of_text(owner.id) };
    TRY(is_unlocked(call->house, &claim));
    return console_find_person(call->house, &claim, &call->principal);
}

/* What was right is so on the rows, too, and stands in the log, before anybody hears of it. */
static Status use(ConsoleCall *call, const Attempt *attempt)
{
    uint8_t detail_bytes[AUDIT_DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(detail_bytes);
    PasskeyChange work = { .unit = { .from = call->from },
        .deed = PASSKEY_DEED_USE,
        .use = attempt->kind,
        .passkey = attempt->passkey };
    work.passkey.key.count = attempt->count;
    console_actor(&call->principal, work.actor);
    TRY(console_session_detail(call, &detail));
    TRY(buffer_print(&detail, " passkey %s", attempt->passkey.name));
    snprintf(work.detail, sizeof(work.detail), "%.*s", (int)detail.size, (const char *)detail.data);
    return passkey_desk_change(call->house, &work);
}

/* Somebody has a copy, and nobody knows who: it opens nothing any more, nor does what it opened. */
static Status end_copied(ConsoleCall *call, const Attempt *attempt)
{
    PasskeyChange work = { .unit = { .from = call->from },
        .deed = PASSKEY_DEED_COPIED,
        .actor = "stranger",
        .passkey = attempt->passkey };
    const Status s = passkey_desk_remove(call->house, &work, 0);
    call->told = status_ok(s);
    return s;
}

/* One refusal for everything that is wrong with it, as with passwords (api/console.h). */
static Status refused(ConsoleCall *call, const Attempt *attempt, Status s)
{
    if (status_broken(s)) return s;
    switch ((StatusCode)s.code) {
    case REFUSED_LOGIN_NEEDED:
    case REFUSED_SESSIONS_FULL:
    case REFUSED_STORE_BUSY:
    case REFUSED_STORE_STOPPED:
    case REFUSED_VAULT_UNAVAILABLE:
    case REFUSED_VAULT_BUSY: return s;
    default: break;
    }
    const bool copied = status_is(s, REFUSED_PASSKEY_COUNT);
    Status told =
            copied ? end_copied(call, attempt) : console_passkey_refused(call, attempt->what, s);
    if (copied && status_is(told, REFUSED_PASSKEY_UNKNOWN)) /* somebody else ended it just now */
        told = console_passkey_refused(call, attempt->what, s);
    TRY(told);
    return REFUSE(REFUSED_LOGIN_REFUSED);
}

static Status read_attempt(ConsoleCall *call, Attempt *attempt, JsonDocument **ret_document)
{
    TRY(console_call_json(call, answer_fields, sizeof(answer_fields) / sizeof(answer_fields[0]),
            &attempt->json, ret_document));
    attempt->found = look(call, attempt);
    if (status_broken(attempt->found)) return attempt->found;
    const bool found = status_ok(attempt->found);
    const Span who = span_of_text(attempt->passkey.principal);
    if (found) snprintf(call->named, sizeof(call->named), "%s", attempt->passkey.principal);
    return console_throttle(
            call, found && device_book_knows(call->house->devices, who, call->device_name));
}

/* --- the handlers --- */

static Status say_challenge(ConsoleCall *call, const char *what, PasskeyAct act)
{
    uint8_t bound_bytes[PASSKEY_BOUND_BYTES_MAX];
    Buffer bound = BUFFER_OF(bound_bytes);
    TRY(console_passkey_bound(call, what, &bound));
    JsonWriter w = json_writer(&call->answer);
    json_open_object(&w);
    TRY(console_passkey_challenge(call, act, span_of_buffer(&bound), &w));
    json_close(&w);
    return json_finish(&w);
}

Status console_passkey_login_challenge(ConsoleCall *call)
{
    return say_challenge(call, "log-in", PASSKEY_ACT_LOGIN);
}

Status console_passkey_proof_challenge(ConsoleCall *call)
{
    return say_challenge(call, "proof", PASSKEY_ACT_CONFIRM);
}

/* The session is there before the rows are looked at again: whoever removes the passkey meanwhile
 * ends it, or comes before that look. */
static Status log_in(ConsoleCall *call, Attempt *attempt)
{
    TRY(judge(call, attempt));
    throttle_was_right(call->house->throttle, span_of_text(http_request_peer(call->http)));
    TRY(console_device_of_login(call, &call->principal));
    TRY(console_begin(call, SESSION_PROVED_BY_PASSKEY));
    const Status s = use(call, attempt);
    if (!status_ok(s)) console_end_begun(call);
    return s;
}

Status console_passkey_login(ConsoleCall *call)
{
    Attempt attempt = { .what = "log-in", .act = PASSKEY_ACT_LOGIN, .kind = AUDIT_LOGIN };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(read_attempt(call, &attempt, &document));
    const Status s = log_in(call, &attempt);
    if (!status_ok(s)) return refused(call, &attempt, s);
    return console_say_session(call);
}

static Status prove(ConsoleCall *call, Attempt *attempt)
{
    TRY(judge(call, attempt));
    throttle_was_right(call->house->throttle, span_of_text(http_request_peer(call->http)));
    TRY(use(call, attempt));
    return console_renew(call, SESSION_PROVED_BY_PASSKEY);
}

Status console_passkey_proof(ConsoleCall *call)
{
    Attempt attempt = { .what = "proof", .act = PASSKEY_ACT_CONFIRM, .kind = AUDIT_LOGIN_PROVED };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(read_attempt(call, &attempt, &document));
    const Status s = prove(call, &attempt);
    if (!status_ok(s)) return refused(call, &attempt, s);
    return console_say_session(call);
}
