/* Signatures of RSA and SM2, ours and the published ones (LL-4.3.9). */
#include "crypto/sign.h"

#include "base/seams.h"
#include "crypto/certificate.h"
#include "crypto/vector_test.h"

#include <pthread.h>

enum { PEM_MAX = 8192 };

/* --- published vectors --- */

/* GM/T 0003.5 annex, on the recommended curve: message digest, ID 1234567812345678. */
static const char sm2_point[] = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
                                "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
static const char sm2_r[] = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
static const char sm2_s[] = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";

static void sm2_of_the_standard(void)
{
    const Vector point = vector(sm2_point), r = vector(sm2_r), s = vector(sm2_s);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    EXPECT_OK(public_key_from_point(KEY_SM2, vector_span(&point), &key));
    uint8_t bytes[SIGN_DER_BYTES_MAX];
    Buffer der = BUFFER_OF(bytes);
    EXPECT_OK(sign_der_write(r.bytes, s.bytes, &der));
    const Span message = SPAN("message digest"), signature = span_of_buffer(&der);
    EXPECT_OK(sign_verify(key, message, signature));
    EXPECT_OK(sign_verify_sm2(key, SPAN("1234567812345678"), message, signature));
    EXPECT_REFUSED(sign_verify_sm2(key, SPAN("1234567812345679"), message, signature),
            REFUSED_SIGNATURE_INVALID);
    EXPECT_REFUSED(sign_verify(key, SPAN("message digesu"), signature), REFUSED_SIGNATURE_INVALID);
}

/* RFC 8032 section 7.1, test 2. */
static void ed25519_of_the_rfc(void)
{
    const Vector pkcs8 = vector("302e020100300506032b657004220420"
                                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    EXPECT_OK(private_key_from_pkcs8(vector_span(&pkcs8), &key));
    const uint8_t message[1] = { 0x72 };
    uint8_t bytes[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(bytes);
    EXPECT_OK(sign_make(key, SPAN_OF(message), &signature));
    EXPECT(vector_is("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            bytes, signature.size));
    EXPECT_OK(sign_verify(private_key_public(key), SPAN_OF(message), span_of_buffer(&signature)));
}

/* Made with `openssl dgst -sha256 -sign`, over the v3 profile's example string. */
static const char rsa_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqOCXxooKjyEqa7IdQ1SK\n"
                              "eQk5yA/1PqLuK91+EXKSSlbmvumU7IT2qKSXHbLfPGwgVoEfKMAaDVFsQLe5GRcc\n"
                              "EFryAviPLOi5DwEHxmRobm9Jcb746GKeSoE7wjeY7RgNi6LCcfHjP8EjTpU3E1RV\n"
                              "/M71RvV3WLmQ4YbjUolVSEeJxWDkGmRZoqhlJq02lUlGd4YqlF9ymYLnknwefAVZ\n"
                              "dC+Vg4Ns1xoPW8jTenNgGLmUmTmd81NVGeH5ZiS9aTRqXD8l65eDe5q2am/QsybK\n"
                              "1hzvNf/4kxj2HRuQFUnqPJ6Kztru9wMsHQNY4nyoa9TRunVNlEA8wq9ihAxwAM9K\n"
                              "FwIDAQAB\n"
                              "-----END PUBLIC KEY-----\n";
static const char rsa_signature[] =
        "0d0d02654a0abc2f94d39eca0b0e2e245c3408d864c8dcd63cc09da04fc680b5"
        "78098eb7fc31e749024d08ea5514888716723b23b0988041503dfaafe73a4130"
        "ac12ac024ced6d7c50a3c7c7c87d0e1778d98b851038a743c6404aeb87ee8371"
        "e985a95783020888ecce485bda8039a064e939cb7ca331937391a0138fa21c73"
        "bceed2b7b1aa13ccf1533c8a02b88cdd276c941197defbcf1cbb48fb197956c4"
        "5c4eba334dff38bedcca2ae05297f7439f292f34a15273dd4d720bdedc5a7ff8"
        "f11400e4b0e76f78d1675f5ea59cd8a5dec587891ce62afda7d0001257cc8d9b"
        "1ebb69e19e22cd0b12fdc7ce1b40e5b60e52b2df98f0ef8284794dfcfc576512";

static void rsa_of_openssl(void)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    EXPECT_OK(public_key_from_pem(span_of_text(rsa_pem), &key));
    EXPECT(public_key_algorithm(key) == KEY_RSA);
    const Span message = SPAN("GET\n/v3/certificates\n1554208460\n"
                              "593BEC0C930BF1AFEB40B4A08C8FB242\n\n");
    Vector signature = vector(rsa_signature);
    EXPECT_OK(sign_verify(key, message, vector_span(&signature)));
    EXPECT_REFUSED(
            sign_verify(key, message, (Span) { signature.bytes, 255 }), REFUSED_SIGNATURE_FORMAT);
    EXPECT_REFUSED(sign_verify(key, message, (Span) { 0 }), REFUSED_SIGNATURE_FORMAT);
    for (size_t i = 0; i < signature.size; i += 5) {
        signature.bytes[i] ^= 0x10;
        EXPECT_REFUSED(
                sign_verify(key, message, vector_span(&signature)), REFUSED_SIGNATURE_INVALID);
        signature.bytes[i] ^= 0x10;
    }
}

/* --- every algorithm --- */

static const KeyAlgorithm algorithms[] = { KEY_RSA, KEY_SM2, KEY_ED25519, KEY_P256 };

static void what_is_signed_verifies_and_nothing_else(void)
{
    for (size_t a = 0; a < 4; a++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        CLEANUP(private_key_free) PrivateKey *other = NULL;
        EXPECT_OK(private_key_generate(algorithms[a], &key));
        EXPECT_OK(private_key_generate(algorithms[a], &other));
        uint8_t bytes[SIGN_BYTES_MAX];
        Buffer signature = BUFFER_OF(bytes);
        EXPECT_OK(sign_make(key, SPAN("POST\n/pay\n"), &signature));
        const PublicKey *public_half = private_key_public(key);
        EXPECT_OK(sign_verify(public_half, SPAN("POST\n/pay\n"), span_of_buffer(&signature)));
        EXPECT_REFUSED(sign_verify(public_half, SPAN("POST\n/paz\n"), span_of_buffer(&signature)),
                REFUSED_SIGNATURE_INVALID);
        EXPECT(status_refused(sign_verify(
                private_key_public(other), SPAN("POST\n/pay\n"), span_of_buffer(&signature))));
        for (size_t bit = 0; bit < signature.size * 8; bit += algorithms[a] == KEY_RSA ? 37 : 1) {
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            EXPECT(status_refused(
                    sign_verify(public_half, SPAN("POST\n/pay\n"), span_of_buffer(&signature))));
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        Buffer full = { bytes, 0, 10 };
        EXPECT_REFUSED(sign_make(key, SPAN("x"), &full), REFUSED_BUFFER_FULL);
        EXPECT(full.size == 0);
    }
}

static void keys_come_back_from_their_encodings(void)
{
    for (size_t a = 0; a < 4; a++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        CLEANUP(private_key_free) PrivateKey *back = NULL;
        CLEANUP(public_key_free) PublicKey *public_back = NULL;
        uint8_t pem[PEM_MAX], signed_bytes[SIGN_BYTES_MAX], f1[32], f2[32];
        Buffer text = BUFFER_OF(pem), signature = BUFFER_OF(signed_bytes);
        EXPECT_OK(private_key_generate(algorithms[a], &key));
        EXPECT_OK(private_key_to_pem(key, &text));
        EXPECT_OK(private_key_from_pem(span_of_buffer(&text), &back));
        EXPECT(private_key_algorithm(back) == algorithms[a]);
        text.size = 0;
        EXPECT_OK(public_key_to_pem(private_key_public(key), &text));
        EXPECT_OK(public_key_from_pem(span_of_buffer(&text), &public_back));
        public_key_fingerprint(private_key_public(back), f1);
        public_key_fingerprint(public_back, f2);
        EXPECT(bytes_equal_ct(f1, f2, 32));
        EXPECT_OK(sign_make(back, SPAN("m"), &signature));
        EXPECT_OK(sign_verify(public_back, SPAN("m"), span_of_buffer(&signature)));
        text.size = 0;
        EXPECT_OK(public_key_to_spki(public_back, &text));
        pem[text.size] = 0; /* one byte behind */
        CLEANUP(public_key_free) PublicKey *none = NULL;
        EXPECT_REFUSED(
                public_key_from_spki((Span) { pem, text.size + 1 }, &none), REFUSED_KEY_FORMAT);
        EXPECT_REFUSED(
                public_key_from_spki((Span) { pem, text.size - 1 }, &none), REFUSED_KEY_FORMAT);
        EXPECT(none == NULL);
    }
}

/* A merchant brings a request: its self-signature proves that it holds the private half. */
static void requests_prove_possession(void)
{
    for (size_t a = 0; a < 4; a++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        CLEANUP(public_key_free) PublicKey *taken = NULL;
        uint8_t pem[PEM_MAX], f1[32], f2[32];
        Buffer text = BUFFER_OF(pem);
        EXPECT_OK(private_key_generate(algorithms[a], &key));
        EXPECT_OK(certificate_request(key, SPAN("merchant 1900000109"), &text));
        EXPECT_OK(public_key_from_pem(span_of_buffer(&text), &taken));
        public_key_fingerprint(private_key_public(key), f1);
        public_key_fingerprint(taken, f2);
        EXPECT(bytes_equal_ct(f1, f2, 32));
        /* Whatever character is changed: no key comes out, or the same one. */
        for (size_t i = 40; i < text.size - 40; i += 5) {
            CLEANUP(public_key_free) PublicKey *changed = NULL;
            const uint8_t kept = pem[i];
            pem[i] = kept == 'A' ? 'B' : 'A';
            const Status s = public_key_from_pem(span_of_buffer(&text), &changed);
            pem[i] = kept;
            EXPECT(!status_broken(s));
            if (!status_ok(s)) continue;
            public_key_fingerprint(changed, f2);
            EXPECT(bytes_equal_ct(f1, f2, 32));
        }
    }
}

/* --- keys that we do not take, all made with the openssl program --- */

static const char rsa_1024[] = "-----BEGIN PUBLIC KEY-----\n"
                               "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7hi8r/ycqFhG4nIwEEOPRyAhn\n"
                               "i0EpCKTVhM+VukFp5QP8ArjmZ+u1WKHMOddK9DOo+P4yAQO5ZGUUGPySSLNH0w6q\n"
                               "LlFoPrtBoLzuvjYktNb8bqunP954G011tRhiBNUFHYKffKLEsp5V/efpf6NA5ihw\n"
                               "jo9ZrciJAeQogji0ewIDAQAB\n"
                               "-----END PUBLIC KEY-----\n";
static const char rsa_exponent_3[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MIIBIDANBgkqhkiG9w0BAQEFAAOCAQ0AMIIBCAKCAQEAqVCJcBP5JFGgG0q5O9Ez\n"
        "b/7NOcsnND30TfqB3nG5Jhm5BKXKP6T6bZXAyZvB9bcpkXssofoZazZZF4Ga3XvG\n"
        "P+G95lBvOTCnwopMAro/hn6z62gd6AAW/whmXVJHkQij00FdH9hUNF17EY+/LfKb\n"
        "6nflFd2VmeAQh7ITCgAWK8drnCiUF9l8NwcZoYVW+atIzvx33eoIGrg9ja0xjo62\n"
        "TRZttA5E3QfsAmb7dgCqax6AdwQwhnBFPWBd9drcCNUReOf8MyRuURvDZQKpzAFF\n"
        "kmcu1W4HwAN9NNoYu+5c8yZ5oFY6SDZsS+GbI7hCaQOIa6wF5QR95OjH5IHi3TY1\n"
        "EQIBAw==\n"
        "-----END PUBLIC KEY-----\n";
static const char p256_explicit_parameters[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA\n"
        "AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////\n"
        "///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd\n"
        "NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5\n"
        "RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA\n"
        "//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABELEa88S5JzQms2SHvzOYtYn\n"
        "UQGvKNdSdjU1C23+ViGmNW4qesmyZ/1AXbVA79NeOkQHv++40jDfKYFGMB0pgLo=\n"
        "-----END PUBLIC KEY-----\n";
static const char p384[] = "-----BEGIN PUBLIC KEY-----\n"
                           "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEyUCQ/NQ7Lnj+6ltcTCgDLD239xu6oppw\n"
                           "OLpao/tQKyWHa97LMHA4hC6YH9vM0jZgyn0FE4+bmKZP7zfNK6rmRiFKjVzVJr8n\n"
                           "2S5gvf5u/749lPu6lV06CoUSNNHgUxiT\n"
                           "-----END PUBLIC KEY-----\n";
static const char sm2_compressed[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MDkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DIgADzaVN+LM9J4/7gM0US2QJ6OTDO/Gu\n"
        "jaeMRnMJ5uqatu4=\n"
        "-----END PUBLIC KEY-----\n";

static void unfit_keys_are_refused(void)
{
    static const struct {
        const char *pem;
        StatusCode refusal;
    } rows[] = {
        { rsa_1024, REFUSED_KEY_WEAK },
        { rsa_exponent_3, REFUSED_KEY_WEAK },
        { p256_explicit_parameters, REFUSED_KEY_FORMAT },
        { p384, REFUSED_KEY_FORMAT },
        { "", REFUSED_KEY_FORMAT },
        { "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", REFUSED_KEY_FORMAT },
        { "not a key", REFUSED_KEY_FORMAT },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CLEANUP(public_key_free) PublicKey *key = NULL;
        EXPECT_REFUSED(public_key_from_pem(span_of_text(rows[i].pem), &key), rows[i].refusal);
        EXPECT(key == NULL);
    }
    CLEANUP(private_key_free) PrivateKey *weak = NULL;
    EXPECT_REFUSED(private_key_generate_rsa(1024, &weak), REFUSED_KEY_WEAK);
    CLEANUP(public_key_free) PublicKey *off_curve = NULL;
    Vector point = vector(sm2_point);
    point.bytes[64] ^= 1;
    EXPECT_REFUSED(
            public_key_from_point(KEY_SM2, vector_span(&point), &off_curve), REFUSED_KEY_FORMAT);
    EXPECT_REFUSED(
            public_key_from_point(KEY_RSA, vector_span(&point), &off_curve), REFUSED_KEY_FORMAT);
}

/* A compressed point would be a second encoding, and so a second fingerprint, of one key. */
static void compressed_points_are_refused(void)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    EXPECT_REFUSED(public_key_from_pem(span_of_text(sm2_compressed), &key), REFUSED_KEY_FORMAT);
}

/* --- strict DER --- */

static void der_is_strict(void)
{
    static const char *const bad[] = {
        "",
        "30",
        "3000",
        "3003020101", /* cut */
        "300602010102010100", /* bytes behind */
        "3081060201010201"
        "01", /* long form of a short length */
        "3080020101020101"
        "0000", /* indefinite length */
        "300702020001020101", /* padded r */
        "3007020101"
        "02020001", /* padded s */
        "3006020181"
        "020101", /* negative r */
        "3006020100"
        "020101",
        "3006020101"
        "020100", /* zero */
        "30050200"
        "020101", /* empty integer */
        "3106020101"
        "020101",
        "3006030101"
        "020101", /* other tags */
        "3009020101"
        "020101"
        "020101", /* three numbers */
        "3007020101020101", /* outer length too long */
        "3005020101020101", /* outer length too short */
        /* r = n of SM2 */
        "3026022100fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123020101",
        /* r + s = n of SM2 */
        "3026022100fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122020101",
        /* 34 digits */
        "30270222000100000000000000000000000000000000000000000000000000000000000000000000020101",
    };
    uint8_t r[32], s[32];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const Vector der = vector(bad[i]);
        EXPECT_REFUSED(sign_der_parse(KEY_SM2, vector_span(&der), r, s), REFUSED_SIGNATURE_FORMAT);
    }
    const Vector good = vector("3006020101020101");
    EXPECT_OK(sign_der_parse(KEY_SM2, vector_span(&good), r, s));
    EXPECT(r[31] == 1 && s[31] == 1 && r[0] == 0);
    /* For P-256 the sum does not matter, and n is another. */
    const Vector sum = vector(
            "3026022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550020101");
    EXPECT_OK(sign_der_parse(KEY_P256, vector_span(&sum), r, s));
}

static void der_comes_back(void)
{
    const Random random = random_system();
    for (int i = 0; i < 2000; i++) {
        uint8_t r[32], s[32], r2[32], s2[32], bytes[SIGN_DER_BYTES_MAX];
        EXPECT_OK(random_fill(&random, r, 32));
        EXPECT_OK(random_fill(&random, s, 32));
        memset(r, 0, (size_t)i % 31), memset(s, 0, (size_t)(i / 31) % 31);
        r[31] |= 1, s[31] |= 1, r[0] &= 0x7F, s[0] &= 0x7F;
        Buffer der = BUFFER_OF(bytes);
        EXPECT_OK(sign_der_write(r, s, &der));
        const Status status = sign_der_parse(KEY_P256, span_of_buffer(&der), r2, s2);
        EXPECT_OK(status);
        EXPECT(bytes_equal_ct(r, r2, 32) && bytes_equal_ct(s, s2, 32));
    }
}

/* --- one key, many threads --- */

static void *sign_and_verify(void *context)
{
    const PrivateKey *key = context;
    for (int i = 0; i < 40; i++) {
        uint8_t bytes[SIGN_BYTES_MAX];
        Buffer signature = BUFFER_OF(bytes);
        const Span message = { (const uint8_t *)&i, sizeof(i) };
        if (!status_ok(sign_make(key, message, &signature))) return context;
        if (!status_ok(sign_verify(private_key_public(key), message, span_of_buffer(&signature))))
            return context;
    }
    return NULL;
}

static void threads_share_a_key(void)
{
    for (size_t a = 0; a < 4; a++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        EXPECT_OK(private_key_generate(algorithms[a], &key));
        pthread_t threads[4];
        bool failed = false;
        for (size_t i = 0; i < 4; i++)
            EXPECT(pthread_create(&threads[i], NULL, sign_and_verify, key) == 0);
        for (size_t i = 0; i < 4; i++) {
            void *result = NULL;
            EXPECT(pthread_join(threads[i], &result) == 0);
            failed = failed || result != NULL;
        }
        EXPECT(!failed);
    }
}

static void oaep_of_the_v3_profile(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    EXPECT_OK(private_key_generate(KEY_RSA, &key));
    uint8_t bytes[SIGN_RSA_OAEP_BYTES_MAX], back[SIGN_RSA_OAEP_BYTES_MAX];
    Buffer sealed = BUFFER_OF(bytes), plain = BUFFER_OF(back);
    EXPECT_OK(public_key_encrypt_oaep(private_key_public(key), SPAN("name"), &sealed));
    EXPECT_OK(private_key_decrypt_oaep(key, span_of_buffer(&sealed), &plain));
    EXPECT(span_equal(span_of_buffer(&plain), SPAN("name")));
    bytes[20] ^= 1;
    EXPECT_REFUSED(
            private_key_decrypt_oaep(key, span_of_buffer(&sealed), &plain), REFUSED_BOX_TAMPERED);
}

/* Goal: r | s of a browser or a token counts as its DER does, and as nothing else (LL-4.3.9).
 * Method: our own DER signatures taken apart; each wrong form and every flipped byte. */
static void raw_signatures_are_those_of_the_curve(void)
{
    static const KeyAlgorithm curves[] = { KEY_P256, KEY_SM2 };
    const Span message = SPAN("approve");
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        uint8_t bytes[SIGN_BYTES_MAX];
        uint8_t raw[SIGN_RAW_BYTES];
        Buffer der = BUFFER_OF(bytes);
        EXPECT_OK(private_key_generate(curves[i], &key));
        const PublicKey *half = private_key_public(key);
        EXPECT_OK(sign_make(key, message, &der));
        EXPECT_OK(sign_der_parse(curves[i], span_of_buffer(&der), raw, raw + 32));
        EXPECT_OK(sign_verify_raw(half, message, SPAN_OF(raw)));
        EXPECT_REFUSED(
                sign_verify_raw(half, SPAN("reject"), SPAN_OF(raw)), REFUSED_SIGNATURE_INVALID);
        EXPECT_REFUSED(
                sign_verify_raw(half, message, span_of_buffer(&der)), REFUSED_SIGNATURE_FORMAT);
        EXPECT_REFUSED(sign_verify_raw(half, message, (Span) { raw, SIGN_RAW_BYTES - 1 }),
                REFUSED_SIGNATURE_FORMAT);
        for (size_t at = 0; at < sizeof(raw); at++) {
            raw[at] ^= 1;
            EXPECT(status_refused(sign_verify_raw(half, message, SPAN_OF(raw))));
            raw[at] ^= 1;
        }
        memset(raw, 0, 32); /* r = 0 */
        EXPECT_REFUSED(sign_verify_raw(half, message, SPAN_OF(raw)), REFUSED_SIGNATURE_FORMAT);
        memset(raw, 0xFF, sizeof(raw)); /* over the order */
        EXPECT_REFUSED(sign_verify_raw(half, message, SPAN_OF(raw)), REFUSED_SIGNATURE_FORMAT);
    }
    CLEANUP(private_key_free) PrivateKey *edwards = NULL;
    uint8_t bytes[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(bytes);
    EXPECT_OK(private_key_generate(KEY_ED25519, &edwards));
    EXPECT_OK(sign_make(edwards, message, &signature));
    EXPECT_REFUSED(
            sign_verify_raw(private_key_public(edwards), message, span_of_buffer(&signature)),
            REFUSED_SIGNATURE_FORMAT);
}

TESTS(TEST(sm2_of_the_standard), TEST(ed25519_of_the_rfc), TEST(rsa_of_openssl),
        TEST(raw_signatures_are_those_of_the_curve), TEST(what_is_signed_verifies_and_nothing_else),
        TEST(keys_come_back_from_their_encodings), TEST(requests_prove_possession),
        TEST(unfit_keys_are_refused), TEST(compressed_points_are_refused), TEST(der_is_strict),
        TEST(der_comes_back), TEST(threads_share_a_key), TEST(oaep_of_the_v3_profile))
