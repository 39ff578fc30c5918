#include "audit/trail_inside.h"

#include <stdio.h>
#include <stdlib.h>

/* --- open and close --- */

static Status copy_path(char ret_path[TRAIL_PATH_BYTES_MAX], const char *path)
{
    const size_t size = strlen(path);
    REQUIRE(size > 0 && size < TRAIL_PATH_BYTES_MAX, REFUSED_TRAIL_PATH);
    memcpy(ret_path, path, size + 1);
    return OK;
}

static int64_t end_of_file(const Trail *t)
{
    return t->block_count == 0 ? 0 : t->blocks[t->block_count - 1].summary.end_leaf;
}

int64_t trail_next_leaf(const Trail *t) { return t->tail.summary.end_leaf; }

Status trail_make_anew(Trail *t)
{
    trail_file_remove(t);
    t->made_anew++;
    t->recheck_next = 0;
    trail_block_begin(&t->tail, 0);
    const Status s = trail_file_open(t);
    if (!status_ok(s)) trail_file_remove(t);
    return s;
}

static Status take_hash(void *context, const AuditEntry *entry)
{
    MerkleHash *hash = context;
    if (entry->hash.size == sizeof(hash->bytes))
        memcpy(hash->bytes, entry->hash.data, sizeof(hash->bytes));
    return OK;
}

/* Is the file of this log? After a restore the log goes on from an earlier leaf. */
static Status check_anchor(Trail *t)
{
    bool found = false;
    MerkleHash indexed = { { 0 } };
    MerkleHash stored = { { 0 } };
    if (t->block_count == 0) return OK;
    TRY(trail_file_last_hash(t, t->block_count - 1, &indexed));
    TRY(audit_read_entry(t->log, end_of_file(t) - 1, take_hash, &stored, &found));
    REQUIRE(found && merkle_equal(&indexed, &stored), REFUSED_TRAIL_DAMAGED);
    return OK;
}

/* What only time can mend is passed up; every other trouble is the index's own. */
static bool is_ours(Status s)
{
    return status_is(s, REFUSED_TRAIL_DAMAGED) || status_is(s, FAULT_STORE)
            || status_is(s, FAULT_STORE_SCHEMA);
}

static Status open_index(Trail *t)
{
    Status s = trail_file_open(t);
    if (status_ok(s)) s = check_anchor(t);
    if (is_ours(s)) return trail_make_anew(t);
    TRY(s);
    trail_block_begin(&t->tail, end_of_file(t));
    return OK;
}

static Status open_parts(Trail *t)
{
    static const StoreSchema *const schemas[] = { &audit_schema };
    const StoreConfig config = { .path = t->database, .schemas = schemas, .schema_count = 1 };
    TRY(trail_block_open(&t->tail));
    TRY(trail_block_open(&t->loaded));
    TRY(trail_block_open(&t->one));
    TRY(store_open_readonly(&config, &t->log));
    return open_index(t);
}

Status trail_open(const TrailConfig *config, Trail **ret_trail)
{
    Trail *t = calloc(1, sizeof(*t));
    CHECK(t != NULL, FAULT_MEMORY);
    ASSERT(pthread_mutex_init(&t->lock, NULL) == 0);
    t->random = config->random;
    t->catch_up_ms = TRAIL_CATCH_UP_MS;
    Status s = copy_path(t->database, config->database);
    if (status_ok(s)) s = copy_path(t->path, config->index);
    if (status_ok(s)) s = open_parts(t);
    if (!status_ok(s)) {
        trail_close(t);
        return s;
    }
    *ret_trail = t;
    return OK;
}

void trail_close(Trail *t)
{
    if (t == NULL) return;
    if (t->index != NULL) store_close(t->index);
    if (t->log != NULL) store_close(t->log);
    trail_block_close(&t->tail);
    trail_block_close(&t->loaded);
    trail_block_close(&t->one);
    pthread_mutex_destroy(&t->lock);
    trail_file_forget(t);
    free(t->blocks);
    free(t);
}

/* --- catch up --- */

/* Every subtree that this leaf completed and that is large enough to be kept. */
static void note_nodes(Trail *t, const MerkleHash *leaf)
{
    MerkleHash made[MERKLE_LEVELS_MAX];
    const uint64_t index = t->tree.size;
    const size_t count = merkle_append_nodes(&t->tree, leaf, made);
    for (size_t level = TRAIL_NODE_LEVEL; level < count; level++) {
        ASSERT(t->node_count < TRAIL_NODES_MAX);
        t->nodes[t->node_count++] = (TrailNode) { (unsigned)level, index >> level, made[level] };
    }
}

typedef struct Filling {
    Trail *trail;
    bool full;
} Filling;

/* The walk ends, and the tail is written, when the next leaf does not fit. */
static Status take_leaf(void *context, const AuditEntry *entry)
{
    Filling *f = context;
    Trail *t = f->trail;
    const int64_t next = trail_next_leaf(t);
    f->full = !trail_block_has_room(&t->tail, entry->batch)
            || t->node_count + MERKLE_LEVELS_MAX > TRAIL_NODES_MAX;
    REQUIRE(!f->full, REFUSED_BATCH_FULL);
    if (entry->batch != next) trail_block_add_missing(&t->tail, next, entry->batch, entry->time_us);
    trail_block_add(&t->tail, t->key, entry);
    t->last_hash = (MerkleHash) { { 0 } };
    if (entry->hash.size != MERKLE_HASH_BYTES) return OK;
    memcpy(t->last_hash.bytes, entry->hash.data, MERKLE_HASH_BYTES);
    /* Behind a leaf that is not there the tree cannot be known. */
    if (t->tree.size == (uint64_t)entry->batch) note_nodes(t, &t->last_hash);
    return OK;
}

Status trail_catch_up(Trail *t, bool *ret_more)
{
    Filling filling = { .trail = t };
    if (t->index == NULL) TRY(trail_make_anew(t));
    const int64_t before = trail_next_leaf(t);
    const Status s = audit_some_entries(t->log, before, TRAIL_STEP_LEAVES, take_leaf, &filling);
    *ret_more = filling.full || trail_next_leaf(t) != before;
    if (!filling.full) return s;
    ASSERT(t->tail.summary.count > 0); /* an empty one takes any leaf */
    TRY(trail_file_write(t));
    trail_block_begin(&t->tail, trail_next_leaf(t));
    return OK;
}

Status trail_step(Trail *t, bool *ret_more)
{
    pthread_mutex_lock(&t->lock);
    const Status s = trail_catch_up(t, ret_more);
    pthread_mutex_unlock(&t->lock);
    return s;
}

Status trail_read(Trail *t, int64_t first, int64_t count_max, AuditEntryVisit visit, void *context)
{
    pthread_mutex_lock(&t->lock);
    const Status s = audit_some_entries(t->log, first, count_max, visit, context);
    pthread_mutex_unlock(&t->lock);
    return s;
}

/* --- compare --- */

typedef struct Remaking {
    Trail *trail;
    int64_t end;
} Remaking;

static Status take_again(void *context, const AuditEntry *entry)
{
    const Remaking *r = context;
    TrailBlock *block = &r->trail->one;
    const int64_t next = block->summary.end_leaf;
    if (entry->batch >= r->end || !trail_block_has_room(block, entry->batch)) return OK;
    if (entry->batch != next) trail_block_add_missing(block, next, entry->batch, entry->time_us);
    trail_block_add(block, r->trail->key, entry);
    return OK;
}

static bool same_columns(const TrailBlock *a, const TrailBlock *b)
{
    if (a->summary.count != b->summary.count) return false;
    if (!bytes_equal_ct(&a->filters, &b->filters, sizeof(a->filters))) return false;
    for (size_t i = 0; i < TRAIL_COLUMNS; i++) {
        const size_t size = a->summary.count * trail_column_width((TrailColumn)i);
        if (!bytes_equal_ct(a->columns[i], b->columns[i], size)) return false;
    }
    return true;
}

static Status recheck(Trail *t, TrailFinding *ret_finding, int64_t *ret_leaf)
{
    if (t->index == NULL || t->block_count == 0) return OK;
    t->recheck_next = t->recheck_next < t->block_count ? t->recheck_next : 0;
    const size_t number = t->recheck_next++;
    const TrailSummary summary = t->blocks[number].summary;
    Remaking remaking = { t, summary.end_leaf };
    *ret_leaf = summary.first_leaf;
    trail_block_begin(&t->one, summary.first_leaf);
    TRY(audit_some_entries(t->log, summary.first_leaf, summary.end_leaf - summary.first_leaf,
            take_again, &remaking));
    const bool gone = t->one.summary.end_leaf < summary.end_leaf; /* the last ones of it */
    if (gone || t->one.summary.unreadable > summary.unreadable) {
        *ret_finding = TRAIL_LOG_CHANGED;
        return OK;
    }
    const Status s = trail_file_read(t, number, (1u << TRAIL_COLUMNS) - 1, &t->loaded);
    if (status_ok(s) && same_columns(&t->one, &t->loaded)) return OK;
    *ret_finding = TRAIL_INDEX_DIFFERED;
    return trail_make_anew(t);
}

Status trail_recheck(Trail *t, TrailFinding *ret_finding, int64_t *ret_leaf)
{
    *ret_finding = TRAIL_AGREES;
    *ret_leaf = 0;
    pthread_mutex_lock(&t->lock);
    const Status s = recheck(t, ret_finding, ret_leaf);
    pthread_mutex_unlock(&t->lock);
    return s;
}

TrailState trail_state(Trail *t)
{
    pthread_mutex_lock(&t->lock);
    TrailState state = { .leaves = trail_next_leaf(t), .made_anew = t->made_anew };
    for (size_t i = 0; i <= t->block_count; i++) {
        const TrailSummary *s = i < t->block_count ? &t->blocks[i].summary : &t->tail.summary;
        state.entries += s->count;
        state.unreadable += s->unreadable;
    }
    pthread_mutex_unlock(&t->lock);
    return state;
}
