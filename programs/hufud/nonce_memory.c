#include "nonce_memory.h"

#include "audit/event.h"
#include "audit/log.h"
#include "base/time.h"
#include "message/profile.h"

/* An event lies at most one window after its message's timestamp, and that timestamp at most one
 * window ahead of us. */
enum { LOOK_BACK_S = 2 * MESSAGE_SKEW_S };

typedef struct Restoring {
    NonceSet *nonces;
    int64_t now_s;
} Restoring;

static Status restore_event(const Restoring *r, const AuditEvent *event, int64_t time_us)
{
    static const uint8_t none[AUDIT_NONCE_BYTES];
    if (bytes_equal_ct(event->nonce, none, sizeof(none))) return OK;
    return nonce_restore(r->nonces, event->nonce, time_us / TIME_SECOND_US + LOOK_BACK_S, r->now_s);
}

static Status restore_entry(void *context, const AuditEntry *entry)
{
    AuditLeaf leaf = { 0 };
    AuditEvents events = { 0 };
    TRY(audit_leaf_parse(entry->leaf, &leaf));
    TRY(audit_events_begin(leaf.events, &events));
    for (bool more = true; more;) {
        AuditEvent event = { 0 };
        TRY(audit_events_next(&events, &event, &more));
        if (more) TRY(restore_event(context, &event, leaf.time_us));
    }
    return OK;
}

static Status take_time(void *context, const AuditEntry *entry)
{
    *(int64_t *)context = entry->time_us;
    return OK;
}

/* The first leaf not older than `from_us`: leaf times never go down, so halving finds it. */
static Status first_since(Store *store, int64_t count, int64_t from_us, int64_t *ret_first)
{
    int64_t low = 0;
    int64_t high = count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        int64_t time_us = 0;
        bool found = false;
        TRY(audit_read_entry(store, middle, take_time, &time_us, &found));
        REQUIRE(found, REFUSED_AUDIT_LEAF_FORMAT);
        if (time_us < from_us)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    return OK;
}

Status nonce_memory_restore(Store *store, NonceSet *nonces, int64_t now_us)
{
    Restoring restoring = { nonces, now_us / TIME_SECOND_US };
    int64_t count = 0;
    int64_t first = 0;
    TRY(audit_batches(NULL, store, &count));
    TRY(first_since(store, count, now_us - LOOK_BACK_S * TIME_SECOND_US, &first));
    return audit_each_entry(store, first, restore_entry, &restoring);
}
