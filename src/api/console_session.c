/* What somebody who is logged in does about his own sessions, devices and secrets
 * (api/console.h). */
#include "api/console_inside.h"

#include "base/time.h"
#include "vaultclient/second_factor.h"

#include <stdio.h>

typedef struct SessionJson {
    int64_t number;
    Span device;
    Span box;
} SessionJson;

#define PLACE(member) offsetof(SessionJson, member)

static const JsonField end_fields[] = {
    { "number", JSON_INT, true, 0, INT64_C(1) << 53, PLACE(number) }, /* 0: all others */
};
static const JsonField forget_fields[] = {
    { "device", JSON_TEXT, true, DEVICE_NAME_BYTES, DEVICE_NAME_BYTES, PLACE(device) },
};
static const JsonField secret_fields[] = {
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, PLACE(box) },
};

static Status write_own(ConsoleCall *call, AuditKind kind, const char *detail)
{
    char actor[CONSOLE_ACTOR_BYTES_MAX + 1];
    console_actor(&call->principal, actor);
    return console_write_down(
            call, kind, actor, span_of_text(call->principal.id), span_of_text(detail));
}

Status console_logout(ConsoleCall *call)
{
    session_end(call->house->sessions, secret_span(&call->token));
    call->session_cookie = COOKIE_CLEARED;
    TRY(write_own(call, AUDIT_LOGOUT, "by himself"));
    return console_say_result(call, "ended");
}

Status console_whoami(ConsoleCall *call)
{
    const House *house = call->house;
    const SessionLimits limits = session_limits(house->sessions, call->session.kind);
    uint8_t roles_bytes[2048];
    Buffer roles = BUFFER_OF(roles_bytes);
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    TRY(access_roles_put(table, call->asker.roles, &roles));
    const int64_t proof_left_us = call->asker.proof_lasts_us - call->session.proof_age_us;
    JsonWriter w = json_writer_for(&call->answer, LAYER_DISPLAY);
    json_open_object(&w);
    json_key_text(&w, "principal", span_of_text(call->principal.id));
    json_key_text(&w, "tenant", span_of_text(call->principal.tenant));
    json_key_text(&w, "roles", span_of_buffer(&roles));
    json_key_int(&w, "session", (int64_t)call->session.number);
    json_key_int(&w, "idle_s", limits.idle_us / TIME_SECOND_US);
    json_key_int(&w, "absolute_s", (limits.absolute_us - call->session.age_us) / TIME_SECOND_US);
    json_key_int(&w, "proof_s", proof_left_us > 0 ? proof_left_us / TIME_SECOND_US : 0);
    json_close(&w);
    return json_finish(&w);
}

Status console_sessions(ConsoleCall *call)
{
    Session list[SESSIONS_EACH_MAX];
    const SessionOwner owner = console_session_owner(call);
    const size_t count = session_list_of(call->house->sessions, &owner, list);
    JsonWriter w = json_writer_for(&call->answer, LAYER_DISPLAY);
    json_open_object(&w);
    json_key_array(&w, "sessions");
    for (size_t i = 0; i < count; i++) {
        json_open_object(&w);
        json_key_int(&w, "number", (int64_t)list[i].number);
        json_key_text(&w, "from", span_of_text(list[i].from));
        json_key_int(&w, "age_s", list[i].age_us / TIME_SECOND_US);
        json_key_int(&w, "unused_s", list[i].unused_us / TIME_SECOND_US);
        json_key_bool(&w, "current", list[i].number == call->session.number);
        json_close(&w);
    }
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

Status console_sessions_end(ConsoleCall *call)
{
    SessionJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    SessionTable *sessions = call->house->sessions;
    const SessionOwner owner = console_session_owner(call);
    TRY(console_call_json(call, end_fields, 1, &json, &document));
    if (json.number == 0)
        session_end_all_of(sessions, &owner, call->session.number);
    else
        TRY(session_end_number(sessions, &owner, (uint64_t)json.number));
    TRY(write_own(call, AUDIT_LOGOUT, json.number == 0 ? "all other sessions" : "one session"));
    return console_say_result(call, "ended");
}

Status console_devices(ConsoleCall *call)
{
    Device list[DEVICES_EACH_MAX];
    const size_t count =
            device_book_list(call->house->devices, span_of_text(call->principal.id), list);
    JsonWriter w = json_writer_for(&call->answer, LAYER_DISPLAY);
    json_open_object(&w);
    json_key_array(&w, "devices");
    for (size_t i = 0; i < count; i++) {
        json_open_object(&w);
        json_key_text(&w, "device", span_of_text(list[i].name));
        json_key_int(&w, "added_us", list[i].added_us);
        json_key_bool(&w, "current", strcmp(list[i].name, call->device_name) == 0);
        json_close(&w);
    }
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

Status console_devices_forget(ConsoleCall *call)
{
    SessionJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(console_call_json(call, forget_fields, 1, &json, &document));
    TRY(console_device_forget(call, json.device));
    return console_say_result(call, "forgotten");
}

/* --- secrets --- */

typedef Status (*SetSecret)(const Passwords *passwords, const WirePasswordSet *set);

/* The box proves the old secret to vaultd. Whoever had a session by the old one has none any more;
 * this one goes on under another token. */
static Status change(ConsoleCall *call, bool password, SetSecret set_secret)
{
    House *house = call->house;
    SessionJson json = { 0 };
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    const ConsoleClaim claim = { span_of_text(call->principal.tenant),
        span_of_text(call->principal.id) };
    const Passwords passwords = { house->vault, house->domain };
    const SessionOwner owner = console_session_owner(call);
    WirePasswordSet set = { .owner = console_owner(&claim) };
    TRY(console_call_json(call, secret_fields, 1, &json, &document));
    TRY(console_box(house, json.box, &box, &parsed));
    if (!password) set.owner = second_factor_owner(&set.owner);
    set.box = span_of_buffer(&box);
    set.nonce = SPAN_OF(parsed.context.server_nonce);
    TRY(set_secret(&passwords, &set));
    session_end_all_of(house->sessions, &owner, call->session.number);
    TRY(console_renew(call, SESSION_NOT_PROVED));
    TRY(write_own(call, AUDIT_SECRET_SET, password ? "password changed" : "second factor changed"));
    return console_say_result(call, "set");
}

Status console_password(ConsoleCall *call) { return change(call, true, passwords_set); }
Status console_second_factor(ConsoleCall *call) { return change(call, false, second_factor_set); }

/* --- operations --- */

typedef struct Named {
    Span operation;
} Named;

/* The body is the request as the operator's socket takes it: what approvers sign is then the same
 * at both doors. It must be the one that its path names. */
Status console_operation(ConsoleCall *call)
{
    static const JsonField fields[] = {
        { "operation", JSON_TEXT, true, 1, 64, offsetof(Named, operation) },
    };
    static const Span prefix = { (const uint8_t *)"/console/v1/", 12 };
    Named named = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    const Span path = http_request_path(call->http);
    const Span wanted = { path.data + prefix.size, path.size - prefix.size };
    TRY(json_parse(call->body, &document, &call->problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &named, &call->problem));
    REQUIRE(span_equal(named.operation, wanted), REFUSED_ADMIN_OPERATION);
    return admin_run(call->console->admin, call->body, &call->asker, &call->answer);
}
