#define _GNU_SOURCE
#include "trail_figures.h"

#include "audit/trail.h"
#include "audit/trail_sample.h"
#include "processor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { IN_LEAF = 64, PEOPLE = 2000000, TRANSACTION = 512, LIMIT = 50, QUESTIONS = 14 };

#define MUST_OK(expression)                                                      \
    do {                                                                         \
        const Status must_ = (expression);                                       \
        if (!status_ok(must_)) {                                                 \
            fprintf(stderr, "trail: %s: %s\n", #expression, status_name(must_)); \
            exit(1);                                                             \
        }                                                                        \
    } while (0)

static uint32_t leaves; /* of the log */
static TrailSample sample;
static Trail *trail;
static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

static double now_s(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- the log: payments, half of them of ten busy merchants; operators now and then --- */

typedef struct Texts {
    char actor[40];
    char subject[48];
} Texts;

static AuditEvent make_event(Texts *t, uint32_t number)
{
    const bool operator= number % 1000 == 0;
    snprintf(t->subject, sizeof(t->subject), "190000%04u/N%u", draw(2) == 0 ? draw(10) : draw(9999),
            number);
    if (operator) snprintf(t->actor, sizeof(t->actor), "operator/op%u", draw(50));
    if (!operator) snprintf(t->actor, sizeof(t->actor), "payer/p%u", draw(PEOPLE));
    if (draw(2) == 0) snprintf(t->actor, sizeof(t->actor), "merchant/190000%04u", draw(10));
    return (AuditEvent) { .kind = operator? AUDIT_READ : AUDIT_ORDER_PAY,
        .outcome = draw(50) == 0 ? REFUSED_PIN_WRONG : 0,
        .actor = span_of_text(t->actor),
        .subject = span_of_text(t->subject),
        .detail = SPAN("SUCCESS 4200000000202601010000000001"),
        .from = SPAN("payer/203.0.113.77") };
}

static void make_leaf(uint32_t first)
{
    static Texts texts[IN_LEAF];
    AuditEvent events[IN_LEAF];
    for (uint32_t i = 0; i < IN_LEAF; i++)
        events[i] = make_event(&texts[i], first + i);
    if (first == leaves / 3 * IN_LEAF) {
        events[5].actor = SPAN("operator/rare");
        events[6].subject = SPAN("receiver.add/court");
        events[7].kind = AUDIT_RESTORE;
    }
    MUST_OK(trail_sample_add(&sample, events, IN_LEAF));
}

static void make_log(void)
{
    for (uint32_t i = 0; i < leaves; i++) {
        if (i % TRANSACTION == 0) MUST_OK(trail_sample_execute(&sample, "BEGIN"));
        make_leaf(i * IN_LEAF);
        if (i % TRANSACTION != TRANSACTION - 1 && i + 1 != leaves) continue;
        MUST_OK(trail_sample_execute(&sample, "COMMIT"));
        MUST_OK(trail_sample_execute(&sample, "PRAGMA wal_checkpoint(TRUNCATE)"));
    }
}

static void reopen(void)
{
    const TrailConfig config = { sample.database, sample.index, random_system() };
    trail_close(trail);
    MUST_OK(trail_open(&config, &trail));
}

static double megabytes(const char *path)
{
    struct stat facts = { 0 };
    return stat(path, &facts) == 0 ? (double)facts.st_size / 1e6 : 0;
}

/* --- questions --- */

typedef struct Hits {
    uint32_t proven;
    uint32_t others;
} Hits;

static Status count_hit(void *context, const TrailHit *hit)
{
    Hits *hits = context;
    hits->proven += hit->verdict == TRAIL_PROVEN ? 1 : 0;
    hits->others += hit->verdict == TRAIL_PROVEN ? 0 : 1;
    return OK;
}

static TrailQuery of_kind(AuditKind kind)
{
    TrailQuery q = { .by_kind = true };
    q.kinds[kind / 8] |= (uint8_t)(1u << kind % 8);
    return q;
}

typedef struct Question {
    const char *name;
    TrailQuery query;
} Question;

static size_t all_questions(Question list[QUESTIONS])
{
    const int64_t begin = 1800000000000000;
    const int64_t end = sample.time_us;
    const int64_t third = begin + (end - begin) / 3;
    TrailQuery nobody_kind = of_kind(AUDIT_CALLER_ADD);
    TrailQuery busy_rare = of_kind(AUDIT_RESTORE);
    busy_rare.person = SPAN("merchant/1900000003");
    nobody_kind.categories = 1u << AUDIT_CATEGORY_PLAN;
    const Question made[] = {
        { "newest", { .limit = LIMIT } },
        { "rare person", { .person = SPAN("operator/rare") } },
        { "nobody", { .person = SPAN("nobody") } },
        { "busy person", { .person = SPAN("1900000003") } },
        { "busy person, old time",
                { .person = SPAN("1900000003"), .from_us = begin, .to_us = third } },
        { "operator, a day",
                { .person = SPAN("op7"), .from_us = third, .to_us = third + 86400000000 } },
        { "subject", { .subject = SPAN("receiver.add/court") } },
        { "order that there is not", { .subject = SPAN("N99999999") } },
        { "kind", of_kind(AUDIT_RESTORE) },
        { "busy person, kind he never did", busy_rare },
        { "busy person, common result, never",
                { .person = SPAN("1900000003"), .results = 1u << TRAIL_BROKEN } },
        { "kind that there is not", nobody_kind },
        { "category", { .categories = 1u << AUDIT_CATEGORY_SENSITIVE_READ } },
        { "everything that matches nothing",
                { .person = SPAN("op7"),
                        .subject = SPAN("N5"),
                        .categories = 1u << AUDIT_CATEGORY_LOGIN_FAILURE,
                        .results = 2,
                        .from_us = begin + 1,
                        .to_us = end } },
    };
    memcpy(list, made, sizeof(made));
    return sizeof(made) / sizeof(made[0]);
}

/* Milliseconds of the slowest question; `ret_work`: of the processor, whoever else uses it. */
static double ask_all(const AuditCheckpoint *checkpoint, bool say, double *ret_work)
{
    Question list[QUESTIONS];
    double worst = 0;
    *ret_work = 0;
    const size_t count = all_questions(list);
    for (size_t i = 0; i < count; i++) {
        Hits hits = { 0 };
        TrailFound found = { 0 };
        TrailQuery q = list[i].query;
        q.limit = LIMIT;
        q.checkpoint = checkpoint;
        const double worked = processor_program_s(getpid());
        const double start = now_s();
        MUST_OK(trail_search(trail, &q, count_hit, &hits, &found));
        const double ms = (now_s() - start) * 1e3;
        const double work = (processor_program_s(getpid()) - worked) * 1e3;
        if (say)
            fprintf(stderr, "%-34s %7.1f ms (%.1f of work)  %u hits%s\n", list[i].name, ms, work,
                    hits.proven, found.more ? ", more" : "");
        if (hits.others > 0 || found.complete_to != found.leaves) exit(1);
        worst = ms > worst ? ms : worst;
        *ret_work = work > *ret_work ? work : *ret_work;
    }
    return worst;
}

static double proof_ms(const AuditCheckpoint *checkpoint)
{
    enum { PROOFS = 200 };
    Hits hits = { 0 };
    const double start = now_s();
    for (int i = 0; i < PROOFS; i++)
        MUST_OK(trail_prove(trail, draw(leaves), checkpoint, count_hit, &hits));
    if (hits.proven != PROOFS) exit(1);
    return (now_s() - start) * 1e3 / PROOFS;
}

/* Entries that were indexed in a second. */
static double index_all(void)
{
    bool more = true;
    const double start = now_s();
    while (more)
        MUST_OK(trail_step(trail, &more));
    return (double)leaves * IN_LEAF / (now_s() - start);
}

TrailFigures trail_figures(uint32_t entries)
{
    TrailFigures figures = { 0 };
    leaves = entries / IN_LEAF;
    MUST_OK(trail_sample_open(&sample));
    make_log();
    reopen();
    figures.index_per_s = index_all();
    const AuditCheckpoint checkpoint = trail_sample_checkpoint(&sample);
    reopen();
    figures.search_ms = ask_all(&checkpoint, false, &figures.search_work_ms);
    figures.search_warm_ms = ask_all(&checkpoint, true, &figures.search_work_ms);
    figures.entries = (int64_t)trail_state(trail).entries;
    figures.index_mb = megabytes(sample.index);
    figures.log_mb = megabytes(sample.database);
    figures.proof_ms = proof_ms(&checkpoint);
    trail_close(trail);
    trail_sample_close(&sample);
    return figures;
}
