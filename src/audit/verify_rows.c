#include "audit/verify_inside.h"

/* --- the leaf of a batch --- */

static Status copy_entry(void *context, const AuditEntry *entry)
{
    CachedLeaf *slot = context;
    slot->batch = -1;
    REQUIRE(entry->salt.size == AUDIT_SALT_BYTES, REFUSED_AUDIT_LEAF_FORMAT);
    TRY(verify_grow((void **)&slot->bytes, 1, entry->leaf.size + 1, &slot->capacity));
    memcpy(slot->salt, entry->salt.data, AUDIT_SALT_BYTES);
    if (entry->leaf.size > 0) memcpy(slot->bytes, entry->leaf.data, entry->leaf.size);
    TRY(audit_leaf_parse((Span) { slot->bytes, entry->leaf.size }, &slot->leaf));
    slot->batch = entry->batch;
    return OK;
}

/* *ret_slot is NULL when the leaf is missing or unreadable: that was told before. */
static Status leaf_of(Verify *v, int64_t batch, CachedLeaf **ret_slot)
{
    bool found = false;
    *ret_slot = NULL;
    if (batch < 0 || batch >= (int64_t)v->leaf_count) return OK;
    if (v->first_entry[batch] == v->first_entry[batch + 1]) return OK;
    CachedLeaf *slot = &v->cache[batch % VERIFY_CACHE_SLOTS];
    if (slot->batch != batch) {
        const Status s = audit_read_entry(v->store, batch, copy_entry, slot, &found);
        if (status_broken(s)) return s;
    }
    if (slot->batch == batch) *ret_slot = slot;
    return OK;
}

static bool take_used(Verify *v, uint64_t entry)
{
    const uint8_t bit = (uint8_t)(1u << (entry % 8));
    const bool before = (v->used[entry / 8] & bit) != 0;
    v->used[entry / 8] |= bit;
    return before;
}

/* The row's entry in the leaf; DUPLICATED when all that fit are taken, CHANGED when none fits. 0:
 * good. */
static AuditFindingKind match(Verify *v, const CachedLeaf *slot, const RowView *row)
{
    uint8_t hash[MERKLE_HASH_BYTES];
    bool seen = false;
    audit_row_hash(SPAN_OF(slot->salt), row->image, hash);
    for (uint32_t i = 0; i < slot->leaf.row_count; i++) {
        const AuditLeafRow entry = audit_leaf_row(&slot->leaf, i);
        if (entry.table != row->head.table || entry.revision != row->head.revision) continue;
        if (!bytes_equal_ct(entry.hash, hash, sizeof(hash))) continue;
        if (!take_used(v, v->first_entry[row->head.batch] + i)) return 0;
        seen = true;
    }
    return seen ? FINDING_ROW_DUPLICATED : FINDING_ROW_CHANGED;
}

/* --- one row --- */

/* seal = version u8 | suite u8 | key version u32 | schema u16 | revision i64 | mac [32] */
static bool seal_names_row(Span seal, const RowView *row)
{
    Cursor c = cursor_of(seal);
    Span skipped = { 0 };
    uint16_t schema = 0;
    int64_t revision = 0;
    if (seal.size != SEAL_BYTES) return false;
    if (!status_ok(cursor_take(&c, 6, &skipped))) return false;
    if (!status_ok(cursor_u16(&c, &schema)) || !status_ok(cursor_i64(&c, &revision))) return false;
    return schema == row->head.schema && revision == row->head.revision;
}

static void check_order(Verify *v, const RowView *row)
{
    const Span last = { v->last_key, v->last_key_size };
    if (span_equal(last, row->key)) verify_found_row(v, FINDING_ROW_DUPLICATED, row);
    memcpy(v->last_key, row->key.data, row->key.size);
    v->last_key_size = row->key.size;
}

static Status show_row(Verify *v, const RowView *row, int64_t leaf_time_us)
{
    const bool is_signed = (uint64_t)row->head.batch < v->report.signed_leaves;
    if (is_signed && v->config->row != NULL) v->config->row(v->config->context, row, leaf_time_us);
    if (row->head.table == TABLE_AUDIT_REPORT) TRY(verify_report_row(v, row));
    return verify_approval_row(v, row);
}

static Status visit_row(void *context, Span image, Span seal)
{
    Verify *v = context;
    RowView row;
    v->report.rows++;
    if (!status_ok(row_parse(image, &row))) {
        verify_found_print(v, FINDING_ROW_UNREADABLE, v->table->name, -1, "behind %llu rows",
                (unsigned long long)v->report.rows - 1);
        return OK;
    }
    check_order(v, &row);
    CachedLeaf *slot = NULL;
    TRY(leaf_of(v, row.head.batch, &slot));
    const AuditFindingKind kind = slot != NULL ? match(v, slot, &row) : FINDING_ROW_CHANGED;
    const bool sealed = seal_names_row(seal, &row);
    if (kind != 0) verify_found_row(v, kind, &row);
    if (!sealed) verify_found_row(v, FINDING_SEAL_DIFFERS, &row);
    if (kind == 0 && sealed) TRY(show_row(v, &row, slot->leaf.time_us));
    if (row.head.revision >= 1 && row.head.revision <= (int64_t)v->leaf_count + 1) {
        Tally *tally = NULL;
        TRY(verify_tally(v, row.head.table, (uint64_t)row.head.revision, &tally));
        tally->present[row.head.revision]++;
    }
    return verify_sum_row(v, &row);
}

Status verify_rows(Verify *v)
{
    for (size_t i = 0; i < v->tables.count; i++) {
        v->table = v->tables.list[i];
        v->last_key_size = 0;
        v->report.tables++;
        TRY(store_scan(v->store, v->table, visit_row, v));
    }
    return OK;
}

/* --- what is left over --- */

/* Rows whose last revision was `revision` and that are not there: `lost` of the entries without a
 * row. */
typedef struct Lost {
    Verify *v;
    uint16_t table;
    uint64_t revision;
    uint64_t lost;
    uint64_t candidates;
    bool naming; /* the second walk */
} Lost;

static Status walk_unused(void *context, const AuditEntry *entry)
{
    Lost *lost = context;
    Verify *v = lost->v;
    AuditLeaf leaf;
    if (entry->batch < 0 || entry->batch >= (int64_t)v->leaf_count) return OK;
    if (v->first_entry[entry->batch] == v->first_entry[entry->batch + 1]) return OK;
    if (!status_ok(audit_leaf_parse(entry->leaf, &leaf))) return OK;
    for (uint32_t i = 0; i < leaf.row_count; i++) {
        const AuditLeafRow row = audit_leaf_row(&leaf, i);
        const uint64_t at = v->first_entry[entry->batch] + i;
        if (row.table != lost->table || row.revision != lost->revision) continue;
        if ((v->used[at / 8] >> (at % 8) & 1) == 1) continue;
        if (!lost->naming)
            lost->candidates++;
        else
            verify_found_print(v, FINDING_ROW_LOST, discover_name(lost->table), entry->batch,
                    "entry %u, revision %llu%s", i, (unsigned long long)lost->revision,
                    lost->candidates > lost->lost ? " (or another entry named here)" : "");
    }
    return OK;
}

/* The log blinds its rows, so a lost one is named by its leaf entry. An entry that a later revision
 * replaced has no row either; where such entries mix with the lost ones, all of them are named, or
 * only counted. */
static Status name_lost(Lost *lost)
{
    TRY(audit_each_entry(lost->v->store, 0, walk_unused, lost));
    if (lost->candidates > 0 && lost->candidates <= VERIFY_NAMED_MAX) {
        lost->naming = true;
        return audit_each_entry(lost->v->store, 0, walk_unused, lost);
    }
    verify_found_print(lost->v, FINDING_ROW_LOST, discover_name(lost->table), -1,
            "%llu rows of revision %llu", (unsigned long long)lost->lost,
            (unsigned long long)lost->revision);
    return OK;
}

/* A row of revision n left an entry of each revision 1..n. So the entries of revision r are as many
 * as the rows of revision r or more; what is over comes from rows that are gone or were set back.
 */
static Status check_tally(Verify *v, const Tally *tally)
{
    uint64_t rows = 0;
    uint64_t over_above = 0;
    for (size_t r = tally->capacity - 1; r >= 1; r--) {
        rows += tally->present[r];
        const uint64_t written = tally->written[r];
        const uint64_t over = written > rows ? written - rows : 0;
        if (written < rows)
            verify_found_print(v, FINDING_COUNT_DIFFERS, discover_name(tally->table), -1,
                    "revision %zu: %llu rows, %llu entries", r, (unsigned long long)rows,
                    (unsigned long long)written);
        Lost lost = { v, tally->table, r, over > over_above ? over - over_above : 0, 0, false };
        if (lost.lost > 0) TRY(name_lost(&lost));
        over_above = over;
    }
    return OK;
}

bool verify_has_table(const Verify *v, uint16_t table)
{
    for (size_t i = 0; i < v->tables.count; i++) {
        if (v->tables.list[i]->id == table) return true;
    }
    return false;
}

Status verify_left_over(Verify *v)
{
    for (size_t i = 0; i < v->tally_count; i++) {
        const Tally *tally = &v->tallies[i];
        if (verify_has_table(v, tally->table))
            TRY(check_tally(v, tally));
        else
            verify_found_print(v, FINDING_TABLE_MISSING, discover_name(tally->table), -1,
                    "number %u", tally->table);
    }
    return OK;
}
