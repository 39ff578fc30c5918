#include "api/traffic.h"

const int64_t traffic_bounds_us[TRAFFIC_BOUNDS] = { 1000, 2500, 5000, 10000, 25000, 50000, 100000,
    250000, 500000, 1000000, 2500000, 10000000 };

void traffic_count(
        Traffic *traffic, size_t route, TrafficAudience audience, int status, int64_t took_us)
{
    const size_t at = route < TRAFFIC_ROUTES_MAX ? route : TRAFFIC_ROUTES_MAX - 1;
    const int class = status / 100;
    const int64_t us = took_us > 0 ? took_us : 0;
    size_t bound = 0;
    ASSERT(class >= 1 && class < TRAFFIC_CLASSES);
    while (bound < TRAFFIC_BOUNDS && us > traffic_bounds_us[bound])
        bound++;
    atomic_fetch_add_explicit(&traffic->answered[at][class], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&traffic->took[audience][bound], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&traffic->took_us[audience], (uint64_t)us, memory_order_relaxed);
}
