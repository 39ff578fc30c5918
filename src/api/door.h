#pragma once
/*
 * door: what was refused before any unit, for the audit log (TP-5, TP-6, LL-4.5.3).
 *
 * A unit's refusal has its own event. What is refused earlier (a card number in a description, a
 * wrong PIN, a signature that does not match) costs its sender nothing, so an event each would let
 * anybody fill our disk. Here alike refusals (code, sender, field, source) are counted and written
 * as one event: the first at once, what follows at most every DOOR_FLUSH_US; at most DOOR_SLOTS_MAX
 * kinds of them at a time, the rest by source (DOOR_SOURCES_MAX), and what is left then together as
 * "others". docs/decisions/0024.
 *
 * Never what was sent: a field's name of ours and a number. Thread-safe.
 */
#include "audit/event.h"
#include "base/seams.h"
#include "store/batch.h"

#include <pthread.h>

#define DOOR_FLUSH_US ((int64_t)30 * 1000000)

enum {
    DOOR_SLOTS_MAX = 32,
    DOOR_SOURCES_MAX = 8,
    DOOR_ALL_SLOTS = DOOR_SLOTS_MAX + DOOR_SOURCES_MAX + 1,
    DOOR_ACTOR_BYTES_MAX = 64,
    DOOR_FIELD_BYTES_MAX = 64,
};

/* `actor`: "merchant/1900000001", "payer/p17", "stranger"; `field` a name of ours, or empty; `from`
 * as in audit/event.h. Cut where they are longer than a slot holds. */
typedef struct DoorRefusal {
    Status refusal; /* what is no refusal is not counted */
    Span actor;
    Span field;
    Span from;
} DoorRefusal;

typedef struct DoorSlot {
    int32_t code;
    char actor[DOOR_ACTOR_BYTES_MAX + 1];
    char field[DOOR_FIELD_BYTES_MAX + 1];
    char from[AUDIT_FROM_BYTES_MAX + 1];
    uint64_t count;
    int64_t first_us;
} DoorSlot;

typedef struct Door {
    pthread_mutex_t lock;
    DoorSlot slots[DOOR_ALL_SLOTS]; /* kinds, then sources, then all others */
    size_t count; /* of kinds in use */
    size_t sources; /* in use */
    int64_t flushed_us;
} Door;

void door_open(Door *ret_door);
void door_close(Door *door);
void door_refused(Door *door, const DoorRefusal *refusal, int64_t now_us);
/*
 * Write what was counted, when its time has come (`now`: in any case), and wait until it is
 * durable. What cannot be written stays counted. Never from the batch thread.
 */
MUST_USE Status door_flush(Door *door, Batcher *batcher, int64_t now_us, bool now);
