#pragma once
/*
 * latency: how long things took, as counts in buckets, so that a million samples cost no memory.
 *
 * A bucket is at most 1/16 (6 %) wide; percentiles are the upper end of their bucket.
 */
#include "base/bytes.h"

enum { LATENCY_BUCKETS = 1024 };

typedef struct Latency {
    uint64_t counts[LATENCY_BUCKETS];
    uint64_t total;
    int64_t most_us;
} Latency;

void latency_add(Latency *latency, int64_t duration_us);
/* Add what another thread counted. */
void latency_merge(Latency *latency, const Latency *other);
/* `per_thousand` of 500 is the median; 0 when nothing was counted. */
int64_t latency_percentile_us(const Latency *latency, unsigned per_thousand);
