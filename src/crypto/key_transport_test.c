/* Goal: a secret comes out with the one private key and no other, unchanged or not at all (TP-7).
 * Method: both algorithms; every byte of the cipher changed; another's key; sizes out of range. */
#include "crypto/key_transport.h"

#include "base/expect.h"

#define SECRET "abcdefghijklmnopqrstuvwxyz012345"

static const KeyAlgorithm algorithms[] = { KEY_RSA, KEY_SM2 };

static void it_opens_for_its_holder_alone(void)
{
    for (size_t a = 0; a < 2; a++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        CLEANUP(private_key_free) PrivateKey *other = NULL;
        uint8_t bytes[KEY_TRANSPORT_BYTES_MAX];
        uint8_t back[KEY_TRANSPORT_BYTES_MAX];
        Buffer cipher = BUFFER_OF(bytes);
        Buffer plain = BUFFER_OF(back);
        EXPECT_OK(private_key_generate(algorithms[a], &key));
        EXPECT_OK(private_key_generate(algorithms[a], &other));
        EXPECT_OK(key_transport_close(private_key_public(key), SPAN(SECRET), &cipher));
        EXPECT_OK(key_transport_open(key, span_of_buffer(&cipher), &plain));
        EXPECT(span_equal(span_of_buffer(&plain), SPAN(SECRET)));
        EXPECT_REFUSED(
                key_transport_open(other, span_of_buffer(&cipher), &plain), REFUSED_BOX_TAMPERED);
        for (size_t i = 0; i < cipher.size; i++) {
            bytes[i] ^= 1;
            EXPECT(status_refused(key_transport_open(key, span_of_buffer(&cipher), &plain)));
            bytes[i] ^= 1;
        }
        EXPECT_REFUSED(key_transport_open(key, (Span) { bytes, cipher.size - 1 }, &plain),
                REFUSED_BOX_TAMPERED);
        EXPECT_REFUSED(key_transport_open(key, SPAN(""), &plain), REFUSED_BOX_TAMPERED);
        EXPECT(plain.size == 32);
    }
}

static void what_does_not_fit_is_refused(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(private_key_free) PrivateKey *p256 = NULL;
    uint8_t bytes[KEY_TRANSPORT_BYTES_MAX];
    uint8_t plain[KEY_TRANSPORT_PLAIN_BYTES_MAX + 1] = { 1 };
    Buffer cipher = BUFFER_OF(bytes);
    EXPECT_OK(private_key_generate(KEY_SM2, &key));
    EXPECT_OK(private_key_generate(KEY_P256, &p256));
    EXPECT_REFUSED(key_transport_close(private_key_public(key), SPAN_OF(plain), &cipher),
            REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(
            key_transport_close(private_key_public(key), SPAN(""), &cipher), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(key_transport_close(private_key_public(p256), SPAN(SECRET), &cipher),
            REFUSED_KEY_FORMAT);
    EXPECT(cipher.size == 0);
}

TESTS(TEST(it_opens_for_its_holder_alone), TEST(what_does_not_fit_is_refused))
