#pragma once
/*
 * smuggler: sends shapes (shapes.h) as they are, with a whole signed order hidden behind each, and
 * counts what comes back.
 */
#include "http/peer_for_tests.h"
#include "merchant_steps.h"
#include "shapes.h"

enum { SMUGGLED_ORDER_BYTES_MAX = 4096 };

/* Append a native order, signed, as the bytes of its request; `more`: further header lines. */
MUST_USE Status smuggler_order(
        const MerchantApp *merchant, const char *number, const char *more, Buffer *ret_bytes);

typedef struct Came {
    size_t answers; /* but 100 */
    int first; /* HTTP status */
    int last;
    size_t good; /* answers of 200 */
    bool ended; /* by the other side */
} Came;

/* All that comes until the other side ends it. */
Came smuggler_read(Peer *peer);
/* Over a connection of its own. */
Came smuggler_try(uint16_t port, SSL_CTX *tls, const Shape *shape, Span hidden);
