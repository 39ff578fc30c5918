#pragma once
/*
 * gateway: POST /gateway, for merchants who sign in another way than the v3 profile's
 * (message/envelope.h): the sender is verified, its sealed row says that it was given this way
 * (payment/signing.h), and then the call that `method` names is served by its own handler, with
 * `biz_content` in the place of the body (POST) or of the query (GET). docs/decisions/0068.
 */
#include "base/bytes.h"

typedef struct Gateway Gateway;

/* Wipe and give back; NULL is fine. */
void gateway_free(Gateway **gateway);
Span gateway_body(const Gateway *gateway);
Span gateway_query(const Gateway *gateway);
