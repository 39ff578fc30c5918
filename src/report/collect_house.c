#include "report/sections.h"

#include "base/time.h"

static bool is_kind(const EvidenceItem *item, AuditKind kind)
{
    return item->event != NULL && item->event->kind == kind;
}

static bool within(int64_t time_us, int64_t from_us, int64_t to_us)
{
    return time_us >= from_us && time_us < to_us;
}

static void cell_end(EvidenceLine *line, size_t column, int64_t end_us)
{
    if (end_us == 0)
        evidence_cell_text(line, column, SPAN("-"));
    else
        evidence_cell_time(line, column, end_us);
}

/* A key that was made in the period, or whose time has ended and that is still there. */
bool collect_vault_keys(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const EvidenceStatement *key = item->statement;
    if (!evidence_states(item, "key") || span_equal(key->cells[4], SPAN("destroyed"))) return false;
    const EvidencePeriod *p = item->period;
    const int64_t end_us = evidence_number(key->cells[3]);
    const bool made = within(key->time_us, p->from_us, p->to_us);
    if (!made && (end_us == 0 || end_us >= p->to_us)) return false;
    evidence_cell(ret_line, 0, "%.*s/%.*s", (int)key->cells[0].size,
            (const char *)key->cells[0].data, (int)key->cells[1].size,
            (const char *)key->cells[1].data);
    evidence_cell_text(ret_line, 1, key->cells[2]);
    evidence_cell_time(ret_line, 2, key->time_us);
    cell_end(ret_line, 3, end_us);
    evidence_cell_text(ret_line, 4, key->cells[4]);
    return true;
}

/* A version that replaced another in the period, and every one that was destroyed (TP-13). */
bool collect_key_acts(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const EvidenceStatement *key = item->statement;
    if (!evidence_states(item, "key")) return false;
    const bool destroyed = span_equal(key->cells[4], SPAN("destroyed"));
    const bool made = within(key->time_us, item->period->from_us, item->period->to_us);
    const bool rotated = made && evidence_number(key->cells[1]) > 1;
    if (!destroyed && !rotated) return false;
    evidence_cell_text(ret_line, 0, destroyed ? SPAN("destroyed") : SPAN("rotated"));
    evidence_cell_text(ret_line, 1, key->cells[0]);
    evidence_cell_text(ret_line, 2, key->cells[1]);
    evidence_cell_time(ret_line, 3, key->time_us);
    return true;
}

/* Set in the period, or still good in it (TP-15). */
bool collect_overrides(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const EvidenceStatement *s = item->statement;
    if (!evidence_states(item, "override")) return false;
    const int64_t until_us = evidence_number(s->cells[1]);
    if (s->time_us >= item->period->to_us || until_us < item->period->from_us) return false;
    evidence_cell_text(ret_line, 0, s->cells[0]);
    evidence_cell_time(ret_line, 1, s->time_us);
    evidence_cell_time(ret_line, 2, until_us);
    evidence_cell_text(ret_line, 3, s->cells[2]);
    evidence_cell_text(ret_line, 4, s->cells[3]);
    return true;
}

/* TP-6, TP-10: what is left of old formulas is the line's number. */
bool collect_legacy_passwords(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const EvidenceStatement *s = item->statement;
    if (!evidence_states(item, "passwords")) return false;
    const int64_t legacy = evidence_number(s->cells[1]) + evidence_number(s->cells[2]);
    if (legacy <= 0) return false;
    ret_line->count = (uint64_t)legacy;
    for (size_t i = 0; i < 4; i++)
        evidence_cell_text(ret_line, i, s->cells[i]);
    return true;
}

/* LL-4.3.9: requests that a merchant signed with a broken digest, one line a merchant. */
bool collect_legacy_signatures(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_kind(item, AUDIT_LEGACY_SIGNATURE)) return false;
    evidence_cell_text(ret_line, 0, item->event->actor);
    evidence_cell_text(ret_line, 1, item->event->detail);
    evidence_cell_text(ret_line, 2, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}

bool collect_backups(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_kind(item, AUDIT_BACKUP) && !is_kind(item, AUDIT_RESTORE)) return false;
    evidence_cell_time(ret_line, 0, item->time_us);
    evidence_cell_text(ret_line, 1, span_of_text(audit_kind_name(item->event->kind)));
    evidence_cell_text(ret_line, 2, item->event->actor);
    evidence_cell_text(ret_line, 3, item->event->detail);
    evidence_cell_text(ret_line, 4, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}

/* TP-9 */
bool collect_bindings(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_kind(item, AUDIT_BINDING_MAKE) && !is_kind(item, AUDIT_BINDING_END)) return false;
    evidence_cell_text(ret_line, 0, span_of_text(audit_kind_name(item->event->kind)));
    evidence_cell_actor(ret_line, 1, item->event->actor);
    evidence_cell_text(ret_line, 2, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}

bool collect_day_ends(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_kind(item, AUDIT_DAY_END)) return false;
    evidence_cell_text(ret_line, 0, item->event->subject);
    evidence_cell_text(ret_line, 1, item->event->detail);
    evidence_cell_text(ret_line, 2, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}

bool collect_reports(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_kind(item, AUDIT_REPORT_KEPT)) return false;
    evidence_cell_time(ret_line, 0, item->time_us);
    evidence_cell_text(ret_line, 1, item->event->subject);
    evidence_cell_actor(ret_line, 2, item->event->actor);
    evidence_cell_text(ret_line, 3, item->event->detail);
    return true;
}

/* TP-16: somebody read it, and signed that. */
bool collect_reviews(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_kind(item, AUDIT_REPORT_REVIEW)) return false;
    evidence_cell_time(ret_line, 0, item->time_us);
    evidence_cell_text(ret_line, 1, item->event->subject);
    evidence_cell_text(ret_line, 2, item->event->actor);
    evidence_cell_text(ret_line, 3, item->event->detail);
    evidence_cell_text(ret_line, 4, span_of_text(status_name((Status) { item->event->outcome })));
    return true;
}

bool collect_nothing(const EvidenceItem *item, EvidenceLine *ret_line) { return false; }

/* --- what only the whole period can tell --- */

static uint16_t section_named(const Evidence *evidence, const char *id)
{
    size_t i = 0;
    while (!span_equal(span_of_text(evidence->sections[i].id), span_of_text(id))) {
        i++;
        ASSERT(i < evidence->section_count);
    }
    return (uint16_t)i;
}

typedef void AddLine(void *context, EvidenceLine *line);

/* Days of the period that nobody closed; not those before the log began, nor the day it ends in. */
void finish_day_ends(const Evidence *e, AddLine *add, void *context)
{
    const EvidenceCoverage *c = &e->coverage;
    if (c->leaves == 0) return;
    const int32_t period_first = time_business_day(e->period.from_us);
    int32_t first = period_first;
    if (c->begun_us > e->period.from_us) first = time_business_day(c->begun_us);
    int32_t last = time_business_day(e->period.to_us - 1);
    const int32_t reached = time_business_day(c->last_us) - 1;
    if (reached < last) last = reached;
    for (int32_t day = first; day <= last; day++) {
        char text[9];
        EvidenceLine line = { .section = section_named(e, "day-ends"),
            .time_us = time_business_day_start_us(day),
            .leaf = -1,
            .last_leaf = -1,
            .count = 1 };
        if (c->day_closed[day - period_first] != 0) continue;
        time_business_day_text(day, text);
        evidence_cell(&line, 0, "day/%s", text);
        evidence_cell_text(&line, 1, SPAN("-"));
        evidence_cell_text(&line, 2, SPAN("NOT CLOSED"));
        add(context, &line);
    }
}

static void add_gap(const Evidence *e, const EvidenceGap *gap, AddLine *add, void *context)
{
    EvidenceLine line = { .section = section_named(e, "log-coverage"),
        .time_us = gap->from_us,
        .leaf = gap->leaf,
        .last_leaf = gap->leaf,
        .count = 1 };
    const int64_t hours = (gap->to_us - gap->from_us) / (TIME_DAY_US / 24);
    evidence_cell_text(&line, 0, SPAN("no leaf"));
    evidence_cell_time(&line, 1, gap->from_us);
    evidence_cell_time(&line, 2, gap->to_us);
    evidence_cell(&line, 3, "%lld h", (long long)hours);
    add(context, &line);
}

void finish_coverage(const Evidence *e, AddLine *add, void *context)
{
    const EvidenceCoverage *c = &e->coverage;
    for (size_t i = 0; i < c->gap_count; i++)
        add_gap(e, &c->gaps[i], add, context);
    EvidenceLine line = { .section = section_named(e, "log-coverage"),
        .time_us = e->period.from_us,
        .leaf = -1,
        .last_leaf = -1,
        .count = 1 };
    if (c->begun_us > e->period.from_us || c->begun_us == 0) {
        evidence_cell_text(&line, 0, SPAN("log began later"));
        evidence_cell_time(&line, 1, e->period.from_us);
        evidence_cell_time(&line, 2, c->begun_us == 0 ? e->period.to_us : c->begun_us);
        evidence_cell_text(&line, 3, SPAN("-"));
        add(context, &line);
    }
    if (c->reversals > 0) {
        evidence_cell_text(&line, 0, SPAN("clock set back"));
        evidence_cell_text(&line, 1, SPAN("-"));
        evidence_cell_text(&line, 2, SPAN("-"));
        evidence_cell(&line, 3, "%lld x", (long long)c->reversals);
        add(context, &line);
    }
}
