/*
 * Goal: each sender has his own bucket, exactly as large as was set, also when many threads come at
 * once; one who floods takes nothing from others, and names beyond the room are refused, not
 * counted together. Method: a clock that the test moves; threads that take as fast as they can.
 */
#include "message/pace.h"

#include "base/expect.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { THREADS = 8, EACH = 500, BURST = 700 };

static Pace *pace;

static int taken_of(Span sender, int times, int64_t now_us)
{
    int taken = 0;
    for (int i = 0; i < times; i++)
        taken += status_ok(pace_take(pace, sender, now_us)) ? 1 : 0;
    return taken;
}

static void test_each_has_his_own(void)
{
    EXPECT_OK(pace_open(10, 3, &pace));
    EXPECT(taken_of(SPAN("m1"), 5, 1000000) == 3);
    EXPECT_REFUSED(pace_take(pace, SPAN("m1"), 1000000), REFUSED_RATE_LIMITED);
    EXPECT(taken_of(SPAN("m2"), 5, 1000000) == 3);
    EXPECT(taken_of(SPAN("m1"), 5, 1099999) == 0);
    EXPECT(taken_of(SPAN("m1"), 5, 1100000) == 1); /* one each tenth of a second */
    EXPECT(taken_of(SPAN("m1"), 5, 500000) == 0); /* a clock that goes back gives none */
    EXPECT(taken_of(SPAN("m1"), 5, 9000000) == 3);
    pace_close(&pace);
    EXPECT(pace == NULL);
}

static _Atomic int taken;

static void *flood(void *name)
{
    atomic_fetch_add(&taken, taken_of(span_of_text(name), EACH, 1000000));
    return NULL;
}

static void test_threads_share_one_bucket(void)
{
    static char name[] = "1900000001";
    pthread_t threads[THREADS];
    EXPECT_OK(pace_open(1000, BURST, &pace));
    for (int i = 0; i < THREADS; i++)
        ASSERT(pthread_create(&threads[i], NULL, flood, name) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    EXPECT(atomic_load(&taken) == BURST);
    pace_close(&pace);
}

static void test_no_more_names_than_there_is_room(void)
{
    char name[16];
    int refused = 0;
    EXPECT_OK(pace_open(1, 1, &pace));
    for (int i = 0; i < PACE_SENDERS_MAX + 2; i++) {
        snprintf(name, sizeof(name), "m%d", i);
        if (!status_ok(pace_take(pace, span_of_text(name), 1000000))) refused++;
    }
    EXPECT(refused == 2);
    EXPECT_REFUSED(pace_take(pace, (Span) { NULL, 0 }, 1000000), REFUSED_RATE_LIMITED);
    EXPECT_REFUSED(pace_take(pace, SPAN("123456789012345678901234567890123"), 1000000),
            REFUSED_RATE_LIMITED);
    EXPECT_OK(pace_take(pace, SPAN("m0"), 2000000)); /* whom there was room for */
    pace_close(&pace);
}

TESTS(TEST(test_each_has_his_own), TEST(test_threads_share_one_bucket),
        TEST(test_no_more_names_than_there_is_room))
