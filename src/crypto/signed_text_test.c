/* Goal: a certificate or record that was changed in any byte, cut or lengthened is refused
 * (LL-4.3.9). Method: one text, every bit flipped, every length. */
#include "base/expect.h"
#include "crypto/signed_text.h"

static void test_every_change_is_refused(void)
{
    CLEANUP(private_key_free) PrivateKey *ed25519 = NULL;
    CLEANUP(private_key_free) PrivateKey *sm2 = NULL;
    uint8_t memory[1024];
    Buffer b = BUFFER_OF(memory);
    Span text;
    EXPECT_OK(private_key_generate(KEY_ED25519, &ed25519));
    EXPECT_OK(private_key_generate(KEY_SM2, &sm2));
    EXPECT_OK(buffer_put(&b, SPAN("key: shred 1\n")));
    EXPECT_OK(signed_text_close(ed25519, sm2, &b));
    const PublicKey *keys[2] = { private_key_public(ed25519), private_key_public(sm2) };
    EXPECT_OK(signed_text_verify(keys[0], keys[1], span_of_buffer(&b), &text));
    EXPECT(span_equal(text, SPAN("key: shred 1\n")));
    for (size_t i = 0; i < b.size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            memory[i] ^= (uint8_t)(1 << bit);
            EXPECT(status_refused(signed_text_verify(keys[0], keys[1], span_of_buffer(&b), &text)));
            memory[i] ^= (uint8_t)(1 << bit);
        }
        EXPECT(status_refused(signed_text_verify(keys[0], keys[1], (Span) { memory, i }, &text)));
    }
    EXPECT_OK(buffer_put(&b, SPAN("\n")));
    EXPECT(status_refused(signed_text_verify(keys[0], keys[1], span_of_buffer(&b), &text)));
}

static void test_what_is_no_text(void)
{
    CLEANUP(private_key_free) PrivateKey *ed25519 = NULL;
    CLEANUP(private_key_free) PrivateKey *sm2 = NULL;
    EXPECT_OK(private_key_generate(KEY_ED25519, &ed25519));
    EXPECT_OK(private_key_generate(KEY_SM2, &sm2));
    static const char *const wrong[] = { "", "no end", "a\n-- signed\nb\n", "\xff\n" };
    for (size_t i = 0; i < 4; i++) {
        uint8_t memory[1024];
        Buffer b = BUFFER_OF(memory);
        EXPECT_OK(buffer_put(&b, span_of_text(wrong[i])));
        EXPECT_REFUSED(signed_text_close(ed25519, sm2, &b), REFUSED_SIGNATURE_FORMAT);
    }
}

TESTS(TEST(test_every_change_is_refused), TEST(test_what_is_no_text))
