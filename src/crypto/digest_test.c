#include "crypto/digest.h"

#include "crypto/vector_test.h"

#include <openssl/evp.h>

/* FIPS 180-4 examples (csrc.nist.gov, SHA256.pdf, SHA512.pdf): "abc". */
static void sha2_of_abc(void)
{
    uint8_t d[64];
    sha256(SPAN("abc"), d);
    EXPECT(vector_is("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", d, 32));
    sha512(SPAN("abc"), d);
    EXPECT(vector_is("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            d, 64));
}

/* GB/T 32905-2016 annex A, both examples. */
static void sm3_of_the_standard(void)
{
    uint8_t d[32];
    sm3(SPAN("abc"), d);
    EXPECT(vector_is("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", d, 32));
    sm3(SPAN("abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd"), d);
    EXPECT(vector_is("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732", d, 32));
}

/* Every length around three blocks, in two pieces cut anywhere: the same as libcrypto's. */
static void sm3_equals_libcrypto(void)
{
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        uint8_t theirs[EVP_MAX_MD_SIZE];
        EXPECT(EVP_Digest(bytes, size, theirs, NULL, EVP_sm3(), NULL) == 1);
        for (size_t cut = 0; cut <= size; cut += 13) {
            const Span parts[] = { { bytes, cut }, { bytes + cut, size - cut } };
            uint8_t ours[32];
            digest_parts(DIGEST_SM3, parts, 2, ours);
            EXPECT(bytes_equal_ct(ours, theirs, 32));
        }
    }
}

static void a_copied_state_goes_its_own_way(void)
{
    for (int a = DIGEST_SHA256; a <= DIGEST_SHA512; a++) {
        const DigestAlgorithm algorithm = (DigestAlgorithm)a;
        DigestState first;
        digest_begin(&first, algorithm);
        digest_update(&first, SPAN("a"));
        DigestState second = first;
        digest_update(&first, SPAN("bc"));
        digest_update(&second, SPAN("xy"));
        uint8_t d1[64], d2[64], wanted[64];
        digest_end(&second, d2);
        digest_end(&first, d1);
        const Span whole = SPAN("abc");
        digest_parts(algorithm, &whole, 1, wanted);
        EXPECT(bytes_equal_ct(d1, wanted, digest_bytes(algorithm)));
        EXPECT(!bytes_equal_ct(d2, wanted, digest_bytes(algorithm)));
    }
}

static void the_end_wipes(void)
{
    DigestState state;
    digest_begin(&state, DIGEST_SM3);
    digest_update(&state, SPAN("secret"));
    uint8_t d[32];
    digest_end(&state, d);
    const DigestState zeros = { 0 };
    EXPECT(bytes_equal_ct(&state.opaque, &zeros.opaque, sizeof(zeros.opaque)));
}

TESTS(TEST(sha2_of_abc), TEST(sm3_of_the_standard), TEST(sm3_equals_libcrypto),
        TEST(a_copied_state_goes_its_own_way), TEST(the_end_wipes))
