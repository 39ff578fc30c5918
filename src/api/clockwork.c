#include "api/clockwork.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "api/access_tick.h"
#include "api/expiring.h"
#include "api/reminders.h"
#include "api/request_tick.h"
#include "api/reserve_tick.h"
#include "api/retention_tick.h"
#include "api/reveal_feed.h"
#include "api/rolling.h"
#include "api/settlement_tick.h"
#include "api/transfer_tick.h"
#include "api/vault_feed.h"
#include "base/time.h"
#include "cases/alert.h"
#include "ledger/account.h"
#include "ledger/day_end.h"
#include "payment/bill.h"
#include "payment/pay.h"
#include "report/review.h"
#include "store/unit_wait.h"
#include "vaultclient/fields.h"
#include "vaultclient/policy.h"

struct Clockwork {
    ClockworkConfig config;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
    int64_t next_checkpoint_us;
    int64_t tree_size; /* of the last kept checkpoint */
    int32_t closed_day;
    int64_t next_close_us;
    int64_t next_keys_us;
    int64_t next_look_us;
    int64_t next_turn_us;
    int64_t next_sweep_us;
    Rolling *rolling;
    Expiring expiring;
    SettlementTick settlement;
    ReserveTick reserve;
    int32_t day;
    TransferTick transfers;
    Reminders reminders;
    AccessTick access;
    RequestTick requests;
    RetentionTick retention;
    PaymentKey due[PAYMENT_DUE_MAX];
    size_t due_count;
    size_t due_stuck; /* of the last tick */
};

static void report(Clockwork *c, const char *what, Status s)
{
    if (status_ok(s)) return;
    c->config.report(c->config.context, what, s);
}

static Status list_due(void *context, Store *store)
{
    Clockwork *c = context;
    const int64_t now_us = clock_now_us(&c->config.house->clock);
    return payment_due_behind(store, now_us, c->due_stuck, c->due, &c->due_count);
}

/* What cannot be ended (a frozen row) stays due: it is stepped over, so that the others do not
 * wait for it, and reported when it is new. */
static Status expire_due(Clockwork *c)
{
    Batcher *batcher = c->config.house->batcher;
    const size_t stuck_before = c->due_stuck;
    Status stuck = OK;
    c->due_stuck = 0;
    for (int pass = 0; pass < CLOCKWORK_DUE_PASSES_MAX; pass++) {
        c->due_count = 0;
        TRY(batcher_between(batcher, list_due, c));
        for (size_t i = 0; i < c->due_count; i++) {
            PaymentExpire work = { .key = c->due[i] };
            payment_expire_unit(&work, NULL);
            const Status s = unit_wait(batcher, &work.unit);
            if (status_ok(s)) continue;
            c->due_stuck++;
            stuck = s;
        }
        if (c->due_count < PAYMENT_DUE_MAX) break;
    }
    return c->due_stuck > stuck_before ? stuck : OK;
}

static Status gather_funding(Unit *unit, Rows *rows)
{
    return account_gather(rows, account_id_of_funding(CURRENCY_CNY));
}

static Status run_nothing(Unit *unit, Rows *rows) { return OK; }

/* A vaultd that was started again judges no PIN and signs nothing until it was shown all rows, and
 * it is the next batch that shows them. When nobody asks for a batch, this is one: it reads a row
 * and changes none. */
static Status show_store(const Clockwork *c)
{
    Unit unit = { .gather = gather_funding, .run = run_nothing };
    return unit_wait(c->config.house->batcher, &unit);
}

static Status checkpoint(Clockwork *c, int64_t now_us)
{
    if (!time_has_come(c->next_checkpoint_us, now_us, CLOCKWORK_CHECKPOINT_US)) return OK;
    c->next_checkpoint_us = now_us + CLOCKWORK_CHECKPOINT_US;
    uint8_t memory_bytes[1024];
    Buffer memory = BUFFER_OF(memory_bytes);
    WireStatus status = { 0 };
    TRY(vaultclient_status(c->config.house->vault, &memory, &status));
    if (!status.ready) return show_store(c);
    if (status.tree_size == 0 || status.tree_size == c->tree_size) return OK;
    TRY(c->config.take_checkpoint(c->config.context));
    c->tree_size = status.tree_size;
    return OK;
}

/* Close yesterday once; a day that was closed already (before a restart) is fine. */
static Status close_day(Clockwork *c, int64_t now_us)
{
    const int32_t yesterday = time_business_day(now_us) - 1;
    if (c->closed_day == yesterday) return OK;
    if (!time_has_come(c->next_close_us, now_us, CLOCKWORK_RETRY_US)) return OK;
    c->next_close_us = now_us + CLOCKWORK_RETRY_US;
    DayEndTotals totals = { 0 };
    const Status s = day_end_run(c->config.house->batcher, yesterday, &totals);
    if (!status_ok(s) && !status_is(s, (StatusCode)REFUSED_DAY_CLOSED)) return s;
    c->closed_day = yesterday;
    c->next_close_us = 0;
    return OK;
}

/* --- the rolling check --- */

static const RollingTable rolled[] = { { &posting_table, true }, { &alert_table, true },
    { &incident_step_table, true }, { &audit_report_table, true }, { &audit_review_table, true },
    { &day_end_table, false }, { &bill_table, false }, { &data_act_table, true },
    { &data_destroyed_table, true } };

static Status begin_roll(void *context, const Table *table, VaultRoll *ret_roll)
{
    const Clockwork *c = context;
    return vaultclient_roll_begin(c->config.house->vault, table, ret_roll);
}

static Status show_rows(void *context, VaultRoll *roll, const RowClaim *claims, size_t count,
        bool last, Status *ret_verdicts, VaultRollFinding *ret_finding)
{
    const Clockwork *c = context;
    return vaultclient_roll_rows(
            c->config.house->vault, roll, claims, count, last, ret_verdicts, ret_finding);
}

static void alarm_row(void *context, const Table *table, Span key, Status verdict)
{
    const Clockwork *c = context;
    c->config.alarm(c->config.context, table, key, verdict);
}

static Status open_rolling(Clockwork *c)
{
    const RollingConfig config = { .batcher = c->config.house->batcher,
        .tables = rolled,
        .table_count = sizeof(rolled) / sizeof(rolled[0]),
        .begin = begin_roll,
        .show = show_rows,
        .alarm = alarm_row,
        .context = c };
    return rolling_open(&config, &c->rolling);
}

/* A vaultd that is away or was just restarted: the batch meets it too, and says so. */
static Status roll(Clockwork *c, int64_t now_us)
{
    const Status s = rolling_step(c->rolling, now_us);
    if (status_is(s, REFUSED_VAULT_NOT_READY) || status_is(s, REFUSED_VAULT_UNAVAILABLE)) return OK;
    return s;
}

/* A key whose row was frozen is unknown at the doors; two people may have released it. */
static Status load_left_out(Clockwork *c, int64_t now_us)
{
    House *house = c->config.house;
    size_t loaded = 0;
    size_t left_out = 0;
    if (atomic_load(&house->keys_left_out) == 0) return OK;
    if (!time_has_come(c->next_keys_us, now_us, CLOCKWORK_RETRY_US)) return OK;
    c->next_keys_us = now_us + CLOCKWORK_RETRY_US;
    TRY(directory_refresh(house->directory, house->batcher, &loaded, &left_out));
    atomic_store(&house->keys_left_out, left_out);
    return OK;
}

/* What two people signed meanwhile; while vaultd is away, what was in force stays, and ends by the
 * clock as it would have. */
static Status adopt_policy(Clockwork *c)
{
    const Status s = vaultclient_policy_adopt(c->config.house->vault);
    const bool away = status_is(s, REFUSED_VAULT_UNAVAILABLE) || status_is(s, REFUSED_VAULT_BUSY);
    return away ? OK : s;
}

/* A card's expiry may rest while its grant lives; a withdrawn one ends at vaultd at once, and here
 * within a minute. */
static Status sweep_expiry(Clockwork *c, int64_t now_us)
{
    const Fields fields = { c->config.house->domain, c->config.house->vault };
    uint64_t owners = 0;
    if (!time_has_come(c->next_sweep_us, now_us, CLOCKWORK_SWEEP_US)) return OK;
    c->next_sweep_us = now_us + CLOCKWORK_SWEEP_US;
    const Status s = fields_sweep_expiry(&fields, &owners);
    const bool away = status_is(s, REFUSED_VAULT_UNAVAILABLE) || status_is(s, REFUSED_VAULT_BUSY);
    return away ? OK : s;
}

/* Merchants' next APIv3 keys whose overlap is over. */
static Status turn_apiv3_keys(Clockwork *c, int64_t now_us)
{
    if (!time_has_come(c->next_turn_us, now_us, CLOCKWORK_KEYS_US)) return OK;
    c->next_turn_us = now_us + CLOCKWORK_KEYS_US;
    return domain_turn_signing_keys(c->config.house->domain, now_us);
}

/* What two people turned meanwhile. */
static Status look_at_keys(Clockwork *c, int64_t now_us)
{
    if (!time_has_come(c->next_look_us, now_us, CLOCKWORK_KEYS_US)) return OK;
    c->next_look_us = now_us + CLOCKWORK_KEYS_US;
    const Status s = c->config.look_at_keys(c->config.context);
    const bool away = status_is(s, REFUSED_VAULT_UNAVAILABLE) || status_is(s, REFUSED_VAULT_BUSY);
    return away ? OK : s;
}

static Status flush_door(Clockwork *c, int64_t now_us)
{
    return door_flush(&c->config.house->door, c->config.house->batcher, now_us, false);
}

static void begin_day(Clockwork *c, int32_t day)
{
    if (day == c->day) return;
    c->day = day;
    if (c->config.day_begins != NULL) c->config.day_begins(c->config.context, day);
}

static void tick(Clockwork *c)
{
    const int64_t now_us = clock_now_us(&c->config.house->clock);
    begin_day(c, time_business_day(now_us));
    report(c, "payment.due", expire_due(c));
    report(c, "transfer.due", transfer_tick(&c->transfers, c->config.house));
    report(c, "policy.adopt", adopt_policy(c));
    report(c, "platform.keys", look_at_keys(c, now_us));
    report(c, "audit.checkpoint", checkpoint(c, now_us));
    report(c, "ledger.day_end", close_day(c, now_us));
    report(c, "merchant.settlement", settlement_tick(&c->settlement, c->config.house, now_us));
    report(c, "reserve.statement", reserve_tick(&c->reserve, c->config.house, now_us));
    report(c, "rows.rolling_check", roll(c, now_us));
    report(c, "data.retention", retention_tick(&c->retention, c->config.house, now_us));
    report(c, "merchant.keys", load_left_out(c, now_us));
    report(c, "merchant.apiv3", turn_apiv3_keys(c, now_us));
    report(c, "merchant.keys.end", expiring_step(&c->expiring, now_us));
    report(c, "audit.door", flush_door(c, now_us));
    report(c, "card.expiry", sweep_expiry(c, now_us));
    report(c, "audit.vault", vault_feed_step(c->config.house, now_us, false));
    report(c, "audit.reveals", reveal_feed_step(c->config.house, now_us, false));
    report(c, "access", access_tick(&c->access, c->config.house, now_us));
    report(c, "audit.reminders", reminders_tick(&c->reminders, c->config.house, now_us));
    report(c, "access.requests", request_tick(&c->requests, c->config.house, now_us));
    report(c, "tls.renew", c->config.renew_tls(c->config.context, now_us));
}

/* Wait one tick; false when it is time to stop. */
static bool wait_tick(Clockwork *c)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += CLOCKWORK_TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&c->lock);
    int rc = 0;
    while (!c->stopping && rc == 0)
        rc = pthread_cond_timedwait(&c->wake, &c->lock, &until);
    const bool go_on = !c->stopping;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

static void *run(void *context)
{
    Clockwork *c = context;
    while (wait_tick(c))
        tick(c);
    return NULL;
}

static void clockwork_free(Clockwork *c)
{
    rolling_close(c->rolling);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Ticks by the monotonic clock: one that is set back would stop the timer of what is held. */
static void init_waiting(Clockwork *c)
{
    pthread_condattr_t monotonic;
    ASSERT(pthread_condattr_init(&monotonic) == 0);
    ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&c->wake, &monotonic) == 0);
    ASSERT(pthread_mutex_init(&c->lock, NULL) == 0);
    pthread_condattr_destroy(&monotonic);
}

Status clockwork_start(const ClockworkConfig *config, Clockwork **ret_clockwork)
{
    Clockwork *c = calloc(1, sizeof(*c));
    CHECK(c != NULL, FAULT_MEMORY);
    c->config = *config;
    c->expiring.house = config->house;
    init_waiting(c);
    Status s = open_rolling(c);
    if (status_ok(s) && pthread_create(&c->thread, NULL, run, c) != 0) s = BROKEN(FAULT_THREAD);
    if (!status_ok(s)) {
        clockwork_free(c);
        return s;
    }
    *ret_clockwork = c;
    return OK;
}

void clockwork_stop(Clockwork *c)
{
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    clockwork_free(c);
}
