#include "api/clockwork.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "ledger/day_end.h"
#include "payment/pay.h"
#include "store/unit_wait.h"

enum { NOTE_BYTES_MAX = 4096 };

struct Clockwork {
    ClockworkConfig config;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
    int64_t next_checkpoint_us;
    int64_t tree_size; /* of the last kept checkpoint */
    int32_t closed_day;
    PaymentKey due[PAYMENT_DUE_MAX];
    size_t due_count;
};

static void report(Clockwork *c, const char *what, Status s)
{
    if (status_ok(s)) return;
    c->config.report(c->config.context, what, s);
}

static Status list_due(void *context, Store *store)
{
    Clockwork *c = context;
    return payment_due(store, clock_now_us(&c->config.house->clock), c->due, &c->due_count);
}

static Status expire_due(Clockwork *c)
{
    Batcher *batcher = c->config.house->batcher;
    c->due_count = 0;
    TRY(batcher_between(batcher, list_due, c));
    for (size_t i = 0; i < c->due_count; i++) {
        PaymentExpire work = { .key = c->due[i] };
        payment_expire_unit(&work, NULL);
        /* A frozen row must not keep the others waiting. */
        report(c, "payment.expire", unit_wait(batcher, &work.unit));
    }
    return OK;
}

static Status checkpoint(Clockwork *c, int64_t now_us)
{
    if (now_us < c->next_checkpoint_us) return OK;
    c->next_checkpoint_us = now_us + CLOCKWORK_CHECKPOINT_US;
    uint8_t memory_bytes[1024];
    uint8_t note_bytes[NOTE_BYTES_MAX];
    Buffer memory = BUFFER_OF(memory_bytes);
    Buffer note = BUFFER_OF(note_bytes);
    WireStatus status = { 0 };
    TRY(vaultclient_status(c->config.house->vault, &memory, &status));
    if (!status.ready || status.tree_size == 0 || status.tree_size == c->tree_size) return OK;
    TRY(vaultclient_checkpoint(c->config.house->vault, &note));
    TRY(c->config.keep_checkpoint(c->config.context, span_of_buffer(&note)));
    c->tree_size = status.tree_size;
    return OK;
}

/* Close yesterday once; a day that was closed already (before a restart) is fine. */
static Status close_day(Clockwork *c, int64_t now_us)
{
    const int32_t yesterday = time_business_day(now_us) - 1;
    if (c->closed_day == yesterday) return OK;
    DayEndTotals totals = { 0 };
    const Status s = day_end_run(c->config.house->batcher, yesterday, &totals);
    if (!status_ok(s) && !status_is(s, (StatusCode)REFUSED_DAY_CLOSED)) return s;
    c->closed_day = yesterday;
    return OK;
}

static void tick(Clockwork *c)
{
    const int64_t now_us = clock_now_us(&c->config.house->clock);
    report(c, "payment.due", expire_due(c));
    report(c, "audit.checkpoint", checkpoint(c, now_us));
    report(c, "ledger.day_end", close_day(c, now_us));
    report(c, "tls.renew", c->config.renew_tls(c->config.context, now_us));
}

/* Wait one tick; false when it is time to stop. */
static bool wait_tick(Clockwork *c)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += CLOCKWORK_TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&c->lock);
    int rc = 0;
    while (!c->stopping && rc == 0)
        rc = pthread_cond_timedwait(&c->wake, &c->lock, &until);
    const bool go_on = !c->stopping;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

static void *run(void *context)
{
    Clockwork *c = context;
    while (wait_tick(c))
        tick(c);
    return NULL;
}

Status clockwork_start(const ClockworkConfig *config, Clockwork **ret_clockwork)
{
    Clockwork *c = calloc(1, sizeof(*c));
    CHECK(c != NULL, FAULT_MEMORY);
    c->config = *config;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    if (pthread_create(&c->thread, NULL, run, c) != 0) {
        free(c);
        return BROKEN(FAULT_THREAD);
    }
    *ret_clockwork = c;
    return OK;
}

void clockwork_stop(Clockwork *c)
{
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
