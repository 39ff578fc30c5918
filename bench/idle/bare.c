#include "bare.h"

#include "base/bytes.h"
#include "crypto/tls.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- a certificate --- */

static X509 *certify(EVP_PKEY *key)
{
    X509 *x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
            (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, key);
    X509_sign(x, key, EVP_sha256());
    return x;
}

static Span written(BIO *bio)
{
    char *data = NULL;
    const long size = BIO_get_mem_data(bio, &data);
    return (Span) { (const uint8_t *)data, (size_t)size };
}

static SSL_CTX *server_context(void)
{
    SSL_CTX *tls = NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certify(key);
    BIO *key_pem = BIO_new(BIO_s_mem());
    BIO *certificate_pem = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(certificate_pem, certificate);
    const TlsIdentity identity = { written(certificate_pem), written(key_pem) };
    const Status s = tls_server_context(&identity, (Span) { NULL, 0 }, &tls);
    BIO_free(key_pem);
    BIO_free(certificate_pem);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return status_ok(s) ? tls : NULL;
}

/* --- the server --- */

static struct bufferevent *accept_one(struct event_base *base, void *context)
{
    return bufferevent_openssl_socket_new(
            base, -1, SSL_new(context), BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

static void answer(struct evhttp_request *request, void *context)
{
    struct evbuffer *body = context;
    evbuffer_add(body, "{}", 2);
    evhttp_send_reply(request, 200, NULL, body);
}

static uint16_t port_of(struct evhttp_bound_socket *bound)
{
    struct sockaddr_in at = { 0 };
    socklen_t size = sizeof(at);
    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&at, &size);
    return ntohs(at.sin_port);
}

/* Until a signal ends it. */
static void serve(int tell)
{
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *tls = server_context();
    struct event_base *base = event_base_new();
    struct evhttp *http = evhttp_new(base);
    evhttp_set_bevcb(http, accept_one, tls);
    evhttp_set_gencb(http, answer, evbuffer_new());
    struct evhttp_bound_socket *bound =
            evhttp_bind_socket_with_handle(http, "127.0.0.1", 0); /* any free port */
    const uint16_t port = tls == NULL || bound == NULL ? 0 : port_of(bound);
    if (write(tell, &port, sizeof(port)) == (ssize_t)sizeof(port)) event_base_dispatch(base);
}

bool bare_open(Bare *ret)
{
    int told[2];
    uint16_t port = 0;
    if (pipe(told) != 0) return false;
    const pid_t pid = fork();
    if (pid == 0) {
        serve(told[1]);
        _exit(1);
    }
    const bool got = pid > 0 && read(told[0], &port, sizeof(port)) == (ssize_t)sizeof(port);
    close(told[0]);
    close(told[1]);
    ret->pid = pid;
    ret->port = port;
    ret->client_tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(ret->client_tls, SSL_MODE_RELEASE_BUFFERS);
    return got && port != 0;
}

void bare_close(Bare *bare)
{
    if (bare->pid <= 0) return;
    kill(bare->pid, SIGTERM);
    waitpid(bare->pid, NULL, 0);
    SSL_CTX_free(bare->client_tls);
}
