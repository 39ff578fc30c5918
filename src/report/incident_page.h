#pragma once
/*
 * incident_page: the file of one incident as a page to print (TP-16): its clocks, what was done and
 * when, and who closed it; from rows that stand in the signed log.
 */
#include "cases/incident.h"
#include "report/document.h"

enum { INCIDENT_FILE_STEPS_MAX = INCIDENT_STEPS_MAX };

typedef struct IncidentFileStep {
    int64_t number;
    int64_t time_us;
    int64_t leaf;
    IncidentStep step;
    bool late;
    char by[INCIDENT_ACTOR_BYTES_MAX + 1];
    char text[INCIDENT_TEXT_BYTES_MAX + 1];
} IncidentFileStep;

typedef struct IncidentFile {
    const char *id;
    bool found;
    int64_t leaf; /* of its last change */
    Incident incident;
    IncidentFileStep steps[INCIDENT_FILE_STEPS_MAX];
    size_t step_count;
} IncidentFile;

void incident_file_begin(IncidentFile *file, const char *id);
/* For AuditVerifyConfig: context is the IncidentFile. */
void incident_file_row(void *file, const RowView *row, int64_t leaf_time_us);
void incident_file_finding(void *file, const AuditFinding *finding);

/* Refuses REFUSED_INCIDENT_UNKNOWN, REFUSED_REPORT_LOG_NOT_SOUND, REFUSED_REPORT_TOO_LARGE;
 * REFUSED_AUDIT_ROW_DIFFERS when steps that the incident counts are not among the verified rows. */
MUST_USE Status incident_document(
        const ReportFacts *facts, const IncidentFile *file, ReportLanguage language, Buffer *html);

/* What a step, a kind, a state is called on the page. */
ReportText incident_step_text(IncidentStep step);
ReportText incident_kind_text(IncidentKind kind);
