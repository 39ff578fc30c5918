/*
 * Goal: an older state comes back only by `hufu restore`, only for two people, and the log says so
 * (DESIGN section 2, 5.6). Method: the real programs and the real command line, in every state the
 * house can be in: serving, refusing an old file, stopped, without any database.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "intruder.h"
#include "merchant_steps.h"
#include "operator.h"

#include "admin_client.h"
#include "command.h"
#include "crypto/digest.h"
#include "people.h"
#include "store/store.h"
#include "vaultclient/client.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_TRIES_MAX = 1200, POLL_MS = 50, BACKUP_TRIES_MAX = 20 };

static Stand stand;
static MerchantApp merchant;
static PayerApp payer;
static HttpClient *http;
static char backup_file[512];

/* --- the command line --- */

static void pause_ms(long ms)
{
    const struct timespec wait = { 0, ms * 1000000L };
    nanosleep(&wait, NULL);
}

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)

static pid_t restore_start(const char *file)
{
    const char *const words[] = { "restore", file, "--key", "alice", "--key", "bob", "--reason",
        "the disk burnt", NULL };
    return operator_start(&stand, words);
}

/* It ends a little after it let go of the database. */
static bool hufud_makes_way(void)
{
    int exit_status = 0;
    for (int tries = 0; tries < WAIT_TRIES_MAX && !stand_ended(&stand, STAND_HUFUD, &exit_status);
            tries++)
        pause_ms(POLL_MS);
    if (stand.pids[STAND_HUFUD] == 0 && exit_status != 0) return true;
    fprintf(stderr, "  hufud did not make way (%d)\n", exit_status);
    return false;
}

/* `hufu restore` beside a running house: hufud makes way, and whoever watches it starts it again:
 * here, we do. */
static int restore_beside(const char *file)
{
    http_client_close(&http);
    const pid_t pid = restore_start(file);
    if (!hufud_makes_way()) {
        kill(pid, SIGTERM);
        operator_end(&stand, pid);
        return -1;
    }
    if (!status_ok(stand_launch(&stand, STAND_HUFUD))) return -1;
    const int result = operator_end(&stand, pid);
    if (result != 0) return result;
    return status_ok(stand_await(&stand)) && status_ok(stand_connect(&stand, &http)) ? 0 : -1;
}

/* --- payments --- */

static bool pay(const char *number, int64_t minor)
{
    PayerAnswer answer = { 0 };
    Answered answered = { 0 };
    char code[32];
    const char *text = NULL;
    Status s = payer_app_code(&payer, http, &stand.box_key, &answer, &text);
    if (status_ok(s)) snprintf(code, sizeof(code), "%s", text);
    if (status_ok(s)) s = step_codepay(&merchant, http, number, minor, code, &answered);
    if (status_ok(s) && strcmp(answered.trade_state, "SUCCESS") == 0) return true;
    fprintf(stderr, "  %s: %s, HTTP %d/%d %s %s\n", number, status_name(s), answer.status,
            answered.status, answered.code, answered.trade_state);
    return false;
}

static bool is_paid(const char *number)
{
    Answered answered = { 0 };
    if (!status_ok(step_query(&merchant, http, number, &answered))) return false;
    return strcmp(answered.trade_state, "SUCCESS") == 0;
}

static bool is_unknown(const char *number)
{
    Answered answered = { 0 };
    if (!status_ok(step_query(&merchant, http, number, &answered))) return false;
    return answered.status == 404 && strcmp(answered.code, "ORDER_NOT_EXIST") == 0;
}

static int64_t balance(void)
{
    return stand_number(&stand, "SELECT balance FROM account WHERE owner = 'payer-1'");
}

/* --- the log --- */

static int64_t leaves_with(const char *text) { return stand_leaves_with(&stand, text); }

/* The leaf of a restore names both; the one who asked at the command line has others. */
static int64_t restores_by_both(void)
{
    return stand_number(&stand,
            "SELECT count(*) FROM audit_leaf WHERE instr(leaf, CAST('with operator/bob; leaves ' "
            "AS BLOB)) > 0 AND instr(leaf, CAST('operator/alice' AS BLOB)) > 0");
}

/* The newest checkpoint is of the log with this number: another one after each accepted restore. */
static bool log_number_is(const char *tail)
{
    for (int tries = 0; tries < WAIT_TRIES_MAX; tries++) {
        uint8_t bytes[4096];
        Buffer note = BUFFER_OF(bytes);
        Cursor c = { 0 };
        Span origin = { 0 };
        Status s = file_read(stand_path(&stand, "checkpoints/checkpoint"), &note);
        c = cursor_of(span_of_buffer(&note));
        if (status_ok(s)) s = cursor_until(&c, '\n', &origin);
        const size_t size = strlen(tail);
        const bool fits = status_ok(s) && origin.size >= size
                && span_equal(
                        (Span) { origin.data + origin.size - size, size }, span_of_text(tail));
        if (fits) return stand_await_checkpoint(&stand);
        pause_ms(POLL_MS);
    }
    return false;
}

/* --- tests: one story --- */

static void test_house_opens_and_pays(void)
{
    const StandOptions options = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 10000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT(pay("BEFORE-1", 1000));
    EXPECT_OK(store_copy_to(stand_path(&stand, PATH_DATABASE), stand_path(&stand, "old.db")));
}

static void test_backup_is_online_encrypted_and_audited(void)
{
    snprintf(backup_file, sizeof(backup_file), "%s", stand_path(&stand, "one.hufu"));
    EXPECT(operator_ended(HUFU("backup", backup_file), 0));
    EXPECT(operator_says("manifest"));
    EXPECT(leaves_with("backup/") == 1);
    EXPECT(operator_ended(HUFU("backup", backup_file), 1)); /* never over another */
    EXPECT(pay("AFTER-1", 500)); /* it still serves */

    static uint8_t bytes[16 * 1024 * 1024];
    Buffer file = BUFFER_OF(bytes);
    EXPECT_OK(file_read(backup_file, &file));
    static const char *const texts[] = { "SQLite format 3", "BEFORE-1", "payer-1", "1900000001" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        EXPECT(memmem(file.data, file.size, texts[i], strlen(texts[i])) == NULL);
    struct stat about;
    EXPECT(stat(backup_file, &about) == 0 && (about.st_mode & 077) == 0);
    char command[512]; /* and no copy in clear stays behind */
    snprintf(command, sizeof(command), "%s", stand_path(&stand, "domain"));
    EXPECT(access(stand_path(&stand, "domain/domain.db"), F_OK) == 0);
    EXPECT(operator_ended(HUFU("backup", stand_path(&stand, "no/such/folder")), 1));
}

/* Refused by name, with the house serving on and nothing moved. */
static void refused_by(const char *file, const char *first, const char *second, const char *name)
{
    EXPECT(operator_ended(
            HUFU("restore", file, "--key", first, "--key", second, "--reason", "no reason"), 1));
    EXPECT(operator_says(name));
    EXPECT(access(stand_path(&stand, "data/ledger.db.fresh"), F_OK) != 0);
    EXPECT(access(stand_path(&stand, "data/ledger.db.restore"), F_OK) != 0);
    EXPECT(!stand_ended(&stand, STAND_HUFUD, NULL));
    EXPECT(is_paid("AFTER-1"));
}

static void test_one_person_or_a_stranger_restores_nothing(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    uint8_t bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(bytes);
    EXPECT_OK(private_key_generate(KEY_ED25519, &key));
    EXPECT_OK(private_key_to_pem(key, &pem));
    EXPECT_OK(file_write(stand_path(&stand, "operators/eve.key.pem"), 0600, span_of_buffer(&pem)));
    EXPECT_OK(file_write(
            stand_path(&stand, "bob.key.pem"), 0600, span_of_buffer(&pem))); /* not Bob's key */

    EXPECT(operator_ended(HUFU("restore", backup_file, "--key", "alice", "--reason", "x"), 2));
    EXPECT(operator_ended(HUFU("restore", backup_file, "--key", "alice", "--key", "bob"), 2));
    EXPECT(operator_ended(HUFU("restore", backup_file, "--key", "alice", "--key", "bob", "--reason",
                                  "4111 1111 1111 1111"),
            2));
    refused_by(backup_file, "alice", "alice", "APPROVAL_QUORUM");
    refused_by(backup_file, "alice", "eve", "APPROVAL_INVALID");
    refused_by(backup_file, "alice", stand_path(&stand, "bob.key.pem"), "APPROVAL_INVALID");
    refused_by(backup_file, "alice", "nobody", "OPERATOR_KEY");
}

static void test_a_changed_or_cut_backup_restores_nothing(void)
{
    static uint8_t bytes[16 * 1024 * 1024];
    Buffer file = BUFFER_OF(bytes);
    EXPECT_OK(file_read(backup_file, &file));
    char forged[512];
    snprintf(forged, sizeof(forged), "%s", stand_path(&stand, "forged.hufu"));
    file.data[file.size / 2] ^= 1;
    EXPECT_OK(file_write(forged, 0600, span_of_buffer(&file)));
    refused_by(forged, "alice", "bob", "ARCHIVE_TAMPERED");
    file.data[file.size / 2] ^= 1;
    file.size--;
    EXPECT_OK(file_write(forged, 0600, span_of_buffer(&file)));
    refused_by(forged, "alice", "bob", "ARCHIVE_FORMAT");
}

/* What the command line cannot get wrong: approvals as somebody else might make them. */
static void test_approvals_that_do_not_fit(void)
{
    VaultClient *vault = NULL;
    Person people[2] = { 0 };
    WireApproval approvals[2];
    uint8_t bytes[512];
    Buffer memory = BUFFER_OF(bytes);
    uint8_t key_bytes[64];
    Buffer key = BUFFER_OF(key_bytes);
    uint8_t digest[32];
    Span wrapped = { 0 };
    Span clear = { 0 };
    const Span reason = SPAN("why");
    const VaultClientConfig config = { .socket_path = stand_path(&stand, PATH_OPERATOR_SOCKET),
        .channels = 1 };
    EXPECT_OK(vaultclient_open(&config, &vault));
    EXPECT_OK(vaultclient_wrap_key(vault, &memory, &wrapped, &clear));
    EXPECT_OK(person_load(stand.folder, "alice", &people[0]));
    EXPECT_OK(person_load(stand.folder, "bob", &people[1]));
    sha256(wrapped, digest);
    digest[0] ^= 1; /* another backup */
    for (size_t i = 0; i < 2; i++)
        EXPECT_OK(person_approve(
                &people[i], SPAN("unwrap-backup"), SPAN_OF(digest), reason, &approvals[i]));
    EXPECT_REFUSED(
            vaultclient_unwrap_key(vault, approvals, wrapped, &key), REFUSED_APPROVAL_INVALID);
    digest[0] ^= 1;
    for (size_t i = 0; i < 2; i++) /* another act */
        EXPECT_OK(person_approve(
                &people[i], SPAN("accept-restore"), SPAN_OF(digest), reason, &approvals[i]));
    EXPECT_REFUSED(
            vaultclient_unwrap_key(vault, approvals, wrapped, &key), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(vaultclient_accept_restore(vault, approvals),
            REFUSED_VAULT_NOT_READY); /* nothing waits */
    for (size_t i = 0; i < 2; i++)
        EXPECT_OK(person_approve(
                &people[i], SPAN("unwrap-backup"), SPAN_OF(digest), reason, &approvals[i]));
    approvals[1].expires_us = 1; /* long ago */
    EXPECT_REFUSED(
            vaultclient_unwrap_key(vault, approvals, wrapped, &key), REFUSED_APPROVAL_INVALID);
    EXPECT_OK(person_approve(
            &people[1], SPAN("unwrap-backup"), SPAN_OF(digest), reason, &approvals[1]));
    EXPECT_OK(vaultclient_unwrap_key(vault, approvals, wrapped, &key));
    EXPECT(span_equal(span_of_buffer(&key), clear));
    EXPECT_REFUSED(
            vaultclient_unwrap_key(vault, approvals, wrapped, &key), REFUSED_APPROVAL_REPLAYED);
    person_free(&people[0]);
    person_free(&people[1]);
    vaultclient_close(vault);
}

static void put_old_file(void)
{
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    ASSERT(rename(stand_path(&stand, PATH_DATABASE), stand_path(&stand, "present.db")) == 0);
    unlink(stand_path(&stand, "data/ledger.db-wal"));
    unlink(stand_path(&stand, "data/ledger.db-shm"));
    ASSERT(status_ok(
            store_copy_to(stand_path(&stand, "old.db"), stand_path(&stand, PATH_DATABASE))));
}

/* Copying an old file to its place is no restore: nothing is served until the present file is back.
 */
static void test_an_old_file_alone_is_refused(void)
{
    put_old_file();
    EXPECT_OK(stand_launch(&stand, STAND_HUFUD));
    EXPECT(stand_log_says(&stand, "STORE_ROLLED_BACK"));
    EXPECT(access(stand_path(&stand, PATH_READY), F_OK) != 0);
    EXPECT(!stand_ended(&stand, STAND_HUFUD, NULL));
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT(unlink(stand_path(&stand, PATH_DATABASE)) == 0);
    unlink(stand_path(&stand, "data/ledger.db-wal"));
    unlink(stand_path(&stand, "data/ledger.db-shm"));
    EXPECT(rename(stand_path(&stand, "present.db"), stand_path(&stand, PATH_DATABASE)) == 0);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT(is_paid("AFTER-1"));
}

static void test_restore_beside_a_serving_house(void)
{
    EXPECT(pay("AFTER-2", 700));
    EXPECT(balance() == 10000000 - 1000 - 500 - 700);
    EXPECT(operator_ended(restore_beside(backup_file), 0));
    EXPECT(operator_says("are no longer served"));
    EXPECT(stand_audit(&stand)
            == 0); /* at no moment do log and checkpoints contradict each other */
    EXPECT(is_paid("BEFORE-1"));
    EXPECT(is_unknown("AFTER-1") && is_unknown("AFTER-2"));
    EXPECT(balance() == 10000000 - 1000);
    EXPECT(leaves_with("with operator/bob; leaves ") == 1 && restores_by_both() == 1);
    EXPECT(leaves_with("the disk burnt") == 1);
    EXPECT(access(stand_path(&stand, "data/ledger.db.restore"), F_OK) != 0);
    EXPECT(pay("NEW-ORDER-1", 300));
    EXPECT(stand_number(&stand, "SELECT sum(minor) FROM posting") == 0);
    EXPECT(log_number_is("/1")); /* another log: what was signed before binds it no longer */
    EXPECT(stand_audit(&stand) == 0);
}

/* Somebody put an old file there and hufud waits: the way out is a restore, too. */
static void test_restore_beside_a_waiting_house(void)
{
    put_old_file();
    unlink(stand_path(&stand, "present.db"));
    EXPECT(truncate(stand_path(&stand, "log/hufud.log"), 0) == 0);
    EXPECT_OK(stand_launch(&stand, STAND_HUFUD));
    EXPECT(stand_log_says(&stand, "STORE_ROLLED_BACK"));
    EXPECT(operator_ended(restore_beside(backup_file), 0));
    EXPECT(is_paid("BEFORE-1") && is_unknown("NEW-ORDER-1"));
    EXPECT(log_number_is("/2"));
    EXPECT(stand_audit(&stand) == 0);
}

/* Killed when the files are exchanged and nothing is accepted: nothing is served, and the next
 * restore gets through. */
static void test_a_killed_restore_is_done_again(void)
{
    EXPECT(pay("KILLED-1", 100));
    http_client_close(&http);
    const pid_t pid = restore_start(backup_file);
    bool exchanged = false;
    for (int tries = 0; tries < WAIT_TRIES_MAX && !exchanged; tries++) {
        pause_ms(POLL_MS);
        exchanged = operator_said(&stand, "are exchanged");
    }
    kill(pid, SIGKILL);
    EXPECT(operator_end(&stand, pid) == -1 && exchanged);
    EXPECT(hufud_makes_way());
    EXPECT(truncate(stand_path(&stand, "log/hufud.log"), 0) == 0);
    EXPECT_OK(stand_launch(&stand, STAND_HUFUD));
    EXPECT(stand_log_says(&stand, "STORE_ROLLED_BACK"));
    EXPECT(access(stand_path(&stand, PATH_READY), F_OK) != 0);
    EXPECT(operator_ended(restore_beside(backup_file), 0));
    EXPECT(is_paid("BEFORE-1") && is_unknown("KILLED-1"));
    EXPECT(leaves_with("with operator/bob") == 1);
    EXPECT(log_number_is("/3"));
    EXPECT(stand_audit(&stand) == 0);
}

static void stop_all(void)
{
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    stand_stop(&stand, STAND_VAULTD, SIGTERM, NULL);
}

static bool start_all(void)
{
    return status_ok(stand_start(&stand, STAND_VAULTD))
            && status_ok(stand_start(&stand, STAND_HUFUD))
            && status_ok(stand_connect(&stand, &http));
}

/* A stopped house and a backup of its last batch. A serving house writes by itself, too (what it
 * refused, what vaultd did): then another backup is made. */
static bool stop_behind_a_backup(void)
{
    for (int number = 0; number < BACKUP_TRIES_MAX; number++) {
        char name[32], state[80];
        if (number > 0 && !start_all()) return false;
        snprintf(name, sizeof(name), "present-%d.hufu", number);
        snprintf(backup_file, sizeof(backup_file), "%s", stand_path(&stand, name));
        if (!operator_ended(HUFU("backup", backup_file), 0)) return false;
        stop_all();
        const int64_t leaves = stand_number(&stand, "SELECT count(*) FROM audit_leaf");
        snprintf(state, sizeof(state), "state     %lld batches", (long long)leaves);
        if (operator_says(state)) return true;
    }
    return false;
}

/* Nothing happened since the backup: nothing has to be accepted, but the log says who was there. */
static void test_restore_of_the_present_state_in_a_stopped_house(void)
{
    EXPECT(pay("PRESENT-1", 100));
    EXPECT(stop_behind_a_backup());
    EXPECT(leaves_with("with operator/bob") == 1);
    EXPECT(operator_ended(operator_end(&stand, restore_start(backup_file)), 0));
    EXPECT(operator_says("starting vaultd"));
    EXPECT(start_all());
    EXPECT(is_paid("BEFORE-1") && is_paid("PRESENT-1"));
    EXPECT(leaves_with("with operator/bob") == 2);
    EXPECT(log_number_is("/3"));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_restore_after_the_loss_of_every_database(void)
{
    stop_all();
    EXPECT(unlink(stand_path(&stand, PATH_DATABASE)) == 0);
    EXPECT(unlink(stand_path(&stand, PATH_DOMAIN)) == 0);
    EXPECT(operator_ended(operator_end(&stand, restore_start(backup_file)), 0));
    EXPECT(start_all());
    EXPECT(is_paid("PRESENT-1"));
    EXPECT(pay("PRESENT-2", 200)); /* the PIN and the merchant's key came back, too */
    EXPECT(log_number_is("/4"));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_release_of_a_repaired_row(void)
{
    char key[2 * 512 + 1];
    Answered answered = { 0 };
    Intruder intruder = { 0 };
    intruder_open(&stand, &intruder);
    intruder_do(&intruder, "UPDATE account SET balance = balance + 5 WHERE owner = 'payer-1'");
    EXPECT(!pay("FROZEN-0", 100)); /* seen at the first read */
    for (int tries = 0; tries < WAIT_TRIES_MAX; tries++) {
        if (stand_number(&stand, "SELECT count(*) FROM alert WHERE about_table = 4") > 0) break;
        if (tries % 40 == 39)
            EXPECT(!pay("FROZEN-0", 100)); /* the first may have met another end */
        pause_ms(POLL_MS);
    }
    stand_text(&stand, "SELECT about_key FROM alert WHERE about_table = 4", key, sizeof(key));
    intruder_do(&intruder, "UPDATE account SET balance = balance - 5 WHERE owner = 'payer-1'");
    intruder_close(&intruder);
    EXPECT(!pay("FROZEN-1", 100)); /* repaired, but frozen */
    EXPECT(operator_ended(HUFU("release", "payment", key, "--key", "alice", "--key", "bob",
                                  "--reason", "repaired"),
            1));
    EXPECT(operator_says("ROW_INVALID"));
    EXPECT(operator_ended(
            HUFU("release", "account", key, "--key", "bob", "--key", "bob", "--reason", "repaired"),
            1));
    EXPECT(operator_says("APPROVAL_QUORUM"));
    EXPECT(!pay("FROZEN-2", 100));
    EXPECT(operator_ended(HUFU("release", "account", key, "--key", "alice", "--key", "bob",
                                  "--reason", "repaired"),
            0));
    EXPECT(pay("RELEASED-1", 100));
    EXPECT(leaves_with("with operator/bob; repaired") == 3); /* two tried, one of them refused */
    EXPECT_OK(step_query(&merchant, http, "RELEASED-1", &answered));
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens_and_pays), TEST(test_backup_is_online_encrypted_and_audited),
        TEST(test_one_person_or_a_stranger_restores_nothing),
        TEST(test_a_changed_or_cut_backup_restores_nothing), TEST(test_approvals_that_do_not_fit),
        TEST(test_an_old_file_alone_is_refused), TEST(test_restore_beside_a_serving_house),
        TEST(test_restore_beside_a_waiting_house), TEST(test_a_killed_restore_is_done_again),
        TEST(test_restore_of_the_present_state_in_a_stopped_house),
        TEST(test_restore_after_the_loss_of_every_database), TEST(test_release_of_a_repaired_row),
        TEST(test_house_closes))
