#include "api/notifier.h"

#include "api/notification_message.h"
#include "api/notify_lanes.h"
#include "store/unit_wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LEFT_MAX = 256, PAGES_MAX = 4 };

/* One attempt. */
typedef struct Attempt {
    bool taken; /* somebody's; else the slot is free */
    bool begun; /* a thread has it */
    char id[NOTIFICATION_ID_BYTES_MAX + 1];
    NotifyTicket ticket;
} Attempt;

typedef struct LeftAlone {
    char id[NOTIFICATION_ID_BYTES_MAX + 1];
    int64_t wait_us;
    int64_t until_us;
} LeftAlone;

struct Notifier {
    NotifierConfig config;
    NotifyConnections connections;
    pthread_mutex_t lock;
    pthread_cond_t work; /* there is an attempt to make, or it is time to stop */
    pthread_cond_t room; /* an attempt ended, or it is time to stop */
    bool stopping;
    bool hungry; /* more was due than could be taken */
    NotifyLanes lanes;
    Attempt attempts[NOTIFIER_THREADS_MAX];
    LeftAlone left[LEFT_MAX];
    size_t left_next;
    NotifierCounters counters;
    pthread_t scout;
    bool has_scout;
    int thread_count;
    pthread_t threads[NOTIFIER_THREADS_MAX];
    /* the scout's own */
    NotificationMchid mchids[NOTIFICATION_FOUND_MAX];
    size_t mchid_count;
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char start[MERCHANT_ID_BYTES_MAX + 1]; /* the next round begins behind it */
    NotificationDue due[NOTIFICATION_FOUND_MAX];
    size_t due_count;
    int64_t due_skip;
};

static int64_t now_of(const Notifier *n) { return clock_now_us(&n->config.house->clock); }

/* --- an attempt --- */

/* One thread's memory. */
typedef struct Desk {
    Notifier *notifier;
    NotificationRead read;
    NotificationSettle settle;
    NotificationMessage message;
} Desk;

/* What a receiver did or is; everything else that fails is ours. A merchant without an APIv3 key
 * hears of nothing until he has one. */
static bool is_receivers(Status s)
{
    switch (s.code) {
    case REFUSED_NOTIFY_URL:
    case REFUSED_NOTIFY_PORT:
    case REFUSED_NOTIFY_ADDRESS:
    case REFUSED_NOTIFY_NAME:
    case REFUSED_NOTIFY_ANSWER:
    case REFUSED_NOTIFY_RESTS:
    case REFUSED_HTTP_CONNECT:
    case REFUSED_HTTP_TIMEOUT:
    case REFUSED_HTTP_CLOSED:
    case REFUSED_HTTP_ANSWER_INVALID:
    case REFUSED_HTTP_TOO_LARGE:
    case REFUSED_MERCHANT_APIV3_KEY_MISSING: return true;
    default: return false;
    }
}

/* What no waiting mends: a row does not verify, or is not there. */
static bool is_of_rows(Status s)
{
    switch (s.code) {
    case REFUSED_ROW_SEAL_MISMATCH:
    case REFUSED_ROW_ROLLED_BACK:
    case REFUSED_ROW_DELETED:
    case REFUSED_ROW_FROZEN:
    case REFUSED_ROW_DUPLICATED:
    case REFUSED_ROW_INVALID:
    case REFUSED_ORDER_NOT_EXIST:
    case REFUSED_REFUND_UNKNOWN: return true;
    default: return false;
    }
}

static Status tell(Desk *d)
{
    const NotificationRead *read = &d->read;
    const bool of_refund = read->notification.out_refund_no[0] != 0;
    const char *text = of_refund ? read->refund.notify_url : read->payment.notify_url;
    OutsideUrl url;
    TRY(outside_url_read(span_of_text(text), &url));
    TRY(notification_message_make(d->notifier->config.house, read, &d->message));
    const Answer *answer = &d->message.answer;
    return notify_connections_post(&d->notifier->connections, &url, answer->headers,
            answer->header_count, span_of_buffer(&d->message.body), now_of(d->notifier));
}

static Status settle(Desk *d, Status told)
{
    NotificationSettle *work = &d->settle;
    *work = (NotificationSettle) { .attempts = d->read.notification.attempts,
        .result = told.code,
        .schedule = d->notifier->config.schedule };
    memcpy(work->id, d->read.id, sizeof(work->id));
    notification_settle_unit(work, NULL);
    return unit_wait(d->notifier->config.house->batcher, &work->unit);
}

/* What it is about cannot be read: no receiver's fault, and no reason to try for ever. */
static NotifyOutcome give_up_reading(Desk *d, Status unread, Status *ret_ours)
{
    const Status s = settle(d, unread);
    *ret_ours = status_ok(s) ? unread : s;
    return NOTIFY_NOT_TRIED;
}

/* *ret_ours: what failed on our side; then nothing is known of the receiver. `rests`: the turn
 * passes without an attempt. */
static NotifyOutcome attempt(Desk *d, const char *id, bool rests, Status *ret_ours)
{
    memset(&d->settle, 0, sizeof(d->settle));
    memset(&d->read, 0, sizeof(d->read));
    memcpy(d->read.id, id, sizeof(d->read.id));
    notification_read_unit(&d->read, NULL);
    *ret_ours = unit_wait(d->notifier->config.house->batcher, &d->read.unit);
    if (is_of_rows(*ret_ours) && d->read.known) return give_up_reading(d, *ret_ours, ret_ours);
    if (!status_ok(*ret_ours)) return NOTIFY_NOT_TRIED;
    if (d->read.notification.state != NOTIFICATION_WAITING) return NOTIFY_NOT_TRIED;
    const Status told = rests ? REFUSE(REFUSED_NOTIFY_RESTS) : tell(d);
    if (!status_ok(told) && !is_receivers(told)) *ret_ours = told;
    if (!status_ok(*ret_ours)) return NOTIFY_NOT_TRIED;
    *ret_ours = settle(d, told);
    return status_ok(told) ? NOTIFY_DELIVERED : NOTIFY_FAILED;
}

static void count(NotifierCounters *counters, NotifyOutcome outcome, const Desk *d)
{
    switch (outcome) {
    case NOTIFY_DELIVERED: counters->delivered++; break;
    case NOTIFY_FAILED: counters->failed++; break;
    case NOTIFY_NOT_TRIED: counters->not_tried++; break;
    }
    if (d->settle.notification.state == NOTIFICATION_DEAD) counters->dead++;
}

static void leave_alone(Notifier *n, const char *id, bool longer, int64_t now_us)
{
    LeftAlone *left = NULL;
    for (size_t i = 0; i < LEFT_MAX && left == NULL; i++)
        if (strcmp(n->left[i].id, id) == 0) left = &n->left[i];
    if (left == NULL) {
        left = &n->left[n->left_next++ % LEFT_MAX];
        *left = (LeftAlone) { .wait_us = NOTIFIER_LEFT_US / 2 };
        memcpy(left->id, id, sizeof(left->id));
    }
    if (!longer) left->wait_us = NOTIFIER_LEFT_US;
    if (longer && left->wait_us < NOTIFIER_LEFT_MOST_US / 2) left->wait_us *= 2;
    left->until_us = now_us + left->wait_us;
}

static Attempt *wait_for_attempt(Notifier *n)
{
    for (;;) {
        if (n->stopping) return NULL;
        for (int i = 0; i < n->config.threads; i++) {
            Attempt *found = &n->attempts[i];
            if (found->taken && !found->begun) return found;
        }
        pthread_cond_wait(&n->work, &n->lock);
    }
}

static void make_attempt(Desk *d, Attempt *a)
{
    Notifier *n = d->notifier;
    Status ours = OK;
    a->begun = true;
    pthread_mutex_unlock(&n->lock);
    const NotifyOutcome outcome = attempt(d, a->id, a->ticket.rests, &ours);
    if (!status_ok(ours)) n->config.report(n->config.context, "notification", ours);
    pthread_mutex_lock(&n->lock);
    const int64_t now_us = now_of(n);
    if (!status_ok(ours)) leave_alone(n, a->id, is_of_rows(ours), now_us);
    count(&n->counters, outcome, d);
    notify_lanes_give(&n->lanes, &a->ticket, outcome, now_us);
    *a = (Attempt) { 0 };
    pthread_cond_signal(&n->room);
}

static void *send(void *context)
{
    Desk *d = context;
    Notifier *n = d->notifier;
    pthread_mutex_lock(&n->lock);
    for (Attempt *a = wait_for_attempt(n); a != NULL; a = wait_for_attempt(n))
        make_attempt(d, a);
    pthread_mutex_unlock(&n->lock);
    free(d);
    return NULL;
}

/* --- what is due --- */

static bool is_in_hand(const Notifier *n, const char *id, int64_t now_us)
{
    for (int i = 0; i < n->config.threads; i++)
        if (n->attempts[i].taken && strcmp(n->attempts[i].id, id) == 0) return true;
    for (size_t i = 0; i < LEFT_MAX; i++) {
        const int64_t left_us = n->left[i].until_us - now_us;
        const bool rests = left_us > 0 && left_us <= n->left[i].wait_us;
        if (rests && strcmp(n->left[i].id, id) == 0) return true;
    }
    return false;
}

/* Which host it goes to; what is no URL goes nowhere, and shares a lane with its likes. */
static void host_of(const char *text, char ret_host[NOTIFY_LANE_NAME_MAX - MERCHANT_ID_BYTES_MAX])
{
    OutsideUrl url;
    ret_host[0] = 0;
    if (!status_ok(outside_url_read(span_of_text(text), &url))) return;
    snprintf(ret_host, NOTIFY_LANE_NAME_MAX - MERCHANT_ID_BYTES_MAX, "%s:%u", url.host, url.port);
}

/* False: no turn, or no slot. */
static bool take(Notifier *n, const char *mchid, const NotificationDue *due, int64_t now_us)
{
    char host[NOTIFY_LANE_NAME_MAX - MERCHANT_ID_BYTES_MAX];
    Attempt *slot = NULL;
    for (int i = 0; i < n->config.threads && slot == NULL; i++)
        if (!n->attempts[i].taken) slot = &n->attempts[i];
    if (slot == NULL) return false;
    host_of(due->url, host);
    if (!notify_lanes_take(&n->lanes, mchid, host, now_us, &slot->ticket)) return false;
    memcpy(slot->id, due->id, sizeof(slot->id));
    slot->taken = true;
    pthread_cond_signal(&n->work);
    return true;
}

static Status find_merchants(void *context, Store *store)
{
    Notifier *n = context;
    return notification_merchants(store, n->mchid, n->mchids, &n->mchid_count);
}

static Status find_due(void *context, Store *store)
{
    Notifier *n = context;
    return notification_due(store, n->mchid, now_of(n), n->due_skip, n->due, &n->due_count);
}

/* False: nothing more of this merchant can be taken now. */
static bool take_page(Notifier *n)
{
    const int64_t now_us = now_of(n);
    bool any = n->due_count == 0;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->due_count; i++) {
        if (is_in_hand(n, n->due[i].id, now_us)) continue;
        const bool taken = take(n, n->mchid, &n->due[i], now_us);
        any = any || taken;
        n->hungry = n->hungry || !taken;
    }
    pthread_mutex_unlock(&n->lock);
    return any;
}

/* A page of which nothing could be taken is one host's that rests, perhaps: look behind it. */
static Status serve_merchant(Notifier *n)
{
    n->due_skip = 0;
    for (int page = 0; page < PAGES_MAX; page++) {
        TRY(batcher_between(n->config.house->batcher, find_due, n));
        if (take_page(n) || n->due_count < NOTIFICATION_FOUND_MAX) return OK;
        n->due_skip += NOTIFICATION_FOUND_MAX;
    }
    return OK;
}

/* The merchants behind `after`, up to and with `until` ("": to the last). *ret_first: the first of
 * them, if there is one. */
static Status serve_between(Notifier *n, const char *after, const char *until, char *ret_first)
{
    char last[MERCHANT_ID_BYTES_MAX + 1] = "";
    snprintf(last, sizeof(last), "%s", after);
    for (;;) {
        memcpy(n->mchid, last, sizeof(last));
        TRY(batcher_between(n->config.house->batcher, find_merchants, n));
        for (size_t i = 0; i < n->mchid_count; i++) {
            if (until[0] != 0 && strcmp(n->mchids[i], until) > 0) return OK;
            memcpy(n->mchid, n->mchids[i], sizeof(n->mchid));
            if (ret_first[0] == 0) memcpy(ret_first, n->mchid, sizeof(n->mchid));
            TRY(serve_merchant(n));
        }
        if (n->mchid_count < NOTIFICATION_FOUND_MAX) return OK;
        memcpy(last, n->mchids[n->mchid_count - 1], sizeof(last));
    }
}

/* Once around all merchants for whom something waits; who was first is the last the next time. */
static Status look_around(Notifier *n)
{
    char start[MERCHANT_ID_BYTES_MAX + 1];
    memcpy(start, n->start, sizeof(start));
    n->start[0] = 0;
    TRY(serve_between(n, start, "", n->start));
    return start[0] == 0 ? OK : serve_between(n, "", start, n->start);
}

/* A tick; shorter when more is due and an attempt ends. False: it is time to stop. */
static bool wait_tick(Notifier *n)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += NOTIFIER_TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&n->lock);
    int rc = 0;
    const uint64_t ended = n->counters.delivered;
    while (!n->stopping && rc == 0 && !(n->hungry && n->counters.delivered != ended))
        rc = pthread_cond_timedwait(&n->room, &n->lock, &until);
    n->hungry = false;
    const bool go_on = !n->stopping;
    pthread_mutex_unlock(&n->lock);
    return go_on;
}

static void *scout(void *context)
{
    Notifier *n = context;
    while (wait_tick(n)) {
        const Status s = look_around(n);
        if (!status_ok(s)) n->config.report(n->config.context, "notification.due", s);
    }
    return NULL;
}

/* --- start and stop --- */

static Status start_thread(Notifier *n)
{
    Desk *d = calloc(1, sizeof(*d));
    CHECK(d != NULL, FAULT_MEMORY);
    d->notifier = n;
    if (pthread_create(&n->threads[n->thread_count], NULL, send, d) != 0) {
        free(d);
        return BROKEN(FAULT_THREAD);
    }
    n->thread_count++;
    return OK;
}

static Status start_threads(Notifier *n)
{
    for (int i = 0; i < n->config.threads; i++)
        TRY(start_thread(n));
    CHECK(pthread_create(&n->scout, NULL, scout, n) == 0, FAULT_THREAD);
    n->has_scout = true;
    return OK;
}

static void init_waiting(Notifier *n)
{
    pthread_condattr_t monotonic;
    ASSERT(pthread_condattr_init(&monotonic) == 0);
    ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&n->room, &monotonic) == 0);
    ASSERT(pthread_cond_init(&n->work, NULL) == 0);
    ASSERT(pthread_mutex_init(&n->lock, NULL) == 0);
    pthread_condattr_destroy(&monotonic);
}

Status notifier_start(const NotifierConfig *config, Notifier **ret_notifier)
{
    ASSERT(config->threads >= 1 && config->threads <= NOTIFIER_THREADS_MAX);
    Notifier *n = calloc(1, sizeof(*n));
    CHECK(n != NULL, FAULT_MEMORY);
    n->config = *config;
    n->lanes.threads = (unsigned)config->threads;
    notify_connections_open(&n->connections, config->tls, &config->rules);
    init_waiting(n);
    const Status s = start_threads(n);
    if (!status_ok(s)) {
        notifier_stop(n);
        return s;
    }
    *ret_notifier = n;
    return OK;
}

void notifier_stop(Notifier *n)
{
    pthread_mutex_lock(&n->lock);
    n->stopping = true;
    pthread_cond_broadcast(&n->work);
    pthread_cond_broadcast(&n->room);
    pthread_mutex_unlock(&n->lock);
    if (n->has_scout) pthread_join(n->scout, NULL);
    for (int i = 0; i < n->thread_count; i++)
        pthread_join(n->threads[i], NULL);
    notify_connections_close(&n->connections);
    pthread_cond_destroy(&n->room);
    pthread_cond_destroy(&n->work);
    pthread_mutex_destroy(&n->lock);
    free(n);
}

NotifierCounters notifier_counters(Notifier *n)
{
    pthread_mutex_lock(&n->lock);
    NotifierCounters counters = n->counters;
    for (int i = 0; i < n->config.threads; i++)
        if (n->attempts[i].taken) counters.in_flight++;
    pthread_mutex_unlock(&n->lock);
    return counters;
}
