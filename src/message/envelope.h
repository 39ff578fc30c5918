#pragma once
/*
 * envelope: a request whose sender, clock and signature stand in form fields beside its content
 * (CARRIER_FORM), read strictly:
 *
 *   biz_content={…}&mchid=…&method=POST+/v3/…&nonce_str=…&serial_no=…&sign_type=RSA2
 *   &timestamp=…&sign=…
 *
 * percent-encoded (RFC 3986, `+` is a blank), each field exactly once, none unknown. What is signed
 * are the decoded values. `method` is signed, so a request cannot be carried to another call.
 */
#include "message/authorization.h"

enum {
    ENVELOPE_CONTENT_BYTES_MAX = 20 * 1024,
    ENVELOPE_CALL_BYTES_MAX = 256,
    ENVELOPE_BYTES_MAX = ENVELOPE_CONTENT_BYTES_MAX + 2048, /* decoded */
};

typedef struct Envelope { /* spans borrow from the memory */
    Authorization who;
    Span call; /* `POST /v3/pay/transactions/native`, not judged */
    Span content; /* UTF-8; may be empty */
    Span signed_body; /* CARRIER_BODY: the body, which is all that is signed */
} Envelope;

/*
 * form    the body, borrowed
 * memory  emptied first; ENVELOPE_BYTES_MAX is always enough; the values lie in it
 *
 * Refuses REFUSED_ENVELOPE_FORMAT, REFUSED_AUTHORIZATION_SCHEME (not one of ours),
 * REFUSED_AUTHORIZATION_FORMAT (the timestamp).
 */
MUST_USE Status envelope_parse(Span form, Buffer *memory, Envelope *ret_envelope);
/* What its signature covers. */
MessageParts envelope_parts(const Envelope *envelope);
