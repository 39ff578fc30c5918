#include "report/sections.h"

static bool is_kind(const EvidenceItem *item, AuditKind kind)
{
    return item->event != NULL && item->event->kind == kind;
}

static bool done(const EvidenceItem *item)
{
    return item->event != NULL && item->event->outcome == 0;
}

/* Payers are counted, merchants are named: a merchant's number is public (LL-4.5.1). */
bool collect_enrolments(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const bool merchant = is_kind(item, AUDIT_MERCHANT_ADD) || is_kind(item, AUDIT_MERCHANT_CHANGE);
    const bool payer = is_kind(item, AUDIT_PAYER_ADD) || is_kind(item, AUDIT_PAYER_CHANGE);
    const bool caller = is_kind(item, AUDIT_CALLER_ADD) || is_kind(item, AUDIT_CALLER_REVOKE);
    if (!done(item) || (!merchant && !payer && !caller)) return false;
    evidence_cell_text(ret_line, 0, span_of_text(audit_kind_name(item->event->kind)));
    evidence_cell_text(ret_line, 1, payer ? SPAN("-") : item->event->subject);
    evidence_cell_actor(ret_line, 2, item->event->actor);
    return true;
}

/* TP-7 */
bool collect_merchant_keys(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_kind(item, AUDIT_MERCHANT_KEY)) return false;
    evidence_cell_time(ret_line, 0, item->time_us);
    evidence_cell_text(ret_line, 1, item->event->subject);
    evidence_cell_text(ret_line, 2, item->event->detail);
    evidence_cell_actor(ret_line, 3, item->event->actor);
    evidence_cell_text(ret_line, 4, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}

/* TP-15, LL-4.5.3: what people at the command line did, whatever came of it. */
bool collect_operators(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const Span head = SPAN("operator/");
    if (item->event == NULL || item->event->actor.size < head.size) return false;
    if (!span_equal((Span) { item->event->actor.data, head.size }, head)) return false;
    evidence_cell_text(ret_line, 0, item->event->actor);
    evidence_cell_text(ret_line, 1, span_of_text(audit_kind_name(item->event->kind)));
    evidence_cell_text(ret_line, 2, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}

bool collect_pin_changes(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_kind(item, AUDIT_PIN_SET)) return false;
    evidence_cell_text(ret_line, 0, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}

/* TP-15, LL-4.5.2: who came, moved and went, what was given for a while, who broke the glass. */
bool collect_rights(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (item->event == NULL) return false;
    const AuditKind kind = item->event->kind;
    const bool review = kind == AUDIT_ACCESS_REVIEW || kind == AUDIT_ACCESS_EMERGENCY_REVIEW;
    const bool ours = kind >= AUDIT_ACCESS_JOIN && kind <= AUDIT_ACCESS_TABLE;
    if (!ours || review) return false;
    evidence_cell_time(ret_line, 0, item->time_us);
    evidence_cell_text(ret_line, 1, span_of_text(audit_kind_name(kind)));
    evidence_cell_text(ret_line, 2, item->event->subject);
    evidence_cell_text(ret_line, 3, item->event->actor);
    evidence_cell_text(ret_line, 4, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}

/* TP-15, TP-16: somebody's rights were looked at by somebody else. */
bool collect_rights_reviews(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_kind(item, AUDIT_ACCESS_REVIEW) && !is_kind(item, AUDIT_ACCESS_EMERGENCY_REVIEW))
        return false;
    evidence_cell_time(ret_line, 0, item->time_us);
    evidence_cell_text(ret_line, 1, item->event->subject);
    evidence_cell_text(ret_line, 2, item->event->actor);
    evidence_cell_text(ret_line, 3, item->event->detail);
    evidence_cell_text(ret_line, 4, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}
