/* Goal: no proof reads the whole log while the index is made, so that alarms do not wait; what is
 * not proved for want of an index is told apart from what cannot be (LL-4.5.3). Method: a log of
 * more leaves than are indexed in one step, and an index held there. */
#include "audit/trail_inside.h"
#include "audit/trail_sample.h"
#include "base/expect.h"

#include <stdio.h>

enum { LEAVES = TRAIL_STEP_LEAVES + 300, PAGE = 50 };

static TrailSample sample;
static Trail *trail;

static void test_opens(void)
{
    const TrailConfig config = { sample.database, sample.index, random_system() };
    const AuditEvent event = { .kind = AUDIT_READ, .actor = SPAN("operator/alice") };
    EXPECT_OK(trail_sample_open(&sample));
    EXPECT_OK(trail_sample_execute(&sample, "BEGIN"));
    for (int i = 0; i < LEAVES; i++)
        EXPECT_OK(trail_sample_add(&sample, &event, 1));
    EXPECT_OK(trail_sample_execute(&sample, "COMMIT"));
    EXPECT_OK(trail_open(&config, &trail));
    trail->catch_up_ms = 0;
}

typedef struct Verdicts {
    uint32_t count;
    uint32_t as_meant;
    TrailVerdict meant;
} Verdicts;

static Status take_hit(void *context, const TrailHit *hit)
{
    Verdicts *v = context;
    v->count++;
    v->as_meant += hit->verdict == v->meant ? 1 : 0;
    return OK;
}

/* The newest page, and a leaf of long ago. */
static void expect_verdicts(const AuditCheckpoint *checkpoint, TrailVerdict meant)
{
    const TrailQuery query = { .limit = PAGE, .checkpoint = checkpoint };
    Verdicts verdicts = { .meant = meant };
    TrailFound found = { 0 };
    EXPECT_OK(trail_search(trail, &query, take_hit, &verdicts, &found));
    EXPECT_OK(trail_prove(trail, 7, checkpoint, take_hit, &verdicts));
    EXPECT(verdicts.count == PAGE + 1 && verdicts.as_meant == PAGE + 1);
}

static void test_no_proof_reads_the_log_while_it_is_indexed(void)
{
    const AuditCheckpoint whole = trail_sample_checkpoint(&sample);
    bool more = true;
    EXPECT_OK(trail_step(trail, &more));
    EXPECT(more && trail_state(trail).leaves == TRAIL_STEP_LEAVES);
    expect_verdicts(&whole, TRAIL_NOT_INDEXED);
    while (more)
        EXPECT_OK(trail_step(trail, &more));
    expect_verdicts(&whole, TRAIL_PROVEN);
}

/* Of a longer log than there is: not for want of an index. */
static void test_a_log_that_lost_its_end_proves_nothing(void)
{
    AuditCheckpoint longer = trail_sample_checkpoint(&sample);
    longer.size += 5;
    expect_verdicts(&longer, TRAIL_NOT_PROVEN);
}

static void test_closes(void)
{
    trail_close(trail);
    trail_sample_close(&sample);
}

TESTS(TEST(test_opens), TEST(test_no_proof_reads_the_log_while_it_is_indexed),
        TEST(test_a_log_that_lost_its_end_proves_nothing), TEST(test_closes))
