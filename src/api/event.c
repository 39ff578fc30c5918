#include "api/event.h"

#include "store/unit_wait.h"

typedef struct EventUnit {
    Unit unit;
    Span event;
} EventUnit;

static Status event_gather(Unit *unit, Rows *rows) { return OK; }

static Status event_run(Unit *unit, Rows *rows)
{
    return rows_event(rows, ((EventUnit *)unit)->event);
}

Status event_write(Batcher *batcher, const AuditEvent *event)
{
    uint8_t memory[AUDIT_EVENT_BYTES_MAX];
    Buffer bytes = BUFFER_OF(memory);
    TRY(audit_event_put(&bytes, event));
    EventUnit work = { .unit = { .gather = event_gather, .run = event_run },
        .event = span_of_buffer(&bytes) };
    return unit_wait(batcher, &work.unit);
}
