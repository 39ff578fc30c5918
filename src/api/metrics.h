#pragma once
/*
 * metrics: what a monitoring system reads: counters and gauges in Prometheus' text format 0.0.4
 * (docs/metrics.md lists them). Numbers of things and times: never a merchant, a payer or an
 * amount. A door of its own, on this machine alone: GET /metrics, GET /healthz.
 */
#include "api/health.h"
#include "api/notifier.h"
#include "http/server.h"

enum { METRICS_BYTES_MAX = 128 * 1024 };

/* What is read; NULL where it is not open. */
typedef struct MetricsSources {
    House *house;
    const HttpServer *payments;
    const HttpServer *service;
    const HttpServer *console;
    Notifier *notifier;
} MetricsSources;

/* Appended. Refuses BUFFER_FULL. */
MUST_USE Status metrics_write(const MetricsSources *sources, Buffer *ret_text);

/* The HttpHandler; context is the MetricsSources. */
void metrics_serve(void *sources, HttpRequest *request);
