/* Goal: after a crash every alarm that was not told is told, and nobody's row in the database keeps
 * one back (LL-4.5.3). Method: a log of many events in few leaves; the rows behind the first alarm
 * of a leaf taken away, as if the crash had come between; a row that says more than there is. */
#include "api/trail_desk.h"

#include "audit/sample.h"
#include "base/encoding.h"
#include "base/expect.h"
#include "base/money.h"
#include "base/time.h"
#include "cases/alert.h"

#include <semaphore.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 64, WAIT_MS = 20000, ILLEGAL = ALERT_TRAIL + ALARM_ILLEGAL };

typedef struct Event {
    Unit unit;
    char actor[24];
    sem_t *finished;
} Event;

static Status nothing(Unit *unit, Rows *rows) { return OK; }

static Status tell(Unit *unit, Rows *rows)
{
    const AuditEvent event = {
        .kind = AUDIT_ALERT, .actor = span_of_text(((Event *)unit)->actor), .subject = SPAN("row")
    };
    return audit_event_tell(rows, &event);
}

static void finish(Unit *unit, Status outcome)
{
    ASSERT(status_ok(outcome));
    sem_post(((Event *)unit)->finished);
}

/* At once, so that a leaf has several. */
static void tell_all(Sample *s, int count)
{
    static Event events[EVENTS];
    sem_t finished;
    ASSERT(sem_init(&finished, 0, 0) == 0);
    for (int i = 0; i < count; i++) {
        events[i] = (Event) { { .gather = nothing, .run = tell, .done = finish }, "", &finished };
        snprintf(events[i].actor, sizeof(events[i].actor), "operator/n%d", i);
        ASSERT(status_ok(batcher_submit(s->batcher, &events[i].unit)));
    }
    for (int i = 0; i < count; i++)
        sem_wait(&finished);
    sem_destroy(&finished);
}

/* --- the alert rows --- */

typedef struct Alerts {
    int64_t batches[EVENTS];
    int64_t leaves[EVENTS];
    int count;
} Alerts;

static Status take_alert(void *context, const Value *values, size_t count)
{
    Alerts *a = context;
    uint8_t key_bytes[ALERT_KEY_BYTES_MAX];
    Buffer key = BUFFER_OF(key_bytes);
    Span part = { 0 };
    TRY(hex_decode(values[1].bytes, &key));
    Cursor c = cursor_of(span_of_buffer(&key));
    ASSERT(a->count < EVENTS);
    TRY(cursor_until(&c, '/', &part)); /* "leaf" */
    TRY(cursor_until(&c, '/', &part));
    TRY(i64_parse(part, &a->leaves[a->count]));
    a->batches[a->count++] = values[0].integer;
    return OK;
}

static Status read_alerts(void *context, Store *store)
{
    const Value kind = VALUE_OF_INT(ILLEGAL);
    *(Alerts *)context = (Alerts) { .count = 0 };
    return store_query(store,
            "SELECT in_batch, about_key FROM alert WHERE kind = ?1 ORDER BY in_batch, number",
            &kind, 1, take_alert, context);
}

static Alerts alerts_of(Sample *s)
{
    Alerts alerts;
    ASSERT(status_ok(batcher_between(s->batcher, read_alerts, &alerts)));
    return alerts;
}

/* --- a run of the desk --- */

static void ignore(void *context, const char *what, Status status) { }

/* Until there are so many alarms, or the time is over. */
static Alerts run_desk(Sample *s, int wanted)
{
    char index[128];
    TrailDesk *desk = NULL;
    Alerts alerts = { .count = 0 };
    const struct timespec pause = { 0, 10000000 };
    House house = { .batcher = s->batcher, .clock = s->clock, .random = random_system() };
    snprintf(index, sizeof(index), "%s/trail.db", s->folder);
    const TrailDeskConfig config = { .house = &house,
        .database = s->path,
        .index = index,
        .rules = { .illegal = true, .quiet_us = TIME_DAY_US },
        .report = ignore };
    ASSERT(status_ok(trail_desk_start(&config, &desk)));
    for (int ms = 0; ms < WAIT_MS && alerts.count < wanted; ms += 10) {
        nanosleep(&pause, NULL);
        alerts = alerts_of(s);
    }
    trail_desk_stop(desk);
    return alerts;
}

static void close_all(Sample *s)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/trail.db%s", s->folder, ends[i]);
        unlink(path);
    }
    sample_close(s);
}

static void test_a_crash_between_two_alarms_of_a_leaf(void)
{
    CLEANUP(close_all) Sample s;
    char sql[128];
    int first = 0;
    ASSERT(status_ok(sample_open_with(&s, 1, &cases_schema)));
    tell_all(&s, EVENTS);
    const Alerts told = run_desk(&s, EVENTS);
    EXPECT(told.count == EVENTS);
    while (first + 1 < EVENTS && told.leaves[first] != told.leaves[first + 1])
        first++;
    ASSERT(first + 1 < EVENTS);
    snprintf(sql, sizeof(sql), "DELETE FROM alert WHERE in_batch > %lld",
            (long long)told.batches[first]);
    ASSERT(status_ok(sample_execute(&s, sql)));
    EXPECT(alerts_of(&s).count == first + 1);
    EXPECT(run_desk(&s, EVENTS).count == EVENTS);
}

static void test_a_row_that_says_more_than_there_is(void)
{
    CLEANUP(close_all) Sample s;
    ASSERT(status_ok(sample_open_with(&s, 1, &cases_schema)));
    AlertAdd forged = { .alert = alert_of((AlertKind)ILLEGAL, 0, SPAN("leaf/9000000000000000000/x"),
                                REFUSE(REFUSED_ALARM_ILLEGAL)) };
    alert_add_unit(&forged, NULL);
    ASSERT(status_ok(unit_wait(s.batcher, &forged.unit)));
    EXPECT(run_desk(&s, 1).count == 1);
    tell_all(&s, 1);
    EXPECT(run_desk(&s, 2).count == 2);
}

TESTS(TEST(test_a_crash_between_two_alarms_of_a_leaf),
        TEST(test_a_row_that_says_more_than_there_is))
