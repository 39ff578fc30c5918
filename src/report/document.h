#pragma once
/*
 * document: the half-yearly audit report as a page (TP-16, LL-4.5.3): what was verified comes
 * first, then counts beside those of the period before, then each section, then who signs it.
 */
#include "report/page.h"

enum { REPORT_HTML_BYTES_MAX = 8 * 1024 * 1024 };

typedef struct ReportFacts {
    const char *id; /* a plain name */
    int64_t made_us;
    const AuditReport *check;
    bool by_ed25519; /* the algorithms that every checkpoint had to be signed with */
    bool by_sm2;
} ReportFacts;

/* Append the whole document. Refuses REFUSED_REPORT_TOO_LARGE, REFUSED_REPORT_LOG_NOT_SOUND (also
 * when an event of a verified leaf could not be read). */
MUST_USE Status report_document(
        const ReportFacts *facts, const Evidence *evidence, ReportLanguage language, Buffer *html);
