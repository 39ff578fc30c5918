/* The life of personal data (TP-3, LL-2.3, LL-4.5.4): consents, uses, requests; holds; what was
 * destroyed, with certificates; what should be deleted by now. Nobody is named in full (TP-11). */
#include "report/sections.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/digest.h"

static bool is_kind(const EvidenceItem *item, AuditKind kind)
{
    return item->event != NULL && item->event->kind == kind;
}

/* "bank-a" of "bank-a/wang". */
static Span tenant_of(const AuditEvent *event)
{
    Cursor c = cursor_of(event->subject);
    Span tenant = event->subject;
    return status_ok(cursor_until(&c, '/', &tenant)) ? tenant : SPAN("-");
}

/* "bank-a/w***g" */
static void cell_person(EvidenceLine *line, size_t column, const AuditEvent *event)
{
    Cursor c = cursor_of(event->subject);
    Span tenant;
    if (!status_ok(cursor_until(&c, '/', &tenant))) c.rest.size = 0;
    evidence_cell_masked(line, column, tenant_of(event), c.rest);
}

/* What a line is about: "marketing: email", a class, the kind of a request without its number. */
static Span matter_of(const AuditEvent *event)
{
    Cursor c = cursor_of(event->detail);
    Span word = event->detail;
    if (event->kind != AUDIT_SUBJECT_REQUEST) return event->detail;
    return status_ok(cursor_until(&c, ' ', &word)) ? word : event->detail;
}

/* A request is answered by its outcome, which is the last word of "withdraw 2: OK". */
static Span outcome_of(const AuditEvent *event)
{
    Cursor c = cursor_of(event->detail);
    Span word;
    const Span name = span_of_text(status_name((Status) { event->outcome }));
    if (event->kind != AUDIT_SUBJECT_REQUEST || event->outcome != 0) return name;
    while (status_ok(cursor_until(&c, ' ', &word))) { }
    return c.rest.size > 0 ? c.rest : name;
}

bool collect_life_cycle(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const AuditEvent *event = item->event;
    if (event == NULL) return false;
    const bool ours = event->kind >= AUDIT_SUBJECT_CONSENT && event->kind <= AUDIT_SUBJECT_DELETE
            && event->kind != AUDIT_SUBJECT_HOLD;
    if (!ours) return false;
    evidence_cell_text(ret_line, 0, span_of_text(audit_kind_name(event->kind)));
    evidence_cell_text(ret_line, 1, matter_of(event));
    evidence_cell_text(ret_line, 2, tenant_of(event));
    evidence_cell_text(ret_line, 3, outcome_of(event));
    return true;
}

bool collect_holds(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_kind(item, AUDIT_SUBJECT_HOLD)) return false;
    evidence_cell_time(ret_line, 0, item->time_us);
    cell_person(ret_line, 1, item->event);
    evidence_cell_text(ret_line, 2, item->event->detail);
    evidence_cell_text(ret_line, 3, item->event->actor);
    evidence_cell_text(ret_line, 4, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}

static void cell_certificate(EvidenceLine *line, size_t column, Span certificate)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t memory[2 * DIGEST_SHA256_BYTES];
    Buffer hex = BUFFER_OF(memory);
    sha256(certificate, digest);
    ASSERT(status_ok(hex_encode(SPAN_OF(digest), &hex)));
    evidence_cell(line, column, "sha256 %.64s", (const char *)memory);
}

/* A certificate is for so many subjects; whoever came back with a restore and went again has none
 * of that time. */
bool collect_destructions(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const RowView *row = item->row;
    if (row != NULL && row->head.table == TABLE_DATA_DESTROYED) {
        const int64_t subjects = row_int(row, DESTROYED_SUBJECTS, 1);
        ret_line->count = subjects > 0 ? (uint64_t)subjects : 1;
        evidence_cell_time(ret_line, 0, row_int(row, DESTROYED_TIME, item->time_us));
        evidence_cell(ret_line, 1, "%lld", (long long)subjects);
        evidence_cell_time(ret_line, 2, row_int(row, DESTROYED_BLIND, 0));
        cell_certificate(ret_line, 3, row_bytes(row, DESTROYED_CERTIFICATE));
        return true;
    }
    if (!is_kind(item, AUDIT_SUBJECT_DESTROY) || item->event->outcome != 0) return false;
    if (!evidence_begins_with(item->event->detail, "destroyed before")) return false;
    evidence_cell_time(ret_line, 0, item->time_us);
    cell_person(ret_line, 1, item->event);
    evidence_cell_text(ret_line, 2, SPAN("-"));
    evidence_cell_text(ret_line, 3, item->event->detail);
    return true;
}

bool evidence_is_overdue(const RowView *row, int64_t now_us)
{
    if (row->head.table != TABLE_DATA_HOLDING) return false;
    const int64_t due_us = row_int(row, HOLDING_DUE, 0);
    const bool gone = row_int(row, HOLDING_STATE, 0) == HOLDING_DELETED;
    return !gone && due_us > 0 && due_us + TIME_DAY_US < now_us;
}

/* LL-4.5.4: the clock runs once a minute; what is still there a day later stands in its way. */
bool collect_retention(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (item->row == NULL || !evidence_is_overdue(item->row, item->period->to_us)) return false;
    const int64_t class = row_int(item->row, HOLDING_CLASS, 0);
    evidence_cell_masked(ret_line, 0, row_bytes(item->row, HOLDING_TENANT),
            row_bytes(item->row, HOLDING_SUBJECT));
    evidence_cell_text(ret_line, 1, span_of_text(data_class_name((uint32_t) class)));
    evidence_cell_time(ret_line, 2, row_int(item->row, HOLDING_DUE, 0));
    return true;
}
