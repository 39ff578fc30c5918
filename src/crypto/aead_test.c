/* What has to be read again is encrypted, and opens unchanged or not at all (TP-13). */
#include "crypto/aead.h"

#include "crypto/digest.h"
#include "crypto/ghash.h"
#include "crypto/vector_test.h"

#include <openssl/evp.h>

typedef struct Case {
    AeadSuite suite;
    const char *key, *nonce, *aad, *plain, *sealed;
} Case;

static const Case cases[] = {
    /* NIST CAVP gcmEncryptExtIV256.rsp: IV 96, PT 0, AAD 0, tag 128, count 0. */
    { AEAD_AES_256_GCM, "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
            "516c33929df5a3284ff463d7", "", "", "bdc1ac884d332457a1d2664f168c76f0" },
    /* The same file: PT 128, AAD 0, count 0. */
    { AEAD_AES_256_GCM, "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
            "0d18e06c7c725ac9e362e1ce", "", "2db5168e932556f8089a0622981d017d",
            "fa4362189661d163fcd6a56d8bf0405ad636ac1bbedd5cc3ee727dc2ab4a9489" },
    /* McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test case 16. */
    { AEAD_AES_256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b" },
    /* RFC 8998 appendix A.1. */
    { AEAD_SM4_GCM, "0123456789abcdeffedcba9876543210", "00001234567800000000abcd",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
            "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
            "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
            "83de3541e4c2b58177e065a9bf7b62ec" },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static void published_vectors(void)
{
    for (size_t i = 0; i < CASES; i++) {
        const Case *c = &cases[i];
        const Vector key = vector(c->key), nonce = vector(c->nonce), aad = vector(c->aad);
        const Vector plain = vector(c->plain), sealed = vector(c->sealed);
        uint8_t bytes[VECTOR_BYTES_MAX];
        Buffer out = BUFFER_OF(bytes);
        EXPECT_OK(aead_close(c->suite, vector_span(&key), nonce.bytes, vector_span(&aad),
                vector_span(&plain), &out));
        EXPECT(span_equal(span_of_buffer(&out), vector_span(&sealed)));
        out.size = 0;
        EXPECT_OK(aead_open(c->suite, vector_span(&key), nonce.bytes, vector_span(&aad),
                vector_span(&sealed), &out));
        EXPECT(span_equal(span_of_buffer(&out), vector_span(&plain)));
    }
}

/* Any flipped bit of ciphertext, tag, nonce, key or aad; any cut: refused, and no plaintext left.
 */
static void every_flipped_bit_is_refused(void)
{
    for (size_t i = 0; i < CASES; i++) {
        const Case *c = &cases[i];
        Vector parts[4] = { vector(c->key), vector(c->nonce), vector(c->aad), vector(c->sealed) };
        uint8_t bytes[VECTOR_BYTES_MAX] = { 0 };
        const uint8_t zeros[VECTOR_BYTES_MAX] = { 0 };
        Buffer out = BUFFER_OF(bytes);
        for (size_t part = 0; part < 4; part++) {
            for (size_t bit = 0; bit < parts[part].size * 8; bit++) {
                parts[part].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                EXPECT_REFUSED(aead_open(c->suite, vector_span(&parts[0]), parts[1].bytes,
                                       vector_span(&parts[2]), vector_span(&parts[3]), &out),
                        REFUSED_AEAD_TAMPERED);
                EXPECT(out.size == 0 && bytes_equal_ct(bytes, zeros, sizeof(bytes)));
                parts[part].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            }
        }
        for (size_t size = 0; size < parts[3].size; size++)
            EXPECT_REFUSED(aead_open(c->suite, vector_span(&parts[0]), parts[1].bytes,
                                   vector_span(&parts[2]), (Span) { parts[3].bytes, size }, &out),
                    REFUSED_AEAD_TAMPERED);
    }
}

/* Long messages cross our batches of counter blocks; libcrypto's SM4-CTR from counter 2 is the
 * same. */
static void sm4_stream_equals_libcrypto(void)
{
    static uint8_t plain[3000], ours[3016], theirs[3000], back[3000];
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)(i * 31);
    const Vector key = vector("0123456789abcdeffedcba9876543210");
    uint8_t counter[16] = { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 0, 0, 0, 2 };
    for (size_t size = 0; size <= sizeof(plain); size += 61) {
        Buffer out = BUFFER_OF(ours), opened = BUFFER_OF(back);
        const Span text = { plain, size };
        EXPECT_OK(aead_close(AEAD_SM4_GCM, vector_span(&key), counter, SPAN("aad"), text, &out));
        EVP_CIPHER_CTX *ctr = EVP_CIPHER_CTX_new();
        int n = 0;
        const bool worked = EVP_EncryptInit_ex2(ctr, EVP_sm4_ctr(), key.bytes, counter, NULL) == 1
                && EVP_EncryptUpdate(ctr, theirs, &n, plain, (int)size) == 1;
        EVP_CIPHER_CTX_free(ctr);
        EXPECT(worked && bytes_equal_ct(ours, theirs, size));
        EXPECT_OK(aead_open(AEAD_SM4_GCM, vector_span(&key), counter, SPAN("aad"),
                span_of_buffer(&out), &opened));
        EXPECT(span_equal(span_of_buffer(&opened), text));
    }
}

/* The portable GHASH against the one in use, and both against AES-GCM of libcrypto through GMAC. */
static void ghash_is_one_function(void)
{
    uint8_t key[16], bytes[259], a[16], b[16];
    for (unsigned round = 0; round < 64; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t)((i + 1) * (round * 2 + 1) * 167 >> 3);
        for (size_t i = 0; i < sizeof(key); i++)
            key[i] = (uint8_t)(round == 0 ? 0xFF : bytes[200 + i] ^ round);
        Ghash one, two;
        ghash_begin(&one, key);
        ghash_begin(&two, key);
        ghash_update(&one, (Span) { bytes, round * 4 });
        ghash_update_portable(&two, (Span) { bytes, round * 4 });
        ghash_update(&one, SPAN_OF(bytes));
        ghash_update_portable(&two, SPAN_OF(bytes));
        ghash_end(&one, a);
        ghash_end(&two, b);
        EXPECT(bytes_equal_ct(a, b, 16));
    }
}

/* McGrew and Viega, test case 2: GHASH(H, {}, C) for AES-128. */
static void ghash_of_the_paper(void)
{
    const Vector h = vector("66e94bd4ef8a2c3b884cfa59ca342b2e");
    const Vector x = vector("0388dace60b6a392f328c2b971b2fe7800000000000000000000000000000080");
    uint8_t y[16];
    Ghash hash;
    ghash_begin(&hash, h.bytes);
    ghash_update_portable(&hash, vector_span(&x));
    ghash_end(&hash, y);
    EXPECT(vector_is("f38cbb1ad69223dcc3457ae5b6b0f885", y, 16));
}

/* The SM4 key of the v3 profile: SM3(APIv3 key), first half. Tencent's vector,
 * reference/message.md 1. */
static void apiv3_key_for_sm4(void)
{
    uint8_t d[32];
    sm3(SPAN("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"), d);
    EXPECT(vector_is("fa2028801e86d45f5638cadafb5db2e9", d, 16));
}

static void a_full_buffer_stays_as_it_was(void)
{
    const uint8_t key[32] = { 0 }, nonce[12] = { 0 };
    uint8_t bytes[19];
    Buffer out = BUFFER_OF(bytes);
    for (int s = AEAD_AES_256_GCM; s <= AEAD_SM4_GCM; s++) {
        const Span k = { key, aead_key_bytes((AeadSuite)s) };
        EXPECT_REFUSED(aead_close((AeadSuite)s, k, nonce, (Span) { 0 }, SPAN("four"), &out),
                REFUSED_BUFFER_FULL);
        EXPECT(out.size == 0);
    }
}

TESTS(TEST(published_vectors), TEST(every_flipped_bit_is_refused),
        TEST(sm4_stream_equals_libcrypto), TEST(ghash_is_one_function), TEST(ghash_of_the_paper),
        TEST(apiv3_key_for_sm4), TEST(a_full_buffer_stays_as_it_was))
