#include "crypto/tls.h"

#include "crypto/key_inside.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum { TLS_PEM_BYTES_MAX = 1 << 20, TLS_CERTIFICATES_MAX = 1024 };

static void bio_free(BIO **bio) { BIO_free(*bio); }
static void pkey_free(EVP_PKEY **pkey) { EVP_PKEY_free(*pkey); }
static void x509_free(X509 **x509) { X509_free(*x509); }

struct ssl_ctx_st *tls_context_share(struct ssl_ctx_st *context)
{
    ASSERT(SSL_CTX_up_ref(context) == 1);
    return context;
}

void tls_context_free(struct ssl_ctx_st **context)
{
    SSL_CTX_free(*context);
    *context = NULL;
}

static Status common_settings(SSL_CTX *context)
{
    CHECK(context != NULL, FAULT_CRYPTO);
    LIBRARY_CHECK(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1);
    LIBRARY_CHECK(SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1);
    LIBRARY_CHECK(SSL_CTX_set_ciphersuites(context,
                          "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
                          "TLS_AES_128_GCM_SHA256")
            == 1);
    LIBRARY_CHECK(SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1);
    /* A ticket's key lives longer than a session: without tickets every session is forward secret.
     */
    LIBRARY_CHECK(SSL_CTX_set_num_tickets(context, 0) == 1);
    SSL_CTX_set_options(context,
            SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION
                    | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE
                    | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    LIBRARY_CHECK(SSL_CTX_set_max_early_data(context, 0) == 1);
    SSL_CTX_set_mode(context,
            SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
                    | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return OK;
}

static Status bio_of(Span pem, StatusCode refusal, BIO **ret_bio)
{
    REQUIRE(pem.size > 0 && pem.size <= TLS_PEM_BYTES_MAX, refusal);
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    CHECK(bio != NULL, FAULT_MEMORY);
    *ret_bio = bio;
    return OK;
}

static Status use_chain(SSL_CTX *context, Span pem)
{
    CLEANUP(bio_free) BIO *bio = NULL;
    TRY(bio_of(pem, REFUSED_CERTIFICATE_INVALID, &bio));
    CLEANUP(x509_free) X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    LIBRARY_REQUIRE(leaf != NULL && SSL_CTX_use_certificate(context, leaf) == 1,
            REFUSED_CERTIFICATE_INVALID);
    for (int i = 0; i < TLS_CERTIFICATES_MAX; i++) {
        CLEANUP(x509_free) X509 *next = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (next == NULL) break;
        LIBRARY_CHECK(SSL_CTX_add1_chain_cert(context, next) == 1);
    }
    return library_failed(OK); /* the end of the PEM left an error behind */
}

static Status use_identity(SSL_CTX *context, const TlsIdentity *identity)
{
    TRY(use_chain(context, identity->certificates_pem));
    CLEANUP(bio_free) BIO *bio = NULL;
    TRY(bio_of(identity->private_key_pem, REFUSED_KEY_FORMAT, &bio));
    CLEANUP(pkey_free) EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    LIBRARY_REQUIRE(key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1, REFUSED_KEY_FORMAT);
    LIBRARY_REQUIRE(SSL_CTX_check_private_key(context) == 1, REFUSED_KEY_FORMAT);
    return OK;
}

/* `name_them`: tell clients which authorities we take. */
static Status trust(SSL_CTX *context, Span pem, bool name_them)
{
    CLEANUP(bio_free) BIO *bio = NULL;
    TRY(bio_of(pem, REFUSED_CERTIFICATE_INVALID, &bio));
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    int count = 0;
    for (; count < TLS_CERTIFICATES_MAX; count++) {
        CLEANUP(x509_free) X509 *authority = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (authority == NULL) break;
        LIBRARY_REQUIRE(X509_STORE_add_cert(store, authority) == 1, REFUSED_CERTIFICATE_INVALID);
        if (name_them) LIBRARY_CHECK(SSL_CTX_add_client_CA(context, authority) == 1);
    }
    LIBRARY_REQUIRE(count > 0, REFUSED_CERTIFICATE_INVALID);
    return library_failed(OK);
}

/* Asked at each handshake, before anything is shown. */
static int refuse_when_ended(SSL *connection, int *alert, void *context)
{
    (void)context;
    const X509 *leaf = SSL_get_certificate(connection);
    if (leaf != NULL && X509_cmp_current_time(X509_get0_notAfter(leaf)) > 0)
        return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_CERTIFICATE_EXPIRED;
    return SSL_CLIENT_HELLO_ERROR;
}

Status tls_server_context(
        const TlsIdentity *identity, Span client_ca_pem, struct ssl_ctx_st **ret_context)
{
    TRY(library_start());
    CLEANUP(tls_context_free) SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    TRY(common_settings(context));
    TRY(use_identity(context, identity));
    SSL_CTX_set_client_hello_cb(context, refuse_when_ended, NULL);
    if (client_ca_pem.size > 0) {
        TRY(trust(context, client_ca_pem, true));
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    *ret_context = context;
    context = NULL;
    return OK;
}

Status tls_client_context(
        Span trusted_ca_pem, const TlsIdentity *identity, struct ssl_ctx_st **ret_context)
{
    TRY(library_start());
    CLEANUP(tls_context_free) SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    TRY(common_settings(context));
    if (trusted_ca_pem.size > 0) TRY(trust(context, trusted_ca_pem, false));
    if (trusted_ca_pem.size == 0) LIBRARY_CHECK(SSL_CTX_set_default_verify_paths(context) == 1);
    if (identity != NULL) TRY(use_identity(context, identity));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    *ret_context = context;
    context = NULL;
    return OK;
}

Status tls_outside_context(Span trusted_ca_pem, struct ssl_ctx_st **ret_context)
{
    CLEANUP(tls_context_free) SSL_CTX *context = NULL;
    TRY(tls_client_context(trusted_ca_pem, NULL, &context));
    LIBRARY_CHECK(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
    LIBRARY_CHECK(SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1);
    *ret_context = context;
    context = NULL;
    return OK;
}

Status tls_expect_host(struct ssl_st *connection, const char *host)
{
    uint8_t address[16];
    const bool is_address =
            inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
    if (is_address) {
        LIBRARY_CHECK(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host) == 1);
        return OK;
    }
    LIBRARY_CHECK(SSL_set_tlsext_host_name(connection, host) == 1);
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    LIBRARY_CHECK(SSL_set1_host(connection, host) == 1);
    return OK;
}
