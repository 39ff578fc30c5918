#pragma once
/*
 * desk: has bank orders done, and asks after those whose answer did not come.
 *
 * Whoever begins an order has it sent on his own thread; the desk's thread asks the bank about what
 * has no end, sends what a crash left CREATED, and has the bank close what it does not have. A
 * second thread probes the lines, a third one compares each day with the bank's file once it is
 * over. Nothing is remembered here that a restart may not forget.
 */
#include "bank/reconcile.h"

enum {
    DESK_TICK_MS = 100,
    DESK_PROBE_MS = 500,
    DESK_DAY_LOOK_MS = 1000,
    DESK_DAY_RETRY_MS = 60000, /* the bank has no file yet, or does not answer */
    DESK_DAYS_FIRST = 14, /* so many days are compared (again) after a start: it changes nothing */
    DESK_DAYS_MAX = 31, /* a day that cannot be compared is tried for so long; others do not wait */
};

typedef struct ChannelDeskConfig {
    Batcher *batcher;
    const Channel *channel; /* borrowed until channel_desk_close() */
    Clock clock;
    int64_t first_batch; /* of this run */
    int64_t lease_us; /* longer than any call to the bank takes */
    int64_t close_us; /* an order that the bank does not have so long after it was sent is closed */
    int64_t day_file_us; /* so long after a day's end the bank has its file */
    void (*probe)(void *lines); /* every DESK_PROBE_MS */
    void *lines;
    /* As unit_wait() of channel_settle_unit(), with what else follows from it in the same batch;
     * NULL: nothing does. */
    Status (*settle)(Batcher *batcher, ChannelSettle *settle);
    /* Tell the operator that something failed (library rooms do not log). */
    void (*report)(void *context, const char *what, Status status);
    void *context;
} ChannelDeskConfig;

typedef struct ChannelDesk ChannelDesk;

MUST_USE Status channel_desk_open(const ChannelDeskConfig *config, ChannelDesk **ret_desk);
/* What is on its way to the bank ends first. */
void channel_desk_close(ChannelDesk **desk);

/* Who begins an order himself has so long to send it. */
int64_t channel_desk_lease_us(const ChannelDesk *desk);
/*
 * Begin an order: `begin->order`, CREATED unless it was begun before (`begin->repeated`). Then
 * either of the two below, within the lease. Refuses what channel_begin_unit() refuses: then there
 * is no order. Any thread.
 */
MUST_USE Status channel_desk_begin(ChannelDesk *desk, ChannelBegin *begin);
/*
 * Send it, once, and say how far it came: `order` is SUCCESS, FAILED, or UNKNOWN when there was no
 * answer. card_box: of a card payment without an agreement, else empty; kept nowhere. Refuses
 * BANK_STATE (somebody was faster), BANK_CARD_FIELD, what a unit refuses: then the order is as it
 * was, or SENT, and the desk goes on with it.
 */
MUST_USE Status channel_desk_send(ChannelDesk *desk, ChannelOrder *order, Span card_box);
/* It cannot be sent: FAILED, because of `why`. */
MUST_USE Status channel_desk_give_up(ChannelDesk *desk, ChannelOrder *order, Status why);

/* Compare a day that is over with the bank's file of it (reconcile.h). file: it, or empty: the bank
 * is asked for it and for that of the day before. Refuses what reconcile_day() refuses, BANK_DOWN,
 * BANK_NO_ANSWER, BANK_ANSWER. Any thread. */
MUST_USE Status channel_desk_reconcile(
        ChannelDesk *desk, int32_t day, const char *actor, Span file, Reconciled *ret_reconciled);
