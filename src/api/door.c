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

static bool is_alike(const DoorSlot *slot, const DoorRefusal *r)
{
    return slot->code == r->refusal.code && span_equal(span_of_text(slot->actor), r->actor)
            && span_equal(span_of_text(slot->field), r->field)
            && span_equal(span_of_text(slot->from), r->from);
}

/* The slot of this kind among `slots`, or a new one while there are fewer than `most`. */
static DoorSlot *slot_among(DoorSlot *slots, size_t *count, size_t most, const DoorRefusal *r)
{
    for (size_t i = 0; i < *count; i++)
        if (is_alike(&slots[i], r)) return &slots[i];
    if (*count == most) return NULL;
    DoorSlot *slot = &slots[(*count)++];
    slot->code = r->refusal.code;
    copy_text(slot->actor, DOOR_ACTOR_BYTES_MAX, r->actor);
    copy_text(slot->field, DOOR_FIELD_BYTES_MAX, r->field);
    copy_text(slot->from, AUDIT_FROM_BYTES_MAX, r->from);
    return slot;
}

/* Who sends ever different refusals fills the kinds; where they come from is still told apart. */
static DoorSlot *slot_of(Door *door, const DoorRefusal *refusal)
{
    const DoorRefusal source = { refusal->refusal, SPAN("others"), SPAN(""), refusal->from };
    DoorSlot *last = &door->slots[DOOR_ALL_SLOTS - 1];
    DoorSlot *slot = slot_among(door->slots, &door->count, DOOR_SLOTS_MAX, refusal);
    if (slot == NULL)
        slot = slot_among(door->slots + DOOR_SLOTS_MAX, &door->sources, DOOR_SOURCES_MAX, &source);
    if (slot != NULL) return slot;
    if (last->count == 0) last->code = refusal->refusal.code;
    copy_text(last->actor, DOOR_ACTOR_BYTES_MAX, source.actor);
    return last;
}

void door_refused(Door *door, const DoorRefusal *refusal, int64_t now_us)
{
    if (!status_refused(refusal->refusal)) return;
    const DoorRefusal cut = { refusal->refusal,
        audit_text_cut(refusal->actor, DOOR_ACTOR_BYTES_MAX),
        audit_text_cut(refusal->field, DOOR_FIELD_BYTES_MAX),
        audit_text_cut(refusal->from, AUDIT_FROM_BYTES_MAX) };
    pthread_mutex_lock(&door->lock);
    DoorSlot *slot = slot_of(door, &cut);
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
        .detail = span_of_buffer(&detail),
        .from = span_of_text(slot->from) };
    return event_write(batcher, &event);
}

/* Taken out under the lock, written without it: requests do not wait for the disk. */
static size_t take(Door *door, int64_t now_us, bool now, DoorSlot ret_slots[DOOR_ALL_SLOTS])
{
    size_t taken = 0;
    pthread_mutex_lock(&door->lock);
    /* A clock that was set back must not hold events for as long. */
    const bool due = now_us - door->flushed_us >= DOOR_FLUSH_US || now_us < door->flushed_us;
    if (now || due) {
        for (size_t i = 0; i < DOOR_ALL_SLOTS; i++) {
            if (door->slots[i].count > 0) ret_slots[taken++] = door->slots[i];
            door->slots[i] = (DoorSlot) { 0 };
        }
        door->count = 0;
        door->sources = 0;
        if (taken > 0) door->flushed_us = now_us;
    }
    pthread_mutex_unlock(&door->lock);
    return taken;
}

/* Back into the count: the next flush tries again. */
static void give_back(Door *door, const DoorSlot *slot)
{
    pthread_mutex_lock(&door->lock);
    const DoorRefusal again = { { slot->code }, span_of_text(slot->actor),
        span_of_text(slot->field), span_of_text(slot->from) };
    DoorSlot *kept = slot_of(door, &again);
    kept->first_us = slot->first_us;
    kept->count += slot->count;
    pthread_mutex_unlock(&door->lock);
}

Status door_flush(Door *door, Batcher *batcher, int64_t now_us, bool now)
{
    DoorSlot slots[DOOR_ALL_SLOTS];
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
