/* Goal: what happened is found by who, on whom, what, how it ended and when, newest first, page by
 * page; each find is proved; an index or a log that somebody had his hands on is noticed
 * (LL-4.5.3). Method: a log of three blocks of random events; every answer is compared with a plain
 * walk over the leaves; then parts of file and log are changed, one at a time. */
#include "audit/trail.h"
#include "audit/trail_sample.h"
#include "base/expect.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEAVES = 1400, PAGE = 50, ANSWERS_MAX = 60000, EVENTS_PER_LEAF_MAX = 48 };

static TrailSample sample;
static Trail *trail;
static uint32_t seed = 7;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

/* --- the log --- */

static const AuditKind some_kinds[] = { AUDIT_ORDER_PAY, AUDIT_READ, AUDIT_CALLER_ADD,
    AUDIT_VAULT_ACT, AUDIT_REFUSED_AT_DOOR, AUDIT_REVEAL, AUDIT_RESTORE };
static const int32_t some_outcomes[] = { 0, 0, 0, REFUSED_PIN_WRONG, REFUSED_CALLER_RIGHT,
    FAULT_DISK };
static const char *const roles[] = { "operator", "merchant", "payer" };

typedef struct Texts {
    char actor[32];
    char subject[32];
    char detail[64];
} Texts;

static AuditEvent random_event(Texts *t)
{
    snprintf(t->actor, sizeof(t->actor), "%s/p%u", roles[draw(3)], draw(40));
    snprintf(t->subject, sizeof(t->subject), "%s/N%u", draw(2) == 0 ? "m1" : "m2", draw(900));
    snprintf(t->detail, sizeof(t->detail), draw(9) == 0 ? "with operator/p%u; why" : "plain %u",
            draw(40));
    return (AuditEvent) { .kind = some_kinds[draw(7)],
        .nonce = { [AUDIT_NONCE_BYTES - 1] = (uint8_t)draw(200) }, /* 0: none */
        .outcome = some_outcomes[draw(6)],
        .actor = span_of_text(t->actor),
        .subject = span_of_text(t->subject),
        .detail = span_of_text(t->detail) };
}

static bool add_leaf(void)
{
    static Texts texts[EVENTS_PER_LEAF_MAX];
    AuditEvent events[EVENTS_PER_LEAF_MAX];
    const size_t count = draw(EVENTS_PER_LEAF_MAX + 1); /* also none */
    for (size_t i = 0; i < count; i++)
        events[i] = random_event(&texts[i]);
    return status_ok(trail_sample_add(&sample, events, count));
}

/* A question catches up for a second; this machine may be slow. */
static bool settle(void)
{
    bool more = true;
    while (more)
        if (!status_ok(trail_step(trail, &more))) return false;
    return true;
}

static bool reopen(void)
{
    const TrailConfig config = { sample.database, sample.index, random_system() };
    trail_close(trail);
    trail = NULL;
    return status_ok(trail_open(&config, &trail));
}

static void test_opens(void)
{
    EXPECT_OK(trail_sample_open(&sample));
    EXPECT_OK(trail_sample_execute(&sample, "BEGIN"));
    for (int i = 0; i < LEAVES; i++)
        EXPECT(add_leaf());
    EXPECT_OK(trail_sample_execute(&sample, "COMMIT"));
    EXPECT(reopen());
}

/* --- answers, and what they should be --- */

typedef struct Answer {
    int64_t leaf;
    uint8_t ordinal;
    TrailVerdict verdict;
} Answer;

typedef struct Answers {
    Answer list[ANSWERS_MAX];
    uint32_t count;
    const TrailQuery *query;
    int64_t leaf;
} Answers;
static Answers found;
static Answers wanted;

static Status take_hit(void *context, const TrailHit *hit)
{
    Answers *a = context;
    if (a->count < ANSWERS_MAX)
        a->list[a->count++] = (Answer) { hit->leaf, hit->ordinal, hit->verdict };
    return OK;
}

static bool names(const char *asked, Span text)
{
    const char *slash = memchr(text.data, '/', text.size);
    const size_t head = slash == NULL ? 0 : (size_t)(slash + 1 - (const char *)text.data);
    const Span tail = { text.data + head, text.size - head };
    return span_equal(span_of_text(asked), strchr(asked, '/') != NULL ? text : tail);
}

static const char *query_person;
static const char *query_subject;

static bool stands_second(const AuditEvent *e)
{
    char with[80];
    const char *slash = strchr(query_person, '/');
    if (strncmp(query_person, "merchant/", 9) == 0) return false;
    snprintf(with, sizeof(with), "with operator/%s;", slash == NULL ? query_person : slash + 1);
    return e->detail.size > strlen(with)
            && strncmp((const char *)e->detail.data, with, strlen(with)) == 0;
}

static bool is_wanted(const TrailQuery *q, const AuditEvent *e, int64_t time_us)
{
    const uint32_t result = e->outcome == 0 ? 0 : e->outcome > 0 ? 1 : 2;
    if (query_person != NULL && !names(query_person, e->actor) && !stands_second(e)) return false;
    if (query_subject != NULL && !names(query_subject, e->subject)) return false;
    if (q->request.size > 0 && !span_equal(q->request, SPAN_OF(e->nonce))) return false;
    if (q->by_kind && (q->kinds[e->kind / 8] >> e->kind % 8 & 1) == 0) return false;
    if (q->categories != 0 && (q->categories >> audit_category(e) & 1) == 0) return false;
    if (q->results != 0 && (q->results >> result & 1) == 0) return false;
    return time_us >= q->from_us && (q->to_us == 0 || time_us < q->to_us);
}

static Status walk(void *context, const AuditEntry *entry)
{
    AuditLeaf leaf;
    AuditEvents events;
    AuditEvent event;
    Answers *a = context;
    bool more = true;
    TRY(audit_leaf_parse(entry->leaf, &leaf));
    TRY(audit_events_begin(leaf.events, &events));
    for (uint8_t ordinal = 0;; ordinal++) {
        TRY(audit_events_next(&events, &event, &more));
        if (!more) return OK;
        if (is_wanted(a->query, &event, leaf.time_us) && a->count < ANSWERS_MAX)
            a->list[a->count++] = (Answer) { entry->batch, ordinal, TRAIL_PROVEN };
    }
}

/* All pages of a question. */
static Status ask(TrailQuery q, uint32_t *ret_pages)
{
    TrailFound page = { .more = true };
    *ret_pages = 0;
    found.count = 0;
    while (page.more) {
        TRY(trail_search(trail, &q, take_hit, &found, &page));
        q.below_leaf = page.last_leaf;
        q.below_ordinal = page.last_ordinal;
        ++*ret_pages;
    }
    return OK;
}

static bool answers_are_right(const TrailQuery *q)
{
    uint32_t pages = 0;
    wanted.count = 0;
    wanted.query = q;
    if (!settle()) return false;
    if (!status_ok(ask(*q, &pages))) return false;
    if (!status_ok(audit_each_entry(sample.store, 0, walk, &wanted))) return false;
    if (found.count != wanted.count) return false;
    for (uint32_t i = 0; i < found.count; i++) {
        const Answer *w = &wanted.list[wanted.count - 1 - i];
        if (found.list[i].leaf != w->leaf || found.list[i].ordinal != w->ordinal) return false;
    }
    return pages == (found.count + q->limit - 1) / q->limit || (found.count == 0 && pages == 1);
}

static TrailQuery anything(void) { return (TrailQuery) { .limit = TRAIL_HITS_MAX }; }

static TrailQuery of_kind(AuditKind kind)
{
    TrailQuery q = anything();
    q.by_kind = true;
    q.kinds[kind / 8] |= (uint8_t)(1u << kind % 8);
    return q;
}

static TrailQuery random_query(char person[32], char subject[32])
{
    TrailQuery q = draw(3) == 0 ? of_kind(some_kinds[draw(7)]) : anything();
    q.limit = 1 + draw(TRAIL_HITS_MAX);
    query_person = draw(2) == 0 ? person : NULL;
    query_subject = draw(3) == 0 ? subject : NULL;
    static const char *const forms[] = { "", "operator/", "merchant/" };
    snprintf(person, 32, "%sp%u", forms[draw(3)], draw(42));
    snprintf(subject, 32, draw(2) == 0 ? "N%u" : "m1/N%u", draw(900));
    if (query_person != NULL) q.person = span_of_text(query_person);
    if (query_subject != NULL) q.subject = span_of_text(query_subject);
    static uint8_t request[AUDIT_NONCE_BYTES];
    request[AUDIT_NONCE_BYTES - 1] = (uint8_t)(1 + draw(220));
    if (draw(4) == 0) q.request = SPAN_OF(request);
    if (draw(3) == 0) q.categories = 1u << draw(AUDIT_CATEGORY_COUNT);
    if (draw(4) == 0) q.results = 1u << draw(3);
    if (draw(3) == 0) q.from_us = 1800000000000000 + (int64_t)draw(LEAVES) * 1000000;
    if (draw(3) == 0) q.to_us = 1800000000000001 + (int64_t)draw(LEAVES) * 1000000;
    if (q.to_us != 0 && q.to_us <= q.from_us) q.to_us = 0;
    return q;
}

/* RULE: LL-4.5.3 保留所有行为日志，做到所有用户操作有迹可循 */
static void test_what_is_asked_for_is_found(void)
{
    char person[32];
    char subject[32];
    const TrailState before = trail_state(trail);
    const TrailQuery all = anything();
    query_person = NULL;
    query_subject = NULL;
    EXPECT(answers_are_right(&all) && found.count > 2 * TRAIL_BLOCK_ENTRIES);
    const uint32_t all_count = found.count;
    for (int i = 0; i < 60; i++) {
        const TrailQuery q = random_query(person, subject);
        EXPECT(answers_are_right(&q));
    }
    EXPECT(before.leaves == 0 && trail_state(trail).leaves == LEAVES);
    EXPECT(trail_state(trail).entries == all_count);
}

static void test_bad_questions_are_refused(void)
{
    TrailFound page;
    TrailQuery q = anything();
    q.limit = 0;
    EXPECT_REFUSED(trail_search(trail, &q, take_hit, &found, &page), REFUSED_TRAIL_QUERY);
    q.limit = TRAIL_HITS_MAX + 1;
    EXPECT_REFUSED(trail_search(trail, &q, take_hit, &found, &page), REFUSED_TRAIL_QUERY);
    q = anything();
    q.from_us = 5;
    q.to_us = 5;
    EXPECT_REFUSED(trail_search(trail, &q, take_hit, &found, &page), REFUSED_TRAIL_QUERY);
    q = anything();
    q.below_leaf = -1;
    EXPECT_REFUSED(trail_search(trail, &q, take_hit, &found, &page), REFUSED_TRAIL_QUERY);
    EXPECT_REFUSED(trail_prove(trail, LEAVES, NULL, take_hit, &found), REFUSED_TRAIL_LEAF);
}

/* The newest page of a person, each hit proved against the checkpoint. */
static bool newest(const AuditCheckpoint *checkpoint, TrailVerdict verdict)
{
    TrailFound page = { 0 };
    TrailQuery q = anything();
    q.limit = PAGE;
    q.person = SPAN("p7");
    q.checkpoint = checkpoint;
    found.count = 0;
    if (!status_ok(trail_search(trail, &q, take_hit, &found, &page))) return false;
    for (uint32_t i = 0; i < found.count; i++)
        if (found.list[i].verdict != verdict) return false;
    return found.count == PAGE && page.hits == PAGE && page.complete_to == page.leaves;
}

static void test_every_hit_is_proved(void)
{
    AuditCheckpoint checkpoint = trail_sample_checkpoint(&sample);
    EXPECT(newest(&checkpoint, TRAIL_PROVEN));
    EXPECT(newest(NULL, TRAIL_NOT_YET));
    checkpoint.root.bytes[31] ^= 1;
    EXPECT(newest(&checkpoint, TRAIL_NOT_PROVEN));
    checkpoint = trail_sample_checkpoint(&sample);
    checkpoint.size = 3; /* of another time: the newest are not under it */
    EXPECT(newest(&checkpoint, TRAIL_NOT_YET));
    for (int64_t leaf = 0; leaf < LEAVES; leaf += 97) {
        checkpoint = trail_sample_checkpoint(&sample);
        found.count = 0;
        EXPECT_OK(trail_prove(trail, leaf, &checkpoint, take_hit, &found));
        EXPECT(found.count == 1 && found.list[0].verdict == TRAIL_PROVEN);
    }
}

/* --- it lives on --- */

static void test_the_index_is_kept_and_goes_on(void)
{
    const TrailQuery all = anything();
    query_person = NULL;
    query_subject = NULL;
    EXPECT(reopen());
    EXPECT(trail_state(trail).leaves > 0 && trail_state(trail).made_anew == 0);
    for (int i = 0; i < 30; i++)
        EXPECT(add_leaf());
    EXPECT(answers_are_right(&all));
    const AuditCheckpoint checkpoint = trail_sample_checkpoint(&sample);
    EXPECT(newest(&checkpoint, TRAIL_PROVEN));
    EXPECT(trail_state(trail).made_anew == 0);
}

static bool all_agree(void)
{
    for (int i = 0; i < 5; i++) {
        TrailFinding finding = TRAIL_INDEX_DIFFERED;
        int64_t leaf = 0;
        if (!status_ok(trail_recheck(trail, &finding, &leaf)) || finding != TRAIL_AGREES)
            return false;
    }
    return true;
}

/* --- hands on the index --- */

/* Noticed at the next opening, by a question, or by the comparison; afterwards all is right. */
static bool is_noticed(const char *sql)
{
    TrailFinding finding = TRAIL_AGREES;
    TrailFound page;
    int64_t leaf = 0;
    query_person = NULL;
    query_subject = NULL;
    trail_close(trail);
    trail = NULL;
    if (!status_ok(trail_sample_spoil(&sample, sql)) || !reopen()) return false;
    bool noticed = trail_state(trail).made_anew > 0;
    if (!settle()) return false;
    TrailQuery q = anything();
    q.person = SPAN("p7");
    q.from_us = 1800000000000001;
    while (!noticed) {
        const AuditCheckpoint checkpoint = trail_sample_checkpoint(&sample);
        q.checkpoint = &checkpoint;
        const Status s = trail_search(trail, &q, take_hit, &found, &page);
        noticed = status_is(s, REFUSED_TRAIL_DAMAGED);
        if (!noticed && (!status_ok(s) || !page.more)) break;
        q.below_leaf = page.last_leaf;
        q.below_ordinal = page.last_ordinal;
    }
    for (int i = 0; i < 5 && !noticed; i++) {
        if (!status_ok(trail_recheck(trail, &finding, &leaf))) return false;
        noticed = finding == TRAIL_INDEX_DIFFERED;
    }
    query_person = "p7";
    q = of_kind(AUDIT_RESTORE);
    q.person = SPAN("p7");
    return noticed && answers_are_right(&q) && all_agree();
}

static void test_a_changed_index_is_noticed_and_made_anew(void)
{
    static const char *const hands[] = {
        "UPDATE part SET bytes = zeroblob(length(bytes)) WHERE id = 1",
        "UPDATE part SET bytes = substr(bytes, 1, length(bytes) - 1) WHERE id = 17",
        "UPDATE part SET bytes = 'text' WHERE id = 9",
        "DELETE FROM part WHERE id = 8",
        "DELETE FROM block WHERE number = 0",
        "DELETE FROM block WHERE number = 1",
        "UPDATE block SET number = number + 5",
        "UPDATE block SET summary = zeroblob(length(summary)) WHERE number = 1",
        "UPDATE block SET filters = zeroblob(16384) WHERE number = 0",
        "UPDATE block SET last_hash = zeroblob(32) WHERE number = 1",
        "UPDATE node SET hash = zeroblob(32)",
        "DELETE FROM node",
        "UPDATE fact SET value = zeroblob(16) WHERE name = 'key'",
        "UPDATE fact SET value = x'09' WHERE name = 'format'",
        "UPDATE fact SET value = zeroblob(3) WHERE name = 'tree'",
        "DROP TABLE part",
        "DELETE FROM store_migration",
    };
    EXPECT(all_agree());
    for (size_t i = 0; i < sizeof(hands) / sizeof(hands[0]); i++) {
        const bool noticed = is_noticed(hands[i]);
        if (!noticed) fprintf(stderr, "not noticed: %s\n", hands[i]);
        EXPECT(noticed);
    }
}

static void test_a_file_that_is_no_index_is_made_anew(void)
{
    const TrailQuery restores = of_kind(AUDIT_RESTORE);
    trail_close(trail);
    trail = NULL;
    FILE *file = fopen(sample.index, "w");
    EXPECT(file != NULL);
    for (int i = 0; file != NULL && i < 5000; i++)
        fputs("no database at all ", file);
    if (file != NULL) fclose(file);
    query_person = NULL;
    EXPECT(reopen() && trail_state(trail).made_anew == 1);
    EXPECT(answers_are_right(&restores));
}

/* --- hands on the log --- */

static uint32_t count_verdicts(TrailVerdict verdict)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < found.count; i++)
        count += found.list[i].verdict == verdict ? 1 : 0;
    return count;
}

/* Whatever is asked, what cannot be read is told. */
static void test_a_changed_log_is_told(void)
{
    uint32_t pages = 0;
    TrailFinding finding = TRAIL_AGREES;
    int64_t leaf = 0;
    TrailQuery q = anything();
    q.person = SPAN("p7");
    EXPECT_OK(trail_sample_execute(&sample, "CREATE TABLE kept AS SELECT * FROM audit_leaf"));
    EXPECT_OK(trail_sample_execute(&sample,
            "UPDATE audit_leaf SET leaf = substr(leaf, 1, length(leaf) - 1) || x'01' "
            "WHERE batch BETWEEN 100 AND 119"));
    EXPECT_OK(
            trail_sample_execute(&sample, "DELETE FROM audit_leaf WHERE batch BETWEEN 40 AND 59"));
    EXPECT_OK(ask(q, &pages));
    EXPECT(count_verdicts(TRAIL_CHANGED) > 0 && count_verdicts(TRAIL_MISSING) > 0);
    EXPECT_OK(trail_recheck(trail, &finding, &leaf));
    EXPECT(finding == TRAIL_LOG_CHANGED && leaf == 0);
    remove(sample.index); /* and an index that is made of it says so, too */
    EXPECT(reopen() && settle());
    q.person = SPAN("nobody");
    EXPECT_OK(ask(q, &pages));
    EXPECT(found.count == 21 && trail_state(trail).unreadable == 21);
    EXPECT(count_verdicts(TRAIL_CHANGED) == 20 && count_verdicts(TRAIL_MISSING) == 1);
    EXPECT_OK(trail_sample_execute(&sample, "DELETE FROM audit_leaf"));
    EXPECT_OK(trail_sample_execute(&sample, "INSERT INTO audit_leaf SELECT * FROM kept"));
    EXPECT_OK(trail_sample_execute(&sample, "DROP TABLE kept"));
    EXPECT_REFUSED(ask(q, &pages), REFUSED_TRAIL_DAMAGED); /* it was mended: so is the index */
    EXPECT(settle());
    EXPECT_OK(ask(q, &pages));
    EXPECT(found.count == 0 && trail_state(trail).unreadable == 0);
}

/* A leaf with a right hash, which nobody signed. */
static void test_a_forged_leaf_is_not_proved(void)
{
    uint32_t pages = 0;
    const AuditCheckpoint checkpoint = trail_sample_checkpoint(&sample);
    const AuditEvent forged = { .kind = AUDIT_READ, .actor = SPAN("operator/forger") };
    TrailQuery q = anything();
    q.person = SPAN("forger");
    q.checkpoint = &checkpoint;
    const uint64_t size = sample.tree.size;
    EXPECT_OK(trail_sample_execute(&sample, "DELETE FROM audit_leaf WHERE batch = 1200"));
    sample.tree.size = 1200;
    EXPECT_OK(trail_sample_add(&sample, &forged, 1));
    sample.tree.size = size;
    remove(sample.index);
    EXPECT(reopen() && settle());
    EXPECT_OK(ask(q, &pages));
    EXPECT(found.count == 1 && found.list[0].verdict == TRAIL_NOT_PROVEN);
}

/* The log went back to an earlier leaf and on from there: another history. */
static void test_a_restored_log_has_a_new_index(void)
{
    const TrailQuery all = anything();
    query_person = NULL;
    query_subject = NULL;
    EXPECT_OK(trail_sample_execute(&sample, "DELETE FROM audit_leaf WHERE batch >= 300"));
    EXPECT(reopen() && trail_state(trail).made_anew == 1);
    EXPECT(answers_are_right(&all) && trail_state(trail).leaves == 300);
}

static void test_closes(void)
{
    const TrailConfig no_path = { sample.database, "", random_system() };
    trail_close(trail);
    trail = NULL;
    EXPECT_REFUSED(trail_open(&no_path, &trail), REFUSED_TRAIL_PATH);
    trail_sample_close(&sample);
}

TESTS(TEST(test_opens), TEST(test_what_is_asked_for_is_found), TEST(test_bad_questions_are_refused),
        TEST(test_every_hit_is_proved), TEST(test_the_index_is_kept_and_goes_on),
        TEST(test_a_changed_index_is_noticed_and_made_anew),
        TEST(test_a_file_that_is_no_index_is_made_anew), TEST(test_a_changed_log_is_told),
        TEST(test_a_forged_leaf_is_not_proved), TEST(test_a_restored_log_has_a_new_index),
        TEST(test_closes))
