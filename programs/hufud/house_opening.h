#pragma once
/*
 * house_opening: put the house together in the order in which its parts need one another, and take
 * it apart in the opposite order. Every step that worked is undone by opening_close(), also after a
 * failed opening.
 */
#include "alarms.h"
#include "api/admin.h"
#include "api/clockwork.h"
#include "api/console.h"
#include "api/signer.h"
#include "api/trail_desk.h"
#include "bank_opening.h"
#include "config.h"
#include "metrics_opening.h"
#include "notify_opening.h"
#include "public_keys.h"
#include "tls_leaf.h"
#include "vaultclient/guard.h"

#include <signal.h>

typedef struct Opening {
    Config config;
    House house;
    int hold_fd; /* store/replace.h */
    Store *store;
    VaultGuard *guard;
    HttpServer *server;
    HttpServer *service; /* for callers of the vault; NULL: off */
    HttpServer *console_server; /* NULL: off */
    Console *console;
    ConsoleFiles *console_files; /* NULL: the console has no page here */
    Admin *admin;
    Clockwork *clockwork;
    TrailDesk *trail;
    NotifyOpening notify;
    BankOpening bank;
    MetricsOpening metrics;
    bool development;
    TlsLeaf tls;
    bool tls_ended; /* said so */
    pthread_mutex_t outside; /* public_keys, and what is kept outside the store: one at a time */
    PublicKeys public_keys;
    bool ready_written;
    Alarms alarms;
} Opening;

/*
 * Open everything and serve. Waits for vaultd, and for two people when the database is not in the
 * last confirmed state; a signal of `signals`, or `hufu restore` that wants the database, ends the
 * waiting (REFUSED_STORE_STOPPED).
 */
Status opening_open(
        const Config *config, bool development, const sigset_t *signals, Opening *opening);
void opening_close(Opening *opening);
