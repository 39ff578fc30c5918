/* Any bytes as a DER signature: what is taken is exactly what we would write, and libcrypto reads
 * the same two numbers. */
#include "crypto/sign.h"

#include <openssl/bn.h>
#include <openssl/ec.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare_with_libcrypto(Span der, const uint8_t r[32], const uint8_t s[32])
{
    const uint8_t *at = der.data;
    ECDSA_SIG *theirs = d2i_ECDSA_SIG(NULL, &at, (long)der.size);
    ASSERT(theirs != NULL && at == der.data + der.size);
    uint8_t number[32];
    ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(theirs), number, 32) == 32);
    ASSERT(bytes_equal_ct(number, r, 32));
    ASSERT(BN_bn2binpad(ECDSA_SIG_get0_s(theirs), number, 32) == 32);
    ASSERT(bytes_equal_ct(number, s, 32));
    ECDSA_SIG_free(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const KeyAlgorithm curves[] = { KEY_SM2, KEY_P256 };
    for (size_t i = 0; i < 2; i++) {
        uint8_t r[32], s[32], bytes[SIGN_DER_BYTES_MAX];
        if (!status_ok(sign_der_parse(curves[i], (Span) { data, size }, r, s))) continue;
        Buffer again = BUFFER_OF(bytes);
        ASSERT(status_ok(sign_der_write(r, s, &again)));
        ASSERT(span_equal(span_of_buffer(&again), (Span) { data, size }));
        compare_with_libcrypto((Span) { data, size }, r, s);
    }
    return 0;
}
