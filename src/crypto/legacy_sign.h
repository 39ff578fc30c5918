#pragma once
/*
 * legacy_sign: what other houses sign with MD5 (RFC 1321, broken), to verify it as it comes; no
 * signature of ours is ever made with it. Only profiles that say `legacy` ask (message/profile.h).
 * Floor 1. No shared state.
 */
#include "crypto/sign.h"

/* Append MD5 of the message as 32 hexadecimal digits, lower case. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status legacy_md5_hex_verify_only(Span message, Buffer *ret_text);

/* RSA PKCS#1 v1.5 with MD5. Refuses REFUSED_KEY_FORMAT (no RSA key), REFUSED_SIGNATURE_FORMAT
 * (length), REFUSED_SIGNATURE_INVALID. */
MUST_USE Status legacy_md5_rsa_verify_only(const PublicKey *key, Span message, Span signature);
