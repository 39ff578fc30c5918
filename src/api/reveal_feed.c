#include "api/reveal_feed.h"

#include "api/event.h"
#include "audit/log.h"
#include "base/money.h"
#include "base/time.h"
#include "policy/detect.h"
#include "vaultclient/fields.h"

#include <stdlib.h>

enum { GROUPS_MAX = 64, WORDS_BYTES_MAX = AUDIT_DETAIL_BYTES_MAX - 72 /* of the numbers */ };

/* Neighbouring lines that say the same; or that are missing. */
typedef struct Group {
    uint64_t first;
    uint64_t last;
    int32_t outcome;
    uint8_t actor_bytes[AUDIT_ACTOR_BYTES_MAX];
    uint8_t subject_bytes[AUDIT_SUBJECT_BYTES_MAX];
    uint8_t words_bytes[WORDS_BYTES_MAX]; /* of the detail, behind the numbers */
    Buffer actor, subject, words;
} Group;

/* One page of the log; too large for a stack. */
typedef struct Telling {
    Group groups[GROUPS_MAX + 1]; /* the last one is where the next line is looked at */
    size_t count;
    uint64_t seen; /* the number of the last line that is in a group */
    bool full; /* the rest comes with the next page */
} Telling;

static void telling_free(Telling **telling) { free(*telling); }

static Span cut(Span text, size_t size_max)
{
    return (Span) { text.data, text.size < size_max ? text.size : size_max };
}

static Status put_words(const WireRevealRecord *r, Buffer *words)
{
    const bool clean = status_ok(detect_free_text(r->reason));
    TRY(buffer_print(words, "%s ", reveal_purpose_name(r->purpose)));
    TRY(buffer_put(words, r->first_approver.size > 0 ? r->first_approver : SPAN("-")));
    if (r->second_approver.size > 0) {
        TRY(buffer_put_u8(words, ','));
        TRY(buffer_put(words, r->second_approver));
    }
    TRY(buffer_put_u8(words, ' '));
    const Span reason = clean ? r->reason : SPAN("(withheld)");
    return buffer_put(words, cut(reason, words->capacity - words->size));
}

static void begin(Group *g, uint64_t first, uint64_t last, int32_t outcome)
{
    g->first = first;
    g->last = last;
    g->outcome = outcome;
    g->actor = (Buffer)BUFFER_OF(g->actor_bytes);
    g->subject = (Buffer)BUFFER_OF(g->subject_bytes);
    g->words = (Buffer)BUFFER_OF(g->words_bytes);
}

static Status describe(const WireRevealRecord *r, Group *g)
{
    begin(g, r->number, r->number, (int32_t)r->status);
    TRY(buffer_put(&g->actor, SPAN("tenant/")));
    TRY(buffer_put(&g->actor, cut(r->tenant, g->actor.capacity - g->actor.size)));
    TRY(buffer_print(&g->subject, "%s/", data_class_name(r->data_class)));
    TRY(buffer_put(&g->subject, cut(r->receiver, g->subject.capacity - g->subject.size)));
    return put_words(r, &g->words);
}

/* The domain store was set back, or somebody took lines away. */
static Status describe_missing(uint64_t first, uint64_t last, Group *g)
{
    begin(g, first, last, (int32_t)REFUSED_ROW_MISSING);
    TRY(buffer_put(&g->actor, SPAN("vault")));
    TRY(buffer_put(&g->subject, SPAN("log of reveals")));
    return buffer_put(&g->words, SPAN("unknown - these lines are not in the domain store"));
}

static bool alike(const Group *a, const Group *b)
{
    return a->last + 1 == b->first && a->outcome == b->outcome
            && span_equal(span_of_buffer(&a->actor), span_of_buffer(&b->actor))
            && span_equal(span_of_buffer(&a->subject), span_of_buffer(&b->subject))
            && span_equal(span_of_buffer(&a->words), span_of_buffer(&b->words));
}

static Status take_line(void *context, const WireRevealRecord *record)
{
    Telling *t = context;
    if (t->full) return OK;
    if (record->number > t->seen + 1 && t->count < GROUPS_MAX) {
        TRY(describe_missing(t->seen + 1, record->number - 1, &t->groups[t->count++]));
        t->seen = record->number - 1;
    }
    Group *next = &t->groups[t->count];
    TRY(describe(record, next));
    const bool same = t->count > 0 && alike(&t->groups[t->count - 1], next);
    t->full = !same && t->count == GROUPS_MAX;
    if (t->full) return OK;
    if (same)
        t->groups[t->count - 1].last = record->number;
    else
        t->count++;
    t->seen = record->number;
    return OK;
}

static Status write_group(Batcher *batcher, const Group *g)
{
    uint8_t memory[AUDIT_DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(memory);
    TRY(buffer_print(&detail, "times %llu lines %llu-%llu ",
            (unsigned long long)(g->last - g->first + 1), (unsigned long long)g->first,
            (unsigned long long)g->last));
    TRY(buffer_put(&detail, cut(span_of_buffer(&g->words), detail.capacity - detail.size)));
    const AuditEvent event = { .kind = AUDIT_REVEAL,
        .outcome = g->outcome,
        .actor = span_of_buffer(&g->actor),
        .subject = span_of_buffer(&g->subject),
        .detail = span_of_buffer(&detail) };
    return event_write(batcher, &event);
}

/* Read first, then written: nobody waits for the log with the domain store in hand. */
static Status tell_page(House *house, const Fields *fields, bool *ret_more)
{
    CLEANUP(telling_free) Telling *t = calloc(1, sizeof(*t));
    CHECK(t != NULL, FAULT_MEMORY);
    TRY(fields_reveals_told(fields, &t->seen));
    TRY(fields_reveals_after(fields, t->seen, take_line, t));
    for (size_t i = 0; i < t->count; i++)
        TRY(write_group(house->batcher, &t->groups[i]));
    *ret_more = t->count > 0;
    return t->count > 0 ? fields_reveals_tell(fields, t->seen) : OK;
}

static Status tell_all(House *house, int64_t now_us)
{
    const Fields fields = { house->domain, house->vault };
    bool more = true;
    house->reveals.next_us = now_us + REVEAL_FEED_EACH_US;
    TRY(fields_keep_reveals(&fields));
    while (more)
        TRY(tell_page(house, &fields, &more));
    return OK;
}

/* --- after a restore --- */

/* "times N lines A-B ...": B, when it is the highest so far. */
static void take_told(const AuditEvent *event, uint64_t *last)
{
    Span word;
    int64_t number = 0;
    Cursor c = cursor_of(event->detail);
    if (event->kind != AUDIT_REVEAL) return;
    for (int i = 0; i < 3; i++)
        if (!status_ok(cursor_until(&c, ' ', &word))) return;
    if (!status_ok(cursor_until(&c, '-', &word)) || !status_ok(cursor_until(&c, ' ', &word)))
        return;
    if (!status_ok(i64_parse(word, &number)) || number <= 0) return;
    if ((uint64_t)number > *last) *last = (uint64_t)number;
}

static Status look_into(void *context, const AuditEntry *entry)
{
    AuditLeaf leaf;
    AuditEvents events;
    AuditEvent event;
    bool more = true;
    TRY(audit_leaf_parse(entry->leaf, &leaf));
    TRY(audit_events_begin(leaf.events, &events));
    for (;;) {
        TRY(audit_events_next(&events, &event, &more));
        if (!more) return OK;
        take_told(&event, context);
    }
}

static Status read_told(void *context, Store *store)
{
    return audit_each_entry(store, 0, look_into, context);
}

Status reveal_feed_rewind(House *house)
{
    const Fields fields = { house->domain, house->vault };
    uint64_t last = 0;
    TRY(batcher_between(house->batcher, read_told, &last));
    return fields_reveals_tell(&fields, last);
}

void reveal_feed_open(RevealFeed *feed)
{
    feed->next_us = 0;
    ASSERT(pthread_mutex_init(&feed->lock, NULL) == 0);
}

void reveal_feed_close(RevealFeed *feed) { pthread_mutex_destroy(&feed->lock); }

Status reveal_feed_step(House *house, int64_t now_us, bool at_once)
{
    RevealFeed *feed = &house->reveals;
    pthread_mutex_lock(&feed->lock);
    const bool due = time_has_come(feed->next_us, now_us, REVEAL_FEED_EACH_US);
    const Status s = at_once || due ? tell_all(house, now_us) : OK;
    pthread_mutex_unlock(&feed->lock);
    const bool away = status_is(s, REFUSED_VAULT_UNAVAILABLE) || status_is(s, REFUSED_VAULT_BUSY)
            || status_is(s, REFUSED_VAULT_NOT_READY);
    return away && !at_once ? OK : s;
}
