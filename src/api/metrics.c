#include "api/metrics.h"

#include "api/expiring.h"
#include "api/routes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static Status family(Buffer *text, const char *name, const char *type, const char *help)
{
    return buffer_print(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A family of one sample. */
static Status single(
        Buffer *text, const char *name, const char *type, const char *help, uint64_t value)
{
    TRY(family(text, name, type, help));
    return buffer_print(text, "%s %" PRIu64 "\n", name, value);
}

/* --- requests --- */

static Status put_answered(const Traffic *traffic, Buffer *text)
{
    static const char name[] = "hufu_http_requests_total";
    TRY(family(text, name, "counter", "Requests answered, by route and class of HTTP status."));
    for (size_t i = 0; i < TRAFFIC_ROUTES_MAX; i++) {
        const bool known = i < routes_count();
        const char *route = known ? routes_at(i)->pattern : "none";
        const char *method = known && routes_at(i)->method == HTTP_POST ? "POST" : "GET";
        for (int class = 1; class < TRAFFIC_CLASSES; class ++) {
            const uint64_t count = atomic_load(&traffic->answered[i][class]);
            if (count == 0) continue;
            TRY(buffer_print(text, "%s{route=\"%s\",method=\"%s\",status=\"%dxx\"} %" PRIu64 "\n",
                    name, route, known ? method : "any", class, count));
        }
    }
    return OK;
}

static Status put_took(
        const Traffic *traffic, TrafficAudience audience, const char *label, Buffer *text)
{
    static const char name[] = "hufu_http_request_duration_seconds";
    uint64_t below = 0;
    for (size_t i = 0; i < TRAFFIC_BOUNDS; i++) {
        below += atomic_load(&traffic->took[audience][i]);
        TRY(buffer_print(text, "%s_bucket{audience=\"%s\",le=\"%g\"} %" PRIu64 "\n", name, label,
                (double)traffic_bounds_us[i] / 1e6, below));
    }
    below += atomic_load(&traffic->took[audience][TRAFFIC_BOUNDS]);
    TRY(buffer_print(
            text, "%s_bucket{audience=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, label, below));
    TRY(buffer_print(text, "%s_sum{audience=\"%s\"} %.6f\n", name, label,
            (double)atomic_load(&traffic->took_us[audience]) / 1e6));
    return buffer_print(text, "%s_count{audience=\"%s\"} %" PRIu64 "\n", name, label, below);
}

static Status put_requests(const House *house, Buffer *text)
{
    static const char *const audiences[TRAFFIC_AUDIENCES] = { "merchant", "payer", "other" };
    TRY(put_answered(&house->traffic, text));
    TRY(family(text, "hufu_http_request_duration_seconds", "histogram",
            "From a whole request to its answer."));
    for (int i = 0; i < TRAFFIC_AUDIENCES; i++)
        TRY(put_took(&house->traffic, (TrafficAudience)i, audiences[i], text));
    return single(text, "hufu_passages_open", "gauge", "Requests on their way.",
            atomic_load(&house->passages_open));
}

typedef struct DoorCounts {
    const char *door;
    HttpServerCounts counts;
} DoorCounts;

static Status put_doors(const MetricsSources *s, Buffer *text)
{
    const HttpServer *const servers[] = { s->payments, s->service, s->console };
    static const char *const names[] = { "payments", "service", "console" };
    DoorCounts doors[3];
    size_t count = 0;
    for (size_t i = 0; i < 3; i++)
        if (servers[i] != NULL)
            doors[count++] = (DoorCounts) { names[i], http_server_counts(servers[i]) };
    TRY(family(text, "hufu_connections", "gauge", "Connections open now."));
    for (size_t i = 0; i < count; i++)
        TRY(buffer_print(text, "hufu_connections{door=\"%s\"} %" PRIu64 "\n", doors[i].door,
                doors[i].counts.connections));
    TRY(family(text, "hufu_requests_refused_total", "counter",
            "Requests that break HTTP's rules or bounds, refused before anybody looked at them."));
    for (size_t i = 0; i < count; i++)
        TRY(buffer_print(text, "hufu_requests_refused_total{door=\"%s\"} %" PRIu64 "\n",
                doors[i].door, doors[i].counts.refused));
    TRY(family(text, "hufu_connections_overdue_total", "counter",
            "Connections that were ended because they were too slow."));
    for (size_t i = 0; i < count; i++)
        TRY(buffer_print(text, "hufu_connections_overdue_total{door=\"%s\"} %" PRIu64 "\n",
                doors[i].door, doors[i].counts.overdue));
    return OK;
}

/* --- the house --- */

static Status put_batches(const House *house, Buffer *text)
{
    const BatchCounters b = batcher_counters(house->batcher);
    TRY(single(text, "hufu_batches_total", "counter", "Durable commits.", b.batches));
    TRY(single(text, "hufu_units_total", "counter", "Pieces of work in them.", b.units));
    TRY(single(text, "hufu_rows_written_total", "counter", "Sealed rows written.", b.rows_written));
    return single(text, "hufu_batch_reruns_total", "counter",
            "Batches that ran again without a piece of work that failed.", b.reruns);
}

static Status put_vault(const House *house, Buffer *text)
{
    const VaultClientCounters c = vaultclient_counters(house->vault);
    const HealthState h = health_state(house->health);
    TRY(single(text, "hufu_ready", "gauge", "1: vaultd and the store answer.",
            h.vault && h.store ? 1 : 0));
    TRY(single(text, "hufu_vault_calls_total", "counter", "Questions to vaultd.", c.calls));
    TRY(single(text, "hufu_vault_unavailable_total", "counter",
            "Questions to vaultd that it did not answer.", c.unavailable));
    TRY(single(text, "hufu_signed_groups_total", "counter",
            "Messages to vaultd that each had answers signed.",
            atomic_load(&house->signed_groups)));
    TRY(single(text, "hufu_frozen_rows", "gauge",
            "Rows that somebody changed behind the house; two people release one.",
            (uint64_t)h.frozen_rows));
    TRY(single(text, "hufu_tracked_rows", "gauge", "Rows whose latest state vaultd remembers.",
            (uint64_t)h.tracked_rows));
    return single(
            text, "hufu_audit_leaves", "gauge", "Leaves of the audit log.", (uint64_t)h.tree_size);
}

static Status put_keys(House *house, Buffer *text)
{
    TRY(single(text, "hufu_legacy_signatures_total", "counter",
            "Requests that merchants signed with a broken digest.",
            atomic_load(&house->legacy_signatures)));
    TRY(single(text, "hufu_merchant_keys_ending", "gauge", "Merchants' keys that end soon.",
            (uint64_t)expiring_count(house)));
    TRY(single(text, "hufu_platform_keys_ending", "gauge", "Our own keys that end soon.",
            (uint64_t)expiring_platform_count(house)));
    return single(text, "hufu_keys_left_out", "gauge",
            "Merchants' keys whose rows did not verify at the start.",
            (uint64_t)atomic_load(&house->keys_left_out));
}

static Status put_notifications(Notifier *notifier, Buffer *text)
{
    if (notifier == NULL) return OK;
    const NotifierCounters c = notifier_counters(notifier);
    TRY(family(text, "hufu_notification_attempts_total", "counter", "Turns of notifications."));
    TRY(buffer_print(text,
            "hufu_notification_attempts_total{outcome=\"delivered\"} %" PRIu64 "\n"
            "hufu_notification_attempts_total{outcome=\"failed\"} %" PRIu64 "\n"
            "hufu_notification_attempts_total{outcome=\"not_tried\"} %" PRIu64 "\n",
            c.delivered, c.failed, c.not_tried));
    TRY(single(text, "hufu_notifications_given_up_total", "counter",
            "Notifications whose last attempt failed: `hufu notification list`.", c.dead));
    return single(
            text, "hufu_notifications_in_flight", "gauge", "Attempts on their way.", c.in_flight);
}

/* Names as Prometheus' own client libraries have them. */
static Status put_process(Buffer *text)
{
    char line[128] = "";
    char *second = NULL;
    FILE *file = fopen("/proc/self/statm", "re"); /* pages: in all, resident, ... */
    if (file == NULL) return OK;
    const bool read = fgets(line, sizeof(line), file) != NULL;
    fclose(file);
    if (!read || strtoull(line, &second, 10) == 0) return OK;
    const uint64_t resident = strtoull(second, NULL, 10);
    return single(text, "process_resident_memory_bytes", "gauge", "Memory in use.",
            resident * (uint64_t)sysconf(_SC_PAGESIZE));
}

Status metrics_write(const MetricsSources *s, Buffer *text)
{
    TRY(put_requests(s->house, text));
    TRY(put_doors(s, text));
    TRY(put_batches(s->house, text));
    TRY(put_vault(s->house, text));
    TRY(put_keys(s->house, text));
    TRY(put_notifications(s->notifier, text));
    return put_process(text);
}

/* --- the door --- */

static void answer_text(HttpRequest *request, int status, const char *type, Span body)
{
    const HttpHeader headers[] = { { "Content-Type", span_of_text(type) },
        { "Cache-Control", SPAN("no-store") } };
    http_answer(request, status, headers, 2, body);
}

static void answer_metrics(const MetricsSources *sources, HttpRequest *request)
{
    uint8_t *bytes = malloc(METRICS_BYTES_MAX);
    Buffer text = { bytes, 0, METRICS_BYTES_MAX };
    const bool made = bytes != NULL && status_ok(metrics_write(sources, &text));
    answer_text(request, made ? 200 : 500, "text/plain; version=0.0.4; charset=utf-8",
            made ? span_of_buffer(&text) : SPAN("metrics could not be written\n"));
    free(bytes);
}

void metrics_serve(void *context, HttpRequest *request)
{
    const MetricsSources *sources = context;
    const Span path = http_request_path(request);
    const bool ready = health_is_ready(sources->house->health);
    if (span_equal(path, SPAN("/metrics"))) {
        answer_metrics(sources, request);
    } else if (span_equal(path, SPAN("/healthz"))) {
        answer_text(request, ready ? 200 : 503, "application/json",
                ready ? SPAN("{\"status\":\"ok\"}") : SPAN("{\"status\":\"unready\"}"));
    } else {
        answer_text(request, 404, "text/plain", SPAN("GET /metrics or GET /healthz\n"));
    }
}
