#define _GNU_SOURCE /* memmem */
#include "http/client.h"

#include "http/list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 32 * 1024 };

struct HttpClient {
    struct sockaddr_storage address;
    socklen_t address_size;
    struct sockaddr_storage from;
    socklen_t from_size; /* 0: any */
    SSL_CTX *tls;
    unsigned timeout_ms;
    unsigned deadline_ms; /* 0: none; else the socket does not block */
    int64_t ends_ms; /* of what is under way, by the monotonic clock */
    bool status_alone;
    int fd; /* -1: closed */
    SSL *ssl;
    char host[256]; /* Host */
    bool named; /* `host` is what the certificate must show */
    bool bracketed; /* an IPv6 address */
    uint16_t port; /* said in Host; 0: not */
    Buffer in; /* the answer; grows up to head and body together */
    uint8_t out[HTTP_CLIENT_HEAD_BYTES_MAX];
};

/* --- the connection --- */

static void disconnect(HttpClient *client)
{
    SSL_free(client->ssl);
    client->ssl = NULL;
    if (client->fd >= 0) close(client->fd);
    client->fd = -1;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void begin_deadline(HttpClient *client)
{
    client->ends_ms = monotonic_ms() + client->deadline_ms;
}

/* The socket would block: OK when it no longer does. Without a deadline it has waited itself. */
static Status await(const HttpClient *client, bool to_write)
{
    struct pollfd wanted = { .fd = client->fd, .events = to_write ? POLLOUT : POLLIN };
    REQUIRE(client->deadline_ms != 0, REFUSED_HTTP_TIMEOUT);
    for (;;) {
        const int64_t left = client->ends_ms - monotonic_ms();
        REQUIRE(left > 0, REFUSED_HTTP_TIMEOUT);
        const int ready = poll(&wanted, 1, (int)left);
        if (ready > 0) return OK;
        REQUIRE(ready == 0 || errno == EINTR, REFUSED_HTTP_CLOSED);
    }
}

/* After an operation that returned `n` <= 0: OK when it is to be done once more. */
static Status again(const HttpClient *client, int n, bool to_write)
{
    if (client->ssl == NULL) {
        const bool waits = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        REQUIRE(waits, REFUSED_HTTP_CLOSED);
        return await(client, to_write);
    }
    const int error = SSL_get_error(client->ssl, n);
    const bool waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    REQUIRE(waits, REFUSED_HTTP_CLOSED);
    return await(client, error == SSL_ERROR_WANT_WRITE);
}

static Status connect_tls(HttpClient *client)
{
    for (;;) {
        ERR_clear_error();
        const int n = SSL_connect(client->ssl);
        if (n == 1) return OK;
        const Status s = again(client, n, false);
        REQUIRE(!status_is(s, (StatusCode)REFUSED_HTTP_CLOSED), REFUSED_HTTP_CONNECT);
        TRY(s);
    }
}

static Status shake_hands(HttpClient *client)
{
    client->ssl = SSL_new(client->tls);
    CHECK(client->ssl != NULL, FAULT_MEMORY);
    CHECK(SSL_set_fd(client->ssl, client->fd) == 1, FAULT_HTTP);
    if (client->named) {
        REQUIRE(SSL_set1_host(client->ssl, client->host) == 1, REFUSED_HTTP_CONNECT);
        struct in6_addr number;
        const bool numeric = inet_pton(AF_INET, client->host, &number) == 1
                || inet_pton(AF_INET6, client->host, &number) == 1;
        if (!numeric) /* RFC 6066 section 3: SNI holds no address */
            CHECK(SSL_set_tlsext_host_name(client->ssl, client->host) == 1, FAULT_HTTP);
    }
    return connect_tls(client);
}

static Status connect_within(HttpClient *client, const struct sockaddr *to)
{
    int error = 0;
    socklen_t size = sizeof(error);
    if (connect(client->fd, to, client->address_size) == 0) return OK;
    REQUIRE(errno == EINPROGRESS, REFUSED_HTTP_CONNECT);
    TRY(await(client, true));
    const int rc = getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    REQUIRE(rc == 0 && error == 0, REFUSED_HTTP_CONNECT);
    return OK;
}

static Status connect_socket(HttpClient *client)
{
    const int flags = SOCK_CLOEXEC | (client->deadline_ms != 0 ? SOCK_NONBLOCK : 0);
    client->fd = socket(client->address.ss_family, SOCK_STREAM | flags, 0);
    CHECK(client->fd >= 0, FAULT_SYSTEM);
    const int on = 1;
    const struct timeval wait = { client->timeout_ms / 1000,
        (suseconds_t)(client->timeout_ms % 1000) * 1000 };
    CHECK(setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0, FAULT_SYSTEM);
    CHECK(setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0, FAULT_SYSTEM);
    CHECK(setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0, FAULT_SYSTEM);
    const struct sockaddr *const to = (const struct sockaddr *)&client->address;
    const struct sockaddr *const from = (const struct sockaddr *)&client->from;
    if (client->from_size > 0)
        REQUIRE(bind(client->fd, from, client->from_size) == 0, REFUSED_HTTP_CONNECT);
    TRY(connect_within(client, to));
    return client->tls == NULL ? OK : shake_hands(client);
}

static Status reconnect(HttpClient *client)
{
    const Status s = connect_socket(client);
    if (!status_ok(s)) disconnect(client);
    return s;
}

static Status send_all(HttpClient *client, Span bytes)
{
    Cursor rest = cursor_of(bytes);
    while (rest.rest.size > 0) {
        const int size = rest.rest.size > (1 << 20) ? 1 << 20 : (int)rest.rest.size;
        ERR_clear_error();
        const int n = client->ssl != NULL
                ? SSL_write(client->ssl, rest.rest.data, size)
                : (int)send(client->fd, rest.rest.data, (size_t)size, MSG_NOSIGNAL);
        if (n <= 0) {
            TRY(again(client, n, true));
            continue;
        }
        Span sent = { 0 };
        TRY(cursor_take(&rest, (size_t)n, &sent));
    }
    return OK;
}

static Status receive(HttpClient *client)
{
    Buffer *const in = &client->in;
    if (in->size == in->capacity) {
        const size_t most = HTTP_CLIENT_HEAD_BYTES_MAX + HTTP_CLIENT_BODY_BYTES_MAX;
        REQUIRE(in->capacity < most, REFUSED_HTTP_TOO_LARGE);
        const size_t wanted = in->capacity * 2 > most ? most : in->capacity * 2;
        uint8_t *const more = realloc(in->data, wanted);
        CHECK(more != NULL, FAULT_MEMORY);
        in->data = more;
        in->capacity = wanted;
    }
    uint8_t *const to = in->data + in->size;
    const int room = (int)(in->capacity - in->size);
    for (;;) {
        ERR_clear_error();
        const int n = client->ssl != NULL ? SSL_read(client->ssl, to, room)
                                          : (int)recv(client->fd, to, (size_t)room, 0);
        if (n > 0) {
            in->size += (size_t)n;
            return OK;
        }
        TRY(again(client, n, false));
    }
}

/* --- the answer's head, strictly (RFC 9112 section 4 and 5) --- */

typedef struct Head {
    int status;
    size_t size; /* with its empty line */
    Span lines;
    size_t body_size;
    unsigned lengths;
    bool close;
    bool status_alone;
    bool unread; /* the body stays where it is */
} Head;

static Status take_line(Cursor *cursor, Span *ret_line)
{
    Span line = { 0 };
    REQUIRE(status_ok(cursor_until(cursor, '\n', &line)), REFUSED_HTTP_ANSWER_INVALID);
    REQUIRE(line.size > 0 && line.data[line.size - 1] == '\r', REFUSED_HTTP_ANSWER_INVALID);
    line.size--;
    for (size_t i = 0; i < line.size; i++) {
        const uint8_t c = line.data[i];
        REQUIRE((c >= 0x20 && c != 0x7F) || c == '\t', REFUSED_HTTP_ANSWER_INVALID);
    }
    *ret_line = line;
    return OK;
}

static Status read_status_line(Span line, Head *head)
{
    Cursor cursor = cursor_of(line);
    Span part = { 0 };
    REQUIRE(status_ok(cursor_take(&cursor, 9, &part)), REFUSED_HTTP_ANSWER_INVALID);
    const bool old = head->status_alone && span_equal(part, SPAN("HTTP/1.0 "));
    REQUIRE(old || span_equal(part, SPAN("HTTP/1.1 ")), REFUSED_HTTP_ANSWER_INVALID);
    head->close = old;
    REQUIRE(status_ok(cursor_take(&cursor, 3, &part)), REFUSED_HTTP_ANSWER_INVALID);
    int status = 0;
    for (size_t i = 0; i < 3; i++) {
        REQUIRE(part.data[i] >= '0' && part.data[i] <= '9', REFUSED_HTTP_ANSWER_INVALID);
        status = status * 10 + part.data[i] - '0';
    }
    REQUIRE(status >= 200 && status <= 599, REFUSED_HTTP_ANSWER_INVALID); /* we expect no 100 */
    REQUIRE(cursor.rest.size == 0 || cursor.rest.data[0] == ' ', REFUSED_HTTP_ANSWER_INVALID);
    head->status = status;
    return OK;
}

static bool same_name(Span name, const char *wanted)
{
    return name.size == strlen(wanted)
            && strncasecmp((const char *)name.data, wanted, name.size) == 0;
}

static bool split_header(Span line, Span *ret_name, Span *ret_value)
{
    Cursor cursor = cursor_of(line);
    if (!status_ok(cursor_until(&cursor, ':', ret_name)) || ret_name->size == 0) return false;
    for (size_t i = 0; i < ret_name->size; i++)
        if (ret_name->data[i] <= ' ' || ret_name->data[i] >= 0x7F) return false; /* a folded line */
    *ret_value = http_trim(cursor.rest);
    return true;
}

static Status read_header(Span line, Head *head)
{
    Span name = { 0 };
    Span value = { 0 };
    REQUIRE(split_header(line, &name, &value), REFUSED_HTTP_ANSWER_INVALID);
    const bool coded = same_name(name, "Transfer-Encoding");
    REQUIRE(!coded || head->status_alone, REFUSED_HTTP_ANSWER_INVALID);
    head->unread = head->unread || coded;
    if (same_name(name, "Connection")) head->close = head->close || same_name(value, "close");
    if (!same_name(name, "Content-Length")) return OK;
    REQUIRE(++head->lengths == 1 && value.size > 0, REFUSED_HTTP_ANSWER_INVALID);
    for (size_t i = 0; i < value.size; i++) {
        const uint8_t c = value.data[i];
        REQUIRE(c >= '0' && c <= '9', REFUSED_HTTP_ANSWER_INVALID);
        head->body_size = head->body_size * 10 + (size_t)(c - '0');
        REQUIRE(head->body_size <= HTTP_CLIENT_BODY_BYTES_MAX || head->status_alone,
                REFUSED_HTTP_TOO_LARGE);
        if (head->body_size > HTTP_CLIENT_BODY_BYTES_MAX) break; /* long enough to stay unread */
    }
    return OK;
}

/* What of the body is taken: see HttpClientConfig.status_alone. */
static Status judge_body(Head *head)
{
    const bool bodyless = head->status == 204 || head->status == 304;
    if (bodyless) head->body_size = 0;
    if (bodyless && !head->unread) return OK;
    REQUIRE(head->lengths == 1 || head->status_alone, REFUSED_HTTP_ANSWER_INVALID);
    const bool is_short = head->lengths == 1 && head->body_size <= HTTP_CLIENT_SHORT_BYTES_MAX;
    head->unread = head->status_alone && (head->unread || !is_short);
    if (!head->unread) return OK;
    head->close = true;
    head->body_size = 0;
    return OK;
}

static Status read_head(Span bytes, bool status_alone, Head *ret_head)
{
    Head head = { .status_alone = status_alone };
    Cursor cursor = cursor_of(bytes);
    Span line = { 0 };
    TRY(take_line(&cursor, &line));
    TRY(read_status_line(line, &head));
    head.lines.data = cursor.rest.data;
    for (;;) {
        const size_t before = cursor.rest.size;
        TRY(take_line(&cursor, &line));
        head.size = bytes.size - cursor.rest.size;
        if (line.size == 0) break;
        head.lines.size += before - cursor.rest.size;
        TRY(read_header(line, &head));
    }
    TRY(judge_body(&head));
    *ret_head = head;
    return OK;
}

/* Reads until the head is whole; looks only at what is new, three bytes back. */
static Status receive_head(HttpClient *client, Head *ret_head)
{
    size_t seen = 0;
    for (;;) {
        TRY(receive(client));
        const uint8_t *const found =
                memmem(client->in.data + seen, client->in.size - seen, "\r\n\r\n", 4);
        if (found != NULL) break;
        REQUIRE(client->in.size <= HTTP_CLIENT_HEAD_BYTES_MAX, REFUSED_HTTP_TOO_LARGE);
        seen = client->in.size < 3 ? 0 : client->in.size - 3;
    }
    return read_head(span_of_buffer(&client->in), client->status_alone, ret_head);
}

static Status receive_answer(HttpClient *client, Head *ret_head)
{
    client->in.size = 0;
    Head head = { 0 };
    TRY(receive_head(client, &head));
    const size_t lines_at = (size_t)(head.lines.data - client->in.data);
    while (client->in.size < head.size + head.body_size)
        TRY(receive(client));
    /* Nobody asked for more: the two sides do not agree on where the answer ends. */
    REQUIRE(head.unread || client->in.size == head.size + head.body_size,
            REFUSED_HTTP_ANSWER_INVALID);
    head.lines.data = client->in.data + lines_at; /* the buffer may have moved */
    *ret_head = head;
    return OK;
}

/* --- the call --- */

static Status put_head(Buffer *out, const HttpClient *client, const HttpCall *call)
{
    TRY(buffer_put(out, span_of_text(call->method)));
    TRY(buffer_put(out, SPAN(" ")));
    TRY(buffer_put(out, call->target));
    TRY(buffer_put(out, SPAN(" HTTP/1.1\r\nHost: ")));
    if (client->bracketed) TRY(buffer_put(out, SPAN("[")));
    TRY(buffer_put(out, span_of_text(client->host)));
    if (client->bracketed) TRY(buffer_put(out, SPAN("]")));
    if (client->port != 0) TRY(buffer_print(out, ":%u", client->port));
    for (size_t i = 0; i < call->header_count; i++) {
        const HttpHeader *const header = &call->headers[i];
        ASSERT(header->value.size == 0
                || memchr(header->value.data, '\n', header->value.size) == NULL);
        TRY(buffer_put(out, SPAN("\r\n")));
        TRY(buffer_put(out, span_of_text(header->name)));
        TRY(buffer_put(out, SPAN(": ")));
        TRY(buffer_put(out, header->value));
    }
    return buffer_print(out, "\r\nContent-Length: %zu\r\n\r\n", call->body.size);
}

static Status call_once(HttpClient *client, const HttpCall *call, Head *ret_head)
{
    Buffer out = BUFFER_OF(client->out);
    REQUIRE(status_ok(put_head(&out, client, call)), REFUSED_HTTP_TOO_LARGE);
    const bool together = status_ok(buffer_put(&out, call->body)); /* one write, one TLS record */
    TRY(send_all(client, span_of_buffer(&out)));
    if (!together) TRY(send_all(client, call->body));
    return receive_answer(client, ret_head);
}

Status http_client_call(HttpClient *client, const HttpCall *call, HttpAnswer *ret_answer)
{
    begin_deadline(client);
    if (client->fd < 0) TRY(reconnect(client));
    Head head = { 0 };
    const Status s = call_once(client, call, &head);
    if (!status_ok(s) || head.close) disconnect(client);
    TRY(s);
    const Span body = { client->in.data + head.size, head.body_size };
    *ret_answer = (HttpAnswer) { head.status, head.lines, body };
    return OK;
}

void http_client_set_deadline(HttpClient *client, unsigned deadline_ms)
{
    ASSERT(client->deadline_ms != 0 && deadline_ms != 0); /* its socket does not block */
    client->deadline_ms = deadline_ms;
}

bool http_client_is_connected(const HttpClient *client) { return client->fd >= 0; }

Span http_answer_header(const HttpAnswer *answer, const char *name)
{
    Cursor cursor = cursor_of(answer->head);
    Span line = { 0 };
    while (status_ok(take_line(&cursor, &line))) {
        Span found = { 0 };
        Span value = { 0 };
        if (split_header(line, &found, &value) && same_name(found, name)) return value;
    }
    return (Span) { 0 };
}

/* --- opening and closing --- */

static Status set_address(
        const char *text, uint16_t port, struct sockaddr_storage *ret, socklen_t *ret_size)
{
    struct sockaddr_in *const v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *const v6 = (struct sockaddr_in6 *)ret;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *ret_size = sizeof(*v4);
        return OK;
    }
    REQUIRE(inet_pton(AF_INET6, text, &v6->sin6_addr) == 1, REFUSED_HTTP_CONNECT);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    *ret_size = sizeof(*v6);
    return OK;
}

Status http_client_open(const HttpClientConfig *config, HttpClient **ret_client)
{
    signal(SIGPIPE, SIG_IGN); /* libssl writes without MSG_NOSIGNAL */
    CLEANUP(http_client_close) HttpClient *client = calloc(1, sizeof(*client));
    CHECK(client != NULL, FAULT_MEMORY);
    client->fd = -1;
    TRY(set_address(config->address, config->port, &client->address, &client->address_size));
    if (config->from != NULL) TRY(set_address(config->from, 0, &client->from, &client->from_size));
    client->named = config->server_name != NULL;
    const Span host = span_of_text(client->named ? config->server_name : config->address);
    REQUIRE(host.size < sizeof(client->host), REFUSED_HTTP_CONNECT);
    memcpy(client->host, host.data, host.size);
    client->bracketed = strchr(client->host, ':') != NULL; /* RFC 3986 section 3.2.2 */
    client->timeout_ms = config->timeout_ms == 0 ? 10000 : config->timeout_ms;
    client->deadline_ms = config->deadline_ms;
    client->port = config->names_port ? config->port : 0;
    client->status_alone = config->status_alone;
    client->in = (Buffer) { malloc(FIRST_CAPACITY), 0, FIRST_CAPACITY };
    CHECK(client->in.data != NULL, FAULT_MEMORY);
    client->tls = config->tls;
    if (client->tls != NULL) SSL_CTX_up_ref(client->tls);
    begin_deadline(client);
    TRY(reconnect(client));
    *ret_client = client;
    client = NULL; /* transferred */
    return OK;
}

void http_client_close(HttpClient **client)
{
    if (*client == NULL) return;
    disconnect(*client);
    SSL_CTX_free((*client)->tls);
    free((*client)->in.data);
    free(*client);
    *client = NULL;
}
