#include "vault/scan.h"

#include "ipc/vault_wire.h"
#include "vault/row_seal.h"

static void forget(StoreView *view)
{
    revision_map_forget(&view->map);
    view->digests = (TableDigests) { 0 };
    view->tree = (MerkleFrontier) { 0 };
    view->seal_version_count = 0;
    view->has_pending = false;
    view->differs = (TableSet) { 0 };
    view->roll = (Roll) { 0 };
    memset(view->findings, 0, sizeof(view->findings));
}

Status scan_begin(StoreView *view, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    uint64_t wanted = 0;
    uint64_t epoch = 0;
    TRY(cursor_u64(&c, &wanted));
    TRY(cursor_end(&c));
    TRY(memory_lease(view->memory, wanted, &epoch));
    view->phase = STORE_SCANNING;
    forget(view);
    return buffer_put_u64(ret_answer, epoch);
}

/* A row whose seal alone is spoilt is frozen, and good again when people have put the seal right.
 */
static void expected_tag(
        const StoreView *view, const RowView *row, const uint8_t *seal, RevisionTag *ret_tag)
{
    uint8_t made[WIRE_SEAL_BYTES];
    if (seal == NULL) row_seal_make(view->keys, row, made);
    row_seal_tag(seal != NULL ? seal : made, ret_tag);
}

/* The row goes into map and digest whatever it is worth: the digest shall say what the store holds.
 */
static Status load_row(StoreView *view, const WireScanRow *wire, bool *ret_is_bad, RowView *row,
        KeyedHash *ret_name)
{
    TRY(row_parse(wire->image, row));
    const uint16_t table = row->head.table;
    REQUIRE(table >= 1 && table < DIGEST_TABLES_MAX, REFUSED_ROW_INVALID);
    const int64_t revision = row->head.revision;
    store_view_name(view, row->key, ret_name);
    digest_set_add(&view->digests.sets[table], keys_digest(view->keys), row->image);
    const bool sealed = status_ok(row_seal_verify(view->keys, row, wire->seal));
    if (sealed) store_view_saw_seal(view, row_seal_version(wire->seal.data));
    *ret_is_bad = !sealed || revision < 1 || revision > UINT32_MAX;
    if (store_view_append_only(table)) return OK;
    RevisionTag tag;
    expected_tag(view, row, sealed ? wire->seal.data : NULL, &tag);
    const Status loaded = revision_map_load(&view->map, ret_name, (uint32_t)revision, &tag);
    if (status_is(loaded, REFUSED_ROW_DUPLICATED)) {
        *ret_is_bad = true;
        return OK;
    }
    return loaded;
}

typedef struct Bad {
    KeyedHash names[WIRE_CLAIMS_MAX]; /* frozen in groups of this many */
    size_t count;
    uint32_t total;
} Bad;

static Status add_bad(
        StoreView *view, Bad *bad, const KeyedHash *name, Span key, Buffer *ret_answer)
{
    if (bad->count == WIRE_CLAIMS_MAX) {
        TRY(memory_freeze(view->memory, bad->names, bad->count));
        bad->count = 0;
    }
    bad->names[bad->count++] = *name;
    bad->total++;
    return buffer_put_framed(ret_answer, key);
}

Status scan_rows(StoreView *view, Span request, Buffer *ret_answer)
{
    REQUIRE(view->phase == STORE_SCANNING, REFUSED_VAULT_NOT_READY);
    Cursor c = cursor_of(request);
    uint32_t count = 0;
    TRY(wire_take_count(&c, WIRE_SCAN_ROWS_MAX, &count));
    Bad bad;
    bad.count = 0;
    bad.total = 0;
    const size_t start = ret_answer->size;
    TRY(buffer_put_u32(ret_answer, 0));
    for (uint32_t i = 0; i < count; i++) {
        WireScanRow wire;
        RowView row;
        KeyedHash name;
        bool is_bad = false;
        TRY(wire_take_scan_row(&c, &wire));
        TRY(load_row(view, &wire, &is_bad, &row, &name));
        if (is_bad) TRY(add_bad(view, &bad, &name, row.key, ret_answer));
    }
    TRY(cursor_end(&c));
    Buffer head = { ret_answer->data + start, 0, sizeof(uint32_t) };
    TRY(buffer_put_u32(&head, bad.total));
    return memory_freeze(view->memory, bad.names, bad.count);
}

Status scan_leaves(StoreView *view, Span request)
{
    REQUIRE(view->phase == STORE_SCANNING, REFUSED_VAULT_NOT_READY);
    Cursor c = cursor_of(request);
    uint32_t count = 0;
    TRY(wire_take_count(&c, WIRE_SCAN_LEAVES_MAX, &count));
    REQUIRE(c.rest.size == (size_t)count * MERKLE_HASH_BYTES, REFUSED_IPC_FORMAT);
    for (uint32_t i = 0; i < count; i++) {
        MerkleHash leaf;
        TRY(cursor_copy(&c, MERKLE_HASH_BYTES, leaf.bytes));
        merkle_append(&view->tree, &leaf);
    }
    return OK;
}

Status scan_end(StoreView *view)
{
    REQUIRE(view->phase == STORE_SCANNING, REFUSED_VAULT_NOT_READY);
    Memory *m = view->memory;
    StoreState shown;
    store_state_of(keys_digest(view->keys), &view->digests, &view->tree, &shown);
    view->differs = store_state_difference(&shown, &m->confirmed);
    if (m->has_prepared && table_set_is_empty(&view->differs))
        TRY(memory_abort(m, m->epoch, m->confirmed.size));
    const TableSet unlike_prepared = store_state_difference(&shown, &m->prepared);
    if (m->has_prepared && table_set_is_empty(&unlike_prepared)) {
        TRY(memory_confirm(m, m->epoch, m->confirmed.size));
        view->differs = (TableSet) { 0 };
    }
    view->phase = table_set_is_empty(&view->differs) ? STORE_SERVING : STORE_REFUSED;
    REQUIRE(table_set_is_empty(&view->differs), REFUSED_STORE_ROLLED_BACK);
    return OK;
}

void scan_subject(int64_t size, const MerkleHash *root, uint8_t ret_subject[SCAN_SUBJECT_BYTES])
{
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    ASSERT(status_ok(buffer_put_i64(&b, size)));
    const Span parts[] = { SPAN("hufu restored state"), span_of_buffer(&b), SPAN_OF(root->bytes) };
    digest_parts(DIGEST_SHA256, parts, 3, ret_subject);
}

Status scan_accept(StoreView *view, const MemoryApprovals *approvals)
{
    REQUIRE(view->phase == STORE_REFUSED, REFUSED_VAULT_NOT_READY);
    StoreState shown;
    store_state_of(keys_digest(view->keys), &view->digests, &view->tree, &shown);
    TRY(memory_restore(view->memory, &shown, approvals));
    view->differs = (TableSet) { 0 };
    view->phase = STORE_SERVING;
    return OK;
}
