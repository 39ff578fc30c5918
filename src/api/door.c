#include "api/door.h"

#include "api/event.h"
#include "base/time.h"

#include <stdio.h>

void door_open(Door *ret_door)
{
    *ret_door = (Door) { 0 };
    ASSERT(pthread_mutex_init(&ret_door->lock, NULL) == 0);
}

void door_close(Door *door) { pthread_mutex_destroy(&door->lock); }

static void copy_text(char *ret_text, size_t size_max, Span text)
{
    const size_t size = text.size < size_max ? text.size : size_max;
    if (size > 0) memcpy(ret_text, text.data, size);
    ret_text[size] = 0;
}

static DoorSlot *slot_of(Door *door, int32_t code, Span actor, Span field)
{
    for (size_t i = 0; i < door->count; i++) {
        DoorSlot *slot = &door->slots[i];
        if (slot->code == code && span_equal(span_of_text(slot->actor), actor)
                && span_equal(span_of_text(slot->field), field))
            return slot;
    }
    DoorSlot *slot = &door->slots[door->count < DOOR_SLOTS_MAX ? door->count++ : DOOR_SLOTS_MAX];
    if (slot->count > 0) return slot; /* others */
    const bool others = slot == &door->slots[DOOR_SLOTS_MAX];
    slot->code = code;
    copy_text(slot->actor, DOOR_ACTOR_BYTES_MAX, others ? SPAN("others") : actor);
    copy_text(slot->field, DOOR_FIELD_BYTES_MAX, others ? SPAN("") : field);
    return slot;
}

void door_refused(Door *door, Status refusal, Span actor, Span field, int64_t now_us)
{
    if (!status_refused(refusal)) return;
    const Span who = { actor.data,
        actor.size < DOOR_ACTOR_BYTES_MAX ? actor.size : DOOR_ACTOR_BYTES_MAX };
    const Span what = { field.data,
        field.size < DOOR_FIELD_BYTES_MAX ? field.size : DOOR_FIELD_BYTES_MAX };
    pthread_mutex_lock(&door->lock);
    DoorSlot *slot = slot_of(door, refusal.code, who, what);
    if (slot->count++ == 0) slot->first_us = now_us;
    pthread_mutex_unlock(&door->lock);
}

static Status write_slot(const DoorSlot *slot, Batcher *batcher)
{
    uint8_t memory[AUDIT_DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(memory);
    TRY(buffer_print(&detail, "times %llu since ", (unsigned long long)slot->count));
    TRY(time_format(slot->first_us, &detail));
    const AuditEvent event = { .kind = AUDIT_REFUSED_AT_DOOR,
        .outcome = slot->code,
        .actor = span_of_text(slot->actor),
        .subject = span_of_text(slot->field),
        .detail = span_of_buffer(&detail) };
    return event_write(batcher, &event);
}

/* Taken out under the lock, written without it: requests do not wait for the disk. */
static size_t take(Door *door, int64_t now_us, bool now, DoorSlot ret_slots[DOOR_SLOTS_MAX + 1])
{
    size_t taken = 0;
    pthread_mutex_lock(&door->lock);
    /* A clock that was set back must not hold events for as long. */
    const bool due = now_us - door->flushed_us >= DOOR_FLUSH_US || now_us < door->flushed_us;
    if (now || due) {
        for (size_t i = 0; i <= DOOR_SLOTS_MAX; i++) {
            if (door->slots[i].count > 0) ret_slots[taken++] = door->slots[i];
            door->slots[i] = (DoorSlot) { 0 };
        }
        door->count = 0;
        if (taken > 0) door->flushed_us = now_us;
    }
    pthread_mutex_unlock(&door->lock);
    return taken;
}

/* Back into the count: the next flush tries again. */
static void give_back(Door *door, const DoorSlot *slot)
{
    pthread_mutex_lock(&door->lock);
    DoorSlot *kept =
            slot_of(door, slot->code, span_of_text(slot->actor), span_of_text(slot->field));
    kept->first_us = slot->first_us;
    kept->count += slot->count;
    pthread_mutex_unlock(&door->lock);
}

Status door_flush(Door *door, Batcher *batcher, int64_t now_us, bool now)
{
    DoorSlot slots[DOOR_SLOTS_MAX + 1];
    Status first = OK;
    const size_t count = take(door, now_us, now, slots);
    for (size_t i = 0; i < count; i++) {
        const Status s = write_slot(&slots[i], batcher);
        if (status_ok(s)) continue;
        give_back(door, &slots[i]);
        if (status_ok(first)) first = s;
    }
    return first;
}
