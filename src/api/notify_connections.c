#include "api/notify_connections.h"

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

static Status open_new(
        NotifyConnections *c, const OutsideUrl *url, int64_t now_us, NotifyConnection *ret)
{
    char address[HTTP_ADDRESS_TEXT_MAX];
    TRY(outside_url_resolve(url, &c->rules, address));
    const HttpClientConfig config = { .address = address,
        .port = url->port,
        .tls = c->tls,
        .server_name = url->host,
        .names_port = url->port != 443,
        .deadline_ms = NOTIFY_DEADLINE_MS,
        .status_alone = true };
    *ret = (NotifyConnection) { .port = url->port, .opened_us = now_us };
    memcpy(ret->host, url->host, sizeof(ret->host));
    return http_client_open(&config, &ret->http);
}

Status notify_connections_post(NotifyConnections *connections, const OutsideUrl *url,
        const HttpHeader *headers, size_t header_count, Span body, int64_t now_us)
{
    const HttpCall call = { .method = "POST",
        .target = span_of_text(url->path),
        .headers = headers,
        .header_count = header_count,
        .body = body };
    HttpAnswer answer = { 0 };
    NotifyConnection connection = take(connections, url, now_us);
    if (connection.http == NULL) TRY(open_new(connections, url, now_us, &connection));
    Status s = http_client_call(connection.http, &call, &answer);
    if (status_is(s, (StatusCode)REFUSED_HTTP_CLOSED) && connection.used) {
        http_client_close(&connection.http);
        TRY(open_new(connections, url, now_us, &connection));
        s = http_client_call(connection.http, &call, &answer);
    }
    keep(connections, &connection);
    TRY(s);
    REQUIRE(answer.status == 200 || answer.status == 204, REFUSED_NOTIFY_ANSWER);
    return OK;
}
