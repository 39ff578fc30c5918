#include "audit/trail_block.h"

#include <stdlib.h>

static const uint8_t widths[TRAIL_COLUMNS] = {
    [TRAIL_ACTOR] = TRAIL_MARK_BYTES,
    [TRAIL_PERSON] = TRAIL_MARK_BYTES,
    [TRAIL_SECOND] = TRAIL_MARK_BYTES,
    [TRAIL_SUBJECT] = TRAIL_MARK_BYTES,
    [TRAIL_OBJECT] = TRAIL_MARK_BYTES,
    [TRAIL_REQUEST] = TRAIL_MARK_BYTES,
    [TRAIL_TIME] = 8,
    [TRAIL_LEAF] = 4,
    [TRAIL_ORDINAL] = 1,
    [TRAIL_KIND] = 1,
    [TRAIL_CATEGORY] = 1,
    [TRAIL_RESULT] = 1,
};

size_t trail_column_width(TrailColumn column) { return widths[column]; }

Status trail_block_open(TrailBlock *ret_block)
{
    size_t size = 0;
    for (size_t i = 0; i < TRAIL_COLUMNS; i++)
        size += widths[i];
    uint8_t *memory = calloc(TRAIL_BLOCK_ENTRIES, size);
    CHECK(memory != NULL, FAULT_MEMORY);
    *ret_block = (TrailBlock) { .memory = memory };
    for (size_t i = 0; i < TRAIL_COLUMNS; i++) {
        ret_block->columns[i] = memory;
        memory += (size_t)TRAIL_BLOCK_ENTRIES * widths[i];
    }
    return OK;
}

void trail_block_close(TrailBlock *block)
{
    free(block->memory);
    *block = (TrailBlock) { 0 };
}

void trail_block_begin(TrailBlock *block, int64_t first_leaf)
{
    block->filters = (TrailFilters) { 0 };
    block->summary = (TrailSummary) { .first_leaf = first_leaf,
        .end_leaf = first_leaf,
        .time_min = INT64_MAX,
        .time_max = INT64_MIN };
}

bool trail_block_has_room(const TrailBlock *block, int64_t leaf)
{
    const TrailSummary *s = &block->summary;
    return s->count + AUDIT_EVENTS_MAX + 1 <= TRAIL_BLOCK_ENTRIES
            && leaf - s->first_leaf <= UINT32_MAX;
}

/* --- marks --- */

void trail_mark(const uint8_t key[TRAIL_KEY_BYTES], Span text, TrailMark *ret_mark)
{
    uint32_t mark = 0;
    uint8_t digest[DIGEST_SHA256_BYTES];
    const Span parts[] = { { key, TRAIL_KEY_BYTES }, text };
    digest_parts(DIGEST_SHA256, parts, 2, digest);
    memcpy(ret_mark->bytes, digest, TRAIL_MARK_BYTES);
    memcpy(&mark, digest, sizeof(mark));
    if (mark == 0) ret_mark->bytes[0] = 1;
}

Span trail_name(Span text)
{
    Cursor c = cursor_of(text);
    Span before = { 0 };
    return status_ok(cursor_until(&c, '/', &before)) && c.rest.size > 0 ? c.rest : text;
}

static bool skip_word(Cursor *c, Span word)
{
    Span head = { 0 };
    Cursor at = *c;
    if (!status_ok(cursor_take(&at, word.size, &head)) || !span_equal(head, word)) return false;
    *c = at;
    return true;
}

/* Two people who act together are "operator/a, operator/b", or the second stands at the head of the
 * detail: "with operator/b; why". In the middle of it ("event 7; with operator/b") it follows the
 * first "; ". */
TrailPeople trail_people(const AuditEvent *event)
{
    TrailPeople people = { .actor = event->actor };
    Cursor c = cursor_of(event->actor);
    Span first = { 0 };
    if (status_ok(cursor_until(&c, ',', &first)) && skip_word(&c, SPAN(" operator/"))) {
        people.actor = first;
        people.second = c.rest;
        return people;
    }
    c = cursor_of(event->detail);
    if (!skip_word(&c, SPAN("with operator/"))) {
        if (!status_ok(cursor_until(&c, ';', &first))) return people;
        if (!skip_word(&c, SPAN(" with operator/"))) return people;
    }
    people.second = c.rest;
    if (status_ok(cursor_until(&c, ';', &first))) people.second = first;
    return people;
}

/* --- filling --- */

static void put_mark(TrailBlock *block, TrailColumn column, const TrailMark *mark)
{
    memcpy(block->columns[column] + (size_t)block->summary.count * TRAIL_MARK_BYTES, mark->bytes,
            TRAIL_MARK_BYTES);
}

static void put_number(TrailBlock *block, TrailColumn column, uint64_t number)
{
    const size_t width = widths[column];
    uint8_t *at = block->columns[column] + (size_t)block->summary.count * width;
    for (size_t i = width; i > 0; i--, number >>= 8)
        at[i - 1] = (uint8_t)number;
}

typedef struct Adding {
    TrailBlock *block;
    const uint8_t *key;
    int64_t leaf;
    int64_t time_us;
    uint8_t ordinal;
} Adding;

static void put_facts(const Adding *a, uint8_t kind, AuditCategory category, TrailResult result)
{
    TrailSummary *s = &a->block->summary;
    put_number(a->block, TRAIL_TIME, (uint64_t)a->time_us);
    put_number(a->block, TRAIL_LEAF, (uint64_t)(a->leaf - s->first_leaf));
    put_number(a->block, TRAIL_ORDINAL, a->ordinal);
    put_number(a->block, TRAIL_KIND, kind);
    put_number(a->block, TRAIL_CATEGORY, category);
    put_number(a->block, TRAIL_RESULT, result);
    if (a->time_us < s->time_min) s->time_min = a->time_us;
    if (a->time_us > s->time_max) s->time_max = a->time_us;
    s->kinds[kind / 8] |= (uint8_t)(1u << kind % 8);
    s->categories |= 1u << category;
    s->unreadable += result == TRAIL_UNREADABLE ? 1 : 0;
    s->count++;
}

static size_t filter_bit(const TrailMark *mark)
{
    return (size_t)mark->bytes[0] << 8 | mark->bytes[1];
}

static void set_bit(uint8_t *filter, const TrailMark *mark)
{
    const size_t bit = filter_bit(mark);
    filter[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static bool has_bit(const uint8_t *filter, const TrailMark *mark)
{
    const size_t bit = filter_bit(mark);
    return (filter[bit / 8] >> bit % 8 & 1) == 1;
}

/* A text that is its own name has one mark, made once. */
static void mark_both(const uint8_t *key, Span text, TrailMark *ret_whole, TrailMark *ret_name)
{
    const Span name = trail_name(text);
    if (text.size == 0) return;
    trail_mark(key, text, ret_whole);
    *ret_name = *ret_whole;
    if (name.size != text.size) trail_mark(key, name, ret_name);
}

static TrailResult result_of(int32_t outcome)
{
    if (outcome == 0) return TRAIL_DONE;
    return outcome > 0 ? TRAIL_REFUSED : TRAIL_BROKEN;
}

static void put_event(const Adding *a, const AuditEvent *event)
{
    static const uint8_t no_nonce[AUDIT_NONCE_BYTES];
    TrailMark marks[TRAIL_REQUEST + 1] = { 0 };
    TrailBlock *block = a->block;
    const TrailPeople people = trail_people(event);
    mark_both(a->key, people.actor, &marks[TRAIL_ACTOR], &marks[TRAIL_PERSON]);
    mark_both(a->key, event->subject, &marks[TRAIL_SUBJECT], &marks[TRAIL_OBJECT]);
    if (!span_equal(SPAN_OF(event->nonce), SPAN_OF(no_nonce)))
        trail_mark(a->key, SPAN_OF(event->nonce), &marks[TRAIL_REQUEST]);
    if (people.second.size > 0) {
        trail_mark(a->key, people.second, &marks[TRAIL_SECOND]);
        set_bit(block->filters.persons, &marks[TRAIL_SECOND]);
        block->summary.seconds++;
    }
    set_bit(block->filters.persons, &marks[TRAIL_PERSON]);
    set_bit(block->filters.objects, &marks[TRAIL_OBJECT]);
    for (int column = TRAIL_ACTOR; column <= TRAIL_REQUEST; column++)
        put_mark(block, (TrailColumn)column, &marks[column]);
    const uint8_t kind = (uint32_t)event->kind < AUDIT_KINDS_MAX ? (uint8_t)event->kind : 0;
    put_facts(a, kind, audit_category(event), result_of(event->outcome));
}

static void put_unreadable(const Adding *a)
{
    const TrailMark none = { { 0 } };
    for (int column = TRAIL_ACTOR; column <= TRAIL_REQUEST; column++)
        put_mark(a->block, (TrailColumn)column, &none);
    put_facts(a, 0, AUDIT_CATEGORY_ILLEGAL, TRAIL_UNREADABLE);
}

static Status take_events(Adding *a, Span events)
{
    AuditEvents list;
    AuditEvent event;
    bool more = true;
    TRY(audit_events_begin(events, &list));
    for (;; a->ordinal++) {
        TRY(audit_events_next(&list, &event, &more));
        if (!more) return OK;
        put_event(a, &event);
    }
}

bool trail_leaf_is_whole(const AuditEntry *entry)
{
    MerkleHash hash;
    AuditLeaf leaf;
    merkle_leaf(entry->leaf, &hash);
    return span_equal(SPAN_OF(hash.bytes), entry->hash)
            && status_ok(audit_leaf_parse(entry->leaf, &leaf)) && leaf.batch == entry->batch;
}

void trail_block_add(TrailBlock *block, const uint8_t key[TRAIL_KEY_BYTES], const AuditEntry *entry)
{
    AuditLeaf leaf = { 0 };
    Adding a = { block, key, entry->batch, entry->time_us, 0 };
    ASSERT(block->summary.count + AUDIT_EVENTS_MAX <= TRAIL_BLOCK_ENTRIES);
    const TrailSummary before = block->summary; /* a filter may keep a bit too many */
    bool whole = trail_leaf_is_whole(entry);
    if (whole) {
        IGNORE(audit_leaf_parse(entry->leaf, &leaf), "it parsed just now");
        a.time_us = leaf.time_us;
        whole = status_ok(take_events(&a, leaf.events));
    }
    if (!whole) {
        block->summary = before;
        a.ordinal = 0;
        put_unreadable(&a);
    }
    block->summary.end_leaf = entry->batch + 1;
}

void trail_block_add_event(TrailBlock *block, const uint8_t key[TRAIL_KEY_BYTES], int64_t time_us,
        const AuditEvent *event)
{
    const Adding a = { block, key, block->summary.first_leaf, time_us, 0 };
    put_event(&a, event);
}

void trail_block_add_missing(TrailBlock *block, int64_t first, int64_t end, int64_t time_us)
{
    const Adding a = { block, NULL, first, time_us, 0 };
    ASSERT(trail_block_has_room(block, end));
    put_unreadable(&a);
    block->summary.end_leaf = end;
}

/* --- questions --- */

static bool is_whole(Span text)
{
    return text.size > 0 && memchr(text.data, '/', text.size) != NULL;
}

/* Whose name may stand second in an event: an operator's, or any when no role was said. */
static bool may_stand_second(Span person)
{
    const Span role = SPAN("operator/");
    return !is_whole(person)
            || (person.size > role.size && span_equal((Span) { person.data, role.size }, role));
}

void trail_match_texts(const uint8_t key[TRAIL_KEY_BYTES], Span person, Span subject, TrailMatch *m)
{
    m->by_person = person.size > 0;
    m->by_second = m->by_person && may_stand_second(person);
    m->by_subject = subject.size > 0;
    m->person_column = is_whole(person) ? TRAIL_ACTOR : TRAIL_PERSON;
    m->subject_column = is_whole(subject) ? TRAIL_SUBJECT : TRAIL_OBJECT;
    mark_both(key, person, &m->person, &m->name);
    mark_both(key, subject, &m->subject, &m->object);
}

void trail_match_request(const uint8_t key[TRAIL_KEY_BYTES], Span digest, TrailMatch *m)
{
    m->by_request = digest.size > 0;
    if (m->by_request) trail_mark(key, digest, &m->request);
}

static bool text_is(Span asked, Span text)
{
    return span_equal(asked, is_whole(asked) ? text : trail_name(text));
}

bool trail_texts_match(Span person, Span subject, const AuditEvent *event)
{
    const TrailPeople people = trail_people(event);
    const bool second = people.second.size > 0 && may_stand_second(person)
            && span_equal(trail_name(person), people.second);
    if (person.size > 0 && !second && !text_is(person, people.actor)) return false;
    return subject.size == 0 || text_is(subject, event->subject);
}

static bool kinds_meet(const uint8_t *a, const uint8_t *b)
{
    for (size_t i = 0; i < TRAIL_KINDS_BYTES; i++)
        if ((a[i] & b[i]) != 0) return true;
    return false;
}

bool trail_block_may_match(const TrailSummary *s, const TrailFilters *f, const TrailMatch *m)
{
    if (s->count == 0 || s->time_max < m->from_us || s->time_min >= m->to_us) return false;
    if (s->unreadable > 0) return true;
    if (m->by_person && !has_bit(f->persons, &m->name)) return false;
    if (m->by_subject && !has_bit(f->objects, &m->object)) return false;
    if (m->by_kind && !kinds_meet(s->kinds, m->kinds)) return false;
    return m->categories == 0 || (s->categories & m->categories) != 0;
}

uint32_t trail_match_columns(const TrailSummary *s, const TrailMatch *m)
{
    uint32_t columns = 0;
    const bool cut = s->time_min < m->from_us || s->time_max >= m->to_us;
    if (m->by_person) columns |= 1u << m->person_column;
    if (m->by_second && s->seconds > 0) columns |= 1u << TRAIL_SECOND;
    if (m->by_subject) columns |= 1u << m->subject_column;
    if (m->by_request) columns |= 1u << TRAIL_REQUEST;
    if (cut) columns |= 1u << TRAIL_TIME;
    if (m->by_kind) columns |= 1u << TRAIL_KIND;
    if (m->categories != 0) columns |= 1u << TRAIL_CATEGORY;
    if (m->results != 0 || s->unreadable > 0) columns |= 1u << TRAIL_RESULT;
    return columns;
}

static bool mark_is(const TrailBlock *block, TrailColumn column, uint32_t i, const TrailMark *mark)
{
    uint32_t here = 0;
    uint32_t wanted = 0;
    memcpy(&here, block->columns[column] + (size_t)i * TRAIL_MARK_BYTES, sizeof(here));
    memcpy(&wanted, mark->bytes, sizeof(wanted));
    return here == wanted;
}

static int64_t time_of(const TrailBlock *block, uint32_t i)
{
    uint64_t time = 0;
    for (size_t k = 0; k < 8; k++)
        time = time << 8 | block->columns[TRAIL_TIME][(size_t)i * 8 + k];
    return (int64_t)time;
}

static bool is_person(const TrailBlock *b, const TrailMatch *m, uint32_t i)
{
    if (mark_is(b, m->person_column, i, &m->person)) return true;
    return m->by_second && b->summary.seconds > 0 && mark_is(b, TRAIL_SECOND, i, &m->name);
}

static bool is_asked_for(const TrailBlock *b, const TrailMatch *m, uint32_t i)
{
    if (m->by_person && !is_person(b, m, i)) return false;
    if (m->by_subject && !mark_is(b, m->subject_column, i, &m->subject)) return false;
    if (m->by_request && !mark_is(b, TRAIL_REQUEST, i, &m->request)) return false;
    const uint8_t kind = b->columns[TRAIL_KIND][i];
    if (m->by_kind && (m->kinds[kind / 8] >> kind % 8 & 1) == 0) return false;
    if (m->categories != 0 && (m->categories >> b->columns[TRAIL_CATEGORY][i] & 1) == 0)
        return false;
    return m->results == 0 || (m->results >> b->columns[TRAIL_RESULT][i] & 1) == 1;
}

int32_t trail_block_match(const TrailBlock *block, const TrailMatch *m, uint32_t below)
{
    const TrailSummary *s = &block->summary;
    const bool cut = s->time_min < m->from_us || s->time_max >= m->to_us;
    const uint32_t end = below < s->count ? below : s->count;
    for (uint32_t i = end; i > 0; i--) {
        const bool unreadable =
                s->unreadable > 0 && block->columns[TRAIL_RESULT][i - 1] == TRAIL_UNREADABLE;
        if (!unreadable && !is_asked_for(block, m, i - 1)) continue;
        if (!cut) return (int32_t)i - 1;
        const int64_t time_us = time_of(block, i - 1);
        if (time_us >= m->from_us && time_us < m->to_us) return (int32_t)i - 1;
    }
    return -1;
}

int64_t trail_block_leaf(const TrailBlock *block, uint32_t entry)
{
    uint32_t offset = 0;
    for (size_t k = 0; k < 4; k++)
        offset = offset << 8 | block->columns[TRAIL_LEAF][(size_t)entry * 4 + k];
    return block->summary.first_leaf + offset;
}

uint8_t trail_block_ordinal(const TrailBlock *block, uint32_t entry)
{
    return block->columns[TRAIL_ORDINAL][entry];
}
