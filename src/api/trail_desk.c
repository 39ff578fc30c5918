#include "api/trail_desk.h"

#include "base/encoding.h"
#include "base/money.h"
#include "base/time.h"
#include "cases/alert.h"
#include "store/unit_wait.h"

#include <stdlib.h>
#include <time.h>

enum { LAST_ALERTS = 64, BACK_LEAVES = 1024 };

typedef enum Step { STEP_OPEN = 0, STEP_FOLLOW, STEP_ALARMS, STEP_RECHECK, STEPS } Step;

struct TrailDesk {
    TrailDeskConfig config;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
    Trail *_Atomic trail;
    AlarmBook *book;
    bool placed; /* the alarms know where to begin */
    int64_t next_leaf; /* to show them */
    int64_t told_leaf; /* alarms before this leaf, and some of it, were told in an earlier run */
    int64_t next_recheck_us;
    bool told_changed;
    int32_t said[STEPS]; /* of each step, how it last ended */
    size_t leaf_bytes;
    int64_t leaf_time_us;
    uint8_t leaf[AUDIT_LEAF_BYTES_MAX];
};

/* What stays wrong is said once. */
static void report(TrailDesk *d, Step step, Status s)
{
    static const char *const names[STEPS] = { "trail.open", "trail.follow", "trail.alarms",
        "trail.recheck" };
    const bool new = d->said[step] != s.code;
    d->said[step] = s.code;
    if (!status_ok(s) && new) d->config.report(d->config.context, names[step], s);
}

static int64_t now_of(const TrailDesk *d) { return clock_now_us(&d->config.house->clock); }

/* --- alarms --- */

static StatusCode verdict_of(AlarmKind kind)
{
    static const StatusCode verdicts[ALARM_KINDS] = {
        [ALARM_LOGIN_FAILURES] = REFUSED_ALARM_LOGIN_FAILURES,
        [ALARM_PRIVILEGE] = REFUSED_ALARM_PRIVILEGE,
        [ALARM_PLAN] = REFUSED_ALARM_PLAN,
        [ALARM_ILLEGAL] = REFUSED_ALARM_ILLEGAL,
        [ALARM_SENSITIVE_READS] = REFUSED_ALARM_SENSITIVE_READS,
    };
    return verdicts[kind];
}

/* The alert's key: "leaf/7/alice". */
static Status put_key(const AlarmEvent *alarm, Buffer *key)
{
    TRY(buffer_print(key, "leaf/%lld/", (long long)alarm->leaf));
    return buffer_put(key, audit_text_cut(alarm->who, key->capacity - key->size));
}

static Status write_alarm(TrailDesk *d, AlarmKind kind, const AlarmEvent *alarm)
{
    uint8_t key_bytes[ALERT_KEY_BYTES_MAX];
    uint8_t detail_bytes[AUDIT_DETAIL_BYTES_MAX];
    uint8_t event_bytes[AUDIT_EVENT_BYTES_MAX];
    Buffer key = BUFFER_OF(key_bytes);
    Buffer detail = BUFFER_OF(detail_bytes);
    Buffer bytes = BUFFER_OF(event_bytes);
    const AlertKind row = (AlertKind)(ALERT_TRAIL + (int)kind);
    TRY(put_key(alarm, &key));
    TRY(buffer_print(&detail, "leaf %lld; %s; count %lld", (long long)alarm->leaf,
            audit_kind_name(alarm->event->kind), (long long)alarm->count));
    const AuditEvent event = { .kind = AUDIT_ALARM,
        .outcome = (int32_t)verdict_of(kind),
        .actor = SPAN("alarm"),
        .subject = audit_text_cut(alarm->who, AUDIT_SUBJECT_BYTES_MAX),
        .detail = span_of_buffer(&detail),
        .from = alarm->event->from };
    TRY(audit_event_put(&bytes, &event));
    AlertAdd work = { .alert = alert_of(row, 0, span_of_buffer(&key), REFUSE(verdict_of(kind))),
        .event = span_of_buffer(&bytes) };
    alert_add_unit(&work, NULL);
    return unit_wait(d->config.house->batcher, &work.unit);
}

static Status note_any(void *context, const Value *values, size_t count)
{
    *(bool *)context = true;
    return OK;
}

typedef struct Asking {
    Value values[2]; /* kind, key */
    bool found;
} Asking;

static Status find_alarm(void *context, Store *store)
{
    Asking *asking = context;
    return store_query(store, "SELECT 1 FROM alert WHERE kind = ?1 AND about_key = ?2 LIMIT 1",
            asking->values, 2, note_any, &asking->found);
}

/* Of the last leaf that an earlier run told of it may not have told everything. */
static Status is_told(TrailDesk *d, AlarmKind kind, const AlarmEvent *alarm, bool *ret_told)
{
    uint8_t key_bytes[ALERT_KEY_BYTES_MAX];
    uint8_t text_bytes[ALERT_KEY_TEXT_MAX];
    Buffer key = BUFFER_OF(key_bytes);
    Buffer text = BUFFER_OF(text_bytes);
    *ret_told = alarm->leaf < d->told_leaf;
    if (alarm->leaf != d->told_leaf) return OK;
    TRY(put_key(alarm, &key));
    TRY(hex_encode(span_of_buffer(&key), &text));
    Asking asking = { { VALUE_OF_INT(ALERT_TRAIL + (int)kind),
            VALUE_OF_TEXT(span_of_buffer(&text)) } };
    TRY(batcher_between(d->config.house->batcher, find_alarm, &asking));
    *ret_told = asking.found;
    return OK;
}

/* vaultd's alarms have an alert row of their own (vault_feed.h). */
static Status hear(void *context, AlarmKind kind, const AlarmEvent *alarm)
{
    TrailDesk *d = context;
    bool told = false;
    TRY(is_told(d, kind, alarm, &told));
    if (told) return OK;
    if (alarm->event->kind != AUDIT_VAULT_ALARM) TRY(write_alarm(d, kind, alarm));
    for (size_t i = 0; i < d->config.hook_count; i++)
        IGNORE(d->config.hooks[i].hook(d->config.hooks[i].context, kind, alarm),
                "the row is written; whoever else listens has his own ways to be sure");
    return OK;
}

/* --- where the alarms begin --- */

static Status take_time(void *context, const AuditEntry *entry)
{
    *(int64_t *)context = entry->time_us;
    return OK;
}

/* The leaf in "leaf/7/alice", or -1. */
static int64_t leaf_of_key(Span key)
{
    int64_t leaf = -1;
    Span part = { 0 };
    Cursor c = cursor_of(key);
    if (!status_ok(cursor_until(&c, '/', &part)) || !span_equal(part, SPAN("leaf"))) return -1;
    if (!status_ok(cursor_until(&c, '/', &part))) return -1;
    return status_ok(i64_parse(part, &leaf)) ? leaf : -1;
}

static Status take_told(void *context, const Value *values, size_t count)
{
    uint8_t key_bytes[ALERT_KEY_BYTES_MAX];
    Buffer key = BUFFER_OF(key_bytes);
    int64_t *told = context;
    if (values[0].type != VALUE_TEXT || !status_ok(hex_decode(values[0].bytes, &key))) return OK;
    const int64_t leaf = leaf_of_key(span_of_buffer(&key));
    if (leaf > *told) *told = leaf;
    return OK;
}

/* The last alerts suffice: they were written in the order of the log. A row that says more than
 * there is in it is nobody's of ours: no alarm waits for that leaf. */
static Status read_told(void *context, Store *store)
{
    int64_t *told = context;
    int64_t leaves = 0;
    const Value range[] = { VALUE_OF_INT(ALERT_TRAIL + ALARM_LOGIN_FAILURES),
        VALUE_OF_INT(ALERT_TRAIL + ALARM_KINDS), VALUE_OF_INT(LAST_ALERTS) };
    TRY(audit_batches(NULL, store, &leaves));
    TRY(store_query(store,
            "SELECT about_key FROM alert WHERE kind >= ?1 AND kind < ?2 "
            "ORDER BY in_batch DESC, number DESC LIMIT ?3",
            range, 3, take_told, context));
    if (*told >= leaves) *told = leaves - 1;
    return OK;
}

/* So far back that every window is filled again, and nothing behind the last told is left out. */
static Status find_beginning(TrailDesk *d, Trail *trail)
{
    const int64_t since_us = now_of(d) - alarm_window_us(&d->config.rules);
    int64_t first = trail_state(trail).leaves;
    bool early = false;
    while (first > 0 && (!early || (d->told_leaf >= 0 && first > d->told_leaf))) {
        int64_t time_us = 0;
        first = first > BACK_LEAVES ? first - BACK_LEAVES : 0;
        TRY(trail_read(trail, first, 1, take_time, &time_us));
        early = time_us < since_us;
    }
    d->next_leaf = first;
    return OK;
}

static Status place(TrailDesk *d, Trail *trail)
{
    if (d->placed) return OK;
    d->told_leaf = -1;
    TRY(batcher_between(d->config.house->batcher, read_told, &d->told_leaf));
    TRY(find_beginning(d, trail));
    d->placed = true;
    return OK;
}

/* --- following --- */

static Status copy_leaf(void *context, const AuditEntry *entry)
{
    TrailDesk *d = context;
    AuditLeaf leaf;
    d->next_leaf = entry->batch;
    d->leaf_bytes = 0;
    if (entry->leaf.size > sizeof(d->leaf)) return OK; /* the comparison tells of it */
    memcpy(d->leaf, entry->leaf.data, entry->leaf.size);
    if (!status_ok(audit_leaf_parse((Span) { d->leaf, entry->leaf.size }, &leaf))) return OK;
    d->leaf_bytes = entry->leaf.size;
    d->leaf_time_us = leaf.time_us;
    return OK;
}

static Status show_leaf(TrailDesk *d)
{
    AuditLeaf leaf;
    AuditEvents events;
    AuditEvent event;
    bool more = true;
    if (d->leaf_bytes == 0) return OK;
    TRY(audit_leaf_parse((Span) { d->leaf, d->leaf_bytes }, &leaf));
    TRY(audit_events_begin(leaf.events, &events));
    for (uint8_t ordinal = 0;; ordinal++) {
        TRY(audit_events_next(&events, &event, &more));
        if (!more) return OK;
        TRY(alarm_show(d->book, leaf.batch, ordinal, leaf.time_us, &event));
    }
}

/* Leaf by leaf, copied, so that nobody waits for the index while an alarm is written. */
static Status show_alarms(TrailDesk *d, Trail *trail)
{
    TRY(place(d, trail));
    const int64_t leaves = trail_state(trail).leaves;
    for (int i = 0; i < TRAIL_DESK_LEAVES_MAX && d->next_leaf < leaves; i++) {
        TRY(trail_read(trail, d->next_leaf, 1, copy_leaf, d));
        TRY(show_leaf(d));
        d->next_leaf++;
    }
    return OK;
}

static Status tell_changed(TrailDesk *d, int64_t leaf)
{
    uint8_t key_bytes[32];
    Buffer key = BUFFER_OF(key_bytes);
    if (d->told_changed) return OK;
    TRY(buffer_print(&key, "leaf/%lld", (long long)leaf));
    AlertAdd work = { .alert = alert_of(ALERT_AUDIT, 0, span_of_buffer(&key),
                              REFUSE(REFUSED_TRAIL_LOG_CHANGED)) };
    alert_add_unit(&work, NULL);
    TRY(unit_wait(d->config.house->batcher, &work.unit));
    d->told_changed = true;
    return OK;
}

static Status recheck(TrailDesk *d, Trail *trail)
{
    const int64_t now_us = now_of(d);
    TrailFinding finding = TRAIL_AGREES;
    int64_t leaf = 0;
    if (!time_has_come(d->next_recheck_us, now_us, TRAIL_DESK_RECHECK_US)) return OK;
    d->next_recheck_us = now_us + TRAIL_DESK_RECHECK_US;
    TRY(trail_recheck(trail, &finding, &leaf));
    if (finding == TRAIL_INDEX_DIFFERED) return REFUSE(REFUSED_TRAIL_DAMAGED);
    if (finding == TRAIL_LOG_CHANGED) {
        TRY(tell_changed(d, leaf));
        return REFUSE(REFUSED_TRAIL_LOG_CHANGED);
    }
    return OK;
}

static Status open_trail(TrailDesk *d)
{
    Trail *trail = NULL;
    const TrailConfig config = { d->config.database, d->config.index, d->config.house->random };
    if (atomic_load(&d->trail) != NULL) return OK;
    TRY(trail_open(&config, &trail));
    atomic_store(&d->trail, trail);
    return OK;
}

static bool must_stop(TrailDesk *d)
{
    pthread_mutex_lock(&d->lock);
    const bool stop = d->stopping;
    pthread_mutex_unlock(&d->lock);
    return stop;
}

static Status follow(TrailDesk *d, Trail *trail)
{
    bool more = true;
    while (more && !must_stop(d))
        TRY(trail_step(trail, &more));
    return OK;
}

static void tick(TrailDesk *d)
{
    const Status opened = open_trail(d);
    report(d, STEP_OPEN, opened);
    if (!status_ok(opened)) return;
    Trail *trail = atomic_load(&d->trail);
    report(d, STEP_FOLLOW, follow(d, trail));
    report(d, STEP_ALARMS, show_alarms(d, trail));
    report(d, STEP_RECHECK, recheck(d, trail));
}

/* --- the thread --- */

static bool wait_tick(TrailDesk *d)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TRAIL_DESK_TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&d->lock);
    int rc = 0;
    while (!d->stopping && rc == 0)
        rc = pthread_cond_timedwait(&d->wake, &d->lock, &until);
    const bool go_on = !d->stopping;
    pthread_mutex_unlock(&d->lock);
    return go_on;
}

static void *run(void *context)
{
    TrailDesk *d = context;
    do
        tick(d);
    while (wait_tick(d));
    return NULL;
}

static void desk_free(TrailDesk *d)
{
    alarm_book_close(d->book);
    trail_close(atomic_load(&d->trail));
    pthread_cond_destroy(&d->wake);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

Status trail_desk_start(const TrailDeskConfig *config, TrailDesk **ret_desk)
{
    pthread_condattr_t monotonic;
    TrailDesk *d = calloc(1, sizeof(*d));
    CHECK(d != NULL, FAULT_MEMORY);
    d->config = *config;
    ASSERT(pthread_condattr_init(&monotonic) == 0);
    ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&d->wake, &monotonic) == 0);
    ASSERT(pthread_mutex_init(&d->lock, NULL) == 0);
    pthread_condattr_destroy(&monotonic);
    Status s = alarm_book_open(&d->config.rules, hear, d, &d->book);
    if (status_ok(s) && pthread_create(&d->thread, NULL, run, d) != 0) s = BROKEN(FAULT_THREAD);
    if (!status_ok(s)) {
        desk_free(d);
        return s;
    }
    *ret_desk = d;
    return OK;
}

void trail_desk_stop(TrailDesk *d)
{
    if (d == NULL) return;
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    desk_free(d);
}

Status trail_desk_checkpoint(TrailDesk *d, Buffer *ret_note, AuditCheckpoint *ret_checkpoint)
{
    CLEANUP(audit_keys_free) AuditKeys keys = { 0 };
    TRY(audit_checkpoint_newest(d->config.checkpoints, ret_note));
    TRY(audit_keys_load(d->config.keys_file, &keys));
    return audit_checkpoint_verify(span_of_buffer(ret_note), &keys, ret_checkpoint);
}

Status trail_desk_trail(TrailDesk *d, Trail **ret_trail)
{
    Trail *trail = atomic_load(&d->trail);
    REQUIRE(trail != NULL, REFUSED_TRAIL_DAMAGED);
    *ret_trail = trail;
    return OK;
}
