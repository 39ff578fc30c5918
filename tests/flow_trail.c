/*
 * Goal: each of the five kinds of behaviour of LL-4.5.3 happens in the real programs, stands in the
 * log with who, what, on whom, from where and when, is found by `hufu trail search`, proved offline
 * with public keys alone, and alarmed upon once; who put his hands on the index or on a leaf is
 * noticed. Method: a wrong PIN, a new caller, a turned key, a caller beyond his rights, the search
 * itself; then a restart, a broken index, a changed proof, a changed leaf.
 */
#define _GNU_SOURCE
#include "asks.h"
#include "base/expect.h"
#include "callers.h"
#include "command.h"
#include "operator.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char alarms[] = "version: 1\n"
                             "login_failures:\n"
                             "  person: { count: 1, within_s: 600 }\n"
                             "  source: { count: 40, within_s: 600 }\n"
                             "  everybody: { count: 60, within_s: 600 }\n"
                             "privilege: true\nplan: true\nillegal: true\n"
                             "sensitive_reads:\n"
                             "  person: { count: 2, within_s: 3600 }\n"
                             "  at_night: false\n  night_from: 22\n  night_to: 6\n"
                             "quiet_s: 3600\n";

static Stand stand;
static StandCaller narrow;
static MerchantApp merchant;

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define SEARCH(...) HUFU("trail", "search", __VA_ARGS__)

/* An alert row of this kind (60 and audit/alarm.h's number) is written in good time. */
static bool is_alarmed(int kind)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM alert WHERE kind = %d", kind);
    return stand_comes_true(&stand, sql);
}

static int64_t alarms_count(void)
{
    return stand_number(&stand, "SELECT count(*) FROM alert WHERE kind BETWEEN 61 AND 65");
}

static void test_house_opens(void)
{
    const StandOptions options = { .alarms = alarms };
    EXPECT_OK(stand_open(&options, &stand));
}

/* --- the five --- */

/* "Request-ID: ..." among an answer's header lines. */
static void request_id_of(const AskAnswer *answer, char ret_id[40])
{
    static const char name[] = "Request-ID: ";
    const char *at = memmem(answer->head, answer->head_size, name, sizeof(name) - 1);
    ret_id[0] = 0;
    if (at != NULL) snprintf(ret_id, 40, "%.32s", at + sizeof(name) - 1);
}

/* RULE: LL-4.5.3 登录失败 */
static void test_a_failed_log_in(void)
{
    Answered order = { 0 };
    PayerAnswer paid = { 0 };
    PayerApp payer = { 0 };
    HttpClient *http = NULL;
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 100000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(step_native(&merchant, http, "ORDER-1", 100, &order));
    snprintf(payer.pin, sizeof(payer.pin), "314159");
    IGNORE(payer_app_pay(&payer, http, &stand.box_key, span_of_text(order.code_url), &paid),
            "the answer is looked at");
    EXPECT(paid.status >= 400 && paid.status < 500);
    http_client_close(&http);
    public_key_free(&merchant.platform);
    EXPECT(is_alarmed(61));
    EXPECT(operator_ended(SEARCH("--category", "login-failure"), 0));
    EXPECT(operator_says("payer/payer-1") && operator_says("PIN_WRONG"));
    EXPECT(operator_says("from payer/127.0.0.1"));
}

/* RULE: LL-4.5.3 权限升级 */
static void test_a_change_of_rights(void)
{
    EXPECT_OK(stand_caller(&stand, "narrow", "bank-b", "lookup", &narrow));
    EXPECT(is_alarmed(62));
    EXPECT(operator_ended(SEARCH("--category", "privilege", "--subject", "narrow"), 0));
    EXPECT(operator_says("Caller registered") && operator_says("from cli/uid:"));
}

/* RULE: LL-4.5.3 计划变更 */
static void test_a_change_of_plans(void)
{
    EXPECT(operator_ended(HUFU("key", "rotate", "card", "--key", "alice", "--key", "bob",
                                  "--reason", "yearly turn"),
            0));
    EXPECT(is_alarmed(63));
    EXPECT(operator_ended(SEARCH("--category", "plan", "--person", "bob"), 0)); /* second of two */
    EXPECT(operator_says("key.rotate/card") && operator_says("with operator/bob"));
    EXPECT(operator_says("why yearly turn"));
    EXPECT(operator_ended(SEARCH("--category", "plan", "--lang", "zh"), 0));
    EXPECT(operator_says("安全域操作"));
}

/* RULE: LL-4.5.3 非法访问 */
static void test_an_illegal_access(void)
{
    HttpClient *http = NULL;
    HttpAnswer answer = { 0 };
    EXPECT_OK(stand_service(&stand, narrow.tls, &http));
    EXPECT_OK(stand_service_call(http, "/vault/v1/bindings/x", SPAN(""), &answer));
    EXPECT(answer.status == 403);
    http_client_close(&http);
    EXPECT(is_alarmed(64));
    EXPECT(operator_ended(SEARCH("--category", "illegal", "--person", "caller/narrow"), 0));
    EXPECT(operator_says("ACCESS_NO_ROLE") && operator_says("from service/127.0.0.1"));
    EXPECT(operator_says("service.bind"));
}

/* RULE: LL-4.5.3 敏感数据访问: who looks into the log is in it, before he sees anything. */
static void test_a_sensitive_read(void)
{
    EXPECT(is_alarmed(65));
    EXPECT(operator_ended(SEARCH("--kind", "trail.read", "--limit", "2"), 0));
    EXPECT(operator_says("Audit log searched") && operator_says("kind trail.read"));
    EXPECT(operator_says("more: --below "));
    EXPECT(operator_ended(SEARCH("--kind", "no.such"), 1));
    EXPECT(operator_says("TRAIL_QUERY"));
    EXPECT(operator_ended(SEARCH("--kind", "operation.refuse"), 0)); /* the refusal, too */
    EXPECT(operator_says("trail.search") && operator_says("TRAIL_QUERY"));
}

/* Why somebody asked stands beside what he did, and beside what he was refused; but for what may
 * stand in no log (TP-5). */
static void test_why_it_was_asked(void)
{
    unsetenv("HUFU_APPROVE"); /* it waits */
    EXPECT(operator_ended(HUFU("export", "request", "callers", "--purpose", "yearly audit",
                                  "--receiver", "court", "--fields", "name", "--classes", "public",
                                  "--basis", "contract", "--reference", "C-17", "--until",
                                  "2027-01-31T00:00:00+08:00", "--reason", "the court wants it"),
            1));
    EXPECT(operator_says("REQUEST_WAITS"));
    EXPECT(operator_ended(SEARCH("--kind", "request.ask"), 0));
    EXPECT(operator_says("why the court wants it"));
    EXPECT(operator_ended(
            HUFU("--as", "carol", "access", "leave", "bob", "--reason", "a quarrel"), 1));
    EXPECT(operator_says("ACCESS_NO_ROLE"));
    EXPECT(operator_ended(
            HUFU("--as", "carol", "access", "leave", "bob", "--reason", "4111 1111 1111 1111"), 1));
    EXPECT(operator_says("ACCESS_NO_ROLE"));
    EXPECT(operator_ended(SEARCH("--kind", "operation.refuse", "--person", "carol"), 0));
    EXPECT(operator_says("why a quarrel"));
    EXPECT(!stand_holds(&stand, SPAN("4111 1111")));
}

/* --- proofs --- */

/* What a merchant quotes leads to what was done, and to nothing else. */
static void test_a_request_is_found_by_its_id(void)
{
    static AskAnswer answers[2];
    static const char body[] = "{\"appid\":\"wx\",\"mchid\":\"1900000001\","
                               "\"description\":\"tea\",\"out_trade_no\":\"QUOTED-%d\","
                               "\"notify_url\":\"https://shop.example/n\","
                               "\"amount\":{\"total\":100}}";
    char text[2][256];
    char id[2][40];
    HttpClient *http = NULL;
    EXPECT_OK(stand_connect(&stand, &http));
    for (int i = 0; i < 2; i++) {
        snprintf(text[i], sizeof(text[i]), body, i);
        const Ask ask = {
            .app = &merchant, .target = "/v3/pay/transactions/native", .body = span_of_text(text[i])
        };
        EXPECT_OK(ask_send(http, &ask, &answers[i]));
        EXPECT(answers[i].fields.status == 200);
        request_id_of(&answers[i], id[i]);
        EXPECT(strlen(id[i]) == 32);
    }
    EXPECT(operator_ended(SEARCH("--request", id[1]), 0));
    EXPECT(operator_says("1900000001/QUOTED-1") && !operator_says("QUOTED-0"));
    EXPECT(operator_says(id[1]));
    EXPECT(operator_ended(SEARCH("--request", id[0], "--person", "nobody"), 0));
    EXPECT(!operator_says("QUOTED"));
    EXPECT(operator_ended(SEARCH("--request", "no such id"), 1));
    http_client_close(&http);
}

static void test_every_find_is_proved(void)
{
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(operator_ended(SEARCH("--category", "privilege", "--proof", stand.folder), 0));
    EXPECT(operator_says("proven") && operator_says("signed, its proof holds"));
    EXPECT(operator_ended(SEARCH("--json", "--category", "plan"), 0));
    EXPECT(operator_says("\"verdict\":\"proven\""));
}

static int audit_proof(const char *file)
{
    char program[STAND_PATH_BYTES_MAX + 16];
    int state = 0;
    snprintf(program, sizeof(program), "%s/auditor", stand.programs);
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        execl(program, "auditor", "--proof", file, "--keys", stand_path(&stand, "data/public-keys"),
                (char *)NULL);
        _exit(127);
    }
    return waitpid(pid, &state, 0) == pid && WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static bool change_a_byte(const char *path, size_t at)
{
    static uint8_t bytes[256 * 1024];
    Buffer text = BUFFER_OF(bytes);
    if (!status_ok(file_read(path, &text)) || at >= text.size) return false;
    bytes[at] = bytes[at] == 'A' ? 'B' : 'A';
    return status_ok(file_write(path, 0600, span_of_buffer(&text)));
}

static void test_a_proof_is_checked_offline(void)
{
    char file[STAND_PATH_BYTES_MAX];
    snprintf(file, sizeof(file), "%s", stand_path(&stand, "one.tlog-proof"));
    EXPECT(operator_ended(HUFU("trail", "prove", "1", "--out", file), 0));
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT(operator_ended(HUFU("trail", "check", file), 0));
    EXPECT(operator_says("leaf 1 stands in the log"));
    EXPECT(audit_proof(file) == 0);
    EXPECT(change_a_byte(file, 60)); /* in the leaf */
    EXPECT(operator_ended(HUFU("trail", "check", file), 1));
    EXPECT(audit_proof(file) == 1);
}

/* --- hands on it --- */

/* Everything is found again after a restart, and no alarm is told twice. */
static void test_after_a_restart(void)
{
    const int64_t before = alarms_count();
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT(operator_ended(SEARCH("--category", "privilege", "--subject", "narrow"), 0));
    EXPECT(operator_says("Caller registered"));
    EXPECT_OK(stand_caller_revoke(&stand, "narrow")); /* something new is told after all else */
    EXPECT(stand_logged(&stand, "caller.revoke; count"));
    EXPECT(alarms_count() == before + 1);
}

static void test_a_broken_index_is_made_anew(void)
{
    static const char garbage[] = "this is no index, and no database either";
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT_OK(file_write(stand_path(&stand, "data/trail.db"), 0600, span_of_text(garbage)));
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT(operator_ended(SEARCH("--category", "illegal", "--person", "narrow"), 0));
    EXPECT(operator_says("ACCESS_NO_ROLE"));
}

static void test_a_changed_leaf_is_told(void)
{
    stand_tamper(&stand,
            "UPDATE audit_leaf SET leaf = replace(leaf, CAST('narrow' AS BLOB), "
            "CAST('nobody' AS BLOB)) WHERE batch = (SELECT min(batch) FROM audit_leaf "
            "WHERE instr(leaf, CAST('caller/narrow' AS BLOB)) > 0)");
    EXPECT(operator_ended(SEARCH("--category", "illegal", "--person", "narrow"), 0));
    EXPECT(operator_says("changed"));
    EXPECT(stand_audit(&stand) == 1);
}

static void test_house_closes(void)
{
    stand_caller_done(&narrow);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_failed_log_in), TEST(test_a_change_of_rights),
        TEST(test_a_change_of_plans), TEST(test_an_illegal_access), TEST(test_a_sensitive_read),
        TEST(test_why_it_was_asked), TEST(test_a_request_is_found_by_its_id),
        TEST(test_every_find_is_proved), TEST(test_a_proof_is_checked_offline),
        TEST(test_after_a_restart), TEST(test_a_broken_index_is_made_anew),
        TEST(test_a_changed_leaf_is_told), TEST(test_house_closes))
