#include "message/pace.h"

#include "message/budget.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 2 * PACE_SENDERS_MAX }; /* a power of two */

typedef struct Slot {
    _Atomic uint8_t size; /* of the name; 0: free. Set last, and for good */
    uint8_t name[PACE_NAME_BYTES_MAX];
    SignBudget bucket;
} Slot;

struct Pace {
    pthread_mutex_t lock; /* for taking a slot; finding needs none */
    size_t count;
    int64_t per_second;
    int64_t burst;
    Slot slots[SLOTS];
};

Status pace_open(int64_t per_second, int64_t burst, Pace **ret_pace)
{
    ASSERT(per_second > 0 && per_second <= 1000000);
    ASSERT(burst > 0 && burst <= 1000000);
    Pace *pace = calloc(1, sizeof(*pace));
    CHECK(pace != NULL, FAULT_MEMORY);
    ASSERT(pthread_mutex_init(&pace->lock, NULL) == 0);
    pace->per_second = per_second;
    pace->burst = burst;
    *ret_pace = pace;
    return OK;
}

void pace_close(Pace **pace)
{
    if (*pace == NULL) return;
    pthread_mutex_destroy(&(*pace)->lock);
    free(*pace);
    *pace = NULL;
}

/* FNV-1a; the names are those of merchants whom people took in, not anybody's choice. */
static size_t place_of(Span name)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ name.data[i]) * 0x100000001b3;
    return (size_t)(hash ^ (hash >> 32)) & (SLOTS - 1);
}

/* The sender's slot, or the free one where it would stand: half of them stay free. */
static Slot *look(Pace *pace, Span name)
{
    for (size_t at = place_of(name);; at = (at + 1) & (SLOTS - 1)) {
        Slot *slot = &pace->slots[at];
        const size_t size = atomic_load(&slot->size);
        if (size == 0 || span_equal((Span) { slot->name, size }, name)) return slot;
    }
}

static Slot *look_or_take(Pace *pace, Span name)
{
    Slot *slot = look(pace, name);
    if (atomic_load(&slot->size) != 0) return slot;
    pthread_mutex_lock(&pace->lock);
    slot = look(pace, name); /* another may have been quicker */
    const bool is_free = atomic_load(&slot->size) == 0;
    if (is_free && pace->count < PACE_SENDERS_MAX) {
        memcpy(slot->name, name.data, name.size);
        budget_open(&slot->bucket, pace->per_second, pace->burst);
        pace->count++;
        atomic_store(&slot->size, (uint8_t)name.size);
    } else if (is_free) {
        slot = NULL;
    }
    pthread_mutex_unlock(&pace->lock);
    return slot;
}

Status pace_take(Pace *pace, Span sender, int64_t now_us)
{
    REQUIRE(sender.size > 0 && sender.size <= PACE_NAME_BYTES_MAX, REFUSED_RATE_LIMITED);
    Slot *slot = look_or_take(pace, sender);
    REQUIRE(slot != NULL && budget_take(&slot->bucket, now_us), REFUSED_RATE_LIMITED);
    return OK;
}
