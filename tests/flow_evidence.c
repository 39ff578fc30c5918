/*
 * Goal: the half-yearly audit report says who revealed what and why, which grants were given, how
 * keys came to be, how attached tables are, what happened to personal data, and who read the report
 * (TP-3, TP-5, TP-8, TP-10, TP-12, TP-15, TP-16, LL-4.5.4). Method: each thing is done through the
 * real programs, once rightly and once wrongly; then the page is read, and nobody is named in it.
 */
#define _GNU_SOURCE
#include "admin_client.h"
#include "base/encoding.h"
#include "base/expect.h"
#include "base/money.h"
#include "base/time.h"
#include "callers.h"
#include "cluster.h"
#include "command.h"
#include "operator.h"
#include "policy/tables.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <time.h>

enum { HTML_BYTES_MAX = 4 * 1024 * 1024, WAIT_TRIES_MAX = 600, POLL_MS = 50 };

#define CARD "6222020200112233446"
#define SUBJECT_NAME "zhaoliu"

static Stand stand;
static StandCaller core;
static Cluster cluster;
static uint8_t sealed[1024];
static size_t sealed_bytes;
static char html[HTML_BYTES_MAX];
static char report_id[128];

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define PATH(name) stand_path(&stand, name)

/* --- the page --- */

static bool read_report(void)
{
    char path[STAND_PATH_BYTES_MAX + 300];
    Buffer text = { (uint8_t *)html, 0, sizeof(html) - 1 };
    DIR *reports = opendir(PATH("reports"));
    if (reports == NULL) return false;
    report_id[0] = '\0';
    for (const struct dirent *d = readdir(reports); d != NULL; d = readdir(reports))
        if (strncmp(d->d_name, "audit-", 6) == 0 && strcmp(d->d_name, report_id) > 0)
            snprintf(report_id, sizeof(report_id), "%.120s", d->d_name);
    closedir(reports);
    snprintf(path, sizeof(path), "%s/%s/report.html", PATH("reports"), report_id);
    if (!status_ok(file_read(path, &text))) return false;
    html[text.size] = '\0';
    return true;
}

/* The number of this period in the summary; -1: the section is not there. */
static int64_t count_of(const char *section)
{
    char anchor[64];
    int64_t number = -1;
    snprintf(anchor, sizeof(anchor), "none\" href=\"#%s\">", section);
    const char *at = strstr(html, anchor);
    if (at != NULL) at = strstr(at, "<td class=\"n\">");
    if (at == NULL) return -1;
    at += strlen("<td class=\"n\">");
    if (!status_ok(i64_parse((Span) { (const uint8_t *)at, strspn(at, "0123456789") }, &number)))
        return -1;
    return number;
}

static bool counts(const char *section, int64_t wanted)
{
    const int64_t number = count_of(section);
    if (number != wanted) fprintf(stderr, "  %s: %lld\n", section, (long long)number);
    return number == wanted;
}

/* This text stands in this section. */
static bool says(const char *section, const char *text)
{
    char heading[64];
    snprintf(heading, sizeof(heading), "id=\"%s\"><span class=\"clause\">", section);
    const char *at = strstr(html, heading);
    const char *end = at == NULL ? NULL : strstr(at + 1, "<h2");
    const bool found = end != NULL && memmem(at, (size_t)(end - at), text, strlen(text)) != NULL;
    if (!found) fprintf(stderr, "  no '%s' in section %s\n", text, section);
    return found;
}

/* --- what happens in the half-year --- */

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_caller(&stand, "core", "bank-a", "protect,reveal", &core));
    EXPECT_OK(file_write(PATH("notice.txt"), 0644, SPAN("We send you a letter a month.\n")));
}

static Status seal_card(void)
{
    StandCallerFiles files;
    HufuSettings settings;
    HufuVault *vault = NULL;
    HufuError error;
    HufuProtected made;
    const HufuColumn column = { HUFU_CLASS_CARD, 101, 3 };
    const HufuField field = { "payer-77", "row-1", CARD, strlen(CARD) };
    TRY(stand_caller_settings(&stand, &core, &files, &settings));
    REQUIRE(hufu_open(&settings, &vault, &error) == 0, REFUSED_CALLER_UNKNOWN);
    const int done = hufu_protect(vault, &column, &field, 1, &made, &error);
    hufu_close(vault);
    REQUIRE(done == 0 && made.code[0] == 0, REFUSED_FIELD_CLASS);
    memcpy(sealed, made.sealed, made.sealed_size);
    sealed_bytes = made.sealed_size;
    return OK;
}

static int reveal(const char *receiver, const char *reason)
{
    uint8_t base64_bytes[2048];
    char body[4096];
    Buffer base64 = BUFFER_OF(base64_bytes);
    HttpClient *http = NULL;
    HttpAnswer answer = { 0 };
    if (!status_ok(base64_encode((Span) { sealed, sealed_bytes }, &base64))) return 0;
    snprintf(body, sizeof(body),
            "{\"class\":\"card\",\"table\":101,\"column\":3,\"reference\":\"row-1\","
            "\"subject\":\"payer-77\",\"sealed\":\"%.*s\",\"receiver\":\"%s\","
            "\"purpose\":\"bank-channel\",\"reason\":\"%s\"}",
            (int)base64.size, (const char *)base64.data, receiver, reason);
    Status s = stand_service(&stand, core.tls, &http);
    if (status_ok(s))
        s = stand_service_call(http, "/vault/v1/reveals", span_of_text(body), &answer);
    const int status = status_ok(s) ? answer.status : 0;
    http_client_close(&http);
    return status;
}

static void test_numbers_are_revealed_and_denied(void)
{
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    CLEANUP(private_key_free) PrivateKey *bank = NULL;
    EXPECT_OK(private_key_generate(KEY_P256, &bank));
    EXPECT_OK(public_key_to_pem(private_key_public(bank), &pem));
    EXPECT_OK(file_write(PATH("bank.pem"), 0644, span_of_buffer(&pem)));
    EXPECT(operator_ended(HUFU("receiver", "add", "icbc", PATH("bank.pem"), "--key", "alice",
                                  "--key", "bob", "--reason", "payouts", "--per-subject", "3"),
            0));
    EXPECT_OK(seal_card());
    for (int i = 0; i < 3; i++)
        EXPECT(reveal("icbc", "payout <b>7</b>") == 200);
    EXPECT(reveal("icbc", "payout 8") >= 400); /* the budget of one person's day */
    EXPECT(reveal("nobody", "curiosity") >= 400);
}

static void test_a_grant_is_given_and_ended(void)
{
    EXPECT(operator_ended(
            HUFU("policy", "grant-expiry", "payer-77", "bank-b", "--user-consent",
                    PATH("notice.txt"), "--institution-consent", PATH("bank.pem"), "--until",
                    "2027-06-01T00:00:00+08:00", "--key", "alice", "--key", "bob"),
            2)); /* why? */
    EXPECT_OK(file_write(PATH("user"), 0644, SPAN("I agree.\n")));
    char user[STAND_PATH_BYTES_MAX];
    char institution[STAND_PATH_BYTES_MAX];
    char until[TIME_TEXT_BYTES + 1] = "";
    Buffer next_month = { (uint8_t *)until, 0, TIME_TEXT_BYTES };
    EXPECT_OK(time_format(clock_system().now_us(NULL) + 30 * TIME_DAY_US, &next_month));
    snprintf(user, sizeof(user), "--user-consent=%s", PATH("user"));
    snprintf(institution, sizeof(institution), "--institution-consent=%s", PATH("notice.txt"));
    EXPECT(operator_ended(
            HUFU("policy", "grant-expiry", "payer-77", "bank-b", user, institution, "--until",
                    until, "--key", "alice", "--key", "bob", "--reason", "both agreed"),
            0));
    EXPECT(operator_ended(
            HUFU("policy", "grant-expiry", "payer-78", "bank-b", user, institution, "--until",
                    until, "--key", "alice", "--key", "bob", "--reason", "both agreed"),
            0));
    EXPECT(operator_ended(HUFU("policy", "end-expiry", "payer-78", "bank-b"), 0));
    EXPECT(operator_ended(HUFU("operator", "change", "bob", "--staff", "S-2", "--key", "alice",
                                  "--key", "bob", "--reason", "list of staff"),
            0));
}

static bool in_core(const char *sql)
{
    char url[128];
    PGconn *connection = PQconnectdb(cluster_url(&cluster, "postgres", url));
    PGresult *result = PQexec(connection, sql);
    const bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!good) fprintf(stderr, "  %s\n", PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
    return good;
}

#define SEAL(verb, ...) HUFU("seal", verb, "--db", url, "--table", "public.t_account", __VA_ARGS__)

/* TP-12: a row that somebody changed behind the core's back is frozen. */
static void test_a_table_is_attached_and_a_row_frozen(void)
{
    char url[128];
    EXPECT_OK(cluster_open(&cluster));
    cluster_url(&cluster, "postgres", url);
    EXPECT(in_core("CREATE TABLE t_account (id int PRIMARY KEY, balance bigint);"
                   "INSERT INTO t_account SELECT i, 1000 FROM generate_series(1, 20) i"));
    EXPECT(operator_ended(
            SEAL("attach", "--core-key", PATH("core.key.pem"), "--columns", "id,balance", "--key",
                    "alice", "--key", "bob", "--reason", "core of bank-a"),
            0));
    EXPECT(in_core("UPDATE t_account SET balance = 9999 WHERE id IN (7, 8)"));
    EXPECT(operator_ended(SEAL("scan", "--core-key", PATH("core.key.pem")), 3));
    EXPECT(in_core("UPDATE t_account SET balance = 1000 WHERE id = 7"));
    EXPECT(operator_ended(SEAL("release", "--row", "7", "--key", "alice", "--key", "bob",
                                  "--reason", "put back by the core"),
            0));
}

#define PERSON(verb, ...) HUFU("subject", verb, SUBJECT_NAME, __VA_ARGS__)

/* TP-3, LL-2.3, LL-4.5.4 */
static void test_a_persons_data_lives_and_dies(void)
{
    char notice[STAND_PATH_BYTES_MAX];
    snprintf(notice, sizeof(notice), "%s", PATH("notice.txt"));
    EXPECT(operator_ended(
            PERSON("consent", "--purpose", "marketing", "--text", notice, "--channel", "app"), 0));
    EXPECT(operator_ended(
            PERSON("collect", "--purpose", "marketing", "--classes", "email", "--channel", "app"),
            0));
    EXPECT(operator_ended(
            PERSON("use", "--act", "process", "--purpose", "research", "--classes", "financial"),
            1));
    EXPECT(operator_ended(
            PERSON("hold", "--authority", "court", "--reference", "2026-17", "--reason", "order",
                    "--until", "2099-01-31T00:00:00+08:00", "--key", "alice", "--key", "bob"),
            0));
    EXPECT(operator_ended(PERSON("release-hold", "--authority", "court", "--reference", "2026-17",
                                  "--reason", "closed", "--key", "alice", "--key", "bob"),
            0));
    EXPECT(operator_ended(PERSON("delete", "--proof", "letter"), 0));
    for (int tries = 0; tries < WAIT_TRIES_MAX; tries++) {
        const struct timespec wait = { 0, POLL_MS * 1000000L };
        if (stand_number(&stand, "SELECT count(*) FROM data_holding WHERE state = 4") == 1) break;
        nanosleep(&wait, NULL);
    }
    EXPECT(operator_ended(
            HUFU("subject", "destroy", "--key", "alice", "--key", "bob", "--reason", "art. 47"),
            0));
}

/* --- the report --- */

static void test_the_report_is_made(void)
{
    EXPECT(operator_ended(HUFU("audit", "report", "--no-pdf"), 0));
    EXPECT(read_report());
    EXPECT(counts("check", 0));
}

/* TP-8, TP-15 */
static void test_who_revealed_what_and_why(void)
{
    EXPECT(counts("reveals", 5));
    EXPECT(says("reveals", "tenant/bank-a: card/icbc") && says("reveals", "bank-channel"));
    EXPECT(says("reveals", "payout &lt;b&gt;7&lt;/b&gt;") && says("reveals", "REVEAL_BUDGET"));
    EXPECT(says("reveals", "curiosity") && says("reveals", "RECEIVER_UNKNOWN"));
    EXPECT(!strstr(html, "does not prove itself"));
    EXPECT(counts("receivers", 1));
    EXPECT(says("receivers", "icbc") && says("receivers", "1000"));
}

/* TP-5, TP-10 */
static void test_grants_and_ceremonies(void)
{
    EXPECT(counts("grants", 3) && says("grants", "both agreed"));
    EXPECT(says("grants", "expiry.end") && counts("grants-live", 1));
    EXPECT(counts("ceremonies", 4) && says("ceremonies", "ceremony/development"));
    EXPECT(says("ceremonies", "operator.change/bob") && says("ceremonies", "list of staff"));
    EXPECT(says("ceremonies", "operator.enrol/alice") && says("custody", "development"));
}

/* TP-12 */
static void test_attached_tables(void)
{
    EXPECT(counts("attached-tables", 1) && says("attached-tables", "public.t_account of "));
    EXPECT(says("attached-tables", "<td>sealed</td><td>20</td><td>1</td>"));
    EXPECT(counts("attached-acts", 3)); /* attached, filled, one row released */
    EXPECT(says("attached-acts", "put back by the core"));
    EXPECT(says("attached-acts", "operator/alice") && says("attached-acts", "operator/bob"));
}

/* TP-3, LL-4.5.4 */
static void test_the_life_cycle(void)
{
    EXPECT(says("life-cycle", "subject.consent") && says("life-cycle", "marketing"));
    EXPECT(says("life-cycle", "CONSENT_MISSING") || says("life-cycle", "DATA_NOT_HELD"));
    EXPECT(says("life-cycle", "subject.request"));
    EXPECT(counts("holds", 2) && says("holds", "court 2026-17") && says("holds", "house/z***u"));
    EXPECT(counts("destructions", 1) && says("destructions", "sha256 "));
    EXPECT(counts("retention", 0) && says("retention", "there was none"));
    EXPECT(strstr(html, SUBJECT_NAME) == NULL && strstr(html, "6222") == NULL);
}

/* Everything has its source now; nobody's rights were due in this period. */
static void test_no_section_is_without_a_source(void)
{
    EXPECT(strstr(html, "No source in this release") == NULL);
    EXPECT(counts("reviews", 0) && counts("rights-reviews", 0));
}

/* TP-16: by two people, of what was signed, and the next report says so. */
static void test_two_people_review_it(void)
{
    char first[sizeof(report_id)];
    snprintf(first, sizeof(first), "%s", report_id);
    EXPECT(operator_ended(HUFU("audit", "review", first, "--key", "alice", "--note", "read"), 2));
    EXPECT(operator_ended(
            HUFU("audit", "review", first, "--key", "alice", "--key", "alice", "--note", "read"),
            1));
    EXPECT(operator_says("APPROVAL_QUORUM"));
    EXPECT(operator_ended(HUFU("audit", "review", "audit-none", "--key", "alice", "--key", "bob",
                                  "--note", "read"),
            1));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM audit_review") == 0);
    EXPECT(operator_ended(HUFU("audit", "review", first, "--key", "alice", "--key", "bob", "--note",
                                  "answers are on file"),
            0));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM audit_review") == 1);
    EXPECT(operator_ended(HUFU("audit", "report", "--lang", "zh", "--no-pdf"), 0));
    EXPECT(read_report() && strcmp(report_id, first) != 0);
    EXPECT(counts("reviews", 1) && says("reviews", "answers are on file"));
    EXPECT(says("reviews", "operator/alice") && says("reveals", "敏感信息查看"));
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    stand_caller_done(&core);
    cluster_close(&cluster);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_numbers_are_revealed_and_denied),
        TEST(test_a_grant_is_given_and_ended), TEST(test_a_table_is_attached_and_a_row_frozen),
        TEST(test_a_persons_data_lives_and_dies), TEST(test_the_report_is_made),
        TEST(test_who_revealed_what_and_why), TEST(test_grants_and_ceremonies),
        TEST(test_attached_tables), TEST(test_the_life_cycle),
        TEST(test_no_section_is_without_a_source), TEST(test_two_people_review_it),
        TEST(test_house_closes))
