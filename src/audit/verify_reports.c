#include "audit/report_note.h"
#include "audit/verify_inside.h"

#include <stdio.h>

/* A report is kept for inspection (TP-16: "存档备查"): what the log says was kept must be there as
 * it was. The row verified already, so its digest of the note is what stood there when it was
 * written. */

static Status compare(Verify *v, const RowView *row, const char *folder)
{
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer bytes = BUFFER_OF(memory);
    ReportNote note = { 0 };
    const char *file = NULL;
    TRY(report_note_read(folder, &bytes));
    sha256(span_of_buffer(&bytes), digest);
    REQUIRE(span_equal(row_bytes(row, AUDIT_REPORT_NOTE), SPAN_OF(digest)),
            REFUSED_REPORT_FILE_DIFFERS);
    TRY(report_note_verify(span_of_buffer(&bytes), v->config->keys, &note));
    return report_note_compare(&note, folder, &file);
}

Status verify_report_row(Verify *v, const RowView *row)
{
    char folder[AUDIT_PATH_BYTES_MAX];
    if (v->config->reports == NULL) return OK;
    const Span id = row_bytes(row, AUDIT_REPORT_ID);
    v->report.reports++;
    REQUIRE(span_is_plain_name(id, REPORT_ID_BYTES_MAX), REFUSED_AUDIT_LEAF_FORMAT);
    const int size = snprintf(folder, sizeof(folder), "%s/%.*s", v->config->reports, (int)id.size,
            (const char *)id.data);
    CHECK(size > 0 && (size_t)size < sizeof(folder), FAULT_DISK);
    const Status s = compare(v, row, folder);
    if (status_broken(s)) return s;
    const AuditFindingKind kind = status_is(s, REFUSED_REPORT_FILE_MISSING)
            ? FINDING_REPORT_MISSING
            : FINDING_REPORT_CHANGED;
    if (!status_ok(s))
        verify_found_print(v, kind, "audit_report", row->head.batch, "%.*s", (int)id.size,
                (const char *)id.data);
    return OK;
}
