/* Goal: who guesses is slowed, whoever's passwords he guesses and from however many addresses, and
 * honest people get in meanwhile. Method: a throttle whose clock the test moves. */
#include "access/throttle.h"
#include "base/expect.h"

#define SECOND_US ((int64_t)1000000)

enum { BURST = 5, BURST_IN_CROWD = 2, REFILL_S = 30, CROWD = 50, SOURCES = 4096 };

typedef struct Stand {
    int64_t now_us;
    Throttle *throttle;
    unsigned news; /* of the last try */
} Stand;

static int64_t stand_now(void *context) { return ((const Stand *)context)->now_us; }

static void stand_open(Stand *stand)
{
    *stand = (Stand) { .now_us = 7000 * SECOND_US };
    const ThrottleConfig config = { .steady = { stand_now, stand },
        .random = random_system(),
        .sources_max = SOURCES,
        .burst = BURST,
        .burst_in_crowd = BURST_IN_CROWD,
        .refill_us = REFILL_S * SECOND_US,
        .crowd_burst = CROWD,
        .crowd_refill_us = SECOND_US };
    ASSERT(status_ok(throttle_open(&config, &stand->throttle)));
}

static Status guess(Stand *stand, const char *from)
{
    return throttle_try(stand->throttle, span_of_text(from), false, &stand->news);
}

static void test_a_source_is_slowed_and_told_of_once(void)
{
    Stand stand;
    stand_open(&stand);
    for (int i = 0; i < BURST; i++)
        EXPECT_OK(guess(&stand, "192.0.2.1"));
    EXPECT_REFUSED(guess(&stand, "192.0.2.1"), REFUSED_LOGIN_SLOWED);
    EXPECT(stand.news == THROTTLE_SOURCE);
    EXPECT_REFUSED(guess(&stand, "192.0.2.1"), REFUSED_LOGIN_SLOWED);
    EXPECT(stand.news == 0);
    EXPECT_OK(guess(&stand, "192.0.2.2")); /* nobody else */
    stand.now_us += REFILL_S * SECOND_US; /* one more, and no more */
    EXPECT_OK(guess(&stand, "192.0.2.1"));
    EXPECT_REFUSED(guess(&stand, "192.0.2.1"), REFUSED_LOGIN_SLOWED);
    throttle_close(&stand.throttle);
}

static void test_right_passwords_cost_nothing(void)
{
    Stand stand;
    stand_open(&stand);
    for (int i = 0; i < 20 * CROWD; i++) {
        EXPECT_OK(guess(&stand, "192.0.2.1"));
        throttle_was_right(stand.throttle, SPAN("192.0.2.1"));
        EXPECT(stand.news == 0);
    }
    throttle_close(&stand.throttle);
}

static void test_a_clock_set_back_gives_no_more_guesses(void)
{
    Stand stand;
    stand_open(&stand);
    EXPECT_OK(guess(&stand, "192.0.2.2"));
    for (int i = 0; i < BURST; i++)
        EXPECT_OK(guess(&stand, "192.0.2.1"));
    stand.now_us -= 3600 * SECOND_US;
    EXPECT_REFUSED(guess(&stand, "192.0.2.1"), REFUSED_LOGIN_SLOWED);
    EXPECT_OK(guess(&stand, "192.0.2.2")); /* and no fewer */
    stand.now_us += 3600 * SECOND_US;
    EXPECT_REFUSED(guess(&stand, "192.0.2.1"), REFUSED_LOGIN_SLOWED);
    throttle_close(&stand.throttle);
}

/* Addresses of one IPv6 network are one source, and so is an IPv4 address written in two ways. */
static void test_who_has_many_addresses_is_one_source(void)
{
    Stand stand;
    char from[48];
    stand_open(&stand);
    for (int i = 0; i < BURST; i++) {
        snprintf(from, sizeof(from), "2001:db8:1:2::%x", i + 1);
        EXPECT_OK(guess(&stand, from));
    }
    EXPECT_REFUSED(guess(&stand, "2001:db8:1:2:ffff::1"), REFUSED_LOGIN_SLOWED);
    EXPECT_OK(guess(&stand, "2001:db8:1:3::1"));
    for (int i = 0; i < BURST; i++)
        EXPECT_OK(guess(&stand, i % 2 == 0 ? "192.0.2.9" : "::ffff:192.0.2.9"));
    EXPECT_REFUSED(guess(&stand, "192.0.2.9"), REFUSED_LOGIN_SLOWED);
    for (int i = 0; i < BURST; i++)
        EXPECT_OK(guess(&stand, i % 2 == 0 ? "" : "not an address"));
    EXPECT_REFUSED(guess(&stand, "something else"), REFUSED_LOGIN_SLOWED);
    throttle_close(&stand.throttle);
}

/* A crowd is alarmed once, gets fewer guesses each, and keeps nobody out whose device is known or
 * who has guessed nothing yet. */
static void test_a_crowd(void)
{
    Stand stand;
    unsigned heard = 0;
    char from[32];
    stand_open(&stand);
    for (int i = 0; i < 10 * CROWD; i++) {
        snprintf(from, sizeof(from), "198.51.%d.%d", i / 250, i % 250);
        EXPECT_OK(guess(&stand, from));
        heard += (stand.news & THROTTLE_CROWD) != 0;
    }
    EXPECT(heard == 1);
    EXPECT_OK(guess(&stand, "198.51.0.0"));
    EXPECT_REFUSED(guess(&stand, "198.51.0.0"), REFUSED_LOGIN_SLOWED); /* BURST_IN_CROWD */
    EXPECT_OK(throttle_try(stand.throttle, SPAN("198.51.0.0"), true, &stand.news));
    EXPECT_OK(guess(&stand, "203.0.113.5")); /* an honest one, on a new device */
    stand.now_us += 2 * BURST * SECOND_US; /* they stopped */
    for (int i = 0; i < BURST; i++)
        EXPECT_OK(guess(&stand, "203.0.113.6"));
    throttle_close(&stand.throttle);
}

/* He is never slowed himself, and so fails as often as he likes; those beside him wait no longer
 * for it, and his right passwords buy nobody a guess. */
static void test_a_known_device_keeps_nobody_out_for_long(void)
{
    Stand stand;
    stand_open(&stand);
    for (int i = 0; i < 1000; i++)
        EXPECT_OK(throttle_try(stand.throttle, SPAN("192.0.2.1"), true, &stand.news));
    for (int i = 0; i < 1000; i++) {
        EXPECT_OK(throttle_try(stand.throttle, SPAN("192.0.2.1"), true, &stand.news));
        throttle_was_right(stand.throttle, SPAN("192.0.2.1"));
    }
    EXPECT_REFUSED(guess(&stand, "192.0.2.1"), REFUSED_LOGIN_SLOWED);
    for (int s = 0; s < BURST * REFILL_S; s += REFILL_S / 2) { /* honest ones do not fill it */
        stand.now_us += REFILL_S / 2 * SECOND_US;
        EXPECT_OK(throttle_try(stand.throttle, SPAN("192.0.2.1"), true, &stand.news));
        throttle_was_right(stand.throttle, SPAN("192.0.2.1"));
    }
    for (int i = 0; i < BURST; i++)
        EXPECT_OK(guess(&stand, "192.0.2.1"));
    EXPECT_REFUSED(guess(&stand, "192.0.2.1"), REFUSED_LOGIN_SLOWED);
    throttle_close(&stand.throttle);
}

/* Many other sources do not make it forget who is slowed. */
static void test_a_flood_of_sources(void)
{
    Stand stand;
    char from[32];
    stand_open(&stand);
    for (int i = 0; i < BURST; i++)
        EXPECT_OK(guess(&stand, "192.0.2.1"));
    for (int i = 0; i < 4 * SOURCES; i++) {
        snprintf(from, sizeof(from), "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        EXPECT_OK(guess(&stand, from));
    }
    EXPECT_REFUSED(guess(&stand, "192.0.2.1"), REFUSED_LOGIN_SLOWED);
    throttle_close(&stand.throttle);
}

TESTS(TEST(test_a_source_is_slowed_and_told_of_once), TEST(test_right_passwords_cost_nothing),
        TEST(test_a_clock_set_back_gives_no_more_guesses),
        TEST(test_who_has_many_addresses_is_one_source), TEST(test_a_crowd),
        TEST(test_a_known_device_keeps_nobody_out_for_long), TEST(test_a_flood_of_sources))
