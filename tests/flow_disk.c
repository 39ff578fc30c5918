/*
 * Goal: a full disk, and a vaultd that is away or does not move, are refused clearly (503
 * SERVICE_UNAVAILABLE), lose nothing that was acknowledged, and end by themselves when the cause
 * ends (DESIGN promise 7). Method: the data folder and vaultd's folder are small file systems of
 * their own, in a mount namespace that ends with this test; customers in a process of their own
 * keep on ordering while the last page is filled, while programs are killed on the full disk, and
 * while vaultd is stopped or gone. Then their list is held against the house.
 *
 * Skipped, visibly, where mounting is not permitted (neither root nor user namespaces).
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "command.h"
#include "customers.h"
#include "merchant_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    DATA_BYTES = 32 << 20,
    VAULT_BYTES = 8 << 20,
    ANSWERS = 60, /* before and after each trouble */
    REFUSALS = 60, /* during it */
    SPARE_BYTES = 3 << 20,
    LONG_ANSWERS = 600, /* many times what the WAL has room for */
    SKIPPED_EXIT = 77,
    LOOKS_MAX = 3000,
    QUESTIONS_MAX = 200,
};

static char base[64];
static char data_folder[96];
static char vault_folder[96];
static Stand stand;
static Customers *customers;
static size_t checked;

/* --- a place of our own --- */

static bool write_text(const char *path, const char *text)
{
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    const bool written = write(file, text, strlen(text)) == (ssize_t)strlen(text);
    close(file);
    return written;
}

/* As root directly; otherwise as root of a user namespace in which we stay ourselves outside. */
static bool leave_mounts(void)
{
    if (unshare(CLONE_NEWNS) == 0) return true;
    char uids[64];
    char gids[64];
    snprintf(uids, sizeof(uids), "0 %u 1", getuid());
    snprintf(gids, sizeof(gids), "0 %u 1", getgid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    return write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/uid_map", uids)
            && write_text("/proc/self/gid_map", gids);
}

static bool mount_small(char *path, size_t capacity, const char *name, int bytes)
{
    char options[64];
    snprintf(path, capacity, "%s/%s", base, name);
    snprintf(options, sizeof(options), "size=%d,mode=0700", bytes);
    return mkdir(path, 0700) == 0 && mount("tmpfs", path, "tmpfs", 0, options) == 0;
}

static bool make_place(void)
{
    const char *root = getenv("TMPDIR");
    snprintf(base, sizeof(base), "%.40s/hufu-disk-XXXXXX", root == NULL ? "/tmp" : root);
    if (mkdtemp(base) == NULL || !leave_mounts()) return false;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return false;
    return mount_small(data_folder, sizeof(data_folder), "data", DATA_BYTES)
            && mount_small(vault_folder, sizeof(vault_folder), "vault", VAULT_BYTES);
}

static void remove_place(void)
{
    umount2(data_folder, MNT_DETACH);
    umount2(vault_folder, MNT_DETACH);
    rmdir(data_folder);
    rmdir(vault_folder);
    rmdir(base);
}

static const char *filler(const char *folder)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/filler", folder);
    return path;
}

/* To the last page. */
static bool fill(const char *folder)
{
    static const char page[4096];
    const int file = open(filler(folder), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return false;
    while (write(file, page, sizeof(page)) == (ssize_t)sizeof(page)) { }
    const bool full = errno == ENOSPC;
    close(file);
    return full;
}

/* ... and then so many bytes fewer. */
static bool fill_but(const char *folder, off_t spare)
{
    struct stat facts = { 0 };
    return fill(folder) && stat(filler(folder), &facts) == 0
            && truncate(filler(folder), facts.st_size - spare) == 0;
}

static bool make_room(const char *folder) { return unlink(filler(folder)) == 0; }

/* --- what everybody must be told, and what must be true afterwards --- */

static void test_house_opens(void)
{
    const StandOptions options = { .strategy = customers_strategy,
        .code_life_s = 600,
        .data_folder = data_folder,
        .vault_folder = vault_folder };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(customers_start(&stand, 1, &customers));
}

static void refused_clearly(void)
{
    Answered answered = { 0 };
    HttpClient *http = NULL;
    EXPECT_OK(stand_connect(&stand, &http));
    const Status s =
            step_native(customers_merchant(customers, 0), http, "REFUSED-1", 100, &answered);
    http_client_close(&http);
    if (answered.status != 503) fprintf(stderr, "  HTTP %d %s\n", answered.status, answered.code);
    EXPECT_OK(s);
    EXPECT(answered.status == 503);
    EXPECT(strcmp(answered.code, "SERVICE_UNAVAILABLE") == 0);
}

/* What is only read is answered also when nothing can be written, unless it met a write in its
 * batch. */
static void still_answers_questions(void)
{
    Answered answered = { 0 };
    HttpClient *http = NULL;
    EXPECT_OK(stand_connect(&stand, &http));
    for (int tries = 0; tries < QUESTIONS_MAX && answered.status != 404; tries++) {
        const Status s =
                step_query(customers_merchant(customers, 0), http, "NOT-ORDERED", &answered);
        if (!status_ok(s) || answered.status != 503) break;
    }
    http_client_close(&http);
    if (answered.status != 404) fprintf(stderr, "  HTTP %d %s\n", answered.status, answered.code);
    EXPECT(answered.status == 404 && strcmp(answered.code, "ORDER_NOT_EXIST") == 0);
}

static void begin(void)
{
    EXPECT(customers != NULL);
    customers_open_gate(customers);
    EXPECT(customers_await(customers, ANSWERS));
    customers_witness(&stand);
}

static void end(void)
{
    const Receipt *receipts = NULL;
    EXPECT(customers_await(customers, ANSWERS));
    EXPECT(customers_close_gate(customers)); /* everything converged */
    EXPECT(customers_check_books(customers, &stand));
    EXPECT(customers_check_witness(&stand));
    EXPECT(customers_check_api(customers, &stand, checked, 0));
    checked = customers_receipts(customers, &receipts);
}

static bool both_live(void)
{
    return !stand_ended(&stand, STAND_HUFUD, NULL) && !stand_ended(&stand, STAND_VAULTD, NULL);
}

/* As a supervisor does: whatever ended by itself is started again, until customers were answered.
 * */
static bool supervise(void)
{
    const uint64_t wanted = customers_told(customers) + ANSWERS;
    for (int looks = 0; looks < LOOKS_MAX && customers_trouble(customers)[0] == 0; looks++) {
        for (StandProgram p = STAND_VAULTD; p < STAND_PROGRAMS; p++) {
            if (!stand_ended(&stand, p, NULL)) continue;
            if (!status_ok(stand_launch(&stand, p))) return false;
        }
        if (customers_told(customers) >= wanted)
            return status_ok(stand_await(&stand)); /* its port */
        const struct timespec wait = { 0, 20000000 };
        nanosleep(&wait, NULL);
    }
    fprintf(stderr, "  customers: %s\n", customers_trouble(customers));
    return false;
}

/* A failed step ends the test that takes it. */
#define STEP(call)                       \
    do {                                 \
        call;                            \
        if (expect_failures > 0) return; \
    } while (0)

/* --- full disks --- */

/* Some of what needs no further page may still be done; the customers hold every refusal against
 * refused_clearly()'s words themselves. */
static void test_data_disk_full(void)
{
    for (int round = 0; round < 3;
            round++) { /* the last page runs out at another write each time */
        STEP(begin());
        EXPECT(fill(data_folder));
        EXPECT(customers_await_refused(customers, REFUSALS));
        STEP(still_answers_questions());
        EXPECT(make_room(data_folder));
        STEP(end());
        EXPECT(both_live());
    }
}

/* So little room that the WAL alone would take all of it before it is carried over otherwise: what
 * it holds has its place in the database file, and it gives way. */
static void test_a_disk_that_the_wal_would_fill(void)
{
    STEP(begin());
    EXPECT(fill_but(data_folder, SPARE_BYTES));
    const uint64_t refused = customers_refused(customers);
    const uint64_t told = customers_told(customers);
    EXPECT(customers_await(customers, LONG_ANSWERS));
    printf("       %llu answered on a disk with %d KiB, %llu refused 503\n",
            (unsigned long long)(customers_told(customers) - told), SPARE_BYTES / 1024,
            (unsigned long long)(customers_refused(customers) - refused));
    EXPECT(make_room(data_folder));
    STEP(end());
    EXPECT(both_live());
}

static void test_hufud_killed_on_a_full_disk(void)
{
    STEP(begin());
    EXPECT(fill(data_folder));
    EXPECT(customers_await_refused(customers, REFUSALS));
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    EXPECT_OK(stand_launch(&stand, STAND_HUFUD)); /* it may serve, or end and say why */
    IGNORE(stand_await(&stand), "either is right");
    EXPECT(make_room(data_folder));
    EXPECT(supervise());
    STEP(end());
}

/* vaultd may end itself after some vain attempts: whoever supervises it starts it anew. */
static void test_journal_disk_full(void)
{
    STEP(begin());
    EXPECT(fill(vault_folder));
    EXPECT(customers_await_refused(customers, REFUSALS));
    STEP(refused_clearly());
    EXPECT(make_room(vault_folder));
    EXPECT(supervise());
    STEP(end());
    EXPECT(both_live());
}

/* A journal that is opened again gives back what it had set aside, and finds no space for more. */
static void test_vaultd_killed_on_a_full_disk(void)
{
    STEP(begin());
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT(fill(vault_folder));
    EXPECT_OK(stand_launch(&stand, STAND_VAULTD));
    EXPECT(customers_await_refused(customers, REFUSALS));
    EXPECT(make_room(vault_folder));
    EXPECT(supervise());
    STEP(end());
    EXPECT(!stand_ended(&stand, STAND_HUFUD, NULL));
}

/* --- vaultd is away --- */

static void test_vaultd_gone(void)
{
    STEP(begin());
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT(customers_await_refused(customers, REFUSALS));
    STEP(refused_clearly());
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    STEP(end());
    EXPECT(both_live());
}

/* Stopped, it holds its connections and answers nothing: what waits for it must end. */
static void test_vaultd_does_not_move(void)
{
    STEP(begin());
    EXPECT(kill(stand.pids[STAND_VAULTD], SIGSTOP) == 0);
    EXPECT(customers_await_refused(customers, 1));
    refused_clearly();
    EXPECT(kill(stand.pids[STAND_VAULTD], SIGCONT) == 0);
    EXPECT(expect_failures == 0);
    STEP(end());
    EXPECT(both_live());
}

static void test_rows_and_log_verify(void)
{
    EXPECT(customers != NULL);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM payment WHERE out_trade_no = 'REFUSED-1'")
            == 0);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert") == 0);
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
    printf("%llu answered, %llu refused 503, %llu without answer\n",
            (unsigned long long)customers_told(customers),
            (unsigned long long)customers_refused(customers),
            (unsigned long long)customers_lost(customers));
}

static void test_house_closes(void)
{
    int exit_status = -1;
    customers_stop(customers);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, &exit_status);
    EXPECT(exit_status == 0);
    stand_stop(&stand, STAND_VAULTD, SIGTERM, &exit_status);
    EXPECT(exit_status == 0);
    stand_close(&stand);
}

int expect_failures;

int main(int argc, char **argv)
{
    static const ExpectTest tests[] = { TEST(test_house_opens), TEST(test_data_disk_full),
        TEST(test_a_disk_that_the_wal_would_fill), TEST(test_hufud_killed_on_a_full_disk),
        TEST(test_journal_disk_full), TEST(test_vaultd_killed_on_a_full_disk),
        TEST(test_vaultd_gone), TEST(test_vaultd_does_not_move), TEST(test_rows_and_log_verify),
        TEST(test_house_closes) };
    if (!make_place()) {
        printf("skipped: a small file system cannot be mounted here: %s\n", strerror(errno));
        remove_place();
        return SKIPPED_EXIT;
    }
    const int exit_status = expect_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
    remove_place();
    return exit_status;
}
