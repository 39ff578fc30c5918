/* Goal: rows of another's table (TP-10, TP-12) are sealed only when their core announced them, each
 * way of changing them behind its back is told by its name, and neither crashes nor many open
 * transactions freeze a right row. Method: a core with its own key asks through messages; the test
 * changes rows and seals as somebody with the database's password would. */
#include "vault/attached_test_core.h"

static void test_a_row_goes_its_way(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    EXPECT_OK(core_locked(&c, &row));
    for (int i = 0; i < 5; i++)
        EXPECT_OK(core_write(&c, &row, 1, 200 + i));
    EXPECT_OK(core_locked(&c, &row));
    CoreRow gone = row;
    EXPECT_OK(core_delete(&c, &row));
    EXPECT_REFUSED(core_locked(&c, &gone), REFUSED_ATTACHED_ROW_ROLLED_BACK); /* resurrected */
    CoreRow again = { .size = 0 };
    EXPECT_REFUSED(core_write(&c, &again, 1, 5), REFUSED_ROW_FROZEN);
}

/* Changed, with its old seal, with none, with another row's, with a seal out of thin air. */
static void test_changed(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    CoreRow other = { .size = 0 };
    WireAttachedVerdict verdict;
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    EXPECT_OK(core_write(&c, &other, 2, 100));
    CoreRow changed = row;
    core_image(&c, 1, 1000000, &changed);
    EXPECT_OK(core_check(&c, &changed, false, &verdict)); /* perhaps it is just old: not frozen */
    EXPECT(verdict.status == REFUSED_ATTACHED_ROW_CHANGED && !verdict.frozen);
    EXPECT_OK(core_locked(&c, &row));
    EXPECT_REFUSED(core_locked(&c, &changed), REFUSED_ATTACHED_ROW_CHANGED);
    EXPECT_OK(core_check(&c, &row, true, &verdict));
    EXPECT(status_ok((Status) { (int32_t)verdict.status })
            && verdict.frozen); /* put back: frozen */
    EXPECT_REFUSED(core_write(&c, &row, 1, 7), REFUSED_ROW_FROZEN);

    CoreRow forged = other;
    core_image(&c, 2, 99, &forged);
    memcpy(forged.seal, row.seal, WIRE_SEAL_BYTES);
    EXPECT_REFUSED(core_locked(&c, &forged), REFUSED_ATTACHED_ROW_CHANGED);
    memset(forged.seal, 0, WIRE_SEAL_BYTES);
    EXPECT_REFUSED(core_locked(&c, &forged), REFUSED_ATTACHED_ROW_CHANGED);
}

/* The seal is gone or bent, the row is right: no reason to freeze, and the next write heals it. */
static void test_seal_lost(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    for (size_t bit = 0; bit < 8 * WIRE_SEAL_BYTES; bit++) {
        CoreRow bent = row;
        bent.seal[bit / 8] ^= (uint8_t)(1U << bit % 8);
        EXPECT_REFUSED(core_locked(&c, &bent), REFUSED_ATTACHED_SEAL_LOST);
    }
    memset(row.seal, 0, WIRE_SEAL_BYTES);
    EXPECT_REFUSED(core_locked(&c, &row), REFUSED_ATTACHED_SEAL_LOST);
    EXPECT_OK(core_write(&c, &row, 1, 100));
    EXPECT_OK(core_locked(&c, &row));
}

static void test_inserted(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    CoreRow bare = { .size = 0 };
    core_image(&c, 2, 100, &bare);
    EXPECT_REFUSED(core_locked(&c, &bare), REFUSED_ATTACHED_ROW_INSERTED);
    CoreRow copied = row;
    core_image(&c, 3, 100, &copied);
    EXPECT_REFUSED(core_locked(&c, &copied), REFUSED_ATTACHED_ROW_INSERTED);
    /* A seal that was made for an insert which was then rolled back. */
    CoreRow aborted = { .size = 0 };
    core_image(&c, 4, 100, &aborted);
    c.transaction++;
    EXPECT_OK(core_announce(&c, NULL, &aborted));
    aborted = c.announced;
    EXPECT_OK(core_resolve(&c, c.transaction, false));
    EXPECT_REFUSED(core_locked(&c, &aborted), REFUSED_ATTACHED_ROW_INSERTED);
}

static void test_rolled_back(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    const CoreRow old = row;
    EXPECT_OK(core_write(&c, &row, 1, 50));
    EXPECT_REFUSED(core_locked(&c, &old), REFUSED_ATTACHED_ROW_ROLLED_BACK);

    /* And a seal of a change that was rolled back: "1 yuan more", aborted, then put in by hand. */
    CoreRow second = { .size = 0 };
    EXPECT_OK(core_write(&c, &second, 2, 100));
    CoreRow wish = { .size = 0 };
    core_image(&c, 2, 1000, &wish);
    c.transaction++;
    EXPECT_OK(core_announce(&c, &second, &wish));
    wish = c.announced;
    EXPECT_OK(core_resolve(&c, c.transaction, false));
    EXPECT_REFUSED(core_locked(&c, &wish), REFUSED_ATTACHED_ROW_ROLLED_BACK);
}

static void test_deleted_needs_certainty(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    WireAttachedVerdict verdict;
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    EXPECT_OK(core_check_absent(&c, &row, 0, &verdict));
    EXPECT(verdict.status == REFUSED_ATTACHED_ROW_DELETED && !verdict.frozen);
    const uint64_t stamp = verdict.stamp;
    EXPECT_OK(core_write(&c, &row, 1, 101)); /* it moved since: nothing is certain */
    EXPECT_OK(core_check_absent(&c, &row, stamp, &verdict));
    EXPECT(verdict.status == REFUSED_ATTACHED_ROW_DELETED && !verdict.frozen);
    EXPECT_OK(core_check_absent(&c, &row, verdict.stamp, &verdict));
    EXPECT(verdict.status == REFUSED_ATTACHED_ROW_DELETED && verdict.frozen);
}

/* Two rows, each with the values of the other, with their own seals or with each other's. */
static void test_swapped(void)
{
    CLEANUP(core_done) Core c;
    CoreRow a = { .size = 0 };
    CoreRow b = { .size = 0 };
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &a, 1, 100));
    EXPECT_OK(core_write(&c, &b, 2, 900));
    for (int with_seals = 0; with_seals < 2; with_seals++) {
        CoreRow swapped[2] = { with_seals ? b : a, with_seals ? a : b };
        core_image(&c, 1, 900, &swapped[0]);
        core_image(&c, 2, 100, &swapped[1]);
        uint8_t memory[1024];
        Buffer m = BUFFER_OF(memory);
        EXPECT_OK(buffer_put_u32(&m, 2));
        for (int i = 0; i < 2; i++)
            EXPECT_OK(wire_put_attached_claim(&m,
                    &(WireAttachedClaim) { .image = { swapped[i].image, swapped[i].size },
                            .seal = SPAN_OF(swapped[i].seal) }));
        EXPECT_OK(house_ask_core(c.house, VAULT_ATTACHED_CHECK, span_of_buffer(&m)));
        Cursor answer = cursor_of(span_of_buffer(&c.house->answer));
        uint32_t count = 0;
        EXPECT_OK(cursor_u32(&answer, &count));
        for (int i = 0; i < 2; i++) {
            WireAttachedVerdict verdict;
            EXPECT_OK(wire_take_attached_verdict(&answer, &verdict));
            EXPECT(verdict.status == REFUSED_ATTACHED_ROW_SWAPPED);
        }
    }
}

/* A seal of one table is nothing in another of the same columns, in the same database. */
static void test_tables_are_apart(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    EXPECT_OK(core_register(&c, "second"));
    CoreRow moved = row;
    core_image(&c, 1, 100, &moved);
    EXPECT_OK(core_complete(&c));
    EXPECT_REFUSED(core_locked(&c, &moved), REFUSED_ATTACHED_ROW_INSERTED);
}

/* While a table is being attached a row without a seal is no offence; its first write seals it. */
static void test_filling(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    CoreRow next = { .size = 0 };
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_register(&c, "third"));
    core_image(&c, 1, 100, &row);
    core_image(&c, 1, 101, &next);
    EXPECT_REFUSED(core_locked(&c, &row), REFUSED_ATTACHED_ROW_UNSEALED);
    c.transaction++;
    EXPECT_OK(core_announce(&c, &row, &next));
    EXPECT_REFUSED(core_locked(&c, &row), REFUSED_ATTACHED_ROW_UNSEALED); /* it may roll back */
    next = c.announced;
    EXPECT_OK(core_resolve(&c, c.transaction, true));
    EXPECT_OK(core_locked(&c, &next));
    EXPECT_REFUSED(core_locked(&c, &row), REFUSED_ATTACHED_ROW_CHANGED);
    EXPECT_OK(core_complete(&c));
    core_image(&c, 2, 100, &row);
    EXPECT_REFUSED(core_locked(&c, &row), REFUSED_ATTACHED_ROW_INSERTED);
}

static Status scan_page(Core *c, Span scan, const CoreRow *const *rows, uint32_t count)
{
    static uint8_t memory[64 * 1024];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, scan));
    TRY(buffer_put_u32(&b, count));
    for (uint32_t i = 0; i < count; i++)
        TRY(wire_put_attached_claim(&b,
                &(WireAttachedClaim) { .image = { rows[i]->image, rows[i]->size },
                        .seal = SPAN_OF(rows[i]->seal) }));
    return house_ask_core(c->house, VAULT_ATTACHED_SCAN_ROWS, span_of_buffer(&b));
}

/* A scan names what is missing by its key, and what it was shown twice; what moves meanwhile is
 * neither. */
static void test_scan(void)
{
    CLEANUP(core_done) Core c;
    CoreRow rows[4] = { { .size = 0 } };
    uint8_t number[2];
    uint8_t scan[8];
    EXPECT_OK(core_open(&c));
    for (int i = 0; i < 4; i++)
        EXPECT_OK(core_write(&c, &rows[i], i, 100));
    Buffer b = BUFFER_OF(number);
    EXPECT_OK(buffer_put_u16(&b, c.table));
    EXPECT_OK(house_ask_core(c.house, VAULT_ATTACHED_SCAN_BEGIN, SPAN_OF(number)));
    memcpy(scan, c.house->answer.data, sizeof(scan));
    const CoreRow *page[] = { &rows[0], &rows[0] };
    EXPECT_OK(scan_page(&c, SPAN_OF(scan), page, 2));
    Cursor answer = cursor_of(span_of_buffer(&c.house->answer));
    WireAttachedVerdict verdicts[2];
    uint32_t count = 0;
    EXPECT_OK(cursor_u32(&answer, &count));
    EXPECT_OK(wire_take_attached_verdict(&answer, &verdicts[0]));
    EXPECT_OK(wire_take_attached_verdict(&answer, &verdicts[1]));
    EXPECT(verdicts[0].status == 0 && verdicts[1].status == REFUSED_ATTACHED_ROW_DUPLICATED);
    EXPECT_OK(core_write(&c, &rows[1], 1, 5));
    EXPECT_OK(core_delete(&c, &rows[2]));

    EXPECT_OK(house_ask_core(c.house, VAULT_ATTACHED_SCAN_END, SPAN_OF(scan)));
    answer = cursor_of(span_of_buffer(&c.house->answer));
    uint64_t missing = 0;
    Span key;
    RowView view;
    EXPECT_OK(cursor_u64(&answer, &missing));
    EXPECT_OK(cursor_u32(&answer, &count));
    EXPECT(missing == 1 && count == 1);
    EXPECT_OK(cursor_framed(&answer, ROW_KEY_BYTES_MAX, &key));
    EXPECT_OK(row_parse((Span) { rows[3].image, rows[3].size }, &view));
    EXPECT(span_equal(key, view.key));
    scan[7] ^= 1;
    EXPECT_REFUSED(house_ask_core(c.house, VAULT_ATTACHED_SCAN_END, SPAN_OF(scan)),
            REFUSED_ATTACHED_SCAN_OVER);
}

/* How many open transactions vaultd tells: all, or those with this number. */
static uint32_t open_told(Core *c, const uint32_t *number)
{
    uint8_t memory[6];
    uint32_t count = UINT32_MAX;
    Buffer b = BUFFER_OF(memory);
    Status s = buffer_put_u16(&b, c->table);
    if (status_ok(s) && number != NULL) s = buffer_put_u32(&b, *number);
    if (status_ok(s)) s = house_ask_core(c->house, VAULT_ATTACHED_STATUS, span_of_buffer(&b));
    Cursor answer = cursor_of(span_of_buffer(&c->house->answer));
    if (status_ok(s)) s = cursor_u32(&answer, &count);
    return status_ok(s) ? count : UINT32_MAX;
}

/* A core that tells no outcomes: more is open than one answer tells, and each is still found. */
static void test_one_of_very_many_open(void)
{
    enum { MANY = WIRE_ATTACHED_TRANSACTIONS_MAX + 8 };
    CLEANUP(core_done) Core c;
    EXPECT_OK(core_open(&c));
    const uint32_t before = (uint32_t)c.transaction;
    for (int i = 0; i < MANY; i++) {
        CoreRow next = { .size = 0 };
        core_image(&c, i, 1, &next);
        c.transaction = (uint64_t)7 << 32 | (before + 1 + (uint32_t)i);
        EXPECT_OK(core_announce(&c, NULL, &next));
    }
    EXPECT(open_told(&c, NULL) == WIRE_ATTACHED_TRANSACTIONS_MAX);
    for (uint32_t number = before; number <= before + MANY + 1; number++)
        EXPECT(open_told(&c, &number) == (number > before && number <= before + MANY ? 1 : 0));
}

TESTS(TEST(test_one_of_very_many_open), TEST(test_a_row_goes_its_way), TEST(test_changed),
        TEST(test_seal_lost), TEST(test_inserted), TEST(test_rolled_back),
        TEST(test_deleted_needs_certainty), TEST(test_swapped), TEST(test_tables_are_apart),
        TEST(test_filling), TEST(test_scan))
