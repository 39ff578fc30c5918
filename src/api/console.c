#include "api/console_inside.h"

#include "base/heap.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>

#define PREFIX "/console/v1/"

static const ConsoleRoute routes[] = {
    { HTTP_GET, PREFIX "login/challenge", false, console_challenge },
    { HTTP_POST, PREFIX "login", false, console_login },
    { HTTP_POST, PREFIX "enrol", false, console_enrol },
    { HTTP_POST, PREFIX "logout", true, console_logout },
    { HTTP_GET, PREFIX "whoami", true, console_whoami },
    { HTTP_GET, PREFIX "sessions", true, console_sessions },
    { HTTP_POST, PREFIX "sessions/end", true, console_sessions_end },
    { HTTP_GET, PREFIX "devices", true, console_devices },
    { HTTP_POST, PREFIX "devices/forget", true, console_devices_forget },
    { HTTP_POST, PREFIX "prove", true, console_prove_again },
    { HTTP_POST, PREFIX "password", true, console_password },
    { HTTP_POST, PREFIX "second-factor", true, console_second_factor },
    { HTTP_GET, PREFIX "passkey/login", false, console_passkey_login_challenge },
    { HTTP_POST, PREFIX "passkey/login", false, console_passkey_login },
    { HTTP_GET, PREFIX "passkey/registration", true, console_passkey_options },
    { HTTP_POST, PREFIX "passkey/registration", true, console_passkey_register },
    { HTTP_GET, PREFIX "passkey/proof", true, console_passkey_proof_challenge },
    { HTTP_POST, PREFIX "passkey/proof", true, console_passkey_proof },
    { HTTP_GET, PREFIX "passkeys", true, console_passkeys },
    { HTTP_POST, PREFIX "passkeys/remove", true, console_passkeys_remove },
};
/* Any operation of the operator's socket; its own name stands behind the prefix. */
static const ConsoleRoute operation_route = { HTTP_POST, PREFIX, true, console_operation };

size_t console_routes_count(void) { return sizeof(routes) / sizeof(routes[0]); }

ConsoleRouteName console_routes_at(size_t index)
{
    ASSERT(index < console_routes_count());
    const ConsoleRoute *route = &routes[index];
    return (ConsoleRouteName) { route->method, route->path, route->needs_session };
}

static bool is_operation(Span path)
{
    const Span prefix = SPAN(PREFIX);
    if (path.size <= prefix.size || !span_equal((Span) { path.data, prefix.size }, prefix))
        return false;
    const Span name = { path.data + prefix.size, path.size - prefix.size };
    for (size_t i = 0; i < admin_operations_count(); i++) {
        if (span_equal(name, span_of_text(admin_operations_at(i)))) return true;
    }
    return false;
}

/* Exactly as written: no other spelling of a path is a route. */
static const ConsoleRoute *find_route(const HttpRequest *request)
{
    const Span path = http_request_path(request);
    const HttpMethod method = http_request_method(request);
    for (size_t i = 0; i < console_routes_count(); i++) {
        if (routes[i].method == method && span_equal(path, span_of_text(routes[i].path)))
            return &routes[i];
    }
    return method == HTTP_POST && is_operation(path) ? &operation_route : NULL;
}

/* Who is nobody here learns nothing of the routes: whether one exists is told to people alone. */
static Status admit(ConsoleCall *call)
{
    const bool anybody = call->route != NULL && !call->route->needs_session;
    if (call->route == NULL || call->route->method == HTTP_POST) TRY(console_call_origin(call));
    if (!anybody) TRY(console_call_session(call));
    REQUIRE(call->route != NULL, REFUSED_ROUTE_UNKNOWN);
    return OK;
}

static void serve(Job *job)
{
    static _Thread_local uint8_t answer_bytes[CONSOLE_ANSWER_BYTES_MAX];
    ConsoleCall *call = (ConsoleCall *)(void *)((uint8_t *)job - offsetof(ConsoleCall, job));
    call->answer = BUFFER_OF(answer_bytes);
    Status s = admit(call);
    if (status_ok(s)) s = call->route->handler(call);
    if (!status_ok(s)) stack_wipe(); /* of what was read: it may be why we refuse (TP-5) */
    const size_t used = call->answer.size;
    console_call_answer(call, s);
    bytes_wipe(answer_bytes, used);
}

void console_serve(void *context, HttpRequest *request)
{
    Console *console = context;
    if (console_files_answer(console->files, request)) return;
    ConsoleCall *call = calloc(1, sizeof(*call));
    if (call == NULL) {
        http_answer(request, 503, NULL, 0, (Span) { NULL, 0 });
        return;
    }
    call->console = console;
    call->house = console->house;
    call->http = request;
    call->body = http_request_body(request);
    call->route = find_route(request);
    call->job.run = serve;
    console_call_read(call);
    const Status s = workers_submit(console->workers, &call->job);
    if (!status_ok(s)) console_call_answer(call, s);
}

Status console_open(const ConsoleConfig *config, Console **ret_console)
{
    Console *console = calloc(1, sizeof(*console));
    CHECK(console != NULL, FAULT_MEMORY);
    console->house = config->house;
    console->admin = config->admin;
    console->files = config->files;
    const Status s = workers_start(config->workers, &console->workers);
    if (!status_ok(s)) {
        free(console);
        return s;
    }
    *ret_console = console;
    return OK;
}

void console_close(Console **console)
{
    if (*console == NULL) return;
    workers_stop((*console)->workers);
    free(*console);
    *console = NULL;
}

static Status put_origin(Console *console, size_t index, const char *host, uint16_t port)
{
    const bool bracketed = strchr(host, ':') != NULL; /* IPv6 */
    const int size = snprintf(console->origins[index], sizeof(console->origins[index]),
            bracketed ? "https://[%s]:%u" : "https://%s:%u", host, port);
    REQUIRE(size > 0 && size <= CONSOLE_ORIGIN_BYTES_MAX, REFUSED_BUFFER_FULL);
    return OK;
}

Status console_listen(Console *console, const char *origin, const char *address, uint16_t port)
{
    if (origin[0] == 0) {
        TRY(put_origin(console, 0, "localhost", port));
        TRY(put_origin(console, 1, address, port));
        atomic_store(&console->origin_count, CONSOLE_ORIGINS_MAX);
        return OK;
    }
    const int size = snprintf(console->origins[0], sizeof(console->origins[0]), "%s", origin);
    REQUIRE(size > 0 && size <= CONSOLE_ORIGIN_BYTES_MAX, REFUSED_BUFFER_FULL);
    atomic_store(&console->origin_count, 1);
    return OK;
}
