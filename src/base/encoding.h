#pragma once
/*
 * encoding: hexadecimal and base64 (RFC 4648, standard alphabet, padded, strict). Not for secrets:
 * time depends on the content.
 */
#include "base/bytes.h"

/* Lowercase / uppercase hexadecimal; refuses REFUSED_BUFFER_FULL. */
MUST_USE Status hex_encode(Span bytes, Buffer *ret_text);
MUST_USE Status hex_encode_upper(Span bytes, Buffer *ret_text);
/* Either case; refuses REFUSED_ENCODING_INVALID, REFUSED_BUFFER_FULL. */
MUST_USE Status hex_decode(Span text, Buffer *ret_bytes);

MUST_USE Status base64_encode(Span bytes, Buffer *ret_text);
/* Exactly one encoding per value: padding required, unused bits zero, no white space. */
MUST_USE Status base64_decode(Span text, Buffer *ret_bytes);

enum { BASE64URL_TEXT_MAX = 2048 };
/* The URL alphabet without padding (RFC 4648, section 5), likewise one encoding per value. Refuses
 * also a text over BASE64URL_TEXT_MAX: REFUSED_ENCODING_INVALID. */
MUST_USE Status base64url_encode(Span bytes, Buffer *ret_text);
MUST_USE Status base64url_decode(Span text, Buffer *ret_bytes);
