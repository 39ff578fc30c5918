#include "http/client.h"
#include "http/peer_for_tests.h"

#include <pthread.h>
#include <stdatomic.h>

/* What changes when the server speaks TLS (LL-4.3.8, TP-17): who the client is, rotation, deadlines
 * before the first byte. */

static TestIdentity root, server_leaf, client_leaf, stranger_root, stranger_leaf;
static atomic_uint handled;

static void identities_make(void)
{
    if (root.key != NULL) return;
    root = test_identity("root", NULL, 1);
    server_leaf = test_identity("server", &root, 2);
    client_leaf = test_identity("client", &root, 3);
    stranger_root = test_identity("root", NULL, 1);
    stranger_leaf = test_identity("client", &stranger_root, 3);
}

static void handler(void *context, HttpRequest *request)
{
    (void)context;
    atomic_fetch_add(&handled, 1);
    http_answer(request, 200, NULL, 0, http_request_peer_certificate(request));
}

static HttpServer *serve(SSL_CTX *tls, HttpServerConfig config)
{
    HttpServer *server = NULL;
    config.handler = handler;
    config.loops = 1;
    config.tls = tls;
    const Status s = http_server_start(&config, &server);
    ASSERT(status_ok(s));
    SSL_CTX_free(tls); /* the server has its own reference */
    return server;
}

static void unserve(HttpServer **server)
{
    const Status s = http_server_stop(*server, 5000);
    ASSERT(status_ok(s));
    http_server_free(server);
}

static void tls_free(SSL_CTX **tls) { SSL_CTX_free(*tls); }

/* Status of one call over a fresh connection; the body must be `wanted` when it succeeds. */
static Status call(HttpServer *server, SSL_CTX *tls, const char *name, const X509 *wanted)
{
    const HttpClientConfig config = { "127.0.0.1", http_server_port(server), tls, name, 5000 };
    CLEANUP(http_client_close) HttpClient *client = NULL;
    TRY(http_client_open(&config, &client));
    const HttpCall get = { .method = "GET", .target = SPAN("/") };
    HttpAnswer answer = { 0 };
    TRY(http_client_call(client, &get, &answer));
    uint8_t *der = NULL;
    const int size = wanted == NULL ? 0 : i2d_X509(wanted, &der);
    const bool same = span_equal(answer.body, (Span) { der, (size_t)size });
    OPENSSL_free(der);
    return same ? OK : REFUSE(REFUSED_HTTP_ANSWER_INVALID);
}

/* Pitfall 6: the handler gets the verified certificate, and nobody without one comes near the
 * parser. */
static void test_mutual_authentication(void)
{
    identities_make();
    CLEANUP(unserve)
    HttpServer *server = serve(test_tls(true, &server_leaf, &root), (HttpServerConfig) { 0 });
    CLEANUP(tls_free) SSL_CTX *good = test_tls(false, &client_leaf, &root);
    CLEANUP(tls_free) SSL_CTX *none = test_tls(false, NULL, &root);
    CLEANUP(tls_free) SSL_CTX *forged = test_tls(false, &stranger_leaf, &root);
    EXPECT_OK(call(server, good, "hufu.test", client_leaf.certificate));
    const unsigned before = atomic_load(&handled);
    /* In TLS 1.3 the client learns of it with its first read. */
    EXPECT(status_refused(call(server, none, "hufu.test", NULL)));
    EXPECT(status_refused(call(server, forged, "hufu.test", NULL)));
    EXPECT(atomic_load(&handled) == before);
}

static void test_without_client_certificates(void)
{
    identities_make();
    CLEANUP(unserve)
    HttpServer *server = serve(test_tls(true, &server_leaf, NULL), (HttpServerConfig) { 0 });
    CLEANUP(tls_free) SSL_CTX *good = test_tls(false, NULL, &root);
    CLEANUP(tls_free) SSL_CTX *elsewhere = test_tls(false, NULL, &stranger_root);
    EXPECT_OK(call(server, good, "hufu.test", NULL));
    EXPECT_OK(call(server, good, "127.0.0.1", NULL));
    EXPECT_OK(call(server, good, NULL, NULL));
    EXPECT_REFUSED(call(server, good, "other.test", NULL), REFUSED_HTTP_CONNECT);
    EXPECT_REFUSED(call(server, elsewhere, "hufu.test", NULL), REFUSED_HTTP_CONNECT);
    EXPECT(status_refused(call(server, NULL, NULL, NULL))); /* plain spoken to a TLS port */
    CLEANUP(tls_free) SSL_CTX *old = test_tls(false, NULL, &root);
    SSL_CTX_set_min_proto_version(old, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(old, TLS1_2_VERSION);
    EXPECT_REFUSED(call(server, old, "hufu.test", NULL), REFUSED_HTTP_CONNECT);
}

static long serial_seen(Peer *peer)
{
    X509 *const shown = SSL_get0_peer_certificate(peer->ssl);
    return shown == NULL ? 0 : ASN1_INTEGER_get(X509_get0_serialNumber(shown));
}

/* Pitfall 6: a new leaf for new connections; old connections go on undisturbed. */
static void test_rotation(void)
{
    identities_make();
    TestIdentity next = test_identity("server", &root, 77);
    CLEANUP(unserve)
    HttpServer *server = serve(test_tls(true, &server_leaf, NULL), (HttpServerConfig) { 0 });
    CLEANUP(tls_free) SSL_CTX *tls = test_tls(false, NULL, &root);
    CLEANUP(peer_close) Peer before = peer_open(http_server_port(server), tls);
    static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT(peer_say(&before, text) && peer_receive_until(&before, "\r\n\r\n"));

    SSL_CTX *const rotated = test_tls(true, &next, NULL);
    http_server_set_tls(server, rotated);
    SSL_CTX_free(rotated);
    CLEANUP(peer_close) Peer after = peer_open(http_server_port(server), tls);
    EXPECT(serial_seen(&before) == 2 && serial_seen(&after) == 77);
    before.size = 0;
    before.answer[0] = 0;
    EXPECT(peer_say(&before, text) && peer_receive_until(&before, "\r\n\r\n"));
    EXPECT(peer_say(&after, text) && peer_receive_until(&after, "\r\n\r\n"));
    test_identity_free(&next);
}

/* TP-17: a new leaf of the service's port asks for the same clients' authority as before. */
static void test_rotation_keeps_whom_it_trusts(void)
{
    identities_make();
    TestIdentity next = test_identity("server", &root, 78);
    CLEANUP(unserve)
    HttpServer *server = serve(test_tls(true, &server_leaf, &root), (HttpServerConfig) { 0 });
    CLEANUP(tls_free) SSL_CTX *known = test_tls(false, &client_leaf, &root);
    CLEANUP(tls_free) SSL_CTX *unknown = test_tls(false, NULL, &root);
    const HttpClientConfig config = { "127.0.0.1", http_server_port(server), known, "hufu.test",
        5000 };
    const HttpCall get = { .method = "GET", .target = SPAN("/") };
    HttpAnswer answer = { 0 };
    CLEANUP(http_client_close) HttpClient *before = NULL;
    EXPECT_OK(http_client_open(&config, &before));
    EXPECT_OK(http_client_call(before, &get, &answer));
    SSL_CTX *const rotated = test_tls(true, &next, &root);
    http_server_set_tls(server, rotated);
    SSL_CTX_free(rotated);
    EXPECT_OK(call(server, known, "hufu.test", client_leaf.certificate));
    EXPECT_OK(http_client_call(before, &get, &answer)); /* not closed, not asked again */
    EXPECT(!status_ok(call(server, unknown, "hufu.test", NULL)));
    test_identity_free(&next);
}

/* Pitfall 4, the case where libevent's own time-out left 500 of 500 open: a TLS peer that dribbles.
 */
static void test_slow_peers_meet_their_deadline(void)
{
    enum { PEERS = 40 };
    identities_make();
    CLEANUP(unserve)
    HttpServer *server =
            serve(test_tls(true, &server_leaf, NULL), (HttpServerConfig) { .request_ms_max = 800 });
    CLEANUP(tls_free) SSL_CTX *tls = test_tls(false, NULL, &root);
    Peer peers[PEERS];
    for (int i = 0; i < PEERS; i++) /* every fourth does not even shake hands */
        peers[i] = peer_open(http_server_port(server), i % 4 == 0 ? NULL : tls);
    for (int round = 0; round < 400 && http_server_counts(server).overdue < PEERS; round++) {
        const struct timespec beat = { 0, 50 * 1000 * 1000 };
        nanosleep(&beat, NULL);
        for (int i = 0; i < PEERS; i++)
            if (peers[i].ssl != NULL) peer_say(&peers[i], round == 0 ? "GET /" : "x");
    }
    EXPECT(http_server_counts(server).overdue == PEERS);
    CLEANUP(peer_close) Peer fresh = peer_open(http_server_port(server), tls);
    EXPECT(peer_say(&fresh, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT(peer_receive_until(&fresh, " 200 "));
    for (int i = 0; i < PEERS; i++)
        peer_close(&peers[i]);
}

/* Pitfall 6: a client that leaves without close_notify is no error, and nothing of it stays. */
static void test_dirty_shutdowns_leave_nothing(void)
{
    identities_make();
    CLEANUP(unserve)
    HttpServer *server = serve(test_tls(true, &server_leaf, NULL), (HttpServerConfig) { 0 });
    CLEANUP(tls_free) SSL_CTX *tls = test_tls(false, NULL, &root);
    for (int i = 0; i < 60; i++) {
        Peer peer = peer_open(http_server_port(server), i % 3 == 0 ? NULL : tls);
        if (i % 3 == 0) peer_say(&peer, "\x16\x03\x01");
        if (i % 3 == 1) peer_say(&peer, "GET / HTTP/1.1\r\nHo");
        if (i % 3 == 2) peer_say(&peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        peer_close(&peer);
    }
    for (int i = 0; i < 200 && http_server_counts(server).connections > 0; i++) {
        const struct timespec beat = { 0, 50 * 1000 * 1000 };
        nanosleep(&beat, NULL);
    }
    EXPECT(http_server_counts(server).connections == 0);
}

TESTS(TEST(test_mutual_authentication), TEST(test_without_client_certificates), TEST(test_rotation),
        TEST(test_rotation_keeps_whom_it_trusts), TEST(test_slow_peers_meet_their_deadline),
        TEST(test_dirty_shutdowns_leave_nothing))
