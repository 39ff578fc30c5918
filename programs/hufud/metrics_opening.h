#pragma once
/* metrics_opening: the door for monitoring systems (api/metrics.h), as the settings say. */
#include "api/metrics.h"
#include "config.h"

typedef struct MetricsOpening {
    MetricsSources sources;
    HttpServer *server; /* NULL: closed */
} MetricsOpening;

/* Refuses HTTP_ADDRESS. */
MUST_USE Status metrics_opening(
        const Config *config, const MetricsSources *sources, MetricsOpening *ret);
