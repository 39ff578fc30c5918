#include "audit/verify_inside.h"

#include <stdlib.h>

/* --- checkpoints --- */

/* A good checkpoint of our origin becomes a mark that the tree must pass through. */
static Status add_mark(Verify *v, const AuditCheckpoint *checkpoint)
{
    v->report.checkpoints++;
    /* After an accepted restore the origin is another, and what was signed before is history. */
    if (!span_equal(span_of_text(v->origin), span_of_text(checkpoint->origin))) return OK;
    for (size_t i = 0; i < v->mark_count; i++) {
        const Mark *mark = &v->marks[i];
        if (mark->size != checkpoint->size) continue;
        if (!merkle_equal(&mark->root, &checkpoint->root))
            verify_found_print(v, FINDING_CHECKPOINT_SPLIT, "", -1, "size %llu",
                    (unsigned long long)mark->size);
        return OK;
    }
    TRY(verify_grow((void **)&v->marks, sizeof(Mark), v->mark_count + 1, &v->mark_capacity));
    v->marks[v->mark_count++] = (Mark) { checkpoint->size, checkpoint->root, false };
    if (checkpoint->size > v->report.signed_leaves) {
        v->report.signed_leaves = checkpoint->size;
        v->report.signed_root = checkpoint->root;
    }
    return OK;
}

/* *ret_good is false when the place has no checkpoint to believe. */
static Status newest_of(Verify *v, const char *dir, AuditCheckpoint *ret, bool *ret_good)
{
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    const Status read = audit_checkpoint_newest(dir, &note);
    *ret_good = false;
    if (status_is(read, REFUSED_BYTES_TRUNCATED)) {
        verify_found(v, FINDING_CHECKPOINT_MISSING, "", dir, -1);
        return OK;
    }
    if (status_broken(read)) return read;
    const Status s = status_ok(read)
            ? audit_checkpoint_verify(span_of_buffer(&note), v->config->keys, ret)
            : read;
    if (status_broken(s)) return s;
    *ret_good = status_ok(s);
    if (!*ret_good) verify_found(v, FINDING_CHECKPOINT_INVALID, "", dir, -1);
    return OK;
}

static Status add_history(void *context, const char *name, Span note)
{
    Verify *v = context;
    AuditCheckpoint checkpoint;
    const Status s = audit_checkpoint_verify(note, v->config->keys, &checkpoint);
    if (status_broken(s)) return s;
    if (status_ok(s)) return add_mark(v, &checkpoint);
    verify_found(v, FINDING_CHECKPOINT_INVALID, "", name, -1);
    return OK;
}

Status verify_marks(Verify *v)
{
    const char *const dirs[] = { v->config->dir, v->config->second };
    AuditCheckpoint newest[2];
    bool good[2] = { false, false };
    for (size_t i = 0; i < 2; i++) {
        if (dirs[i] != NULL) TRY(newest_of(v, dirs[i], &newest[i], &good[i]));
    }
    if (!good[0] && !good[1]) return OK;
    memcpy(v->origin, newest[good[0] ? 0 : 1].origin, sizeof(v->origin));
    const bool split = good[0] && good[1]
            && !span_equal(span_of_text(newest[0].origin), span_of_text(newest[1].origin));
    if (split) verify_found(v, FINDING_CHECKPOINT_SPLIT, "", newest[1].origin, -1);
    for (size_t i = 0; i < 2; i++) {
        if (!good[i]) continue;
        TRY(add_mark(v, &newest[i]));
        TRY(audit_checkpoint_each(dirs[i], add_history, v));
    }
    return OK;
}

static int compare_marks(const void *a, const void *b)
{
    const Mark *x = a;
    const Mark *y = b;
    return x->size < y->size ? -1 : x->size > y->size;
}

/* The tree has grown to a size that may have been signed. */
static void pass_mark(Verify *v, size_t *next)
{
    while (*next < v->mark_count && v->marks[*next].size < v->tree.size)
        (*next)++;
    if (*next >= v->mark_count || v->marks[*next].size != v->tree.size) return;
    Mark *mark = &v->marks[*next];
    MerkleHash root;
    merkle_root(&v->tree, &root);
    mark->seen = true;
    if (!merkle_equal(&root, &mark->root))
        verify_found_print(v, FINDING_LOG_DIFFERS, "", (int64_t)mark->size - 1, "size %llu",
                (unsigned long long)mark->size);
}

/* --- leaves --- */

typedef struct LogWalk {
    Verify *v;
    size_t next_mark;
} LogWalk;

static Status count_entries(Verify *v, const AuditLeaf *leaf)
{
    for (uint32_t i = 0; i < leaf->row_count; i++) {
        const AuditLeafRow row = audit_leaf_row(leaf, i);
        /* One revision a batch at most, so none can be beyond the number of batches. */
        REQUIRE(row.revision >= 1 && row.revision <= v->leaf_count + 1, REFUSED_AUDIT_LEAF_FORMAT);
        Tally *tally = NULL;
        TRY(verify_tally(v, row.table, row.revision, &tally));
        tally->written[row.revision]++;
    }
    return OK;
}

/* A leaf's place in the count of entries; `entries` 0 for one that is missing or unreadable. */
static Status push_leaf(Verify *v, uint64_t entries)
{
    TRY(verify_grow(
            (void **)&v->first_entry, sizeof(uint64_t), v->leaf_count + 2, &v->leaf_capacity));
    v->first_entry[v->leaf_count + 1] = v->first_entry[v->leaf_count] + entries;
    v->leaf_count++;
    return OK;
}

static Status fill_gap(Verify *v, int64_t until)
{
    while ((int64_t)v->leaf_count < until) {
        v->tree_broken = true;
        verify_found(v, FINDING_LEAF_MISSING, "", "", (int64_t)v->leaf_count);
        TRY(push_leaf(v, 0));
    }
    return OK;
}

static Status check_leaf(
        Verify *v, const AuditEntry *entry, AuditLeaf *ret_leaf, uint64_t *ret_entries)
{
    AuditLeaf leaf;
    TRY(audit_leaf_parse(entry->leaf, &leaf));
    REQUIRE(leaf.batch == entry->batch && leaf.time_us == entry->time_us,
            REFUSED_AUDIT_LEAF_FORMAT);
    REQUIRE(entry->salt.size == AUDIT_SALT_BYTES, REFUSED_AUDIT_LEAF_FORMAT);
    TRY(count_entries(v, &leaf));
    *ret_entries = leaf.row_count;
    *ret_leaf = leaf;
    return OK;
}

static Status walk_leaf(void *context, const AuditEntry *entry)
{
    LogWalk *walk = context;
    Verify *v = walk->v;
    const bool ours = entry->batch >= (int64_t)v->leaf_count
            && entry->batch - (int64_t)v->leaf_count <= VERIFY_GAP_MAX;
    if (!ours) {
        v->tree_broken = true;
        verify_found(v, FINDING_LEAF_CHANGED, "", "number", entry->batch);
        return OK;
    }
    TRY(fill_gap(v, entry->batch));
    MerkleHash hash;
    uint64_t entries = 0;
    AuditLeaf leaf = { 0 };
    merkle_leaf(entry->leaf, &hash);
    const bool stored = span_equal(entry->hash, SPAN_OF(hash.bytes));
    const Status s = check_leaf(v, entry, &leaf, &entries);
    if (status_broken(s)) return s;
    const bool good = stored && status_ok(s);
    if (!good) verify_found(v, FINDING_LEAF_CHANGED, "", "", entry->batch);
    const bool is_signed = (uint64_t)entry->batch < v->report.signed_leaves;
    if (good && is_signed && v->config->leaf != NULL) v->config->leaf(v->config->context, &leaf);
    TRY(push_leaf(v, entries));
    if (v->tree_broken) return OK;
    merkle_append(&v->tree, &hash); /* what the leaf is, not what the database says it was */
    pass_mark(v, &walk->next_mark);
    return OK;
}

Status verify_log(Verify *v)
{
    if (v->mark_count > 1) qsort(v->marks, v->mark_count, sizeof(Mark), compare_marks);
    LogWalk walk = { v, 0 };
    TRY(verify_grow((void **)&v->first_entry, sizeof(uint64_t), 1, &v->leaf_capacity));
    pass_mark(v, &walk.next_mark); /* an empty log may be signed too */
    TRY(audit_each_entry(v->store, INT64_MIN, walk_leaf, &walk));
    for (size_t i = 0; i < v->mark_count; i++) {
        const Mark *mark = &v->marks[i];
        if (mark->seen) continue;
        const bool shorter = mark->size > v->leaf_count;
        verify_found_print(v, shorter ? FINDING_LOG_TRUNCATED : FINDING_LOG_DIFFERS, "",
                (int64_t)v->leaf_count, "size %llu", (unsigned long long)mark->size);
    }
    v->report.leaves = v->leaf_count;
    merkle_root(&v->tree, &v->report.root);
    v->used = calloc(v->first_entry[v->leaf_count] / 8 + 1, 1);
    CHECK(v->used != NULL, FAULT_MEMORY);
    return OK;
}
