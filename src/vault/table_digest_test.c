/*
 * Goal: the journal remembers the digest of every table that may be, says which tables differ, and
 * reads what was written when there were at most 63 (TP-12). Method: states with tables at the
 * edges of each word go through the journal's bytes and back; old bytes are written by hand.
 */
#include "base/expect.h"
#include "vault/memory.h"

static const unsigned edges[] = { 1, 63, 64, 65, 127 };

static StoreState state_with(const unsigned *tables, size_t count)
{
    StoreState state;
    store_state_empty(&state);
    state.size = 7;
    for (size_t i = 0; i < count; i++)
        memset(state.commitments[tables[i]], (int)tables[i], COMMITMENT_BYTES);
    return state;
}

static bool comes_back(const StoreState *state)
{
    uint8_t memory[DIGEST_TABLES_MAX * COMMITMENT_BYTES + 64];
    Buffer b = BUFFER_OF(memory);
    if (!status_ok(memory_put_state(state, &b))) return false;
    Cursor c = cursor_of(span_of_buffer(&b));
    StoreState back;
    if (!status_ok(memory_take_state(&c, &back)) || !status_ok(cursor_end(&c))) return false;
    const TableSet difference = store_state_difference(state, &back);
    return table_set_is_empty(&difference);
}

static void test_every_table_is_remembered(void)
{
    unsigned all[DIGEST_TABLES_MAX - 1];
    for (unsigned t = 1; t < DIGEST_TABLES_MAX; t++) {
        const StoreState alone = state_with(&t, 1);
        EXPECT(comes_back(&alone));
        all[t - 1] = t;
    }
    const StoreState full = state_with(all, DIGEST_TABLES_MAX - 1);
    EXPECT(comes_back(&full));
}

static void test_the_tables_that_differ_are_named(void)
{
    const size_t count = sizeof(edges) / sizeof(edges[0]);
    const StoreState state = state_with(edges, count);
    for (size_t i = 0; i < count; i++) {
        StoreState other = state;
        other.commitments[edges[i]][0] ^= 1;
        const TableSet difference = store_state_difference(&state, &other);
        for (unsigned t = 0; t < DIGEST_TABLES_MAX; t++)
            EXPECT(table_set_has(&difference, t) == (t == edges[i]));
    }
    StoreState longer = state;
    longer.size++;
    const TableSet difference = store_state_difference(&state, &longer);
    EXPECT(table_set_has(&difference, 0) && !table_set_has(&difference, 64));
    EXPECT(!table_set_has(&difference, DIGEST_TABLES_MAX));
}

static void test_an_old_journal_is_read(void)
{
    static const unsigned old[] = { 1, 63 };
    const StoreState state = state_with(old, 2);
    uint8_t memory[256];
    Buffer b = BUFFER_OF(memory);
    EXPECT_OK(buffer_put_i64(&b, state.size));
    EXPECT_OK(buffer_put(&b, SPAN_OF(state.root.bytes)));
    EXPECT_OK(buffer_put_u64(&b, (uint64_t)1 << 63 | 2));
    EXPECT_OK(buffer_put(&b, SPAN_OF(state.commitments[1])));
    EXPECT_OK(buffer_put(&b, SPAN_OF(state.commitments[63])));
    Cursor c = cursor_of(span_of_buffer(&b));
    StoreState back;
    EXPECT_OK(memory_take_state(&c, &back));
    EXPECT_OK(cursor_end(&c));
    const TableSet difference = store_state_difference(&state, &back);
    EXPECT(table_set_is_empty(&difference));
}

TESTS(TEST(test_every_table_is_remembered), TEST(test_the_tables_that_differ_are_named),
        TEST(test_an_old_journal_is_read))
