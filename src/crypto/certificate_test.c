#include "crypto/certificate.h"

#include "base/expect.h"

#include <openssl/x509.h>

static const int64_t year_2026_us = 1767225600000000; /* 2026-01-01T00:00:00Z */
static const int64_t day_us = 86400000000;
static const uint8_t serial_bytes[] = { 0x5E, 0x00, 0x0A, 0xFF };

static CertificateSubject subject_of(Span name, bool authority)
{
    return (CertificateSubject) { .serial = SPAN_OF(serial_bytes),
        .common_name = name,
        .organization = SPAN("Hufu 演示"),
        .not_before_us = year_2026_us,
        .not_after_us = year_2026_us + 90 * day_us,
        .authority = authority };
}

static const KeyAlgorithm algorithms[] = { KEY_RSA, KEY_SM2, KEY_ED25519, KEY_P256 };

static void self_signed_of_each_kind(void)
{
    for (size_t a = 0; a < 4; a++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        CLEANUP(certificate_free) Certificate *made = NULL;
        CLEANUP(certificate_free) Certificate *read = NULL;
        EXPECT_OK(private_key_generate(algorithms[a], &key));
        const CertificateSubject subject = subject_of(SPAN("platform"), false);
        EXPECT_OK(certificate_make_self_signed(key, &subject, &made));
        uint8_t pem[CERTIFICATE_PEM_BYTES_MAX], text[64];
        Buffer out = BUFFER_OF(pem), words = BUFFER_OF(text);
        EXPECT_OK(certificate_to_pem(made, &out));
        EXPECT_OK(certificate_from_pem(span_of_buffer(&out), &read));
        EXPECT_OK(certificate_serial(read, &words));
        EXPECT(span_equal(span_of_buffer(&words), SPAN("5E000AFF")));
        words.size = 0;
        EXPECT_OK(certificate_common_name(read, &words));
        EXPECT(span_equal(span_of_buffer(&words), SPAN("platform")));
        EXPECT(certificate_not_before_us(read) == year_2026_us);
        EXPECT(certificate_not_after_us(read) == year_2026_us + 90 * day_us);
        EXPECT_OK(certificate_verify(read, read, year_2026_us + day_us));
        EXPECT_REFUSED(
                certificate_verify(read, read, year_2026_us - 1), REFUSED_CERTIFICATE_INVALID);
        EXPECT_REFUSED(certificate_verify(read, read, year_2026_us + 91 * day_us),
                REFUSED_CERTIFICATE_INVALID);
        EXPECT(public_key_algorithm(certificate_key(read)) == algorithms[a]);
    }
}

static void authorities_issue_leaves(void)
{
    static const char *const dns[] = { "localhost", "pay.example.com", NULL };
    static const char *const ip[] = { "127.0.0.1", "::1", NULL };
    for (size_t a = 0; a < 4; a++) {
        CLEANUP(private_key_free) PrivateKey *ca_key = NULL;
        CLEANUP(private_key_free) PrivateKey *other_key = NULL;
        CLEANUP(private_key_free) PrivateKey *leaf_key = NULL;
        CLEANUP(certificate_free) Certificate *ca = NULL;
        CLEANUP(certificate_free) Certificate *other_ca = NULL;
        CLEANUP(certificate_free) Certificate *leaf = NULL;
        EXPECT_OK(private_key_generate(algorithms[a], &ca_key));
        EXPECT_OK(private_key_generate(algorithms[a], &other_key));
        EXPECT_OK(private_key_generate(KEY_P256, &leaf_key));
        const CertificateSubject ca_subject = subject_of(SPAN("authority"), true);
        CertificateSubject leaf_subject = subject_of(SPAN("hufud"), false);
        leaf_subject.dns_names = dns;
        leaf_subject.ip_addresses = ip;
        const PublicKey *leaf_public = private_key_public(leaf_key);
        EXPECT_OK(certificate_make_self_signed(ca_key, &ca_subject, &ca));
        EXPECT_OK(certificate_make_self_signed(other_key, &ca_subject, &other_ca));
        EXPECT_REFUSED(certificate_issue(ca, other_key, leaf_public, &leaf_subject, &leaf),
                REFUSED_CERTIFICATE_INVALID);
        EXPECT_OK(certificate_issue(ca, ca_key, leaf_public, &leaf_subject, &leaf));
        EXPECT_OK(certificate_verify(leaf, ca, year_2026_us + day_us));
        EXPECT_REFUSED(certificate_verify(leaf, other_ca, year_2026_us + day_us),
                REFUSED_CERTIFICATE_INVALID); /* same name, another key */
        EXPECT_REFUSED(
                certificate_verify(ca, leaf, year_2026_us + day_us), REFUSED_CERTIFICATE_INVALID);
        CLEANUP(certificate_free) Certificate *grandchild = NULL;
        EXPECT_REFUSED(certificate_issue(leaf, leaf_key, leaf_public, &leaf_subject, &grandchild),
                REFUSED_CERTIFICATE_INVALID); /* a leaf signs nothing */
    }
}

/* Each bit of a leaf: it no longer parses, or no longer verifies. */
static void every_flipped_bit_is_refused(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(certificate_free) Certificate *made = NULL;
    EXPECT_OK(private_key_generate(KEY_P256, &key));
    const CertificateSubject subject = subject_of(SPAN("platform"), false);
    EXPECT_OK(certificate_make_self_signed(key, &subject, &made));
    uint8_t bytes[CERTIFICATE_DER_BYTES_MAX];
    Buffer der = BUFFER_OF(bytes);
    EXPECT_OK(certificate_to_der(made, &der));
    for (size_t bit = 0; bit < der.size * 8; bit += 3) {
        CLEANUP(certificate_free) Certificate *read = NULL;
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const Status s = certificate_from_der(span_of_buffer(&der), &read);
        EXPECT(status_refused(s)
                || status_refused(certificate_verify(read, read, year_2026_us + day_us)));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CLEANUP(certificate_free) Certificate *none = NULL;
    for (size_t size = 0; size < der.size; size++)
        EXPECT_REFUSED(
                certificate_from_der((Span) { bytes, size }, &none), REFUSED_CERTIFICATE_INVALID);
    bytes[der.size] = 0;
    EXPECT_REFUSED(certificate_from_der((Span) { bytes, der.size + 1 }, &none),
            REFUSED_CERTIFICATE_INVALID);
}

static void odd_subjects_are_refused(void)
{
    static const uint8_t zero_digit[] = { 0x0F, 1 }, negative[] = { 0x80 }, long_name[65] = { 'a' };
    static const char *const injected[] = { "a,DNS:evil.example", NULL };
    static const char *const not_an_address[] = { "1.2.3.4.5", NULL };
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    EXPECT_OK(private_key_generate(KEY_P256, &key));
    CertificateSubject subjects[8];
    for (size_t i = 0; i < 8; i++)
        subjects[i] = subject_of(SPAN("name"), false);
    subjects[0].serial = (Span) { 0 };
    subjects[1].serial = SPAN_OF(zero_digit);
    subjects[2].serial = SPAN_OF(negative);
    subjects[3].common_name = SPAN_OF(long_name);
    subjects[4].common_name = SPAN("\xFF");
    subjects[5].not_after_us = subjects[5].not_before_us;
    subjects[6].dns_names = injected;
    subjects[7].ip_addresses = not_an_address;
    for (size_t i = 0; i < 8; i++) {
        CLEANUP(certificate_free) Certificate *none = NULL;
        EXPECT_REFUSED(certificate_make_self_signed(key, &subjects[i], &none),
                REFUSED_CERTIFICATE_INVALID);
        EXPECT(none == NULL);
    }
}

/* libcrypto's own verifier agrees about SM2, when it is told the signer ID. */
static void libcrypto_agrees_about_sm2(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(certificate_free) Certificate *made = NULL;
    EXPECT_OK(private_key_generate(KEY_SM2, &key));
    const CertificateSubject subject = subject_of(SPAN("platform"), false);
    EXPECT_OK(certificate_make_self_signed(key, &subject, &made));
    uint8_t bytes[CERTIFICATE_DER_BYTES_MAX];
    Buffer der = BUFFER_OF(bytes);
    EXPECT_OK(certificate_to_der(made, &der));
    const uint8_t *at = bytes;
    X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
    EXPECT(x509 != NULL);
    ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(id, (const uint8_t *)"1234567812345678", 16);
    X509_set0_distinguishing_id(x509, id);
    const int verified = X509_verify(x509, X509_get0_pubkey(x509));
    X509_free(x509);
    EXPECT(verified == 1);
}

TESTS(TEST(self_signed_of_each_kind), TEST(authorities_issue_leaves),
        TEST(every_flipped_bit_is_refused), TEST(odd_subjects_are_refused),
        TEST(libcrypto_agrees_about_sm2))
