#pragma once
/*
 * peer_for_tests: a raw client that sends what no well-behaved library would, and certificates made
 * on the spot. Only *_test.c files include it.
 */
#include "base/expect.h"
#include "http/server.h"

#include <errno.h>

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEER_ANSWER_MAX = 1 << 20, PEER_WAIT_S = 20 };

typedef struct Peer {
    int fd;
    SSL *ssl; /* NULL: plain */
    size_t size;
    char *answer; /* all that was received; NUL-terminated */
} Peer;

static inline int peer_connect(uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const struct timeval wait = { PEER_WAIT_S, 0 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) return fd;
    close(fd);
    return -1;
}

static inline Peer peer_open(uint16_t port, SSL_CTX *tls)
{
    Peer peer = { .fd = peer_connect(port), .answer = calloc(1, PEER_ANSWER_MAX + 1) };
    if (tls == NULL) return peer;
    peer.ssl = SSL_new(tls);
    SSL_set_fd(peer.ssl, peer.fd);
    if (SSL_connect(peer.ssl) == 1) return peer;
    SSL_free(peer.ssl);
    close(peer.fd);
    return (Peer) { .fd = -1, .answer = peer.answer };
}

static inline void peer_close(Peer *peer)
{
    SSL_free(peer->ssl);
    if (peer->fd >= 0) close(peer->fd);
    free(peer->answer);
}

static inline bool peer_send(Peer *peer, const char *bytes, size_t size)
{
    if (peer->ssl != NULL) return SSL_write(peer->ssl, bytes, (int)size) == (int)size;
    return send(peer->fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static inline bool peer_say(Peer *peer, const char *text)
{
    return peer_send(peer, text, strlen(text));
}

/* One more piece; false at the end, on an error, or after PEER_WAIT_S of silence. */
static inline bool peer_receive(Peer *peer)
{
    char *const to = peer->answer + peer->size;
    const size_t room = PEER_ANSWER_MAX - peer->size;
    const int n = peer->ssl != NULL ? SSL_read(peer->ssl, to, (int)room)
                                    : (int)recv(peer->fd, to, room, 0);
    if (n <= 0) return false;
    peer->size += (size_t)n;
    peer->answer[peer->size] = 0;
    return true;
}

/* Until the other side closes. True when it did so itself (no time-out of ours). */
static inline bool peer_receive_all(Peer *peer)
{
    while (peer_receive(peer)) { }
    char byte = 0;
    errno = 0;
    return recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0 && errno != EAGAIN;
}

static inline bool peer_receive_until(Peer *peer, const char *text)
{
    while (strstr(peer->answer, text) == NULL)
        if (!peer_receive(peer)) return false;
    return true;
}

static inline size_t peer_count(const Peer *peer, const char *text)
{
    size_t count = 0;
    for (const char *at = strstr(peer->answer, text); at != NULL; at = strstr(at + 1, text))
        count++;
    return count;
}

/* --- certificates: a P-256 root, and leaves that it signed --- */

typedef struct TestIdentity {
    EVP_PKEY *key;
    X509 *certificate;
} TestIdentity;

static inline TestIdentity test_identity(const char *name, const TestIdentity *issuer, long serial)
{
    TestIdentity made = { EVP_EC_gen("P-256"), X509_new() };
    X509 *const x = made.certificate;
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME *const subject = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, issuer == NULL ? subject : X509_get_subject_name(issuer->certificate));
    X509_set_pubkey(x, made.key);
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == NULL ? x : issuer->certificate, x, NULL, NULL, 0);
    X509_EXTENSION *const extension = issuer == NULL
            ? X509V3_EXT_conf_nid(NULL, &context, NID_basic_constraints, "critical,CA:TRUE")
            : X509V3_EXT_conf_nid(
                    NULL, &context, NID_subject_alt_name, "DNS:hufu.test,IP:127.0.0.1");
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(x, issuer == NULL ? made.key : issuer->key, EVP_sha256());
    return made;
}

static inline void test_identity_free(TestIdentity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

/* A TLS 1.3 context; `identity` may be NULL (client without certificate). Both sides check against
 * `root`. */
static inline SSL_CTX *test_tls(bool server, const TestIdentity *identity, const TestIdentity *root)
{
    SSL_CTX *const tls = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(tls, 0);
    if (identity != NULL) {
        SSL_CTX_use_certificate(tls, identity->certificate);
        SSL_CTX_use_PrivateKey(tls, identity->key);
    }
    if (root != NULL) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), root->certificate);
        SSL_CTX_set_verify(
                tls, SSL_VERIFY_PEER | (server ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
    }
    return tls;
}
