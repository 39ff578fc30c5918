#pragma once
/*
 * legacy_digest: MD5 (RFC 1321) and SHA-1 (FIPS 180-4), broken, to verify once more what others
 * made with them before they came to us; nothing new is ever made with either (TP-10, DESIGN
 * section 5.9).
 *
 * tools/tidy lets the password formulas (legacy_password.h), signatures (legacy_sign.h) and few
 * others call these. Nothing can
 * fail. Floor 1.
 */
#include "base/bytes.h"

enum { LEGACY_MD5_BYTES = 16, LEGACY_SHA1_BYTES = 20 };

/* Over `parts` one after another, not delimited: that is what the old formulas do. */
void legacy_md5_verify_only(const Span *parts, size_t count, uint8_t ret_digest[LEGACY_MD5_BYTES]);
void legacy_sha1_verify_only(
        const Span *parts, size_t count, uint8_t ret_digest[LEGACY_SHA1_BYTES]);
