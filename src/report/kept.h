#pragma once
/*
 * kept: audit reports that were kept (TP-16: "形成报告存档备查"), as sealed rows that name each one's
 * folder and the digest of its signed note; and when the next one is due (at least two a year).
 */
#include "audit/event.h"
#include "audit/report_note.h"
#include "store/batch.h"

extern const Table audit_report_table;
extern const StoreSchema report_schema;

typedef struct KeptReport {
    char id[REPORT_ID_BYTES_MAX + 1];
    ReportKind kind;
    int64_t from_us;
    int64_t to_us;
    int64_t made_us;
    int64_t leaves;
    uint8_t note_digest[DIGEST_SHA256_BYTES];
    char by[AUDIT_ACTOR_BYTES_MAX + 1];
} KeptReport;

/* The unit: one row and its event (AUDIT_REPORT_KEPT). Refuses REFUSED_ROW_EXISTS. */
typedef struct ReportKeep {
    Unit unit;
    KeptReport report;
} ReportKeep;
void report_keep_unit(ReportKeep *work, void (*done)(Unit *unit, Status outcome));

/* --- the reminder --- */
typedef struct ReportClock {
    int64_t warn_us; /* after the last audit report */
    int64_t alert_us;
} ReportClock;
extern const ReportClock report_clock_default; /* 152 days (5 months), 183 days (half a year) */

typedef enum ReportDue { REPORT_IN_TIME = 0, REPORT_DUE_SOON = 1, REPORT_LATE = 2 } ReportDue;

typedef struct ReportState {
    int64_t last_us; /* when the last audit report was made; 0: never */
    int64_t since_us; /* what the clock runs from: that, or the log's first leaf; 0: no log yet */
    int64_t due_us; /* when it will be, or was, late; 0: no log yet */
    ReportDue due;
} ReportState;

/* Of a house whose clock runs from since_us. A clock that was set back makes nothing late. */
ReportDue report_due(const ReportClock *clock, int64_t since_us, int64_t now_us);
/* Between batches (batcher_between). Plain reads: this reminds, and proves nothing. */
MUST_USE Status report_state(
        Store *store, const ReportClock *clock, int64_t now_us, ReportState *ret_state);
/* "in time", "due soon", "late". */
const char *report_due_name(ReportDue due);
