#pragma once
/*
 * tls: contexts for TLS 1.3 only, with certificates on one side or both (TP-17, LL-4.3.8); to
 * strangers' servers also 1.2.
 *
 * No session tickets, no early data, no renegotiation, no compression. X25519, P-256 and P-384;
 * AES-256-GCM, ChaCha20-Poly1305, AES-128-GCM. A context may be shared by threads. Floor 1. (SM2
 * certificates are not taken by libssl 3.0: SM messages travel over ordinary TLS.)
 */
#include "base/bytes.h"

struct ssl_ctx_st; /* libssl's SSL_CTX */

typedef struct TlsIdentity {
    Span certificates_pem; /* leaf first, then the chain */
    Span private_key_pem; /* PKCS#8 PEM; secret: the caller wipes its copy */
} TlsIdentity;

/*
 * identity       required; once its leaf has ended every handshake is refused with the alert
 *                certificate_expired, and the leaf is not shown
 * client_ca_pem  empty: clients need no certificate; else each must show one signed under these
 * Refuses REFUSED_KEY_FORMAT, REFUSED_CERTIFICATE_INVALID. Faults FAULT_CRYPTO. The caller frees.
 */
MUST_USE Status tls_server_context(
        const TlsIdentity *identity, Span client_ca_pem, struct ssl_ctx_st **ret_context);

/*
 * trusted_ca_pem  whom servers must be certified by; empty: the system's certificates
 * identity        NULL when we show none
 * The caller sets the expected name on each connection (tls_expect_host).
 */
MUST_USE Status tls_client_context(
        Span trusted_ca_pem, const TlsIdentity *identity, struct ssl_ctx_st **ret_context);

/* To servers that are not ours, as tls_client_context: also TLS 1.2 with ECDHE and an AEAD, which
 * is all that many of them speak. */
MUST_USE Status tls_outside_context(Span trusted_ca_pem, struct ssl_ctx_st **ret_context);

/* One more owner, who frees it, too. */
struct ssl_ctx_st *tls_context_share(struct ssl_ctx_st *context);
/* For CLEANUP(tls_context_free). */
void tls_context_free(struct ssl_ctx_st **context);

struct ssl_st; /* libssl's SSL */
/* The server must be `host` (a DNS name, also sent as SNI, or an IP address). */
MUST_USE Status tls_expect_host(struct ssl_st *connection, const char *host);
