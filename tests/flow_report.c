/*
 * Goal: the half-yearly audit report (TP-16, LL-4.5.3) says what happened, no more and no less; it
 * is signed and kept, and whoever changes or removes it, or the log beneath it, is found.
 * Incidents go their way to a closure by two people. Method: the real programs; refusals, a seal
 * mismatch with its two-person release and a backup are caused; each count of the report is
 * compared with the store.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "intruder.h"
#include "merchant_steps.h"
#include "operator.h"

#include "admin_client.h"
#include "base/encoding.h"
#include "base/money.h"
#include "base/seams.h"
#include "command.h"
#include "policy/tables.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    CHECKPOINT_SECONDS = 5,
    HTML_BYTES_MAX = 4 * 1024 * 1024,
    ALERT_TRIES_MAX = 1000,
    POLL_MS = 10,
    CARDS = 3
};

static Stand stand;
static MerchantApp merchant;
static PayerApp payer;
static HttpClient *http;
static Intruder intruder;
static char html[HTML_BYTES_MAX];
static char folder[512]; /* of the last report */
static char key_hex[1024];
static char incident[64];

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)

static void pause_ms(long ms)
{
    const struct timespec wait = { 0, ms * 1000000L };
    nanosleep(&wait, NULL);
}

static int64_t now_us(void)
{
    const Clock clock = clock_system();
    return clock_now_us(&clock);
}

static void test_house_opens(void)
{
    const StandOptions options = { .code_life_s = 3600 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 100000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
    intruder_open(&stand, &intruder);
}

/* Whoever asks for a report has a checkpoint kept, and the clock does each second: neither is in
 * the other's way, nor does the one take the other's note for a log that went back. */
static void test_checkpoints_are_kept_one_at_a_time(void)
{
    int kept = 0;
    const int64_t end_us = now_us() + CHECKPOINT_SECONDS * INT64_C(1000000);
    for (int asked = 0; now_us() < end_us; asked++) {
        char number[32];
        uint8_t bytes[4096];
        Buffer answer = BUFFER_OF(bytes);
        Answered said = { 0 };
        snprintf(number, sizeof(number), "KEPT-%d", asked);
        if (asked % 16 == 0) EXPECT_OK(step_native(&merchant, http, number, 100, &said));
        EXPECT_OK(admin_ask_plain(stand.folder, "report.begin", &answer));
        kept++;
    }
    EXPECT(kept > CHECKPOINT_SECONDS);
    EXPECT(stand_await_checkpoint(&stand));
}

/* --- what happens on this day --- */

static bool charge(const char *number, Answered *ret)
{
    char code[32];
    PayerAnswer answer = { 0 };
    const char *text = NULL;
    if (!status_ok(payer_app_code(&payer, http, &stand.box_key, &answer, &text))) return false;
    snprintf(code, sizeof(code), "%s", text);
    return status_ok(step_codepay(&merchant, http, number, 880, code, ret));
}

static bool refused_description(const char *number, const char *description)
{
    char body[512];
    Answered answered = { 0 };
    snprintf(body, sizeof(body),
            "{\"appid\":\"wx\",\"mchid\":\"1900000001\",\"description\":\"%s\","
            "\"out_trade_no\":\"%s\",\"notify_url\":\"https://shop.example/n\","
            "\"amount\":{\"total\":100}}",
            description, number);
    return status_ok(step_call(
                   &merchant, http, "POST", "/v3/pay/transactions/native", body, &answered))
            && answered.status == 400 && strcmp(answered.code, "PARAM_ERROR") == 0;
}

static void test_a_day_with_refusals(void)
{
    Answered answered = { 0 };
    EXPECT(charge("GOOD-1", &answered) && strcmp(answered.trade_state, "SUCCESS") == 0);
    for (int i = 0; i < CARDS; i++) {
        char number[16];
        snprintf(number, sizeof(number), "CARD-%d", i);
        EXPECT(refused_description(number, "my card 4111 1111 1111 1111"));
    }
    EXPECT(refused_description("TRACK-1", ";4111111111111111=29121010000000000?"));
    PayerApp wrong = payer;
    PayerAnswer answer = { 0 };
    EXPECT_OK(step_native(&merchant, http, "WRONG-1", 880, &answered));
    snprintf(wrong.pin, sizeof(wrong.pin), "314159");
    IGNORE(payer_app_pay(&wrong, http, &stand.box_key, span_of_text(answered.code_url), &answer),
            "its answer is looked at");
    EXPECT(strcmp(answer.code, "PIN_WRONG") == 0);
}

static bool await_alert(void)
{
    for (int i = 0; i < ALERT_TRIES_MAX; i++) {
        if (stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 1") > 0) return true;
        pause_ms(POLL_MS);
    }
    return false;
}

/* TP-12 */
static void test_a_mismatch_and_its_release(void)
{
    Answered answered = { 0 };
    uint8_t bytes[ROW_KEY_BYTES_MAX];
    Buffer key = BUFFER_OF(bytes);
    Buffer hex = { (uint8_t *)key_hex, 0, sizeof(key_hex) - 1 };
    intruder_do(&intruder, "UPDATE account SET balance = balance + 7 WHERE owner = 'payer-1'");
    EXPECT(charge("BADLY-1", &answered));
    EXPECT(strcmp(answered.code, "ACCOUNT_ERROR") == 0);
    EXPECT(await_alert());
    intruder_do(&intruder, "UPDATE account SET balance = balance - 7 WHERE owner = 'payer-1'");
    EXPECT_OK(intruder_key(&intruder, "account", TABLE_ACCOUNT, "owner = 'payer-1'", &key));
    EXPECT_OK(hex_encode(span_of_buffer(&key), &hex));
    EXPECT(HUFU("release", "account", key_hex, "--key", "alice", "--key", "bob", "--reason",
                   "put back <b>by hand</b>")
            == 0);
    EXPECT(charge("GOOD-2", &answered) && strcmp(answered.trade_state, "SUCCESS") == 0);
}

static void test_a_backup(void) { EXPECT(HUFU("backup", stand_path(&stand, "one.backup")) == 0); }

/* --- the report --- */

static bool find_report(const char *prefix)
{
    DIR *reports = opendir(stand_path(&stand, "reports"));
    char newest[256] = "";
    if (reports == NULL) return false;
    for (const struct dirent *d = readdir(reports); d != NULL; d = readdir(reports)) {
        if (strncmp(d->d_name, prefix, strlen(prefix)) != 0) continue;
        if (strcmp(d->d_name, newest) > 0) snprintf(newest, sizeof(newest), "%s", d->d_name);
    }
    closedir(reports);
    snprintf(folder, sizeof(folder), "%s/%s", stand_path(&stand, "reports"), newest);
    return newest[0] != '\0';
}

static const char *in_folder(const char *name)
{
    static char path[768];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static bool read_html(void)
{
    Buffer text = { (uint8_t *)html, 0, sizeof(html) - 1 };
    if (!status_ok(file_read(in_folder("report.html"), &text))) return false;
    html[text.size] = '\0';
    return true;
}

/* The number in the summary: of this period (0), of the one before (1). */
static int64_t summary(const char *section, int which)
{
    char anchor[64];
    int64_t number = -1;
    snprintf(anchor, sizeof(anchor), "none\" href=\"#%s\">", section);
    const char *at = strstr(html, anchor);
    for (int i = 0; i <= which && at != NULL; i++) {
        at = strstr(at, "<td class=\"n\">");
        if (at != NULL) at += strlen("<td class=\"n\">");
    }
    if (at == NULL) return -1;
    if (!status_ok(i64_parse((Span) { (const uint8_t *)at, strspn(at, "0123456789") }, &number)))
        return -1;
    return number;
}

static bool says(const char *section, int64_t wanted)
{
    const int64_t number = summary(section, 0);
    if (number == wanted && summary(section, 1) == 0) return true;
    fprintf(stderr, "  %s: %lld (before %lld), not %lld\n", section, (long long)number,
            (long long)summary(section, 1), (long long)wanted);
    return false;
}

static void test_every_count_is_the_stores(void)
{
    EXPECT(operator_ended(HUFU("audit", "report", "--no-pdf"), 0));
    EXPECT(find_report("audit-") && read_html());
    EXPECT(says("prohibited", CARDS + 1));
    EXPECT(says("pins", 1));
    EXPECT(says("row-seals", stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 1")));
    EXPECT(says("alerts", stand_number(&stand, "SELECT count(*) FROM alert WHERE kind <> 1")));
    EXPECT(says("incidents", stand_number(&stand, "SELECT count(*) FROM incident")));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM incident") == 1); /* the machine's draft */
    EXPECT(says("releases", 1) && says("backups", 1) && says("check", 0) && says("reports", 0));
    EXPECT(says("enrolments", 2)); /* a merchant, a payer */
    EXPECT(strstr(html, "No source in this release") == NULL); /* each has one by now */
}

/* What people typed comes out as they typed it, nothing of it works, no card is there (TP-5). */
static void test_the_page_is_safe(void)
{
    EXPECT(strstr(html, "put back &lt;b&gt;by hand&lt;/b&gt;") != NULL);
    EXPECT(strstr(html, "<b>") == NULL && strstr(html, "<script") == NULL);
    EXPECT(strstr(html, "http:") == NULL && strstr(html, "https:") == NULL);
    EXPECT(strstr(html, "4111") == NULL && strstr(html, "payer-1") == NULL);
    EXPECT(strstr(html, "payer/p***1") != NULL);
}

static void test_it_verifies(void)
{
    EXPECT(HUFU("audit", "report", "--verify", in_folder("report.html")) == 0);
    EXPECT(operator_says("Ed25519 and SM2"));
    EXPECT(HUFU("audit", "report", "--verify", folder) == 0);
    EXPECT(HUFU("audit", "verify") == 0 && operator_says("0 findings"));
    EXPECT(HUFU("status") == 0 && operator_says("audit_report"));
    EXPECT(operator_says("in time"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM audit_report") == 1);
    EXPECT(HUFU("audit", "report", "--from", "2026-02-30") == 1 && operator_says("REPORT_PERIOD"));
    EXPECT(HUFU("audit", "report", "--to", "2999-01-01") == 1 && operator_says("REPORT_PERIOD"));
}

/* One byte of a file, there and back. */
static void flip(const char *path, long offset)
{
    FILE *file = fopen(path, "r+b");
    ASSERT(file != NULL && fseek(file, offset, SEEK_SET) == 0);
    const int byte = fgetc(file);
    ASSERT(byte != EOF && fseek(file, offset, SEEK_SET) == 0);
    ASSERT(fputc(byte ^ 1, file) != EOF && fclose(file) == 0);
}

static void test_a_changed_report_is_found(void)
{
    static const char *const names[] = { "report.html", "vault-says.tsv", "note" };
    for (size_t i = 0; i < 3; i++) {
        flip(in_folder(names[i]), 60);
        EXPECT(HUFU("audit", "report", "--verify", folder) == 1);
        EXPECT(HUFU("audit", "verify") == 1 && operator_says("report.changed"));
        flip(in_folder(names[i]), 60);
    }
    EXPECT(HUFU("audit", "report", "--verify", folder) == 0);
    char away[640];
    snprintf(away, sizeof(away), "%s.away", folder);
    EXPECT(rename(folder, away) == 0);
    EXPECT(HUFU("audit", "verify") == 1 && operator_says("report.missing"));
    EXPECT(rename(away, folder) == 0);
    EXPECT(HUFU("audit", "report", "--verify", stand_path(&stand, "hufud.yaml")) == 1);
}

/* The same page on paper; what is missing is said before anything is made. */
static void test_the_pdf_is_signed_too(void)
{
    char head[8] = "";
    EXPECT(operator_ended(HUFU("audit", "report", "--lang", "zh"), 0));
    EXPECT(operator_says("report.pdf"));
    EXPECT(find_report("audit-"));
    FILE *pdf = fopen(in_folder("report.pdf"), "rb");
    EXPECT(pdf != NULL);
    const size_t size = fread(head, 1, 5, pdf);
    fclose(pdf);
    EXPECT(size == 5 && strcmp(head, "%PDF-") == 0);
    EXPECT(HUFU("audit", "report", "--verify", in_folder("report.pdf")) == 0);
    flip(in_folder("report.pdf"), 900);
    EXPECT(HUFU("audit", "report", "--verify", in_folder("report.pdf")) == 1);
    EXPECT(operator_says("REPORT_FILE_DIFFERS"));
    flip(in_folder("report.pdf"), 900);
    EXPECT(read_html() && says("reports", 1)); /* the one before */
}

/* No report from a log that is not what was signed; and nothing is left of the attempt. */
static void test_a_changed_log_makes_no_report(void)
{
    char kept[512];
    intruder_do(&intruder, "UPDATE audit_leaf SET time_us = time_us + 1 WHERE batch = 1");
    EXPECT(HUFU("audit", "report", "--no-pdf") == 1 && operator_says("REPORT_LOG_NOT_SOUND"));
    intruder_do(&intruder, "UPDATE audit_leaf SET time_us = time_us - 1 WHERE batch = 1");
    snprintf(kept, sizeof(kept), "%s", folder);
    EXPECT(find_report("audit-") && strcmp(kept, folder) == 0);
}

/* --- an incident (TP-16) --- */

static void test_an_incident_goes_its_way(void)
{
    EXPECT(HUFU("incident", "open", "leak", "log <i>in</i> public", "--crime") == 0);
    stand_text(&stand, "SELECT id FROM incident WHERE kind = 1", incident, sizeof(incident));
    EXPECT(HUFU("incident", "step", incident, "contain", "card 4111111111111111") == 1);
    EXPECT(operator_says("DATA_CARD_NUMBER"));
    EXPECT(HUFU("incident", "close", incident, "--key", "alice", "--key", "bob", "--reason", "ok")
            == 1);
    EXPECT(operator_says("INCIDENT_NOT_DONE"));
    EXPECT(HUFU("incident", "step", incident, "not-needed", "why", "--instead", "report-bank")
            == 1);
    EXPECT(HUFU("incident", "step", incident, "not-needed", "no", "--instead", "report-police")
            == 1); /* a crime is suspected */
    static const char *const steps[] = { "contain", "report-bank", "report-police", "notify",
        "cause" };
    for (size_t i = 0; i < 5; i++)
        EXPECT(HUFU("incident", "step", incident, steps[i], "done as planned") == 0);
    EXPECT(HUFU("incident", "step", "20200101-1", "note", "x") == 1);
    EXPECT(operator_says("INCIDENT_UNKNOWN"));
}

static void test_two_people_close_it(void)
{
    EXPECT(HUFU("incident", "close", incident, "--key", "alice", "--key", "alice", "--reason", "ok")
            == 1);
    EXPECT(operator_says("APPROVAL_QUORUM"));
    EXPECT(HUFU("incident", "close", incident, "--key", "alice", "--key", "bob", "--reason", "over")
            == 0);
    EXPECT(stand_number(&stand, "SELECT state FROM incident WHERE kind = 1") == 3);
    EXPECT(HUFU("incident", "step", incident, "note", "late thought") == 1);
    EXPECT(operator_says("INCIDENT_CLOSED"));
    EXPECT(HUFU("incident", "print", incident, "--no-pdf") == 0);
    EXPECT(find_report("incident-") && read_html());
    EXPECT(strstr(html, "log &lt;i&gt;in&lt;/i&gt; public") != NULL);
    EXPECT(strstr(html, "operator/alice, operator/bob") != NULL);
    EXPECT(HUFU("audit", "report", "--verify", folder) == 0);
}

static void test_house_closes(void)
{
    EXPECT(HUFU("audit", "verify") == 0 && operator_says("0 findings"));
    intruder_close(&intruder);
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_checkpoints_are_kept_one_at_a_time),
        TEST(test_a_day_with_refusals), TEST(test_a_mismatch_and_its_release), TEST(test_a_backup),
        TEST(test_every_count_is_the_stores), TEST(test_the_page_is_safe), TEST(test_it_verifies),
        TEST(test_a_changed_report_is_found), TEST(test_the_pdf_is_signed_too),
        TEST(test_a_changed_log_makes_no_report), TEST(test_an_incident_goes_its_way),
        TEST(test_two_people_close_it), TEST(test_house_closes))
