#pragma once
/*
 * call: one request of a caller of the vault's service (access/caller.h), from a door of its own:
 * mutual TLS (TP-17), no message signature, JSON or the vault's own binary batches.
 *
 *   loop thread     whose certificate is this, what may it ask by the table of rights in force
 *                   (access/in_force.h; default deny); then the handler: reads the body, asks
 *                   vaultd, writes the answer
 *   worker thread   the handler, when its answer waits for a slow hash or a durable batch; and a
 *                   refusal by the table, which stands in the audit log before it is answered
 *
 * This door has loops of its own, so that one which waits for vaultd holds up no payment
 * (docs/decisions/0027-quick-calls-are-answered-on-the-loop.md).
 *
 * Refusals are {"code","message","detail"} as everywhere (message/errors.h); which caller names
 * exist is told to nobody.
 */
#include "access/caller.h"
#include "api/house.h"
#include "http/server.h"
#include "message/errors.h"
#include "text/json.h"

enum {
    CALL_BODY_BYTES_MAX = 512 * 1024,
    CALL_ANSWER_BYTES_MAX = 1024 * 1024,
};

typedef struct Call Call;
typedef struct CallRoute CallRoute;

/* Read call->body, append the answer to call->answer. Anything but OK is answered as a
 * refusal instead, with call->problem's field. */
typedef Status (*CallHandler)(Call *call);

struct Call {
    Job job;
    House *house;
    HttpRequest *http;
    Caller caller;
    const CallRoute *route;
    Status verdict; /* of the table of rights, where it refuses */
    Span rest; /* what '*' of the route matched; borrowed from the request */
    Span body; /* borrowed from the request */
    Buffer answer; /* of the thread */
    char from[AUDIT_FROM_BYTES_MAX + 1]; /* for the audit log */
    bool is_binary; /* in: the body is a batch; out: so is the answer */
    JsonProblem problem;
};

#define CALL_BINARY_TYPE "application/vnd.hufu.batch"

/* Read the body as one JSON object into a struct. Refuses CONTENT_TYPE, and what text/json.h does.
 */
MUST_USE Status call_read_json(Call *call, const JsonField *fields, size_t count, void *ret_struct,
        JsonDocument **ret_document);
/* A member of the open object, in base64 (up to 12 KiB of bytes) or hexadecimal (up to 64). */
void call_key_base64(JsonWriter *w, const char *key, Span bytes);
void call_key_hex(JsonWriter *w, const char *key, Span bytes);

/* HttpServerConfig.handler; the context is the House. */
void calls_serve(void *house, HttpRequest *request);

/* --- handlers, one file a subject --- */
Status call_box_key(Call *call); /* GET /vault/v1/box-key */
Status call_challenge(Call *call); /* GET /vault/v1/challenge */
Status call_session(Call *call); /* POST /vault/v1/sessions */
Status call_fields(Call *call); /* POST /vault/v1/fields */
Status call_lookups(Call *call); /* POST /vault/v1/lookups */
Status call_reveal(Call *call); /* POST /vault/v1/reveals */
Status call_use(Call *call); /* POST /vault/v1/uses */
Status call_password_set(Call *call); /* POST /vault/v1/passwords/set */
Status call_password_check(Call *call); /* POST /vault/v1/passwords/check */
Status call_password_spend(Call *call); /* POST /vault/v1/passwords/spend */
Status call_mac_key_set(Call *call); /* POST /vault/v1/keys/set */
Status call_mac_use(Call *call); /* POST /vault/v1/keys/mac */
Status call_binding_make(Call *call); /* POST /vault/v1/bindings */
Status call_binding_read(Call *call); /* GET /vault/v1/bindings/ID */
Status call_binding_end(Call *call); /* POST /vault/v1/bindings/ID/end */

struct CallRoute {
    HttpMethod method;
    const char *pattern; /* as in routes.h */
    uint32_t right; /* CallerRight; 0: any caller */
    bool waits; /* for a password's hash or a batch: on a worker */
    CallHandler handler;
};
size_t call_routes_count(void);
const CallRoute *call_routes_at(size_t index);
