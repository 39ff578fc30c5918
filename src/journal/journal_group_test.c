/* Goal: many that wait cost one sync, and none returns before its record is durable. Method: real
 * files whose syncs are counted, and held back until all have appended. */
#define _GNU_SOURCE
#include "base/expect.h"
#include "journal/journal.h"

#include <pthread.h>
#include <unistd.h>

static const Secret key = { .bytes = { 1, 2, 3, 4, 5, 6, 7, 8 }, .size = 32 };

enum { WAITERS = 64, TURNS = 20 };

typedef struct Slow { /* a disk whose syncs are counted and can be held back */
    Disk file;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int syncs;
    bool gate_open;
} Slow;

static Status slow_read(void *c, uint64_t offset, uint8_t *bytes, size_t size)
{
    const Slow *slow = c;
    return slow->file.read(slow->file.context, offset, bytes, size);
}
static Status slow_write(void *c, uint64_t offset, Span bytes)
{
    const Slow *slow = c;
    return slow->file.write(slow->file.context, offset, bytes);
}
static Status slow_truncate(void *c, uint64_t size)
{
    const Slow *slow = c;
    return slow->file.truncate(slow->file.context, size);
}
static Status slow_size(void *c, uint64_t *ret_size)
{
    const Slow *slow = c;
    return slow->file.size(slow->file.context, ret_size);
}
static Status slow_sync(void *c)
{
    Slow *slow = c;
    pthread_mutex_lock(&slow->lock);
    slow->syncs++;
    pthread_cond_broadcast(&slow->changed);
    while (!slow->gate_open)
        pthread_cond_wait(&slow->changed, &slow->lock);
    pthread_mutex_unlock(&slow->lock);
    return slow->file.sync(slow->file.context);
}

typedef struct Group {
    Journal *journal;
    Slow slow;
    int appended;
    int turns;
} Group;

static void *append_and_wait(void *context)
{
    Group *g = context;
    for (int i = 0; i < g->turns; i++) {
        uint64_t position = 0;
        ASSERT(status_ok(journal_append(g->journal, 1, SPAN("12345678"), &position)));
        pthread_mutex_lock(&g->slow.lock);
        g->appended++;
        pthread_cond_broadcast(&g->slow.changed);
        pthread_mutex_unlock(&g->slow.lock);
        ASSERT(status_ok(journal_sync(g->journal, position)));
    }
    return NULL;
}

static Status count_replayed(void *context, uint16_t kind, Span payload)
{
    ASSERT(kind == 1 && payload.size == 8);
    (*(int *)context)++;
    return OK;
}

static JournalConfig group_config(Group *g, int fd, int *replayed)
{
    g->slow.file = disk_of_fd(fd);
    const Disk seam = { slow_read, slow_write, slow_sync, slow_truncate, slow_size, &g->slow };
    return (JournalConfig) { .segments = { seam, disk_of_fd(fd + 1) },
        .key = &key,
        .replay = count_replayed,
        .context = replayed };
}

static void test_one_sync_serves_all_that_wait(void)
{
    static Group g;
    int replayed = 0;
    char names[2][32] = { "/tmp/hufu_journal_XXXXXX", "/tmp/hufu_journal_XXXXXX" };
    const int one = mkstemp(names[0]);
    const int two = mkstemp(names[1]);
    EXPECT(one >= 0 && two == one + 1 && unlink(names[0]) == 0 && unlink(names[1]) == 0);
    g = (Group) { .slow = { .gate_open = true } };
    pthread_mutex_init(&g.slow.lock, NULL);
    pthread_cond_init(&g.slow.changed, NULL);
    const JournalConfig config = group_config(&g, one, &replayed);
    EXPECT_OK(journal_open(&config, &g.journal));

    g.turns = 1;
    g.slow.syncs = 0;
    g.slow.gate_open = false;
    pthread_t threads[WAITERS];
    for (size_t i = 0; i < WAITERS; i++)
        EXPECT(pthread_create(&threads[i], NULL, append_and_wait, &g) == 0);
    pthread_mutex_lock(&g.slow.lock);
    while (g.appended < WAITERS || g.slow.syncs < 1)
        pthread_cond_wait(&g.slow.changed, &g.slow.lock);
    g.slow.gate_open = true;
    pthread_cond_broadcast(&g.slow.changed);
    pthread_mutex_unlock(&g.slow.lock);
    for (size_t i = 0; i < WAITERS; i++)
        pthread_join(threads[i], NULL);
    EXPECT(g.slow.syncs <= 2); /* the first one's, and one for all others */

    g.turns = TURNS;
    for (size_t i = 0; i < WAITERS; i++)
        EXPECT(pthread_create(&threads[i], NULL, append_and_wait, &g) == 0);
    for (size_t i = 0; i < WAITERS; i++)
        pthread_join(threads[i], NULL);
    journal_close(g.journal);
    EXPECT_OK(journal_open(&config, &g.journal));
    EXPECT(replayed == WAITERS * (TURNS + 1));
    journal_close(g.journal);
    close(one);
    close(two);
}

TESTS(TEST(test_one_sync_serves_all_that_wait))
