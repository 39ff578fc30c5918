#pragma once
/*
 * console: the door of people who work with a browser: the house's staff and merchants'
 * administrators (LL-4.5.2). A port of its own, TLS 1.3, JSON.
 *
 *   loop thread     a file of the page (api/console_files.h), which anybody may have
 *   worker thread   which page sent this, whose session is it (default deny); then the handler, or
 *                   the very operation that the operator's socket runs (api/admin.h), decided by
 *                   the same table of rights
 *
 * Somebody logs in with his name, and his password and one-time code in one sealed box, and gets
 * a session (access/session.h) in the cookie `__Host-hufu`, which no script can read and no other
 * site can send. Every POST must come from the console's own origin as JSON; every one with a
 * session must also show the session's own value in the header `Hufu-CSRF`. `__Host-hufu-device`
 * remembers the device, not the person. docs/decisions/0043, 0044.
 *
 * All refusals of a log-in look the same and cost the same, whoever is named.
 */
#include "api/admin.h"
#include "api/console_files.h"

typedef struct Console Console;

typedef struct ConsoleConfig {
    House *house; /* outlives the console */
    Admin *admin; /* runs the operations; likewise */
    const ConsoleFiles *files; /* its page, likewise; NULL: there is none here */
    int workers; /* threads for what waits on vaultd and the batch */
} ConsoleConfig;

/* Faults FAULT_MEMORY, FAULT_THREAD. */
MUST_USE Status console_open(const ConsoleConfig *config, Console **ret_console);
/* After its server has ended. NULL inside is fine. */
void console_close(Console **console);
/*
 * From which origins its pages come: `origin` ("https://console.example"), or, when that is empty,
 * https://localhost and the numeric address, both with the port. Until it is called every POST is
 * refused. Refuses BUFFER_FULL.
 */
MUST_USE Status console_listen(
        Console *console, const char *origin, const char *address, uint16_t port);

/* HttpServerConfig.handler; the context is the Console. */
void console_serve(void *console, HttpRequest *request);

/* The routes, without the operations: for tests and documents. `index` < count. */
typedef struct ConsoleRouteName {
    HttpMethod method;
    const char *path;
    bool needs_session;
} ConsoleRouteName;
size_t console_routes_count(void);
ConsoleRouteName console_routes_at(size_t index);
