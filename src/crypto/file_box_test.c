/* Goal: a file for one receiver opens with that receiver's key alone, whole and unchanged (TP-17).
 * Method: both suites; every byte changed, every length, another key, parts of two files mixed. */
#include "base/expect.h"
#include "crypto/file_box.h"

static uint8_t file_bytes[4096];
static uint8_t plain_bytes[4096];

static BoxContext context(void)
{
    return (BoxContext) { .data_class = 1,
        .expiry_us = 7,
        .tenant = SPAN("hufu"),
        .order = SPAN("form-1"),
        .payee = SPAN("court") };
}

static Buffer seal(const PrivateKey *key, Span plain)
{
    const Random random = random_system();
    const BoxContext said = context();
    Buffer file = BUFFER_OF(file_bytes);
    ASSERT(status_ok(file_box_seal(private_key_public(key), &random, &said, plain, &file)));
    return file;
}

static void test_it_opens_for_its_receiver(void)
{
    static const KeyAlgorithm algorithms[] = { KEY_P256, KEY_SM2 };
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        CLEANUP(private_key_free) PrivateKey *other = NULL;
        Buffer plain = BUFFER_OF(plain_bytes);
        BoxContext said;
        EXPECT_OK(private_key_generate(algorithms[i], &key));
        EXPECT_OK(private_key_generate(algorithms[i], &other));
        const Buffer file = seal(key, SPAN("a,b\r\n1,2\r\n"));
        EXPECT_OK(file_box_open(key, span_of_buffer(&file), &said, &plain));
        EXPECT(span_equal(span_of_buffer(&plain), SPAN("a,b\r\n1,2\r\n")));
        EXPECT(span_equal(said.payee, SPAN("court")) && said.expiry_us == 7);
        plain.size = 0;
        EXPECT_REFUSED(
                file_box_open(other, span_of_buffer(&file), &said, &plain), REFUSED_BOX_TAMPERED);
    }
}

static void test_every_change_is_refused(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    Buffer plain = BUFFER_OF(plain_bytes);
    BoxContext said;
    EXPECT_OK(private_key_generate(KEY_P256, &key));
    const Buffer file = seal(key, SPAN("content"));
    for (size_t i = 0; i < file.size; i++) {
        file_bytes[i] ^= 0x10;
        EXPECT(status_refused(file_box_open(key, span_of_buffer(&file), &said, &plain)));
        file_bytes[i] ^= 0x10;
        EXPECT(status_refused(file_box_open(key, (Span) { file_bytes, i }, &said, &plain)));
    }
    EXPECT(plain.size == 0);
}

/* The key of one file beside the content of another. */
static void test_parts_do_not_mix(void)
{
    static uint8_t first[4096];
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    Buffer plain = BUFFER_OF(plain_bytes);
    BoxContext said;
    EXPECT_OK(private_key_generate(KEY_P256, &key));
    const Buffer one = seal(key, SPAN("content 1"));
    memcpy(first, file_bytes, one.size);
    const Buffer two = seal(key, SPAN("content 2"));
    EXPECT(one.size == two.size);
    const size_t tail = 12 + 4 + 9 + 16;
    memcpy(file_bytes + two.size - tail, first + one.size - tail, tail);
    EXPECT_REFUSED(file_box_open(key, span_of_buffer(&two), &said, &plain), REFUSED_AEAD_TAMPERED);
}

TESTS(TEST(test_it_opens_for_its_receiver), TEST(test_every_change_is_refused),
        TEST(test_parts_do_not_mix))
