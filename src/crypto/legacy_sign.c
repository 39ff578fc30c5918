#include "crypto/legacy_sign.h"

#include "base/encoding.h"
#include "crypto/key_inside.h"
#include "crypto/legacy_digest.h"

#include <openssl/rsa.h>

static void context_free(EVP_PKEY_CTX **context) { EVP_PKEY_CTX_free(*context); }

Status legacy_md5_hex_verify_only(Span message, Buffer *ret_text)
{
    uint8_t digest[LEGACY_MD5_BYTES];
    legacy_md5_verify_only(&message, 1, digest);
    return hex_encode(SPAN_OF(digest), ret_text);
}

Status legacy_md5_rsa_verify_only(const PublicKey *key, Span message, Span signature)
{
    REQUIRE(key->algorithm == KEY_RSA, REFUSED_KEY_FORMAT);
    REQUIRE(signature.size == (size_t)EVP_PKEY_get_size(key->pkey), REFUSED_SIGNATURE_FORMAT);
    uint8_t digest[LEGACY_MD5_BYTES];
    legacy_md5_verify_only(&message, 1, digest);
    CLEANUP(context_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    CHECK(context != NULL, FAULT_MEMORY);
    LIBRARY_CHECK(EVP_PKEY_verify_init(context) == 1);
    LIBRARY_CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1);
    LIBRARY_CHECK(EVP_PKEY_CTX_set_signature_md(context, EVP_md5()) == 1);
    LIBRARY_REQUIRE(
            EVP_PKEY_verify(context, signature.data, signature.size, digest, sizeof(digest)) == 1,
            REFUSED_SIGNATURE_INVALID);
    return OK;
}
