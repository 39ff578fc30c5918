/* Goal: a device is known to its principal alone, over restarts, and from verified rows alone. */
#include "access/device.h"
#include "access/merchant.h"
#include "store/store_for_tests.h"

typedef struct Register {
    TestStore rows;
    DeviceBook *book;
} Register;

static void register_open(Register *r)
{
    static const StoreSchema *const schemas[] = { &access_schema };
    test_store_open(&r->rows, schemas, 1, 1000);
    ASSERT(status_ok(device_book_open(&r->book)));
}

static void register_close(Register *r)
{
    device_book_close(&r->book);
    test_store_close(&r->rows);
}

typedef struct Write {
    Unit unit;
    Device device;
    bool update;
} Write;

static Status write_gather(Unit *unit, Rows *rows)
{
    const Write *work = (const Write *)unit;
    Device before;
    bool found = false;
    return device_get(rows, work->device.principal, work->device.name, &before, &found);
}

static Status write_run(Unit *unit, Rows *rows)
{
    const Write *work = (const Write *)unit;
    return work->update ? device_update(rows, &work->device) : device_insert(rows, &work->device);
}

static Device device_of(const char *principal, uint8_t number)
{
    const uint8_t digest[SESSION_DEVICE_BYTES] = { number };
    Device device = { .status = STATUS_LIVE, .added_us = number };
    snprintf(device.principal, sizeof(device.principal), "%s", principal);
    device_name(digest, device.name);
    return device;
}

static Status write_device(Register *r, const Device *device, bool update)
{
    Write work = {
        .unit = { .gather = write_gather, .run = write_run }, .device = *device, .update = update
    };
    TRY(unit_wait(r->rows.batcher, &work.unit));
    return device_book_put(r->book, device);
}

static void refresh(Register *r, size_t loaded, size_t left_out)
{
    size_t got = 0;
    size_t out = 0;
    device_book_close(&r->book);
    EXPECT_OK(device_book_open(&r->book));
    EXPECT_OK(device_book_refresh(r->book, r->rows.batcher, &got, &out));
    EXPECT(got == loaded && out == left_out);
}

static void test_a_device_is_known_to_its_principal(void)
{
    Register r;
    Device list[DEVICES_EACH_MAX];
    const Device laptop = device_of("alice", 1);
    const Device phone = device_of("alice", 2);
    Device lost = device_of("alice", 3);
    register_open(&r);
    EXPECT(strlen(laptop.name) == DEVICE_NAME_BYTES);
    EXPECT_OK(write_device(&r, &laptop, false));
    EXPECT_OK(write_device(&r, &phone, false));
    EXPECT_OK(write_device(&r, &lost, false));
    lost.status = STATUS_CLOSED;
    EXPECT_OK(write_device(&r, &lost, true));
    for (int again = 0; again < 2; again++) {
        EXPECT(device_book_knows(r.book, SPAN("alice"), laptop.name));
        EXPECT(!device_book_knows(r.book, SPAN("bob"), laptop.name));
        EXPECT(!device_book_knows(r.book, SPAN("alic"), laptop.name));
        EXPECT(!device_book_knows(r.book, SPAN("alice"), lost.name));
        EXPECT(device_book_knows_of(r.book, laptop.name)
                && !device_book_knows_of(r.book, lost.name));
        EXPECT(device_book_list(r.book, SPAN("alice"), list) == 2);
        EXPECT(strcmp(list[0].name, laptop.name) == 0 && strcmp(list[1].name, phone.name) == 0);
        EXPECT(device_book_list(r.book, SPAN("bob"), list) == 0);
        refresh(&r, 2, 0);
    }
    register_close(&r);
}

/* The list begins with the oldest, which is the one to forget when there are too many. */
static void test_a_new_one_stands_behind_those_that_came_before(void)
{
    Register r;
    Device list[DEVICES_EACH_MAX];
    register_open(&r);
    for (uint8_t number = 1; number <= 3; number++) {
        const Device device = device_of("alice", number);
        EXPECT_OK(write_device(&r, &device, false));
    }
    Device first = device_of("alice", 1);
    first.status = STATUS_CLOSED;
    EXPECT_OK(write_device(&r, &first, true));
    EXPECT_OK(device_book_put(r.book, &first)); /* once more: nothing */
    const Device last = device_of("alice", 4);
    EXPECT_OK(write_device(&r, &last, false));
    for (int again = 0; again < 2; again++) {
        EXPECT(device_book_list(r.book, SPAN("alice"), list) == 3);
        EXPECT(list[0].added_us == 2 && list[1].added_us == 3 && list[2].added_us == 4);
        refresh(&r, 3, 0);
    }
    register_close(&r);
}

static Status execute(void *context, Store *store)
{
    return store_execute(store, context, NULL, 0);
}

static void test_a_row_that_was_written_by_hand_is_not_believed(void)
{
    static char steal[] = "UPDATE device SET principal = 'bob'";
    Register r;
    const Device laptop = device_of("alice", 1);
    register_open(&r);
    EXPECT_OK(write_device(&r, &laptop, false));
    EXPECT_OK(batcher_between(r.rows.batcher, execute, steal));
    refresh(&r, 0, 1);
    EXPECT(!device_book_knows(r.book, SPAN("bob"), laptop.name));
    EXPECT(!device_book_knows_of(r.book, laptop.name));
    register_close(&r);
}

TESTS(TEST(test_a_device_is_known_to_its_principal),
        TEST(test_a_new_one_stands_behind_those_that_came_before),
        TEST(test_a_row_that_was_written_by_hand_is_not_believed))
