#pragma once
/*
 * tls_leaf: hufud's own TLS key, made in memory at start, certified by vaultd for a few days, never
 * written to disk.
 */
#include "base/bytes.h"
#include "vaultclient/client.h"

struct ssl_ctx_st;

typedef struct TlsLeaf {
    struct ssl_ctx_st *context;
    struct ssl_ctx_st *mutual; /* the same, and who connects must show a certificate of ours */
    struct ssl_ctx_st *client; /* the same, for calling a bank; NULL: there is none */
    int64_t renew_at_us; /* half of its life is over */
    int64_t ends_at_us; /* from then on no handshake is answered with it (crypto/tls.h) */
    uint8_t authority_pem[4 * 8192];
    size_t authority_pem_size; /* whom clients trust: the authority, the next one, ending ones */
} TlsLeaf;

/* A fresh key and certificate. `*ret_leaf` is replaced only when OK. bank_ca_pem: whom we believe
 * when we call a bank; empty: we call none. */
MUST_USE Status tls_leaf_make(
        VaultClient *vault, int64_t now_us, Span bank_ca_pem, TlsLeaf *ret_leaf);
void tls_leaf_free(TlsLeaf *leaf);
