/* Somebody logs in, enrols, or proves again who he is (api/console.h). */
#include "api/console_inside.h"

#include "access/staff.h"
#include "api/challenge.h"
#include "base/encoding.h"
#include "base/time.h"
#include "policy/purposes.h"
#include "vaultclient/second_factor.h"

#include <stdio.h>

enum { BOX_TEXT_MAX = 2 * BOX_BYTES_MAX };

typedef struct LoginJson {
    Span tenant;
    Span name;
    Span box;
    Span code;
    Span second_box;
} LoginJson;

#define PLACE(member) offsetof(LoginJson, member)

static const JsonField login_fields[] = {
    { "tenant", JSON_TEXT, false, 1, WIRE_TENANT_BYTES_MAX, PLACE(tenant) },
    { "name", JSON_TEXT, true, 1, PRINCIPAL_ID_BYTES_MAX, PLACE(name) },
    { "box", JSON_TEXT, true, 1, BOX_TEXT_MAX, PLACE(box) },
};
static const JsonField prove_fields[] = {
    { "box", JSON_TEXT, true, 1, BOX_TEXT_MAX, PLACE(box) },
};
static const JsonField enrol_fields[] = {
    { "tenant", JSON_TEXT, false, 1, WIRE_TENANT_BYTES_MAX, PLACE(tenant) },
    { "name", JSON_TEXT, true, 1, PRINCIPAL_ID_BYTES_MAX, PLACE(name) },
    { "enrolment_code", JSON_TEXT, true, ENROLMENT_CODE_BYTES, ENROLMENT_CODE_BYTES, PLACE(code) },
    { "box", JSON_TEXT, false, 1, BOX_TEXT_MAX, PLACE(box) },
    { "second_box", JSON_TEXT, false, 1, BOX_TEXT_MAX, PLACE(second_box) },
};
#define READ(call, table, json, document) \
    console_call_json(call, table, sizeof(table) / sizeof((table)[0]), json, document)

static ConsoleClaim claim_of(const LoginJson *json)
{
    return (ConsoleClaim) { json->tenant.size > 0 ? json->tenant : SPAN(ASKER_HOUSE), json->name };
}

static void key_base64(JsonWriter *w, const char *key, Span bytes)
{
    uint8_t text_bytes[2048];
    Buffer text = BUFFER_OF(text_bytes);
    ASSERT(status_ok(base64_encode(bytes, &text)));
    json_key_text(w, key, span_of_buffer(&text));
}

/* What a page needs to make a box: the key of today and a fresh challenge. */
Status console_challenge(ConsoleCall *call)
{
    uint8_t memory_bytes[4096];
    uint8_t nonce[BOX_NONCE_BYTES];
    uint8_t hex_bytes[2 * BOX_NONCE_BYTES];
    Buffer memory = BUFFER_OF(memory_bytes);
    Buffer hex = BUFFER_OF(hex_bytes);
    WireBoxKey key = { 0 };
    TRY(vaultclient_box_key(call->house->vault, &memory, &key));
    TRY(challenge_make(call->house, nonce));
    TRY(hex_encode(SPAN_OF(nonce), &hex));
    JsonWriter w = json_writer(&call->answer);
    json_open_object(&w);
    json_key_text(&w, "nonce", span_of_buffer(&hex));
    json_key_int(&w, "life_s", HOUSE_CHALLENGE_LIFE_S);
    json_key_int(&w, "key_id", key.key_id);
    json_key_int(&w, "suite", key.suite);
    json_key_int(&w, "expires_us", key.expires_us);
    key_base64(&w, "public_key", key.public_key);
    key_base64(&w, "signature", key.signature);
    key_base64(&w, "signature_before", key.signature_before);
    json_close(&w);
    return json_finish(&w);
}

/* --- login --- */

Status console_find_person(const House *house, const ConsoleClaim *claim, Principal *ret)
{
    const Status s = principal_book_find(house->principals, claim->name, ret);
    if (status_broken(s)) return s;
    const bool right = status_ok(s) && ret->kind != PRINCIPAL_OF_SERVICE
            && span_equal(span_of_text(ret->tenant), claim->tenant);
    REQUIRE(right, REFUSED_LOGIN_REFUSED);
    return OK;
}

Status console_begin(ConsoleCall *call, SessionProof proof)
{
    const SessionOwner owner = { staff_session_kind(span_of_text(call->principal.tenant)),
        span_of_text(call->principal.tenant), span_of_text(call->principal.id) };
    SessionTable *sessions = call->house->sessions;
    /* Whatever session this browser had is over: nobody goes on in another's. */
    session_end(sessions, secret_span(&call->token));
    call->session = (Session) { .kind = owner.kind };
    secret_wipe(&call->token);
    TRY(session_begin(sessions, &owner, proof, call->device_digest, span_of_text(call->from),
            call->principal.changed_us, &call->token, &call->session.number));
    call->session_cookie = COOKIE_SET;
    return OK;
}

void console_end_begun(ConsoleCall *call)
{
    session_end(call->house->sessions, secret_span(&call->token));
    call->session.number = 0;
    call->session_cookie = COOKIE_LEFT;
    call->device_cookie = COOKIE_LEFT;
}

Status console_renew(ConsoleCall *call, SessionProof proof)
{
    CLEANUP(secret_wipe) Secret token = { .size = 0 };
    TRY(session_renew(call->house->sessions, secret_span(&call->token), proof,
            call->principal.changed_us, &token));
    call->token = token;
    call->session_cookie = COOKIE_SET;
    return OK;
}

Status console_session_detail(const ConsoleCall *call, Buffer *ret_text)
{
    return buffer_print(ret_text, "session %llu device %s",
            (unsigned long long)call->session.number, call->device_name);
}

Status console_say_result(ConsoleCall *call, const char *result)
{
    JsonWriter w = json_writer(&call->answer);
    json_open_object(&w);
    json_key_text(&w, "result", span_of_text(result));
    json_close(&w);
    return json_finish(&w);
}

Status console_say_session(ConsoleCall *call)
{
    JsonWriter w = json_writer_for(&call->answer, LAYER_DISPLAY);
    json_open_object(&w);
    json_key_text(&w, "principal", span_of_text(call->principal.id));
    json_key_text(&w, "tenant", span_of_text(call->principal.tenant));
    json_key_int(&w, "session", (int64_t)call->session.number);
    json_close(&w);
    return json_finish(&w);
}

static Status write_login(ConsoleCall *call, AuditKind kind)
{
    char actor[CONSOLE_ACTOR_BYTES_MAX + 1];
    uint8_t detail_bytes[AUDIT_DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(detail_bytes);
    console_actor(&call->principal, actor);
    TRY(console_session_detail(call, &detail));
    return console_write_down(
            call, kind, actor, span_of_text(call->principal.id), span_of_buffer(&detail));
}

/* The audit log hears of it before the answer; without it there is no session. */
static Status begin_and_write(ConsoleCall *call)
{
    TRY(console_device_of_login(call, &call->principal));
    TRY(console_begin(call, SESSION_PROVED_BY_SECRETS));
    const Status s = write_login(call, AUDIT_LOGIN);
    if (status_ok(s)) return OK;
    console_end_begun(call);
    return s;
}

Status console_login(ConsoleCall *call)
{
    LoginJson json = { 0 };
    Principal person = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(READ(call, login_fields, &json, &document));
    const ConsoleClaim claim = claim_of(&json);
    TRY(console_prove(call, &claim, json.box));
    TRY(console_find_person(call->house, &claim, &person));
    call->principal = person;
    TRY(begin_and_write(call));
    return console_say_session(call);
}

/* --- proof of who goes on --- */

Status console_prove_again(ConsoleCall *call)
{
    LoginJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(READ(call, prove_fields, &json, &document));
    const ConsoleClaim claim = { span_of_text(call->principal.tenant),
        span_of_text(call->principal.id) };
    TRY(console_prove(call, &claim, json.box));
    TRY(console_renew(call, SESSION_PROVED_BY_SECRETS));
    TRY(write_login(call, AUDIT_LOGIN_PROVED));
    return console_say_session(call);
}

/* --- the first password and second factor --- */

typedef Status (*SetSecret)(const Passwords *passwords, const WirePasswordSet *set);

static Status set_part(
        ConsoleCall *call, const Principal *person, const LoginJson *json, EnrolmentPart part)
{
    House *house = call->house;
    const bool password = part == ENROLMENT_PASSWORD;
    const Span base64 = password ? json->box : json->second_box;
    const SetSecret set_secret = password ? passwords_set : second_factor_set;
    const Passwords passwords = { house->vault, house->domain };
    const ConsoleClaim claim = { span_of_text(person->tenant), span_of_text(person->id) };
    WirePasswordSet set = { .owner = console_owner(&claim) };
    if (base64.size == 0) return OK;
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    TRY(console_box(house, base64, &box, &parsed));
    TRY(enrolment_check(house->enrolments, claim.name, json->code, part));
    set.box = span_of_buffer(&box);
    set.nonce = SPAN_OF(parsed.context.server_nonce);
    if (!password) set.owner = second_factor_owner(&set.owner);
    TRY(set_secret(&passwords, &set));
    enrolment_used(house->enrolments, claim.name, part);
    const char *what = password ? "password set at enrolment" : "second factor set at enrolment";
    char actor[CONSOLE_ACTOR_BYTES_MAX + 1];
    console_actor(person, actor);
    return console_write_down(call, AUDIT_SECRET_SET, actor, claim.name, span_of_text(what));
}

/* What must be right whoever is named, and is told. */
static Status check_boxes(ConsoleCall *call, const LoginJson *json)
{
    const Span boxes[] = { json->second_box, json->box };
    const bool sets = json->second_box.size > 0 || json->box.size > 0;
    if (!sets) snprintf(call->problem.field, sizeof(call->problem.field), "box");
    REQUIRE(sets, REFUSED_JSON_MISSING);
    for (size_t i = 0; i < 2; i++) {
        uint8_t box_bytes[BOX_BYTES_MAX];
        Buffer box = BUFFER_OF(box_bytes);
        Box parsed = { 0 };
        if (boxes[i].size > 0) TRY(console_box(call->house, boxes[i], &box, &parsed));
    }
    return OK;
}

/* Who has a password already proves it to vaultd, whatever code he has: a code cannot take an
 * account over. Who has no code learns not even whether there is such a person. */
Status console_enrol(ConsoleCall *call)
{
    House *house = call->house;
    LoginJson json = { 0 };
    Principal person = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    const Span address = span_of_text(http_request_peer(call->http));
    TRY(READ(call, enrol_fields, &json, &document));
    const ConsoleClaim claim = claim_of(&json);
    TRY(check_boxes(call, &json));
    TRY(console_throttle(call, false));
    TRY(console_find_person(house, &claim, &person));
    snprintf(call->named, sizeof(call->named), "%s", person.id);
    TRY(set_part(call, &person, &json, ENROLMENT_SECOND_FACTOR));
    TRY(set_part(call, &person, &json, ENROLMENT_PASSWORD));
    throttle_was_right(house->throttle, address);
    return console_say_result(call, "set");
}
