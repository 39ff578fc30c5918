#pragma once
/*
 * report_sign: the signed note of an audit report or an incident's file (TP-16; the form is in
 * audit/report_note.h, the request in ipc/report_wire.h), and two people's word that an incident is
 * over, or that they read a report.
 */
#include "vault/store_view.h"

/*
 * WireReport, list of WireReportFile -> note. The time in it is vaultd's own. Asked by operators.
 * Refuses REFUSED_REPORT_NOTE_FORMAT (names, no files), REFUSED_REPORT_AHEAD_OF_LOG (more leaves
 * than are confirmed, or another root for exactly as many).
 */
MUST_USE Status report_sign(StoreView *view, Span request, int64_t now_us, Buffer *ret_note);

/* approval x2 of this operation: checked and spent. "close-incident" is over the incident's number,
 * "review-report" over the SHA-256 of the report's note. */
MUST_USE Status report_approve(StoreView *view, Span operation, Span request, int64_t now_us);
