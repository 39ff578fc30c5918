#pragma once
/*
 * store_for_tests: the tables of any rooms on a real database in a folder of its own, sealed by the
 * practice guard's toy checksum (store/practice.h), behind a real batcher, with a clock that the
 * test moves. A test that needs more holds one of these and adds it. Only *_test.c and other
 * *_for_tests.h files include it.
 */
#include "base/expect.h"
#include "store/practice.h"
#include "store/unit_wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEST_STORE_SCHEMAS_MAX = 8 };

typedef struct TestStore {
    char folder[40];
    char path[56];
    const StoreSchema *schemas[TEST_STORE_SCHEMAS_MAX];
    size_t schema_count;
    Store *store;
    Batcher *batcher;
    PracticeGuard practice;
    Clock clock; /* says now_us */
    int64_t now_us;
} TestStore;

typedef Status (*TestStoreAppend)(
        void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed);

static inline int64_t test_store_now(void *context) { return ((const TestStore *)context)->now_us; }

/* A guard that writes no leaf. */
static inline Status test_store_append_nothing(
        void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed)
{
    return OK;
}

/* The same database again, after test_store_stop(). */
static inline void test_store_start(TestStore *t)
{
    const StoreConfig config = {
        .path = t->path, .schemas = t->schemas, .schema_count = t->schema_count
    };
    ASSERT(status_ok(store_open(&config, &t->store)));
    ASSERT(status_ok(batcher_start(
            t->store, &t->practice.guard, &t->clock, t->practice.confirmed, &t->batcher)));
}

static inline void test_store_stop(TestStore *t)
{
    if (t->batcher != NULL) batcher_stop(t->batcher);
    t->batcher = NULL;
    store_close(t->store);
}

/* `append` writes a batch's leaf; NULL: as practice_schema has it. `t` stays where it is until
 * test_store_close(). */
static inline void test_store_open_with(TestStore *t, const StoreSchema *const *schemas,
        size_t count, int64_t now_us, TestStoreAppend append)
{
    ASSERT(count <= TEST_STORE_SCHEMAS_MAX);
    *t = (TestStore) { .folder = "/tmp/hufu-store-XXXXXX", .schema_count = count };
    memcpy(t->schemas, schemas, count * sizeof(schemas[0]));
    ASSERT(mkdtemp(t->folder) != NULL);
    snprintf(t->path, sizeof(t->path), "%s/test.db", t->folder);
    practice_guard_open(&t->practice);
    if (append != NULL) t->practice.guard.append = append;
    if (append != NULL) t->practice.guard.committed = NULL;
    t->now_us = now_us;
    t->clock = (Clock) { test_store_now, t };
    test_store_start(t);
}

static inline void test_store_open(
        TestStore *t, const StoreSchema *const *schemas, size_t count, int64_t now_us)
{
    test_store_open_with(t, schemas, count, now_us, test_store_append_nothing);
}

static inline void test_store_close(TestStore *t)
{
    test_store_stop(t);
    practice_remove(t->path);
    rmdir(t->folder);
}
