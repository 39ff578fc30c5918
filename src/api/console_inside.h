#pragma once
/* console_inside: one request at the console's door, and its handlers. Private to console*.c. */
#include "access/device.h"
#include "access/enrolment.h"
#include "access/session.h"
#include "access/throttle.h"
#include "api/admin_inside.h"
#include "api/console.h"
#include "crypto/box.h"
#include "message/errors.h"
#include "vaultclient/passwords.h"

enum {
    CONSOLE_ORIGINS_MAX = 2,
    CONSOLE_ORIGIN_BYTES_MAX = 255,
    CONSOLE_BODY_BYTES_MAX = 64 * 1024,
    CONSOLE_ANSWER_BYTES_MAX = 256 * 1024,
    CONSOLE_DEVICE_BYTES = 32,
    CONSOLE_ACTOR_BYTES_MAX = 64,
};

struct Console {
    House *house;
    Admin *admin;
    const ConsoleFiles *files;
    Workers *workers;
    char origins[CONSOLE_ORIGINS_MAX][CONSOLE_ORIGIN_BYTES_MAX + 1];
    _Atomic size_t origin_count; /* 0: not yet listening */
};

typedef struct ConsoleCall ConsoleCall;

/* Append the answer to call->answer, as one JSON object. Anything but OK is answered as a refusal
 * instead, with call->problem's field. */
typedef Status (*ConsoleHandler)(ConsoleCall *call);

typedef struct ConsoleRoute {
    HttpMethod method;
    const char *path;
    bool needs_session;
    ConsoleHandler handler;
} ConsoleRoute;

/* What the answer does to a cookie. */
typedef enum CookieChange { COOKIE_LEFT = 0, COOKIE_SET, COOKIE_CLEARED } CookieChange;

struct ConsoleCall {
    Job job;
    Console *console;
    House *house;
    HttpRequest *http;
    const ConsoleRoute *route;
    Span body; /* borrowed from the request */
    Buffer answer; /* of the thread */
    JsonProblem problem;
    char from[AUDIT_FROM_BYTES_MAX + 1]; /* "console/192.0.2.1" */
    Secret token; /* of the session cookie; size 0: none was shown */
    Secret device; /* of the device cookie; size 0: none */
    uint8_t device_digest[SESSION_DEVICE_BYTES]; /* of no device: of nothing */
    char device_name[DEVICE_NAME_BYTES + 1];
    char named[PRINCIPAL_ID_BYTES_MAX + 1]; /* whom he says he is, if that is somebody */
    bool told; /* the audit log has heard why it is refused */
    CookieChange session_cookie;
    CookieChange device_cookie;
    /* with a session: */
    Session session;
    Principal principal;
    Asker asker;
};

/* Who somebody at this door says he is. Spans borrow from the document. */
typedef struct ConsoleClaim {
    Span tenant; /* ASKER_HOUSE, or a mchid */
    Span name;
} ConsoleClaim;

/* --- console_call.c: a request in, an answer out --- */

/* Cookies, device, address. */
void console_call_read(ConsoleCall *call);
/* May this request have been sent by our page? Refuses CONTENT_TYPE, REQUEST_FORGED. */
MUST_USE Status console_call_origin(const ConsoleCall *call);
/* Whose session is it? Fills session, principal, asker. Refuses LOGIN_NEEDED, SESSION_DEVICE,
 * REQUEST_FORGED (a POST without the session's own value). */
MUST_USE Status console_call_session(ConsoleCall *call);
/* Answer with what the handler wrote, or with the refusal; the call is gone. */
void console_call_answer(ConsoleCall *call, Status s);
/* Read the body as one JSON object into a struct. */
MUST_USE Status console_call_json(ConsoleCall *call, const JsonField *fields, size_t count,
        void *ret_struct, JsonDocument **ret_document);

/* --- console_proof.c: who proves what --- */

/* With the realm of the passwords of a tenant's people. */
WireOwner console_owner(const ConsoleClaim *claim);
SessionOwner console_session_owner(const ConsoleCall *call);
/* A box is fresh and for us: its nonce is a challenge of ours. */
MUST_USE Status console_box(const House *house, Span base64, Buffer *ret_box, Box *ret_parsed);
/* An attempt from this address, until throttle_was_right(); alarms when somebody is slowed. Refuses
 * LOGIN_SLOWED. */
MUST_USE Status console_throttle(ConsoleCall *call, bool known);
/*
 * Password and one-time code in this box are right, once: throttled, counted, alarmed. The same
 * refusal for everything that is wrong with them; who shows a device of that very person is told
 * LOGIN_LOCKED.
 * Refuses LOGIN_REFUSED, LOGIN_LOCKED, LOGIN_SLOWED, BOX_*.
 */
MUST_USE Status console_prove(ConsoleCall *call, const ConsoleClaim *claim, Span box_base64);
/* For the audit log: one event, with where it came from; durable. */
MUST_USE Status console_write_down(
        const ConsoleCall *call, AuditKind kind, const char *actor, Span subject, Span detail);
/* Somebody must look at this. Durable. */
MUST_USE Status console_alert(House *house, AlertKind kind, Span about, Status verdict);
/* "operator/alice", "administrator/1900000001/li" */
void console_actor(const Principal *principal, char ret_actor[CONSOLE_ACTOR_BYTES_MAX + 1]);

/* A proof of this session's principal that is not too old, however he gave it. Refuses
 * ACCESS_REAUTHENTICATE. */
MUST_USE Status console_proved_lately(const ConsoleCall *call);

/* --- console_login.c: a session begins --- */

/* A live person of this tenant, who may use this door. Only after he proved it. Refuses
 * LOGIN_REFUSED. */
MUST_USE Status console_find_person(
        const House *house, const ConsoleClaim *claim, Principal *ret_person);
/* For call->principal, on the device that is shown, instead of the one that was. Refuses what
 * session_begin() refuses. */
MUST_USE Status console_begin(ConsoleCall *call, SessionProof proof);
/* What began must not go on, and its answer looks like any refusal. */
void console_end_begun(ConsoleCall *call);
/* The same session under another token. Refuses LOGIN_NEEDED. */
MUST_USE Status console_renew(ConsoleCall *call, SessionProof proof);
/* "session 5 device 0123..." */
MUST_USE Status console_session_detail(const ConsoleCall *call, Buffer *ret_text);
MUST_USE Status console_say_session(ConsoleCall *call);
/* {"result": ...} */
MUST_USE Status console_say_result(ConsoleCall *call, const char *result);

/* --- console_device.c --- */

/* The device of somebody who has just logged in: known from here on, and told of when it is new.
 * Sets the cookie when it had none of ours. */
MUST_USE Status console_device_of_login(ConsoleCall *call, const Principal *principal);
/* One of his own; his sessions on it end. Refuses DEVICE_UNKNOWN. */
MUST_USE Status console_device_forget(ConsoleCall *call, Span name);

/* --- handlers --- */
Status console_challenge(ConsoleCall *call); /* GET /console/v1/login/challenge */
Status console_login(ConsoleCall *call); /* POST /console/v1/login */
Status console_enrol(ConsoleCall *call); /* POST /console/v1/enrol */
Status console_logout(ConsoleCall *call); /* POST /console/v1/logout */
Status console_whoami(ConsoleCall *call); /* GET /console/v1/whoami */
Status console_sessions(ConsoleCall *call); /* GET /console/v1/sessions */
Status console_sessions_end(ConsoleCall *call); /* POST /console/v1/sessions/end */
Status console_devices(ConsoleCall *call); /* GET /console/v1/devices */
Status console_devices_forget(ConsoleCall *call); /* POST /console/v1/devices/forget */
Status console_prove_again(ConsoleCall *call); /* POST /console/v1/prove */
Status console_password(ConsoleCall *call); /* POST /console/v1/password */
Status console_second_factor(ConsoleCall *call); /* POST /console/v1/second-factor */
Status console_passkey_login_challenge(ConsoleCall *call); /* GET /console/v1/passkey/login */
Status console_passkey_login(ConsoleCall *call); /* POST /console/v1/passkey/login */
Status console_passkey_proof_challenge(ConsoleCall *call); /* GET /console/v1/passkey/proof */
Status console_passkey_proof(ConsoleCall *call); /* POST /console/v1/passkey/proof */
Status console_passkey_options(ConsoleCall *call); /* GET /console/v1/passkey/registration */
Status console_passkey_register(ConsoleCall *call); /* POST /console/v1/passkey/registration */
Status console_passkeys(ConsoleCall *call); /* GET /console/v1/passkeys */
Status console_passkeys_remove(ConsoleCall *call); /* POST /console/v1/passkeys/remove */
Status console_operation(ConsoleCall *call); /* POST /console/v1/<operation> */
