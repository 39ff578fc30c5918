/*
 * access: what a decision about rights and the finding of a session cost, by one core, and how long
 * a search of the audit log takes. Prints one JSON line.
 *
 *     access [--entries N] [rules/access.yaml]
 *
 *   decisions_per_s   access_decide() with the house's own table: askers with roles, grants and a
 *                     broken glass, every action, every level
 *   session_us        session_find() among as many sessions as a busy day has
 *   trail_search_ms   the slowest of fourteen questions to a log of N entries [10000000], and more
 *                     figures of it (trail_figures.h)
 */
#define _GNU_SOURCE
#include "access/rights.h"
#include "access/session.h"
#include "processor.h"
#include "trail_figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASKERS = 64,
    ROUNDS = 400,
    SESSIONS = 100000,
    FINDS = 400000,
    ENTRIES = 10000000,
    ENTRIES_MIN = 1000
};

#define MUST_OK(expression)                                                       \
    do {                                                                          \
        const Status must_ = (expression);                                        \
        if (!status_ok(must_)) {                                                  \
            fprintf(stderr, "access: %s: %s\n", #expression, status_name(must_)); \
            exit(1);                                                              \
        }                                                                         \
    } while (0)

/* Some with one role, some with grants, some in an emergency. */
static Asker asker_of(const AccessTable *table, size_t number)
{
    const AccessRole *role = &table->roles[number % table->role_count];
    Asker asker = { .tenant = ASKER_HOUSE, .roles = access_role_bit(role), .door = DOOR_CLI };
    if (number % 3 == 0) {
        const AccessAction *action = &table->actions[number % table->action_count];
        asker.grants[0] = (AskerGrant) { .level = 2, .until_us = 2000 };
        memcpy(asker.grants[0].action, action->name, sizeof(action->name));
        asker.grant_count = 1;
    }
    if (number % 5 == 0) {
        asker.emergency_roles = table->emergency.gives;
        asker.emergency_until_us = 2000;
    }
    return asker;
}

static double decisions_per_s(const AccessTable *table)
{
    Asker askers[ASKERS];
    uint64_t allowed = 0;
    uint64_t asked = 0;
    for (size_t i = 0; i < ASKERS; i++)
        askers[i] = asker_of(table, i);
    const double start = processor_thread_s();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < ASKERS; i++) {
            for (size_t a = 0; a < table->action_count; a++, asked++) {
                const DataLevel level = (DataLevel)((a + (size_t)round) % 4);
                allowed += access_decide(table, &askers[i], (int)a, level, 1000) == ACCESS_ALLOWED;
            }
        }
    }
    const double took_s = processor_thread_s() - start;
    if (allowed == 0 || allowed == asked) exit(1); /* it decided nothing */
    return (double)asked / took_s;
}

static double session_us(void)
{
    static uint8_t tokens[SESSIONS][SESSION_TOKEN_BYTES];
    static const SessionLimits limits = { 3600000000, 36000000000, SESSIONS_EACH_MAX, 1 << 20 };
    const uint8_t device[SESSION_DEVICE_BYTES] = { 7 };
    const SessionConfig config = {
        .steady = clock_steady(), .random = random_system(), .limits = { limits, limits, limits }
    };
    SessionTable *table = NULL;
    MUST_OK(session_table_open(&config, &table));
    for (size_t i = 0; i < SESSIONS; i++) {
        char name[32];
        Secret token;
        uint64_t number = 0;
        snprintf(name, sizeof(name), "p%zu", i);
        const SessionOwner owner = { SESSION_PAYER, SPAN("hufu"), span_of_text(name) };
        MUST_OK(session_begin(table, &owner, SESSION_PROVED_BY_SECRETS, device, SPAN("127.0.0.1"),
                0, &token, &number));
        memcpy(tokens[i], token.bytes, SESSION_TOKEN_BYTES);
        secret_wipe(&token);
    }
    const double start = processor_thread_s();
    for (size_t i = 0; i < FINDS; i++) {
        Session found;
        const Span token = SPAN_OF(tokens[(i * 7919) % SESSIONS]);
        MUST_OK(session_find(table, token, device, &found));
    }
    const double took_s = processor_thread_s() - start;
    session_table_close(&table);
    return took_s * 1e6 / FINDS;
}

static void print_trail(const TrailFigures *f)
{
    printf("\"trail_search_ms\":%.1f,\"trail_search_warm_ms\":%.1f,\"trail_search_work_ms\":%.1f,"
           "\"trail_entries\":%lld,\"trail_index_per_s\":%.0f,\"trail_index_mb\":%.0f,"
           "\"trail_log_mb\":%.0f,\"trail_proof_ms\":%.2f",
            f->search_ms, f->search_warm_ms, f->search_work_ms, (long long)f->entries,
            f->index_per_s, f->index_mb, f->log_mb, f->proof_ms);
}

int main(int argc, char **argv)
{
    AccessTable *table = NULL;
    YamlProblem problem = { 0 };
    const char *path = "rules/access.yaml";
    long entries = ENTRIES;
    for (int i = 1; i < argc; i++) {
        const bool counts = strcmp(argv[i], "--entries") == 0 && i + 1 < argc;
        if (counts) entries = strtol(argv[++i], NULL, 10);
        if (!counts) path = argv[i];
    }
    if (entries < ENTRIES_MIN || entries > 10 * ENTRIES) {
        fprintf(stderr, "access: --entries is %d to %d\n", ENTRIES_MIN, 10 * ENTRIES);
        return 2;
    }
    MUST_OK(access_table_load(path, &table, &problem));
    printf("{\"bench\":\"access\",\"decisions_per_s\":%.0f,\"session_us\":%.2f,",
            decisions_per_s(table), session_us());
    access_table_free(&table);
    fflush(stdout);
    const TrailFigures trail = trail_figures((uint32_t)entries);
    print_trail(&trail);
    printf("}\n");
    return 0;
}
