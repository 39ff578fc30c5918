#pragma once
/*
 * gateway: POST /gateway and POST /gateway/json, for merchants who sign in another way than the v3
 * profile's, in form fields (message/envelope.h) or a JSON body (message/signed_body.h): the sender
 * is verified, its sealed row says that it was given this way (payment/signing.h), and then the
 * call that `method` names is served by its own handler, with `biz_content` in the place of the
 * body (POST) or of the query (GET). docs/decisions/0068, 0069.
 */
#include "api/house.h"
#include "http/server.h"

typedef struct Gateway Gateway;

/* Wipe and give back; NULL is fine. */
void gateway_free(Gateway **gateway);
Span gateway_body(const Gateway *gateway);
Span gateway_query(const Gateway *gateway);

/* May this profile be used or given here? Refuses PROFILE_LEGACY_OFF. */
MUST_USE Status gateway_admits(const House *house, const SigningProfile *profile);
/*
 * Put the answer's body into the envelope of a signed body, so that its signature covers which
 * request it answers, when, and how:
 *
 *   {"biz_content":{…},"request_digest":"SHA-256 of the request's body","status":200,
 *    "timestamp":"20261128183000"}
 *
 * status, body  in: of the call (204: no body); out: as they are sent. Unless OK, unchanged.
 * Refuses BUFFER_FULL.
 */
MUST_USE Status gateway_wrap(
        const House *house, const HttpRequest *http, int *status, Buffer *body);
