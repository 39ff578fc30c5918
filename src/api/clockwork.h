#pragma once
/*
 * clockwork: what time does by itself, on one thread: due payments (a held payment that nobody
 * confirmed is refused, an unpaid order is closed, a delayed one is captured), transfers that
 * waited long enough (transfer_tick.h), checkpoints of the audit log into two places, the day end,
 * a new TLS leaf before the old one ends, a step of the rolling check of append-only rows
 * (rolling.h), data that is due (retention_tick.h), and merchant keys that were frozen when the
 * directory was loaded and may be released by now, or end soon (expiring.h).
 */
#include "api/house.h"

enum {
    CLOCKWORK_TICK_MS = 200,
    CLOCKWORK_DUE_PASSES_MAX = 16, /* of PAYMENT_DUE_MAX payments, a tick */
    CLOCKWORK_CHECKPOINT_US = 1000000,
    CLOCKWORK_KEYS_US = 1000000,
    CLOCKWORK_SWEEP_US = 60000000,
    CLOCKWORK_RETRY_US = 5000000, /* of what failed and costs much: day end, left-out keys */
};

typedef struct ClockworkConfig {
    House *house;
    /* Have the log signed and keep the note in its two places; one at a time, whoever asks. */
    Status (*take_checkpoint)(void *context);
    /* Which keys of the platform there are now (platform_keys.h); each CLOCKWORK_KEYS_US. */
    Status (*look_at_keys)(void *context);
    /* Renew the TLS leaf when half of its time is over. */
    Status (*renew_tls)(void *context, int64_t now_us);
    /* A business day begins, and once at the start. */
    void (*day_begins)(void *context, int32_t day);
    /* The rolling check found a row that does not verify, or rows that are gone (no key): alert. */
    void (*alarm)(void *context, const Table *table, Span key, Status verdict);
    /* Tell the operator that something failed (library rooms do not log). */
    void (*report)(void *context, const char *what, Status status);
    void *context;
} ClockworkConfig;

typedef struct Clockwork Clockwork;
MUST_USE Status clockwork_start(const ClockworkConfig *config, Clockwork **ret_clockwork);
void clockwork_stop(Clockwork *clockwork);
