/*
 * Goal: another table of rights is in force with the next question, for every thread, while those
 * who ask by the old one finish with it; nothing is freed under them, and nothing is left when all
 * are done (TP-15, LL-4.5.2). Method: threads that ask while the table is exchanged under them, in
 * a program that watches its memory.
 */
#include "access/in_force.h"
#include "base/expect.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { READERS = 3, EXCHANGES = 3000 };

/* `days` tells one table from another, twice: it is torn where they differ. */
static AccessTable *table_of(int64_t days)
{
    AccessTable *table = calloc(1, sizeof(*table));
    ASSERT(table != NULL);
    table->grant_days_max = days;
    table->reviews.period_days = days;
    return table;
}

static int64_t days_now(AccessInForce *in_force)
{
    CLEANUP(access_release) AccessTable *table = access_in_force(in_force);
    return table->grant_days_max;
}

static void test_the_next_question_is_answered_by_the_next_table(void)
{
    AccessInForce *in_force = NULL;
    AccessTable *first = table_of(1);
    AccessTable *second = table_of(2);
    EXPECT_OK(access_in_force_open(&first, &in_force));
    EXPECT(first == NULL && days_now(in_force) == 1);
    AccessTable *held = access_in_force(in_force);
    access_put_in_force(in_force, &second);
    EXPECT(second == NULL && days_now(in_force) == 2);
    EXPECT(held->grant_days_max == 1); /* who asked before goes on with what he asked by */
    access_release(&held);
    EXPECT(held == NULL && days_now(in_force) == 2);
    access_in_force_close(&in_force);
    EXPECT(in_force == NULL);
}

typedef struct Reader {
    pthread_t thread;
    AccessInForce *in_force;
    atomic_bool *over;
    uint64_t asked;
    uint64_t torn;
    uint64_t backwards;
} Reader;

static void *ask_often(void *context)
{
    Reader *own = context;
    int64_t before = 0;
    while (!atomic_load(own->over)) {
        CLEANUP(access_release) AccessTable *table = access_in_force(own->in_force);
        own->torn += table->grant_days_max != table->reviews.period_days;
        own->backwards += table->grant_days_max < before;
        before = table->grant_days_max;
        own->asked++;
    }
    return NULL;
}

static void test_threads_ask_while_it_is_exchanged(void)
{
    Reader readers[READERS] = { 0 };
    AccessInForce *in_force = NULL;
    AccessTable *first = table_of(1);
    atomic_bool over = false;
    EXPECT_OK(access_in_force_open(&first, &in_force));
    for (size_t i = 0; i < READERS; i++) {
        readers[i].in_force = in_force;
        readers[i].over = &over;
        ASSERT(pthread_create(&readers[i].thread, NULL, ask_often, &readers[i]) == 0);
    }
    for (int64_t days = 2; days <= EXCHANGES; days++) {
        AccessTable *next = table_of(days);
        access_put_in_force(in_force, &next);
    }
    EXPECT(days_now(in_force) == EXCHANGES);
    atomic_store(&over, true);
    for (size_t i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        EXPECT(readers[i].torn == 0 && readers[i].backwards == 0);
    }
    access_in_force_close(&in_force);
}

TESTS(TEST(test_the_next_question_is_answered_by_the_next_table),
        TEST(test_threads_ask_while_it_is_exchanged))
