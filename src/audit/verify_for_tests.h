#pragma once
/* verify_for_tests: a small sound database, and what a verification of it finds. In no program. */
#include "audit/sample.h"
#include "audit/verify.h"
#include "base/expect.h"

#include <stdio.h>

typedef struct Found {
    unsigned counts[FINDING_KIND_COUNT];
    char keys[FINDING_KIND_COUNT][64]; /* of the first of each kind */
    char tables[FINDING_KIND_COUNT][64];
    AuditReport report;
} Found;

static Sample sample;

static inline void note_finding(void *context, const AuditFinding *finding)
{
    Found *found = context;
    if (found->counts[finding->kind]++ > 0) return;
    snprintf(found->keys[finding->kind], 64, "%s", finding->key);
    snprintf(found->tables[finding->kind], 64, "%s", finding->table);
}

static inline Found verify_now(void)
{
    Found found = { .report = { 0 } };
    const AuditVerifyConfig config = { sample.path, &sample.keys, sample.dir, sample.second,
        note_finding, &found };
    const Status s = audit_verify(&config, &found.report);
    if (!status_ok(s)) found.report.findings = 999;
    return found;
}

static inline void close_p(Sample *const *s) { sample_close(*s); }

/* Three accounts, eight batches; checkpoints at sizes 5 and 8. */
static inline bool open_sample(void)
{
    bool ok = status_ok(sample_open(&sample, 3));
    ok = ok && status_ok(sample_transfer(&sample, 2, 3, 10));
    ok = ok && status_ok(sample_transfer(&sample, 3, 4, 20));
    ok = ok && status_ok(sample_checkpoint(&sample));
    ok = ok && status_ok(sample_transfer(&sample, 2, 4, 30));
    ok = ok && status_ok(sample_transfer(&sample, 2, 4, 40));
    ok = ok && status_ok(sample_transfer(&sample, 4, 2, 50));
    return ok && status_ok(sample_checkpoint(&sample));
}

#define SAMPLE                                     \
    CLEANUP(close_p) Sample *const here = &sample; \
    (void)here;                                    \
    EXPECT(open_sample())
