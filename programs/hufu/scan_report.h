#pragma once
/*
 * scan_report: what a scan found, kept for the end, and how it is told: text for people, JSON for
 * programs, SARIF 2.1.0 for those who already collect such reports.
 *
 * A finding's value is never kept and never printed: cards, identity numbers and phones show their
 * last four digits (TP-11), everything else nothing. A place whose name holds a finding itself is
 * shown without it.
 */
#include "crypto/mac.h"
#include "scan/walk.h"

#include <stdio.h>

enum {
    REPORT_FINDINGS_MAX = 20000, /* listed; more are counted */
    REPORT_SKIPPED_MAX = 2000,
    REPORT_MASK_BYTES = 32,
    FINGERPRINT_BYTES = 16,
};

typedef enum ReportFormat { REPORT_TEXT, REPORT_JSON, REPORT_SARIF } ReportFormat;

typedef struct ReportFinding {
    char *place;
    DetectKind kind;
    uint64_t at;
    uint64_t line; /* 0: in the name of the place */
    uint64_t column;
    char mask[REPORT_MASK_BYTES];
    uint8_t fingerprint[FINGERPRINT_BYTES];
    bool known; /* in the baseline */
} ReportFinding;

typedef struct ReportSkipped {
    char *place;
    Status why;
} ReportSkipped;

typedef struct Report {
    ReportFinding *findings;
    size_t count; /* listed */
    uint64_t counted;
    ReportSkipped *skipped;
    size_t skipped_count; /* listed */
    uint64_t skipped_counted;
    uint64_t bytes;
    size_t known;
    bool keyed; /* fingerprints were made */
    MacKey key;
} Report;

/* Faults FAULT_MEMORY. */
MUST_USE Status report_open(Report *ret_report);
/* For CLEANUP. */
void report_close(Report *report);
/* Fingerprints are made under this key. */
void report_set_key(Report *report, Span key);

/* One finding, one thing that was not judged: for a WalkSink. */
void report_found(void *context, const char *place, const ScanFinding *finding);
void report_skipped(void *context, const char *place, Status why);

/* New findings, or something that was not judged. */
bool report_is_bad(const Report *report);

/* Faults FAULT_MEMORY, FAULT_DISK. */
MUST_USE Status report_print(const Report *report, ReportFormat format, FILE *out);
MUST_USE Status report_print_sarif(const Report *report, FILE *out);
