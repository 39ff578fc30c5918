#include "audit/log.h"

static const Migration migrations[] = {
    { 1,
            "CREATE TABLE audit_leaf("
            "batch BIGINT PRIMARY KEY NOT NULL, time_us BIGINT NOT NULL, salt BYTEA NOT NULL,"
            "hash BYTEA NOT NULL, leaf BYTEA NOT NULL)" },
};
/* `hash` stands before `leaf`: walking the hashes then reads no overflow page. */
const StoreSchema audit_schema = { "audit", migrations, 1, NULL, 0 };

Status audit_append(void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed)
{
    const Value leaf[] = { VALUE_OF_INT(draft->batch), VALUE_OF_INT(draft->time_us),
        VALUE_OF_BYTES(SPAN_OF(sealed->salt)), VALUE_OF_BYTES(sealed->leaf),
        VALUE_OF_BYTES(SPAN_OF(sealed->leaf_hash)) };
    return store_execute(store,
            "INSERT INTO audit_leaf(batch, time_us, salt, leaf, hash) VALUES(?1, ?2, ?3, ?4, ?5)",
            leaf, 5);
}

static Status take_int(void *context, const Value *values, size_t count)
{
    *(int64_t *)context = values[0].type == VALUE_INT ? values[0].integer : -1;
    return OK;
}

Status audit_batches(void *context, Store *store, int64_t *ret_batches)
{
    int64_t last = -1;
    TRY(store_query(store, "SELECT max(batch) FROM audit_leaf", NULL, 0, take_int, &last));
    *ret_batches = last + 1;
    return OK;
}

typedef struct HashWalk {
    AuditHashVisit visit;
    void *context;
} HashWalk;

static Status walk_hash(void *context, const Value *values, size_t count)
{
    const HashWalk *walk = context;
    REQUIRE(values[0].type == VALUE_BYTES && values[0].bytes.size == MERKLE_HASH_BYTES,
            REFUSED_AUDIT_LEAF_FORMAT);
    return walk->visit(walk->context, values[0].bytes.data);
}

Status audit_each_hash(void *unused, Store *store, AuditHashVisit visit, void *visit_context)
{
    HashWalk walk = { visit, visit_context };
    return store_query(
            store, "SELECT hash FROM audit_leaf ORDER BY batch", NULL, 0, walk_hash, &walk);
}

typedef struct EntryWalk {
    AuditEntryVisit visit;
    void *context;
    bool found;
} EntryWalk;

/* A value of another type than ours comes as an empty span: whoever looks at it finds it wrong. */
static Span blob(const Value *value)
{
    return value->type == VALUE_BYTES ? value->bytes : (Span) { NULL, 0 };
}

static Status walk_entry(void *context, const Value *values, size_t count)
{
    EntryWalk *walk = context;
    const AuditEntry entry = { values[0].type == VALUE_INT ? values[0].integer : -1,
        values[1].type == VALUE_INT ? values[1].integer : -1, blob(&values[2]), blob(&values[3]),
        blob(&values[4]) };
    walk->found = true;
    return walk->visit(walk->context, &entry);
}

Status audit_each_entry(Store *store, int64_t first, AuditEntryVisit visit, void *context)
{
    EntryWalk walk = { visit, context, false };
    return store_query(store,
            "SELECT batch, time_us, salt, leaf, hash FROM audit_leaf WHERE batch >= ?1 ORDER BY "
            "batch",
            &VALUE_OF_INT(first), 1, walk_entry, &walk);
}

Status audit_some_entries(
        Store *store, int64_t first, int64_t count_max, AuditEntryVisit visit, void *context)
{
    EntryWalk walk = { visit, context, false };
    const Value range[] = { VALUE_OF_INT(first), VALUE_OF_INT(count_max) };
    return store_query(store,
            "SELECT batch, time_us, salt, leaf, hash FROM audit_leaf WHERE batch >= ?1 ORDER BY "
            "batch LIMIT ?2",
            range, 2, walk_entry, &walk);
}

Status audit_read_entry(
        Store *store, int64_t batch, AuditEntryVisit visit, void *context, bool *ret_found)
{
    EntryWalk walk = { visit, context, false };
    TRY(store_query(store,
            "SELECT batch, time_us, salt, leaf, hash FROM audit_leaf WHERE batch = ?1",
            &VALUE_OF_INT(batch), 1, walk_entry, &walk));
    *ret_found = walk.found;
    return OK;
}

/* --- leaves --- */

static Status parse_leaf(Cursor *c, AuditLeaf *leaf)
{
    uint8_t version = 0;
    TRY(cursor_u8(c, &version));
    REQUIRE(version == AUDIT_LEAF_VERSION, REFUSED_AUDIT_LEAF_FORMAT);
    TRY(cursor_i64(c, &leaf->batch));
    TRY(cursor_i64(c, &leaf->time_us));
    TRY(cursor_framed(c, AUDIT_LEAF_EVENTS_BYTES_MAX, &leaf->events));
    TRY(cursor_u32(c, &leaf->row_count));
    REQUIRE(leaf->row_count <= AUDIT_LEAF_ROWS_MAX, REFUSED_AUDIT_LEAF_FORMAT);
    TRY(cursor_take(c, (size_t)leaf->row_count * AUDIT_LEAF_ROW_BYTES, &leaf->rows));
    return cursor_end(c);
}

Status audit_leaf_parse(Span bytes, AuditLeaf *ret_leaf)
{
    AuditLeaf leaf = { 0 };
    Cursor c = cursor_of(bytes);
    REQUIRE(status_ok(parse_leaf(&c, &leaf)), REFUSED_AUDIT_LEAF_FORMAT);
    *ret_leaf = leaf;
    return OK;
}

AuditLeafRow audit_leaf_row(const AuditLeaf *leaf, uint32_t index)
{
    ASSERT(index < leaf->row_count);
    AuditLeafRow row = { 0 };
    const Span bytes = { leaf->rows.data + (size_t)index * AUDIT_LEAF_ROW_BYTES,
        AUDIT_LEAF_ROW_BYTES };
    Cursor c = cursor_of(bytes);
    Span hash = { 0 };
    ASSERT(status_ok(cursor_u16(&c, &row.table)));
    ASSERT(status_ok(cursor_u32(&c, &row.revision)));
    ASSERT(status_ok(cursor_take(&c, MERKLE_HASH_BYTES, &hash)));
    row.hash = hash.data;
    return row;
}

void audit_row_hash(Span salt, Span image, uint8_t ret_hash[32])
{
    static const uint8_t prefix = 0x02; /* neither a leaf (0) nor a node (1) of the tree */
    const Span parts[] = { { &prefix, 1 }, salt, image };
    digest_parts(DIGEST_SHA256, parts, 3, ret_hash);
}

/* --- the tree --- */

static Status append_hash(void *context, const uint8_t hash[MERKLE_HASH_BYTES])
{
    MerkleHash leaf;
    memcpy(leaf.bytes, hash, sizeof(leaf.bytes));
    merkle_append(context, &leaf);
    return OK;
}

Status audit_frontier(Store *store, MerkleFrontier *ret_tree)
{
    MerkleFrontier tree = { 0 };
    TRY(audit_each_hash(NULL, store, append_hash, &tree));
    *ret_tree = tree;
    return OK;
}

Status audit_subtree(Store *store, unsigned level, uint64_t index, MerkleHash *ret_hash)
{
    MerkleFrontier tree = { 0 };
    HashWalk walk = { append_hash, &tree };
    const Value range[] = { VALUE_OF_INT((int64_t)(index << level)),
        VALUE_OF_INT((int64_t)((index + 1) << level)) };
    TRY(store_query(store,
            "SELECT hash FROM audit_leaf WHERE batch >= ?1 AND batch < ?2 ORDER BY batch", range, 2,
            walk_hash, &walk));
    REQUIRE(tree.size == (uint64_t)1 << level, REFUSED_AUDIT_ROOT_DIFFERS);
    merkle_root(&tree, ret_hash);
    return OK;
}

static Status read_node(void *context, unsigned level, uint64_t index, MerkleHash *ret_hash)
{
    return audit_subtree(context, level, index, ret_hash);
}

Status audit_prove_inclusion(Store *store, uint64_t index, uint64_t size, MerkleProof *ret_proof)
{
    const MerkleNodes nodes = { read_node, store };
    return merkle_prove_inclusion(&nodes, index, size, ret_proof);
}

Status audit_prove_consistency(
        Store *store, uint64_t old_size, uint64_t size, MerkleProof *ret_proof)
{
    const MerkleNodes nodes = { read_node, store };
    return merkle_prove_consistency(&nodes, old_size, size, ret_proof);
}
