/* Goal: a receiver that fails, hangs or rests holds a bounded share of the threads, and everybody
 * else's attempts go on. Method: the lanes alone, with time as the test says. */
#include "api/notify_lanes.h"
#include "base/expect.h"

#include <stdio.h>

enum { THREADS = 32, MERCHANTS = 64 };
#define AFTER(us) (INT64_C(1000000000) + (us))

static NotifyLanes lanes;

static void begin(void) { lanes = (NotifyLanes) { .threads = THREADS }; }

/* How many attempts this merchant's host may begin now; they stay on the way. */
static unsigned take_all(const char *mchid, int64_t now_us, NotifyTicket *tickets)
{
    unsigned count = 0;
    while (count < THREADS && notify_lanes_take(&lanes, mchid, "host:443", now_us, &tickets[count]))
        count++;
    return count;
}

static void give_all(
        const NotifyTicket *tickets, unsigned count, NotifyOutcome outcome, int64_t now_us)
{
    for (unsigned i = 0; i < count; i++)
        notify_lanes_give(&lanes, &tickets[i], outcome, now_us);
}

static void test_a_window_opens_with_success_and_closes_with_failure(void)
{
    NotifyTicket tickets[THREADS];
    begin();
    EXPECT(take_all("m1", AFTER(0), tickets) == NOTIFY_WINDOW_FIRST);
    give_all(tickets, NOTIFY_WINDOW_FIRST, NOTIFY_DELIVERED, AFTER(1));
    EXPECT(take_all("m1", AFTER(2), tickets) == 8); /* doubled by each of the two */
    give_all(tickets, 8, NOTIFY_DELIVERED, AFTER(3));
    const unsigned many = take_all("m1", AFTER(4), tickets);
    EXPECT(many == THREADS - THREADS / 8);
    give_all(tickets, many, NOTIFY_FAILED, AFTER(5));
    EXPECT(lanes.in_flight[LANE_GOOD] == 0 && lanes.in_flight[LANE_BAD] == 0);
    EXPECT(take_all("m1", AFTER(6), tickets) == THREADS / 4); /* it rests: turns without attempt */
    EXPECT(tickets[0].rests && tickets[0].host->in_flight == 0);
    give_all(tickets, THREADS / 4, NOTIFY_NOT_TRIED, AFTER(7));
    EXPECT(lanes.merchants == 0 && tickets[0].host->held == 0);
    EXPECT(take_all("m1", AFTER(5 + NOTIFY_REST_US), tickets) == 1 && !tickets[0].rests);
}

/* It answers, but holds a thread for seconds each time. */
static void test_a_slow_receiver_holds_few_threads(void)
{
    NotifyTicket tickets[THREADS];
    begin();
    for (int round = 0; round < 10; round++) {
        const int64_t now_us = AFTER(round * 10 * NOTIFY_SLOW_US);
        EXPECT(take_all("m1", now_us, tickets) <= NOTIFY_WINDOW_FIRST);
        give_all(tickets, NOTIFY_WINDOW_FIRST, NOTIFY_DELIVERED, now_us + NOTIFY_SLOW_US);
    }
}

static void test_who_failed_holds_a_quarter_and_who_is_new_three(void)
{
    NotifyTicket tickets[THREADS];
    NotifyTicket others[THREADS];
    char mchid[16];
    unsigned bad = 0;
    begin();
    for (int i = 0; i < MERCHANTS; i++) {
        snprintf(mchid, sizeof(mchid), "bad-%d", i);
        EXPECT(notify_lanes_take(&lanes, mchid, "host:443", AFTER(0), &tickets[0]));
        notify_lanes_give(&lanes, &tickets[0], NOTIFY_FAILED, AFTER(0));
    }
    for (int i = 0; i < MERCHANTS; i++) {
        snprintf(mchid, sizeof(mchid), "bad-%d", i);
        bad += notify_lanes_take(&lanes, mchid, "host:443", AFTER(1), &tickets[0]) ? 1 : 0;
    }
    EXPECT(bad == THREADS / 4);
    unsigned fresh = 0;
    for (int i = 0; i < MERCHANTS; i++) {
        snprintf(mchid, sizeof(mchid), "new-%d", i);
        fresh += take_all(mchid, AFTER(1), tickets);
    }
    EXPECT(fresh == THREADS / 2);

    /* who is known to answer finds a thread all the same, and one is left for the next */
    lanes.in_flight[LANE_UNKNOWN]--; /* one of them is over */
    EXPECT(take_all("good", AFTER(1), tickets) == 1);
    notify_lanes_give(&lanes, &tickets[0], NOTIFY_DELIVERED, AFTER(2));
    lanes.in_flight[LANE_UNKNOWN]++;
    EXPECT(take_all("good", AFTER(3), others) == 4);
    give_all(others, 4, NOTIFY_DELIVERED, AFTER(4));
    EXPECT(take_all("good", AFTER(5), others) == THREADS / 4 - THREADS / 8);
}

/* Who names another's host as his own stops it for himself alone. */
static void test_a_host_rests_for_the_merchant_alone(void)
{
    NotifyTicket ticket;
    begin();
    for (int i = 0; i < NOTIFY_FAILURES_MAX; i++) {
        EXPECT(notify_lanes_take(&lanes, "liar", "host:443", AFTER(i), &ticket));
        notify_lanes_give(&lanes, &ticket, NOTIFY_FAILED, AFTER(i));
    }
    EXPECT(notify_lanes_take(&lanes, "liar", "host:443", AFTER(9), &ticket) && ticket.rests);
    notify_lanes_give(&lanes, &ticket, NOTIFY_NOT_TRIED, AFTER(9));
    EXPECT(notify_lanes_take(&lanes, "liar", "other:443", AFTER(9), &ticket) && !ticket.rests);
    EXPECT(notify_lanes_take(&lanes, "honest", "host:443", AFTER(9), &ticket) && !ticket.rests);
}

static void test_what_was_not_tried_says_nothing(void)
{
    NotifyTicket ticket;
    begin();
    for (int i = 0; i < 3 * NOTIFY_FAILURES_MAX; i++) {
        EXPECT(notify_lanes_take(&lanes, "m1", "host:443", AFTER(i), &ticket));
        notify_lanes_give(&lanes, &ticket, NOTIFY_NOT_TRIED, AFTER(i));
    }
    EXPECT(ticket.host->failures == 0 && ticket.host->window == NOTIFY_WINDOW_FIRST);
}

static void test_lanes_are_used_again(void)
{
    NotifyTicket ticket;
    char mchid[16];
    begin();
    for (int i = 0; i < 3 * NOTIFY_LANES_MAX; i++) {
        snprintf(mchid, sizeof(mchid), "m-%d", i);
        EXPECT(notify_lanes_take(&lanes, mchid, "host:443", AFTER(i), &ticket));
        notify_lanes_give(&lanes, &ticket, NOTIFY_DELIVERED, AFTER(i));
    }
    EXPECT(lanes.count == NOTIFY_LANES_MAX);
}

/* A clock that was set back must not let anybody rest for years. */
static void test_a_clock_that_goes_back(void)
{
    NotifyTicket ticket;
    begin();
    for (int i = 0; i < NOTIFY_FAILURES_MAX; i++) {
        EXPECT(notify_lanes_take(&lanes, "m1", "host:443", AFTER(i), &ticket));
        notify_lanes_give(&lanes, &ticket, NOTIFY_FAILED, AFTER(i));
    }
    EXPECT(notify_lanes_take(&lanes, "m1", "host:443", AFTER(-2 * NOTIFY_REST_US), &ticket));
    EXPECT(!ticket.rests);
}

/* One that answers, each time shortly before it counts as slow, leaves a share for who comes. */
static void test_a_good_receiver_leaves_a_share(void)
{
    NotifyTicket tickets[THREADS];
    NotifyTicket others[THREADS];
    begin();
    for (int round = 0; round < 8; round++) {
        const unsigned count = take_all("m1", AFTER(round), tickets);
        give_all(tickets, count, NOTIFY_DELIVERED, AFTER(round));
        const unsigned second = take_all("m2", AFTER(round), others);
        give_all(others, second, NOTIFY_DELIVERED, AFTER(round));
    }
    EXPECT(take_all("m1", AFTER(9), tickets) == THREADS - THREADS / 8);
    EXPECT(take_all("m2", AFTER(9), others) == THREADS / 8);
    /* as the first one's end, the second's share grows and his does not */
    give_all(tickets, 8, NOTIFY_DELIVERED, AFTER(10));
    EXPECT(take_all("m2", AFTER(10), others) == 6); /* a third of 32, as two hold some */
    EXPECT(take_all("m1", AFTER(10), tickets) == 0);
}

/* Who names hosts without end forgets his own, not what is known of others. */
static void test_hosts_of_one_merchant_are_few(void)
{
    NotifyTicket ticket;
    char host[32];
    begin();
    EXPECT(notify_lanes_take(&lanes, "m1", "bad:443", AFTER(0), &ticket));
    notify_lanes_give(&lanes, &ticket, NOTIFY_FAILED, AFTER(0));
    for (int i = 0; i < 2 * NOTIFY_LANES_MAX; i++) {
        snprintf(host, sizeof(host), "h%d:443", i);
        EXPECT(notify_lanes_take(&lanes, "m2", host, AFTER(1 + i), &ticket));
        notify_lanes_give(&lanes, &ticket, NOTIFY_FAILED, AFTER(1 + i));
    }
    EXPECT(lanes.count == 2 + 1 + NOTIFY_HOSTS_MAX);
    EXPECT(notify_lanes_take(&lanes, "m1", "bad:443", AFTER(0), &ticket));
    EXPECT(ticket.repute == LANE_BAD);
}

TESTS(TEST(test_a_window_opens_with_success_and_closes_with_failure),
        TEST(test_a_slow_receiver_holds_few_threads),
        TEST(test_who_failed_holds_a_quarter_and_who_is_new_three),
        TEST(test_a_host_rests_for_the_merchant_alone), TEST(test_what_was_not_tried_says_nothing),
        TEST(test_lanes_are_used_again), TEST(test_a_clock_that_goes_back),
        TEST(test_a_good_receiver_leaves_a_share), TEST(test_hosts_of_one_merchant_are_few))
