#pragma once
/*
 * write_report: the half-yearly audit report (TP-16) from what this program itself verified: HTML
 * on standard output, and one JSON line of facts on standard error, for who signs and keeps it.
 */
#include "audit/verify.h"
#include "report/page.h"

typedef struct ReportOptions {
    const char *id; /* a plain name; NULL: no report */
    int64_t from_us;
    int64_t to_us;
    int64_t made_us;
    const char *statements; /* file: what the vault says of itself (report/evidence.h), or NULL */
    const char *incident; /* the file of this incident instead; NULL: the audit report */
    ReportLanguage language;
} ReportOptions;

/* `config` has database, keys and folders. Refuses REFUSED_REPORT_LOG_NOT_SOUND,
 * REFUSED_REPORT_PERIOD, REFUSED_REPORT_TOO_LARGE, REFUSED_CSV_SYNTAX, REFUSED_INCIDENT_UNKNOWN. */
MUST_USE Status write_report(const ReportOptions *options, const AuditVerifyConfig *config);
