#pragma once
/*
 * signed_text: a text for people, with signatures below it that anybody checks with public keys
 * alone: certificates of destruction, records of key ceremonies (LL-4.3.9, PCI DSS 3.7.1).
 *
 *   the text, lines of UTF-8
 *   -- signed
 *   ed25519 BASE64
 *   sm2 BASE64
 *
 * What is signed is "hufu signed text 1\n" and the text up to the line before "-- signed". The text
 * may not hold that line itself. Stateless. Floor 1.
 */
#include "crypto/sign.h"

enum { SIGNED_TEXT_BYTES_MAX = 16384, SIGNED_TEXT_OVERHEAD_BYTES = 256 };

/* Append both signatures to the text in `text`, which ends with a line feed. Refuses
 * REFUSED_BUFFER_FULL, REFUSED_SIGNATURE_FORMAT (the text is not one). */
MUST_USE Status signed_text_close(const PrivateKey *ed25519, const PrivateKey *sm2, Buffer *text);

/* ret_text  borrowed; what was signed
 * Refuses REFUSED_SIGNATURE_FORMAT, REFUSED_SIGNATURE_INVALID (either of the two). */
MUST_USE Status signed_text_verify(
        const PublicKey *ed25519, const PublicKey *sm2, Span signed_text, Span *ret_text);
