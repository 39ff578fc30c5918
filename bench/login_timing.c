/*
 * login_timing: does the time of a refused log-in at the console tell an unknown name from a wrong
 * password (LL-4.5.2)? Names that nobody has and wrong passwords of people who are there take turns
 * at the real programs, each pair from an address of its own, so that nobody is slowed, and each
 * person less often than locks him. The wall time of each answer is taken.
 *
 *     login_timing [--tries N]        N of each [200]
 *
 * Prints one JSON line: of both the tenth, the median and the ninetieth of a hundred, in
 * milliseconds; and Mann and Whitney's rank test: rank_auc is how often an unknown name took longer
 * than a wrong password (0.5: who measures learns nothing), rank_p how often chance alone shows as
 * much.
 */
#define _GNU_SOURCE
#include "browser.h"
#include "house_people.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GOOD "copper lantern 48 orchard"
#define GUESS "Summer 2026 is here"

enum {
    TRIES = 200,
    TRIES_MAX = 1000,
    TRIES_OF_PERSON = 4,
    PEOPLE_MAX = TRIES_MAX / TRIES_OF_PERSON
};

typedef struct Sample {
    double ms;
    bool unknown;
} Sample;

static Stand stand;
static ConsoleUser people[PEOPLE_MAX];
static char names[PEOPLE_MAX][16];
static Sample samples[2 * TRIES_MAX];
static size_t sample_count;

static void must(bool right, const char *what)
{
    if (right) return;
    fprintf(stderr, "login_timing: %s\n", what);
    stand_close(&stand);
    exit(1);
}

static double now_ms(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The box is made before: only the answer is waited for. */
static void take_sample(Browser *at, const char *name, bool unknown)
{
    static uint8_t bytes[16384];
    Buffer json = BUFFER_OF(bytes);
    const ConsoleUser person = { .name = name };
    must(status_ok(browser_login_body(at, &person, GUESS, "000000", &json)), "no box was made");
    const double start = now_ms();
    const int status = browser_post(at, "/console/v1/login", (const char *)bytes);
    samples[sample_count++] = (Sample) { now_ms() - start, unknown };
    must(status == 401, "a guess was not judged");
}

/* Every other pair begins with the other one. */
static void take_pair(int number)
{
    char address[32];
    char nobody[16];
    Browser at;
    const char *person = names[number / TRIES_OF_PERSON];
    snprintf(address, sizeof(address), "127.0.%d.%d", 1 + number / 200, 1 + number % 200);
    snprintf(nobody, sizeof(nobody), "nobody%03d", number);
    must(status_ok(browser_open_from(&stand, address, &at)), "the console does not answer");
    for (int turn = 0; turn < 2; turn++) {
        const bool unknown = (number + turn) % 2 == 0;
        take_sample(&at, unknown ? nobody : person, unknown);
    }
    browser_close(&at);
}

/* --- figures --- */

static int by_time(const void *a, const void *b)
{
    const double one = ((const Sample *)a)->ms;
    const double other = ((const Sample *)b)->ms;
    return (one > other) - (one < other);
}

/* Of the sorted samples of one sort the one behind which `share` of them lie. */
static double quantile(bool unknown, double share)
{
    const size_t each = sample_count / 2;
    size_t left = (size_t)(share * (double)(each - 1));
    for (size_t i = 0; i < sample_count; i++) {
        if (samples[i].unknown != unknown) continue;
        if (left == 0) return samples[i].ms;
        left--;
    }
    return 0;
}

/* U of the unknown names over all pairs; equal times share their ranks. */
static double rank_auc(void)
{
    double ranks = 0;
    for (size_t i = 0; i < sample_count;) {
        size_t end = i;
        while (end < sample_count && samples[end].ms <= samples[i].ms)
            end++;
        for (size_t k = i; k < end; k++)
            ranks += samples[k].unknown ? (double)(i + 1 + end) / 2 : 0;
        i = end;
    }
    const double n = (double)sample_count / 2;
    return (ranks - n * (n + 1) / 2) / (n * n);
}

static void print_figures(void)
{
    qsort(samples, sample_count, sizeof(samples[0]), by_time);
    const double n = (double)sample_count / 2;
    const double auc = rank_auc();
    const double z = (auc - 0.5) * n * n / sqrt(n * n * (2 * n + 1) / 12);
    printf("{\"bench\":\"login_timing\",\"tries\":%zu", sample_count / 2);
    for (int unknown = 1; unknown >= 0; unknown--)
        printf(",\"%s_ms\":{\"p10\":%.1f,\"median\":%.1f,\"p90\":%.1f}",
                unknown ? "unknown" : "wrong", quantile(unknown, 0.1), quantile(unknown, 0.5),
                quantile(unknown, 0.9));
    printf(",\"rank_auc\":%.3f,\"rank_z\":%.2f,\"rank_p\":%.3f}\n", auc, z,
            erfc(fabs(z) / sqrt(2)));
}

int main(int argc, char **argv)
{
    long tries = argc == 3 && strcmp(argv[1], "--tries") == 0 ? strtol(argv[2], NULL, 10) : TRIES;
    if (tries < 2 || tries > TRIES_MAX || (argc != 1 && argc != 3)) {
        fprintf(stderr, "login_timing: --tries is 2 to %d\n", TRIES_MAX);
        return 2;
    }
    must(status_ok(stand_open(&(StandOptions) { 0 }, &stand)), "the stand does not open");
    for (int i = 0; i * TRIES_OF_PERSON < tries; i++) {
        snprintf(names[i], sizeof(names[i]), "person%03d", i);
        people[i] = (ConsoleUser) { .name = names[i], .password = GOOD };
        must(status_ok(house_person(&stand, &people[i], "payment-operator")), "nobody joins");
    }
    for (int i = 0; i < tries; i++)
        take_pair(i);
    print_figures();
    stand_close(&stand);
    return 0;
}
