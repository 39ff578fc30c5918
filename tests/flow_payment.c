/*
 * Goal: one payment goes all the way through, as merchants and payers of both suites would do it,
 * and again (idempotency), and wrongly. Method: the real programs, the public API over TLS 1.3,
 * then the books and the log. LL-4.3.8 (channel encryption), LL-4.3.9 (every message signed, RSA
 * and SM2), TP-6 (PINs in boxes), TP-12 (sealed balances), TP-14 (logs), TP-17.
 */
#include "admin_client.h"
#include "base/encoding.h"
#include "base/expect.h"
#include "command.h"
#include "enrol.h"
#include "merchant_steps.h"
#include "policy/purposes.h"
#include "vaultclient/client.h"
#include "vaultclient/domain.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char strategy[] =
        "version: 1\nname: flow\n"
        "amount:\n  challenge_over: 100000\n  delay_over: 0\n  review_over: 0\n"
        "  refuse_over: 5000000\n"
        "velocity:\n  challenge_count_over: 1000\n  challenge_sum_over: 100000000\n"
        "  refuse_count_over: 2000\n  refuse_sum_over: 1000000000\n"
        "wait:\n  challenge_s: 2\n  delay_s: 1\n  review_s: 2\n";

static Stand stand;
static MerchantApp rsa;
static MerchantApp sm2;
static PayerApp payer;
static HttpClient *http;
static char last_code[32];

static void test_house_opens(void)
{
    const char *suite = getenv("HUFU_SUITE"); /* one whole flow on each suite alone (DESIGN 5.9) */
    const StandOptions options = { .strategy = strategy,
        .sm = suite != NULL && strcmp(suite, "sm") == 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &rsa));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &sm2));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 100000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
}

static bool nobody_is_called(const char *table, const char *column, const char *name)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE %s = '%s'", table, column, name);
    return stand_number(&stand, sql) == 0;
}

static Status add_payer(const char *id, const char *pin, int64_t minor)
{
    uint8_t answer_bytes[4096];
    Buffer answer = BUFFER_OF(answer_bytes);
    return enrol_payer(stand.folder, id, pin, minor, &answer);
}

static bool takes_codes(const char *id, const char *pin)
{
    PayerApp app = { 0 };
    PayerAnswer answer = { 0 };
    const char *code = NULL;
    snprintf(app.id, sizeof(app.id), "%s", id);
    snprintf(app.pin, sizeof(app.pin), "%s", pin);
    return status_ok(payer_app_code(&app, http, &stand.box_key, &answer, &code));
}

/* As when hufud is killed after it kept a PIN and before it wrote the payer's row. */
static Status keep_pin_alone(const char *id, const char *pin)
{
    CLEANUP(box_key_free) BoxKey key = { 0 };
    uint8_t text_bytes[2 * BOX_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t record_bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    Buffer record = BUFFER_OF(record_bytes);
    BoxWish wish = {
        .data_class = CLASS_PIN, .purpose = BOX_PURPOSE_SET_PIN, .payee = span_of_text(id)
    };
    TRY(enrol_box_key(stand.folder, &key, wish.nonce));
    TRY(box_make(&key, &wish, span_of_text(pin), &text));
    TRY(base64_decode(span_of_buffer(&text), &box));
    const WirePinSet set = {
        .box = span_of_buffer(&box), .payer = span_of_text(id), .nonce = SPAN_OF(wish.nonce)
    };
    const VaultClientConfig config = { .socket_path = stand_path(&stand, PATH_VAULT_SOCKET),
        .channels = 1 };
    VaultClient *vault = NULL;
    DomainStore *domain = NULL;
    TRY(vaultclient_open(&config, &vault));
    Status s = vaultclient_set_pin(vault, &set, &record);
    if (status_ok(s)) s = domain_open(stand_path(&stand, PATH_DOMAIN), NULL, &domain);
    if (status_ok(s)) s = domain_put_verifier(domain, set.payer, span_of_buffer(&record));
    domain_close(domain);
    vaultclient_close(vault);
    return s;
}

/* Nobody is in without a PIN, a try that ended between PIN and row can be made again, and nobody's
 * PIN is replaced by asking to come in once more (TP-6). */
static void test_a_payer_comes_in_whole_or_not_at_all(void)
{
    EXPECT_REFUSED(add_payer("payer-9", "123456", 100), REFUSED_PIN_WEAK);
    EXPECT(nobody_is_called("payer", "id", "payer-9"));
    EXPECT(nobody_is_called("account", "owner", "payer-9"));
    EXPECT_OK(keep_pin_alone("payer-9", "662607"));
    EXPECT(nobody_is_called("payer", "id", "payer-9"));
    EXPECT(!takes_codes("payer-9", "662607"));
    EXPECT_REFUSED(add_payer("payer-9", "137035", 100), REFUSED_PIN_WRONG);
    EXPECT(nobody_is_called("payer", "id", "payer-9"));
    EXPECT_OK(add_payer("payer-9", "662607", 100));
    EXPECT(takes_codes("payer-9", "662607") && !takes_codes("payer-9", "137035"));
    EXPECT_REFUSED(add_payer("payer-9", "137035", 100), REFUSED_PAYER_EXISTS);
    EXPECT_REFUSED(add_payer("payer-9", "123456", 100), REFUSED_PAYER_EXISTS);
    EXPECT_REFUSED(add_payer("payer-9", "662607", 100), REFUSED_PAYER_EXISTS);
    EXPECT(takes_codes("payer-9", "662607") && !takes_codes("payer-9", "137035"));
}

static Status add_merchant(const MerchantApp *app, Span apiv3)
{
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t answer_bytes[4096];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    TRY(public_key_to_pem(private_key_public(app->key), &pem));
    const EnrolMerchant merchant = { .mchid = app->mchid,
        .name = "stand",
        .key_pem = span_of_buffer(&pem),
        .serial = app->serial,
        .apiv3 = apiv3 };
    return enrol_merchant(stand.folder, &merchant, &answer);
}

/* The same for a merchant and the APIv3 key (TP-7). */
static void test_a_merchant_comes_in_whole_or_not_at_all(void)
{
    static const uint8_t another[32] = "0123456789abcdef0123456789abcde";
    MerchantApp app = rsa;
    app.platform = NULL;
    snprintf(app.mchid, sizeof(app.mchid), "1900000009");
    EXPECT_REFUSED(add_merchant(&app, SPAN("not 32 bytes")), REFUSED_SEAL_SIZE);
    EXPECT(nobody_is_called("merchant", "mchid", "1900000009"));
    EXPECT_OK(add_merchant(&app, SPAN_OF(app.apiv3)));
    EXPECT_REFUSED(add_merchant(&app, SPAN_OF(another)), REFUSED_MERCHANT_EXISTS);
    EXPECT_OK(merchant_app_learn(&app, http)); /* opens with the first key */
    public_key_free(&app.platform);
}

static bool state_is(const Answered *answered, const char *state)
{
    if (strcmp(answered->trade_state, state) == 0) return true;
    fprintf(stderr, "  HTTP %d, state '%s', code '%s' field '%s'\n", answered->status,
            answered->trade_state, answered->code, answered->field);
    return false;
}

static bool code_is(const Answered *answered, int status, const char *code)
{
    if (answered->status == status && strcmp(answered->code, code) == 0) return true;
    fprintf(stderr, "  HTTP %d, code '%s', state '%s'\n", answered->status, answered->code,
            answered->trade_state);
    return false;
}

static void native_with(const MerchantApp *app, const char *number)
{
    Answered first = { 0 };
    Answered again = { 0 };
    PayerAnswer paid = { 0 };
    EXPECT_OK(step_native(app, http, number, 1250, &first));
    EXPECT(first.status == 200 && first.code_url[0] != 0);
    EXPECT_OK(step_native(app, http, number, 1250, &again));
    EXPECT(again.status == 200 && strcmp(again.code_url, first.code_url) == 0);
    EXPECT_OK(step_native(app, http, number, 1251, &again));
    EXPECT(code_is(&again, 400, "INVALID_REQUEST"));
    EXPECT_OK(step_query(app, http, number, &again));
    EXPECT(state_is(&again, "NOTPAY") && again.total == 1250);

    PayerApp wrong = payer;
    snprintf(wrong.pin, sizeof(wrong.pin), "314159");
    IGNORE(payer_app_pay(&wrong, http, &stand.box_key, span_of_text(first.code_url), &paid),
            "the answer is looked at");
    EXPECT(paid.status >= 400 && paid.status < 500);
    EXPECT_OK(step_query(app, http, number, &again));
    EXPECT(state_is(&again, "NOTPAY"));

    EXPECT_OK(payer_app_pay(&payer, http, &stand.box_key, span_of_text(first.code_url), &paid));
    EXPECT(paid.status == 200);
    EXPECT_OK(payer_app_pay(&payer, http, &stand.box_key, span_of_text(first.code_url), &paid));
    EXPECT(paid.status == 200);
    EXPECT_OK(step_query(app, http, number, &again));
    EXPECT(state_is(&again, "SUCCESS") && again.transaction_id[0] != 0);
    Answered by_id = { 0 };
    EXPECT_OK(step_query_id(app, http, again.transaction_id, &by_id));
    EXPECT(state_is(&by_id, "SUCCESS") && by_id.total == 1250);
    EXPECT_OK(step_close(app, http, number, &by_id));
    EXPECT(by_id.status == 400);
}

static void test_native_rsa(void) { native_with(&rsa, "NATIVE-R-1"); }
static void test_native_sm2(void) { native_with(&sm2, "NATIVE-S-1"); }

static const char *fresh_code(void)
{
    PayerAnswer answer = { 0 };
    const char *code = NULL;
    const Status s = payer_app_code(&payer, http, &stand.box_key, &answer, &code);
    if (status_ok(s)) {
        snprintf(last_code, sizeof(last_code), "%s", code);
        return code;
    }
    fprintf(stderr, "  no code: %s, HTTP %d %s\n", status_name(s), answer.status, answer.code);
    return "100000000000000000";
}

static void codepay_with(const MerchantApp *app, const char *number, const char *other)
{
    char code[32];
    Answered first = { 0 };
    Answered again = { 0 };
    snprintf(code, sizeof(code), "%s", fresh_code());
    EXPECT_OK(step_codepay(app, http, number, 999, code, &first));
    EXPECT(state_is(&first, "SUCCESS") && first.total == 999);
    EXPECT_OK(step_codepay(app, http, number, 999, code, &again));
    EXPECT(state_is(&again, "SUCCESS") && strcmp(again.transaction_id, first.transaction_id) == 0);
    EXPECT_OK(step_codepay(app, http, other, 999, code, &again)); /* one use */
    EXPECT(again.status >= 400 && again.status < 500);
    EXPECT_OK(step_query(app, http, other, &again));
    EXPECT(code_is(&again, 404, "ORDER_NOT_EXIST"));
}

static void test_codepay_rsa(void) { codepay_with(&rsa, "CODE-R-1", "CODE-R-2"); }
static void test_codepay_sm2(void) { codepay_with(&sm2, "CODE-S-1", "CODE-S-2"); }

/* Waits for what the house does by itself (a timer of ours); the test's own limit ends it. */
static bool becomes(const MerchantApp *app, const char *number, const char *state)
{
    for (int tries = 0; tries < 200; tries++) {
        Answered answered = { 0 };
        if (!status_ok(step_query(app, http, number, &answered))) return false;
        if (strcmp(answered.trade_state, state) == 0) return true;
        const struct timespec wait = { 0, 50000000 };
        nanosleep(&wait, NULL);
    }
    return false;
}

static void test_large_codepay_is_challenged_then_refused_by_default(void)
{
    Answered answered = { 0 };
    const int64_t before =
            stand_number(&stand, "SELECT balance FROM account WHERE owner = 'payer-1'");
    EXPECT_OK(step_codepay(&rsa, http, "LARGE-1", 200000, fresh_code(), &answered));
    EXPECT(state_is(&answered, "USERPAYING"));
    EXPECT(stand_number(&stand, "SELECT balance FROM account WHERE owner = 'payer-1'")
            == before - 200000);
    EXPECT(stand_number(&stand, "SELECT frozen FROM account WHERE owner = 'payer-1'") == 200000);
    EXPECT(becomes(&rsa, "LARGE-1", "PAYERROR"));
    EXPECT(stand_number(&stand, "SELECT balance FROM account WHERE owner = 'payer-1'") == before);
    EXPECT(stand_number(&stand, "SELECT frozen FROM account WHERE owner = 'payer-1'") == 0);
}

static Status waiting(PayerApp *app, const char *number, PayerAnswer *ret_answer, Buffer *ret_url)
{
    *ret_answer = (PayerAnswer) { 0 };
    return payer_app_waiting(app, http, &stand.box_key, SPAN("1900000002"), span_of_text(number),
            ret_answer, ret_url);
}

static void test_large_codepay_is_challenged_then_paid(void)
{
    Answered answered = { 0 };
    PayerAnswer answer = { 0 };
    uint8_t url_bytes[PAYER_APP_CODE_URL_BYTES_MAX];
    Buffer url = BUFFER_OF(url_bytes);
    EXPECT_OK(step_codepay(&sm2, http, "LARGE-2", 300000, fresh_code(), &answered));
    EXPECT(state_is(&answered, "USERPAYING"));
    EXPECT_OK(waiting(&payer, "LARGE-2", &answer, &url));
    EXPECT_OK(payer_app_pay(&payer, http, &stand.box_key, span_of_buffer(&url), &answer));
    EXPECT(answer.status == 200);
    EXPECT_OK(step_query(&sm2, http, "LARGE-2", &answered));
    EXPECT(state_is(&answered, "SUCCESS"));
    EXPECT_REFUSED(waiting(&payer, "LARGE-2", &answer, &url), REFUSED_ORDER_NOT_EXIST);
}

/* What waits for a PIN is shown for that PIN alone, and only in the sealed row's own words. */
static void test_what_waits_is_the_payers_own(void)
{
    Answered answered = { 0 };
    PayerAnswer answer = { 0 };
    PayerApp other = { 0 };
    uint8_t url_bytes[PAYER_APP_CODE_URL_BYTES_MAX];
    Buffer url = BUFFER_OF(url_bytes);
    EXPECT_OK(stand_payer(&stand, "payer-2", "602214", 0, &other));
    EXPECT_OK(step_codepay(&sm2, http, "LARGE-3", 300000, fresh_code(), &answered));
    EXPECT(state_is(&answered, "USERPAYING"));
    EXPECT_OK(waiting(&payer, "LARGE-3", &answer, &url));
    EXPECT_REFUSED(waiting(&other, "LARGE-3", &answer, &url), REFUSED_ORDER_NOT_EXIST);
    EXPECT(answer.status == 200);
    PayerApp wrong = payer;
    snprintf(wrong.pin, sizeof(wrong.pin), "314159");
    EXPECT_REFUSED(waiting(&wrong, "LARGE-3", &answer, &url), REFUSED_HTTP_ANSWER_INVALID);
    EXPECT(answer.status == 403 && strcmp(answer.code, "PIN_WRONG") == 0);
    snprintf(wrong.id, sizeof(wrong.id), "nobody");
    EXPECT_REFUSED(waiting(&wrong, "LARGE-3", &answer, &url), REFUSED_HTTP_ANSWER_INVALID);
    EXPECT(answer.status == 403 && strcmp(answer.code, "PIN_WRONG") == 0);
    EXPECT(becomes(&sm2, "LARGE-3", "PAYERROR"));
    url.size = 0;
    EXPECT_REFUSED(waiting(&payer, "LARGE-3", &answer, &url), REFUSED_ORDER_NOT_EXIST);
    EXPECT(url.size == 0);
}

/* A stranger can verify its refusal: it is signed under the scheme that it named (LL-4.3.9). */
static void test_strangers_are_answered_under_their_scheme(void)
{
    static const struct {
        const char *authorization;
        const MerchantApp *app;
    } cases[] = { { "WECHATPAY2-SHA256-RSA2048 nonsense", &rsa },
        { "WECHATPAY2-SM2-WITH-SM3 nonsense", &sm2 }, { "WECHATPAY2-SM2-WITH-SM3", &rsa },
        { "WECHATPAY2-SM2-WITH-SM34 nonsense", &rsa }, { "Bearer abc", &rsa } };
    const Clock clock = clock_system();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static uint8_t scratch_bytes[64 * 1024];
        Buffer scratch = BUFFER_OF(scratch_bytes);
        HttpAnswer answer = { 0 };
        const HttpHeader headers[] = { { "Authorization", span_of_text(cases[i].authorization) } };
        const HttpCall call = { "GET", SPAN("/v3/certificates"), headers, 1, SPAN("") };
        EXPECT_OK(http_client_call(http, &call, &answer));
        EXPECT(answer.status == 401);
        EXPECT_OK(client_verify_answer(cases[i].app->profile, cases[i].app->platform,
                span_of_text(cases[i].app->platform_serial), &answer, clock_now_us(&clock),
                &scratch));
    }
}

static void test_refused_and_closed(void)
{
    Answered answered = { 0 };
    EXPECT_OK(step_codepay(&rsa, http, "HUGE-1", 5000000, fresh_code(), &answered));
    EXPECT(state_is(&answered, "USERPAYING") || answered.status == 200);
    EXPECT_OK(step_native(&rsa, http, "CLOSE-1", 100, &answered));
    EXPECT_OK(step_close(&rsa, http, "CLOSE-1", &answered));
    EXPECT(answered.status == 204);
    EXPECT_OK(step_close(&rsa, http, "CLOSE-1", &answered)); /* again */
    EXPECT(answered.status == 204);
    EXPECT_OK(step_native(&rsa, http, "CLOSE-1", 100, &answered));
    EXPECT(code_is(&answered, 400, "INVALID_REQUEST"));
    EXPECT_OK(step_query(&sm2, http, "CLOSE-1", &answered)); /* another's order does not exist */
    EXPECT(code_is(&answered, 404, "ORDER_NOT_EXIST"));
}

/* DESIGN section 4: at most six trips between processes or to the store for one payment. */
static void test_one_payment_takes_six_trips(void)
{
    Answered answered = { 0 };
    char code[32];
    snprintf(code, sizeof(code), "%s", fresh_code());
    const StandTrips before = stand_trips(&stand);
    EXPECT_OK(step_codepay(&rsa, http, "TRIPS-1", 100, code, &answered));
    EXPECT(state_is(&answered, "SUCCESS"));
    const StandTrips after = stand_trips(&stand);
    EXPECT(after.units - before.units == 1);
    EXPECT(after.trips - before.trips >= 4 && after.trips - before.trips <= 6);
}

static void test_books_and_log_are_right(void)
{
    EXPECT(stand_number(&stand, "SELECT sum(minor) FROM posting") == 0);
    EXPECT(stand_number(&stand, "SELECT sum(balance + frozen) FROM account") == 0);
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

/* A number of the payer's, standing alone: digits beside it make it part of another number. */
static bool holds_number(Span text, const char *number)
{
    const size_t size = strlen(number);
    for (size_t i = 0; i + size <= text.size; i++) {
        if (!span_equal((Span) { text.data + i, size }, span_of_text(number))) continue;
        const bool begins = i == 0 || text.data[i - 1] < '0' || text.data[i - 1] > '9';
        const uint8_t after = i + size == text.size ? 0 : text.data[i + size];
        if (begins && (after < '0' || after > '9')) return true;
    }
    return false;
}

/* TP-6, TP-14: no PIN that was typed, right or wrong, and no used code stands in a log. */
static void test_logs_hold_nothing_sensitive(void)
{
    static const char *const logs[] = { "log/hufud.log", "log/vaultd.log" };
    static uint8_t bytes[1 << 20];
    for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
        Buffer text = BUFFER_OF(bytes);
        EXPECT_OK(file_read(stand_path(&stand, logs[i]), &text));
        EXPECT(text.size > 0);
        EXPECT(!holds_number(span_of_buffer(&text), "271828"));
        EXPECT(!holds_number(span_of_buffer(&text), "314159"));
        EXPECT(!holds_number(span_of_buffer(&text), last_code));
    }
}

static void test_house_starts_again_with_the_same_data(void)
{
    Answered answered = { 0 };
    http_client_close(&http);
    int exit_status = -1;
    stand_stop(&stand, STAND_HUFUD, SIGTERM, &exit_status);
    EXPECT(exit_status == 0);
    stand_stop(&stand, STAND_VAULTD, SIGTERM, &exit_status);
    EXPECT(exit_status == 0);
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(step_query(&rsa, http, "NATIVE-R-1", &answered));
    EXPECT(state_is(&answered, "SUCCESS"));
    EXPECT_OK(step_codepay(&rsa, http, "AFTER-1", 100, fresh_code(), &answered));
    EXPECT(state_is(&answered, "SUCCESS"));
}

/* TP-12: a posting is not read again by any payment; the rolling check meets it within its period,
 * and vaultd freezes it. The last test: the books are wrong from here on. */
static void test_a_changed_posting_is_noticed_while_the_house_runs(void)
{
    static const char alerts[] = "SELECT count(*) FROM alert WHERE kind = 1 AND about_table = 5";
    EXPECT(stand_number(&stand, alerts) == 0);
    stand_tamper(&stand,
            "UPDATE posting SET minor = minor + 1 WHERE number = 1 AND in_batch = "
            "(SELECT max(in_batch) FROM posting)");
    int64_t count = 0;
    for (int tries = 0; tries < 1200 && count == 0; tries++) {
        const struct timespec wait = { 0, 50000000 };
        nanosleep(&wait, NULL);
        count = stand_number(&stand, alerts);
    }
    EXPECT(count == 1);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_payer_comes_in_whole_or_not_at_all),
        TEST(test_a_merchant_comes_in_whole_or_not_at_all), TEST(test_native_rsa),
        TEST(test_native_sm2), TEST(test_codepay_rsa), TEST(test_codepay_sm2),
        TEST(test_large_codepay_is_challenged_then_refused_by_default),
        TEST(test_large_codepay_is_challenged_then_paid), TEST(test_what_waits_is_the_payers_own),
        TEST(test_strangers_are_answered_under_their_scheme), TEST(test_refused_and_closed),
        TEST(test_one_payment_takes_six_trips), TEST(test_books_and_log_are_right),
        TEST(test_logs_hold_nothing_sensitive), TEST(test_house_starts_again_with_the_same_data),
        TEST(test_a_changed_posting_is_noticed_while_the_house_runs), TEST(test_house_closes))
