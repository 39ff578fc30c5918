/*
 * Goal: a merchant's certificates follow one another without a gap and are issued only to who has
 * the private key; two APIv3 keys stand side by side until one is called for (TP-7). Method: the
 * real programs; merchants, RSA and SM2, who sign with old and new keys before, during and after.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "command.h"
#include "crypto/certificate.h"
#include "merchant_steps.h"
#include "operator.h"

#include <stdio.h>
#include <time.h>

enum { TRIES_MAX = 600, POLL_MS = 50 };

static Stand stand;
static MerchantApp merchant;
static MerchantApp other;
static HttpClient *http;

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    EXPECT_OK(stand_connect(&stand, &http));
}

/* A request of a fresh pair in a file; its private key signs for `ret_app`. */
static const char *make_request(const char *name, KeyAlgorithm algorithm, MerchantApp *ret_app)
{
    static char path[STAND_PATH_BYTES_MAX];
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    snprintf(path, sizeof(path), "%s", stand_path(&stand, name));
    *ret_app = algorithm == KEY_SM2 ? other : merchant;
    ret_app->key = NULL;
    ASSERT(status_ok(private_key_generate(algorithm, &ret_app->key)));
    ASSERT(status_ok(certificate_request(ret_app->key, SPAN("whoever"), &pem)));
    ASSERT(status_ok(file_write(path, 0644, span_of_buffer(&pem))));
    return path;
}

/* The chain that was written: the merchant's certificate, issued by the one behind it. Its serial
 * is the merchant's from here on. */
static Status take_certificate(const char *path, MerchantApp *app)
{
    static uint8_t bytes[2 * CERTIFICATE_PEM_BYTES_MAX];
    static const char tail[] = "-----END CERTIFICATE-----\n";
    Buffer chain = BUFFER_OF(bytes);
    CLEANUP(certificate_free) Certificate *leaf = NULL;
    CLEANUP(certificate_free) Certificate *authority = NULL;
    Buffer serial = { (uint8_t *)app->serial, 0, MESSAGE_SERIAL_BYTES_MAX };
    const Clock clock = clock_system();
    TRY(file_read(path, &chain));
    const uint8_t *end = memmem(bytes, chain.size, tail, sizeof(tail) - 1);
    REQUIRE(end != NULL, REFUSED_CERTIFICATE_INVALID);
    const size_t first = (size_t)(end - bytes) + sizeof(tail) - 1;
    TRY(certificate_from_pem((Span) { bytes, first }, &leaf));
    TRY(certificate_from_pem((Span) { bytes + first, chain.size - first }, &authority));
    TRY(certificate_verify(leaf, authority, clock_now_us(&clock)));
    TRY(certificate_serial(leaf, &serial));
    app->serial[serial.size] = '\0';
    return OK;
}

/* What a merchant is told of its own keys holds this text. */
static bool is_told(const MerchantApp *app, const char *text)
{
    MerchantAnswer answer = { 0 };
    const Status s = merchant_app_call(
            app, http, "GET", SPAN("/v3/merchant-service/keys"), SPAN(""), &answer);
    return status_ok(s) && answer.status == 200
            && memmem(answer.body.data, answer.body.size, text, strlen(text)) != NULL;
}

static void certificates_follow_one_another(KeyAlgorithm algorithm, const char *mchid)
{
    MerchantApp first;
    MerchantApp second;
    char file[STAND_PATH_BYTES_MAX];
    char text[256];
    snprintf(file, sizeof(file), "%s", stand_path(&stand, "certificate.pem"));
    EXPECT(operator_ended(HUFU("merchant", "key", "add", "--mchid", mchid, "--csr",
                                  make_request("a.csr", algorithm, &first), "--out", file),
            0));
    EXPECT_OK(take_certificate(file, &first));
    EXPECT(operator_says(first.serial));
    EXPECT(step_believed(&first, http) == 404);
    EXPECT(operator_ended(HUFU("merchant", "key", "rotate", "--mchid", mchid, "--before",
                                  first.serial, "--csr", make_request("b.csr", algorithm, &second),
                                  "--out", file, "--overlap-seconds", "3"),
            0));
    EXPECT_OK(take_certificate(file, &second));
    EXPECT(step_believed(&second, http) == 404);
    EXPECT(step_await_believed(&first, http, 401));
    snprintf(text, sizeof(text), "\"serial_no\":\"%s\"", first.serial);
    EXPECT(is_told(&second, text) && is_told(&second, "\"state\":\"expired\""));
    EXPECT(operator_ended(
            HUFU("merchant", "key", "revoke", "--mchid", mchid, "--serial", second.serial), 0));
    EXPECT(step_believed(&second, http) == 401);
    private_key_free(&first.key);
    private_key_free(&second.key);
}

static void test_certificates_of_rsa(void)
{
    certificates_follow_one_another(KEY_RSA, merchant.mchid);
    EXPECT(is_told(&merchant, "\"state\":\"revoked\""));
    EXPECT(!is_told(&merchant, other.serial)); /* its own alone */
}

static void test_certificates_of_sm2(void)
{
    certificates_follow_one_another(KEY_SM2, other.mchid);
    EXPECT(is_told(&other, "\"state\":\"revoked\""));
}

/* Who cannot show that he has the private half gets nothing (proof of possession). */
static void test_a_request_must_be_signed_by_its_own_key(void)
{
    MerchantApp app;
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    const char *file = make_request("c.csr", KEY_RSA, &app);
    char bare[STAND_PATH_BYTES_MAX];
    snprintf(bare, sizeof(bare), "%s", stand_path(&stand, "bare.pem"));
    EXPECT_OK(file_read(file, &pem));
    pem_bytes[pem.size - 60] = pem_bytes[pem.size - 60] == 'A' ? 'B' : 'A'; /* in the signature */
    EXPECT_OK(file_write(file, 0644, span_of_buffer(&pem)));
    EXPECT(operator_ended(HUFU("merchant", "key", "add", "--mchid", merchant.mchid, "--csr", file,
                                  "--out", stand_path(&stand, "none.pem")),
            1));
    EXPECT(operator_says("SIGNATURE_INVALID"));
    EXPECT(operator_ended(
            HUFU("merchant", "key", "add", "--mchid", merchant.mchid, "--csr", file), 2));
    pem.size = 0;
    EXPECT_OK(public_key_to_pem(private_key_public(app.key), &pem));
    EXPECT_OK(file_write(bare, 0644, span_of_buffer(&pem)));
    EXPECT(operator_ended(HUFU("merchant", "key", "add", "--mchid", merchant.mchid, "--csr", bare,
                                  "--out", stand_path(&stand, "none.pem")),
            1));
    EXPECT(operator_says("KEY_FORMAT"));
    private_key_free(&app.key);
}

static bool learns(MerchantApp *app)
{
    MerchantApp fresh = *app;
    fresh.platform = NULL;
    const bool learnt = status_ok(merchant_app_learn(&fresh, http));
    public_key_free(&fresh.platform);
    return learnt;
}

static int set_apiv3_beside(const char *text, const char *overlap_s)
{
    if (!status_ok(file_write(stand_path(&stand, "apiv3"), 0600, span_of_text(text)))) return -1;
    return HUFU("merchant", "key", "add", "--mchid", other.mchid, "--apiv3-key",
            stand_path(&stand, "apiv3"), "--overlap-seconds", overlap_s);
}

/* Two APIv3 keys at once: the old one is used until the merchant calls for the new one, or until
 * the overlap is over; then it is gone. */
static void test_two_apiv3_keys(void)
{
    static const char second[] = "secondKEYsecondKEYsecondKEY12345";
    static const char third[] = "thirdKEYthirdKEYthirdKEYthird123";
    MerchantApp app = other;
    MerchantAnswer answer = { 0 };
    EXPECT(operator_ended(set_apiv3_beside(second, "3600"), 0));
    EXPECT(learns(&other));
    memcpy(app.apiv3, second, sizeof(app.apiv3));
    EXPECT(!learns(&app));
    for (int again = 0; again < 2; again++) {
        EXPECT_OK(merchant_app_call(&other, http, "POST",
                SPAN("/v3/merchant-service/apiv3-key/activate"), SPAN("{}"), &answer));
        EXPECT(answer.status == 200);
    }
    EXPECT(learns(&app) && !learns(&other));
    EXPECT(operator_ended(set_apiv3_beside(third, "2"), 0));
    other = app;
    memcpy(app.apiv3, third, sizeof(app.apiv3));
    bool turned = false;
    for (int tries = 0; tries < TRIES_MAX && !turned; tries++) {
        const struct timespec wait = { 0, POLL_MS * 1000000L };
        turned = learns(&app);
        nanosleep(&wait, NULL);
    }
    EXPECT(turned && !learns(&other));
    other = app;
}

static void test_house_closes(void)
{
    http_client_close(&http);
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_certificates_of_rsa), TEST(test_certificates_of_sm2),
        TEST(test_a_request_must_be_signed_by_its_own_key), TEST(test_two_apiv3_keys),
        TEST(test_house_closes))
