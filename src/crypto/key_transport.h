#pragma once
/*
 * key_transport: a short secret for who holds a private key and has no code of ours: what every
 * library of its trade opens.
 *
 *   KEY_RSA   RSAES-OAEP with SHA-256 and MGF1-SHA-256, no label (RFC 8017 section 7.1)
 *   KEY_SM2   SM2 encryption with SM3 (GB/T 32918.4), DER as GB/T 35276 writes it
 *
 * Neither says who encrypted: what carries the bytes must be signed. Thread-safe. Floor 1.
 */
#include "crypto/sign.h"

enum { KEY_TRANSPORT_PLAIN_BYTES_MAX = 64, KEY_TRANSPORT_BYTES_MAX = 512 };

/* Append what only the holder opens. Refuses REFUSED_KEY_FORMAT (neither RSA nor SM2),
 * REFUSED_BUFFER_FULL (plain is empty or over its maximum, or no room). */
MUST_USE Status key_transport_close(const PublicKey *key, Span plain, Buffer *ret_cipher);
/* ret_plain will hold a secret: wipe it. Refuses REFUSED_KEY_FORMAT, REFUSED_BOX_TAMPERED,
 * REFUSED_BUFFER_FULL; unchanged then. */
MUST_USE Status key_transport_open(const PrivateKey *key, Span cipher, Buffer *ret_plain);
