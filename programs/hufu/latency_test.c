/* Percentiles of known samples, and what one bucket may hide. */
#include "latency.h"

#include "base/expect.h"

static void test_nothing_counted(void)
{
    const Latency latency = { 0 };
    EXPECT(latency_percentile_us(&latency, 990) == 0);
}

static void test_percentiles_are_within_a_bucket(void)
{
    Latency latency = { 0 };
    for (int64_t us = 1; us <= 10000; us++)
        latency_add(&latency, us);
    const unsigned asked[] = { 1, 10, 500, 900, 990, 999, 1000 };
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        const int64_t exact = 10 * (int64_t)asked[i];
        const int64_t said = latency_percentile_us(&latency, asked[i]);
        EXPECT(said >= exact);
        EXPECT(said <= exact + exact / 16 + 1);
    }
}

static void test_largest_durations_have_buckets(void)
{
    Latency latency = { 0 };
    latency_add(&latency, INT64_MAX);
    latency_add(&latency, -1); /* a clock that went back counts as nothing */
    EXPECT(latency_percentile_us(&latency, 1000) == INT64_MAX);
    EXPECT(latency_percentile_us(&latency, 1) == 0);
}

static void test_merge_is_the_sum(void)
{
    Latency a = { 0 };
    Latency b = { 0 };
    latency_add(&a, 10);
    latency_add(&b, 1000);
    latency_merge(&a, &b);
    EXPECT(a.total == 2 && a.most_us == 1000);
    EXPECT(latency_percentile_us(&a, 500) == 10);
    EXPECT(latency_percentile_us(&a, 1000) == 1000);
}

TESTS(TEST(test_nothing_counted), TEST(test_percentiles_are_within_a_bucket),
        TEST(test_largest_durations_have_buckets), TEST(test_merge_is_the_sum))
