#pragma once
/*
 * load: drive requests that were made and signed beforehand over keep-alive TLS connections, and
 * measure. The driver does not verify answers while it measures (clients' CPU is theirs); it checks
 * the HTTP status of each.
 */
#include "stand.h"

enum { LOAD_CONNECTIONS_MAX = 128 };

typedef struct LoadRequest {
    char *target;
    char *authorization; /* NULL: none (payers) */
    char *body;
    char prepay_id[40]; /* out: of a native order's code_url */
} LoadRequest;

typedef struct LoadResult {
    uint64_t done;
    uint64_t failed; /* another status than 200 */
    double seconds;
    double per_s;
    double p50_ms;
    double p99_ms;
    double cpu_us[STAND_PROGRAMS]; /* per request, by program */
} LoadResult;

/* rate  requests a second over all connections (open loop: late ones count from when they were
 * due); 0: as fast as it goes */
MUST_USE Status load_run(const Stand *stand, LoadRequest *requests, size_t count, int connections,
        double rate, LoadResult *ret_result);

double load_now_s(void);
