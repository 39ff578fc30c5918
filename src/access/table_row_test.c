/*
 * Goal: the table of rights that was accepted comes back byte for byte, also when it is large, and
 * one that was changed in the database, cut or mixed is no table (TP-15, LL-4.5.2). Method: real
 * rows through a real batch; rows changed behind the batch's back.
 */
#include "access/merchant.h"
#include "access/table_row.h"
#include "store/store_for_tests.h"

static TestStore desk;
static uint8_t large[ACCESS_FILE_BYTES_MAX];
static uint8_t loaded_bytes[ACCESS_FILE_BYTES_MAX + TABLE_ROW_PART_BYTES_MAX];

static void desk_open(void)
{
    static const StoreSchema *const schemas[] = { &access_schema };
    test_store_open(&desk, schemas, 1, 1000);
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (uint8_t)('a' + i % 23);
}

static void desk_close(const int *unused) { test_store_close(&desk); }
#define DESK                                    \
    CLEANUP(desk_close) const int closing_ = 0; \
    (void)closing_;                             \
    desk_open()

static Status accept(int64_t version, Span text)
{
    TableAccept work = { .text = text, .version = version };
    table_accept_unit(&work, NULL);
    return unit_wait(desk.batcher, &work.unit);
}

static Status load(Span *ret_text, int64_t *ret_version)
{
    Buffer text = BUFFER_OF(loaded_bytes);
    TRY(table_row_load(desk.batcher, &text, ret_version));
    *ret_text = span_of_buffer(&text);
    return OK;
}

static void test_the_newest_comes_back(void)
{
    Span text = { 0 };
    int64_t version = 9;
    DESK;
    EXPECT_OK(load(&text, &version));
    EXPECT(version == 0 && text.size == 0);
    EXPECT_OK(accept(1, SPAN("version: 1\n")));
    EXPECT_OK(accept(2, SPAN_OF(large)));
    EXPECT_OK(load(&text, &version));
    EXPECT(version == 2 && span_equal(text, SPAN_OF(large)));
    EXPECT_REFUSED(accept(2, SPAN("mine")), REFUSED_ROW_EXISTS); /* somebody was quicker */
    EXPECT_REFUSED(accept(3, SPAN("")), REFUSED_ACCESS_TABLE_INVALID);
    EXPECT_OK(load(&text, &version));
    EXPECT(version == 2);
}

static void test_what_was_changed_is_no_table(void)
{
    Span text = { 0 };
    int64_t version = 0;
    DESK;
    EXPECT_OK(accept(1, SPAN_OF(large)));
    EXPECT_OK(store_execute(
            desk.store, "UPDATE access_table SET content = x'41' WHERE part = 2", NULL, 0));
    EXPECT_REFUSED(load(&text, &version), REFUSED_ROW_SEAL_MISMATCH);
}

static void test_a_cut_table_is_none(void)
{
    Span text = { 0 };
    int64_t version = 0;
    DESK;
    EXPECT_OK(accept(1, SPAN_OF(large)));
    EXPECT_OK(store_execute(desk.store, "DELETE FROM access_table WHERE part = 3", NULL, 0));
    EXPECT(!status_ok(load(&text, &version)));
}

TESTS(TEST(test_the_newest_comes_back), TEST(test_what_was_changed_is_no_table),
        TEST(test_a_cut_table_is_none))
