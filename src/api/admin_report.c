/* What an operator may look at (api/admin.h). Nothing here is secret, and nothing here is a key. */
#include "api/admin_inside.h"

#include "api/challenge.h"
#include "api/expiring.h"
#include "api/passage.h"
#include "base/encoding.h"
#include "base/time.h"
#include "ledger/day_end.h"
#include "ledger/report.h"
#include "payment/report.h"

typedef struct Standing {
    const House *house;
    ReportState report;
    Incident incidents[INCIDENTS_LISTED_MAX];
    size_t incident_count;
} Standing;

static Status read_standing(void *context, Store *store)
{
    Standing *s = context;
    const House *house = s->house;
    TRY(report_state(store, &house->report_clock, clock_now_us(&house->clock), &s->report));
    return incident_list(store, false, s->incidents, INCIDENTS_LISTED_MAX, &s->incident_count);
}

static void json_day(JsonWriter *w, const char *key, int64_t time_us)
{
    uint8_t memory[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(memory);
    if (time_us == 0 || !status_ok(time_format(time_us, &text))) {
        json_key_text(w, key, SPAN("never"));
        return;
    }
    json_key_text(w, key, (Span) { memory, 10 });
}

/* TP-16: at least two audits a year, and incidents that run. */
static void json_report_state(House *house, JsonWriter *w)
{
    Standing s = { .house = house };
    if (!status_ok(batcher_between(house->batcher, read_standing, &s))) return;
    int64_t late = 0;
    for (size_t i = 0; i < s.incident_count; i++) {
        if (incident_overdue(&s.incidents[i], clock_now_us(&house->clock)) != 0) late++;
    }
    json_key_text(w, "audit_report", span_of_text(report_due_name(s.report.due)));
    json_day(w, "audit_report_last", s.report.last_us);
    json_day(w, "audit_report_due", s.report.due_us);
    json_key_int(w, "incidents_open", (int64_t)s.incident_count);
    json_key_int(w, "incidents_late", late);
}

Status admin_status(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    uint8_t memory_bytes[1024];
    Buffer memory = BUFFER_OF(memory_bytes);
    WireStatus vault = { 0 };
    const Status s = vaultclient_status(house->vault, &memory, &vault);
    json_key_text(w, "vault", span_of_text(status_name(s)));
    if (status_ok(s)) {
        json_key_text(w, "custody", vault.custody);
        json_key_bool(w, "ready", vault.ready);
        json_key_bool(w, "sandboxed", vault.sandboxed);
        json_key_int(w, "epoch", (int64_t)vault.epoch);
        json_key_int(w, "tree_size", vault.tree_size);
        json_key_int(w, "frozen_rows", vault.frozen_rows);
        json_key_int(w, "tracked_rows", (int64_t)vault.tracked_rows);
    }
    json_report_state(house, w);
    const BatchCounters batch = batcher_counters(house->batcher);
    const VaultClientCounters calls = vaultclient_counters(house->vault);
    json_key_int(w, "merchant_keys_ending", expiring_count(house));
    json_key_int(w, "platform_keys_ending", expiring_platform_count(house));
    json_key_int(w, "batches", (int64_t)batch.batches);
    json_key_int(w, "units", (int64_t)batch.units);
    json_key_int(w, "rows_written", (int64_t)batch.rows_written);
    json_key_int(w, "reruns", (int64_t)batch.reruns);
    json_key_int(w, "trips_store", (int64_t)batch.trips_store);
    json_key_int(w, "trips_guard", (int64_t)batch.trips_guard);
    json_key_int(w, "vault_calls", (int64_t)calls.calls);
    json_key_int(w, "signed_groups", (int64_t)atomic_load(&house->signed_groups));
    json_key_int(w, "passages_open", (int64_t)atomic_load(&house->passages_open));
    return OK;
}

Status admin_box_key(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    uint8_t memory_bytes[4096];
    uint8_t nonce[BOX_NONCE_BYTES];
    uint8_t text_bytes[2 * BOX_NONCE_BYTES];
    Buffer memory = BUFFER_OF(memory_bytes);
    Buffer text = BUFFER_OF(text_bytes);
    WireBoxKey key = { 0 };
    TRY(vaultclient_box_key(house->vault, &memory, &key));
    TRY(challenge_make(house, nonce));
    TRY(hex_encode(SPAN_OF(nonce), &text));
    json_key_int(w, "key_id", key.key_id);
    json_key_int(w, "suite", key.suite);
    json_key_int(w, "expires_us", key.expires_us);
    admin_key_base64(w, "public_key", key.public_key);
    admin_key_base64(w, "signature", key.signature);
    admin_key_base64(w, "signature_before", key.signature_before);
    json_key_text(w, "nonce", span_of_buffer(&text));
    return OK;
}

Status admin_key_list(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    uint8_t memory_bytes[64 * 1024];
    Buffer memory = BUFFER_OF(memory_bytes);
    WireKeyFacts keys[VAULTCLIENT_KEYS_MAX];
    size_t count = 0;
    TRY(vaultclient_key_list(
            admin->config.house->vault, &memory, keys, VAULTCLIENT_KEYS_MAX, &count));
    json_key_array(w, "keys");
    for (size_t i = 0; i < count; i++) {
        json_open_object(w);
        json_key_text(w, "name", keys[i].name);
        json_key_text(w, "algorithm", keys[i].algorithm);
        json_key_int(w, "version", keys[i].version);
        json_key_int(w, "created_us", keys[i].created_us);
        json_key_int(w, "expires_us", keys[i].expires_us);
        json_key_text(w, "serial", keys[i].serial);
        json_key_int(w, "state", keys[i].state);
        json_key_int(w, "uses", (int64_t)keys[i].uses);
        json_key_int(w, "uses_max", (int64_t)keys[i].uses_max);
        json_close(w);
    }
    json_close(w);
    return OK;
}

Status admin_public_keys(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    uint8_t memory_bytes[64 * 1024];
    Buffer memory = BUFFER_OF(memory_bytes);
    WirePublicKey keys[VAULTCLIENT_KEYS_MAX];
    size_t count = 0;
    TRY(vaultclient_public_keys(
            admin->config.house->vault, &memory, keys, VAULTCLIENT_KEYS_MAX, &count));
    json_key_array(w, "keys");
    for (size_t i = 0; i < count; i++) {
        json_open_object(w);
        json_key_text(w, "name", keys[i].name);
        json_key_int(w, "version", keys[i].version);
        json_key_int(w, "state", keys[i].state);
        json_key_int(w, "from_us", keys[i].from_us);
        json_key_int(w, "ends_us", keys[i].ends_us);
        admin_key_base64(w, "der", keys[i].der);
        json_close(w);
    }
    json_close(w);
    return OK;
}

static Status write_sum(void *context, const Value *values, size_t count)
{
    JsonWriter *w = context;
    json_open_object(w);
    json_key_text(w, "currency", span_of_text(currency_name((Currency)values[0].integer)));
    json_key_int(w, "sum_minor", values[1].integer);
    json_key_int(w, "postings", values[2].integer);
    json_close(w);
    return OK;
}

static Status write_state(void *context, const Value *values, size_t count)
{
    JsonWriter *w = context;
    json_open_object(w);
    json_key_text(w, "state", span_of_text(trade_state_name((TradeState)values[0].integer)));
    json_key_text(w, "reason", span_of_text(status_name((Status) { (int32_t)values[1].integer })));
    json_key_int(w, "payments", values[2].integer);
    json_key_int(w, "minor", values[3].integer);
    json_close(w);
    return OK;
}

static Status write_sums(void *context, Store *store)
{
    JsonWriter *w = context;
    json_key_array(w, "postings");
    TRY(ledger_sums(store, write_sum, w));
    json_close(w);
    json_key_array(w, "payments");
    TRY(payment_sums(store, write_state, w));
    json_close(w);
    return OK;
}

Status admin_report_sums(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return batcher_between(admin->config.house->batcher, write_sums, w);
}

typedef struct DayJson {
    Span operation;
    int64_t day;
} DayJson;

static const JsonField day_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(DayJson, operation) },
    { "day", JSON_INT, false, 0, INT32_MAX, offsetof(DayJson, day) },
};

Status admin_day_end(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    DayJson json = { .day = time_business_day(clock_now_us(&house->clock)) - 1 };
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), day_fields, 2, &json, &problem));
    DayEndTotals totals = { 0 };
    TRY(day_end_run(house->batcher, json.day, &totals));
    json_key_int(w, "day", json.day);
    json_key_array(w, "totals");
    for (size_t i = 0; i < totals.count; i++) {
        json_open_object(w);
        json_key_text(w, "currency", span_of_text(currency_name(totals.of[i].currency)));
        json_key_int(w, "accounts", totals.of[i].accounts);
        json_key_int(w, "sum_minor", totals.of[i].sum_minor);
        json_close(w);
    }
    json_close(w);
    return OK;
}

Status admin_stop_all(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    atomic_store(&admin->stop_asked, true);
    return OK;
}
