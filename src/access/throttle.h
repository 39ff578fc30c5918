#pragma once
/*
 * throttle: slow down who guesses, whoever's password it is that he guesses (LL-4.5.2). Attempts at
 * one account are counted by vaultd; this counts by where they come from.
 *
 * A source is an IPv4 address or an IPv6 network of 64 bits. Each may fail `burst` times, and once
 * more every `refill_us`; a right password costs nothing. When failures of all sources together are
 * more than `crowd_burst` plus one every `crowd_refill_us`, many guess at once, and each source may
 * fail only `burst_in_crowd` times. Who shows a device on which that very person has logged in
 * before is never slowed: so honest people still get in, whatever others do from their address.
 *
 * Bounded memory: of many sources those are remembered that failed most recently. Thread-safe.
 */
#include "base/seams.h"

enum { THROTTLE_SOURCES_MAX = 1 << 20 };

typedef struct ThrottleConfig {
    Clock steady; /* clock_steady() */
    Random random;
    size_t sources_max; /* 8..THROTTLE_SOURCES_MAX */
    int64_t burst;
    int64_t burst_in_crowd;
    int64_t refill_us;
    int64_t crowd_burst;
    int64_t crowd_refill_us;
} ThrottleConfig;

typedef struct Throttle Throttle;

/* What somebody should hear of. Each is told at most once an hour (THROTTLE_SOURCE: for each
 * source that is remembered). */
typedef enum ThrottleNews {
    THROTTLE_SOURCE = 1 << 0, /* this source is slowed */
    THROTTLE_CROWD = 1 << 1, /* many sources guess at once */
} ThrottleNews;

/* Faults FAULT_MEMORY, FAULT_RANDOM. */
MUST_USE Status throttle_open(const ThrottleConfig *config, Throttle **ret_throttle);
void throttle_close(Throttle **throttle); /* NULL inside is fine */

/*
 * Before a password is looked at: it counts as a failure until throttle_was_right().
 *
 * from      numeric address; anything else is one source together
 * known     he shows a device of the person that he says he is
 * ret_news  ThrottleNews bits; set in any case
 *
 * Refuses LOGIN_SLOWED: nothing was counted.
 */
MUST_USE Status throttle_try(Throttle *throttle, Span from, bool known, unsigned *ret_news);
void throttle_was_right(Throttle *throttle, Span from);
