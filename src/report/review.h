#pragma once
/*
 * review: two people read a kept report and say so with their own signatures over the digest of
 * its note, which vaultd checked and spent (TP-16, TP-15). The row keeps who, when, and what they
 * had to say; a report may be reviewed again, and nothing is taken back.
 */
#include "report/kept.h"

enum { REVIEW_TEXT_BYTES_MAX = 200, REVIEW_NAME_BYTES_MAX = 64 };

extern const Table audit_review_table;

typedef struct Review {
    char report[REPORT_ID_BYTES_MAX + 1];
    uint8_t note_digest[DIGEST_SHA256_BYTES];
    char first[REVIEW_NAME_BYTES_MAX + 1];
    char second[REVIEW_NAME_BYTES_MAX + 1];
    char text[REVIEW_TEXT_BYTES_MAX + 1];
} Review;

/* The unit: one row and its event (AUDIT_REPORT_REVIEW). Refuses REFUSED_REPORT_NOT_KEPT (no such
 * report), REFUSED_REPORT_FILE_DIFFERS (another note is kept for it), REFUSED_APPROVAL_QUORUM (one
 * person twice). */
typedef struct ReportReview {
    Unit unit;
    Review review;
} ReportReview;
void report_review_unit(ReportReview *work, void (*done)(Unit *unit, Status outcome));
