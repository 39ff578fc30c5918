#pragma once
/*
 * authorization: the strict reader of
 *
 *   Authorization: SCHEME mchid="…",nonce_str="…",timestamp="…",serial_no="…",signature="base64"
 *
 * Five attributes in any order, each exactly once, nothing else; one blank after the scheme, blanks
 * allowed around commas. Values are visible ASCII without quote or backslash (there is no escaping
 * on this wire). Nonces of 1..128 characters: wechatpay-node-v3 sends 10 or 11
 * (reference/message.md section 1).
 */
#include "message/profile.h"

enum { AUTHORIZATION_BYTES_MAX = 2048 };

typedef struct Authorization { /* spans borrow from the header */
    const SigningProfile *profile;
    Span mchid;
    Span nonce;
    Span timestamp; /* the text */
    int64_t timestamp_s;
    Span serial;
    Span signature; /* base64 text, not yet decoded */
} Authorization;

/*
 * header  the value of Authorization, borrowed; data NULL when there was none
 *
 * Refuses REFUSED_AUTHORIZATION_MISSING, REFUSED_AUTHORIZATION_SCHEME (not one of ours),
 * REFUSED_AUTHORIZATION_FORMAT, REFUSED_NONCE_FORMAT.
 */
MUST_USE Status authorization_parse(Span header, Authorization *ret_authorization);

/* The attribute that a refusal is about ("timestamp"), or "" : for the `field` of the answer. Looks
 * at the same header again, so call it on refusal only. Static storage. */
const char *authorization_blame(Span header);
