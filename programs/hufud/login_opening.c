#include "login_opening.h"

#include "api/passkey_desk.h"
#include "base/log.h"
#include "base/time.h"

enum { SESSIONS_EACH = 3 };

/* So many log in at once; of one person three: at the desk, at home, on the road. */
static SessionLimits limits_of(const AccessTable *access, SessionKind kind)
{
    static const size_t all_max[SESSION_KINDS] = { 4096, 16384, 65536 };
    const AccessSession *s = &access->sessions[kind];
    return (SessionLimits) { s->idle_s * TIME_SECOND_US, s->absolute_s * TIME_SECOND_US,
        SESSIONS_EACH, all_max[kind] };
}

static Status open_sessions(House *house)
{
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    const SessionConfig config = { .steady = clock_steady(),
        .random = house->random,
        .limits = { limits_of(table, SESSION_STAFF), limits_of(table, SESSION_ADMINISTRATOR),
                limits_of(table, SESSION_PAYER) } };
    return session_table_open(&config, &house->sessions);
}

/* What logging in needs. Twenty wrong passwords from one address, then two a minute; when a crowd
 * guesses, three each. */
Status login_opening_open(House *house)
{
    const Clock steady = clock_steady();
    size_t loaded = 0;
    size_t left_out = 0;
    const ThrottleConfig throttle = { .steady = steady,
        .random = house->random,
        .sources_max = 65536,
        .burst = 20,
        .burst_in_crowd = 3,
        .refill_us = 30 * TIME_SECOND_US,
        .crowd_burst = 200,
        .crowd_refill_us = TIME_SECOND_US };
    TRY(open_sessions(house));
    TRY(throttle_open(&throttle, &house->throttle));
    TRY(enrolment_open(&steady, &house->random, &house->enrolments));
    TRY(device_book_open(&house->devices));
    TRY(device_book_refresh(house->devices, house->batcher, &loaded, &left_out));
    LOG(left_out == 0 ? LOG_INFO : LOG_ALERT, "hufud.devices", LOG_NUMBER(COUNT, loaded),
            LOG_NUMBER(SIZE, left_out));
    TRY(passkey_desk_open(house, &loaded, &left_out));
    LOG(left_out == 0 ? LOG_INFO : LOG_ALERT, "hufud.passkeys", LOG_NUMBER(COUNT, loaded),
            LOG_NUMBER(SIZE, left_out));
    return OK;
}

Status login_opening_serve(Opening *o)
{
    House *house = &o->house;
    if (o->config.console_port < 0) return OK;
    if (o->config.console_files[0] != 0)
        TRY(console_files_open(o->config.console_files, &o->console_files));
    const ConsoleConfig console = { house, o->admin, o->console_files, (int)o->config.callers };
    TRY(console_open(&console, &o->console));
    const HttpServerConfig server = { .address = o->config.address,
        .port = (uint16_t)o->config.console_port,
        .loops = 1,
        .tls = o->tls.context,
        .methods = HTTP_GET | HTTP_POST,
        .proxies = &o->config.trusted_proxies,
        .handler = console_serve,
        .context = o->console };
    TRY(http_server_start(&server, &o->console_server));
    const uint16_t port = http_server_port(o->console_server);
    TRY(console_listen(o->console, o->config.console_origin, o->config.address, port));
    LOG(LOG_INFO, "hufud.serves_console", LOG_TEXT(ADDRESS, o->config.address),
            LOG_NUMBER(PORT, port));
    return OK;
}

void login_opening_close(House *house)
{
    session_table_close(&house->sessions);
    device_book_close(&house->devices);
    passkey_desk_close(house);
    enrolment_close(&house->enrolments);
    throttle_close(&house->throttle);
}
