#include "api/event.h"

#include "store/unit_wait.h"

typedef struct EventUnit {
    Unit unit;
    const AuditEvent *event;
} EventUnit;

static Status event_gather(Unit *unit, Rows *rows) { return OK; }

static Status event_run(Unit *unit, Rows *rows)
{
    return audit_event_tell(rows, ((EventUnit *)unit)->event);
}

Status event_write(Batcher *batcher, const AuditEvent *event)
{
    EventUnit work = { .unit = { .gather = event_gather, .run = event_run }, .event = event };
    return unit_wait(batcher, &work.unit);
}
