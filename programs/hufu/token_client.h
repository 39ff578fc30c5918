#pragma once
/*
 * token_client: a signature by a key that lies in a PKCS#11 token, made by the program `token-sign`
 * beside this one: it alone loads the token's library, and asks for its PIN.
 */
#include "base/bytes.h"

/*
 * uri  as text/pkcs11_uri.h
 * Appends the signature; ret_encoding is a WireSignatureEncoding. Refuses REFUSED_TOKEN_URI,
 * REFUSED_TOKEN_SIGNATURE (token-sign has said why). Faults FAULT_SYSTEM.
 */
MUST_USE Status token_client_sign(
        const char *uri, Span message, Buffer *ret_signature, uint8_t *ret_encoding);
