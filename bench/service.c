/*
 * service: the vault's service as an institution's own core uses it: src/sdk over mutual TLS to the
 * real programs. Prints one JSON line.
 *
 *   https_per_s      one field a call, sealed in a session, several callers at once
 *   https_per_core_s calls over the processor seconds that hufud and vaultd used together
 *   https_p50_ms, https_p99_ms  of one call while all callers are at work
 *   batched_per_s    fields in calls of 512; batched_per_core_s as above
 *   tls_per_s        GET /vault/v1/challenge, which asks nobody: what the door itself costs
 *   cpu_us           of one single call, by program
 */
#include "callers.h"
#include "command.h"
#include "enrol.h"
#include "processor.h"
#include <hufu/vault.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CALLERS_AT_ONCE = 4, CALLS = 4000, BATCH = 512, BATCHES = 24 };

int expect_failures;

static Stand stand;
static StandCaller core;
static HufuSettings settings;
static const HufuColumn column = { HUFU_CLASS_CARD, 101, 3 };
static const char card[] = "4111111111111111";

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool open_settings(void)
{
    static StandCallerFiles files;
    return status_ok(enrol_pin(stand.folder))
            && status_ok(stand_caller_settings(&stand, &core, &files, &settings));
}

typedef struct BenchCaller {
    pthread_t thread;
    int batch; /* fields a call */
    int calls;
    double seconds[CALLS]; /* of each call */
    int failed;
} BenchCaller;

static void *call_often(void *context)
{
    BenchCaller *own = context;
    HufuVault *vault = NULL;
    HufuError error;
    HufuProtected *made = calloc((size_t)own->batch, sizeof(*made));
    HufuField *fields = calloc((size_t)own->batch, sizeof(*fields));
    if (made == NULL || fields == NULL || hufu_open(&settings, &vault, &error) != 0) exit(1);
    for (int i = 0; i < own->batch; i++)
        fields[i] = (HufuField) { "user-17", "row", card, strlen(card) };
    for (int i = 0; i < own->calls; i++) {
        const double began = now_s();
        const int done = hufu_protect(vault, &column, fields, (size_t)own->batch, made, &error);
        own->seconds[i] = now_s() - began;
        own->failed += done != 0 || made[0].code[0] != 0;
    }
    hufu_close(vault);
    free(made);
    free(fields);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

typedef struct Figures {
    double per_s, per_core_s, p50_ms, p99_ms, hufud_us, vaultd_us;
} Figures;

static Figures run(int batch, int calls)
{
    static BenchCaller callers[CALLERS_AT_ONCE];
    static double all[CALLERS_AT_ONCE * CALLS];
    size_t count = 0;
    const double cpu[2] = { processor_program_s(stand.pids[STAND_HUFUD]),
        processor_program_s(stand.pids[STAND_VAULTD]) };
    const double began = now_s();
    for (int i = 0; i < CALLERS_AT_ONCE; i++) {
        callers[i] = (BenchCaller) { .batch = batch, .calls = calls };
        if (pthread_create(&callers[i].thread, NULL, call_often, &callers[i]) != 0) exit(1);
    }
    for (int i = 0; i < CALLERS_AT_ONCE; i++) {
        pthread_join(callers[i].thread, NULL);
        if (callers[i].failed > 0) fprintf(stderr, "service: %d calls failed\n", callers[i].failed);
        memcpy(all + count, callers[i].seconds, (size_t)calls * sizeof(double));
        count += (size_t)calls;
    }
    const double took = now_s() - began;
    const double hufud = processor_program_s(stand.pids[STAND_HUFUD]) - cpu[0];
    const double vaultd = processor_program_s(stand.pids[STAND_VAULTD]) - cpu[1];
    qsort(all, count, sizeof(all[0]), by_size);
    const double fields = (double)count * batch;
    return (Figures) { .per_s = fields / took,
        .per_core_s = fields / (hufud + vaultd),
        .p50_ms = all[count / 2] * 1e3,
        .p99_ms = all[count * 99 / 100] * 1e3,
        .hufud_us = hufud / (double)count * 1e6,
        .vaultd_us = vaultd / (double)count * 1e6 };
}

/* One connection: what the door itself costs. */
static double tls_per_s(void)
{
    HttpClient *http = NULL;
    HttpAnswer answer = { 0 };
    if (!status_ok(stand_service(&stand, core.tls, &http))) exit(1);
    const double began = now_s();
    for (int i = 0; i < CALLS; i++) {
        if (!status_ok(stand_service_call(http, "/vault/v1/challenge", SPAN(""), &answer))) exit(1);
    }
    http_client_close(&http);
    return CALLS / (now_s() - began);
}

int main(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    if (!status_ok(stand_open(&options, &stand))
            || !status_ok(stand_caller(&stand, "core", "bank-a", "protect,lookup", &core))
            || !open_settings()) {
        fprintf(stderr, "service: the stand does not open\n");
        return 1;
    }
    (void)run(1, 200); /* warm: the subject has its key */
    const Figures single = run(1, CALLS);
    const Figures batched = run(BATCH, BATCHES);
    const double door = tls_per_s();
    printf("{\"bench\":\"service\",\"https_per_s\":%.0f,\"https_per_core_s\":%.0f,"
           "\"https_p50_ms\":%.2f,\"https_p99_ms\":%.2f,\"batched_per_s\":%.0f,"
           "\"batched_per_core_s\":%.0f,\"tls_per_s\":%.0f,"
           "\"cpu_us\":{\"hufud\":%.0f,\"vaultd\":%.0f}}\n",
            single.per_s, single.per_core_s, single.p50_ms, single.p99_ms, batched.per_s,
            batched.per_core_s, door, single.hufud_us, single.vaultd_us);
    stand_caller_done(&core);
    stand_close(&stand);
    return 0;
}
