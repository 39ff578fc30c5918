#pragma once
/*
 * trail_sample: a log of made-up events, for tests and benchmarks of its index: leaves laid out as
 * vaultd's, without rows. In no program.
 */
#include "audit/checkpoint.h"
#include "audit/event.h"
#include "audit/log.h"

typedef struct TrailSample {
    char folder[64];
    char database[96];
    char index[96];
    Store *store;
    MerkleFrontier tree;
    int64_t time_us; /* of the next leaf; a second more each */
} TrailSample;

MUST_USE Status trail_sample_open(TrailSample *ret_sample);
void trail_sample_close(TrailSample *sample); /* and remove everything */
/* One leaf with these events (up to AUDIT_EVENTS_MAX). */
MUST_USE Status trail_sample_add(TrailSample *sample, const AuditEvent *events, size_t count);
/* Any SQL on the log, or on the index. */
MUST_USE Status trail_sample_execute(TrailSample *sample, const char *sql);
MUST_USE Status trail_sample_spoil(const TrailSample *sample, const char *sql);
/* What would be signed of the log as it stands (unsigned: the caller believes it). */
AuditCheckpoint trail_sample_checkpoint(const TrailSample *sample);
