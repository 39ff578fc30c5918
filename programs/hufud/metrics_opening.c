#include "metrics_opening.h"

#include "base/log.h"
#include "house_opening.h"

#define HERE "127.0.0.1" /* plain text, no password: for what runs on this machine */

Status metrics_opening(Opening *o)
{
    MetricsOpening *ret = &o->metrics;
    ret->sources = (MetricsSources) { &o->house, o->server, o->service, o->console_server,
        o->notify.notifier };
    if (o->config.metrics_port < 0) return OK;
    const HttpServerConfig server = { .address = HERE,
        .port = (uint16_t)o->config.metrics_port,
        .loops = 1,
        .methods = HTTP_GET,
        .connections_max = 64,
        .handler = metrics_serve,
        .context = &ret->sources };
    TRY(http_server_start(&server, &ret->server));
    LOG(LOG_INFO, "hufud.serves_metrics", LOG_TEXT(ADDRESS, HERE),
            LOG_NUMBER(PORT, http_server_port(ret->server)));
    return OK;
}
