/*
 * Goal: what one parser reads as one request and another as two is refused, or is one request; and
 * whatever else is no HTTP gets one answer and the end of its connection, at every door of hufud
 * (LL-4.3.9: what a merchant did not sign as one request is none). Method: a table of requests,
 * byte for byte (doors/shapes.h), each over a TLS connection of its own, with a whole signed order
 * hidden behind it; after each one, the orders that there are, and an order as it should be.
 */
#include "base/expect.h"
#include "callers.h"
#include "doors/smuggler.h"

#include <stdio.h>

enum { PIPELINED = 3 };

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

static int64_t orders_called(const char *like)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM payment WHERE out_trade_no LIKE '%s'", like);
    return stand_number(&stand, sql);
}

/* --- one shape at one door --- */

typedef struct Door {
    const char *name;
    uint16_t port;
    SSL_CTX *tls;
} Door;

static bool is_refusal(int status) { return (status >= 400 && status < 500) || status == 501; }

static bool as_wanted(const Shape *shape, const Came *came)
{
    const size_t wanted = shape->end == SHAPE_ANSWERED_THEN_REFUSED ? 2 : 1;
    return came->ended && came->answers == wanted && is_refusal(came->first)
            && is_refusal(came->last);
}

static void try_shape(const Door *door, const Shape *shape)
{
    uint8_t bytes[SMUGGLED_ORDER_BYTES_MAX];
    Buffer hidden = BUFFER_OF(bytes);
    char number[32];
    Answered answered = { 0 };
    snprintf(number, sizeof(number), "HIDDEN-%06u", ++order_number);
    EXPECT_OK(smuggler_order(&merchant, number, "", &hidden));
    const Came came = smuggler_try(door->port, door->tls, shape, span_of_buffer(&hidden));
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

/* Plain, and of this machine alone. */
static void test_shapes_at_the_metrics(void)
{
    try_shapes(&(Door) { "metrics", stand.metrics_port, NULL });
}

/* --- and what is right: as many answers as requests, in their order --- */

/* What is hidden above would be carried out if anybody read it. */
static void test_pipelined_orders_are_each_carried_out_once(void)
{
    uint8_t bytes[PIPELINED * SMUGGLED_ORDER_BYTES_MAX];
    Buffer orders = BUFFER_OF(bytes);
    for (int i = 0; i < PIPELINED; i++) {
        char number[32];
        snprintf(number, sizeof(number), "PIPELINED-%d", i);
        EXPECT_OK(smuggler_order(
                &merchant, number, i == PIPELINED - 1 ? "Connection: close\r\n" : "", &orders));
    }
    CLEANUP(peer_close) Peer peer = peer_open(stand.port, stand.tls);
    EXPECT(peer_send(&peer, (const char *)bytes, orders.size));
    const Came came = smuggler_read(&peer);
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
        TEST(test_shapes_at_the_metrics), TEST(test_pipelined_orders_are_each_carried_out_once),
        TEST(test_the_house_closes))
