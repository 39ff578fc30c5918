#pragma once
/*
 * secret: bytes that wipe themselves and cannot be logged.
 *
 * A Secret is a type of its own: no log, buffer or encoding function takes one. It lives on the
 * stack or inside another struct, and CLEANUP(secret_wipe) ends it on every way out of its scope.
 */
#include "base/bytes.h"

enum { SECRET_BYTES_MAX = 64 };

typedef struct Secret {
    uint8_t bytes[SECRET_BYTES_MAX];
    size_t size;
} Secret;

/* Overwrite; the compiler may not drop it. Zeroes the size too. */
void secret_wipe(Secret *secret);

/* The same for memory that is not a Secret (a buffer that held one). */
void bytes_wipe(void *bytes, size_t size);

/* Borrow the bytes; the one way in which a secret reaches a cryptographic function. */
static inline Span secret_span(const Secret *secret)
{
    return (Span) { secret->bytes, secret->size };
}

/* Copy at most SECRET_BYTES_MAX bytes in; refuses REFUSED_BUFFER_FULL. */
MUST_USE Status secret_set(Secret *secret, Span bytes);
