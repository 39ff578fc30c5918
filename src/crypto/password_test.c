/* Passwords can only be checked; two records of one password differ (TP-6, TP-10). */
#include "crypto/password.h"

#include "crypto/vector_test.h"

#include <argon2.h>
#include <openssl/evp.h>

/* RFC 9106 section 5.3, with secret and associated data: the library is the algorithm we think. */
static void rfc_9106(void)
{
    uint8_t password[32], salt[16], secret[8], data[12], tag[32];
    memset(password, 1, 32), memset(salt, 2, 16), memset(secret, 3, 8), memset(data, 4, 12);
    argon2_context context = { .out = tag,
        .outlen = 32,
        .pwd = password,
        .pwdlen = 32,
        .salt = salt,
        .saltlen = 16,
        .secret = secret,
        .secretlen = 8,
        .ad = data,
        .adlen = 12,
        .t_cost = 3,
        .m_cost = 32,
        .lanes = 4,
        .threads = 1,
        .version = ARGON2_VERSION_13 };
    EXPECT(argon2id_ctx(&context) == ARGON2_OK);
    EXPECT(vector_is("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659", tag, 32));
}

static void pbkdf2_sm3_equals_libcrypto(void)
{
    for (int rounds = 1; rounds <= 1000; rounds += 333) {
        uint8_t ours[32], theirs[32];
        EXPECT(PKCS5_PBKDF2_HMAC("password", 8, (const uint8_t *)"salt and salt", 13, rounds,
                       EVP_sm3(), 32, theirs)
                == 1);
        password_pbkdf2_sm3(SPAN("password"), SPAN("salt and salt"), (uint32_t)rounds, ours);
        EXPECT(bytes_equal_ct(ours, theirs, 32));
    }
}

static void only_the_right_one_is_right(void)
{
    const Random random = random_system();
    for (int a = PASSWORD_ARGON2ID; a <= PASSWORD_PBKDF2_SM3; a++) {
        for (int c = PASSWORD_COST_PIN; c <= PASSWORD_COST_PASSWORD; c++) {
            PasswordRecord record = { 0 };
            bool right = false;
            EXPECT_OK(password_make(
                    &random, (PasswordAlgorithm)a, (PasswordCost)c, SPAN("135790"), &record));
            EXPECT_OK(password_check(&record, SPAN("135790"), &right));
            EXPECT(right);
            EXPECT_OK(password_check(&record, SPAN("135791"), &right));
            EXPECT(!right);
            EXPECT_OK(password_check(&record, SPAN("13579"), &right));
            EXPECT(!right);
            EXPECT_OK(password_check(&record, (Span) { 0 }, &right));
            EXPECT(!right);
        }
    }
}

static void equal_passwords_have_different_records(void)
{
    const Random random = random_system();
    PasswordRecord a, b;
    EXPECT_OK(password_make(&random, PASSWORD_ARGON2ID, PASSWORD_COST_PIN, SPAN("135790"), &a));
    EXPECT_OK(password_make(&random, PASSWORD_ARGON2ID, PASSWORD_COST_PIN, SPAN("135790"), &b));
    EXPECT(!bytes_equal_ct(a.salt, b.salt, sizeof(a.salt)));
    EXPECT(!bytes_equal_ct(a.digest, b.digest, sizeof(a.digest)));
}

static void records_are_parsed_strictly(void)
{
    const Random random = random_system();
    PasswordRecord record, back;
    uint8_t bytes[PASSWORD_RECORD_BYTES + 1] = { 0 };
    Buffer b = { bytes, 0, PASSWORD_RECORD_BYTES };
    EXPECT_OK(
            password_make(&random, PASSWORD_ARGON2ID, PASSWORD_COST_PIN, SPAN("135790"), &record));
    EXPECT_OK(password_record_put(&record, &b));
    EXPECT(b.size == PASSWORD_RECORD_BYTES);
    EXPECT_OK(password_record_parse(span_of_buffer(&b), &back));
    bool right = false;
    EXPECT_OK(password_check(&back, SPAN("135790"), &right));
    EXPECT(right);
    for (size_t size = 0; size <= sizeof(bytes); size++)
        if (size != PASSWORD_RECORD_BYTES)
            EXPECT_REFUSED(password_record_parse((Span) { bytes, size }, &back),
                    REFUSED_PASSWORD_RECORD_FORMAT);
    for (size_t at = 0; at < 3; at++) { /* version, algorithm, cost: nothing unknown */
        const uint8_t kept = bytes[at];
        for (unsigned v = 0; v < 256; v++) {
            bytes[at] = (uint8_t)v;
            const bool known = at == 0 ? v == 1 : v == 1 || v == 2;
            EXPECT(status_ok(password_record_parse(span_of_buffer(&b), &back)) == known);
        }
        bytes[at] = kept;
    }
    EXPECT_REFUSED(password_record_put(&record, &b), REFUSED_BUFFER_FULL);
}

static void sizes_have_limits(void)
{
    const Random random = random_system();
    PasswordRecord record;
    const uint8_t large[PASSWORD_BYTES_MAX + 1] = { 0 };
    EXPECT_REFUSED(
            password_make(&random, PASSWORD_ARGON2ID, PASSWORD_COST_PIN, (Span) { 0 }, &record),
            REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(
            password_make(&random, PASSWORD_ARGON2ID, PASSWORD_COST_PIN, SPAN_OF(large), &record),
            REFUSED_BUFFER_FULL);
}

TESTS(TEST(rfc_9106), TEST(pbkdf2_sm3_equals_libcrypto), TEST(only_the_right_one_is_right),
        TEST(equal_passwords_have_different_records), TEST(records_are_parsed_strictly),
        TEST(sizes_have_limits))
