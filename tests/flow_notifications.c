/*
 * Goal: what succeeds is told to its merchant, signed and encrypted so that only he reads it and
 * knows whom it is from, at least once and in order, whatever the receiver does and whoever is
 * killed; and a receiver that hangs, lies or floods hurts its own queue alone. Method: the real
 * programs and a receiver over TLS; what comes is verified and opened with libcrypto itself (but
 * SM4-GCM, which libcrypto 3.0 lacks, with our own).
 */
#include "base/encoding.h"
#include "base/expect.h"
#include "crypto/aead.h"
#include "merchant_steps.h"
#include "operator.h"
#include "receiver.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { PAID = 100, AES_KEY = 32, SM4_KEY = 16, TAG = 16, NONCE = 12 };

static Stand stand;
static Receiver *receiver;
static MerchantApp shop; /* RSA */
static MerchantApp other; /* SM2 */
static PayerApp payer;
static HttpClient *http;
static char settings[512];

static void test_house_opens(void)
{
    EXPECT_OK(receiver_open(&receiver));
    snprintf(settings, sizeof(settings),
            "notifiers: 16\nnotify_schedule: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 60]\n"
            "notify_ca: %s",
            receiver_ca(receiver));
    EXPECT_OK(stand_open(&(StandOptions) { .notify = settings }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 10000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
}

/* Order and pay; the merchant wants to be told at this path. */
static bool pay(const MerchantApp *app, const char *number, const char *path, Answered *ret)
{
    char body[1024];
    PayerAnswer answer = { 0 };
    snprintf(body, sizeof(body),
            "{\"appid\":\"wxstand\",\"mchid\":\"%s\",\"description\":\"A book\",\"out_trade_no\":"
            "\"%s\",\"attach\":\"shelf 7\",\"notify_url\":\"https://localhost:%u%s\","
            "\"amount\":{\"total\":%d,\"currency\":\"CNY\"}}",
            app->mchid, number, receiver_port(receiver), path, PAID);
    Status s = step_call(app, http, "POST", "/v3/pay/transactions/native", body, ret);
    if (status_ok(s) && ret->status == 200)
        s = payer_app_pay(&payer, http, &stand.box_key, span_of_text(ret->code_url), &answer);
    if (status_ok(s)) s = step_query(app, http, number, ret);
    if (status_ok(s) && strcmp(ret->trade_state, "SUCCESS") == 0) return true;
    fprintf(stderr, "  %s: %s, %s %s\n", number, status_name(s), ret->code, ret->field);
    return false;
}

/* --- what a merchant does with what came --- */

/* The text of a JSON member, without escapes. */
static bool member(const char *json, const char *name, char *ret, size_t capacity)
{
    char start[64];
    snprintf(start, sizeof(start), "\"%s\":\"", name);
    const char *found = strstr(json, start);
    if (found == NULL) return false;
    found += strlen(start);
    const size_t size = strcspn(found, "\"");
    if (size >= capacity) return false;
    memcpy(ret, found, size);
    ret[size] = 0;
    return true;
}

static bool member_is(const char *json, const char *name, const char *wanted)
{
    char value[512];
    if (member(json, name, value, sizeof(value)) && strcmp(value, wanted) == 0) return true;
    fprintf(stderr, "  %s is not %s in %s\n", name, wanted, json);
    return false;
}

static EVP_PKEY *platform_key(const MerchantApp *app)
{
    uint8_t bytes[1024];
    Buffer spki = BUFFER_OF(bytes);
    ASSERT(status_ok(public_key_to_spki(app->platform, &spki)));
    const unsigned char *at = bytes;
    return d2i_PUBKEY(NULL, &at, (long)spki.size);
}

static bool is_signed(const MerchantApp *app, const Received *r)
{
    char text[RECEIVED_BODY_MAX + 256];
    uint8_t signature[RECEIVED_HEADER_MAX];
    const bool sm = app->profile->algorithm == KEY_SM2;
    const int size = snprintf(text, sizeof(text), "%s\n%s\n%s\n", r->timestamp, r->nonce, r->body);
    Buffer decoded = BUFFER_OF(signature);
    if (!status_ok(base64_decode(span_of_text(r->signature), &decoded))) return false;
    EVP_PKEY *key = platform_key(app);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *with = EVP_PKEY_CTX_new(key, NULL);
    ASSERT(key != NULL && digest != NULL && with != NULL);
    EVP_MD_CTX_set_pkey_ctx(digest, with);
    const bool named = !sm || EVP_PKEY_CTX_set1_id(with, "1234567812345678", 16) == 1;
    const bool verified = named
            && EVP_DigestVerifyInit(digest, NULL, sm ? EVP_sm3() : EVP_sha256(), NULL, key) == 1
            && EVP_DigestVerify(
                       digest, signature, decoded.size, (const uint8_t *)text, (size_t)size)
                    == 1;
    EVP_MD_CTX_free(digest);
    EVP_PKEY_CTX_free(with);
    EVP_PKEY_free(key);
    return verified && strcmp(r->serial, app->platform_serial) == 0;
}

static bool open_aes(const MerchantApp *app, const char *nonce, const char *aad,
        const uint8_t *cipher, size_t size, char *ret_plain)
{
    int n = 0;
    uint8_t tag[TAG];
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    ASSERT(c != NULL);
    memcpy(tag, cipher + size - TAG, TAG);
    const bool opened =
            EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, app->apiv3, (const uint8_t *)nonce) == 1
            && EVP_DecryptUpdate(c, NULL, &n, (const uint8_t *)aad, (int)strlen(aad)) == 1
            && EVP_DecryptUpdate(c, (uint8_t *)ret_plain, &n, cipher, (int)(size - TAG)) == 1
            && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1
            && EVP_DecryptFinal_ex(c, (uint8_t *)ret_plain + n, &n) == 1;
    EVP_CIPHER_CTX_free(c);
    ret_plain[size - TAG] = 0;
    return opened;
}

static bool open_sm4(const MerchantApp *app, const char *nonce, const char *aad,
        const uint8_t *cipher, size_t size, char *ret_plain)
{
    uint8_t key[EVP_MAX_MD_SIZE];
    Buffer plain = { (uint8_t *)ret_plain, 0, size };
    ASSERT(EVP_Digest(app->apiv3, AES_KEY, key, NULL, EVP_sm3(), NULL) == 1);
    const Status s = aead_open(AEAD_SM4_GCM, (Span) { key, SM4_KEY }, (const uint8_t *)nonce,
            span_of_text(aad), (Span) { cipher, size }, &plain);
    ret_plain[plain.size] = 0;
    return status_ok(s);
}

/* Verify, then open; false says why. */
static bool open_message(const MerchantApp *app, const Received *r, char *ret_plain)
{
    char nonce[64];
    char aad[64];
    char text[RECEIVED_BODY_MAX];
    uint8_t cipher[RECEIVED_BODY_MAX];
    Buffer decoded = BUFFER_OF(cipher);
    const bool sm = app->profile->algorithm == KEY_SM2;
    if (!is_signed(app, r)) {
        fprintf(stderr, "  the signature of %s is not right\n", r->path);
        return false;
    }
    const char *resource = strstr(r->body, "\"resource\":{");
    if (resource == NULL || !member(resource, "nonce", nonce, sizeof(nonce))
            || !member(resource, "associated_data", aad, sizeof(aad))
            || !member(resource, "ciphertext", text, sizeof(text)))
        return false;
    if (!member_is(resource, "algorithm", sm ? "AEAD_SM4_GCM" : "AEAD_AES_256_GCM")) return false;
    if (strlen(nonce) != NONCE || !status_ok(base64_decode(span_of_text(text), &decoded)))
        return false;
    return decoded.size > TAG
            && (sm ? open_sm4 : open_aes)(app, nonce, aad, cipher, decoded.size, ret_plain);
}

static bool told(const MerchantApp *app, const char *path, const char *number)
{
    Received r = { 0 };
    char plain[RECEIVED_BODY_MAX] = "";
    char host[64];
    if (!receiver_await(receiver, path, 1) || !receiver_get(receiver, path, 0, &r)) return false;
    snprintf(host, sizeof(host), "localhost:%u", receiver_port(receiver));
    if (strcmp(r.host, host) != 0 || !open_message(app, &r, plain)) return false;
    return member_is(r.body, "event_type", "TRANSACTION.SUCCESS")
            && member_is(r.body, "resource_type", "encrypt-resource")
            && member_is(r.body, "original_type", "transaction")
            && strstr(r.body, number) == NULL /* nothing of it in clear */
            && member_is(plain, "out_trade_no", number) && member_is(plain, "mchid", app->mchid)
            && member_is(plain, "trade_state", "SUCCESS") && member_is(plain, "attach", "shelf 7");
}

static bool delivered(const char *number)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM notification WHERE out_trade_no = '%s' AND state = 2", number);
    return stand_comes_true(&stand, sql);
}

/* --- tests --- */

static void test_a_payment_is_told(void)
{
    Answered a = { 0 };
    EXPECT(pay(&shop, "OK-RSA-1", "/ok/rsa", &a));
    EXPECT(told(&shop, "/ok/rsa", "OK-RSA-1") && delivered("OK-RSA-1"));
    EXPECT(pay(&other, "OK-SM2-1", "/204/sm2", &a));
    EXPECT(told(&other, "/204/sm2", "OK-SM2-1") && delivered("OK-SM2-1"));
    EXPECT(receiver_count(receiver, "/ok/rsa") == 1 && receiver_count(receiver, "/204/sm2") == 1);
}

static bool refund(const char *number, const char *refund_number, const char *path)
{
    char body[512];
    Answered a = { 0 };
    snprintf(body, sizeof(body),
            "{\"out_trade_no\":\"%s\",\"out_refund_no\":\"%s\",\"notify_url\":"
            "\"https://localhost:%u%s\",\"amount\":{\"refund\":10,\"total\":%d,\"currency\":"
            "\"CNY\"}}",
            number, refund_number, receiver_port(receiver), path, PAID);
    return status_ok(step_call(&shop, http, "POST", "/v3/refund/domestic/refunds", body, &a))
            && a.status == 200;
}

/* While the payment cannot be told its refunds wait, wherever they are to be told; then all come in
 * the order in which they happened. */
static void test_events_of_a_payment_come_in_order(void)
{
    Received r = { 0 };
    Answered a = { 0 };
    char plain[RECEIVED_BODY_MAX] = "";
    char first[64] = "";
    char second[64] = "";
    EXPECT(pay(&shop, "ORDER-01", "/switch/order", &a));
    EXPECT(refund("ORDER-01", "R-1", "/ok/order/r1") && refund("ORDER-01", "R-2", "/ok/order/r2"));
    EXPECT(receiver_await(receiver, "/switch/order", 2));
    EXPECT(receiver_get(receiver, "/switch/order", 0, &r) && member(r.body, "id", first, 64));
    EXPECT(receiver_get(receiver, "/switch/order", 1, &r) && member(r.body, "id", second, 64));
    EXPECT(strcmp(first, second) == 0); /* the same event, encrypted anew */
    EXPECT(receiver_count(receiver, "/ok/order") == 0);
    receiver_switch(receiver, true);
    EXPECT(receiver_await(receiver, "/ok/order/r2", 1));
    EXPECT(receiver_get(receiver, "/ok/order", 0, &r) && strcmp(r.path, "/ok/order/r1") == 0);
    EXPECT(open_message(&shop, &r, plain) && member_is(r.body, "event_type", "REFUND.SUCCESS"));
    EXPECT(member_is(plain, "out_refund_no", "R-1")
            && member_is(plain, "refund_status", "SUCCESS"));
    EXPECT(member_is(plain, "transaction_id", a.transaction_id));
    EXPECT(strstr(plain, "\"refund\":10,") != NULL);
}

static void test_bad_receivers_hurt_themselves_alone(void)
{
    static const char *const bad[] = { "/hang", "/trickle", "/500", "/302", "/close", "/lies" };
    static MerchantApp apps[sizeof(bad) / sizeof(bad[0])];
    Answered a = { 0 };
    char number[32];
    char mchid[16];
    char sql[256];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(number, sizeof(number), "BAD-%zu-01", i);
        snprintf(mchid, sizeof(mchid), "190000001%zu", i);
        EXPECT_OK(stand_merchant(&stand, mchid, KEY_SM2, &apps[i]));
        EXPECT(pay(&apps[i], number, bad[i], &a));
    }
    EXPECT(pay(&other, "GOOD-001", "/ok/meanwhile", &a));
    EXPECT(told(&other, "/ok/meanwhile", "GOOD-001") && delivered("GOOD-001"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(receiver_await(receiver, bad[i], 2)); /* it is tried again */
        snprintf(sql, sizeof(sql),
                "SELECT count(*) FROM notification WHERE out_trade_no = 'BAD-%zu-01' AND state = 1 "
                "AND attempts > 0 AND result != 0",
                i);
        EXPECT(stand_comes_true(&stand, sql));
    }
    EXPECT(receiver_count(receiver, "/ok/redirected") == 0); /* nobody follows a redirect */
    /* the status alone counts, and ten megabytes behind it are nobody's */
    EXPECT(pay(&other, "FLOOD-01", "/flood", &a) && delivered("FLOOD-01"));
    EXPECT(receiver_count(receiver, "/flood") == 1);
}

/* Killed between the receiver's answers: told again under the same id, and nothing is lost. */
static void test_a_kill_loses_nothing(void)
{
    Answered a = { 0 };
    char number[32];
    char path[64];
    EXPECT(pay(&other, "KILL-000", "/hang/kill", &a)); /* on the way when it comes */
    EXPECT(receiver_await(receiver, "/hang/kill", 1));
    for (int i = 1; i < 5; i++) {
        snprintf(number, sizeof(number), "KILL-%03d", i);
        snprintf(path, sizeof(path), "/ok/kill/%d", i);
        EXPECT(pay(&other, number, path, &a));
    }
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    http_client_close(&http);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
    for (int i = 1; i < 5; i++) {
        snprintf(number, sizeof(number), "KILL-%03d", i);
        snprintf(path, sizeof(path), "/ok/kill/%d", i);
        EXPECT(told(&other, path, number) && delivered(number));
    }
    EXPECT(receiver_await(receiver, "/hang/kill", 2));
}

static void restart_with(const char *schedule)
{
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    snprintf(settings, sizeof(settings), "notifiers: 8\nnotify_schedule: %s\nnotify_ca: %s",
            schedule, receiver_ca(receiver));
    EXPECT_OK(stand_configure(&stand));
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
}

/* Two attempts and it is given up; a person finds it, and tells again when the receiver is well. */
static void test_what_was_given_up_is_sent_by_hand(void)
{
    Answered a = { 0 };
    char id[64] = "";
    Received r = { 0 };
    restart_with("[1]");
    receiver_switch(receiver, false);
    EXPECT(pay(&shop, "DEAD-001", "/switch/dead", &a));
    EXPECT(stand_comes_true(&stand,
            "SELECT count(*) FROM notification WHERE out_trade_no = 'DEAD-001' AND state = 3"));
    EXPECT(receiver_count(receiver, "/switch/dead") == 2);
    EXPECT(receiver_get(receiver, "/switch/dead", 0, &r) && member(r.body, "id", id, sizeof(id)));
    EXPECT(operator_ended(OPERATOR(&stand, "notification", "list"), 0));
    EXPECT(operator_says(id) && operator_says("NOTIFY_ANSWER") && operator_says("DEAD-001"));
    EXPECT(OPERATOR(&stand, "notification", "resend", "EV-1") != 0);
    EXPECT(operator_says("NOTIFICATION_UNKNOWN"));
    receiver_switch(receiver, true);
    EXPECT(operator_ended(OPERATOR(&stand, "notification", "resend", id), 0));
    EXPECT(receiver_await(receiver, "/switch/dead", 3) && delivered("DEAD-001"));
    EXPECT(receiver_get(receiver, "/switch/dead", 2, &r) && member_is(r.body, "id", id));
    EXPECT(operator_ended(OPERATOR(&stand, "notification", "resend", id), 0)); /* once more */
    EXPECT(receiver_await(receiver, "/switch/dead", 4) && delivered("DEAD-001"));
    EXPECT(stand_logged(&stand, "begun anew"));
}

/* What is due while a host rests has had its turn: its backlog ends with the schedule. */
static void test_a_dead_host_keeps_nothing_for_ever(void)
{
    enum { ORDERS = 12 };
    Answered a = { 0 };
    char number[32];
    for (int i = 0; i < ORDERS; i++) {
        snprintf(number, sizeof(number), "REST-%03d", i);
        EXPECT(pay(&other, number, "/500/rest", &a));
    }
    EXPECT(stand_comes_true(&stand,
            "SELECT count(*) = 12 FROM notification WHERE out_trade_no LIKE 'REST-%' AND state = "
            "3"));
    EXPECT(receiver_count(receiver, "/500/rest") < 2 * ORDERS);
}

static void test_the_books_are_clean(void)
{
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT(stand_audit(&stand) == 0);
}

/* Somebody changes a payment that was not told yet: nothing of it is sent, and it is not tried for
 * ever. */
static void test_what_cannot_be_read_is_given_up(void)
{
    Answered a = { 0 };
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
    receiver_switch(receiver, false);
    EXPECT(pay(&shop, "FORGED-1", "/switch/forged", &a));
    EXPECT(receiver_await(receiver, "/switch/forged", 1));
    stand_tamper(&stand, "UPDATE payment SET description = 'x' WHERE out_trade_no = 'FORGED-1'");
    const size_t before = receiver_count(receiver, "/switch/forged");
    EXPECT(stand_comes_true(&stand,
            "SELECT count(*) FROM notification WHERE out_trade_no = 'FORGED-1' AND state = 3 AND "
            "result BETWEEN 1100 AND 1199"));
    EXPECT(receiver_count(receiver, "/switch/forged") <= before + 1); /* one was on its way */
    http_client_close(&http);
    stand_close(&stand);
    receiver_close(receiver);
}

TESTS(TEST(test_house_opens), TEST(test_a_payment_is_told),
        TEST(test_events_of_a_payment_come_in_order),
        TEST(test_bad_receivers_hurt_themselves_alone), TEST(test_a_kill_loses_nothing),
        TEST(test_what_was_given_up_is_sent_by_hand), TEST(test_a_dead_host_keeps_nothing_for_ever),
        TEST(test_the_books_are_clean), TEST(test_what_cannot_be_read_is_given_up))
