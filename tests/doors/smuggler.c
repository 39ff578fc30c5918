#include "smuggler.h"

#include "base/time.h"

#include <stdio.h>

#define NATIVE "/v3/pay/transactions/native"

Status smuggler_order(
        const MerchantApp *merchant, const char *number, const char *more, Buffer *ret_bytes)
{
    static uint8_t canonical[MESSAGE_CANONICAL_BYTES_MAX];
    uint8_t body_bytes[1024];
    uint8_t signed_bytes[CLIENT_AUTHORIZATION_BYTES_MAX];
    char nonce[CLIENT_NONCE_BYTES];
    Buffer scratch = BUFFER_OF(canonical);
    Buffer body = BUFFER_OF(body_bytes);
    Buffer authorization = BUFFER_OF(signed_bytes);
    const Random random = random_system();
    const Clock clock = clock_system();
    const MessageSigner signer = { merchant->profile, merchant->key, span_of_text(merchant->mchid),
        span_of_text(merchant->serial) };
    TRY(buffer_print(&body,
            "{\"appid\":\"wx\",\"mchid\":\"%s\",\"description\":\"A book\",\"out_trade_no\":\"%s\","
            "\"notify_url\":\"https://merchant.example/notify\","
            "\"amount\":{\"total\":100,\"currency\":\"CNY\"}}",
            merchant->mchid, number));
    TRY(client_nonce(&random, nonce));
    TRY(client_sign(&signer, SPAN("POST"), SPAN(NATIVE), span_of_buffer(&body),
            clock_now_us(&clock) / TIME_SECOND_US, SPAN_OF(nonce), &scratch, &authorization));
    TRY(buffer_print(
            ret_bytes, "POST " NATIVE " HTTP/1.1\r\nHost: localhost\r\n%sAuthorization: ", more));
    TRY(buffer_put(ret_bytes, span_of_buffer(&authorization)));
    TRY(buffer_print(ret_bytes, "\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
            body.size));
    return buffer_put(ret_bytes, span_of_buffer(&body));
}

static bool say(Peer *peer, Span bytes)
{
    return bytes.size == 0 || peer_send(peer, (const char *)bytes.data, bytes.size);
}

static bool send_shape(Peer *peer, const Shape *shape, Span hidden)
{
    char fill[1024];
    char length[64];
    memset(fill, shape->fill, sizeof(fill));
    snprintf(length, sizeof(length), "Content-Length: %zu\r\n\r\n", hidden.size);
    bool sent = say(peer, shape->head);
    for (size_t left = shape->fills; left > 0 && sent;) {
        const size_t n = left < sizeof(fill) ? left : sizeof(fill);
        sent = peer_send(peer, fill, n);
        left -= n;
    }
    sent = sent && say(peer, shape->tail);
    if (shape->counts) sent = sent && peer_say(peer, length);
    return sent && say(peer, hidden);
}

/* Where an answer begins: a status line, which no text of ours looks like. */
static const char *next_answer(const char *at)
{
    while ((at = strstr(at, "HTTP/1.")) != NULL && !(at[8] == ' ' && at[9] >= '1' && at[9] <= '5'))
        at++;
    return at;
}

Came smuggler_read(Peer *peer)
{
    Came came = { .ended = peer_receive_all(peer) };
    for (const char *at = next_answer(peer->answer); at != NULL; at = next_answer(at + 1)) {
        const int status = (int)strtol(at + strlen("HTTP/1.1 "), NULL, 10);
        if (status == 100) continue;
        if (came.answers++ == 0) came.first = status;
        came.last = status;
        came.good += status == 200 ? 1 : 0;
    }
    return came;
}

Came smuggler_try(uint16_t port, SSL_CTX *tls, const Shape *shape, Span hidden)
{
    CLEANUP(peer_close) Peer peer = peer_open(port, tls);
    if (peer.fd < 0) return (Came) { 0 };
    /* It may refuse, and hang up, before everything was sent. */
    (void)send_shape(&peer, shape, hidden);
    return smuggler_read(&peer);
}
