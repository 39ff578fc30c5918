#include "report/evidence.h"

#include "base/money.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATEMENTS_MAX = 4096, GAP_HOURS = 24 };

Status evidence_open(int64_t from_us, int64_t to_us, const EvidenceSection *sections,
        size_t section_count, Evidence *ret_evidence)
{
    ASSERT(section_count <= EVIDENCE_SECTIONS_MAX);
    REQUIRE(from_us > 0 && from_us < to_us, REFUSED_REPORT_PERIOD);
    const int64_t length_us = to_us - from_us;
    REQUIRE(length_us <= EVIDENCE_DAYS_MAX * TIME_DAY_US, REFUSED_REPORT_PERIOD);
    *ret_evidence = (Evidence) { .period = { from_us, to_us, from_us - length_us },
        .sections = sections,
        .section_count = section_count,
        .coverage = { .first_leaf = -1, .last_leaf = -1 } };
    ret_evidence->lines = calloc(EVIDENCE_LINES_MAX, sizeof(EvidenceLine));
    CHECK(ret_evidence->lines != NULL, FAULT_MEMORY);
    return OK;
}

void evidence_close(Evidence *evidence)
{
    free(evidence->lines);
    evidence->lines = NULL;
}

/* --- lines --- */

static bool in_period(const EvidencePeriod *p, int64_t time_us)
{
    return time_us >= p->from_us && time_us < p->to_us;
}

static bool cells_equal(const EvidenceLine *a, const EvidenceLine *b)
{
    for (size_t i = 0; i < EVIDENCE_COLUMNS_MAX; i++) {
        if (!span_equal(span_of_text(a->cells[i]), span_of_text(b->cells[i]))) return false;
    }
    return true;
}

static EvidenceLine *line_alike(Evidence *e, const EvidenceLine *line)
{
    for (size_t i = 0; i < e->line_count; i++) {
        EvidenceLine *kept = &e->lines[i];
        if (kept->section == line->section && cells_equal(kept, line)) return kept;
    }
    return NULL;
}

static void merge(EvidenceLine *kept, const EvidenceLine *line)
{
    kept->count += line->count;
    kept->before += line->before;
    if (line->count == 0) return;
    if (kept->leaf < 0) kept->leaf = line->leaf;
    kept->last_leaf = line->last_leaf;
    kept->time_us = line->time_us;
}

static void keep_line(Evidence *e, const EvidenceLine *line)
{
    const EvidenceSection *section = &e->sections[line->section];
    EvidenceSum *sum = &e->sums[line->section];
    sum->count += line->count;
    sum->before += line->before;
    EvidenceLine *kept = section->grouped ? line_alike(e, line) : NULL;
    if (kept != NULL) {
        merge(kept, line);
        return;
    }
    if (line->count == 0 && !section->grouped) return; /* of the period before: counted */
    if (sum->lines >= EVIDENCE_SECTION_LINES_MAX || e->line_count >= EVIDENCE_LINES_MAX) {
        sum->unlisted++;
        return;
    }
    sum->lines++;
    e->lines[e->line_count++] = *line;
}

static void show(Evidence *e, EvidenceItem *item)
{
    const EvidencePeriod *p = &e->period;
    const bool now = in_period(p, item->time_us);
    const bool before = item->time_us >= p->before_us && item->time_us < p->from_us;
    item->period = p;
    if (!now && !before) return;
    for (size_t i = 0; i < e->section_count; i++) {
        if (e->sections[i].collect == NULL) continue;
        EvidenceLine line = { .section = (uint16_t)i,
            .time_us = item->time_us,
            .leaf = item->leaf,
            .last_leaf = item->leaf,
            .count = 1 };
        if (!e->sections[i].collect(item, &line)) continue;
        if (before) {
            line.before = line.count;
            line.count = 0;
            line.leaf = line.last_leaf = -1;
        }
        keep_line(e, &line);
    }
}

/* --- coverage --- */

static void note_gap(EvidenceCoverage *c, EvidenceGap gap)
{
    if (gap.to_us - gap.from_us < GAP_HOURS * (TIME_DAY_US / 24)) return;
    size_t at = c->gap_count;
    while (at > 0 && c->gaps[at - 1].to_us - c->gaps[at - 1].from_us < gap.to_us - gap.from_us)
        at--;
    if (at == EVIDENCE_GAPS_MAX) return;
    if (c->gap_count < EVIDENCE_GAPS_MAX) c->gap_count++;
    for (size_t i = c->gap_count - 1; i > at; i--)
        c->gaps[i] = c->gaps[i - 1];
    c->gaps[at] = gap;
}

/* A gap is measured inside the period, and not before the log began. */
static void cover(Evidence *e, const AuditLeaf *leaf)
{
    EvidenceCoverage *c = &e->coverage;
    const int64_t time_us = leaf->time_us;
    if (leaf->batch == 0) c->begun_us = time_us;
    if (c->previous_us > time_us) c->reversals++;
    if (in_period(&e->period, time_us)) {
        const int64_t floor_us = e->period.from_us;
        const int64_t since_us = c->previous_us > floor_us ? c->previous_us : floor_us;
        if (c->previous_us > 0) note_gap(c, (EvidenceGap) { since_us, time_us, leaf->batch });
        if (c->leaves++ == 0) {
            c->first_leaf = leaf->batch;
            c->first_us = time_us;
        }
        c->last_leaf = leaf->batch;
        c->last_us = time_us;
    }
    if (time_us > c->previous_us) c->previous_us = time_us;
}

/* A day is closed on a later day than itself. */
static void cover_day(Evidence *e, const AuditEvent *event)
{
    const int32_t first = time_business_day(e->period.from_us);
    if (event->kind != AUDIT_DAY_END || event->outcome != 0 || event->subject.size != 12) return;
    const Span day = { event->subject.data + 4, 8 }; /* "day/20260131" */
    for (int32_t i = 0; i < EVIDENCE_DAYS_MAX; i++) {
        char text[9];
        time_business_day_text(first + i, text);
        if (!span_equal(day, (Span) { (const uint8_t *)text, 8 })) continue;
        e->coverage.day_closed[i] = 1;
        return;
    }
}

/* --- items --- */

void evidence_leaf(void *evidence, const AuditLeaf *leaf)
{
    Evidence *e = evidence;
    AuditEvents events = { 0 };
    cover(e, leaf);
    if (!status_ok(audit_events_begin(leaf->events, &events))) {
        e->unreadable = true;
        return;
    }
    for (;;) {
        AuditEvent event = { 0 };
        bool more = false;
        if (!status_ok(audit_events_next(&events, &event, &more))) e->unreadable = true;
        if (!more) return;
        if (in_period(&e->period, leaf->time_us)) e->coverage.events++;
        cover_day(e, &event);
        EvidenceItem item = { .time_us = leaf->time_us, .leaf = leaf->batch, .event = &event };
        show(e, &item);
    }
}

/* What should be gone by now is of today, whenever it was written. */
void evidence_row(void *evidence, const RowView *row, int64_t leaf_time_us)
{
    Evidence *e = evidence;
    const int64_t now_us = e->period.to_us - 1;
    EvidenceItem item = { .time_us = evidence_is_overdue(row, now_us) ? now_us : leaf_time_us,
        .leaf = row->head.batch,
        .row = row };
    show(evidence, &item);
}

/* What the check found is of today, whenever it was done: it belongs into this report. */
void evidence_finding(void *evidence, const AuditFinding *finding)
{
    Evidence *e = evidence;
    EvidenceItem item = {
        .time_us = e->period.to_us - 1, .leaf = finding->batch, .finding = finding
    };
    show(e, &item);
}

static Status take_statement(Cursor *c, EvidenceStatement *ret)
{
    Span time = { 0 };
    TRY(cursor_until(c, '\t', &ret->kind));
    TRY(cursor_until(c, '\t', &time));
    TRY(i64_parse(time, &ret->time_us));
    for (size_t i = 0; i < EVIDENCE_STATEMENT_CELLS; i++) {
        const bool last = i + 1 == EVIDENCE_STATEMENT_CELLS;
        TRY(cursor_until(c, last ? '\n' : '\t', &ret->cells[i]));
    }
    return OK;
}

/* They are of today, whenever the period was: a collector that wants it looks at time_us. */
Status evidence_statements(Evidence *evidence, Span lines)
{
    Cursor c = cursor_of(lines);
    for (size_t i = 0; c.rest.size > 0; i++) {
        EvidenceStatement statement = { 0 };
        REQUIRE(i < STATEMENTS_MAX && status_ok(take_statement(&c, &statement)),
                REFUSED_CSV_SYNTAX);
        EvidenceItem item = {
            .time_us = evidence->period.to_us - 1, .leaf = -1, .statement = &statement
        };
        show(evidence, &item);
    }
    return OK;
}

bool evidence_states(const EvidenceItem *item, const char *kind)
{
    return item->statement != NULL && span_equal(item->statement->kind, span_of_text(kind));
}

int64_t evidence_number(Span cell)
{
    int64_t number = 0;
    return status_ok(i64_parse(cell, &number)) ? number : 0;
}

static void add_line(void *context, EvidenceLine *line)
{
    Evidence *e = context;
    keep_line(e, line);
}

void evidence_end(Evidence *e)
{
    EvidenceCoverage *c = &e->coverage;
    const int64_t since_us =
            c->previous_us > e->period.from_us ? c->previous_us : e->period.from_us;
    if (c->previous_us > 0) note_gap(c, (EvidenceGap) { since_us, e->period.to_us, -1 });
    for (size_t i = 0; i < e->section_count; i++) {
        if (e->sections[i].finish != NULL) e->sections[i].finish(e, add_line, e);
    }
}

/* --- cells --- */

/* What a cell cannot hold is cut between two characters, and said. */
void evidence_cell_text(EvidenceLine *line, size_t column, Span text)
{
    ASSERT(column < EVIDENCE_COLUMNS_MAX);
    char *cell = line->cells[column];
    size_t size = text.size;
    if (size > EVIDENCE_CELL_BYTES_MAX) {
        size = EVIDENCE_CELL_BYTES_MAX - 3;
        while (size > 0 && (text.data[size] & 0xC0) == 0x80)
            size--;
    }
    if (size > 0) memcpy(cell, text.data, size);
    for (size_t i = 0; i < size; i++) {
        if ((uint8_t)cell[i] < 0x20 || cell[i] == 0x7F) cell[i] = ' ';
    }
    if (size < text.size) {
        memset(cell + size, '.', 3);
        size += 3;
    }
    cell[size] = 0;
}

void evidence_cell(EvidenceLine *line, size_t column, const char *format, ...)
{
    char text[2 * EVIDENCE_CELL_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    const size_t kept = size < 0 ? 0 : (size_t)size;
    const size_t most = sizeof(text) - 1;
    evidence_cell_text(line, column, (Span) { (const uint8_t *)text, kept < most ? kept : most });
}

bool evidence_begins_with(Span text, const char *head)
{
    const Span wanted = span_of_text(head);
    return text.size >= wanted.size && span_equal((Span) { text.data, wanted.size }, wanted);
}

void evidence_cell_masked(EvidenceLine *line, size_t column, Span place, Span name)
{
    const int place_size = (int)place.size;
    if (name.size < 4 || !span_is_plain_name(name, 64))
        evidence_cell(line, column, "%.*s/***", place_size, (const char *)place.data);
    else
        evidence_cell(line, column, "%.*s/%c***%c", place_size, (const char *)place.data,
                name.data[0], name.data[name.size - 1]);
}

void evidence_cell_actor(EvidenceLine *line, size_t column, Span actor)
{
    const Span payer = SPAN("payer");
    if (evidence_begins_with(actor, "payer/"))
        evidence_cell_masked(line, column, payer,
                (Span) { actor.data + payer.size + 1, actor.size - payer.size - 1 });
    else
        evidence_cell_text(line, column, actor);
}

void evidence_cell_time(EvidenceLine *line, size_t column, int64_t time_us)
{
    uint8_t memory[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(memory);
    if (!status_ok(time_format(time_us, &text)) || text.size < 16) {
        evidence_cell(line, column, "%lld us", (long long)time_us);
        return;
    }
    evidence_cell(line, column, "%.10s %.5s", (const char *)memory, (const char *)memory + 11);
}
