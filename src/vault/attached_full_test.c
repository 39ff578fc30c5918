/* Goal: what vaultd remembers of attached tables is bounded, and the bound is a named refusal: what
 * would be one too many is refused and changes nothing, everything else goes on, and room that
 * comes back is used (DESIGN sections 2, 5.8; TP-12). Method: a vault with room for a few rows and
 * open changes, filled to its edge, looked at, and started again. */
#include "vault/attached_test_core.h"

enum { ROWS = 6, OPEN = 4, BALANCE = 100 };

/* attached_memory.c keeps this much free for what ends changes, and for freezes. */
enum {
    ROWS_MAX = ROWS + 2 * WIRE_ATTACHED_CHANGES_MAX,
    PENDING_MAX = OPEN + WIRE_ATTACHED_CHANGES_MAX
};

static Status restart(Core *c)
{
    TRY(house_restart(c->house));
    return core_session(c);
}

static Status small_open(Core *c)
{
    TRY(core_open(c));
    c->house->attached_rows_max = ROWS_MAX;
    c->house->attached_pending_max = PENDING_MAX;
    return restart(c);
}

static void expect_rows(Core *c, const CoreRow *rows, int count)
{
    for (int i = 0; i < count; i++)
        EXPECT_OK(core_locked(c, &rows[i]));
}

static void test_one_row_too_many(void)
{
    CLEANUP(core_done) Core c;
    static CoreRow rows[ROWS + 1];
    memset(rows, 0, sizeof(rows));
    EXPECT_OK(small_open(&c));
    for (int i = 0; i < ROWS; i++)
        EXPECT_OK(core_write(&c, &rows[i], i, BALANCE));
    for (int restarted = 0; restarted < 2; restarted++) {
        EXPECT_REFUSED(core_write(&c, &rows[ROWS], ROWS, BALANCE), REFUSED_ATTACHED_FULL);
        expect_rows(&c, rows, ROWS);
        for (int i = 0; i < ROWS; i++) /* those that are there go on being changed */
            EXPECT_OK(core_write(&c, &rows[i], i, BALANCE + 1 + restarted));
        expect_rows(&c, rows, ROWS);
        EXPECT_OK(restart(&c));
    }
    CoreRow stranger = { .size = 0 }; /* the one that was refused was not kept either */
    core_image(&c, ROWS, BALANCE, &stranger);
    EXPECT_REFUSED(core_locked(&c, &stranger), REFUSED_ATTACHED_ROW_INSERTED);
    EXPECT_OK(core_delete(&c, &rows[0]));
    EXPECT_OK(core_write(&c, &rows[0], 0, BALANCE)); /* in its own place */
    expect_rows(&c, rows, ROWS);
}

/* What is wrong is still frozen when nothing more can be remembered, and two tables share the room.
 */
static void test_a_full_vault_still_judges(void)
{
    CLEANUP(core_done) Core c;
    static CoreRow rows[ROWS];
    memset(rows, 0, sizeof(rows));
    EXPECT_OK(small_open(&c));
    const uint16_t first = c.table;
    EXPECT_OK(core_register(&c, "other"));
    EXPECT_OK(core_complete(&c));
    const uint16_t second = c.table;
    EXPECT(first != second);
    for (int i = 0; i < ROWS; i++) {
        c.table = i % 2 == 0 ? first : second;
        EXPECT_OK(core_write(&c, &rows[i], i, BALANCE));
    }
    for (int i = 0; i < 2; i++) {
        CoreRow one_more = { .size = 0 };
        c.table = i == 0 ? first : second;
        EXPECT_REFUSED(core_write(&c, &one_more, ROWS + i, BALANCE), REFUSED_ATTACHED_FULL);
    }
    expect_rows(&c, rows, ROWS);
    c.table = first;
    CoreRow changed = rows[0];
    core_image(&c, 0, 1, &changed);
    EXPECT_REFUSED(core_locked(&c, &changed), REFUSED_ATTACHED_ROW_CHANGED);
    EXPECT_REFUSED(core_write(&c, &rows[0], 0, BALANCE), REFUSED_ROW_FROZEN);
    expect_rows(&c, rows + 1, ROWS - 1);
}

static Status open_change(Core *c, const CoreRow *row, int64_t id, CoreRow *ret_next)
{
    CoreRow next = { .size = 0 };
    core_image(c, id, BALANCE - 1, &next);
    c->transaction++;
    TRY(core_announce(c, row, &next));
    *ret_next = c->announced;
    return OK;
}

static void test_one_open_change_too_many(void)
{
    CLEANUP(core_done) Core c;
    static CoreRow rows[ROWS];
    static CoreRow next[ROWS];
    memset(rows, 0, sizeof(rows));
    memset(next, 0, sizeof(next));
    EXPECT_OK(small_open(&c));
    for (int i = 0; i < ROWS; i++)
        EXPECT_OK(core_write(&c, &rows[i], i, BALANCE));
    const uint64_t before = c.transaction;
    for (int i = 0; i < OPEN; i++)
        EXPECT_OK(open_change(&c, &rows[i], i, &next[i]));
    for (int restarted = 0; restarted < 2; restarted++) {
        EXPECT_REFUSED(open_change(&c, &rows[OPEN], OPEN, &next[OPEN]), REFUSED_ATTACHED_FULL);
        expect_rows(&c, rows, ROWS); /* both states of what is open are right */
        EXPECT_OK(restart(&c));
    }
    /* One outcome is told: there is room for one change. */
    EXPECT_OK(core_resolve(&c, before + 1, ATTACHED_COMMITTED));
    EXPECT_OK(core_locked(&c, &next[0]));
    c.transaction = before + OPEN + 2;
    EXPECT_OK(open_change(&c, &rows[OPEN], OPEN, &next[OPEN]));
    EXPECT_REFUSED(
            open_change(&c, &rows[OPEN + 1], OPEN + 1, &next[OPEN + 1]), REFUSED_ATTACHED_FULL);
    expect_rows(&c, next, OPEN + 1);
}

/* All of them fit one answer, which is more than most askers of vaultd have room for. */
static void expect_all_are_told(Core *c)
{
    enum { USUAL_BYTES = 128 * 1024 };
    EXPECT_OK(house_ask_core(c->house, VAULT_ATTACHED_STATUS, (Span) { NULL, 0 }));
    const Span answer = span_of_buffer(&c->house->answer);
    EXPECT(answer.size > USUAL_BYTES && answer.size <= WIRE_ATTACHED_STATUS_BYTES_MAX);
    Cursor told = cursor_of(answer);
    uint32_t count = 0;
    EXPECT_OK(wire_take_count(&told, WIRE_ATTACHED_TABLES_MAX, &count));
    EXPECT(count == WIRE_ATTACHED_TABLES_MAX);
}

static void test_one_table_too_many(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    char name[16];
    EXPECT_OK(core_open(&c));
    const uint16_t first = c.table;
    EXPECT_OK(core_write(&c, &row, 1, BALANCE));
    for (int i = 1; i < WIRE_ATTACHED_TABLES_MAX; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        EXPECT_OK(core_register_columns(&c, name, WIRE_ATTACHED_COLUMNS_MAX));
    }
    expect_all_are_told(&c);
    EXPECT_REFUSED(core_register(&c, "more"), REFUSED_ATTACHED_FULL);
    EXPECT_OK(restart(&c));
    EXPECT_REFUSED(core_register(&c, "more"), REFUSED_ATTACHED_FULL);
    c.table = first;
    EXPECT_OK(core_locked(&c, &row));
    EXPECT_OK(core_write(&c, &row, 1, BALANCE + 1));
    EXPECT_OK(core_locked(&c, &row));
}

TESTS(TEST(test_one_row_too_many), TEST(test_a_full_vault_still_judges),
        TEST(test_one_open_change_too_many), TEST(test_one_table_too_many))
