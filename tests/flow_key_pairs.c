/*
 * Goal: the house's own key pairs follow one another without anybody outside being left behind
 * (TP-7, LL-4.3.9): platform certificates, the log's keys, the TLS authority. Method: the real
 * programs; merchants and a payer's app who know the old key before, during and after; vaultd and
 * hufud killed in between; an auditor who trusts nothing but the first keys.
 */
#define _GNU_SOURCE
#include "admin_client.h"
#include "base/expect.h"
#include "command.h"
#include "crypto/tls.h"
#include "merchant_steps.h"
#include "operator.h"
#include "starts.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TRIES_MAX = 600, POLL_MS = 50, TEXT_BYTES_MAX = 64 * 1024 };

static Stand stand;
static MerchantApp rsa;
static MerchantApp sm2;
static HttpClient *http;
static char first_keys[STAND_PATH_BYTES_MAX];

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define TWO "--key", "alice", "--key", "bob", "--reason", "period is over"

static void pause_a_moment(void)
{
    const struct timespec wait = { 0, POLL_MS * 1000000L };
    nanosleep(&wait, NULL);
}

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &rsa));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &sm2));
    EXPECT_OK(stand_connect(&stand, &http));
}

/* --- platform certificates --- */

typedef struct Certificates {
    int64_t count;
    char serial[MESSAGE_SERIAL_BYTES_MAX + 1]; /* of the first */
} Certificates;

static const JsonField list_fields[] = { { "data", JSON_LIST, true, 1, 8, 0 } };
static const JsonField item_fields[] = { { "serial_no", JSON_TEXT, true, 1, 64, 0 } };

/* What this merchant is shown; refused when the answer is not of the key that it believes. */
static Status certificates_of(const MerchantApp *app, Certificates *ret)
{
    MerchantAnswer answer = { 0 };
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    const JsonValue *list = NULL;
    const JsonValue *item = NULL;
    Span serial = { 0 };
    TRY(merchant_app_call(app, http, "GET", SPAN("/v3/certificates"), SPAN(""), &answer));
    REQUIRE(answer.status == 200, REFUSED_CERTIFICATE_INVALID);
    TRY(json_parse(answer.body, &document, &problem));
    TRY(json_read_some(document, json_root(document), list_fields, 1, &list, &problem));
    TRY(json_list_object(document, list, 0, &item, &problem));
    TRY(json_read_some(document, item, item_fields, 1, &serial, &problem));
    ret->count = (int64_t)json_list_size(list);
    snprintf(ret->serial, sizeof(ret->serial), "%.*s", (int)serial.size, (const char *)serial.data);
    return OK;
}

static bool await_count(const MerchantApp *app, int64_t wanted)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        Certificates seen = { 0 };
        if (!status_ok(certificates_of(app, &seen))) return false;
        if (seen.count == wanted) return true;
        pause_a_moment();
    }
    return false;
}

/* Until answers are of another key than the one that this merchant believes. */
static bool await_turn(const MerchantApp *app)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        Certificates seen = { 0 };
        if (!status_ok(certificates_of(app, &seen))) return true;
        pause_a_moment();
    }
    return false;
}

static void restart_both(void)
{
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, 9, NULL);
    stand_stop(&stand, STAND_VAULTD, 9, NULL);
    ASSERT(status_ok(stand_start(&stand, STAND_VAULTD)));
    ASSERT(status_ok(stand_start(&stand, STAND_HUFUD)));
    ASSERT(status_ok(stand_connect(&stand, &http)));
}

static void test_a_platform_certificate_turns(void)
{
    Certificates seen = { 0 };
    PayerApp payer;
    char before[MESSAGE_SERIAL_BYTES_MAX + 1];
    memcpy(before, rsa.platform_serial, sizeof(before));
    EXPECT(operator_ended(HUFU("key", "rotate", "platform-rsa", TWO, "--wait-seconds", "15",
                                  "--overlap-seconds", "20"),
            0));
    EXPECT(operator_says("platform-rsa, version 2 is shown now and signs in 15 seconds"));
    EXPECT(operator_ended(HUFU("key", "rotate", "platform-rsa", TWO), 1));
    EXPECT(operator_says("KEY_TURN_PENDING"));
    EXPECT(await_count(&rsa, 2)); /* shown, and answers are of the old one */
    EXPECT_OK(certificates_of(&rsa, &seen));
    EXPECT(strcmp(seen.serial, before) == 0);
    restart_both();
    EXPECT(await_turn(&rsa));
    EXPECT(operator_ended(HUFU("key", "destroy", "platform-rsa", "1", TWO), 1));
    EXPECT(operator_says("KEY_IN_USE"));

    MerchantApp learnt = rsa;
    learnt.platform = NULL;
    EXPECT_OK(merchant_app_learn(&learnt, http));
    EXPECT(strcmp(learnt.platform_serial, before) != 0);
    EXPECT_OK(certificates_of(&learnt, &seen));
    EXPECT(seen.count == 2 && strcmp(seen.serial, learnt.platform_serial) == 0);
    public_key_free(&rsa.platform);
    rsa = learnt;
    /* An app that shipped with the old key makes boxes for the house still. */
    EXPECT_OK(stand_payer(&stand, "payer-1", "274913", 100000, &payer));

    EXPECT(await_count(&rsa, 1));
    EXPECT(operator_ended(HUFU("key", "list"), 0));
    EXPECT(operator_says("ended"));
}

static void test_an_sm2_certificate_turns_at_once(void)
{
    char before[MESSAGE_SERIAL_BYTES_MAX + 1];
    memcpy(before, sm2.platform_serial, sizeof(before));
    EXPECT(operator_ended(HUFU("key", "rotate", "platform-sm2", TWO, "--wait-seconds", "0",
                                  "--overlap-seconds", "2"),
            0));
    EXPECT(operator_says("platform-sm2, version 2 is current"));
    EXPECT(await_turn(&sm2));
    public_key_free(&sm2.platform);
    EXPECT_OK(merchant_app_learn(&sm2, http));
    EXPECT(strcmp(sm2.platform_serial, before) != 0);
    EXPECT(await_count(&sm2, 1));
}

static void test_an_old_private_half_is_destroyed(void)
{
    char certificate[STAND_PATH_BYTES_MAX];
    char keys[STAND_PATH_BYTES_MAX];
    snprintf(certificate, sizeof(certificate), "%s", stand_path(&stand, "destroyed.txt"));
    snprintf(keys, sizeof(keys), "%s", stand_path(&stand, PATH_KEYS));
    EXPECT(operator_ended(
            HUFU("key", "destroy", "platform-rsa", "1", TWO, "--out", certificate), 0));
    EXPECT(operator_says("key: platform-rsa/1"));
    EXPECT(operator_ended(HUFU("key", "ceremony", "--verify", certificate, "--keys", keys), 0));
    EXPECT(operator_ended(HUFU("key", "destroy", "platform-rsa", "2", TWO), 1));
    EXPECT(operator_says("KEY_IN_USE"));
    Certificates seen = { 0 };
    restart_both();
    EXPECT_OK(certificates_of(&rsa, &seen));
    EXPECT(seen.count == 1);
    EXPECT(operator_ended(HUFU("key", "list"), 0));
    EXPECT(operator_says("destroyed"));
}

/* --- the log's keys --- */

static bool copy_keys(const char *name, char ret_path[STAND_PATH_BYTES_MAX])
{
    static uint8_t memory[TEXT_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    snprintf(ret_path, STAND_PATH_BYTES_MAX, "%s", stand_path(&stand, name));
    return status_ok(file_read(stand_path(&stand, PATH_KEYS), &text))
            && status_ok(file_write(ret_path, 0644, span_of_buffer(&text)));
}

/* Something happens, and a checkpoint of it is kept. */
static bool log_goes_on(const char *order)
{
    Answered answered = { 0 };
    return status_ok(step_native(&rsa, http, order, 100, &answered)) && answered.status == 200
            && stand_await_checkpoint(&stand);
}

static void test_the_log_verifies_over_a_change_of_its_keys(void)
{
    char now[STAND_PATH_BYTES_MAX];
    snprintf(now, sizeof(now), "%s", stand_path(&stand, PATH_KEYS));
    EXPECT(log_goes_on("ORDER-200") && copy_keys("first-keys", first_keys));
    EXPECT(stand_audit_with(&stand, first_keys, NULL) == 0);
    EXPECT(operator_ended(HUFU("key", "rotate", "checkpoint-ed25519", TWO), 0));
    EXPECT(log_goes_on("ORDER-300"));
    EXPECT(stand_audit(&stand) == 0);
    EXPECT(stand_audit_with(&stand, first_keys, NULL) == 1); /* nobody told this auditor */
    EXPECT(stand_audit_with(&stand, first_keys, now) == 0);
    EXPECT(operator_ended(HUFU("key", "rotate", "checkpoint-sm2", TWO), 0));
    restart_both();
    EXPECT(log_goes_on("ORDER-400"));
    EXPECT(stand_audit(&stand) == 0);
    EXPECT(stand_audit_with(&stand, first_keys, now) == 0);
}

/* As long as after many more turns. */
static bool lengthen(const char *path)
{
    FILE *file = fopen(path, "a");
    if (file == NULL) return false;
    for (int i = 0; i < 500; i++)
        fputs("# a line that is no key, as long as one of a note: 64 columns...\n", file);
    return fclose(file) == 0;
}

static void test_it_does_when_the_old_halves_are_gone(void)
{
    char certificate[STAND_PATH_BYTES_MAX];
    char now[STAND_PATH_BYTES_MAX];
    char later[STAND_PATH_BYTES_MAX];
    snprintf(certificate, sizeof(certificate), "%s", stand_path(&stand, "log-key.txt"));
    snprintf(now, sizeof(now), "%s", stand_path(&stand, PATH_KEYS));
    EXPECT(operator_ended(
            HUFU("key", "destroy", "checkpoint-ed25519", "1", TWO, "--out", certificate), 0));
    EXPECT(operator_ended(HUFU("key", "ceremony", "--verify", certificate, "--keys", now), 0));
    EXPECT(copy_keys("later-keys", later) && lengthen(later));
    EXPECT(operator_ended(HUFU("key", "ceremony", "--verify", certificate, "--keys", later), 0));
    EXPECT(operator_ended(HUFU("key", "destroy", "checkpoint-sm2", "1", TWO), 0));
    restart_both();
    EXPECT(log_goes_on("ORDER-500"));
    EXPECT(stand_audit(&stand) == 0);
    EXPECT(stand_audit_with(&stand, first_keys, now) == 0);
}

static bool await_number(const char *sql, int64_t wanted)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        if (stand_number(&stand, sql) == wanted) return true;
        pause_a_moment();
    }
    return false;
}

/* The log says that its keys were changed, who asked, and why (TP-15): twice where hufud was killed
 * between a line and its receipt (decision 31). */
static void test_the_log_tells_of_it(void)
{
    static const char *const acts[] = { "key.rotate/platform-rsa/15/20",
        "key.rotate/checkpoint-ed25519", "key.destroy/checkpoint-sm2/1" };
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        char sql[256];
        snprintf(sql, sizeof(sql),
                "SELECT count(*) > 0 FROM audit_leaf WHERE instr(leaf, CAST('%s' AS BLOB)) > 0",
                acts[i]);
        EXPECT(await_number(sql, 1));
    }
}

/* --- the TLS authority --- */

static int64_t authorities(void)
{
    static uint8_t memory[TEXT_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    if (!status_ok(file_read(stand_path(&stand, "run/hufud/ca.pem"), &text))) return 0;
    int64_t count = 0;
    static const char head[] = "-----BEGIN CERTIFICATE-----";
    const uint8_t *at = memory;
    const uint8_t *end = memory + text.size;
    while ((at = memmem(at, (size_t)(end - at), head, sizeof(head) - 1)) != NULL) {
        count++;
        at += sizeof(head) - 1;
    }
    return count;
}

static bool await_authorities(int64_t wanted)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        if (authorities() == wanted) return true;
        pause_a_moment();
    }
    return false;
}

static bool connects(void)
{
    HttpClient *fresh = NULL;
    Certificates seen = { 0 };
    if (!status_ok(stand_connect(&stand, &fresh))) return false;
    HttpClient *kept = http;
    http = fresh;
    const bool asked = status_ok(certificates_of(&rsa, &seen));
    http = kept;
    http_client_close(&fresh);
    return asked;
}

static bool await_connects(bool wanted)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        if (connects() == wanted) return true;
        pause_a_moment();
    }
    return false;
}

static bool await_logged(const char *text)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        if (starts_log_has(&stand, "log/hufud.log", text)) return true;
        pause_a_moment();
    }
    return false;
}

static void test_the_tls_authority_turns(void)
{
    char in_the_way[STAND_PATH_BYTES_MAX];
    snprintf(in_the_way, sizeof(in_the_way), "%s", stand_path(&stand, "run/hufud/ca.pem.new"));
    rsa.tries_max = 1;
    EXPECT(connects());
    EXPECT(mkdir(in_the_way, 0700) == 0);
    EXPECT(operator_ended(
            HUFU("key", "rotate", "tls-ca", TWO, "--wait-seconds", "10", "--overlap-seconds", "5"),
            0));
    EXPECT(await_logged("\"operation\":\"tls.renew\""));
    EXPECT(rmdir(in_the_way) == 0 && await_authorities(2)); /* tried again */
    EXPECT(connects()); /* who trusts the old one alone, until the turn */
    EXPECT(await_connects(false));
    EXPECT_OK(stand_trust(&stand));
    EXPECT(connects());
    EXPECT(await_authorities(1));
    EXPECT_OK(stand_trust(&stand));
    EXPECT(connects());
    restart_both();
    EXPECT(authorities() == 1 && connects());
}

static void test_house_closes(void)
{
    EXPECT(stand_audit(&stand) == 0);
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_platform_certificate_turns),
        TEST(test_an_sm2_certificate_turns_at_once), TEST(test_an_old_private_half_is_destroyed),
        TEST(test_the_log_verifies_over_a_change_of_its_keys),
        TEST(test_it_does_when_the_old_halves_are_gone), TEST(test_the_log_tells_of_it),
        TEST(test_the_tls_authority_turns), TEST(test_house_closes))
