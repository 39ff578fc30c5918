/*
 * Goal: hufud's TLS leaf is replaced before it ends, and nobody notices; one that could not be
 * replaced is not shown after its end, and hufud comes back by itself (TP-17, LL-4.3.8). Method:
 * the real programs with a leaf that lives for seconds; a client that judges dates shakes hands all
 * the time at both doors, while another keeps one connection open; vaultd is stopped and started.
 */
#include "base/expect.h"
#include "base/seams.h"
#include "base/time.h"
#include "starts.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

enum { LIFE_S = 8, LEAVES = 4, PAUSE_MS = 50, TRIES_MAX = 60 * 1000 / PAUSE_MS, SERIAL_BYTES = 32 };

typedef struct Shown {
    bool shaken; /* a leaf that is valid today */
    bool refused_as_ended; /* the alert certificate_expired */
    int64_t ends_us;
    uint8_t serial[SERIAL_BYTES];
} Shown;

static Stand stand;
static HttpClient *kept; /* one connection through all of it */

static void close_fd(int *fd) { close(*fd); }
static void ssl_free(SSL **ssl) { SSL_free(*ssl); }

static int64_t now_us(void)
{
    const Clock clock = clock_system();
    return clock_now_us(&clock);
}

static int64_t end_of(const X509 *leaf)
{
    struct tm end = { 0 };
    ASSERT(ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &end) == 1);
    return (int64_t)timegm(&end) * TIME_SECOND_US;
}

/* One handshake. */
static Shown look(uint16_t port)
{
    Shown shown = { 0 };
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) }
    };
    CLEANUP(close_fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0);
    CLEANUP(ssl_free) SSL *ssl = SSL_new(stand.tls);
    ASSERT(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
    ERR_clear_error();
    shown.shaken = SSL_connect(ssl) == 1;
    shown.refused_as_ended =
            ERR_GET_REASON(ERR_peek_error()) == SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED;
    const X509 *leaf = SSL_get0_peer_certificate(ssl);
    if (leaf == NULL) return shown;
    const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
    ASSERT(serial->length <= SERIAL_BYTES);
    memcpy(shown.serial, serial->data, (size_t)serial->length);
    shown.ends_us = end_of(leaf);
    return shown;
}

static bool is_same(const Shown *a, const Shown *b)
{
    return bytes_equal_ct(a->serial, b->serial, SERIAL_BYTES);
}

/* The kept connection answers, and stays. */
static bool goes_on(void)
{
    const HttpCall call = { .method = "GET", .target = SPAN("/v3/nowhere") };
    HttpAnswer answer = { 0 };
    if (!status_ok(http_client_call(kept, &call, &answer))) return false;
    return answer.status == 404 && http_answer_header(&answer, "Connection").data == NULL;
}

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { .tls_life_s = LIFE_S }, &stand));
    EXPECT_OK(stand_connect(&stand, &kept));
}

/* Through several leaves no handshake fails at either door, and no connection is dropped. */
static void test_leaves_are_replaced_before_they_end(void)
{
    Shown last[2] = { { 0 }, { 0 } };
    int leaves[2] = { 0, 0 };
    for (int i = 0; i < TRIES_MAX && (leaves[0] < LEAVES || leaves[1] < LEAVES); i++) {
        for (int door = 0; door < 2; door++) {
            const Shown shown = look(door == 0 ? stand.port : stand.service_port);
            EXPECT(shown.shaken);
            EXPECT(shown.ends_us > now_us() && shown.ends_us <= now_us() + LIFE_S * TIME_SECOND_US);
            if (!is_same(&shown, &last[door])) leaves[door]++;
            last[door] = shown;
        }
        EXPECT(goes_on());
        poll(NULL, 0, PAUSE_MS);
    }
    EXPECT(leaves[0] == LEAVES && leaves[1] == LEAVES);
    EXPECT(starts_log_has(&stand, "log/hufud.log", "hufud.tls_renewed"));
}

/* Until the door refuses because its leaf has ended; what it showed last. */
static bool await_refusal(uint16_t port, Shown *ret_last)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        const Shown shown = look(port);
        if (!shown.shaken) return shown.refused_as_ended;
        *ret_last = shown;
        poll(NULL, 0, PAUSE_MS);
    }
    return false;
}

static bool log_comes_to_have(const char *event)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        if (starts_log_has(&stand, "log/hufud.log", event)) return true;
        poll(NULL, 0, PAUSE_MS);
    }
    return false;
}

static void test_an_ended_leaf_is_not_served(void)
{
    EXPECT(!starts_log_has(&stand, "log/hufud.log", "hufud.tls_ended"));
    stand_stop(&stand, STAND_VAULTD, SIGTERM, NULL);
    Shown last = { 0 };
    EXPECT(await_refusal(stand.port, &last));
    EXPECT(last.shaken && now_us() >= last.ends_us); /* to its end, and not after it */
    EXPECT(look(stand.service_port).refused_as_ended);
    EXPECT(log_comes_to_have("hufud.tls_ended"));
    for (int i = 0; i < 10; i++) {
        EXPECT(look(stand.port).refused_as_ended && look(stand.service_port).refused_as_ended);
        EXPECT(goes_on());
    }
}

static void test_it_comes_back_by_itself(void)
{
    Shown shown = { 0 };
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    for (int i = 0; i < TRIES_MAX && !shown.shaken; i++) {
        poll(NULL, 0, PAUSE_MS);
        shown = look(stand.port);
    }
    EXPECT(shown.shaken && shown.ends_us > now_us());
    EXPECT(look(stand.service_port).shaken);
    EXPECT(goes_on());
    http_client_close(&kept);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_leaves_are_replaced_before_they_end),
        TEST(test_an_ended_leaf_is_not_served), TEST(test_it_comes_back_by_itself))
