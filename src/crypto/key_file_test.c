/* Goal: a private key file opens with its passphrase alone, and is what openssl reads and writes
 * (TP-10, LL-4.5.2). Method: each algorithm there and back; a file made with openssl; wrong
 * passphrases; a file changed all along. */
#define _GNU_SOURCE
#include "crypto/key_file.h"

#include "base/expect.h"

#include <string.h>

#define PASSPHRASE "correct horse battery"

static void test_keys_come_back(void)
{
    static const KeyAlgorithm algorithms[] = { KEY_ED25519, KEY_P256, KEY_SM2 };
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        CLEANUP(private_key_free) PrivateKey *again = NULL;
        uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
        uint8_t first[32];
        uint8_t second[32];
        Buffer pem = BUFFER_OF(memory);
        EXPECT_OK(private_key_generate(algorithms[i], &key));
        EXPECT_OK(key_file_write(key, SPAN(PASSPHRASE), &pem));
        EXPECT(key_file_is_encrypted(span_of_buffer(&pem)));
        EXPECT_REFUSED(private_key_from_pem(span_of_buffer(&pem), &again), REFUSED_KEY_FORMAT);
        EXPECT_REFUSED(key_file_open(span_of_buffer(&pem), SPAN("correct horse batterz"), &again),
                REFUSED_KEY_PASSPHRASE);
        EXPECT_REFUSED(
                key_file_open(span_of_buffer(&pem), SPAN(""), &again), REFUSED_KEY_PASSPHRASE);
        EXPECT_OK(key_file_open(span_of_buffer(&pem), SPAN(PASSPHRASE), &again));
        public_key_fingerprint(private_key_public(key), first);
        public_key_fingerprint(private_key_public(again), second);
        EXPECT(bytes_equal_ct(first, second, sizeof(first)));
        EXPECT(private_key_algorithm(again) == algorithms[i]);
    }
}

/* openssl genpkey -algorithm ed25519 -aes256 -pass pass:"correct horse battery" */
static const char theirs[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                             "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg4ABrpqSFlBwICCAAw\n"
                             "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEBX3oKWiVkIjdGpD/VZTuLwEQFf9\n"
                             "OU/xF98a0LQYEta64dIym8sZcTPbYsCvDlJfUUvNERCevs/Ux6WgsX5TDGXqscm8\n"
                             "YR5+sewIoY56DPz0ZBE=\n"
                             "-----END ENCRYPTED PRIVATE KEY-----\n";

static void test_what_openssl_wrote_is_read(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    EXPECT_OK(key_file_open(span_of_text(theirs), SPAN(PASSPHRASE), &key));
    EXPECT(private_key_algorithm(key) == KEY_ED25519);
}

/* What lies in it is encrypted, not authenticated: a changed file may be a key, but another one. */
static void test_a_changed_file_is_not_that_key(void)
{
    char text[sizeof(theirs)];
    uint8_t wanted[32];
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    const size_t end = sizeof(theirs) - strlen("E=\n-----END ENCRYPTED PRIVATE KEY-----\n") - 1;
    const size_t begin = end - 80; /* in what is encrypted, 64 bytes */
    EXPECT_OK(key_file_open(span_of_text(theirs), SPAN(PASSPHRASE), &key));
    public_key_fingerprint(private_key_public(key), wanted);
    for (size_t at = begin; at < end; at++) {
        CLEANUP(private_key_free) PrivateKey *other = NULL;
        uint8_t fingerprint[32];
        memcpy(text, theirs, sizeof(text));
        text[at] = text[at] == 'A' ? 'B' : 'A';
        if (!status_ok(key_file_open(span_of_text(text), SPAN(PASSPHRASE), &other))) continue;
        public_key_fingerprint(private_key_public(other), fingerprint);
        EXPECT(!bytes_equal_ct(fingerprint, wanted, sizeof(wanted)));
    }
}

static void test_bounds(void)
{
    static char large[KEY_FILE_PASSPHRASE_BYTES_MAX + 2];
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(private_key_free) PrivateKey *again = NULL;
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    memset(large, 'x', sizeof(large) - 1);
    EXPECT_OK(private_key_generate(KEY_ED25519, &key));
    EXPECT_REFUSED(key_file_write(key, SPAN("eleven byte"), &pem), REFUSED_KEY_PASSPHRASE);
    EXPECT_REFUSED(key_file_write(key, span_of_text(large), &pem), REFUSED_KEY_PASSPHRASE);
    EXPECT(pem.size == 0);
    EXPECT_OK(private_key_to_pem(key, &pem));
    EXPECT(!key_file_is_encrypted(span_of_buffer(&pem)));
    EXPECT_REFUSED(
            key_file_open(span_of_buffer(&pem), SPAN(PASSPHRASE), &again), REFUSED_KEY_FORMAT);
    EXPECT(!key_file_is_encrypted(SPAN("no PEM")));
}

TESTS(TEST(test_keys_come_back), TEST(test_what_openssl_wrote_is_read),
        TEST(test_a_changed_file_is_not_that_key), TEST(test_bounds))
