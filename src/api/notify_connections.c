#include "api/notify_connections.h"

#include <time.h>

void notify_connections_open(
        NotifyConnections *connections, struct ssl_ctx_st *tls, const OutsideRules *rules)
{
    *connections = (NotifyConnections) { .tls = tls, .rules = *rules };
    ASSERT(pthread_mutex_init(&connections->lock, NULL) == 0);
}

void notify_connections_close(NotifyConnections *connections)
{
    for (size_t i = 0; i < connections->count; i++)
        http_client_close(&connections->kept[i].http);
    pthread_mutex_destroy(&connections->lock);
}

static NotifyConnection take_at(NotifyConnections *c, size_t at)
{
    const NotifyConnection taken = c->kept[at];
    memmove(&c->kept[at], &c->kept[at + 1], (--c->count - at) * sizeof(c->kept[0]));
    return taken;
}

static bool leads_there(const NotifyConnection *connection, const OutsideUrl *url)
{
    return connection->port == url->port && strcmp(connection->host, url->host) == 0;
}

/* The newest that leads there: the older ones end unused. .http NULL: there is none. */
static NotifyConnection take(NotifyConnections *c, const OutsideUrl *url, int64_t now_us)
{
    NotifyConnection taken = { 0 };
    pthread_mutex_lock(&c->lock);
    for (size_t i = c->count; i-- > 0 && taken.http == NULL;)
        if (leads_there(&c->kept[i], url)) taken = take_at(c, i);
    pthread_mutex_unlock(&c->lock);
    const int64_t age_us = now_us - taken.opened_us;
    if (taken.http != NULL && (age_us < 0 || age_us > NOTIFY_KEPT_US))
        http_client_close(&taken.http);
    return taken;
}

static void keep(NotifyConnections *c, NotifyConnection *connection)
{
    NotifyConnection gone = { 0 };
    if (!http_client_is_connected(connection->http)) {
        http_client_close(&connection->http);
        return;
    }
    connection->used = true;
    pthread_mutex_lock(&c->lock);
    if (c->count == NOTIFY_KEPT_MAX) gone = take_at(c, 0);
    c->kept[c->count++] = *connection;
    pthread_mutex_unlock(&c->lock);
    http_client_close(&gone.http);
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One POST. */
typedef struct Errand {
    NotifyConnections *connections;
    const OutsideUrl *url;
    int64_t now_us;
    int64_t ends_ms;
} Errand;

static Status time_left(const Errand *errand, unsigned *ret_ms)
{
    const int64_t left_ms = errand->ends_ms - monotonic_ms();
    REQUIRE(left_ms > 0, REFUSED_HTTP_TIMEOUT);
    *ret_ms = (unsigned)left_ms;
    return OK;
}

static Status connect_to(const Errand *errand, const char *address, HttpClient **ret_http)
{
    HttpClientConfig config = { .address = address,
        .port = errand->url->port,
        .tls = errand->connections->tls,
        .server_name = errand->url->host,
        .names_port = errand->url->port != 443,
        .status_alone = true };
    TRY(time_left(errand, &config.deadline_ms));
    return http_client_open(&config, ret_http);
}

/* The addresses in turn; what the last one said. A resolver's patience is not the receiver's. */
static Status open_new(Errand *errand, NotifyConnection *ret)
{
    OutsideAddresses addresses;
    const int64_t begun_ms = monotonic_ms();
    TRY(outside_url_resolve(errand->url, &errand->connections->rules, &addresses));
    errand->ends_ms += monotonic_ms() - begun_ms;
    *ret = (NotifyConnection) { .port = errand->url->port, .opened_us = errand->now_us };
    memcpy(ret->host, errand->url->host, sizeof(ret->host));
    Status s = REFUSE(REFUSED_HTTP_CONNECT);
    for (size_t i = 0; i < addresses.count && !status_ok(s); i++)
        s = connect_to(errand, addresses.text[i], &ret->http);
    return s;
}

static Status call(const Errand *errand, NotifyConnection *connection, const HttpCall *call,
        HttpAnswer *answer)
{
    unsigned left_ms = 0;
    TRY(time_left(errand, &left_ms));
    http_client_set_deadline(connection->http, left_ms);
    return http_client_call(connection->http, call, answer);
}

Status notify_connections_post(NotifyConnections *connections, const OutsideUrl *url,
        const HttpHeader *headers, size_t header_count, Span body, int64_t now_us)
{
    const HttpCall post = { .method = "POST",
        .target = span_of_text(url->path),
        .headers = headers,
        .header_count = header_count,
        .body = body };
    Errand errand = { connections, url, now_us, monotonic_ms() + NOTIFY_DEADLINE_MS };
    HttpAnswer answer = { 0 };
    NotifyConnection connection = take(connections, url, now_us);
    if (connection.http == NULL) TRY(open_new(&errand, &connection));
    Status s = call(&errand, &connection, &post, &answer);
    if (status_is(s, (StatusCode)REFUSED_HTTP_CLOSED) && connection.used) {
        http_client_close(&connection.http);
        TRY(open_new(&errand, &connection));
        s = call(&errand, &connection, &post, &answer);
    }
    keep(connections, &connection);
    TRY(s);
    REQUIRE(answer.status == 200 || answer.status == 204, REFUSED_NOTIFY_ANSWER);
    return OK;
}
