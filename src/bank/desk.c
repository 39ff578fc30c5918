#include "bank/desk.h"

#include "base/time.h"
#include "cases/alert.h"
#include "store/unit_wait.h"

#include <stdlib.h>
#include <time.h>

struct ChannelDesk {
    ChannelDeskConfig config;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    bool stopping;
    pthread_t asker;
    pthread_t prober;
    pthread_t comparer;
    bool has_asker;
    bool has_prober;
    bool has_comparer;
    int32_t first_day; /* that is compared; 0: not known yet */
    int32_t compared[DESK_DAYS_MAX]; /* days, each at its number modulo; under the lock */
    int32_t told[DESK_DAYS_MAX]; /* an alert says that this day cannot be compared */
    int64_t skip; /* due orders that could not be handled on our side: others come first */
    ChannelFound found[CHANNEL_FOUND_MAX];
    size_t found_count;
};

static int64_t now_of(const ChannelDesk *desk) { return clock_now_us(&desk->config.clock); }

static ChannelAsk ask_of(const ChannelOrder *order, Span card_box)
{
    return (ChannelAsk) { order->number, order->kind, order->money, order->target, card_box };
}

/* What the bank said, or why it said nothing, into the row. */
static Status settle(ChannelDesk *desk, const ChannelOrder *order, Status told,
        ChannelOutcome outcome, bool asked, ChannelOrder *ret_order)
{
    ChannelSettle work = {
        .known = status_ok(told), .outcome = outcome, .result = told.code, .asked = asked
    };
    memcpy(work.number, order->number, sizeof(work.number));
    channel_settle_unit(&work, NULL);
    TRY(desk->config.settle != NULL ? desk->config.settle(desk->config.batcher, &work)
                                    : unit_wait(desk->config.batcher, &work.unit));
    *ret_order = work.order;
    return OK;
}

/* CREATED: durable as SENT first, then sent once. */
static Status send_once(ChannelDesk *desk, ChannelOrder *order, Span card_box)
{
    ChannelSend work = { .lease_us = desk->config.lease_us };
    ChannelOutcome outcome = CHANNEL_IS_NOT_THERE;
    memcpy(work.number, order->number, sizeof(work.number));
    channel_send_unit(&work, NULL);
    TRY(unit_wait(desk->config.batcher, &work.unit));
    *order = work.order; /* SENT, whatever comes next */
    const ChannelAsk ask = ask_of(&work.order, card_box);
    const Status told = desk->config.channel->send(desk->config.channel->context, &ask, &outcome);
    if (status_broken(told)) return told; /* on our side: the row stays SENT, and is asked about */
    return settle(desk, &work.order, told, outcome, false, order);
}

int64_t channel_desk_lease_us(const ChannelDesk *desk) { return desk->config.lease_us; }

Status channel_desk_begin(ChannelDesk *desk, ChannelBegin *begin)
{
    begin->lease_us = desk->config.lease_us;
    channel_begin_unit(begin, NULL);
    return unit_wait(desk->config.batcher, &begin->unit);
}

Status channel_desk_send(ChannelDesk *desk, ChannelOrder *order, Span card_box)
{
    const bool needs_box = order->kind == CHANNEL_CARD && order->target[0] == 0;
    REQUIRE((card_box.size > 0) == needs_box, REFUSED_BANK_CARD_FIELD);
    return send_once(desk, order, card_box);
}

Status channel_desk_give_up(ChannelDesk *desk, ChannelOrder *order, Status why)
{
    const Status told = status_refused(why) ? why : REFUSE(REFUSED_BANK_NEVER_SENT);
    return settle(desk, order, told, CHANNEL_IS_NOT_DONE, false, order);
}

/* --- a day --- */

static void file_free(Buffer *file) { free(file->data); }

static Status fetch(const ChannelDesk *desk, int32_t day, Buffer *ret_file)
{
    *ret_file = (Buffer) { malloc(RECONCILE_FILE_BYTES_MAX), 0, RECONCILE_FILE_BYTES_MAX };
    CHECK(ret_file->data != NULL, FAULT_MEMORY);
    return desk->config.channel->day_file(desk->config.channel->context, day, ret_file);
}

Status channel_desk_reconcile(
        ChannelDesk *desk, int32_t day, const char *actor, Span file, Reconciled *ret_reconciled)
{
    CLEANUP(file_free) Buffer of_day = { 0 };
    CLEANUP(file_free) Buffer before = { 0 };
    ReconcileAsk ask = { .day = day, .actor = actor, .file = file };
    if (file.size == 0) {
        TRY(fetch(desk, day, &of_day));
        TRY(fetch(desk, day - 1, &before));
        ask.file = span_of_buffer(&of_day);
        ask.file_before = span_of_buffer(&before);
    }
    TRY(reconcile_day(desk->config.batcher, &desk->config.clock, &ask, ret_reconciled));
    pthread_mutex_lock(&desk->lock);
    desk->compared[day % DESK_DAYS_MAX] = day;
    pthread_mutex_unlock(&desk->lock);
    return OK;
}

/* --- what has no end --- */

/* Of a crash between CREATED and SENT: nothing has left. */
static Status send_late(ChannelDesk *desk, ChannelOrder *order)
{
    if (order->kind == CHANNEL_CARD && order->target[0] == 0)
        return channel_desk_give_up(desk, order, REFUSE(REFUSED_BANK_NEVER_SENT));
    return send_once(desk, order, (Span) { NULL, 0 });
}

static Status ask_bank(ChannelDesk *desk, ChannelOrder *order)
{
    const Channel *channel = desk->config.channel;
    const ChannelAsk ask = ask_of(order, (Span) { NULL, 0 });
    ChannelOutcome outcome = CHANNEL_IS_NOT_THERE;
    Status told = channel->query(channel->context, &ask, &outcome);
    const bool lost = status_ok(told) && outcome == CHANNEL_IS_NOT_THERE
            && now_of(desk) - order->sent_us >= desk->config.close_us;
    if (lost) told = channel->close(channel->context, &ask, &outcome);
    if (status_broken(told)) return told;
    if (status_is(told, REFUSED_BANK_DOWN)) return told; /* nobody was asked */
    return settle(desk, order, told, outcome, true, order);
}

static Status look_after(ChannelDesk *desk, const ChannelFound *found)
{
    ChannelLook work = { 0 };
    memcpy(work.number, found->number, sizeof(work.number));
    channel_look_unit(&work, NULL);
    TRY(unit_wait(desk->config.batcher, &work.unit));
    switch (work.order.state) {
    case CHANNEL_CREATED: return send_late(desk, &work.order);
    case CHANNEL_SENT:
    case CHANNEL_UNKNOWN: return ask_bank(desk, &work.order);
    case CHANNEL_SUCCESS:
    case CHANNEL_FAILED: break; /* somebody was faster */
    }
    return OK;
}

static Status find_due(void *context, Store *store)
{
    ChannelDesk *desk = context;
    return channel_due(store, now_of(desk), desk->config.first_batch, desk->skip, desk->found,
            &desk->found_count);
}

static bool is_stopping(ChannelDesk *desk)
{
    pthread_mutex_lock(&desk->lock);
    const bool stopping = desk->stopping;
    pthread_mutex_unlock(&desk->lock);
    return stopping;
}

/* Ours does not answer: for all orders alike, and said once. */
static bool is_ours(Status s)
{
    return status_is(s, REFUSED_VAULT_UNAVAILABLE) || status_is(s, REFUSED_VAULT_BUSY)
            || status_is(s, REFUSED_VAULT_NOT_READY) || status_is(s, REFUSED_VAULT_SEALED)
            || status_is(s, REFUSED_STORE_BUSY) || status_is(s, REFUSED_STORE_STOPPED);
}

/* How long to wait before the next round. */
static int64_t look_after_all(ChannelDesk *desk)
{
    desk->found_count = 0;
    Status s = batcher_between(desk->config.batcher, find_due, desk);
    if (!status_ok(s)) desk->config.report(desk->config.context, "bank.due", s);
    if (desk->found_count == 0) desk->skip = 0;
    for (size_t i = 0; i < desk->found_count && !is_stopping(desk); i++) {
        s = look_after(desk, &desk->found[i]);
        if (status_is(s, REFUSED_BANK_DOWN))
            return DESK_TICK_MS; /* for all: after the next probe */
        if (status_ok(s)) continue;
        desk->config.report(desk->config.context, "bank.order", s);
        if (is_ours(s)) return DESK_PROBE_MS;
        desk->skip++;
    }
    return DESK_TICK_MS;
}

/* --- days that are over --- */

static bool is_compared(ChannelDesk *desk, int32_t day)
{
    pthread_mutex_lock(&desk->lock);
    const bool compared = desk->compared[day % DESK_DAYS_MAX] == day;
    pthread_mutex_unlock(&desk->lock);
    return compared;
}

/* Once a run: whoever is told looks at what the bank has, or hands in its file. */
static void tell_day(ChannelDesk *desk, int32_t day, Status why)
{
    char text[9];
    AlertAdd work = { 0 };
    if (desk->told[day % DESK_DAYS_MAX] == day || status_broken(why)) return;
    time_business_day_text(day, text);
    work.alert = alert_of(ALERT_BANK, 0, span_of_text(text), why);
    alert_add_unit(&work, NULL);
    if (status_ok(unit_wait(desk->config.batcher, &work.unit)))
        desk->told[day % DESK_DAYS_MAX] = day;
}

static bool is_away(Status s)
{
    return status_is(s, REFUSED_BANK_DOWN) || status_is(s, REFUSED_BANK_NO_ANSWER) || is_ours(s);
}

/* Each day that is not compared yet; one that cannot be holds up no other. */
static Status compare_all(ChannelDesk *desk, int32_t last)
{
    Reconciled ignored;
    Status first = OK;
    if (desk->first_day == 0) desk->first_day = last - DESK_DAYS_FIRST + 1;
    int32_t day = last - DESK_DAYS_MAX + 1;
    if (day < desk->first_day) day = desk->first_day;
    for (; day <= last && !is_stopping(desk); day++) {
        if (is_compared(desk, day)) continue;
        const Status s = channel_desk_reconcile(desk, day, "", (Span) { NULL, 0 }, &ignored);
        if (status_ok(s)) continue;
        if (is_away(s)) return s; /* for all days alike */
        if (day < last) tell_day(desk, day, s);
        if (status_ok(first)) first = s;
    }
    return first;
}

/* How long to wait before the next look. */
static int64_t compare_days(ChannelDesk *desk)
{
    const int32_t last = time_business_day(now_of(desk) - desk->config.day_file_us) - 1;
    const Status s = compare_all(desk, last);
    if (status_ok(s)) return DESK_DAY_LOOK_MS;
    desk->config.report(desk->config.context, "bank.reconcile", s);
    return DESK_DAY_RETRY_MS;
}

/* --- threads --- */

/* False: it is time to stop. */
static bool wait_ms(ChannelDesk *desk, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const int64_t ns = until.tv_nsec + ms * 1000000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&desk->lock);
    if (!desk->stopping) pthread_cond_timedwait(&desk->stopped, &desk->lock, &until);
    const bool goes_on = !desk->stopping;
    pthread_mutex_unlock(&desk->lock);
    return goes_on;
}

static void *asks(void *context)
{
    ChannelDesk *desk = context;
    int64_t pause_ms = DESK_TICK_MS;
    while (wait_ms(desk, pause_ms))
        pause_ms = look_after_all(desk);
    return NULL;
}

static void *probes(void *context)
{
    ChannelDesk *desk = context;
    while (wait_ms(desk, DESK_PROBE_MS))
        desk->config.probe(desk->config.lines);
    return NULL;
}

static void *compares(void *context)
{
    ChannelDesk *desk = context;
    int64_t pause_ms = DESK_DAY_LOOK_MS;
    while (wait_ms(desk, pause_ms))
        pause_ms = compare_days(desk);
    return NULL;
}

Status channel_desk_open(const ChannelDeskConfig *config, ChannelDesk **ret_desk)
{
    CLEANUP(channel_desk_close) ChannelDesk *desk = calloc(1, sizeof(*desk));
    CHECK(desk != NULL, FAULT_MEMORY);
    desk->config = *config;
    ASSERT(pthread_mutex_init(&desk->lock, NULL) == 0);
    pthread_condattr_t monotonic; /* a clock that is set back must not let orders wait */
    ASSERT(pthread_condattr_init(&monotonic) == 0);
    ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&desk->stopped, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    desk->has_asker = pthread_create(&desk->asker, NULL, asks, desk) == 0;
    CHECK(desk->has_asker, FAULT_THREAD);
    desk->has_prober = pthread_create(&desk->prober, NULL, probes, desk) == 0;
    CHECK(desk->has_prober, FAULT_THREAD);
    desk->has_comparer = pthread_create(&desk->comparer, NULL, compares, desk) == 0;
    CHECK(desk->has_comparer, FAULT_THREAD);
    *ret_desk = desk;
    desk = NULL;
    return OK;
}

void channel_desk_close(ChannelDesk **desk)
{
    ChannelDesk *closing = *desk;
    if (closing == NULL) return;
    pthread_mutex_lock(&closing->lock);
    closing->stopping = true;
    pthread_cond_broadcast(&closing->stopped);
    pthread_mutex_unlock(&closing->lock);
    if (closing->has_asker) pthread_join(closing->asker, NULL);
    if (closing->has_prober) pthread_join(closing->prober, NULL);
    if (closing->has_comparer) pthread_join(closing->comparer, NULL);
    pthread_cond_destroy(&closing->stopped);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    *desk = NULL;
}
