/*
 * Goal: no door of the service gives a subject's data away, or says that it may be shown, when the
 * subject has withdrawn, is restricted, on hold or gone, or the purpose has ended; and an
 * institution that keeps its own register of consents is not locked out (TP-3, LL-2.3.1, LL-4.5.2,
 * LL-4.5.4). Method: three tenants, each with another register; every refusal by its name, before
 * and after each change in a person's life, through the real programs.
 */
#define _GNU_SOURCE
#include "admin_client.h"
#include "base/encoding.h"
#include "base/expect.h"
#include "callers.h"
#include "command.h"
#include "operator.h"

#include <stdio.h>

#define CARD "6222020200112233446"

static const char purposes[] =
        "version: 1\n"
        "answer_working_days: 15\n"
        "sensitive: [card]\n"
        "parties:\n"
        "  - { name: bank, kind: institution, payment_qualified: true }\n"
        "  - { name: printer, kind: processor, payment_qualified: false }\n"
        "tenants:\n"
        "  - { tenant: bank-own, register: own }\n"
        "  - { tenant: bank-ours, register: ours }\n"
        "purposes:\n"
        "  - { name: payment, number: 1, basis: contract, needs: [card, phone, identity],"
        " keep_days: 30, law_days: 30, share: [bank], entrust: [printer] }\n"
        "  - { name: legal-hold, number: 2, basis: law, needs: [card, phone], keep_days: 0,"
        " law_days: 0, hold: true }\n";

/* A tenant's core, and one card that it keeps sealed, whosoever's it says it is. */
typedef struct Core {
    StandCaller caller;
    const char *tenant;
    char last[4096]; /* answer */
    int status;
} Core;

static Stand stand;
static Core by_use = { .tenant = "bank-a" };
static Core own = { .tenant = "bank-own" };
static Core ours = { .tenant = "bank-ours" };
static char notice[STAND_PATH_BYTES_MAX];

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)

/* --- the service --- */

static bool ask(Core *core, const char *target, const char *body)
{
    HttpClient *http = NULL;
    HttpAnswer answer = { 0 };
    core->status = 0;
    core->last[0] = '\0';
    Status s = stand_service(&stand, core->caller.tls, &http);
    if (status_ok(s)) s = stand_service_call(http, target, span_of_text(body), &answer);
    if (status_ok(s)) {
        core->status = answer.status;
        snprintf(core->last, sizeof(core->last), "%.*s", (int)answer.body.size,
                (const char *)answer.body.data);
    }
    http_client_close(&http);
    return status_ok(s);
}

/* Refused by this name; NULL: done. */
static bool said(const Core *core, const char *name)
{
    char code[96];
    snprintf(code, sizeof(code), "\"code\":\"%s\"", name == NULL ? "" : name);
    const bool right = name == NULL ? core->status == 200
                                    : core->status >= 400 && strstr(core->last, code) != NULL;
    if (!right) fprintf(stderr, "  %d %s\n", core->status, core->last);
    return right;
}

static Status seal(Core *core, const char *subject, HufuProtected *ret)
{
    StandCallerFiles files;
    HufuSettings settings;
    HufuVault *vault = NULL;
    HufuError error;
    const HufuColumn column = { HUFU_CLASS_CARD, 101, 3 };
    const HufuField field = { subject, "row-1", CARD, strlen(CARD) };
    TRY(stand_caller_settings(&stand, &core->caller, &files, &settings));
    REQUIRE(hufu_open(&settings, &vault, &error) == 0, REFUSED_CALLER_UNKNOWN);
    const int done = hufu_protect(vault, &column, &field, 1, ret, &error);
    hufu_close(vault);
    REQUIRE(done == 0 && ret->code[0] == 0, REFUSED_FIELD_CLASS);
    return OK;
}

/* `purpose` NULL: the core names none. */
static bool reveal(Core *core, const char *subject, const char *purpose)
{
    uint8_t base64_bytes[2048];
    char body[4096];
    char named[64] = "";
    HufuProtected made;
    Buffer base64 = BUFFER_OF(base64_bytes);
    if (purpose != NULL) snprintf(named, sizeof(named), ",\"data_purpose\":\"%s\"", purpose);
    if (!status_ok(seal(core, subject, &made))) return false;
    if (!status_ok(base64_encode((Span) { made.sealed, made.sealed_size }, &base64))) return false;
    snprintf(body, sizeof(body),
            "{\"class\":\"card\",\"table\":101,\"column\":3,\"reference\":\"row-1\","
            "\"subject\":\"%s\",\"sealed\":\"%.*s\",\"receiver\":\"icbc\","
            "\"purpose\":\"bank-channel\",\"reason\":\"payout 7\"%s}",
            subject, (int)base64.size, (const char *)base64.data, named);
    return ask(core, "/vault/v1/reveals", body);
}

static bool use(
        Core *core, const char *subject, const char *act, const char *classes, const char *party)
{
    char body[512];
    char named[64] = "";
    if (party != NULL) snprintf(named, sizeof(named), ",\"party\":\"%s\"", party);
    snprintf(body, sizeof(body),
            "{\"subject\":\"%s\",\"act\":\"%s\",\"data_purpose\":\"payment\","
            "\"classes\":[\"%s\"]%s}",
            subject, act, classes, named);
    return ask(core, "/vault/v1/uses", body);
}

/* --- people --- */

static bool consent(const char *tenant, const char *subject, const char *more)
{
    return operator_ended(HUFU("subject", "consent", subject, "--tenant", tenant, "--purpose",
                                  "payment", "--text", notice, "--channel", "app", more),
            0);
}

static bool live(const char *tenant, const char *subject)
{
    return consent(tenant, subject, NULL) && consent(tenant, subject, "--separate")
            && operator_ended(
                    HUFU("subject", "collect", subject, "--tenant", tenant, "--purpose", "payment",
                            "--channel", "app", "--classes", "card,phone,identity"),
                    0);
}

static bool hold(const char *verb, const char *until)
{
    return operator_ended(
            HUFU("subject", verb, "zhao", "--tenant=bank-a", "--authority=court",
                    "--reference=2026-17", "--reason=order", "--key=alice", "--key=bob", until),
            0);
}

/* --- tests --- */

static void test_house_opens(void)
{
    const StandOptions options = { .purposes = purposes };
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    CLEANUP(private_key_free) PrivateKey *bank = NULL;
    EXPECT_OK(stand_open(&options, &stand));
    snprintf(notice, sizeof(notice), "%s", stand_path(&stand, "notice.txt"));
    EXPECT_OK(file_write(notice, 0644, SPAN("We pay for you.\n")));
    EXPECT_OK(private_key_generate(KEY_P256, &bank));
    EXPECT_OK(public_key_to_pem(private_key_public(bank), &pem));
    EXPECT_OK(file_write(stand_path(&stand, "bank.pem"), 0644, span_of_buffer(&pem)));
    EXPECT(operator_ended(
            HUFU("receiver", "add", "icbc", stand_path(&stand, "bank.pem"), "--key", "alice",
                    "--key", "bob", "--reason", "payouts", "--per-subject", "99"),
            0));
    EXPECT_OK(stand_caller(&stand, "core-a", "bank-a", "protect,reveal", &by_use.caller));
    EXPECT_OK(stand_caller(&stand, "core-own", "bank-own", "protect,reveal", &own.caller));
    EXPECT_OK(stand_caller(&stand, "core-ours", "bank-ours", "protect,reveal", &ours.caller));
}

/* A tenant that does not use the life cycle is not stopped by it; one that must, is. */
static void test_before_anybody_is_registered(void)
{
    EXPECT(reveal(&by_use, "wang", NULL) && said(&by_use, NULL));
    EXPECT(use(&by_use, "wang", "display", "card", NULL) && said(&by_use, NULL));
    EXPECT(reveal(&own, "wang", NULL) && said(&own, NULL));
    EXPECT(reveal(&ours, "wang", "payment") && said(&ours, "SUBJECT_UNKNOWN"));
    EXPECT(use(&ours, "wang", "display", "card", NULL) && said(&ours, "SUBJECT_UNKNOWN"));
}

/* From its first subject on a tenant's register is ours: strangers are refused, others judged. */
static void test_from_the_first_subject_on(void)
{
    EXPECT(live("bank-a", "wang") && live("bank-a", "zhao") && live("bank-a", "qian"));
    EXPECT(reveal(&by_use, "li", "payment") && said(&by_use, "SUBJECT_UNKNOWN"));
    EXPECT(reveal(&by_use, "a name with spaces", "payment") && said(&by_use, "SUBJECT_UNKNOWN"));
    EXPECT(reveal(&by_use, "wang", NULL) && said(&by_use, "PURPOSE_UNKNOWN"));
    EXPECT(reveal(&by_use, "wang", "fun") && said(&by_use, "PURPOSE_UNKNOWN"));
    EXPECT(reveal(&by_use, "wang", "payment") && said(&by_use, NULL));
    EXPECT(use(&by_use, "wang", "display", "card", NULL) && said(&by_use, NULL));
    EXPECT(use(&by_use, "wang", "display", "email", NULL)
            && said(&by_use, "PURPOSE_FIELD_NOT_NEEDED"));
}

/* TP-17: and what goes out is on record, before it does. */
static void test_sharing_and_entrusting(void)
{
    EXPECT(use(&by_use, "wang", "share", "identity", "bank") && said(&by_use, NULL));
    EXPECT(use(&by_use, "wang", "entrust", "card", "printer")
            && said(&by_use, "PARTY_NOT_QUALIFIED"));
    EXPECT(use(&by_use, "wang", "disclose", "identity", "bank")
            && said(&by_use, "PARTY_NOT_ALLOWED"));
    EXPECT(use(&by_use, "wang", "share", "identity", "nobody") && said(&by_use, "PARTY_UNKNOWN"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM data_act WHERE kind = 5") == 1);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM data_act WHERE actor = 'caller/core-a'")
            == 1);
}

static void test_withdrawn(void)
{
    EXPECT(operator_ended(HUFU("subject", "withdraw", "wang", "--tenant", "bank-a", "--purpose",
                                  "payment", "--proof", "app log-in"),
            0));
    EXPECT(reveal(&by_use, "wang", "payment") && said(&by_use, "CONSENT_WITHDRAWN"));
    EXPECT(use(&by_use, "wang", "display", "card", NULL) && said(&by_use, "CONSENT_WITHDRAWN"));
}

static void test_on_hold(void)
{
    EXPECT(reveal(&by_use, "zhao", "payment") && said(&by_use, NULL));
    EXPECT(hold("hold", "--until=2099-01-31T00:00:00+08:00"));
    EXPECT(reveal(&by_use, "zhao", "payment") && said(&by_use, "DATA_RESTRICTED"));
    EXPECT(use(&by_use, "zhao", "share", "identity", "bank") && said(&by_use, "DATA_RESTRICTED"));
    EXPECT(hold("release-hold", NULL));
    EXPECT(reveal(&by_use, "zhao", "payment") && said(&by_use, NULL));
}

/* The contract is over; then the person wants to go, and a law keeps the data a while. */
static void test_ended_and_restricted(void)
{
    EXPECT(operator_ended(HUFU("subject", "end", "qian", "--tenant", "bank-a"), 0));
    EXPECT(reveal(&by_use, "qian", "payment") && said(&by_use, "DATA_RESTRICTED"));
    EXPECT(operator_ended(
            HUFU("subject", "delete", "zhao", "--tenant", "bank-a", "--proof", "letter"), 0));
    EXPECT(reveal(&by_use, "zhao", "payment") && said(&by_use, "DATA_RESTRICTED"));
    EXPECT(use(&by_use, "zhao", "display", "card", NULL) && said(&by_use, "DATA_RESTRICTED"));
}

/* The tenant keeps its own: strangers pass, but whom it registered here is judged here. */
static void test_a_register_of_its_own(void)
{
    EXPECT(live("bank-own", "sun"));
    EXPECT(reveal(&own, "wang", NULL) && said(&own, NULL)); /* not bank-a's wang */
    EXPECT(reveal(&own, "sun", NULL) && said(&own, "PURPOSE_UNKNOWN"));
    EXPECT(reveal(&own, "sun", "payment") && said(&own, NULL));
    EXPECT(operator_ended(HUFU("subject", "withdraw", "sun", "--tenant", "bank-own", "--purpose",
                                  "payment", "--proof", "app log-in"),
            0));
    EXPECT(reveal(&own, "sun", "payment") && said(&own, "CONSENT_WITHDRAWN"));
}

static void test_who_may_ask(void)
{
    Core narrow = { .tenant = "bank-a" };
    EXPECT_OK(stand_caller(&stand, "narrow", "bank-a", "lookup", &narrow.caller));
    EXPECT(use(&narrow, "wang", "display", "card", NULL) && narrow.status == 403);
    stand_caller_done(&narrow.caller);
    EXPECT(ask(&by_use, "/vault/v1/uses", "{\"subject\":\"wang\"}") && by_use.status == 400);
    EXPECT(use(&by_use, "wang", "look", "card", NULL) && by_use.status == 400);
    EXPECT(use(&by_use, "wang", "display", "tail", NULL) && by_use.status == 400);
}

/* TP-8: who asks with a number in a name's place is refused, and the log, which forgets nothing,
 * does not learn it; nor from an operator who types one. */
static void test_a_number_is_nobodys_name(void)
{
    static const char *const asked[] = {
        "{\"subject\":\"" CARD "\",\"act\":\"display\",\"data_purpose\":\"payment\","
        "\"classes\":[\"card\"]}",
        "{\"subject\":\"qian\",\"act\":\"display\",\"data_purpose\":\"" CARD
        "\",\"classes\":[\"card\"]}",
        "{\"subject\":\"qian\",\"act\":\"share\",\"data_purpose\":\"payment\",\"party\":\"" CARD
        "\",\"classes\":[\"card\"]}",
        "{\"subject\":\"qian\",\"act\":\"share\",\"data_purpose\":\"payment\",\"party\":\"bank\","
        "\"reference\":\"" CARD "\",\"classes\":[\"card\"]}",
    };
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
        EXPECT(ask(&by_use, "/vault/v1/uses", asked[i]) && said(&by_use, "PARAM_ERROR")
                && strstr(by_use.last, "card number") != NULL);
    EXPECT(operator_ended(HUFU("subject", "use", CARD, "--tenant", "bank-a", "--act", "process",
                                  "--purpose", "payment", "--classes", "card"),
            1));
    EXPECT(operator_says("SUBJECT_UNKNOWN"));
    EXPECT(operator_ended(HUFU("subject", "consent", CARD, "--tenant", "bank-a", "--purpose",
                                  "payment", "--text", notice, "--channel", "app"),
            1));
    EXPECT(operator_says("DATA_CARD_NUMBER"));
    EXPECT(operator_ended(HUFU("subject", "collect", CARD, "--tenant", "bank-a", "--purpose",
                                  "payment", "--channel", "app", "--classes", "identity"),
            1));
    EXPECT(operator_says("DATA_CARD_NUMBER"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM data_subject WHERE subject = '" CARD "'")
            == 0);
    EXPECT(stand_leaves_with(&stand, CARD) == 0);
    EXPECT(stand_leaves_with(&stand, "bank-a/(masked)") == 3);
}

/* LL-4.5.3: refusals are in the log, with who asked. */
static void test_refusals_are_audited(void)
{
    static const char *const texts[] = { "process for payment: card", "display for payment: card",
        "share for payment to bank" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char sql[256];
        snprintf(sql, sizeof(sql),
                "SELECT count(*) FROM audit_leaf WHERE instr(leaf, CAST('%s' AS BLOB)) > 0"
                " AND instr(leaf, CAST('caller/core-a' AS BLOB)) > 0",
                texts[i]);
        EXPECT(stand_number(&stand, sql) >= 1);
    }
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    stand_caller_done(&by_use.caller);
    stand_caller_done(&own.caller);
    stand_caller_done(&ours.caller);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_before_anybody_is_registered),
        TEST(test_from_the_first_subject_on), TEST(test_sharing_and_entrusting),
        TEST(test_withdrawn), TEST(test_on_hold), TEST(test_ended_and_restricted),
        TEST(test_a_register_of_its_own), TEST(test_who_may_ask),
        TEST(test_a_number_is_nobodys_name), TEST(test_refusals_are_audited),
        TEST(test_house_closes))
