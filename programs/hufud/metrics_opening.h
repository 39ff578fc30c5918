#pragma once
/* metrics_opening: the door for monitoring systems (api/metrics.h), as the settings say. */
#include "api/metrics.h"

typedef struct MetricsOpening {
    MetricsSources sources;
    HttpServer *server; /* NULL: closed */
} MetricsOpening;

typedef struct Opening Opening;

/* When all that is read is open. Refuses HTTP_ADDRESS. */
MUST_USE Status metrics_opening(Opening *opening);
