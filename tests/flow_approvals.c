/*
 * Goal: what two people must agree to is done when both signed exactly that, wherever they signed
 * it, once, and never otherwise (TP-15, LL-4.5.2). Method: the real programs and the real command
 * line; files carried by hand are altered, signed twice, late, by strangers and for other acts.
 */
#include "base/expect.h"
#include "operator.h"

#include "base/time.h"
#include "command.h"
#include "people.h"
#include "vaultclient/approval_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static Stand stand;
static char file[STAND_PATH_BYTES_MAX];

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define HOLD                                                                                \
    "subject", "hold", "wang", "--authority", "court", "--reference", "2026-17", "--until", \
            "2099-01-31T00:00:00+08:00"
#define WHY "--reason", "order 17"

/* --- a person at a machine of their own --- */

/* The next command reads this answer. */
static void answer(const char *text)
{
    char path[STAND_PATH_BYTES_MAX];
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "answer.txt"));
    ASSERT(status_ok(file_write(path, 0644, span_of_text(text))));
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ASSERT(fd >= 0 && dup2(fd, 0) == 0);
    close(fd);
}

static int sign_as(const char *name)
{
    answer("yes\n");
    return HUFU("approval", "sign", file, "--key", name);
}

static int request_hold(void)
{
    unlink(file);
    return HUFU("approval", "request", file, HOLD, WHY);
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

/* --- the flow --- */

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    snprintf(file, sizeof(file), "%s", stand_path(&stand, "hold.txt"));
    EXPECT(operator_ended(HUFU("subject", "collect", "wang", "--channel", "app", "--purpose",
                                  "due-diligence", "--classes", "identity"),
            0));
}

static void test_a_request_does_nothing(void)
{
    EXPECT(operator_ended(request_hold(), 0));
    EXPECT(operator_says("Nothing was done yet"));
    EXPECT(operator_ended(HUFU("subject", "status", "wang"), 0));
    EXPECT(!operator_said(&stand, "restricted_until "));
    EXPECT(operator_ended(HUFU("approval", "show", file), 0));
    EXPECT(operator_says("hold-subject") && operator_says("order 17"));
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file), 1));
    EXPECT(operator_says("APPROVAL_QUORUM"));
    EXPECT(operator_ended(HUFU("approval", "request", file, HOLD), 2)); /* no reason */
    EXPECT(operator_ended(HUFU("approval", "request", file, "status"), 2)); /* nobody signs that */
}

/* A digest says nothing to people; the command's own words do. */
static void test_what_is_signed_can_be_checked(void)
{
    EXPECT(operator_ended(HUFU("approval", "check", file, HOLD, WHY), 0));
    EXPECT(operator_ended(
            HUFU("approval", "check", file, "subject", "hold", "li", "--authority", "court",
                    "--reference", "2026-17", "--until", "2099-01-31T00:00:00+08:00", WHY),
            1));
    EXPECT(operator_says("APPROVAL_FILE_OTHER"));
}

static void test_each_signs_once(void)
{
    answer("no\n");
    EXPECT(operator_ended(HUFU("approval", "sign", file, "--as", "alice"), 1));
    EXPECT(read_back().acts[0].signer_count == 0);
    EXPECT(operator_ended(sign_as("alice"), 0));
    EXPECT(operator_ended(sign_as("alice"), 1));
    EXPECT(operator_says("APPROVAL_FILE_TWICE"));
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file), 1));
    EXPECT(operator_says("APPROVAL_QUORUM"));
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file, "--approval", file), 2));
    EXPECT(operator_says("APPROVAL_FILE_TWICE"));
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file, "--key", "alice"), 1));
    EXPECT(operator_says("APPROVAL_QUORUM")); /* the vault says so: one person */
    EXPECT(operator_ended(sign_as("bob"), 0));
    EXPECT(read_back().acts[0].signer_count == 2);
}

static void test_another_act_is_refused(void)
{
    EXPECT(operator_ended(
            HUFU("subject", "hold", "wang", "--authority", "court", "--reference", "2026-18",
                    "--until", "2099-01-31T00:00:00+08:00", "--approval", file),
            1));
    EXPECT(operator_says("APPROVAL_FILE_OTHER"));
    EXPECT(operator_ended(HUFU("subject", "release-hold", "wang", "--authority", "court",
                                  "--reference", "2026-17", "--approval", file),
            1));
    EXPECT(operator_says("APPROVAL_FILE_OTHER"));
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file, "--reason", "another"), 2));
    EXPECT(operator_says("APPROVAL_REASON"));
}

/* By who knows the file's form: its hash is right again, the signatures are not. */
static void test_an_altered_file_is_refused(void)
{
    const ApprovalFile as_signed = read_back();
    ApprovalFile changed = as_signed;
    changed.acts[0].expires_us += 3600 * TIME_SECOND_US;
    write_back(&changed);
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file), 1));
    EXPECT(operator_says("APPROVAL_INVALID"));

    uint8_t memory[APPROVAL_FILE_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    EXPECT_OK(approval_file_write(&as_signed, &text));
    memory[strlen("hufu approval 1\noperation: h")] = 'a';
    EXPECT_OK(file_write(file, 0644, span_of_buffer(&text)));
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file), 2));
    EXPECT(operator_says("APPROVAL_FILE_ALTERED"));
    write_back(&as_signed);
}

static void test_it_is_done_once(void)
{
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file), 0));
    EXPECT(operator_ended(HUFU("subject", "status", "wang"), 0));
    EXPECT(operator_says("restricted_until 2099-01-31") && operator_says("act hold"));
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file), 1));
    EXPECT(operator_says("APPROVAL_REPLAYED"));
}

static void test_a_stranger_does_not_count(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    char path[STAND_PATH_BYTES_MAX];
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "mallory.key.pem"));
    EXPECT_OK(private_key_generate(KEY_ED25519, &key));
    EXPECT_OK(private_key_to_pem(key, &pem));
    EXPECT_OK(file_write(path, 0600, span_of_buffer(&pem)));
    EXPECT(operator_ended(request_hold(), 0));
    EXPECT(operator_ended(sign_as("alice"), 0));
    EXPECT(operator_ended(sign_as(path), 0));
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file), 1));
    EXPECT(operator_says("APPROVAL_INVALID"));
}

static void test_a_late_one_does_not_count(void)
{
    ApprovalFile late = read_back();
    CLEANUP(person_free) Person alice = { 0 };
    late.acts[0].signer_count = 0;
    late.acts[0].expires_us = 1700000000 * TIME_SECOND_US;
    WireApproval approval = approval_act_wanted(&late.acts[0]);
    EXPECT_OK(person_load(stand.folder, "alice", &alice));
    EXPECT_OK(person_sign(&alice, &approval));
    EXPECT_OK(approval_act_sign(&late.acts[0], &approval, 0));
    write_back(&late);
    EXPECT(operator_ended(sign_as("bob"), 1));
    EXPECT(operator_says("APPROVAL_FILE_EXPIRED"));
    EXPECT(operator_ended(HUFU(HOLD, "--approval", file, "--key", "bob"), 1));
    EXPECT(operator_says("APPROVAL_FILE_EXPIRED"));
}

/* One is here, the other is not; and other commands do it the same way. */
static void test_one_key_and_one_file(void)
{
    EXPECT(operator_ended(HUFU("incident", "open", "leak", "a lost laptop"), 0));
    char incident[64] = "";
    stand_text(&stand, "SELECT max(id) FROM incident", incident, sizeof(incident));
    static const char *const steps[] = { "contain", "report-bank", "notify", "cause" };
    for (size_t i = 0; i < 4; i++)
        EXPECT(operator_ended(HUFU("incident", "step", incident, steps[i], "done"), 0));
    unlink(file);
    EXPECT(operator_ended(
            HUFU("approval", "request", file, "incident", "close", incident, "--reason", "over"),
            0));
    EXPECT(operator_ended(HUFU("approval", "show", file), 0));
    EXPECT(operator_says(incident));
    EXPECT(operator_ended(sign_as("bob"), 0));
    EXPECT(operator_ended(
            HUFU("incident", "close", incident, "--approval", file, "--key", "alice"), 0));
    EXPECT(operator_ended(HUFU("incident", "list", "--all"), 0));
    EXPECT(operator_says("closed"));
}

/* A restore is two acts: one file asks for both. */
static void test_a_restore_is_two_acts(void)
{
    char backup[STAND_PATH_BYTES_MAX];
    snprintf(backup, sizeof(backup), "%s", stand_path(&stand, "backup.hufu"));
    EXPECT(operator_ended(HUFU("backup", backup), 0));
    unlink(file);
    EXPECT(operator_ended(
            HUFU("approval", "request", file, "restore", backup, "--reason", "fire"), 0));
    const ApprovalFile asked = read_back();
    EXPECT(asked.act_count == 2);
    EXPECT(strcmp(asked.acts[0].operation, "unwrap-backup") == 0);
    EXPECT(strcmp(asked.acts[1].operation, "accept-restore") == 0);
    EXPECT(operator_ended(sign_as("alice"), 0));
    EXPECT(read_back().acts[1].signer_count == 1);
}

static void test_house_closes(void)
{
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_request_does_nothing),
        TEST(test_what_is_signed_can_be_checked), TEST(test_each_signs_once),
        TEST(test_another_act_is_refused), TEST(test_an_altered_file_is_refused),
        TEST(test_it_is_done_once), TEST(test_a_stranger_does_not_count),
        TEST(test_a_late_one_does_not_count), TEST(test_one_key_and_one_file),
        TEST(test_a_restore_is_two_acts), TEST(test_house_closes))
