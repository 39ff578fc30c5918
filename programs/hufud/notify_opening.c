#include "notify_opening.h"

#include "base/log.h"
#include "crypto/tls.h"

enum { AUTHORITIES_BYTES_MAX = 256 * 1024 };

static void report(void *context, const char *what, Status s)
{
    LOG_STATUS(status_broken(s) ? LOG_ERROR : LOG_WARNING, "hufud.notifier", s,
            LOG_TEXT(OPERATION, what));
}

/* Whom we believe: the file's authorities alone, or the system's. */
static Status make_tls(const Config *config, struct ssl_ctx_st **ret_tls)
{
    static uint8_t bytes[AUTHORITIES_BYTES_MAX];
    Buffer pem = BUFFER_OF(bytes);
    if (config->notify_ca[0] != 0) TRY(config_read_file(config->notify_ca, &pem));
    return tls_outside_context(span_of_buffer(&pem), ret_tls);
}

Status notify_opening(const Config *config, bool development, House *house, NotifyOpening *ret)
{
    NotifierConfig notifier = { .house = house,
        .threads = (int)config->notifiers,
        .schedule = config->notify_schedule,
        .report = report };
    *ret = (NotifyOpening) { 0 };
    if (config->notifiers == 0) return OK;
    notifier.rules.loopback = development;
    notifier.rules.port_count = development ? 0 : config->notify_port_count;
    memcpy(notifier.rules.ports, config->notify_ports, sizeof(notifier.rules.ports));
    TRY(make_tls(config, &ret->tls));
    notifier.tls = ret->tls;
    return notifier_start(&notifier, &ret->notifier);
}

void notify_closing(NotifyOpening *opening)
{
    if (opening->notifier != NULL) notifier_stop(opening->notifier);
    opening->notifier = NULL;
    tls_context_free(&opening->tls);
}
