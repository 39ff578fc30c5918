#pragma once
/*
 * report_make: an audit report or an incident's file, from asking to keeping (TP-16):
 *
 *   hufud    counts what its doors refused, and keeps a checkpoint over everything
 *   vaultd   says which keys, overrides and old passwords it has
 *   auditor  verifies, and writes the HTML (as its own user)
 *   weasyprint, a separate program, makes the PDF of it (as the same user)
 *   vaultd   signs the digests of all files
 *   hufud    writes the sealed row and the event that name the note
 */
#include "audit/report_note.h"
#include "layout.h"
#include "policy/tables.h"
#include "vaultclient/client.h"

typedef struct ReportWanted {
    const Layout *layout;
    const Users *users;
    ReportKind kind;
    const char *incident; /* REPORT_INCIDENT: its number */
    int64_t from_us;
    int64_t to_us;
    const char *language; /* both, en, zh */
    bool pdf;
} ReportWanted;

typedef struct ReportMade {
    char id[REPORT_ID_BYTES_MAX + 1];
    char folder[PATH_BYTES_MAX];
    int64_t leaves;
    int64_t findings;
    ReportNote note;
} ReportMade;

/* On failure nothing is left but what the log heard. Refuses REFUSED_REPORT_PDF_MISSING,
 * REFUSED_REPORT_PDF_FAILED, what auditor, vaultd and hufud refuse (auditor's words are printed).
 * */
MUST_USE Status report_make(const ReportWanted *wanted, ReportMade *ret_made);
/* What the vault says of itself, appended. `begun` is hufud's answer to "report.begin". */
MUST_USE Status report_statements(VaultClient *vault, Span begun, Buffer *text);
/* Can the PDF be made here? */
bool report_pdf_available(void);
/* `hufu audit report --verify`; an exit status. */
int report_verify(const char *directory, const char *path, const char *keys);
