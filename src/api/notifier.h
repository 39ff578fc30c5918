#pragma once
/*
 * notifier: tells merchants what happened, from the rows of payment/notification.h.
 *
 * One thread looks what is due, merchant by merchant, and gives it to threads that each make one
 * attempt: read the rows, encrypt and sign in vaultd, POST, settle. Whose turn it is say
 * notify_lanes.h; where we go at all says http/outside_url.h, anew for each connection. Nothing is
 * remembered here that a restart may not forget: an attempt that was not settled is made again.
 *
 * What fails on our side (vaultd is away, its own row does not verify) is no attempt: it is left
 * alone for NOTIFIER_LEFT_US; a row that does not verify each time twice as long, up to
 * NOTIFIER_LEFT_MOST_US. A payment or
 * refund that cannot be read is a failed attempt: its notification ends among those given up, and
 * is sent by hand when the row is mended. Source: reference/message.md section 1;
 * docs/decisions/0066.
 */
#include "api/house.h"
#include "api/notify_connections.h"
#include "payment/notification.h"

enum { NOTIFIER_THREADS_MAX = 64, NOTIFIER_TICK_MS = 100, NOTIFIER_PAUSE_MS = 2 };
#define NOTIFIER_LEFT_US INT64_C(5000000)
#define NOTIFIER_LEFT_MOST_US INT64_C(3600000000)

typedef struct NotifierConfig {
    House *house;
    int threads; /* 1..NOTIFIER_THREADS_MAX */
    NotificationSchedule schedule;
    OutsideRules rules;
    struct ssl_ctx_st *tls; /* whom we believe; the caller's until notifier_stop() */
    /* Tell the operator that something failed on our side (library rooms do not log). */
    void (*report)(void *context, const char *what, Status status);
    void *context;
} NotifierConfig;

typedef struct Notifier Notifier;

MUST_USE Status notifier_start(const NotifierConfig *config, Notifier **ret_notifier);
/* Attempts on the way end first, at most NOTIFY_DEADLINE_MS and a resolver's patience later. */
void notifier_stop(Notifier *notifier);

/* Since the start; in_flight: now. */
typedef struct NotifierCounters {
    uint64_t delivered;
    uint64_t failed; /* attempts */
    uint64_t dead;
    uint64_t not_tried;
    uint64_t in_flight;
} NotifierCounters;
NotifierCounters notifier_counters(Notifier *notifier);
