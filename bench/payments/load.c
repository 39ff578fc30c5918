#define _GNU_SOURCE
#include "load.h"

#include "payment/payment.h"
#include "processor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct Driver {
    const Stand *stand;
    LoadRequest *requests;
    size_t count;
    double rate;
    double start_s; /* set by the driver's owner while all wait at `go` */
    pthread_barrier_t connected;
    pthread_barrier_t go;
    atomic_size_t next;
    atomic_size_t failed;
    float *latency_ms; /* one a request */
} Driver;

double load_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_until(double due_s)
{
    const double left = due_s - load_now_s();
    if (left <= 0) return;
    const struct timespec wait = { (time_t)left, (long)((left - (double)(time_t)left) * 1e9) };
    nanosleep(&wait, NULL);
}

/* A native order's answer names what the payer will confirm. */
static void keep_prepay_id(LoadRequest *request, Span body)
{
    static const char mark[] = "hufu://pay/";
    const uint8_t *at = memmem(body.data, body.size, mark, sizeof(mark) - 1);
    if (at == NULL) return;
    Cursor c = cursor_of((Span) { at, (size_t)(body.data + body.size - at) });
    Span id = { 0 };
    if (!status_ok(cursor_take(&c, sizeof(mark) - 1, &id))) return;
    if (!status_ok(cursor_take(&c, PAYMENT_PREPAY_ID_BYTES, &id))) return;
    memcpy(request->prepay_id, id.data, id.size);
    request->prepay_id[id.size] = 0;
}

static bool send_one(HttpClient *http, LoadRequest *request)
{
    const HttpHeader headers[] = { { "Content-Type", SPAN("application/json") },
        { "Authorization",
                span_of_text(request->authorization == NULL ? "" : request->authorization) } };
    const HttpCall call = { "POST", span_of_text(request->target), headers,
        request->authorization == NULL ? 1 : 2, span_of_text(request->body) };
    HttpAnswer answer = { 0 };
    if (!status_ok(http_client_call(http, &call, &answer))) return false;
    keep_prepay_id(request, answer.body);
    return answer.status == 200;
}

static void *drive(void *context)
{
    Driver *d = context;
    HttpClient *http = NULL;
    const Status connected = stand_connect(d->stand, &http);
    pthread_barrier_wait(&d->connected);
    pthread_barrier_wait(&d->go);
    if (!status_ok(connected)) return NULL;
    for (;;) {
        const size_t i = atomic_fetch_add(&d->next, 1);
        if (i >= d->count) break;
        double due_s = load_now_s();
        if (d->rate > 0) {
            due_s = d->start_s + (double)i / d->rate;
            wait_until(due_s);
        }
        if (!send_one(http, &d->requests[i])) atomic_fetch_add(&d->failed, 1);
        d->latency_ms[i] = (float)((load_now_s() - due_s) * 1e3);
    }
    http_client_close(&http);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a;
    const float y = *(const float *)b;
    return (x > y) - (x < y);
}

Status load_run(const Stand *stand, LoadRequest *requests, size_t count, int connections,
        double rate, LoadResult *ret)
{
    pthread_t threads[LOAD_CONNECTIONS_MAX];
    ASSERT(connections >= 1 && connections <= LOAD_CONNECTIONS_MAX && count > 0);
    Driver d = { .stand = stand, .requests = requests, .count = count, .rate = rate };
    d.latency_ms = calloc(count, sizeof(d.latency_ms[0]));
    CHECK(d.latency_ms != NULL, FAULT_MEMORY);
    ASSERT(pthread_barrier_init(&d.connected, NULL, (unsigned)connections + 1) == 0);
    ASSERT(pthread_barrier_init(&d.go, NULL, (unsigned)connections + 1) == 0);
    for (int i = 0; i < connections; i++)
        CHECK(pthread_create(&threads[i], NULL, drive, &d) == 0, FAULT_THREAD);
    /* Handshakes are not what is measured: they are done, then the clocks start. */
    double cpu_us[STAND_PROGRAMS];
    pthread_barrier_wait(&d.connected);
    for (int i = 0; i < STAND_PROGRAMS; i++)
        cpu_us[i] = 1e6 * processor_program_s(stand->pids[i]);
    d.start_s = load_now_s();
    pthread_barrier_wait(&d.go);
    for (int i = 0; i < connections; i++)
        pthread_join(threads[i], NULL);
    const double seconds = load_now_s() - d.start_s;
    *ret = (LoadResult) { .done = count,
        .failed = atomic_load(&d.failed),
        .seconds = seconds,
        .per_s = (double)count / seconds };
    for (int i = 0; i < STAND_PROGRAMS; i++)
        ret->cpu_us[i] = (1e6 * processor_program_s(stand->pids[i]) - cpu_us[i]) / (double)count;
    qsort(d.latency_ms, count, sizeof(d.latency_ms[0]), by_size);
    ret->p50_ms = (double)d.latency_ms[count / 2];
    ret->p99_ms = (double)d.latency_ms[count - 1 - count / 100];
    free(d.latency_ms);
    return OK;
}
