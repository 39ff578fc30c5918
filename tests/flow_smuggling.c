/*
 * Goal: what one parser reads as one request and another as two is refused, or is one request; and
 * whatever else is no HTTP gets one answer and the end of its connection, at every door of hufud
 * (LL-4.3.9: what a merchant did not sign as one request is none). Method: a table of requests,
 * byte for byte (doors/shapes.h), each over a TLS connection of its own, with a whole signed order
 * hidden behind it; after each one, the orders that there are, and an order as it should be.
 */
#include "base/expect.h"
#include "callers.h"
#include "doors/shapes.h"
#include "http/peer_for_tests.h"
#include "merchant_steps.h"

#include "base/time.h"

#include <stdio.h>

#define NATIVE "/v3/pay/transactions/native"

enum { ORDER_BYTES_MAX = 4096, PIPELINED = 3 };

static Stand stand;
static MerchantApp merchant;
static StandCaller caller;
static HttpClient *http;
static unsigned order_number;

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_caller(&stand, "core", "bank-a", "protect", &caller));
    EXPECT_OK(stand_connect(&stand, &http));
}

/* --- a whole order, as bytes --- */

static Status put_order(const char *number, const char *more, Buffer *ret_bytes)
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
    const MessageSigner signer = { merchant.profile, merchant.key, span_of_text(merchant.mchid),
        span_of_text(merchant.serial) };
    TRY(buffer_print(&body,
            "{\"appid\":\"wx\",\"mchid\":\"%s\",\"description\":\"A book\",\"out_trade_no\":\"%s\","
            "\"notify_url\":\"https://merchant.example/notify\","
            "\"amount\":{\"total\":100,\"currency\":\"CNY\"}}",
            merchant.mchid, number));
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

static int64_t orders_called(const char *like)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM payment WHERE out_trade_no LIKE '%s'", like);
    return stand_number(&stand, sql);
}

static bool say(Peer *peer, Span bytes)
{
    return bytes.size == 0 || peer_send(peer, (const char *)bytes.data, bytes.size);
}

/* --- one shape at one door --- */

typedef struct Door {
    const char *name;
    uint16_t port;
    SSL_CTX *tls;
} Door;

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

typedef struct Came {
    size_t answers; /* but 100 */
    int first; /* HTTP status */
    int last;
    bool ended; /* by the other side */
} Came;

/* Where an answer begins: a status line, which no text of ours looks like. */
static const char *next_answer(const char *at)
{
    while ((at = strstr(at, "HTTP/1.")) != NULL && !(at[8] == ' ' && at[9] >= '1' && at[9] <= '5'))
        at++;
    return at;
}

static Came read_answers(Peer *peer)
{
    Came came = { .ended = peer_receive_all(peer) };
    for (const char *at = next_answer(peer->answer); at != NULL; at = next_answer(at + 1)) {
        const int status = (int)strtol(at + strlen("HTTP/1.1 "), NULL, 10);
        if (status == 100) continue;
        if (came.answers++ == 0) came.first = status;
        came.last = status;
    }
    return came;
}

static bool is_refusal(int status) { return (status >= 400 && status < 500) || status == 501; }

static bool as_wanted(const Shape *shape, const Came *came)
{
    const size_t wanted = shape->end == SHAPE_ANSWERED_THEN_REFUSED ? 2 : 1;
    return came->ended && came->answers == wanted && is_refusal(came->first)
            && is_refusal(came->last);
}

static Came try_bytes(const Door *door, const Shape *shape, Span hidden)
{
    CLEANUP(peer_close) Peer peer = peer_open(door->port, door->tls);
    if (peer.fd < 0) return (Came) { 0 };
    /* It may refuse, and hang up, before everything was sent. */
    (void)send_shape(&peer, shape, hidden);
    return read_answers(&peer);
}

static void try_shape(const Door *door, const Shape *shape)
{
    uint8_t bytes[ORDER_BYTES_MAX];
    Buffer hidden = BUFFER_OF(bytes);
    char number[32];
    Answered answered = { 0 };
    snprintf(number, sizeof(number), "HIDDEN-%06u", ++order_number);
    EXPECT_OK(put_order(number, "", &hidden));
    const Came came = try_bytes(door, shape, span_of_buffer(&hidden));
    const bool right = as_wanted(shape, &came);
    if (!right)
        fprintf(stderr, "%s: %s: %zu answers, %d to %d, %s\n", door->name, shape->name,
                came.answers, came.first, came.last, came.ended ? "ended" : "open");
    EXPECT(right);
    EXPECT(orders_called(number) == 0);
    snprintf(number, sizeof(number), "CLEAN-%06u", order_number);
    EXPECT_OK(step_native(&merchant, http, number, 100, &answered));
    EXPECT(answered.status == 200);
}

static void try_shapes(const Door *door)
{
    const int64_t before = orders_called("CLEAN-%");
    for (size_t i = 0; i < shape_count; i++)
        try_shape(door, &shapes[i]);
    EXPECT(orders_called("CLEAN-%") == before + (int64_t)shape_count);
}

static void test_shapes_at_the_merchants_door(void)
{
    try_shapes(&(Door) { "merchants", stand.port, stand.tls });
}
static void test_shapes_at_the_services_door(void)
{
    try_shapes(&(Door) { "service", stand.service_port, caller.tls });
}
static void test_shapes_at_the_console(void)
{
    try_shapes(&(Door) { "console", stand.console_port, stand.tls });
}

/* --- and what is right: as many answers as requests, in their order --- */

/* What is hidden above would be carried out if anybody read it. */
static void test_pipelined_orders_are_each_carried_out_once(void)
{
    uint8_t bytes[PIPELINED * ORDER_BYTES_MAX];
    Buffer orders = BUFFER_OF(bytes);
    for (int i = 0; i < PIPELINED; i++) {
        char number[32];
        snprintf(number, sizeof(number), "PIPELINED-%d", i);
        EXPECT_OK(put_order(number, i == PIPELINED - 1 ? "Connection: close\r\n" : "", &orders));
    }
    CLEANUP(peer_close) Peer peer = peer_open(stand.port, stand.tls);
    EXPECT(peer_send(&peer, (const char *)bytes, orders.size));
    const Came came = read_answers(&peer);
    EXPECT(came.ended && came.answers == PIPELINED && came.first == 200 && came.last == 200);
    EXPECT(peer_count(&peer, "HTTP/1.1 200 OK\r\n") == PIPELINED);
    EXPECT(orders_called("PIPELINED-%") == PIPELINED);
}

static void test_the_house_closes(void)
{
    http_client_close(&http);
    stand_caller_done(&caller);
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_shapes_at_the_merchants_door),
        TEST(test_shapes_at_the_services_door), TEST(test_shapes_at_the_console),
        TEST(test_pipelined_orders_are_each_carried_out_once), TEST(test_the_house_closes))
