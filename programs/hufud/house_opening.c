#include "house_opening.h"

#include "outside.h"

#include "access_opening.h"

#include "access/request.h"
#include "api/bill_desk.h"
#include "api/call.h"
#include "api/field_files.h"
#include "api/payer_house.h"
#include "api/reveal_feed.h"
#include "api/routes.h"
#include "api/vault_feed.h"
#include "audit/checkpoint.h"
#include "audit/log.h"
#include "bank/channel_order.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/certificate.h"
#include "crypto/mac.h"
#include "first_files.h"
#include "ledger/account.h"
#include "login_opening.h"
#include "nonce_memory.h"
#include "payment/payment.h"
#include "restored.h"
#include "store/replace.h"
#include "tls_opening.h"
#include "trail_opening.h"
#include "vaultclient/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    WAIT_MS = 250,
    DRAIN_MS_MAX = 10000,
    DRAINS_MAX = 6,
    FAULTS_PER_SECOND = 10, /* of answers that are told to the log */
    FAULTS_BURST = 50,
};

static const StoreSchema *const schemas[] = { &audit_schema, &cases_schema, &access_schema,
    &request_schema, &ledger_schema, &report_schema, &payment_schema, &lifecycle_schema,
    &bank_schema };

/* Pause; refuses REFUSED_STORE_STOPPED when a signal says stop. */
static Status pause_or_stop(const sigset_t *signals)
{
    const struct timespec wait = { 0, WAIT_MS * 1000000L };
    REQUIRE(sigtimedwait(signals, NULL, &wait) < 0, REFUSED_STORE_STOPPED);
    return OK;
}

/* The same with the database open: who restores it (`hufu restore`) wants us to be gone meanwhile.
 */
static Status pause_or_leave(const Opening *o, const sigset_t *signals)
{
    REQUIRE(!store_gate_is_closed(o->config.database), REFUSED_STORE_STOPPED);
    return pause_or_stop(signals);
}

/* Nobody else has the database, and nobody replaces it, from now until we close. */
static Status hold_database(Opening *o, const sigset_t *signals)
{
    bool told = false;
    for (;;) {
        const bool closed = store_gate_is_closed(o->config.database);
        const Status s =
                closed ? REFUSE(REFUSED_STORE_BUSY) : store_hold(o->config.database, &o->hold_fd);
        if (!status_is(s, (StatusCode)REFUSED_STORE_BUSY)) return s;
        if (!told) LOG(LOG_INFO, "hufud.waits_for_database");
        told = true;
        TRY(pause_or_stop(signals));
    }
}

/* vaultd may start after us, or again. */
static Status await_vault(const Opening *o, const sigset_t *signals)
{
    bool told = false;
    for (;;) {
        uint8_t memory_bytes[1024];
        Buffer memory = BUFFER_OF(memory_bytes);
        WireStatus status = { 0 };
        const Status s = vaultclient_status(o->house.vault, &memory, &status);
        if (!status_is(s, (StatusCode)REFUSED_VAULT_UNAVAILABLE)) {
            TRY(s);
            return vaultclient_policy_adopt(o->house.vault); /* before any door opens */
        }
        if (!told) LOG(LOG_INFO, "hufud.waits_for_vault");
        told = true;
        TRY(pause_or_leave(o, signals));
    }
}

static void alarm_row(void *context, const Table *table, Span key, Status verdict)
{
    Opening *o = context;
    alarms_row(&o->alarms, table, key, verdict);
}

static VaultScanView scan_view(Opening *o)
{
    return (VaultScanView) {
        .leaves = audit_each_hash, .frozen_context = &o->alarms, .frozen = alarms_scan
    };
}

/* Until another scan may end differently: two people had vaultd accept what it was shown, so it is
 * ready; or another vaultd answers, which must be shown it before they can. Not sooner, since each
 * scan is a record in vaultd's journal. */
static Status await_acceptance(const Opening *o, const sigset_t *signals)
{
    VaultClient *vault = o->house.vault;
    const uint64_t connects = vaultclient_counters(vault).connects;
    for (;;) {
        uint8_t memory_bytes[1024];
        Buffer memory = BUFFER_OF(memory_bytes);
        WireStatus status = { 0 };
        TRY(pause_or_leave(o, signals));
        if (!status_ok(vaultclient_status(vault, &memory, &status))) continue; /* away, or busy */
        if (status.ready || vaultclient_counters(vault).connects != connects) return OK;
    }
}

/* Show vaultd every row. A database that is not in the last confirmed state waits for two people
 * (`hufu restore`); nothing is served meanwhile. */
static Status scan(Opening *o, const sigset_t *signals, WireStatus *ret_status)
{
    static uint8_t memory_bytes[VAULTCLIENT_ANSWER_BYTES_MAX];
    const VaultScanView view = scan_view(o);
    bool told = false;
    for (;;) {
        Buffer memory = BUFFER_OF(memory_bytes);
        const Status s = vaultclient_scan(o->house.vault, o->store, &view, &memory, ret_status);
        if (!status_is(s, (StatusCode)REFUSED_STORE_ROLLED_BACK)) return s;
        if (!told) LOG_STATUS(LOG_ALERT, "hufud.store_rolled_back", s);
        told = true;
        TRY(await_acceptance(o, signals));
    }
}

/* Who restored the database and why comes first in the log that goes on from there; who was
 * destroyed since is destroyed in it, too; and a first checkpoint of that log stands outside before
 * anybody looks for one. As long as the note stands: a killed start did perhaps some of it. */
static Status note_restore(Opening *o, const WireStatus *status)
{
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    RestoreNote restored = { 0 };
    bool is_noted = false;
    bool written = false;
    size_t destroyed = 0;
    TRY(store_note_read(o->config.database, &restored, &is_noted));
    TRY(restored_write(o->config.database, status, o->house.batcher, &written));
    TRY(restored_catch_up(o->config.database, &o->house, &destroyed));
    if (destroyed > 0) LOG(LOG_ALERT, "hufud.destroyed_again", LOG_NUMBER(COUNT, destroyed));
    if (written) LOG(LOG_ALERT, "hufud.restored", LOG_NUMBER(TREE_SIZE, status->tree_size));
    if (is_noted) {
        TRY(vaultclient_checkpoint(o->house.vault, &note));
        TRY(audit_checkpoint_keep(o->config.checkpoints, o->config.second, span_of_buffer(&note)));
    }
    store_note_clear(o->config.database);
    return OK;
}

static Status open_store(Opening *o, const sigset_t *signals)
{
    House *house = &o->house;
    const StoreConfig store = { .path = o->config.database,
        .schemas = schemas,
        .schema_count = sizeof(schemas) / sizeof(schemas[0]),
        .carry_beside = true };
    TRY(hold_database(o, signals));
    TRY(store_open(&store, &o->store));
    TRY(domain_open(o->config.domain, NULL, &house->domain));
    const VaultClientConfig vault = { .socket_path = o->config.vault };
    TRY(vaultclient_open(&vault, &house->vault));
    TRY(await_vault(o, signals));

    WireStatus status = { 0 };
    TRY(scan(o, signals, &status));
    LOG(LOG_INFO, "hufud.scanned", LOG_NUMBER(TREE_SIZE, status.tree_size),
            LOG_NUMBER(COUNT, status.tracked_rows));
    TRY(nonce_open(0, &house->random, &house->nonces));
    TRY(nonce_memory_restore(o->store, house->nonces, clock_now_us(&house->clock)));

    const VaultGuardConfig guard = { .client = house->vault,
        .store = o->store,
        .scan = scan_view(o),
        .epoch = status.epoch,
        .append = audit_append,
        .committed = audit_batches,
        .alarm_context = o,
        .alarm = alarm_row };
    TRY(vaultclient_guard_open(&guard, &o->guard));
    const BatchGuard batch_guard = vaultclient_guard(o->guard);
    house->first_batch = status.next_batch;
    TRY(batcher_start(o->store, &batch_guard, &house->clock, status.next_batch, &house->batcher));
    TRY(note_restore(o, &status));
    alarms_begin(&o->alarms, house->batcher);
    return OK;
}

static Status open_names(House *house)
{
    TRY(vaultclient_pseudonym_key(house->vault, house->pseudonym_key));
    return random_fill(&house->random, house->challenge_key, sizeof(house->challenge_key));
}

static Status find_key(
        void *context, Span mchid, Span serial, KeyAlgorithm algorithm, const PublicKey **ret_key)
{
    const House *house = context;
    DirectoryKey found = { 0 };
    TRY(directory_find(house->directory, mchid, serial, clock_now_us(&house->clock), &found));
    REQUIRE(found.algorithm == algorithm, REFUSED_MERCHANT_KEY_UNKNOWN);
    *ret_key = found.key;
    return OK;
}

static Status said(Status s, const char *path, const YamlProblem *problem)
{
    if (!status_ok(s))
        LOG_STATUS(LOG_ERROR, "hufud.rules", s, LOG_TEXT(PATH, path), LOG_TEXT(FIELD, problem->key),
                LOG_NUMBER(COUNT, problem->line));
    return s;
}

/* Without them settlements are made on public holidays. */
static void warn_of_holidays(void *context, int32_t today)
{
    const Opening *o = context;
    char advice[LOG_TEXT_BYTES_MAX];
    const int year = holidays_missing_year(&o->house.holidays, today);
    if (year == 0) return;
    snprintf(advice, sizeof(advice), "the file of holidays says nothing of %d: put it in", year);
    LOG(LOG_WARNING, "settlement.holidays_missing", LOG_TEXT(ADVICE, advice));
}

static Status open_rules(Opening *o)
{
    House *house = &o->house;
    const Config *c = &o->config;
    YamlProblem problem = { 0 };
    house->legacy_profiles = c->legacy_profiles;
    house->rules.terms_required = c->terms_required || (!c->terms_optional && !o->development);
    house->reserve_wait_days = c->reserve_days >= 0 ? c->reserve_days : o->development ? 0 : 1;
    Status s = strategy_load(c->strategy, &house->rules.strategy, &problem);
    TRY(said(s, c->strategy, &problem));
    s = account_rules_load(c->accounts, &house->rules.accounts, &problem);
    TRY(said(s, c->accounts, &problem));
    s = barcode_rules_load(c->barcode, &house->rules.barcode, &problem);
    TRY(said(s, c->barcode, &problem));
    s = transfer_rules_load(c->transfers, &house->rules.transfers, &problem);
    TRY(said(s, c->transfers, &problem));
    if (c->holidays[0] != 0) s = holidays_load(c->holidays, &house->holidays, &problem);
    TRY(said(s, c->holidays, &problem));
    s = purposes_load(c->purposes, &house->purposes, &problem);
    return said(s, c->purposes, &problem);
}

static void report_answer(const AnswerReport *r)
{
    LOG_STATUS(LOG_WARNING, "hufud.answer", r->why, LOG_NUMBER(HTTP_STATUS, r->http),
            LOG_TEXT(REQUEST_ID, r->request_id), LOG_TEXT(MERCHANT, r->mchid));
}

static Status open_business(Opening *o)
{
    House *house = &o->house;
    TRY(open_rules(o));
    TRY(access_open(house, o->config.access));
    TRY(login_opening_open(house));
    size_t keys = 0;
    size_t left_out = 0;
    TRY(directory_open(&house->directory));
    TRY(directory_refresh(house->directory, house->batcher, &keys, &left_out));
    atomic_store(&house->keys_left_out, left_out);
    LOG(left_out == 0 ? LOG_INFO : LOG_ALERT, "hufud.merchant_keys", LOG_NUMBER(COUNT, keys),
            LOG_NUMBER(SIZE, left_out));
    const MessageKeys message_keys = { house, find_key, NULL };
    TRY(message_verifier_open(&message_keys, house->nonces, &house->verifier));
    budget_open(&house->budget, BUDGET_PER_SECOND, BUDGET_BURST);
    budget_open(&house->faults, FAULTS_PER_SECOND, FAULTS_BURST);
    TRY(pace_open(o->config.merchant_per_second, o->config.merchant_burst, &house->pace));
    house->public_url = o->config.public_url;
    house->address = o->config.address;
    house->code_life_us = o->config.code_life_s * TIME_SECOND_US;
    house->refund_rules = (RefundRules) { .period_us = o->config.refund_days * TIME_DAY_US,
        .reverse_us = o->config.reverse_days * TIME_DAY_US };
    TRY(caller_list_open(&house->callers));
    TRY(caller_list_refresh(house->callers, house->batcher, &keys, &left_out));
    LOG(left_out == 0 ? LOG_INFO : LOG_ALERT, "hufud.callers", LOG_NUMBER(COUNT, keys),
            LOG_NUMBER(SIZE, left_out));
    const PayerHouseConfig payers = { .devices_needed = o->config.payer_devices_required,
        .cool_us = o->config.payer_cool_s * TIME_SECOND_US };
    TRY(payer_house_open(house, &payers));
    TRY(workers_start((int)o->config.openers, &house->openers));
    TRY(workers_start((int)o->config.callers, &house->call_workers));
    TRY(bill_desk_open(house, &house->bills));
    house->report_answer = report_answer;
    return signer_start(house, (int)o->config.signers, &house->signer);
}

static void report(void *context, const char *what, Status s)
{
    LOG_STATUS(status_broken(s) ? LOG_ERROR : LOG_WARNING, "hufud.clockwork", s,
            LOG_TEXT(OPERATION, what));
}

/* The vault's service: a door of its own, with certificates on both sides (TP-17). */
static Status open_service(Opening *o)
{
    House *house = &o->house;
    if (o->config.service_port < 0) return OK;
    const HttpServerConfig server = { .address = o->config.address,
        .port = (uint16_t)o->config.service_port,
        .loops = (unsigned)o->config.callers,
        .tls = o->tls.mutual,
        .methods = HTTP_GET | HTTP_POST | HTTP_DELETE,
        .body_bytes_max = CALL_BODY_BYTES_MAX,
        .proxies = &o->config.trusted_proxies,
        .handler = calls_serve,
        .context = house };
    TRY(http_server_start(&server, &o->service));
    LOG(LOG_INFO, "hufud.serves_callers", LOG_TEXT(ADDRESS, o->config.address),
            LOG_NUMBER(PORT, http_server_port(o->service)));
    return OK;
}

static Status open_doors(Opening *o)
{
    House *house = &o->house;
    TRY(bank_opening_prepare(&o->config, o->development, house, &o->bank));
    TRY(tls_opening(o));
    if (o->config.field_files[0] != 0)
        TRY(field_files_open(o->config.field_files, &house->field_files));
    const HttpServerConfig server = { .address = o->config.address,
        .port = (uint16_t)o->config.port,
        .loops = (unsigned)o->config.loops,
        .connections_max = (unsigned)o->config.connections,
        .tls = o->tls.context,
        .methods = HTTP_GET | HTTP_POST,
        .proxies = &o->config.trusted_proxies,
        .handler = routes_serve,
        .context = house };
    TRY(health_start(house, &house->health));
    TRY(http_server_start(&server, &o->server));
    atomic_store(&house->port, http_server_port(o->server));
    TRY(open_service(o));
    const AdminConfig admin = { .house = house,
        .socket_path = o->config.admin,
        .operator_uid = (uint32_t)o->config.operator_uid,
        .group = (int)o->config.group,
        .database_path = o->config.database,
        .domain_path = o->config.domain,
        .take_checkpoint = outside_take_checkpoint,
        .context = o };
    TRY(admin_start(&admin, &o->admin));
    TRY(login_opening_serve(o));
    const ClockworkConfig clockwork = { .house = house,
        .take_checkpoint = outside_take_checkpoint,
        .look_at_keys = outside_look_at_keys,
        .renew_tls = tls_opening_renew,
        .day_begins = warn_of_holidays,
        .alarm = alarm_row,
        .report = report,
        .context = o };
    TRY(clockwork_start(&clockwork, &o->clockwork));
    TRY(bank_opening(&o->config, house, &o->bank));
    TRY(notify_opening(&o->config, o->development, house, &o->notify));
    TRY(metrics_opening(o));
    const FirstDoors doors = { o->server, o->service, o->console_server, o->metrics.server };
    TRY(first_files_ready(o->config.ready_file, o->config.address, &doors));
    o->ready_written = true;
    LOG(LOG_INFO, "hufud.serves", LOG_TEXT(ADDRESS, o->config.address),
            LOG_NUMBER(PORT, http_server_port(o->server)));
    return OK;
}

/* TP-16 names the steps; their hours are the institution's own (deploy/hufud.yaml). */
static void open_clocks(Opening *o)
{
    House *house = &o->house;
    const Config *c = &o->config;
    const int64_t hour_us = 3600 * TIME_SECOND_US;
    house->report_clock =
            (ReportClock) { c->report_warn_days * TIME_DAY_US, c->report_alert_days * TIME_DAY_US };
    house->incident_clocks = (IncidentClocks) { { c->incident_contain_hours * hour_us,
            c->incident_report_hours * hour_us, c->incident_police_hours * hour_us,
            c->incident_notify_hours * hour_us, c->incident_cause_days * TIME_DAY_US,
            c->incident_close_days * TIME_DAY_US } };
}

Status opening_open(const Config *config, bool development, const sigset_t *signals, Opening *o)
{
    o->config = *config;
    o->development = development;
    o->hold_fd = -1;
    o->house.clock = clock_system();
    o->house.random = random_system();
    o->house.opened_us = clock_now_us(&o->house.clock);
    alarms_open(&o->alarms);
    door_open(&o->house.door);
    vault_feed_open(&o->house.feed);
    reveal_feed_open(&o->house.reveals);
    open_clocks(o);
    platform_keys_open(&o->house.platform);
    ASSERT(pthread_mutex_init(&o->outside, NULL) == 0);
    public_keys_open(&o->public_keys);
    TRY(open_store(o, signals));
    TRY(outside_look_at_keys(o));
    TRY(open_names(&o->house));
    TRY(open_business(o));
    TRY(trail_opening(&o->config, &o->house, &o->trail));
    return open_doors(o);
}

/* The loops call into the house until the last request is answered, so nothing is taken apart
 * before. Every wait of a request has its deadline; what hangs longer than all of them is left to
 * the kernel: nothing was acknowledged that is not durable, and memory taken from under a running
 * loop could still answer. */
static void drain(HttpServer *server)
{
    for (int i = 0; i < DRAINS_MAX; i++) {
        const Status s = http_server_stop(server, DRAIN_MS_MAX);
        if (status_ok(s)) return;
        LOG_STATUS(LOG_WARNING, "hufud.drain", s);
    }
    LOG(LOG_ALERT, "hufud.drain_given_up");
    _exit(EXIT_FAILURE);
}

/* First who asks, then who works, then who remembers. */
void opening_close(Opening *o)
{
    House *house = &o->house;
    if (o->ready_written) first_files_remove(o->config.ready_file);
    if (o->metrics.server != NULL) drain(o->metrics.server); /* it reads all that follows */
    if (o->console_server != NULL) drain(o->console_server);
    console_close(&o->console); /* it runs the operator's operations */
    if (o->admin != NULL) admin_stop(o->admin);
    if (o->clockwork != NULL) clockwork_stop(o->clockwork);
    notify_closing(&o->notify);
    bill_desk_stop(house->bills); /* a request that waits for a bill keeps the server open */
    bank_closing(house);
    if (o->service != NULL) drain(o->service);
    if (o->server != NULL) drain(o->server);
    health_stop(house->health);
    bill_desk_close(&house->bills);
    if (house->call_workers != NULL) workers_stop(house->call_workers);
    if (house->openers != NULL) workers_stop(house->openers);
    if (house->bankers != NULL) workers_stop(house->bankers);
    if (house->batcher != NULL)
        IGNORE(door_flush(&house->door, house->batcher, clock_now_us(&house->clock), true),
                "a batch that cannot write has told of it");
    trail_desk_stop(o->trail);
    if (house->batcher != NULL) batcher_stop(house->batcher);
    if (house->signer != NULL) signer_stop(house->signer);
    http_server_free(&o->metrics.server);
    http_server_free(&o->server);
    http_server_free(&o->service);
    http_server_free(&o->console_server);
    console_files_close(&o->console_files);
    field_files_close(&house->field_files);
    tls_leaf_free(&o->tls);
    message_verifier_close(house->verifier);
    pace_close(&house->pace);
    if (house->directory != NULL) directory_close(&house->directory);
    caller_list_close(&house->callers);
    login_opening_close(house);
    access_close(house);
    payer_house_close(house);
    vaultclient_guard_close(o->guard);
    nonce_close(house->nonces);
    vaultclient_close(house->vault);
    domain_close(house->domain);
    if (o->store != NULL) store_close(o->store);
    if (o->hold_fd >= 0) close(o->hold_fd);
    alarms_close(&o->alarms);
    door_close(&house->door);
    reveal_feed_close(&house->reveals);
    vault_feed_close(&house->feed);
    public_keys_close(&o->public_keys);
    platform_keys_close(&house->platform);
    bytes_wipe(o, sizeof(*o));
}
