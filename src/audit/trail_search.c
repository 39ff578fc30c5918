#include "audit/trail_inside.h"

#include <time.h>

const char *trail_verdict_name(TrailVerdict verdict)
{
    switch (verdict) {
    case TRAIL_PROVEN: return "proven";
    case TRAIL_NOT_YET: return "not-yet-signed";
    case TRAIL_CHANGED: return "changed";
    case TRAIL_MISSING: return "missing";
    case TRAIL_NOT_PROVEN: return "not-proven";
    case TRAIL_NOT_INDEXED: return "being-indexed";
    }
    return "unknown";
}

/* --- candidates --- */

typedef struct Candidate {
    int64_t leaf;
    uint8_t ordinal;
    bool unreadable;
} Candidate;

typedef struct Search {
    Trail *trail;
    const TrailQuery *query;
    TrailMatch match;
    Candidate found[TRAIL_HITS_MAX + 1]; /* one more: whether there are others */
    uint32_t count;
} Search;

static Status read_query(const Trail *t, const TrailQuery *q, TrailMatch *m)
{
    *m = (TrailMatch) { .by_kind = q->by_kind,
        .categories = q->categories,
        .results = q->results,
        .from_us = q->from_us,
        .to_us = q->to_us == 0 ? INT64_MAX : q->to_us };
    REQUIRE(q->limit >= 1 && q->limit <= TRAIL_HITS_MAX, REFUSED_TRAIL_QUERY);
    REQUIRE(m->from_us >= 0 && m->from_us < m->to_us && q->below_leaf >= 0, REFUSED_TRAIL_QUERY);
    memcpy(m->kinds, q->kinds, sizeof(m->kinds));
    trail_match_texts(t->key, q->person, q->subject, m);
    trail_match_request(t->key, q->request, m);
    return OK;
}

static bool is_below(const TrailQuery *q, const TrailBlock *block, uint32_t entry)
{
    const int64_t leaf = trail_block_leaf(block, entry);
    if (q->below_leaf == 0 && q->below_ordinal == 0) return true;
    return leaf < q->below_leaf
            || (leaf == q->below_leaf && trail_block_ordinal(block, entry) < q->below_ordinal);
}

/* How many entries of the block are on this page or a later one: they ascend. */
static uint32_t entries_below(const TrailQuery *q, const TrailBlock *block)
{
    uint32_t low = 0;
    uint32_t high = block->summary.count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (is_below(q, block, middle))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void look_through(Search *s, const TrailBlock *block, uint32_t below)
{
    for (;;) {
        const int32_t at = trail_block_match(block, &s->match, below);
        if (at < 0 || s->count > s->query->limit) return;
        below = (uint32_t)at;
        s->found[s->count++] =
                (Candidate) { trail_block_leaf(block, below), trail_block_ordinal(block, below),
                    block->columns[TRAIL_RESULT][below] == TRAIL_UNREADABLE };
    }
}

/* First the columns that decide, then, only if something matches, those that say where it is. */
static Status look_into_file(Search *s, size_t number)
{
    enum { WHERE = 1u << TRAIL_LEAF | 1u << TRAIL_ORDINAL | 1u << TRAIL_RESULT };
    Trail *t = s->trail;
    const TrailSummary *summary = &t->blocks[number].summary;
    const TrailQuery *q = s->query;
    const bool first = q->below_leaf == 0 && q->below_ordinal == 0;
    if (!first && summary->first_leaf > q->below_leaf) return OK;
    if (!trail_block_may_match(summary, t->blocks[number].filters, &s->match)) return OK;
    TRY(trail_file_read(t, number, trail_match_columns(summary, &s->match), &t->loaded));
    if (trail_block_match(&t->loaded, &s->match, summary->count) < 0) return OK;
    TRY(trail_file_read(t, number, WHERE, &t->loaded));
    look_through(s, &t->loaded, entries_below(q, &t->loaded));
    return OK;
}

static Status find_candidates(Search *s)
{
    Trail *t = s->trail;
    if (trail_block_may_match(&t->tail.summary, &t->tail.filters, &s->match))
        look_through(s, &t->tail, entries_below(s->query, &t->tail));
    for (size_t i = t->block_count; i > 0 && s->count <= s->query->limit; i--)
        TRY(look_into_file(s, i - 1));
    return OK;
}

/* --- proofs --- */

static Status proof_node(void *context, unsigned level, uint64_t position, MerkleHash *ret_hash)
{
    Trail *t = context;
    if (level < TRAIL_NODE_LEVEL) return audit_subtree(t->log, level, position, ret_hash);
    for (size_t i = 0; i < t->node_count; i++) {
        if (t->nodes[i].level != level || t->nodes[i].position != position) continue;
        *ret_hash = t->nodes[i].hash;
        return OK;
    }
    return trail_file_node(t, level, position, ret_hash);
}

static bool leads_to(const TrailHit *hit, const AuditCheckpoint *checkpoint)
{
    return merkle_check_inclusion(
            &hit->hash, (uint64_t)hit->leaf, checkpoint->size, &hit->proof, &checkpoint->root);
}

/* Of one question. */
typedef struct Proofs {
    const AuditCheckpoint *checkpoint;
    int64_t leaves; /* that the database had when it was asked */
    bool log_differs; /* the leaves do not lead to the root, wherever one begins */
} Proofs;

static bool is_behind(const Trail *t, const Proofs *p)
{
    return p->checkpoint->size > t->tree.size && trail_next_leaf(t) < p->leaves;
}

/* Of every leaf under the checkpoint: alarms wait meanwhile, so once a question at most. */
static Status prove_by_leaves(Trail *t, Proofs *p, TrailHit *hit)
{
    hit->verdict = TRAIL_NOT_PROVEN;
    if (p->log_differs) return OK;
    const Status s =
            audit_prove_inclusion(t->log, (uint64_t)hit->leaf, p->checkpoint->size, &hit->proof);
    p->log_differs = status_is(s, REFUSED_AUDIT_ROOT_DIFFERS)
            || (status_ok(s) && !leads_to(hit, p->checkpoint));
    if (p->log_differs) return OK;
    TRY(s);
    return REFUSE(REFUSED_TRAIL_DAMAGED);
}

/* Subtree hashes of the index are a short way; when they lead elsewhere, the leaves themselves say
 * whether it is the index that is wrong, or the log. */
static Status prove(Trail *t, Proofs *p, TrailHit *hit)
{
    const MerkleNodes nodes = { proof_node, t };
    const AuditCheckpoint *checkpoint = p->checkpoint;
    const uint64_t index = (uint64_t)hit->leaf;
    hit->verdict = TRAIL_NOT_YET;
    if (checkpoint == NULL || index >= checkpoint->size) return OK;
    hit->verdict = TRAIL_NOT_INDEXED;
    if (is_behind(t, p)) return OK;
    if (checkpoint->size <= t->tree.size) {
        const Status s = merkle_prove_inclusion(&nodes, index, checkpoint->size, &hit->proof);
        hit->verdict = TRAIL_PROVEN;
        if (status_ok(s) && leads_to(hit, checkpoint)) return OK;
        if (status_broken(s)) return s;
    }
    return prove_by_leaves(t, p, hit);
}

/* --- leaves --- */

typedef struct Showing {
    Trail *trail;
    Proofs *proofs;
    const TrailMatch *match; /* NULL: the leaf was asked for by its number */
    const Candidate *candidate;
    TrailVisit visit;
    void *context;
} Showing;

static Status event_at(Span events, uint8_t ordinal, AuditEvent *ret_event)
{
    AuditEvents list;
    bool more = true;
    TRY(audit_events_begin(events, &list));
    for (unsigned i = 0; i <= ordinal; i++) {
        TRY(audit_events_next(&list, ret_event, &more));
        REQUIRE(more, REFUSED_TRAIL_DAMAGED);
    }
    return OK;
}

/* The index must say of the event what the leaf says. */
static Status check_candidate(const Showing *s, const TrailHit *hit)
{
    TrailBlock *one = &s->trail->one;
    trail_block_begin(one, hit->leaf);
    trail_block_add_event(one, s->trail->key, hit->time_us, &hit->event);
    REQUIRE(trail_block_match(one, s->match, 1) == 0, REFUSED_TRAIL_DAMAGED);
    return OK;
}

static Status show_changed(const Showing *s, TrailHit *hit)
{
    hit->verdict = TRAIL_CHANGED;
    return s->visit(s->context, hit);
}

static Status show_leaf(void *context, const AuditEntry *entry)
{
    const Showing *s = context;
    AuditLeaf leaf;
    TrailHit hit = { .leaf = entry->batch, .time_us = entry->time_us, .bytes = entry->leaf };
    merkle_leaf(entry->leaf, &hit.hash);
    if (!trail_leaf_is_whole(entry)) return show_changed(s, &hit);
    TRY(audit_leaf_parse(entry->leaf, &leaf));
    hit.time_us = leaf.time_us;
    if (s->candidate != NULL) {
        hit.ordinal = s->candidate->ordinal;
        REQUIRE(!s->candidate->unreadable, REFUSED_TRAIL_DAMAGED);
        TRY(event_at(leaf.events, hit.ordinal, &hit.event));
        TRY(check_candidate(s, &hit));
    }
    TRY(prove(s->trail, s->proofs, &hit));
    return s->visit(s->context, &hit);
}

static Status show_missing(const Showing *s, int64_t leaf)
{
    const TrailHit hit = { .leaf = leaf, .verdict = TRAIL_MISSING };
    return s->visit(s->context, &hit);
}

typedef struct Filter {
    const TrailQuery *query;
    TrailVisit visit;
    void *context;
    TrailFound *found;
} Filter;

/* Marks are only 32 bits of what was asked for. */
static bool is_meant(const TrailQuery *q, const AuditEvent *event)
{
    if (q->request.size > 0 && !span_equal(q->request, SPAN_OF(event->nonce))) return false;
    return trail_texts_match(q->person, q->subject, event);
}

static Status pass_meant(void *context, const TrailHit *hit)
{
    const Filter *f = context;
    const bool readable = hit->verdict != TRAIL_CHANGED && hit->verdict != TRAIL_MISSING;
    f->found->last_leaf = hit->leaf;
    f->found->last_ordinal = hit->ordinal;
    if (readable && !is_meant(f->query, &hit->event)) return OK;
    f->found->hits++;
    return f->visit(f->context, hit);
}

static Status show_candidates(const Search *s, Filter *filter)
{
    Trail *t = s->trail;
    Proofs proofs = { s->query->checkpoint, filter->found->leaves, false };
    for (uint32_t i = 0; i < s->count && i < s->query->limit; i++) {
        const Candidate *c = &s->found[i];
        Showing showing = { t, &proofs, &s->match, c, pass_meant, filter };
        bool found = false;
        TRY(audit_read_entry(t->log, c->leaf, show_leaf, &showing, &found));
        if (!found) TRY(show_missing(&showing, c->leaf));
    }
    return OK;
}

/* --- the question --- */

static int64_t monotonic_ms(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static Status catch_up(Trail *t)
{
    const int64_t until = monotonic_ms() + t->catch_up_ms;
    bool more = true;
    while (more && monotonic_ms() < until)
        TRY(trail_catch_up(t, &more));
    return OK;
}

static Status search(Trail *t, const TrailQuery *query, Filter *filter)
{
    Search s = { .trail = t, .query = query };
    TRY(audit_batches(NULL, t->log, &filter->found->leaves));
    TRY(catch_up(t));
    TRY(read_query(t, query, &s.match));
    TRY(find_candidates(&s));
    TRY(show_candidates(&s, filter));
    filter->found->more = s.count > query->limit;
    filter->found->complete_to = trail_next_leaf(t);
    return OK;
}

static Status mend(Trail *t, Status s)
{
    if (!status_is(s, REFUSED_TRAIL_DAMAGED)) return s;
    TRY(trail_make_anew(t));
    return s;
}

Status trail_search(
        Trail *t, const TrailQuery *query, TrailVisit visit, void *context, TrailFound *ret_found)
{
    TrailFound found = { 0 };
    Filter filter = { query, visit, context, &found };
    pthread_mutex_lock(&t->lock);
    const Status s = mend(t, search(t, query, &filter));
    pthread_mutex_unlock(&t->lock);
    if (status_ok(s)) *ret_found = found;
    return s;
}

static Status prove_leaf(
        Trail *t, int64_t leaf, const AuditCheckpoint *checkpoint, TrailVisit visit, void *context)
{
    Proofs proofs = { .checkpoint = checkpoint };
    Showing showing = { t, &proofs, NULL, NULL, visit, context };
    bool found = false;
    TRY(audit_batches(NULL, t->log, &proofs.leaves));
    TRY(catch_up(t));
    TRY(audit_read_entry(t->log, leaf, show_leaf, &showing, &found));
    REQUIRE(found, REFUSED_TRAIL_LEAF);
    return OK;
}

Status trail_prove(
        Trail *t, int64_t leaf, const AuditCheckpoint *checkpoint, TrailVisit visit, void *context)
{
    pthread_mutex_lock(&t->lock);
    const Status s = mend(t, prove_leaf(t, leaf, checkpoint, visit, context));
    pthread_mutex_unlock(&t->lock);
    return s;
}
