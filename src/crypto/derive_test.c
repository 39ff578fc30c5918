#include "crypto/derive.h"

#include "crypto/vector_test.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* RFC 5869 appendix A.1 and A.3 (no salt, no info). */
static void rfc_5869(void)
{
    uint8_t material[22], out[42];
    memset(material, 0x0B, sizeof(material));
    const Vector salt = vector("000102030405060708090a0b0c");
    const Vector info = vector("f0f1f2f3f4f5f6f7f8f9");
    uint8_t prk[32];
    derive_extract(MAC_HMAC_SHA256, vector_span(&salt), SPAN_OF(material), prk);
    EXPECT(vector_is("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", prk, 32));
    derive_hkdf(
            MAC_HMAC_SHA256, vector_span(&salt), SPAN_OF(material), vector_span(&info), out, 42);
    EXPECT(vector_is("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                     "34007208d5b887185865",
            out, 42));
    derive_hkdf(MAC_HMAC_SHA256, (Span) { 0 }, SPAN_OF(material), (Span) { 0 }, out, 42);
    EXPECT(vector_is("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                     "9d201395faa4b61a96c8",
            out, 42));
}

/* HKDF-SM3 against libcrypto's HKDF with digest SM3, up to the longest output. */
static void sm3_equals_libcrypto(void)
{
    static uint8_t ours[DERIVE_BYTES_MAX], theirs[DERIVE_BYTES_MAX];
    char digest[] = "SM3", key[] = "key material", salt[] = "salt", info[] = "info";
    const OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(
                                              OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, strlen(key)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, strlen(salt)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, strlen(info)),
        OSSL_PARAM_construct_end() };
    const size_t sizes[] = { 1, 31, 32, 33, 64, 100, DERIVE_BYTES_MAX };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    bool same = kdf != NULL;
    for (size_t i = 0; same && i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
        same = EVP_KDF_derive(context, theirs, sizes[i], parameters) == 1;
        EVP_KDF_CTX_free(context);
        derive_hkdf(MAC_HMAC_SM3, SPAN("salt"), SPAN("key material"), SPAN("info"), ours, sizes[i]);
        same = same && bytes_equal_ct(ours, theirs, sizes[i]);
    }
    EVP_KDF_free(kdf);
    EXPECT(same);
}

TESTS(TEST(rfc_5869), TEST(sm3_equals_libcrypto))
