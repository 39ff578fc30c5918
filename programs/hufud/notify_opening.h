#pragma once
/* notify_opening: who tells merchants what happened (api/notifier.h), as the settings say. */
#include "api/notifier.h"
#include "config.h"

typedef struct NotifyOpening {
    Notifier *notifier; /* NULL: nobody is told; what is to be told waits in its rows */
    struct ssl_ctx_st *tls;
} NotifyOpening;

/* development: receivers may be on this machine, at any port. Refuses what config_read_file() (of
 * notify_ca) and crypto/tls.h refuse. */
MUST_USE Status notify_opening(
        const Config *config, bool development, House *house, NotifyOpening *ret);
/* Before the batch ends. Also when it was never opened. */
void notify_closing(NotifyOpening *opening);
