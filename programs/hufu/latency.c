#include "latency.h"

enum { STEPS = 16, STEPS_BITS = 4 }; /* buckets in each power of two */

static size_t bucket_of(int64_t duration_us)
{
    const uint64_t v = duration_us < 0 ? 0 : (uint64_t)duration_us;
    if (v < STEPS) return (size_t)v;
    const unsigned power = 63 - (unsigned)__builtin_clzll(v);
    const uint64_t step = (v >> (power - STEPS_BITS)) - STEPS;
    return (size_t)((power - STEPS_BITS + 1) * STEPS + step);
}

/* The largest value that falls into the bucket. */
static int64_t bucket_end_us(size_t bucket)
{
    if (bucket < STEPS) return (int64_t)bucket;
    const unsigned shift = (unsigned)(bucket / STEPS) - 1;
    return (int64_t)(((STEPS + bucket % STEPS + 1) << shift) - 1);
}

void latency_add(Latency *latency, int64_t duration_us)
{
    const size_t bucket = bucket_of(duration_us);
    ASSERT(bucket < LATENCY_BUCKETS);
    latency->counts[bucket]++;
    latency->total++;
    if (duration_us > latency->most_us) latency->most_us = duration_us;
}

void latency_merge(Latency *latency, const Latency *other)
{
    for (size_t i = 0; i < LATENCY_BUCKETS; i++)
        latency->counts[i] += other->counts[i];
    latency->total += other->total;
    if (other->most_us > latency->most_us) latency->most_us = other->most_us;
}

int64_t latency_percentile_us(const Latency *latency, unsigned per_thousand)
{
    const uint64_t wanted = (latency->total * per_thousand + 999) / 1000;
    uint64_t seen = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += latency->counts[i];
        if (seen >= wanted && seen > 0) {
            const int64_t end_us = bucket_end_us(i);
            return end_us < latency->most_us ? end_us : latency->most_us;
        }
    }
    return 0;
}
