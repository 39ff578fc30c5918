#pragma once
/*
 * engine_house: a database, a guard and an engine for the tests of the engine.
 */
#include "base/expect.h"
#include "store/batch_internal.h"
#include "store/practice.h"

#include <unistd.h>

typedef struct House {
    char path[64];
    Store *store;
    PracticeGuard guard;
    Engine engine;
    Clock clock;
    Work work;
} House;

static House house;

static int64_t noon(void *context) { return 1800000000000000; }

static bool house_reopen(void)
{
    const StoreSchema *const schemas[] = { &practice_schema };
    const StoreConfig config = { house.path, NULL, schemas, 1 };
    if (!status_ok(store_open(&config, &house.store))) return false;
    house.engine.store = house.store;
    return status_ok(rows_open(house.store, &house.engine.rows));
}

static void house_leave(void)
{
    rows_close(house.engine.rows);
    store_close(house.store);
}

static void house_close(House *h)
{
    house_leave();
    practice_remove(h->path);
}

static bool house_open(void)
{
    house = (House) { .path = "/tmp/hufu-engine-XXXXXX", .clock = { noon, NULL } };
    const int fd = mkstemp(house.path);
    if (fd < 0 || close(fd) != 0) return false;
    practice_guard_open(&house.guard);
    house.engine = (Engine) { .clock = &house.clock, .guard = house.guard.guard };
    return house_reopen();
}

/* One batch of these units; answers those that are settled. Returns how many come again. */
static size_t run(PracticeUnit **units, size_t count)
{
    size_t again = 0;
    house.work = (Work) { .count = count };
    for (size_t i = 0; i < count; i++)
        house.work.units[i] = &units[i]->unit;
    engine_run(&house.engine, &house.work);
    for (size_t i = 0; i < count; i++) {
        if (house.work.fates[i] == FATE_AGAIN)
            again++;
        else
            units[i]->unit.done(&units[i]->unit, house.work.outcomes[i]);
    }
    return again;
}

#define RUN(...)                            \
    run((PracticeUnit *[]) { __VA_ARGS__ }, \
            sizeof((PracticeUnit *[]) { __VA_ARGS__ }) / sizeof(void *))

static int64_t balance(int64_t id)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT balance FROM account WHERE id = %lld", (long long)id);
    return practice_number(house.store, sql);
}

static void house_close_p(House *const *h) { house_close(*h); }
#define HOUSE                                          \
    EXPECT(house_open());                              \
    CLEANUP(house_close_p) House *const here = &house; \
    (void)here

static bool open_accounts(void)
{
    PracticeUnit a = practice_opening(1, 100);
    PracticeUnit b = practice_opening(2, 50);
    RUN(&a, &b);
    return status_ok(a.outcome) && status_ok(b.outcome) && a.done == 1 && b.done == 1;
}

static PracticeUnit deal(const char *shop, const char *number, const char *code)
{
    PracticeUnit unit = practice_transfer(1, 2, 1);
    unit.shop = shop;
    unit.number = number;
    unit.code = code;
    return unit;
}
