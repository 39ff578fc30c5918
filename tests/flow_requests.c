/*
 * Goal: what others must agree to waits, is done once when they signed exactly that, and never
 * otherwise; data leaves the house by such a form alone, for its receiver alone (TP-15, TP-17,
 * LL-4.5.2). Method: the real programs and the real command line; approvals by the wrong people,
 * for other requests, altered and again; exports without a form, for others, of other classes, too
 * late.
 */
#define _GNU_SOURCE
#include "access/request.h"
#include "base/expect.h"
#include "operator.h"

#include "base/seams.h"
#include "base/time.h"
#include "command.h"
#include "vaultclient/approval_file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static Stand stand;
static char file[STAND_PATH_BYTES_MAX];

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)

static void test_house_opens(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    const StandOptions options = { 0 };
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    EXPECT_OK(stand_open(&options, &stand));
    snprintf(file, sizeof(file), "%s", stand_path(&stand, "approval.txt"));
    EXPECT_OK(private_key_generate(KEY_ED25519, &key));
    EXPECT_OK(private_key_to_pem(key, &pem));
    EXPECT_OK(file_write(stand_path(&stand, "mallory.key.pem"), 0600, span_of_buffer(&pem)));
}

static ApprovalFile read_back(void)
{
    uint8_t memory[APPROVAL_FILE_BYTES_MAX + 1];
    Buffer text = BUFFER_OF(memory);
    ApprovalFile read = { .act_count = 0 };
    ASSERT(status_ok(file_read(file, &text)));
    ASSERT(status_ok(approval_file_read(span_of_buffer(&text), &read)));
    return read;
}

static void write_back(const ApprovalFile *changed)
{
    uint8_t memory[APPROVAL_FILE_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    ASSERT(status_ok(approval_file_write(changed, &text)));
    ASSERT(status_ok(file_write(file, 0644, span_of_buffer(&text))));
}

/* At a machine of his own. */
static int sign_as_bob(void)
{
    char path[STAND_PATH_BYTES_MAX];
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "answer.txt"));
    ASSERT(status_ok(file_write(path, 0644, SPAN("yes\n"))));
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ASSERT(fd >= 0 && dup2(fd, 0) == 0);
    close(fd);
    return HUFU("--as", "bob", "approval", "sign", file);
}

/* --- requests --- */

static char request[32];

/* alice asks for another system to be let in; `approve`: who agrees at once, or NULL. */
static int ask_for_caller(const char *name, const char *approve)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    char path[STAND_PATH_BYTES_MAX];
    char out[STAND_PATH_BYTES_MAX];
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "caller.pub.pem"));
    snprintf(out, sizeof(out), "%s", stand_path(&stand, "caller.crt"));
    ASSERT(status_ok(private_key_generate(KEY_P256, &key)));
    ASSERT(status_ok(public_key_to_pem(private_key_public(key), &pem)));
    ASSERT(status_ok(file_write(path, 0644, span_of_buffer(&pem))));
    unsetenv("HUFU_APPROVE");
    if (approve != NULL) setenv("HUFU_APPROVE", approve, 1);
    const int ended =
            HUFU("caller", "add", "--name", name, "--csr", path, "--may", "protect", "--out", out);
    unsetenv("HUFU_APPROVE");
    stand_text(
            &stand, "SELECT id FROM request ORDER BY asked DESC LIMIT 1", request, sizeof(request));
    return ended;
}

static int64_t callers(void) { return stand_number(&stand, "SELECT count(*) FROM caller"); }

#define APPROVE(...) HUFU("request", "approve", request, "--reason", "ticket 4", __VA_ARGS__)

static void test_a_request_waits(void)
{
    EXPECT(operator_ended(ask_for_caller("shop", NULL), 1));
    EXPECT(operator_says("REQUEST_WAITS") && operator_says(request));
    EXPECT(callers() == 0);
    EXPECT(operator_ended(HUFU("request", "list"), 0));
    EXPECT(operator_says(request) && operator_says("caller.add") && operator_says("alice"));
    EXPECT(operator_ended(HUFU("request", "show", request), 0));
    EXPECT(operator_says("\"operation\":\"caller.add\",\"name\":\"shop\""));
    EXPECT(operator_says("\nname             shop\n") && operator_says("\nrights           "));
}

/* By the asker, without the right, with another's key, by nobody of the house. */
static void test_who_may_not_does_not(void)
{
    char path[STAND_PATH_BYTES_MAX];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    EXPECT(operator_ended(APPROVE("--key", "alice"), 1));
    EXPECT(operator_says("REQUEST_OWN"));
    EXPECT(operator_ended(APPROVE("--key", "carol"), 1));
    EXPECT(operator_says("ACCESS_LEVEL"));
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "mallory.key.pem"));
    EXPECT(operator_ended(APPROVE("--key", path), 1));
    EXPECT(operator_says("PRINCIPAL_UNKNOWN"));
    EXPECT_OK(file_read(path, &pem));
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "bob.key.pem")); /* not bob's */
    EXPECT_OK(file_write(path, 0600, span_of_buffer(&pem)));
    EXPECT(operator_ended(APPROVE("--key", path), 1));
    EXPECT(operator_says("REQUEST_SIGNATURE"));
    EXPECT(operator_ended(HUFU("request", "refuse", request, "--reason", "no"), 1));
    EXPECT(operator_says("REQUEST_OWN"));
    EXPECT(callers() == 0);
}

static void test_the_approvers_own_signature_does(void)
{
    EXPECT(operator_ended(
            HUFU("--as", "bob", "request", "approve", request, "--reason", "ticket 4"), 0));
    EXPECT(operator_says("done") && operator_says("OK"));
    EXPECT(callers() == 1);
    EXPECT(operator_ended(HUFU("request", "show", request), 0));
    EXPECT(operator_says("BEGIN CERTIFICATE")); /* what it answered is the asker's to fetch */
    EXPECT(operator_ended(APPROVE("--key", "bob"), 1));
    EXPECT(operator_says("REQUEST_OVER"));
    EXPECT(stand_logged(&stand, "caller.add running 1/1 by bob"));
}

/* Signed elsewhere, handed in by the asker; good for this request alone. */
static void test_an_approval_is_carried(void)
{
    EXPECT(operator_ended(ask_for_caller("till", NULL), 1));
    EXPECT(operator_ended(HUFU("request", "carry", request, file, "--reason", "ticket 5"), 0));
    EXPECT(operator_ended(sign_as_bob(), 0));
    ApprovalFile changed = read_back();
    const ApprovalFile as_signed = changed;
    changed.acts[0].expires_us -= TIME_SECOND_US;
    write_back(&changed);
    EXPECT(operator_ended(HUFU("request", "approve", request, "--approval", file), 1));
    EXPECT(operator_says("REQUEST_SIGNATURE"));
    write_back(&as_signed);
    EXPECT(operator_ended(HUFU("request", "approve", request, "--approval", file), 0));
    EXPECT(callers() == 2);
    EXPECT(operator_ended(ask_for_caller("kiosk", NULL), 1));
    EXPECT(operator_ended(HUFU("request", "approve", request, "--approval", file), 1));
    EXPECT(operator_says("REQUEST_SIGNATURE")); /* replayed for another */
    EXPECT(callers() == 2);
}

static void test_no_is_no(void)
{
    EXPECT(operator_ended(HUFU("--as", "bob", "request", "withdraw", request, "--reason", "x"), 1));
    EXPECT(operator_says("REQUEST_NOT_ASKER"));
    EXPECT(operator_ended(HUFU("--as", "bob", "request", "refuse", request, "--reason", "no"), 0));
    EXPECT(operator_ended(APPROVE("--key", "bob"), 1));
    EXPECT(operator_says("REQUEST_OVER"));
    EXPECT(operator_ended(ask_for_caller("kiosk", NULL), 1));
    EXPECT(operator_ended(HUFU("request", "withdraw", request, "--reason", "my mistake"), 0));
    EXPECT(operator_ended(APPROVE("--key", "bob"), 1));
    EXPECT(operator_says("REQUEST_OVER"));
    EXPECT(callers() == 2);
}

/* Both keys are at hand: in one go. What was approved and then refused says why. */
static void test_in_one_go(void)
{
    EXPECT(operator_ended(ask_for_caller("kiosk", "bob"), 0));
    EXPECT(callers() == 3);
    EXPECT(operator_ended(ask_for_caller("kiosk", "bob"), 1));
    EXPECT(operator_says("CALLER_EXISTS"));
    EXPECT(operator_ended(HUFU("request", "show", request), 0));
    EXPECT(operator_says("failed"));
}

static void test_after_a_restart_it_still_waits(void)
{
    EXPECT(operator_ended(ask_for_caller("late", NULL), 1));
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT(operator_ended(APPROVE("--key", "bob"), 0));
    EXPECT(callers() == 4);
}

/* --- a crash between what was agreed and how it ended --- */

enum { CRASH_TRIES_MAX = 60, LOOKS_MAX = 1000000 };

static int64_t state_of_request(void)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT state FROM request WHERE id = '%s'", request);
    return stand_number(&stand, sql);
}

/* hufud is killed as soon as the database says that the act was begun; false: it had ended by then
 * (hufud runs again). */
static bool is_killed_while_it_runs(const char *name)
{
    const char *const approve[] = { "request", "approve", request, "--reason", "ticket 6", "--key",
        "bob", NULL };
    ASSERT(ask_for_caller(name, NULL) == 1);
    const pid_t pid = operator_start(&stand, approve);
    for (int looks = 0; looks < LOOKS_MAX && state_of_request() == ASKED_WAITING; looks++) { }
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    ASSERT(operator_end(&stand, pid) >= 0);
    const bool caught = state_of_request() == ASKED_RUNNING;
    if (!caught) ASSERT(status_ok(stand_start(&stand, STAND_HUFUD)));
    return caught;
}

/* Nobody knows how far it came, so the request says just that, and is never begun again. */
static void test_what_a_crash_interrupts_runs_never_again(void)
{
    char name[16];
    char sql[128];
    bool caught = false;
    for (int i = 0; i < CRASH_TRIES_MAX && !caught; i++) {
        snprintf(name, sizeof(name), "crash%d", i);
        caught = is_killed_while_it_runs(name);
    }
    EXPECT(caught);
    const int64_t before = callers();
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM request WHERE id = '%s' AND state = %d",
            request, ASKED_INTERRUPTED);
    EXPECT(stand_comes_true(&stand, sql));
    EXPECT(operator_ended(HUFU("request", "show", request), 0));
    EXPECT(operator_says("interrupted"));
    EXPECT(operator_ended(HUFU("trail", "search", "--kind", "request.interrupt"), 0));
    EXPECT(operator_says(request));
    EXPECT(operator_ended(APPROVE("--key", "bob"), 1));
    EXPECT(operator_says("REQUEST_OVER"));
    EXPECT(operator_ended(HUFU("request", "withdraw", request, "--reason", "x"), 1));
    EXPECT(operator_says("REQUEST_OVER"));
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT(state_of_request() == ASKED_INTERRUPTED && callers() == before);
}

/* --- exports (LL-4.5.2: 对外提供的信息需经严格的审批流程; TP-17) --- */

/* RFC 3339, so many seconds from now. */
static const char *from_now(int64_t seconds)
{
    static char text[TIME_TEXT_BYTES + 1];
    const Clock clock = clock_system();
    Buffer b = { (uint8_t *)text, 0, TIME_TEXT_BYTES };
    ASSERT(status_ok(time_format(clock_now_us(&clock) + seconds * TIME_SECOND_US, &b)));
    text[b.size] = '\0';
    return text;
}

static int ask_export(const char *list, const char *receiver, const char *fields,
        const char *classes, int64_t seconds, const char *approve)
{
    unsetenv("HUFU_APPROVE");
    if (approve != NULL) setenv("HUFU_APPROVE", approve, 1);
    const int ended = HUFU("export", "request", list, "--purpose", "yearly audit", "--receiver",
            receiver, "--fields", fields, "--classes", classes, "--basis", "contract",
            "--reference", "C-17", "--until", from_now(seconds), "--reason", "they audit us");
    unsetenv("HUFU_APPROVE");
    stand_text(
            &stand, "SELECT id FROM request ORDER BY asked DESC LIMIT 1", request, sizeof(request));
    return ended;
}

static int run_export(const char *receiver)
{
    char out[STAND_PATH_BYTES_MAX];
    snprintf(out, sizeof(out), "%s", stand_path(&stand, "export.bin"));
    unlink(out);
    return HUFU("export", "run", request, "--receiver", receiver, "--out", out);
}

static void test_a_receiver_is_enrolled(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    char path[STAND_PATH_BYTES_MAX];
    EXPECT_OK(private_key_generate(KEY_P256, &key));
    EXPECT_OK(private_key_to_pem(key, &pem));
    EXPECT_OK(file_write(stand_path(&stand, "court.key.pem"), 0600, span_of_buffer(&pem)));
    pem.size = 0;
    EXPECT_OK(public_key_to_pem(private_key_public(key), &pem));
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "court.pub.pem"));
    EXPECT_OK(file_write(path, 0644, span_of_buffer(&pem)));
    EXPECT(operator_ended(HUFU("receiver", "add", "court", path, "--purpose", "legal-order",
                                  "--key", "alice", "--key", "bob", "--reason", "auditors"),
            0));
}

static void test_nothing_leaves_without_a_form(void)
{
    EXPECT(operator_ended(ask_export("callers", "court", "name,tenant", "public", 3600, NULL), 1));
    EXPECT(operator_says("REQUEST_WAITS"));
    EXPECT(operator_ended(run_export("court"), 1));
    EXPECT(operator_says("EXPORT_NOT_PERMITTED"));
    EXPECT(operator_ended(APPROVE("--key", "bob"), 0));
    EXPECT(operator_ended(run_export("bank"), 1));
    EXPECT(operator_says("EXPORT_RECEIVER"));
    EXPECT(!operator_said(&stand, "rows"));
}

/* For the receiver's key alone; the receipt is in the log. */
static void test_what_leaves_is_for_its_receiver(void)
{
    char in[STAND_PATH_BYTES_MAX];
    char key[STAND_PATH_BYTES_MAX];
    char out[STAND_PATH_BYTES_MAX];
    uint8_t memory[4096];
    Buffer csv = BUFFER_OF(memory);
    EXPECT(operator_ended(run_export("court"), 0));
    EXPECT(stand_logged(&stand, "rows 4 sha256 "));
    snprintf(in, sizeof(in), "%s", stand_path(&stand, "export.bin"));
    snprintf(out, sizeof(out), "%s", stand_path(&stand, "export.csv"));
    EXPECT_OK(file_read(in, &csv));
    EXPECT(memmem(csv.data, csv.size, "kiosk", 5) == NULL);
    snprintf(key, sizeof(key), "%s", stand_path(&stand, "operators/alice.key.pem"));
    EXPECT(operator_ended(HUFU("export", "open", in, "--receiver-key", key, "--out", out), 1));
    snprintf(key, sizeof(key), "%s", stand_path(&stand, "court.key.pem"));
    EXPECT(operator_ended(HUFU("export", "open", in, "--receiver-key", key, "--out", out), 0));
    csv.size = 0;
    EXPECT_OK(file_read(out, &csv));
    EXPECT(memmem(csv.data, csv.size, "name,tenant\r\n", 13) == csv.data);
    EXPECT(memmem(csv.data, csv.size, "kiosk,default\r\n", 15) != NULL);
}

static void test_a_form_is_judged(void)
{
    const int64_t asked = stand_number(&stand, "SELECT count(*) FROM request");
    EXPECT(operator_ended(ask_export("callers", "court", "name", "public,pin", 3600, "bob"), 1));
    EXPECT(operator_says("POLICY_REFUSES"));
    EXPECT(operator_ended(ask_export("callers", "court", "name", "public,card", 3600, "bob"), 1));
    EXPECT(operator_says("POLICY_FORM"));
    EXPECT(operator_ended(ask_export("callers", "court", "key_hash", "public", 3600, "bob"), 1));
    EXPECT(operator_says("EXPORT_FORM")); /* a class of its fields is not named */
    EXPECT(operator_ended(ask_export("payments", "court", "name", "public", 3600, "bob"), 1));
    EXPECT(operator_says("EXPORT_FORM"));
    EXPECT(operator_ended(ask_export("callers", "court", "name", "public", -5, "bob"), 1));
    EXPECT(operator_says("EXPORT_FORM"));
    EXPECT(operator_ended(ask_export("callers", "court", "name", "public", 400 * 86400, "bob"), 1));
    EXPECT(operator_says("EXPORT_FORM"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM request") == asked); /* nobody is asked */
}

static void test_a_stranger_receives_nothing(void)
{
    EXPECT(operator_ended(ask_export("callers", "mallory", "name", "public", 3600, "bob"), 0));
    EXPECT(operator_ended(run_export("mallory"), 1));
    EXPECT(operator_says("EXPORT_RECEIVER"));
}

/* The permission ends while we ask again and again. */
static void test_its_end_is_its_end(void)
{
    EXPECT(operator_ended(
            ask_export("trail", "court", "time,kind,actor", "public,identity", 4, "bob"), 0));
    int ended = run_export("court");
    EXPECT(operator_ended(ended, 0));
    for (int tries = 0; tries < 600 && ended == 0; tries++)
        ended = run_export("court");
    EXPECT(operator_ended(ended, 1));
    EXPECT(operator_says("EXPORT_NOT_PERMITTED"));
}

/* --- larger than one part --- */

enum { EXPORT_TRIES_MAX = 400, EXPORT_BYTES_MAX = 256 * 1024 };

static uint8_t exported_bytes[EXPORT_BYTES_MAX];

static Status open_export(void)
{
    char in[STAND_PATH_BYTES_MAX];
    char key[STAND_PATH_BYTES_MAX];
    char out[STAND_PATH_BYTES_MAX];
    Buffer csv = BUFFER_OF(exported_bytes);
    snprintf(in, sizeof(in), "%s", stand_path(&stand, "export.bin"));
    snprintf(key, sizeof(key), "%s", stand_path(&stand, "court.key.pem"));
    snprintf(out, sizeof(out), "%s", stand_path(&stand, "export.csv"));
    unlink(out);
    const int ended = HUFU("export", "open", in, "--receiver-key", key, "--out", out);
    if (ended != 0) return access(out, F_OK) == 0 ? BROKEN(FAULT_DISK) : REFUSE(REFUSED_BOX_FORMAT);
    TRY(file_read(out, &csv));
    exported_bytes[csv.size < sizeof(exported_bytes) ? csv.size : csv.size - 1] = '\0';
    return OK;
}

/* Every leaf is there, in order, with none of its events cut off at the border of two parts. */
static int64_t count_leaves(const char *csv)
{
    int64_t before = -1;
    const char *line = strchr(csv, '\n');
    for (; line != NULL && line[1] != '\0'; line = strchr(line + 1, '\n')) {
        const int64_t leaf = strtoll(line + 1, NULL, 10);
        if (leaf < before) return -1;
        before = leaf;
    }
    return before + 1;
}

/* The log is as long as it takes: each export is an entry, too. */
static void test_a_large_export_comes_in_parts(void)
{
    EXPECT(operator_ended(
            ask_export("trail", "court", "leaf,time,kind,outcome,actor,subject,detail",
                    "public,identity,free-text", 3600, "bob"),
            0));
    int ended = 0;
    for (int i = 0; i < EXPORT_TRIES_MAX && ended == 0; i++) {
        ended = run_export("court");
        if (operator_said(&stand, "part 2,")) break;
    }
    const int64_t leaves = stand_number(&stand, "SELECT count(*) FROM audit_leaf");
    EXPECT(operator_ended(ended, 0));
    EXPECT(operator_says("part 1,") && operator_says("part 2,"));
    EXPECT(stand_logged(&stand, "part 2 rows "));
    EXPECT_OK(open_export());
    const char *csv = (const char *)exported_bytes;
    EXPECT(strlen(csv) > 32 * 1024 && strstr(csv, "leaf,time") == csv);
    EXPECT(strstr(csv + 1, "leaf,time") == NULL);
    EXPECT(count_leaves(csv) >= leaves - 3 && count_leaves(csv) <= leaves);
}

/* "hufu parts 1\n", then two parts, each behind its size. */
static void test_parts_are_neither_cut_nor_swapped(void)
{
    static uint8_t whole[EXPORT_BYTES_MAX];
    static uint8_t forged_bytes[EXPORT_BYTES_MAX];
    char path[STAND_PATH_BYTES_MAX];
    const Span magic = SPAN("hufu parts 1\n");
    Buffer file_whole = BUFFER_OF(whole);
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "export.bin"));
    EXPECT_OK(file_read(path, &file_whole));
    Cursor c = cursor_of(span_of_buffer(&file_whole));
    Span part[2];
    Span head;
    EXPECT_OK(cursor_take(&c, magic.size, &head));
    for (int i = 0; i < 2; i++)
        EXPECT_OK(cursor_framed(&c, EXPORT_BYTES_MAX, &part[i]));
    EXPECT_OK(cursor_end(&c));
    static const int orders[][3] = { { 0, -1, -1 }, { 1, -1, -1 }, { 1, 0, -1 }, { 0, 0, 1 },
        { 0, 1, 1 } };
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        Buffer forged = BUFFER_OF(forged_bytes);
        EXPECT_OK(buffer_put(&forged, magic));
        for (int n = 0; n < 3 && orders[i][n] >= 0; n++)
            EXPECT_OK(buffer_put_framed(&forged, part[orders[i][n]]));
        EXPECT_OK(file_write(path, 0600, span_of_buffer(&forged)));
        EXPECT_REFUSED(open_export(), REFUSED_BOX_FORMAT);
    }
    EXPECT_OK(file_write(path, 0600, span_of_buffer(&file_whole)));
    EXPECT_OK(open_export());
}

static void test_forms_are_listed(void)
{
    EXPECT(operator_ended(HUFU("export", "list"), 0));
    EXPECT(operator_says(request) && operator_says("trail") && operator_says("mallory"));
    EXPECT(operator_says("done") && operator_says("yearly audit"));
}

static void test_house_closes(void)
{
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_request_waits), TEST(test_who_may_not_does_not),
        TEST(test_the_approvers_own_signature_does), TEST(test_an_approval_is_carried),
        TEST(test_no_is_no), TEST(test_in_one_go), TEST(test_after_a_restart_it_still_waits),
        TEST(test_a_receiver_is_enrolled), TEST(test_nothing_leaves_without_a_form),
        TEST(test_what_leaves_is_for_its_receiver), TEST(test_a_form_is_judged),
        TEST(test_a_stranger_receives_nothing), TEST(test_its_end_is_its_end),
        TEST(test_a_large_export_comes_in_parts), TEST(test_parts_are_neither_cut_nor_swapped),
        TEST(test_forms_are_listed), TEST(test_what_a_crash_interrupts_runs_never_again),
        TEST(test_house_closes))
