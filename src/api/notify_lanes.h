#pragma once
/*
 * notify_lanes: whose turn it is. Attempts run on a fixed number of threads; a receiver that hangs,
 * floods or lies may hold only so many of them that everybody else's go on.
 *
 * A lane is a merchant, or one host of a merchant (not a host alone: who names another's host must
 * not stop it for him). Its window says how many attempts it may have on the way: few at first,
 * twice as many after each quick success, fewer after a slow one, one after a failure. Of all
 * threads those that failed last hold at most a quarter, and these with those that nobody knows yet
 * at most three quarters; the last eighth is for merchants who hold less than their share, which
 * for n of them is the (n+1)th part: who comes next finds one. After NOTIFY_FAILURES_MAX failures
 * in a row a host rests: one attempt each NOTIFY_REST_US finds out, and what is due meanwhile has
 * had its turn without one, so that a host that stays away keeps nothing for longer than the
 * schedule.
 * Pure: the caller locks, and says what time it is.
 */
#include "base/bytes.h"

enum {
    NOTIFY_LANES_MAX = 2048,
    NOTIFY_HOSTS_MAX = 64, /* of one merchant; above that his own are forgotten */
    NOTIFY_LANE_NAME_MAX = 320, /* merchant, blank, host:port */
    NOTIFY_WINDOW_FIRST = 2,
    NOTIFY_WINDOW_MAX = 32,
    NOTIFY_FAILURES_MAX = 5,
};
#define NOTIFY_REST_US INT64_C(10000000)
#define NOTIFY_SLOW_US INT64_C(1000000)

typedef enum LaneRepute { LANE_UNKNOWN = 0, LANE_GOOD, LANE_BAD, LANE_REPUTES } LaneRepute;

typedef struct NotifyLane {
    char name[NOTIFY_LANE_NAME_MAX];
    unsigned held; /* tickets */
    unsigned in_flight; /* of these with an attempt */
    unsigned window;
    unsigned failures; /* in a row */
    LaneRepute repute;
    int64_t rests_until_us;
    int64_t used_us;
} NotifyLane;

typedef struct NotifyLanes {
    unsigned threads;
    unsigned merchants; /* that hold tickets */
    unsigned in_flight[LANE_REPUTES];
    size_t count;
    NotifyLane lanes[NOTIFY_LANES_MAX];
} NotifyLanes;

/* The right to one turn. */
typedef struct NotifyTicket {
    NotifyLane *merchant;
    NotifyLane *host;
    bool rests; /* without an attempt: it counts as failed */
    LaneRepute repute; /* as which it is counted */
    int64_t begun_us;
} NotifyTicket;

typedef enum NotifyOutcome {
    NOTIFY_DELIVERED,
    NOTIFY_FAILED,
    NOTIFY_NOT_TRIED, /* says nothing about the receiver */
} NotifyOutcome;

/* False: not now. */
bool notify_lanes_take(NotifyLanes *lanes, const char *mchid, const char *host, int64_t now_us,
        NotifyTicket *ret_ticket);
void notify_lanes_give(
        NotifyLanes *lanes, const NotifyTicket *ticket, NotifyOutcome outcome, int64_t now_us);
