/* Reveals, receivers, grants, ceremonies, attached tables: acts as vaultd told the log of them, and
 * what it says of itself today. */
#include "report/sections.h"

static bool is_act(const EvidenceItem *item, const char *head)
{
    const AuditEvent *event = item->event;
    return event != NULL && event->kind == AUDIT_VAULT_ACT
            && evidence_begins_with(event->subject, head);
}

static void cell_act(const EvidenceItem *item, EvidenceLine *line)
{
    evidence_cell_time(line, 0, item->time_us);
    evidence_cell_text(line, 1, item->event->subject);
    evidence_cell_text(line, 2, item->event->actor);
    evidence_cell_text(line, 3, item->event->detail);
}

/* "times N lines A-B PURPOSE APPROVERS REASON" (api/reveal_feed.h); the numbers are left out, so
 * that what says the same is one line. */
static bool collect_reveal(const AuditEvent *event, EvidenceLine *line)
{
    Span words[6] = { { NULL, 0 } };
    Cursor c = cursor_of(event->detail);
    for (size_t i = 0; i < 6; i++)
        if (!status_ok(cursor_until(&c, ' ', &words[i]))) return false;
    const Span purpose = words[4];
    line->count = audit_event_times(event);
    evidence_cell(line, 0, "%.*s: %.*s", (int)event->actor.size, (const char *)event->actor.data,
            (int)event->subject.size, (const char *)event->subject.data);
    evidence_cell_text(line, 1, purpose);
    evidence_cell_text(line, 2, c.rest);
    evidence_cell_text(line, 3, words[5]);
    evidence_cell_text(line, 4, span_of_text(status_name((Status) { event->outcome })));
    return true;
}

/* TP-8, TP-15; and a log of reveals that does not prove itself is the worst line of all. */
bool collect_reveals(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (item->event != NULL && item->event->kind == AUDIT_REVEAL)
        return collect_reveal(item->event, ret_line);
    if (!evidence_states(item, "reveal-log") || span_equal(item->statement->cells[0], SPAN("OK")))
        return false;
    evidence_cell_text(ret_line, 0, SPAN("the log of reveals does not prove itself"));
    for (size_t i = 1; i < 4; i++)
        evidence_cell_text(ret_line, i, SPAN("-"));
    evidence_cell_text(ret_line, 4, item->statement->cells[0]);
    return true;
}

bool collect_receivers(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!evidence_states(item, "receiver")) return false;
    for (size_t i = 0; i < 4; i++)
        evidence_cell_text(ret_line, i, item->statement->cells[i]);
    return true;
}

/* TP-5: the grant of user and account institution; the period's acts. */
bool collect_grants(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_act(item, "expiry.")) return false;
    cell_act(item, ret_line);
    return true;
}

/* The line's number is how many live. */
bool collect_live_grants(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!evidence_states(item, "grants")) return false;
    const int64_t live = evidence_number(item->statement->cells[0]);
    if (live <= 0) return false;
    ret_line->count = (uint64_t)live;
    evidence_cell_text(ret_line, 0, item->statement->cells[0]);
    evidence_cell_text(ret_line, 1, item->statement->cells[1]);
    return true;
}

/* "ceremony/custodians 2 of 3": made with which custody; then who joined, changed and left. */
bool collect_ceremonies(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_act(item, "ceremony") && !is_act(item, "operator.")) return false;
    cell_act(item, ret_line);
    return true;
}

bool collect_custody(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!evidence_states(item, "custody")) return false;
    evidence_cell_text(ret_line, 0, item->statement->cells[0]);
    return true;
}

/* TP-12: the state of each, now. */
bool collect_attached(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!evidence_states(item, "attached")) return false;
    for (size_t i = 0; i < EVIDENCE_STATEMENT_CELLS; i++)
        evidence_cell_text(ret_line, i, item->statement->cells[i]);
    return true;
}

bool collect_attached_acts(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_act(item, "attached.")) return false;
    cell_act(item, ret_line);
    return true;
}
