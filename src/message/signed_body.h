#pragma once
/*
 * signed_body: a request whose JSON body is all that is signed, its signature in headers
 * (CARRIER_BODY), as merchants of LianLian's open platform send it:
 *
 *   Signature-Type: RSA2
 *   Signature-Data: base64
 *
 *   {"oid_partner":"1900000001","serial_no":"…","timestamp":"20261128183000",
 *    "method":"POST /v3/…","biz_content":"{…}","nonce_str":"…"}
 *
 * All are texts, and no other member is taken. `method` is signed as the rest is, so a request
 * cannot be carried to another call; `biz_content` is the call's JSON, or of a GET its query;
 * `timestamp` is of +08:00, to the second. The body's own SHA-256 is the nonce that the replay set
 * keeps: `nonce_str`, which may be left out, makes two alike requests of one second differ.
 */
#include "message/envelope.h"

typedef struct SignedBody { /* borrowed, as received */
    Span body;
    Span scheme; /* Signature-Type */
    Span signature; /* Signature-Data */
    size_t scheme_count; /* how often each was sent */
    size_t signature_count;
} SignedBody;

/*
 * memory  emptied first; ENVELOPE_BYTES_MAX is always enough; the values lie in it
 *
 * Refuses REFUSED_AUTHORIZATION_MISSING (a header), REFUSED_AUTHORIZATION_FORMAT (sent twice, too
 * long), REFUSED_AUTHORIZATION_SCHEME (not one of ours), REFUSED_PROFILE_BODY.
 */
MUST_USE Status signed_body_parse(
        const SignedBody *request, Buffer *memory, Envelope *ret_envelope);

/* Append a time as such bodies write it, 14 digits of +08:00. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status signed_body_time(int64_t time_us, Buffer *ret_text);
