#pragma once
/*
 * receiver: a merchant's server that is told of things, over TLS on loopback, with an authority of
 * its own. It does as the first part of a path says, so that one notify_url answers well and
 * another as badly as it can:
 *
 *   /ok       200 and a short body            /hang     reads and says nothing
 *   /204      204                             /trickle  a byte of an answer each 100 ms
 *   /500      500                             /flood    200, then ten megabytes
 *   /302      to /ok/redirected               /close    closes without an answer
 *   /slow     200 after 1.5 s                 /lies     no HTTP at all
 *   /switch   500, or 200 while receiver_switch() is on
 */
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum {
    RECEIVED_PATH_MAX = 128,
    RECEIVED_HEADER_MAX = 1024,
    RECEIVED_BODY_MAX = 8192,
    RECEIVER_KEPT_MAX = 512, /* what came is kept up to here, and counted beyond */
};

typedef struct Received {
    char path[RECEIVED_PATH_MAX];
    char host[RECEIVED_HEADER_MAX];
    char timestamp[RECEIVED_HEADER_MAX];
    char nonce[RECEIVED_HEADER_MAX];
    char serial[RECEIVED_HEADER_MAX];
    char signature[RECEIVED_HEADER_MAX];
    char body[RECEIVED_BODY_MAX]; /* ends with NUL */
    size_t body_size;
} Received;

typedef struct Receiver Receiver;

/* Faults FAULT_SYSTEM, FAULT_CRYPTO, FAULT_DISK. */
MUST_USE Status receiver_open(Receiver **ret_receiver);
void receiver_close(Receiver *receiver);
uint16_t receiver_port(const Receiver *receiver);
/* File of its authority's certificate, for notify_ca. */
const char *receiver_ca(const Receiver *receiver);
void receiver_switch(Receiver *receiver, bool on);

/* How many came for paths that begin so. */
size_t receiver_count(Receiver *receiver, const char *prefix);
/* Wait until there are `count`; false: there were not within 30 s. */
bool receiver_await(Receiver *receiver, const char *prefix, size_t count);
/* A copy of the `at`-th of them, from 0; false: there are not so many (or not kept). */
bool receiver_get(Receiver *receiver, const char *prefix, size_t at, Received *ret);
