/* Goal: old ciphertext opens once more, its weak keys are refused by name, and nothing malformed
 * gets through (TP-13). Method: ciphertext of the openssl command; each size, padding and kind of
 * weak key in turn. */
#include "crypto/legacy_cipher.h"

#include "crypto/vector_test.h"

static const struct {
    LegacyCipher cipher;
    const char *key, *iv, *sealed;
} rows[] = {
    /* printf 6222021234567894 | openssl enc -<cipher> -K <key> -iv <iv> */
    { LEGACY_CIPHER_3DES_CBC, "0123456789abcdef23456789abcdef01456789abcdef0123",
            "0011223344556677", "402dda16e8907939af6529b24444b50746efade371000437" },
    { LEGACY_CIPHER_3DES_ECB, "0123456789abcdef23456789abcdef01456789abcdef0123", "",
            "cb811fbc5fe6a26052b7e84e99d53188832846b52f9e213d" },
    { LEGACY_CIPHER_AES_128_CBC, "00112233445566778899aabbccddeeff",
            "000102030405060708090a0b0c0d0e0f",
            "eac23c51ce5413b9ff23505662e119103666515900cd132511cdf10cd854febe" },
    { LEGACY_CIPHER_AES_128_ECB, "00112233445566778899aabbccddeeff", "",
            "7282d9eb9e54884c32009d8be0707f4400657ea140655a44782747705d422fad" },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void old_ciphertext_opens(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        const Vector key = vector(rows[i].key);
        const Vector iv = vector(rows[i].iv);
        const Vector sealed = vector(rows[i].sealed);
        uint8_t memory[64];
        Buffer plain = BUFFER_OF(memory);
        EXPECT_OK(legacy_cipher_check_key(rows[i].cipher, vector_span(&key)));
        EXPECT_OK(legacy_cipher_open(
                rows[i].cipher, vector_span(&key), vector_span(&iv), vector_span(&sealed), &plain));
        EXPECT(span_equal(span_of_buffer(&plain), SPAN("6222021234567894")));
    }
}

static void malformed_ciphertext_is_refused(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        const Vector key = vector(rows[i].key);
        const Vector iv = vector(rows[i].iv);
        Vector sealed = vector(rows[i].sealed);
        uint8_t memory[64];
        Buffer plain = BUFFER_OF(memory);
        const size_t block = legacy_cipher_block_bytes(rows[i].cipher);
        for (size_t size = 0; size < sealed.size; size++) {
            if (size > 0 && size % block == 0) continue;
            EXPECT_REFUSED(legacy_cipher_open(rows[i].cipher, vector_span(&key), vector_span(&iv),
                                   (Span) { sealed.bytes, size }, &plain),
                    REFUSED_LEGACY_FORMAT);
        }
        sealed.bytes[sealed.size - 1] ^= 1; /* the padding is gone */
        EXPECT_REFUSED(legacy_cipher_open(rows[i].cipher, vector_span(&key), vector_span(&iv),
                               vector_span(&sealed), &plain),
                REFUSED_LEGACY_FORMAT);
        sealed.bytes[sealed.size - 1] ^= 1;
        EXPECT_REFUSED(legacy_cipher_open(rows[i].cipher, vector_span(&key), SPAN("123"),
                               vector_span(&sealed), &plain),
                REFUSED_LEGACY_FORMAT);
        EXPECT_REFUSED(legacy_cipher_open(rows[i].cipher, SPAN("short"), vector_span(&iv),
                               vector_span(&sealed), &plain),
                REFUSED_LEGACY_FORMAT);
        EXPECT_REFUSED(legacy_cipher_open((LegacyCipher)9, vector_span(&key), vector_span(&iv),
                               vector_span(&sealed), &plain),
                REFUSED_LEGACY_FORMAT);
        EXPECT(plain.size == 0);
        Buffer tight = { memory, 0, 15 };
        EXPECT_REFUSED(legacy_cipher_open(rows[i].cipher, vector_span(&key), vector_span(&iv),
                               vector_span(&sealed), &tight),
                REFUSED_BUFFER_FULL);
    }
}

static void weak_keys_are_refused(void)
{
    static const char *const weak_3des[] = {
        "0123456789abcdef0123456789abcdef456789abcdef0123", /* one and two */
        "0123456789abcdef456789abcdef0123456789abcdef0123", /* two and three */
        "0123456789abcdef23456789abcdef010123456789abcdef", /* one and three: 112 bits, no more */
        "0123456789abcdef0022446688aacdee456789abcdef0123", /* equal but for parity */
        "", /* none */
        "010101010101010123456789abcdef01456789abcdef0123", /* weak */
        "0123456789abcdef01fe01fe01fe01fe456789abcdef0123", /* semi-weak */
        "303132333031323330313233303132333031323330313233",
        "000000000000000000000000000000000000000000000000",
        "0123456789abcdef23456789abcdef01", /* two keys only */
    };
    for (size_t i = 0; i < sizeof(weak_3des) / sizeof(weak_3des[0]); i++) {
        const Vector key = vector(weak_3des[i]);
        EXPECT_REFUSED(legacy_cipher_check_key(LEGACY_CIPHER_3DES_CBC, vector_span(&key)),
                REFUSED_LEGACY_KEY_WEAK);
    }
    static const char *const weak_aes[] = { "", "00000000000000000000000000000000",
        "61626364616263646162636461626364", "00112233445566778899aabbccddee" };
    for (size_t i = 0; i < sizeof(weak_aes) / sizeof(weak_aes[0]); i++) {
        const Vector key = vector(weak_aes[i]);
        EXPECT_REFUSED(legacy_cipher_check_key(LEGACY_CIPHER_AES_128_ECB, vector_span(&key)),
                REFUSED_LEGACY_KEY_WEAK);
    }
    const Vector good = vector("00112233445566778899aabbccddeeff");
    EXPECT_REFUSED(
            legacy_cipher_check_key((LegacyCipher)7, vector_span(&good)), REFUSED_LEGACY_KEY_WEAK);
}

TESTS(TEST(old_ciphertext_opens), TEST(malformed_ciphertext_is_refused),
        TEST(weak_keys_are_refused))
