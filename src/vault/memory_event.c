#include "vault/memory_event.h"

#include <stdlib.h>

typedef struct Waiting {
    uint16_t size;
    uint8_t bytes[MEMORY_EVENT_BYTES_MAX];
} Waiting;

typedef struct Told { /* an alarm of this run */
    uint8_t operation; /* 0: free */
    uint32_t status;
    int64_t time_us;
} Told;

struct MemoryEvents { /* the lock is Memory's */
    uint64_t count;
    uint64_t kept;
    Waiting waiting[MEMORY_EVENTS_MAX]; /* number % MAX; those after `kept` */
    Told told[MEMORY_ALARM_KINDS];
    size_t next_told;
};

Status memory_events_open(Memory *m)
{
    m->events = calloc(1, sizeof(*m->events));
    CHECK(m->events != NULL, FAULT_MEMORY);
    return OK;
}

void memory_events_close(Memory *m)
{
    free(m->events);
    m->events = NULL;
}

/* --- the journal --- */

Status memory_apply_event(Memory *m, Cursor *c)
{
    struct MemoryEvents *e = m->events;
    WireVaultEvent event;
    const Span bytes = c->rest;
    TRY(wire_take_vault_event(c, &event));
    REQUIRE(event.number == e->count + 1, REFUSED_JOURNAL_TAMPERED);
    REQUIRE(bytes.size <= MEMORY_EVENT_BYTES_MAX, REFUSED_JOURNAL_TAMPERED);
    REQUIRE(e->count - e->kept < MEMORY_EVENTS_MAX, REFUSED_JOURNAL_TAMPERED);
    Waiting *waiting = &e->waiting[event.number % MEMORY_EVENTS_MAX];
    waiting->size = (uint16_t)bytes.size;
    memcpy(waiting->bytes, bytes.data, bytes.size);
    e->count = event.number;
    return OK;
}

/* kept u64 | number of the last event before those that this segment tells u64 */
Status memory_apply_events_head(Memory *m, Cursor *c)
{
    struct MemoryEvents *e = m->events;
    TRY(cursor_u64(c, &e->kept));
    TRY(cursor_u64(c, &e->count));
    REQUIRE(e->kept <= e->count, REFUSED_JOURNAL_TAMPERED);
    return OK;
}

static Status put_head(uint64_t kept, uint64_t count, Buffer *b)
{
    TRY(buffer_put_u64(b, kept));
    return buffer_put_u64(b, count);
}

Status memory_snapshot_events(const Memory *m, Journal *journal)
{
    const struct MemoryEvents *e = m->events;
    uint8_t memory[16];
    Buffer b = BUFFER_OF(memory);
    if (e->count == 0) return OK;
    TRY(put_head(e->kept, e->kept, &b));
    TRY(journal_snapshot_put(journal, MEMORY_EVENTS_HEAD, span_of_buffer(&b)));
    for (uint64_t number = e->kept + 1; number <= e->count; number++) {
        const Waiting *w = &e->waiting[number % MEMORY_EVENTS_MAX];
        TRY(journal_snapshot_put(journal, MEMORY_EVENT, (Span) { w->bytes, w->size }));
    }
    return OK;
}

/* --- in --- */

static uint64_t waiting_count(const Memory *m) { return m->events->count - m->events->kept; }

/* The lock is held. */
static Status write(Memory *m, WireVaultEvent *event, uint64_t *ret_position)
{
    uint8_t memory[MEMORY_EVENT_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    event->number = m->events->count + 1;
    TRY(wire_put_vault_event(&b, event));
    return memory_write(m, MEMORY_EVENT, span_of_buffer(&b), ret_position);
}

Status memory_event_room(Memory *m)
{
    MEMORY_HOLD(m);
    REQUIRE(waiting_count(m) < MEMORY_EVENTS_ACTS_MAX, REFUSED_EVENTS_FULL);
    return OK;
}

static Status act_locked(Memory *m, WireVaultEvent *event, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(waiting_count(m) < MEMORY_EVENTS_MAX, REFUSED_EVENTS_FULL);
    return write(m, event, ret_position);
}

Status memory_event_act(Memory *m, WireVaultEvent *event)
{
    uint64_t position = 0;
    TRY(act_locked(m, event, &position));
    return memory_sync(m, position);
}

/* Was its like told within the last minute? From now on it was. The lock is held. */
static bool told_before(struct MemoryEvents *e, const WireVaultEvent *event)
{
    for (size_t i = 0; i < MEMORY_ALARM_KINDS; i++) {
        Told *t = &e->told[i];
        if (t->operation != event->operation || t->status != event->status) continue;
        const int64_t since_us = event->time_us - t->time_us;
        if (since_us >= 0 && since_us < MEMORY_ALARM_EACH_US) return true;
        t->time_us = event->time_us;
        return false;
    }
    e->told[e->next_told++ % MEMORY_ALARM_KINDS] =
            (Told) { event->operation, event->status, event->time_us };
    return false;
}

Status memory_event_alarm(Memory *m, WireVaultEvent *event)
{
    MEMORY_HOLD(m);
    if (told_before(m->events, event)) return OK;
    if (waiting_count(m) >= MEMORY_EVENTS_ALARMS_MAX) return OK; /* there are enough */
    TRY(write(m, event, &m->unsettled));
    pthread_cond_signal(&m->settle);
    return OK;
}

/* --- out --- */

static Status take_locked(Memory *m, uint64_t kept, Buffer *ret_answer, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    struct MemoryEvents *e = m->events;
    uint8_t memory[16];
    Buffer b = BUFFER_OF(memory);
    REQUIRE(kept <= e->count, REFUSED_IPC_FORMAT);
    if (kept > e->kept) {
        TRY(put_head(kept, e->count, &b));
        TRY(memory_write(m, MEMORY_EVENTS_HEAD, span_of_buffer(&b), ret_position));
    }
    const uint64_t left = e->count - e->kept;
    const uint32_t count = left < WIRE_VAULT_EVENTS_MAX ? (uint32_t)left : WIRE_VAULT_EVENTS_MAX;
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 1; i <= count; i++) {
        const Waiting *w = &e->waiting[(e->kept + i) % MEMORY_EVENTS_MAX];
        TRY(buffer_put(ret_answer, (Span) { w->bytes, w->size }));
    }
    return OK;
}

Status memory_events_take(Memory *m, uint64_t kept, Buffer *ret_answer)
{
    uint64_t position = 0;
    TRY(take_locked(m, kept, ret_answer, &position));
    return position > 0 ? memory_sync(m, position) : OK;
}

bool memory_events_none(Memory *m)
{
    MEMORY_HOLD(m);
    return m->events->count == 0;
}
