#include "api/notify_lanes.h"

#include <stdio.h>

static NotifyLane *find(NotifyLanes *lanes, const char *name)
{
    for (size_t i = 0; i < lanes->count; i++)
        if (strcmp(lanes->lanes[i].name, name) == 0) return &lanes->lanes[i];
    return NULL;
}

static bool is_before(const NotifyLane *lane, const NotifyLane *other)
{
    return other == NULL || lane->used_us < other->used_us;
}

/* A new one, or the one that was idle longest: of those whose names begin with `prefix` where these
 * are `most` already, else of all. NULL: all are in use. */
static NotifyLane *room_for_one(NotifyLanes *lanes, const char *prefix, size_t most)
{
    NotifyLane *oldest = NULL;
    NotifyLane *oldest_like = NULL;
    size_t likes = 0;
    for (size_t i = 0; i < lanes->count; i++) {
        NotifyLane *lane = &lanes->lanes[i];
        const bool alike = strncmp(lane->name, prefix, strlen(prefix)) == 0;
        likes += alike ? 1 : 0;
        if (lane->held > 0) continue;
        if (is_before(lane, oldest)) oldest = lane;
        if (alike && is_before(lane, oldest_like)) oldest_like = lane;
    }
    if (likes >= most) return oldest_like;
    return lanes->count < NOTIFY_LANES_MAX ? &lanes->lanes[lanes->count++] : oldest;
}

static NotifyLane *make(NotifyLanes *lanes, const char *name, const char *prefix, size_t most)
{
    NotifyLane *lane = room_for_one(lanes, prefix, most);
    if (lane == NULL) return NULL;
    *lane = (NotifyLane) { .window = NOTIFY_WINDOW_FIRST };
    snprintf(lane->name, sizeof(lane->name), "%s", name);
    return lane;
}

/* A clock that was set back ends no rest later than it would have been. */
static bool rests(const NotifyLane *lane, int64_t now_us)
{
    const int64_t left_us = lane->rests_until_us - now_us;
    return left_us > 0 && left_us <= NOTIFY_REST_US;
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

/* The last eighth of the threads is for those who hold less than their share. */
static bool has_share(const NotifyLanes *lanes, const NotifyLane *merchant)
{
    unsigned busy = 0;
    for (int i = 0; i < LANE_REPUTES; i++)
        busy += lanes->in_flight[i];
    if (busy + lanes->threads / 8 < lanes->threads) return true;
    const bool counted = merchant != NULL && merchant->held > 0;
    const unsigned holders = lanes->merchants + (counted ? 0 : 1);
    const unsigned share = lanes->threads / (holders + 1);
    return !counted || merchant->held < (share > 0 ? share : 1);
}

static void hold(NotifyLanes *lanes, const NotifyTicket *ticket)
{
    NotifyLane *both[] = { ticket->merchant, ticket->host };
    if (ticket->merchant->held == 0) lanes->merchants++;
    for (size_t i = 0; i < 2; i++) {
        both[i]->held++;
        both[i]->in_flight += ticket->rests ? 0 : 1;
        both[i]->used_us = ticket->begun_us;
    }
    lanes->in_flight[ticket->repute]++;
}

static bool is_full(const NotifyLane *lane)
{
    return lane != NULL && lane->in_flight >= lane->window;
}

bool notify_lanes_take(NotifyLanes *lanes, const char *mchid, const char *host, int64_t now_us,
        NotifyTicket *ret_ticket)
{
    char name[NOTIFY_LANE_NAME_MAX];
    char prefix[NOTIFY_LANE_NAME_MAX];
    NotifyTicket ticket = { find(lanes, mchid), NULL, .begun_us = now_us };
    snprintf(prefix, sizeof(prefix), "%s ", mchid);
    snprintf(name, sizeof(name), "%s%s", prefix, host);
    ticket.host = find(lanes, name);
    ticket.rests = ticket.host != NULL && rests(ticket.host, now_us);
    ticket.repute = ticket.host != NULL ? ticket.host->repute : LANE_UNKNOWN;
    /* Nothing is forgotten for somebody whose turn it is not. */
    if (!has_share(lanes, ticket.merchant) || !has_thread(lanes, ticket.repute)) return false;
    if (!ticket.rests && (is_full(ticket.merchant) || is_full(ticket.host))) return false;
    if (ticket.merchant == NULL) ticket.merchant = make(lanes, mchid, mchid, NOTIFY_LANES_MAX);
    if (ticket.merchant == NULL) return false;
    ticket.merchant->held++; /* so that the other lane does not take its place */
    if (ticket.host == NULL) ticket.host = make(lanes, name, prefix, NOTIFY_HOSTS_MAX);
    ticket.merchant->held--;
    if (ticket.host == NULL) return false;
    hold(lanes, &ticket);
    *ret_ticket = ticket;
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
    NotifyLane *both[] = { ticket->merchant, ticket->host };
    for (size_t i = 0; i < 2; i++) {
        both[i]->held--;
        both[i]->in_flight -= ticket->rests ? 0 : 1;
    }
    if (ticket->merchant->held == 0) lanes->merchants--;
    lanes->in_flight[ticket->repute]--;
    if (ticket->rests) return;
    if (outcome == NOTIFY_FAILED) fail(ticket->merchant, ticket->host, now_us);
    if (outcome == NOTIFY_DELIVERED) {
        succeed(ticket->merchant, quick);
        succeed(ticket->host, quick);
    }
}
