/*
 * Goal: what the doors refuse stands in the audit log by number, and nobody fills a disk by it
 * (TP-5, TP-14, LL-4.5.3). Method: refusals of one kind and of a thousand, a batch that fails, a
 * moved clock; the events are read back from the leaves.
 */
#include "api/door.h"
#include "audit/log.h"
#include "store/store_for_tests.h"

enum { SEEN_MAX = 128 };

typedef struct Seen {
    int32_t code;
    char actor[80];
    char field[80];
    char detail[256];
    char from[80];
} Seen;

static TestStore rows;
static Door door;
static Seen seen[SEEN_MAX];
static size_t seen_count;

static void keep_text(char *to, size_t capacity, Span text)
{
    snprintf(to, capacity, "%.*s", (int)text.size, (const char *)text.data);
}

static Status hear(void *c, Store *s, const BatchDraft *draft, const BatchSealed *sealed)
{
    AuditEvents events = { 0 };
    AuditEvent event = { 0 };
    bool more = true;
    TRY(audit_events_begin(draft->events, &events));
    for (;;) {
        TRY(audit_events_next(&events, &event, &more));
        if (!more || seen_count == SEEN_MAX) return OK;
        Seen *e = &seen[seen_count++];
        e->code = event.outcome;
        keep_text(e->actor, sizeof(e->actor), event.actor);
        keep_text(e->field, sizeof(e->field), event.subject);
        keep_text(e->detail, sizeof(e->detail), event.detail);
        keep_text(e->from, sizeof(e->from), event.from);
    }
}

static void test_opens(void)
{
    static const StoreSchema *const schemas[] = { &practice_schema };
    test_store_open_with(&rows, schemas, 1, 1000000, hear);
    door_open(&door);
}

static void refuse(StatusCode code, const char *actor, const char *field, int64_t now_us)
{
    const DoorRefusal refusal = { REFUSE(code), span_of_text(actor), span_of_text(field),
        SPAN("merchant/192.0.2.7") };
    door_refused(&door, &refusal, now_us);
}

static void refuse_from(const char *actor, const char *from)
{
    const DoorRefusal refusal = { REFUSE(REFUSED_PIN_WRONG), span_of_text(actor), SPAN(""),
        span_of_text(from) };
    door_refused(&door, &refusal, 7);
}

static void test_alike_refusals_are_one_event(void)
{
    for (int i = 0; i < 500; i++)
        refuse((StatusCode)REFUSED_DATA_CARD_NUMBER, "merchant/m1", "description", 5);
    refuse((StatusCode)REFUSED_DATA_CARD_NUMBER, "merchant/m1", "attach", 6);
    refuse((StatusCode)REFUSED_DATA_PROHIBITED, "merchant/m1", "attach", 6);
    refuse((StatusCode)REFUSED_DATA_PROHIBITED, "merchant/m2", "attach", 6);
    door_refused(&door, &(DoorRefusal) { OK, SPAN("x"), SPAN(""), SPAN("") }, 6);
    door_refused(&door, &(DoorRefusal) { BROKEN(FAULT_DISK), SPAN("x"), SPAN(""), SPAN("") }, 6);
    EXPECT_OK(door_flush(&door, rows.batcher, DOOR_FLUSH_US, false));
    EXPECT(seen_count == 4 && strcmp(seen[0].actor, "merchant/m1") == 0);
    EXPECT(seen[0].code == REFUSED_DATA_CARD_NUMBER && strcmp(seen[0].field, "description") == 0);
    EXPECT(strcmp(seen[0].from, "merchant/192.0.2.7") == 0);
    EXPECT(strncmp(seen[0].detail, "times 500 since 1970-01-01", 26) == 0);
}

/* The next ones wait for their time, unless somebody asks for them or the clock went back. */
static void test_events_have_their_time(void)
{
    const int64_t at_us = DOOR_FLUSH_US;
    seen_count = 0;
    refuse((StatusCode)REFUSED_PIN_WRONG, "payer/p1", "", at_us);
    EXPECT_OK(door_flush(&door, rows.batcher, at_us + DOOR_FLUSH_US - 1, false));
    EXPECT(seen_count == 0);
    EXPECT_OK(door_flush(&door, rows.batcher, at_us + DOOR_FLUSH_US, false));
    EXPECT(seen_count == 1);
    refuse((StatusCode)REFUSED_PIN_WRONG, "payer/p1", "", at_us);
    EXPECT_OK(door_flush(&door, rows.batcher, at_us + DOOR_FLUSH_US + 1, true));
    EXPECT(seen_count == 2);
    refuse((StatusCode)REFUSED_PIN_WRONG, "payer/p1", "", at_us);
    EXPECT_OK(door_flush(&door, rows.batcher, 0, false));
    EXPECT(seen_count == 3);
    EXPECT_OK(door_flush(&door, rows.batcher, INT64_MAX, true)); /* nothing left, nothing written */
    EXPECT(seen_count == 3);
}

static int64_t times(const Seen *e) { return strtoll(e->detail + sizeof("times ") - 1, NULL, 10); }

/* A thousand senders are thirty-two events and one for the others; none is lost. */
static void test_a_flood_is_bounded(void)
{
    char actor[64];
    int64_t sum = 0;
    seen_count = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(actor, sizeof(actor), "payer/p%d", i);
        refuse((StatusCode)REFUSED_PIN_WRONG, actor, "", 7);
    }
    EXPECT_OK(door_flush(&door, rows.batcher, 7, true));
    EXPECT(seen_count == DOOR_SLOTS_MAX + 1);
    for (size_t i = 0; i < seen_count; i++)
        sum += times(&seen[i]);
    EXPECT(sum == 1000 && strcmp(seen[DOOR_SLOTS_MAX].actor, "others") == 0);
}

/* LL-4.5.3: who guesses at many names from one place is told by the place, when names no longer
 * fit. */
static void test_a_flood_is_told_by_its_sources(void)
{
    char actor[64];
    char from[64];
    int64_t fifth = 0;
    seen_count = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(actor, sizeof(actor), "payer/p%d", i);
        snprintf(from, sizeof(from), "payer/192.0.2.%d", i % (DOOR_SOURCES_MAX + 2));
        refuse_from(actor, from);
    }
    EXPECT_OK(door_flush(&door, rows.batcher, 7, true));
    EXPECT(seen_count == DOOR_ALL_SLOTS);
    for (size_t i = 0; i < seen_count; i++)
        fifth += strcmp(seen[i].from, "payer/192.0.2.5") == 0 ? times(&seen[i]) : 0;
    EXPECT(fifth == 100 && seen[DOOR_ALL_SLOTS - 1].from[0] == 0);
}

static void test_what_could_not_be_written_is_written_later(void)
{
    seen_count = 0;
    refuse((StatusCode)REFUSED_DATA_PROHIBITED, "merchant/m1", "attach", 8);
    rows.practice.prepare_answer = BROKEN(FAULT_STORE_FULL);
    EXPECT_REFUSED(door_flush(&door, rows.batcher, 8, true), FAULT_STORE_FULL);
    rows.practice.prepare_answer = OK;
    refuse((StatusCode)REFUSED_DATA_PROHIBITED, "merchant/m1", "attach", 9);
    EXPECT_OK(door_flush(&door, rows.batcher, 9, true));
    EXPECT(seen_count == 1 && times(&seen[0]) == 2);
}

/* Longer names than an event holds are cut. */
static void test_long_names_are_cut(void)
{
    char name[300];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    seen_count = 0;
    refuse((StatusCode)REFUSED_DATA_PROHIBITED, name, name, 8);
    refuse((StatusCode)REFUSED_DATA_PROHIBITED, name, name, 8);
    EXPECT_OK(door_flush(&door, rows.batcher, 8, true));
    EXPECT(seen_count == 1 && times(&seen[0]) == 2 && strlen(seen[0].actor) == 64);
    door_close(&door);
    test_store_close(&rows);
}

TESTS(TEST(test_opens), TEST(test_alike_refusals_are_one_event), TEST(test_events_have_their_time),
        TEST(test_a_flood_is_bounded), TEST(test_a_flood_is_told_by_its_sources),
        TEST(test_what_could_not_be_written_is_written_later), TEST(test_long_names_are_cut))
