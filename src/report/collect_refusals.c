#include "report/sections.h"

static const char *name_of(const AuditEvent *event)
{
    return status_name((Status) { event->outcome });
}

static bool has_outcome(const EvidenceItem *item, StatusCode code)
{
    return item->event != NULL && item->event->outcome == (int32_t)code;
}

/* TP-5, TP-8: what must never be stored was refused before it could be. */
bool collect_prohibited(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const bool prohibited = has_outcome(item, (StatusCode)REFUSED_DATA_PROHIBITED);
    if (!prohibited && !has_outcome(item, (StatusCode)REFUSED_DATA_CARD_NUMBER)) return false;
    ret_line->count = audit_event_times(item->event);
    evidence_cell_text(ret_line, 0, span_of_text(name_of(item->event)));
    evidence_cell_actor(ret_line, 1, item->event->actor);
    evidence_cell_text(ret_line, 2, item->event->subject);
    return true;
}

/* A payment that was refused as a business outcome is a committed unit: its reason is the third
 * word of the detail ("PAYERROR 42... BALANCE_NOT_ENOUGH"). */
static Span reason_of(const AuditEvent *event)
{
    Span word = { 0 };
    Cursor c = cursor_of(event->detail);
    const bool order = event->kind >= AUDIT_ORDER_CREATE && event->kind <= AUDIT_ORDER_DECIDE;
    if (!order || event->outcome != 0) return (Span) { NULL, 0 };
    for (int i = 0; i < 2; i++)
        if (!status_ok(cursor_until(&c, ' ', &word))) return (Span) { NULL, 0 };
    return c.rest;
}

bool collect_refusals(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (item->event == NULL) return false;
    const Status outcome = { item->event->outcome };
    const Span reason = reason_of(item->event);
    const bool ended = reason.size > 0;
    if (status_ok(outcome) && !ended) return false;
    ret_line->count = audit_event_times(item->event);
    evidence_cell_text(ret_line, 0, ended ? reason : span_of_text(status_name(outcome)));
    evidence_cell_text(ret_line, 1, span_of_text(audit_kind_name(item->event->kind)));
    evidence_cell_text(ret_line, 2,
            ended ? SPAN("The payment ended without money moving.")
                  : span_of_text(status_advice(outcome)));
    return true;
}

/* TP-6: guessing is counted and stopped. */
bool collect_pins(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const bool locked = has_outcome(item, (StatusCode)REFUSED_PIN_LOCKED);
    if (!locked && !has_outcome(item, (StatusCode)REFUSED_PIN_WRONG)) return false;
    ret_line->count = audit_event_times(item->event);
    evidence_cell_text(ret_line, 0, span_of_text(name_of(item->event)));
    evidence_cell_actor(ret_line, 1, item->event->actor);
    return true;
}
