/* Goal: while the house serves, a posting that is gone, doubled, changed or replaced by one of an
 * aborted batch is found by one walk, told once, and nothing else is (DESIGN section 5.4, TP-12).
 * Method: a whole vault over disks in memory; the walk shows what is stored, the attacks change the
 * store. */
#include "vault/roll.h"
#include "vault/vault_test_house.h"

enum { SHOWN_MAX = 64 };

typedef struct Walk {
    WireRoll roll;
    uint64_t seen;
    Status rows[SHOWN_MAX]; /* verdicts, in the order of the rows shown */
    int count;
    Status table;
    uint64_t since;
} Walk;

static Status begin(House *h, uint16_t table, Walk *walk)
{
    uint8_t memory[2];
    Buffer b = BUFFER_OF(memory);
    *walk = (Walk) { 0 };
    TRY(buffer_put_u16(&b, table));
    TRY(house_ask(h, VAULT_ROLL_BEGIN, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    TRY(wire_take_roll(&c, &walk->roll));
    return cursor_end(&c);
}

static Status ask_page(House *h, const Walk *walk, const int *rows, int count, bool last)
{
    Buffer b = { h->message, 0, sizeof(h->message) };
    const WireRollPage page = { walk->roll.number, walk->seen, last };
    TRY(wire_put_roll_page(&b, &page));
    TRY(buffer_put_u32(&b, (uint32_t)count));
    for (int i = 0; i < count; i++) {
        const StoredRow *row = &h->rows[rows[i]];
        const WireClaim claim = { false, { row->image, row->image_bytes }, SPAN_OF(row->seal) };
        TRY(wire_put_claim(&b, &claim));
    }
    return house_ask(h, VAULT_ROLL_ROWS, span_of_buffer(&b));
}

static Status show(House *h, Walk *walk, const int *rows, int count, bool last)
{
    TRY(ask_page(h, walk, rows, count, last));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    uint32_t answered = 0;
    uint32_t code = 0;
    TRY(cursor_u32(&c, &answered));
    CHECK(answered == (uint32_t)count && walk->count + count <= SHOWN_MAX, FAULT_VAULT);
    for (int i = 0; i < count; i++) {
        TRY(cursor_u32(&c, &code));
        walk->rows[walk->count++] = (Status) { (int32_t)code };
    }
    TRY(cursor_u32(&c, &code));
    TRY(cursor_u64(&c, &walk->since));
    walk->table = (Status) { (int32_t)code };
    walk->seen += (uint64_t)count;
    return cursor_end(&c);
}

/* The stored rows of the table, in key order as the tests keep them. */
static int list(const House *h, uint16_t table, int *ret_rows)
{
    int count = 0;
    for (int i = 0; i < h->row_count; i++) {
        RowView row;
        if (h->rows[i].gone) continue;
        ASSERT(status_ok(row_parse((Span) { h->rows[i].image, h->rows[i].image_bytes }, &row)));
        if (row.head.table == table && count < SHOWN_MAX) ret_rows[count++] = i;
    }
    return count;
}

/* Show the table from its first row to its last, `step` rows a message. */
static Status walk_on(House *h, uint16_t table, int step, Walk *walk)
{
    int rows[SHOWN_MAX];
    const int count = list(h, table, rows);
    for (int at = 0; at < count; at += step) {
        const int part = count - at < step ? count - at : step;
        TRY(show(h, walk, rows + at, part, false));
    }
    return show(h, walk, NULL, 0, true);
}

static Status walk(House *h, int step, Walk *ret_walk)
{
    TRY(begin(h, TABLE_POSTING, ret_walk));
    return walk_on(h, TABLE_POSTING, step, ret_walk);
}

/* Rows 0, 1: accounts. Postings: 2, 3 of batch 0, then two of each transfer: 4..11. */
static House *filled(void)
{
    House *h = house_open();
    ASSERT(status_ok(house_found(h)));
    for (int i = 0; i < 4; i++) {
        house_draft_transfer(h, 100);
        ASSERT(status_ok(house_commit(h)));
    }
    return h;
}

static bool all_ok(const Walk *w)
{
    for (int i = 0; i < w->count; i++) {
        if (!status_ok(w->rows[i])) return false;
    }
    return status_ok(w->table);
}

static void test_a_whole_table_is_proved_in_pieces_of_any_size(void)
{
    CLEANUP(house_done) House *h = filled();
    for (int step = 1; step <= 11; step++) {
        Walk w;
        EXPECT_OK(walk(h, step, &w));
        EXPECT(all_ok(&w) && w.count == 10 && w.roll.below == 5);
    }
    Walk w;
    EXPECT_OK(begin(h, TABLE_ALERT, &w)); /* a table without rows */
    EXPECT_OK(walk_on(h, TABLE_ALERT, 1, &w));
    EXPECT(all_ok(&w) && w.count == 0);
}

static void test_batches_written_meanwhile_do_not_disturb(void)
{
    CLEANUP(house_done) House *h = filled();
    Walk w;
    const int first[] = { 2, 3 };
    EXPECT_OK(begin(h, TABLE_POSTING, &w));
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
    EXPECT_OK(show(h, &w, first, 2, false));
    house_draft_transfer(h, 100);
    EXPECT_OK(house_prepare(h));
    house_store(h); /* committed, and vaultd has not heard it yet */
    int rows[SHOWN_MAX];
    const int count = list(h, TABLE_POSTING, rows);
    EXPECT(count == 14);
    EXPECT_OK(show(h, &w, rows + 2, count - 2, true));
    EXPECT(all_ok(&w) && w.count == 14);
    EXPECT_OK(house_confirm(h));
    EXPECT_OK(walk(h, 5, &w));
    EXPECT(all_ok(&w) && w.count == 14);
}

/* Every posting, the first and the last too. A later walk finds the same, and says since when;
 * another row gone is another finding; put back, all is well. */
static void test_a_deleted_row_is_missed_wherever_it_stood(void)
{
    for (int gone = 2; gone < 12; gone++) {
        CLEANUP(house_done) House *h = filled();
        Walk w;
        h->rows[gone].gone = true;
        EXPECT_OK(walk(h, 3, &w));
        EXPECT_STATUS(w.table, REFUSED_ROW_DELETED);
        EXPECT(w.since == w.roll.number);
        const uint64_t since = w.since;
        house_draft_transfer(h, 100);
        EXPECT_OK(house_commit(h));
        EXPECT_OK(walk(h, 3, &w));
        EXPECT_STATUS(w.table, REFUSED_ROW_DELETED);
        EXPECT(w.since == since && w.roll.number > since);
        h->rows[gone == 5 ? 6 : 5].gone = true;
        EXPECT_OK(walk(h, 3, &w));
        EXPECT_STATUS(w.table, REFUSED_ROW_DELETED);
        EXPECT(w.since == w.roll.number);
        for (int i = 2; i < 12; i++)
            h->rows[i].gone = false;
        EXPECT_OK(walk(h, 3, &w));
        EXPECT(all_ok(&w));
        h->rows[gone].gone = true; /* once more: news again */
        EXPECT_OK(walk(h, 3, &w));
        EXPECT_STATUS(w.table, REFUSED_ROW_DELETED);
        EXPECT(w.since == w.roll.number);
    }
}

static void test_an_emptied_table_is_missed(void)
{
    CLEANUP(house_done) House *h = filled();
    Walk w;
    for (int i = 2; i < 12; i++)
        h->rows[i].gone = true;
    EXPECT_OK(walk(h, 3, &w));
    EXPECT_STATUS(w.table, REFUSED_ROW_DELETED);
}

/* Named by its key, it need not be told of the table too. With one more gone beside it, it is. */
static void test_a_changed_row_is_told_by_its_key_alone(void)
{
    CLEANUP(house_done) House *h = filled();
    Walk w;
    const StoredRow good = h->rows[4];
    h->rows[4].image[good.image_bytes - 1] ^= 1;
    EXPECT_OK(walk(h, 4, &w));
    EXPECT_STATUS(w.rows[2], REFUSED_ROW_SEAL_MISMATCH);
    EXPECT_STATUS(w.table, REFUSED_ROW_FROZEN);
    EXPECT_OK(walk(h, 4, &w));
    EXPECT_STATUS(w.rows[2], REFUSED_ROW_FROZEN);
    EXPECT_STATUS(w.table, REFUSED_ROW_DELETED); /* for those who did not hear the first walk */
    EXPECT(w.since == w.roll.number - 1);
    h->rows[7].gone = true;
    EXPECT_OK(walk(h, 4, &w));
    EXPECT_STATUS(w.table, REFUSED_ROW_DELETED);
    EXPECT(w.since == w.roll.number);
    h->rows[7].gone = false;
    h->rows[4] = good; /* repaired, and not released yet */
    EXPECT_OK(walk(h, 4, &w));
    EXPECT_STATUS(w.rows[2], REFUSED_ROW_FROZEN);
    EXPECT_OK(w.table);
}

/* A row that nobody wrote explains no row that is missed in a later walk. */
static void test_a_stranger_does_not_hide_a_deletion(void)
{
    CLEANUP(house_done) House *h = filled();
    Walk w;
    h->rows[h->row_count] = h->rows[11];
    StoredRow *stranger = &h->rows[h->row_count++];
    RowView row;
    EXPECT_OK(row_parse((Span) { stranger->image, stranger->image_bytes }, &row));
    stranger->image[(size_t)(row.key.data - stranger->image) + row.key.size - 1] = 9;
    EXPECT_OK(walk(h, 4, &w));
    EXPECT_STATUS(w.rows[10], REFUSED_ROW_SEAL_MISMATCH);
    EXPECT_OK(w.table);
    h->rows[2].gone = true;
    EXPECT_OK(walk(h, 4, &w));
    EXPECT_STATUS(w.table, REFUSED_ROW_DELETED);
}

/* The same row twice names itself; it does not stand for another one that is gone. */
static void test_a_row_shown_twice_or_too_early_is_named(void)
{
    CLEANUP(house_done) House *h = filled();
    Walk w;
    const int twice[] = { 2, 3, 3, 5, 6, 7, 8, 9, 10, 11 };
    EXPECT_OK(begin(h, TABLE_POSTING, &w));
    EXPECT_OK(show(h, &w, twice, 10, true));
    EXPECT_STATUS(w.rows[2], REFUSED_ROW_DUPLICATED);
    EXPECT_STATUS(w.table, REFUSED_ROW_DELETED);
    EXPECT_OK(walk(h, 4, &w));
    EXPECT_STATUS(w.rows[1], REFUSED_ROW_FROZEN);
    EXPECT_OK(w.table);

    const int early[] = { 2, 3, 4, 6, 5, 7, 8, 9, 10, 11 };
    EXPECT_OK(begin(h, TABLE_POSTING, &w));
    EXPECT_OK(show(h, &w, early, 4, false));
    EXPECT_OK(show(h, &w, early + 4, 6, true));
    EXPECT_STATUS(w.rows[4], REFUSED_ROW_DUPLICATED);
    EXPECT_STATUS(w.table, REFUSED_ROW_DELETED);
}

/* Rows of a batch that was sealed and aborted bear good seals. */
static void test_rows_of_an_aborted_batch_are_found(void)
{
    CLEANUP(house_done) House *h = filled();
    Walk w;
    house_draft_transfer(h, 777);
    EXPECT_OK(house_prepare(h));
    StoredRow rich = { .image_bytes = h->changes[2].image.size };
    memcpy(rich.image, h->changes[2].image.data, rich.image_bytes);
    memcpy(rich.seal, h->seals[2], WIRE_SEAL_BYTES);
    EXPECT_OK(house_abort(h));
    house_draft_transfer(h, 100); /* another batch of the same number */
    EXPECT_OK(house_commit(h));
    EXPECT_OK(walk(h, 4, &w));
    EXPECT(all_ok(&w) && w.count == 12);
    h->rows[12] = rich;
    EXPECT_OK(walk(h, 4, &w));
    EXPECT_OK(w.rows[10]);
    EXPECT_STATUS(w.table, REFUSED_ROW_DUPLICATED);
    h->rows[13].gone = true;
    EXPECT_OK(walk(h, 4, &w));
    EXPECT_STATUS(w.table, REFUSED_ROW_DELETED);
}

/* Out of step, of an earlier walk, after its end, cut short: refused, and the walk stands where it
 * stood. */
static void test_only_the_next_rows_of_the_running_walk_are_taken(void)
{
    CLEANUP(house_done) House *h = filled();
    Walk old;
    Walk w;
    const int rows[] = { 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
    old = (Walk) { .roll = { .number = 0 } };
    EXPECT_REFUSED(show(h, &old, rows, 2, false), REFUSED_BATCH_OUT_OF_ORDER);
    EXPECT_OK(begin(h, TABLE_POSTING, &old));
    EXPECT_OK(begin(h, TABLE_POSTING, &w));
    EXPECT_REFUSED(show(h, &old, rows, 2, false), REFUSED_BATCH_OUT_OF_ORDER);
    EXPECT_OK(show(h, &w, rows, 2, false));
    const Walk before = w;
    EXPECT_OK(show(h, &w, rows + 2, 2, false));
    Walk again = before;
    EXPECT_REFUSED(show(h, &again, rows + 2, 2, false), REFUSED_BATCH_OUT_OF_ORDER);
    Buffer b = { h->message, 0, sizeof(h->message) };
    const WireRollPage page = { w.roll.number, w.seen, true };
    const StoredRow *row = &h->rows[6];
    const WireClaim claim = { false, { row->image, row->image_bytes }, SPAN_OF(row->seal) };
    EXPECT_OK(wire_put_roll_page(&b, &page));
    EXPECT_OK(buffer_put_u32(&b, 1));
    EXPECT_OK(wire_put_claim(&b, &claim));
    for (size_t size = 0; size < b.size; size++)
        EXPECT_REFUSED(
                house_ask(h, VAULT_ROLL_ROWS, (Span) { h->message, size }), REFUSED_IPC_FORMAT);
    EXPECT_OK(buffer_put_u8(&b, 0));
    EXPECT(!status_ok(house_ask(h, VAULT_ROLL_ROWS, span_of_buffer(&b))));
    EXPECT_OK(show(h, &w, rows + 4, 6, true));
    EXPECT(all_ok(&w));
    EXPECT_REFUSED(show(h, &w, rows, 0, true), REFUSED_BATCH_OUT_OF_ORDER);
}

static void test_what_makes_no_sense_is_refused(void)
{
    CLEANUP(house_done) House *h = filled();
    Walk w;
    const int account[] = { 0 };
    EXPECT_REFUSED(begin(h, 0, &w), REFUSED_IPC_FORMAT);
    EXPECT_REFUSED(begin(h, DIGEST_TABLES_MAX, &w), REFUSED_IPC_FORMAT);
    EXPECT_OK(begin(h, TABLE_POSTING, &w));
    EXPECT_OK(show(h, &w, account, 1, false)); /* of another table: named, and not counted */
    EXPECT_STATUS(w.rows[0], REFUSED_ROW_INVALID);
    Buffer b = { h->message, 0, sizeof(h->message) };
    const WireRollPage page = { w.roll.number, w.seen, true };
    const WireClaim absent = { true, house_key(h, 2), { NULL, 0 } };
    EXPECT_OK(wire_put_roll_page(&b, &page));
    EXPECT_OK(buffer_put_u32(&b, 1));
    EXPECT_OK(wire_put_claim(&b, &absent));
    EXPECT_REFUSED(house_ask(h, VAULT_ROLL_ROWS, span_of_buffer(&b)), REFUSED_IPC_FORMAT);
    EXPECT_REFUSED(
            house_ask_operator(h, VAULT_ROLL_ROWS, span_of_buffer(&b)), REFUSED_VAULT_FORBIDDEN);
}

static void test_a_scan_or_a_restart_forgets_the_walk(void)
{
    CLEANUP(house_done) House *h = filled();
    Walk w;
    EXPECT_OK(begin(h, TABLE_POSTING, &w));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(walk_on(h, TABLE_POSTING, 4, &w), REFUSED_BATCH_OUT_OF_ORDER);
    EXPECT_OK(begin(h, TABLE_POSTING, &w));
    EXPECT_OK(house_restart(h));
    EXPECT_REFUSED(walk_on(h, TABLE_POSTING, 4, &w), REFUSED_VAULT_NOT_READY);
    EXPECT_REFUSED(begin(h, TABLE_POSTING, &w), REFUSED_VAULT_NOT_READY);
    EXPECT_OK(house_scan(h));
    EXPECT_OK(walk(h, 4, &w));
    EXPECT(all_ok(&w));
}

TESTS(TEST(test_a_whole_table_is_proved_in_pieces_of_any_size),
        TEST(test_batches_written_meanwhile_do_not_disturb),
        TEST(test_a_deleted_row_is_missed_wherever_it_stood), TEST(test_an_emptied_table_is_missed),
        TEST(test_a_changed_row_is_told_by_its_key_alone),
        TEST(test_a_stranger_does_not_hide_a_deletion),
        TEST(test_a_row_shown_twice_or_too_early_is_named),
        TEST(test_rows_of_an_aborted_batch_are_found),
        TEST(test_only_the_next_rows_of_the_running_walk_are_taken),
        TEST(test_what_makes_no_sense_is_refused), TEST(test_a_scan_or_a_restart_forgets_the_walk))
