/* Rows are shown, one at a time or a whole table, and judged. Nothing here seals. */
#include "vault/attached_inside.h"

#include <stdlib.h>

/* 0 while something is open. Otherwise two equal stamps of a row say that nothing happened to it
 * between them. */
static uint64_t stamp_of(const AttachedShown *shown)
{
    if (shown->pending != NULL && !shown->pending->over) return 0;
    const uint64_t revision = shown->record != NULL ? shown->record->state.revision : 0;
    return revision << 1 | 1;
}

static bool is_against(Status s)
{
    return !status_ok(s) && !status_is(s, REFUSED_ATTACHED_SEAL_LOST)
            && !status_is(s, REFUSED_ATTACHED_ROW_UNSEALED);
}

/* Of one message: what its changed rows show, to find rows whose values were exchanged. */
typedef struct Exchange {
    size_t count;
    struct {
        size_t claim;
        uint8_t shown[ATTACHED_BODY_BYTES];
        uint8_t wanted[ATTACHED_BODY_BYTES];
    } rows[WIRE_ATTACHED_ROWS_MAX];
    WireAttachedVerdict verdicts[WIRE_ATTACHED_ROWS_MAX];
} Exchange;

static void note_changed(Exchange *x, size_t claim, const AttachedShown *shown)
{
    x->rows[x->count].claim = claim;
    memcpy(x->rows[x->count].shown, shown->body, ATTACHED_BODY_BYTES);
    memcpy(x->rows[x->count].wanted, shown->record->state.body, ATTACHED_BODY_BYTES);
    x->count++;
}

/* A row with the values of another row that is wrong as well. */
static void find_exchanged(Exchange *x)
{
    for (size_t i = 0; i < x->count; i++) {
        for (size_t k = 0; k < x->count; k++) {
            if (i == k) continue;
            if (!bytes_equal_ct(x->rows[i].shown, x->rows[k].wanted, ATTACHED_BODY_BYTES)) continue;
            x->verdicts[x->rows[i].claim].status = REFUSED_ATTACHED_ROW_SWAPPED;
        }
    }
}

static Status check_one(Attached *a, const WireAttachedClaim *claim, Exchange *x, size_t number)
{
    AttachedShown shown;
    TRY(attached_show(a, claim->absent, claim->image, claim->seal, &shown));
    Status s = attached_judge(a, &shown);
    if (claim->doubled && !claim->absent) s = REFUSE(REFUSED_ATTACHED_ROW_DUPLICATED);
    const uint64_t stamp = stamp_of(&shown);
    const bool certain = claim->locked || (claim->stamp != 0 && claim->stamp == stamp);
    if (status_is(s, REFUSED_ATTACHED_ROW_CHANGED) && shown.record != NULL)
        note_changed(x, number, &shown);
    const bool frozen = attached_is_frozen(&shown) || (is_against(s) && certain);
    x->verdicts[number] = (WireAttachedVerdict) { (uint32_t)s.code, frozen, stamp };
    if (is_against(s) && certain) return attached_freeze(a, &shown);
    const bool is_right = status_ok(s) || status_is(s, REFUSED_ATTACHED_SEAL_LOST);
    const bool settles = certain && is_right && shown.pending != NULL && shown.pending->over;
    return settles ? attached_settle(a, &shown) : OK;
}

static Status put_verdicts(const Exchange *x, uint32_t count, Buffer *ret_answer)
{
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++)
        TRY(wire_put_attached_verdict(ret_answer, &x->verdicts[i]));
    return OK;
}

static Status check_all(Attached *a, Cursor *c, Exchange *x, uint32_t *ret_count)
{
    ATTACHED_HOLD(a->memory);
    TRY(wire_take_count(c, WIRE_ATTACHED_ROWS_MAX, ret_count));
    for (uint32_t i = 0; i < *ret_count; i++) {
        WireAttachedClaim claim;
        TRY(wire_take_attached_claim(c, &claim));
        TRY(check_one(a, &claim, x, i));
    }
    return cursor_end(c);
}

static void exchange_free(Exchange **x) { free(*x); }

Status attached_check(Attached *a, Span request, Buffer *ret_answer)
{
    CLEANUP(exchange_free) Exchange *x = calloc(1, sizeof(*x));
    CHECK(x != NULL, FAULT_MEMORY);
    Cursor c = cursor_of(request);
    uint32_t count = 0;
    const Status s = check_all(a, &c, x, &count);
    TRY(attached_sync(a->memory)); /* frozen durably before it is told */
    TRY(s);
    find_exchanged(x);
    return put_verdicts(x, count, ret_answer);
}

/* --- a whole table --- */

/* number  NULL: all; else the lower half of those that are meant */
static Status put_open(
        const Attached *a, const AttachedTable *t, const uint32_t *number, Buffer *ret_answer)
{
    uint64_t known[WIRE_ATTACHED_TRANSACTIONS_MAX];
    uint32_t count = 0;
    size_t at = 0;
    for (const AttachedPending *p = hash_table_next(&a->memory->pending, &at); p != NULL;
            p = hash_table_next(&a->memory->pending, &at)) {
        const AttachedTable *other = attached_table(a->memory, p->table);
        if (p->over || other == NULL) continue;
        if (number != NULL && (uint32_t)p->transaction != *number) continue;
        if (!span_equal(other->facts.database, t->facts.database)) continue;
        bool is_new = count < WIRE_ATTACHED_TRANSACTIONS_MAX;
        for (uint32_t i = 0; is_new && i < count; i++)
            is_new = known[i] != p->transaction;
        if (is_new) known[count++] = p->transaction;
    }
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++)
        TRY(buffer_put_u64(ret_answer, known[i]));
    return OK;
}

Status attached_put_open(Attached *a, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    uint16_t table = 0;
    uint32_t number = 0;
    TRY(cursor_u16(&c, &table));
    const bool all = c.rest.size == 0;
    if (!all) TRY(cursor_u32(&c, &number));
    TRY(cursor_end(&c));
    const AttachedTable *t = attached_table(a->memory, table);
    REQUIRE(t != NULL, REFUSED_ATTACHED_TABLE_UNKNOWN);
    return put_open(a, t, all ? NULL : &number, ret_answer);
}

Status attached_scan_begin(Attached *a, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    uint16_t number = 0;
    TRY(cursor_u16(&c, &number));
    TRY(cursor_end(&c));
    ATTACHED_HOLD(a->memory);
    const AttachedTable *t = attached_table(a->memory, number);
    REQUIRE(t != NULL, REFUSED_ATTACHED_TABLE_UNKNOWN);
    size_t at = 0;
    for (AttachedRow *row = hash_table_next(&a->memory->rows, &at); row != NULL;
            row = hash_table_next(&a->memory->rows, &at)) {
        if (row->table == number) row->flags &= ATTACHED_FROZEN;
    }
    a->scans[number - ATTACHED_TABLE_FIRST] = ++a->scan_number;
    TRY(buffer_put_u64(ret_answer, a->scan_number));
    return put_open(a, t, NULL, ret_answer);
}

static Status scan_of(Attached *a, Cursor *c, AttachedTable **ret_table)
{
    uint64_t scan = 0;
    TRY(cursor_u64(c, &scan));
    REQUIRE(scan > 0, REFUSED_ATTACHED_SCAN_OVER);
    for (size_t i = 0; i < a->memory->table_count; i++) {
        if (a->scans[i] != scan) continue;
        *ret_table = attached_table(a->memory, (uint16_t)(ATTACHED_TABLE_FIRST + i));
        REQUIRE(*ret_table != NULL, REFUSED_ATTACHED_TABLE_UNKNOWN);
        return OK;
    }
    return REFUSE(REFUSED_ATTACHED_SCAN_OVER);
}

/* Rows of a page whose present state is known and alone: their seals are made together. */
static Status make_seals(Attached *a, AttachedShown *shown, size_t count)
{
    const RowView *rows[ROW_SEALS_MAX];
    int64_t revisions[ROW_SEALS_MAX];
    uint8_t seals[ROW_SEALS_MAX][WIRE_SEAL_BYTES];
    size_t of[ROW_SEALS_MAX];
    size_t chosen = 0;
    uint32_t version = 0;
    for (size_t i = 0; i < count; i++) {
        const AttachedRow *record = shown[i].record;
        if (record == NULL || shown[i].pending != NULL || record->state.version == 0) continue;
        if (version != 0 && record->state.version != version) continue;
        version = record->state.version;
        rows[chosen] = &shown[i].row;
        revisions[chosen] = record->state.revision;
        of[chosen++] = i;
    }
    if (chosen == 0) return OK;
    RowSealKey key;
    TRY(attached_key(a, shown[0].table, version, &key));
    row_seal_under_many(&key, rows, revisions, chosen, seals);
    for (size_t i = 0; i < chosen; i++) {
        shown[of[i]].made = true;
        memcpy(shown[of[i]].seal_made, seals[i], WIRE_SEAL_BYTES);
    }
    return OK;
}

static Status judge_shown(Attached *a, AttachedShown *shown, Buffer *ret_answer)
{
    Status s = attached_judge(a, shown);
    if (shown->record != NULL) {
        if (shown->record->flags & ATTACHED_SHOWN) s = REFUSE(REFUSED_ATTACHED_ROW_DUPLICATED);
        shown->record->flags |= ATTACHED_SHOWN;
    }
    const WireAttachedVerdict verdict = { (uint32_t)s.code, attached_is_frozen(shown),
        stamp_of(shown) };
    return wire_put_attached_verdict(ret_answer, &verdict);
}

static Status show_some(
        Attached *a, const AttachedTable *t, Cursor *c, size_t count, Buffer *ret_answer)
{
    AttachedShown shown[ROW_SEALS_MAX];
    for (size_t i = 0; i < count; i++) {
        WireAttachedClaim claim;
        TRY(wire_take_attached_claim(c, &claim));
        REQUIRE(!claim.absent, REFUSED_IPC_FORMAT);
        TRY(attached_show(a, false, claim.image, claim.seal, &shown[i]));
        REQUIRE(shown[i].table == t, REFUSED_ROW_INVALID);
    }
    TRY(make_seals(a, shown, count));
    for (size_t i = 0; i < count; i++)
        TRY(judge_shown(a, &shown[i], ret_answer));
    return OK;
}

Status attached_scan_rows(Attached *a, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    AttachedTable *t = NULL;
    uint32_t count = 0;
    ATTACHED_HOLD(a->memory);
    TRY(scan_of(a, &c, &t));
    TRY(wire_take_count(&c, WIRE_ATTACHED_ROWS_MAX, &count));
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t done = 0; done < count; done += ROW_SEALS_MAX) {
        const uint32_t rest = count - done;
        TRY(show_some(a, t, &c, rest < ROW_SEALS_MAX ? rest : ROW_SEALS_MAX, ret_answer));
    }
    return cursor_end(&c);
}

static Status put_missing(const Attached *a, const AttachedRow *row, Buffer *ret_answer)
{
    uint8_t memory[2 + ATTACHED_KEY_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    uint8_t key[ATTACHED_KEY_BYTES_MAX];
    if (row->key_bytes == 0) return buffer_put_framed(ret_answer, (Span) { NULL, 0 });
    memcpy(key, row->key, row->key_bytes);
    attached_mask(a->memory, &row->name, key, row->key_bytes);
    TRY(buffer_put_u16(&b, row->table));
    TRY(buffer_put(&b, (Span) { key, row->key_bytes }));
    return buffer_put_framed(ret_answer, span_of_buffer(&b));
}

static bool is_missing(const Attached *a, const AttachedTable *t, const AttachedRow *row)
{
    const bool quiet = (row->flags & (ATTACHED_MOVED | ATTACHED_SHOWN)) == 0;
    if (row->table != t->number || row->state.version == 0 || !quiet) return false;
    const AttachedPending *p = hash_table_find(&a->memory->pending, &row->name);
    return p == NULL || p->over;
}

Status attached_scan_end(Attached *a, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    AttachedTable *t = NULL;
    ATTACHED_HOLD(a->memory);
    TRY(scan_of(a, &c, &t));
    TRY(cursor_end(&c));
    const size_t start = ret_answer->size;
    uint64_t missing = 0;
    uint32_t told = 0;
    TRY(buffer_put_u64(ret_answer, 0));
    TRY(buffer_put_u32(ret_answer, 0));
    size_t at = 0;
    for (const AttachedRow *row = hash_table_next(&a->memory->rows, &at); row != NULL;
            row = hash_table_next(&a->memory->rows, &at)) {
        if (!is_missing(a, t, row)) continue;
        missing++;
        if (told == WIRE_ATTACHED_MISSING_MAX) continue;
        TRY(put_missing(a, row, ret_answer));
        told++;
    }
    Buffer head = { ret_answer->data + start, 0, 12 };
    TRY(buffer_put_u64(&head, missing));
    return buffer_put_u32(&head, told);
}
