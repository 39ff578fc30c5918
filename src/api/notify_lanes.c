#include "api/notify_lanes.h"

#include <stdio.h>

static NotifyLane *find(NotifyLanes *lanes, const char *name)
{
    for (size_t i = 0; i < lanes->count; i++)
        if (strcmp(lanes->lanes[i].name, name) == 0) return &lanes->lanes[i];
    return NULL;
}

/* A new one, or the one that was idle longest; NULL: all are in use. */
static NotifyLane *room_for_one(NotifyLanes *lanes)
{
    NotifyLane *oldest = NULL;
    if (lanes->count < NOTIFY_LANES_MAX) return &lanes->lanes[lanes->count++];
    for (size_t i = 0; i < lanes->count; i++) {
        NotifyLane *lane = &lanes->lanes[i];
        if (lane->in_flight > 0) continue;
        if (oldest == NULL || lane->used_us < oldest->used_us) oldest = lane;
    }
    return oldest;
}

static NotifyLane *lane_of(NotifyLanes *lanes, const char *name, int64_t now_us)
{
    NotifyLane *lane = find(lanes, name);
    if (lane == NULL) {
        lane = room_for_one(lanes);
        if (lane == NULL) return NULL;
        *lane = (NotifyLane) { .window = NOTIFY_WINDOW_FIRST };
        snprintf(lane->name, sizeof(lane->name), "%s", name);
    }
    lane->used_us = now_us;
    return lane;
}

static bool is_open(const NotifyLane *lane, int64_t now_us)
{
    if (lane->in_flight >= lane->window) return false;
    /* A clock that was set back ends no rest later than it would have been. */
    const int64_t left_us = lane->rests_until_us - now_us;
    return left_us <= 0 || left_us > NOTIFY_REST_US;
}

static bool has_thread(const NotifyLanes *lanes, LaneRepute repute)
{
    const unsigned *n = lanes->in_flight;
    const unsigned bad = n[LANE_BAD];
    const unsigned doubtful = bad + n[LANE_UNKNOWN];
    if (doubtful + n[LANE_GOOD] >= lanes->threads) return false;
    if (repute == LANE_GOOD) return true;
    if (doubtful >= lanes->threads - lanes->threads / 4) return false;
    return repute == LANE_UNKNOWN || bad < (lanes->threads + 3) / 4;
}

bool notify_lanes_take(NotifyLanes *lanes, const char *mchid, const char *host, int64_t now_us,
        NotifyTicket *ret_ticket)
{
    char name[NOTIFY_LANE_NAME_MAX];
    snprintf(name, sizeof(name), "%s %s", mchid, host);
    NotifyLane *of_merchant = lane_of(lanes, mchid, now_us);
    if (of_merchant == NULL || !is_open(of_merchant, now_us)) return false;
    of_merchant->in_flight++; /* so that the other lane does not take its place */
    NotifyLane *of_host = lane_of(lanes, name, now_us);
    if (of_host == NULL || !is_open(of_host, now_us) || !has_thread(lanes, of_host->repute)) {
        of_merchant->in_flight--;
        return false;
    }
    of_host->in_flight++;
    lanes->in_flight[of_host->repute]++;
    *ret_ticket = (NotifyTicket) { of_merchant, of_host, of_host->repute, now_us };
    return true;
}

static void succeed(NotifyLane *lane, bool quick)
{
    lane->failures = 0;
    lane->rests_until_us = 0;
    if (!quick) {
        lane->window = lane->window > NOTIFY_WINDOW_FIRST ? lane->window / 2 : NOTIFY_WINDOW_FIRST;
        lane->repute = LANE_UNKNOWN;
        return;
    }
    lane->repute = LANE_GOOD;
    lane->window = lane->window * 2 > NOTIFY_WINDOW_MAX ? NOTIFY_WINDOW_MAX : lane->window * 2;
}

/* The host is to blame; of the merchant's others some may well answer. */
static void fail(NotifyLane *of_merchant, NotifyLane *of_host, int64_t now_us)
{
    of_host->repute = LANE_BAD;
    of_host->window = 1;
    if (++of_host->failures >= NOTIFY_FAILURES_MAX)
        of_host->rests_until_us = now_us + NOTIFY_REST_US;
    if (of_merchant->window > NOTIFY_WINDOW_FIRST) of_merchant->window /= 2;
}

void notify_lanes_give(
        NotifyLanes *lanes, const NotifyTicket *ticket, NotifyOutcome outcome, int64_t now_us)
{
    const bool quick = now_us - ticket->begun_us < NOTIFY_SLOW_US;
    ticket->merchant->in_flight--;
    ticket->host->in_flight--;
    lanes->in_flight[ticket->repute]--;
    if (outcome == NOTIFY_FAILED) fail(ticket->merchant, ticket->host, now_us);
    if (outcome == NOTIFY_DELIVERED) {
        succeed(ticket->merchant, quick);
        succeed(ticket->host, quick);
    }
}
