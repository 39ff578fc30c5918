#include "tls_leaf.h"

#include "base/secret.h"
#include "crypto/certificate.h"
#include "crypto/sign.h"
#include "crypto/tls.h"

enum { ANSWER_BYTES_MAX = 2 * CERTIFICATE_DER_BYTES_MAX + 64 };

static Status put_authorities(VaultClient *vault, Buffer *ret_pem)
{
    static uint8_t memory_bytes[VAULTCLIENT_ANSWER_BYTES_MAX];
    static WirePublicKey shown[VAULTCLIENT_KEYS_MAX];
    Buffer memory = BUFFER_OF(memory_bytes);
    size_t count = 0;
    TRY(vaultclient_public_keys(vault, &memory, shown, VAULTCLIENT_KEYS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        if (!span_equal(shown[i].name, SPAN("tls-ca"))) continue;
        CLEANUP(certificate_free) Certificate *authority = NULL;
        TRY(certificate_from_der(shown[i].der, &authority));
        TRY(certificate_to_pem(authority, ret_pem));
    }
    return OK;
}

/* One identity at every door that it is shown at. */
static Status make_contexts(const TlsIdentity *identity, Span bank_ca_pem, TlsLeaf *leaf)
{
    TRY(tls_server_context(identity, (Span) { NULL, 0 }, &leaf->context));
    TRY(tls_server_context(
            identity, (Span) { leaf->authority_pem, leaf->authority_pem_size }, &leaf->mutual));
    if (bank_ca_pem.size == 0) return OK;
    return tls_client_context(bank_ca_pem, identity, &leaf->client);
}

static Status certify(
        VaultClient *vault, const PrivateKey *key, int64_t now_us, Span bank_ca_pem, TlsLeaf *leaf)
{
    uint8_t spki_bytes[SIGN_SPKI_BYTES_MAX];
    uint8_t memory_bytes[ANSWER_BYTES_MAX];
    uint8_t chain_bytes[2 * CERTIFICATE_PEM_BYTES_MAX];
    uint8_t key_bytes[SIGN_PKCS8_BYTES_MAX];
    Buffer spki = BUFFER_OF(spki_bytes);
    Buffer memory = BUFFER_OF(memory_bytes);
    Buffer chain = BUFFER_OF(chain_bytes);
    Buffer key_pem = BUFFER_OF(key_bytes);
    Buffer authority_pem = BUFFER_OF(leaf->authority_pem);
    Span certificate_der = { 0 };
    Span authority_der = { 0 };
    TRY(public_key_to_spki(private_key_public(key), &spki));
    TRY(vaultclient_tls_leaf(
            vault, span_of_buffer(&spki), &memory, &certificate_der, &authority_der));

    CLEANUP(certificate_free) Certificate *certificate = NULL;
    TRY(certificate_from_der(certificate_der, &certificate));
    TRY(certificate_to_pem(certificate, &chain));
    TRY(put_authorities(vault, &authority_pem));
    leaf->authority_pem_size = authority_pem.size;
    leaf->ends_at_us = certificate_not_after_us(certificate);
    leaf->renew_at_us = now_us + (leaf->ends_at_us - now_us) / 2;

    TRY(private_key_to_pem(key, &key_pem));
    const TlsIdentity identity = { span_of_buffer(&chain), span_of_buffer(&key_pem) };
    const Status s = make_contexts(&identity, bank_ca_pem, leaf);
    if (!status_ok(s)) tls_leaf_free(leaf);
    bytes_wipe(key_bytes, sizeof(key_bytes));
    return s;
}

Status tls_leaf_make(VaultClient *vault, int64_t now_us, Span bank_ca_pem, TlsLeaf *ret_leaf)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    TRY(private_key_generate(KEY_P256, &key));
    TlsLeaf leaf = { 0 };
    TRY(certify(vault, key, now_us, bank_ca_pem, &leaf));
    tls_leaf_free(ret_leaf);
    *ret_leaf = leaf;
    return OK;
}

void tls_leaf_free(TlsLeaf *leaf)
{
    if (leaf->context != NULL) tls_context_free(&leaf->context);
    if (leaf->mutual != NULL) tls_context_free(&leaf->mutual);
    if (leaf->client != NULL) tls_context_free(&leaf->client);
    *leaf = (TlsLeaf) { 0 };
}
