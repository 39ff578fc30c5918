/* A sealed field opens in its own place alone (TP-13). */
#include "crypto/seal.h"

#include "crypto/vector_test.h"

static const uint8_t key_bytes[SEAL_KEY_BYTES] = { 1, 2, 3, 4, 5 };

static SealKey key_of(SealSuite suite)
{
    SealKey key;
    seal_key_init(&key, suite, 7, 3, key_bytes);
    return key;
}

/* The format is stored for ten years: bytes made by an independent implementation in Python
 * (hmac, and AESGCM of pyca/cryptography) with key 01..20, record id 00..1f, key id 7, version 3.
 */
static void the_format_is_fixed(void)
{
    uint8_t key_from_one[SEAL_KEY_BYTES];
    for (size_t i = 0; i < sizeof(key_from_one); i++)
        key_from_one[i] = (uint8_t)(i + 1);
    SealKey key;
    seal_key_init(&key, SEAL_AES_256_GCM, 7, 3, key_from_one);
    const Vector sealed = vector("48465346010100000007000000030001020304050607"
                                 "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f8c1b7f77aa9116c4"
                                 "f99ebe9659a0ac8788b1e5e6816f3f22af6de01f3b8fe0415fea00"
                                 "c6129045e24faee91710b3468396df36");
    uint8_t back[64];
    Buffer opened = BUFFER_OF(back);
    EXPECT_OK(seal_open(&key, SPAN("card.pan/17"), vector_span(&sealed), &opened));
    EXPECT(span_equal(span_of_buffer(&opened), SPAN("6222020200001234567")));
}

/* A dealer of fixed record ids, for the SM suite's derivation (commitment) by the same program. */
static Status counting_fill(void *context, uint8_t *ret_bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ret_bytes[i] = (uint8_t)i;
    return OK;
}

static void the_sm_derivation_is_fixed(void)
{
    const Random counting = { counting_fill, NULL };
    uint8_t key_from_one[SEAL_KEY_BYTES], bytes[100];
    for (size_t i = 0; i < sizeof(key_from_one); i++)
        key_from_one[i] = (uint8_t)(i + 1);
    SealKey key;
    seal_key_init(&key, SEAL_SM4_GCM, 7, 3, key_from_one);
    Buffer out = BUFFER_OF(bytes);
    EXPECT_OK(seal_close(&key, &counting, SPAN("p"), SPAN("x"), &out));
    EXPECT(vector_is("f5fb93e5784a021e01ba9586b6e2cc90", bytes + out.size - 16, 16));
}

static void what_is_closed_opens(void)
{
    const Random random = random_system();
    for (int s = SEAL_AES_256_GCM; s <= SEAL_SM4_GCM; s++) {
        const SealKey key = key_of((SealSuite)s);
        static uint8_t sealed[SEAL_OVERHEAD_BYTES + SEAL_PLAIN_BYTES_MAX];
        static uint8_t plain[SEAL_PLAIN_BYTES_MAX], back[SEAL_PLAIN_BYTES_MAX];
        memset(plain, 0x41, sizeof(plain));
        const size_t sizes[] = { 0, 1, 15, 16, 17, 511, 512, 513, SEAL_PLAIN_BYTES_MAX };
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            Buffer out = BUFFER_OF(sealed), opened = BUFFER_OF(back);
            const Span text = { plain, sizes[i] };
            EXPECT_OK(seal_close(&key, &random, SPAN("card.pan/17"), text, &out));
            EXPECT(out.size == sizes[i] + SEAL_OVERHEAD_BYTES);
            EXPECT_OK(seal_open(&key, SPAN("card.pan/17"), span_of_buffer(&out), &opened));
            EXPECT(span_equal(span_of_buffer(&opened), text));
        }
    }
}

static void the_header_names_the_key(void)
{
    const Random random = random_system();
    const SealKey key = key_of(SEAL_SM4_GCM);
    uint8_t bytes[200];
    Buffer out = BUFFER_OF(bytes);
    EXPECT_OK(seal_close(&key, &random, SPAN("place"), SPAN("x"), &out));
    SealHeader header = { 0 };
    EXPECT_OK(seal_parse(span_of_buffer(&out), &header));
    EXPECT(header.suite == SEAL_SM4_GCM && header.key_id == 7 && header.key_version == 3);
    EXPECT(bytes_equal_ct(bytes, "HFSF\x01\x02\0\0\0\x07\0\0\0\x03", 14)); /* the format is fixed */
}

/* Each bit of the sealed bytes, each cut, one byte more: refused, nothing written. */
static void every_flipped_bit_is_refused(void)
{
    const Random random = random_system();
    for (int s = SEAL_AES_256_GCM; s <= SEAL_SM4_GCM; s++) {
        const SealKey key = key_of((SealSuite)s);
        uint8_t bytes[200], back[200];
        Buffer out = BUFFER_OF(bytes), opened = BUFFER_OF(back);
        EXPECT_OK(seal_close(&key, &random, SPAN("place"), SPAN("6222020200001234567"), &out));
        for (size_t bit = 0; bit < out.size * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            EXPECT(status_refused(seal_open(&key, SPAN("place"), span_of_buffer(&out), &opened)));
            EXPECT(opened.size == 0);
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t size = 0; size < out.size; size++)
            EXPECT(status_refused(seal_open(&key, SPAN("place"), (Span) { bytes, size }, &opened)));
        bytes[out.size] = 0;
        EXPECT_REFUSED(seal_open(&key, SPAN("place"), (Span) { bytes, out.size + 1 }, &opened),
                REFUSED_SEAL_TAMPERED);
        EXPECT_OK(seal_open(&key, SPAN("place"), span_of_buffer(&out), &opened));
    }
}

static void another_place_or_key_is_refused(void)
{
    const Random random = random_system();
    const SealKey key = key_of(SEAL_AES_256_GCM);
    uint8_t bytes[200], back[200], other_bytes[SEAL_KEY_BYTES] = { 9 };
    Buffer out = BUFFER_OF(bytes), opened = BUFFER_OF(back);
    EXPECT_OK(seal_close(&key, &random, SPAN("row/1"), SPAN("x"), &out));
    const Span sealed = span_of_buffer(&out);
    EXPECT_REFUSED(seal_open(&key, SPAN("row/2"), sealed, &opened), REFUSED_SEAL_TAMPERED);
    EXPECT_REFUSED(seal_open(&key, SPAN("row/"), sealed, &opened), REFUSED_SEAL_TAMPERED);
    SealKey other;
    seal_key_init(&other, SEAL_AES_256_GCM, 7, 3, other_bytes);
    EXPECT_REFUSED(seal_open(&other, SPAN("row/1"), sealed, &opened), REFUSED_SEAL_TAMPERED);
    seal_key_init(&other, SEAL_AES_256_GCM, 8, 3, key_bytes);
    EXPECT_REFUSED(seal_open(&other, SPAN("row/1"), sealed, &opened), REFUSED_SEAL_FORMAT);
    seal_key_init(&other, SEAL_AES_256_GCM, 7, 4, key_bytes);
    EXPECT_REFUSED(seal_open(&other, SPAN("row/1"), sealed, &opened), REFUSED_SEAL_FORMAT);
    other = key_of(SEAL_SM4_GCM);
    EXPECT_REFUSED(seal_open(&other, SPAN("row/1"), sealed, &opened), REFUSED_SEAL_FORMAT);
}

static void sizes_have_limits(void)
{
    const Random random = random_system();
    const SealKey key = key_of(SEAL_AES_256_GCM);
    static uint8_t large[SEAL_PLAIN_BYTES_MAX + 1], bytes[SEAL_PLAIN_BYTES_MAX + 100];
    Buffer out = BUFFER_OF(bytes);
    EXPECT_REFUSED(seal_close(&key, &random, SPAN("p"), SPAN_OF(large), &out), REFUSED_SEAL_SIZE);
    EXPECT_REFUSED(seal_close(&key, &random, (Span) { 0 }, SPAN("x"), &out), REFUSED_SEAL_SIZE);
    const Span long_place = { large, SEAL_PLACE_BYTES_MAX + 1 };
    EXPECT_REFUSED(seal_close(&key, &random, long_place, SPAN("x"), &out), REFUSED_SEAL_SIZE);
    Buffer small = { bytes, 0, SEAL_OVERHEAD_BYTES };
    EXPECT_REFUSED(seal_close(&key, &random, SPAN("p"), SPAN("x"), &small), REFUSED_BUFFER_FULL);
    EXPECT(small.size == 0 && out.size == 0);
}

/* The same field sealed twice shares nothing but the header. */
static void equal_fields_look_different(void)
{
    const Random random = random_system();
    const SealKey key = key_of(SEAL_AES_256_GCM);
    uint8_t a[100], b[100];
    Buffer x = BUFFER_OF(a), y = BUFFER_OF(b);
    EXPECT_OK(seal_close(&key, &random, SPAN("p"), SPAN("12345678"), &x));
    EXPECT_OK(seal_close(&key, &random, SPAN("p"), SPAN("12345678"), &y));
    EXPECT(!bytes_equal_ct(a + 14, b + 14, 32));
    EXPECT(!bytes_equal_ct(a + SEAL_HEADER_BYTES, b + SEAL_HEADER_BYTES, 8));
    EXPECT(!bytes_equal_ct(a + x.size - 16, b + y.size - 16, 16));
}

TESTS(TEST(the_format_is_fixed), TEST(the_sm_derivation_is_fixed), TEST(what_is_closed_opens),
        TEST(the_header_names_the_key), TEST(every_flipped_bit_is_refused),
        TEST(another_place_or_key_is_refused), TEST(sizes_have_limits),
        TEST(equal_fields_look_different))
