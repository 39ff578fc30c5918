#include "vault/roll.h"

#include "ipc/vault_wire.h"
#include "vault/verify.h"

typedef struct Fresh { /* rows that this message froze */
    KeyedHash names[WIRE_CLAIMS_MAX];
    size_t count;
} Fresh;

Status roll_begin(StoreView *view, Span request, Buffer *ret_answer)
{
    REQUIRE(view->phase == STORE_SERVING, REFUSED_VAULT_NOT_READY);
    Cursor c = cursor_of(request);
    uint16_t table = 0;
    TRY(cursor_u16(&c, &table));
    TRY(cursor_end(&c));
    REQUIRE(table >= 1 && table < DIGEST_TABLES_MAX, REFUSED_IPC_FORMAT);
    const WireRoll begun = { ++view->roll_number, (int64_t)view->tree.size };
    view->roll = (Roll) { .running = true,
        .table = table,
        .number = begun.number,
        .below = begun.below,
        .confirmed = view->digests.sets[table] };
    return wire_put_roll(ret_answer, &begun);
}

/* --- one row --- */

/* Keys as the database orders them: by their integers, signed. */
static bool is_behind(const Roll *roll, const RowView *row)
{
    if (roll->seen == 0) return true;
    for (size_t i = 0; i < row->head.key_columns; i++) {
        const int64_t now = row->values[i].integer;
        if (now != roll->place[i]) return now > roll->place[i];
    }
    return false;
}

static Status check_shape(const Roll *roll, const RowView *row)
{
    REQUIRE(row->head.table == roll->table, REFUSED_ROW_INVALID);
    for (size_t i = 0; i < row->head.key_columns; i++)
        REQUIRE(row->values[i].type == VALUE_INT, REFUSED_ROW_INVALID);
    return OK;
}

static Status freeze(Roll *roll, Fresh *fresh, const KeyedHash *name, Status why)
{
    fresh->names[fresh->count++] = *name;
    if (!status_is(why, REFUSED_ROW_DUPLICATED)) roll->fresh++;
    return why;
}

/* Only what verifies is summed: a row with a wrong seal is missing, and was named. A frozen row
 * that was repaired counts again. */
static Status judge_row(
        StoreView *view, Roll *roll, const RowView *row, Span seal, const KeyedHash *name)
{
    REQUIRE(is_behind(roll, row), REFUSED_ROW_DUPLICATED);
    for (size_t i = 0; i < row->head.key_columns; i++)
        roll->place[i] = row->values[i].integer;
    TRY(verify_row(view, row, name, seal));
    if (row->head.batch < roll->below)
        digest_set_add(&roll->shown, keys_digest(view->keys), row->image);
    return OK;
}

static Status show_row(StoreView *view, Roll *roll, const WireClaim *claim, Fresh *fresh)
{
    RowView row;
    KeyedHash name;
    TRY(row_parse(claim->image, &row));
    TRY(check_shape(roll, &row));
    store_view_name(view, row.key, &name);
    const Status s = judge_row(view, roll, &row, claim->seal, &name);
    REQUIRE(!memory_frozen(view->memory, &name), REFUSED_ROW_FROZEN);
    if (status_ok(s) || status_is(s, REFUSED_BATCH_OUT_OF_ORDER)) return s;
    return freeze(roll, fresh, &name, s);
}

static Status show_rows(StoreView *view, Roll *roll, Cursor *c, Buffer *ret_answer)
{
    uint32_t count = 0;
    TRY(wire_take_count(c, WIRE_CLAIMS_MAX, &count));
    Fresh fresh;
    fresh.count = 0;
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++) {
        WireClaim claim;
        TRY(wire_take_claim(c, &claim));
        REQUIRE(!claim.absent, REFUSED_IPC_FORMAT);
        const Status s = show_row(view, roll, &claim, &fresh);
        TRY(buffer_put_u32(ret_answer, (uint32_t)s.code));
        roll->seen++;
    }
    TRY(cursor_end(c));
    return memory_freeze(view->memory, fresh.names, fresh.count);
}

/* --- the table --- */

/* a - b = c - d, without a subtraction: a + d = c + b. */
static bool same_difference(
        const DigestSet *a, const DigestSet *b, const DigestSet *c, const DigestSet *d)
{
    DigestSet left = *a;
    DigestSet right = *c;
    digest_set_merge(&left, d);
    digest_set_merge(&right, b);
    return digest_set_equal(&left, &right);
}

static Status judge_table(const Roll *roll)
{
    if (digest_set_equal(&roll->shown, &roll->confirmed)) return OK;
    REQUIRE(roll->shown.count < roll->confirmed.count, REFUSED_ROW_DUPLICATED);
    return REFUSE(REFUSED_ROW_DELETED);
}

/* Digests make a group, so the difference says which rows, whatever came in between: the same one
 * is no news, however often it is found. */
static RollFinding find(const StoreView *view, const Roll *roll)
{
    const RollFinding *before = &view->findings[roll->table];
    const bool is_known =
            same_difference(&roll->confirmed, &roll->shown, &before->confirmed, &before->shown);
    return (RollFinding) { .confirmed = roll->confirmed,
        .shown = roll->shown,
        .verdict = judge_table(roll),
        .since = is_known ? before->since : roll->number };
}

/* As many rows are missing as this walk named: they stand there with seals that do not fit. Only
 * the walk that named them may say so; were its answer lost, the next one says what it sees. */
static bool is_explained(const Roll *roll, const RollFinding *finding)
{
    const uint64_t missing = roll->confirmed.count - roll->shown.count;
    return status_is(finding->verdict, REFUSED_ROW_DELETED) && finding->since == roll->number
            && missing <= roll->fresh;
}

static Status put_finding(Buffer *ret_answer, Status verdict, uint64_t since)
{
    TRY(buffer_put_u32(ret_answer, (uint32_t)verdict.code));
    return buffer_put_u64(ret_answer, since);
}

/* The walk goes on from a copy, which counts only when the whole message was good. */
Status roll_rows(StoreView *view, Span request, Buffer *ret_answer)
{
    REQUIRE(view->phase == STORE_SERVING, REFUSED_VAULT_NOT_READY);
    Cursor c = cursor_of(request);
    WireRollPage page;
    Roll roll = view->roll;
    TRY(wire_take_roll_page(&c, &page));
    const bool is_next = roll.running && page.number == roll.number && page.seen == roll.seen;
    REQUIRE(is_next, REFUSED_BATCH_OUT_OF_ORDER);
    TRY(show_rows(view, &roll, &c, ret_answer));
    RollFinding finding = { 0 };
    if (page.last) finding = find(view, &roll);
    roll.verdict = is_explained(&roll, &finding) ? REFUSE(REFUSED_ROW_FROZEN) : finding.verdict;
    TRY(put_finding(ret_answer, roll.verdict, finding.since));
    roll.running = !page.last;
    view->roll = roll;
    if (page.last) view->findings[roll.table] = finding;
    return OK;
}
