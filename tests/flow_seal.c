/* Goal: rows of an institution's own PostgreSQL table (TP-12's account table) are right only when
 * its core announced them: whatever else the same database user does is found and called by its
 * name, while the core goes on, and kills of vaultd and of PostgreSQL freeze nothing that is right
 * (TP-10, TP-12). Method: a real PostgreSQL 15, the real vaultd and `hufu seal`; attacks as plain
 * SQL. */
#define _GNU_SOURCE
#include "attach/core.h"
#include "crypto/sign.h"
#include "keys/keys.h"
#include "seal_scene.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ACCOUNTS = 60, WRITERS = 3, TRANSFERS = 80, SKIPPED = 77 };

/* --- tests --- */

/* The sample formula is verified once more; what does not match is told and stays out until two
 * people accept it (TP-12). */
static void test_attach_a_legacy_table(void)
{
    EXPECT_OK(scene_make_table("t_account", ACCOUNTS));
    EXPECT(scene_sql("UPDATE t_account SET fbalance = 5 WHERE fuid IN (40, 41)"));
    const int fd = open(scene_path("legacy"), O_WRONLY | O_CREAT, 0600);
    EXPECT(write(fd, "a long password 16\n", 19) == 19 && close(fd) == 0);
    const char *legacy[] = { scene_approve[0], scene_approve[1], scene_approve[2], scene_approve[3],
        scene_approve[4], scene_approve[5], scene_approve[6], scene_approve[7], "--legacy-column",
        "fhash_sum", "--legacy-user-column", "fuid", "--legacy-password-file", scene_path("legacy"),
        NULL };
    EXPECT(scene_hufu("attach", "public.t_account", legacy) == 3);
    EXPECT(scene_said("ATTACH_LEGACY", 40) && scene_said("ATTACH_LEGACY", 41));
    for (int uid = 40; uid <= 41; uid++) {
        char row[8];
        snprintf(row, sizeof(row), "%d", uid);
        const char *accept[] = { "--row", row, "--accept", "--key", "alice", "--key", "bob",
            "--reason", "balance confirmed on paper", NULL };
        EXPECT(scene_hufu("release", "public.t_account", accept) == 0);
    }
    EXPECT(scene_hufu("attach", "public.t_account", legacy) == 0);
    EXPECT(scene_hufu("scan", "public.t_account", NULL) == 0);
}

static void test_the_core_writes(void)
{
    Teller t;
    EXPECT(teller_open(&t, "public.t_account") == 0);
    for (int i = 0; i < 10; i++)
        EXPECT(teller_transfer(&t, 20 + i, 35, 10) == 0);
    const char *columns[] = { "fuid", "fcurtype", "fbalance", "fcon", "fyday_balance",
        "fbalance_time" };
    const char *values[] = { "100", "156", "7", "0", "0", "2026-02-01 10:00:00.25" };
    const char *key[] = { "100" };
    EXPECT(hufu_seal_check(t.seal, key) == HUFU_SEAL_ABSENT);
    PQclear(PQexec(t.connection, "BEGIN"));
    EXPECT(hufu_seal_insert(t.seal, columns, values, 6) == 0);
    EXPECT(hufu_seal_commit(t.seal) == 0);
    EXPECT(hufu_seal_check(t.seal, key) == 0);
    PQclear(PQexec(t.connection, "BEGIN"));
    EXPECT(hufu_seal_delete(t.seal, key) == 0);
    EXPECT(hufu_seal_rollback(t.seal) == 0);
    EXPECT(hufu_seal_check(t.seal, key) == 0);
    PQclear(PQexec(t.connection, "BEGIN"));
    EXPECT(hufu_seal_delete(t.seal, key) == 0);
    EXPECT(hufu_seal_commit(t.seal) == 0);
    EXPECT(hufu_seal_check(t.seal, key) == HUFU_SEAL_ABSENT);
    teller_close(&t);
    EXPECT(scene_hufu("scan", "public.t_account", NULL) == 0);
}

/* Every seal is of the suite, and in the Chinese one the core's key is SM2. */
static void test_the_suite(void)
{
    char pem[4096];
    const int fd = open(scene.core_key, O_RDONLY);
    const ssize_t n = read(fd, pem, sizeof(pem));
    EXPECT(close(fd) == 0 && n > 0);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    EXPECT_OK(private_key_from_pem((Span) { (uint8_t *)pem, (size_t)n }, &key));
    EXPECT(private_key_algorithm(key) == (scene_sm() ? KEY_SM2 : KEY_ED25519));
    PGresult *result = PQexec(scene.attacker, "SELECT DISTINCT get_byte(seal, 1) FROM hufu.seal");
    const bool one = PQntuples(result) == 1;
    const bool same =
            one && PQgetvalue(result, 0, 0)[0] - '0' == (scene_sm() ? KEYS_SM : KEYS_INTERNATIONAL);
    PQclear(result);
    EXPECT(same);
}

/* vaultd keeps 256 sessions: a core whose own gave way to others begins another, and what it
 * announces is what it meant. */
static void test_a_session_that_gave_way(void)
{
    enum { SESSIONS = 256 };
    Teller t;
    CLEANUP(attach_core_close) AttachCore others = { .channel = NULL };
    EXPECT(teller_open(&t, "public.t_account") == 0);
    EXPECT(teller_transfer(&t, 20, 21, 1) == 0);
    EXPECT_OK(attach_core_open(scene.core_socket, (Span) { NULL, 0 }, &others));
    for (int i = 0; i < SESSIONS; i++) {
        uint8_t memory[WIRE_ATTACHED_SESSION_BYTES];
        Buffer answer = BUFFER_OF(memory);
        EXPECT_OK(attach_ask(&others, VAULT_ATTACHED_SESSION, (Span) { NULL, 0 }, &answer));
    }
    EXPECT(teller_transfer(&t, 21, 20, 1) == 0);
    teller_close(&t);
    EXPECT(scene_hufu("scan", "public.t_account", NULL) == 0);
}

/* A database trigger that changes what is written gets nothing sealed. */
static void test_a_planted_trigger(void)
{
    Teller t;
    EXPECT(teller_open(&t, "public.t_account") == 0);
    EXPECT(scene_sql(
            "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "NEW.fbalance = NEW.fbalance + 1000000; RETURN NEW; END $$; "
            "CREATE TRIGGER more BEFORE UPDATE ON t_account FOR EACH ROW EXECUTE FUNCTION more()"));
    EXPECT(teller_transfer(&t, 30, 31, 1) == REFUSED_ATTACH_WRITE_DIFFERS);
    EXPECT(scene_sql("DROP TRIGGER more ON t_account"));
    EXPECT(teller_transfer(&t, 30, 31, 1) == 0);
    teller_close(&t);
    EXPECT(scene_hufu("scan", "public.t_account", NULL) == 0);
}

static void test_each_attack_has_its_name(void)
{
    Teller t;
    EXPECT(teller_open(&t, "public.t_account") == 0);
    EXPECT(scene_sql("CREATE TABLE old_row AS SELECT * FROM t_account WHERE fuid = 11"));
    EXPECT(scene_sql("CREATE TABLE old_seal AS SELECT * FROM hufu.seal WHERE substr(key, 11) = "
                     "int8send(11)"));
    EXPECT(teller_transfer(&t, 11, 12, 500) == 0);
    EXPECT(scene_sql("UPDATE t_account SET fbalance = fbalance + 1 WHERE fuid = 1"));
    EXPECT(scene_sql(
            "UPDATE t_account SET fbalance = 222 WHERE fuid = 35")); /* after the core's writes */
    EXPECT(teller_transfer(&t, 2, 13, 100) == 0 && teller_transfer(&t, 4, 13, 200) == 0);
    EXPECT(scene_sql("UPDATE t_account a SET fbalance = b.fbalance FROM t_account b "
                     "WHERE (a.fuid, b.fuid) IN ((2, 3), (3, 2))"));
    EXPECT(scene_sql("UPDATE t_account a SET fbalance = b.fbalance FROM t_account b "
                     "WHERE (a.fuid, b.fuid) IN ((4, 5), (5, 4))"));
    EXPECT(scene_sql("UPDATE hufu.seal a SET seal = b.seal, revision = b.revision FROM hufu.seal b "
                     "WHERE a.table_id = b.table_id AND (substr(a.key, 11), substr(b.key, 11)) IN "
                     "((int8send(4), int8send(5)), (int8send(5), int8send(4)))"));
    EXPECT(scene_sql("DELETE FROM t_account WHERE fuid IN (6, 7)"));
    EXPECT(scene_sql("DELETE FROM hufu.seal WHERE substr(key, 11) = int8send(7)"));
    EXPECT(scene_sql("INSERT INTO t_account SELECT 9001, 156, 1, 0, 0, now(), NULL"));
    EXPECT(scene_sql("INSERT INTO t_account SELECT 9002, fcurtype, fbalance, fcon, fyday_balance, "
                     "fbalance_time, NULL FROM t_account WHERE fuid = 8"));
    EXPECT(scene_sql(
            "INSERT INTO hufu.seal SELECT table_id, overlay(key PLACING int8send(9002) FROM 11), "
            "revision, seal FROM hufu.seal WHERE substr(key, 11) = int8send(8)"));
    EXPECT(scene_sql("DELETE FROM hufu.seal WHERE substr(key, 11) = int8send(9)"));
    EXPECT(scene_sql("ALTER TABLE t_account DROP CONSTRAINT t_account_pkey"));
    EXPECT(scene_sql("INSERT INTO t_account SELECT * FROM t_account WHERE fuid = 10"));
    EXPECT(scene_sql(
            "DELETE FROM t_account WHERE fuid = 11; INSERT INTO t_account SELECT * FROM old_row"));
    EXPECT(scene_sql("UPDATE hufu.seal s SET seal = o.seal, revision = o.revision FROM old_seal o "
                     "WHERE s.key = o.key"));

    EXPECT(scene_hufu("scan", "public.t_account", NULL) == 3);
    EXPECT(scene_said("CHANGED", 1) && scene_said("CHANGED", 35));
    EXPECT(scene_said("SWAPPED", 2) && scene_said("SWAPPED", 3) && scene_said("SWAPPED", 4)
            && scene_said("SWAPPED", 5));
    EXPECT(scene_said("DELETED", 6) && scene_said("DELETED", 7));
    EXPECT(scene_said("INSERTED", 9001) && scene_said("INSERTED", 9002));
    EXPECT(scene_said("ATTACHED_SEAL_LOST", 9));
    EXPECT(scene_said("DUPLICATED", 10));
    EXPECT(scene_said("ROLLED_BACK", 11));
    EXPECT(strstr(scene.said, "13 findings") != NULL);
    EXPECT(teller_transfer(&t, 1, 20, 1) == REFUSED_ATTACHED_ROW_CHANGED);
    EXPECT(teller_transfer(&t, 9, 20, 1) == 0); /* a write gives the lost seal back */
    teller_close(&t);
}

/* Put right, released by two, and good again; one person alone releases nothing. */
static void test_two_people_release(void)
{
    Teller t;
    EXPECT(teller_open(&t, "public.t_account") == 0);
    EXPECT(scene_sql("UPDATE t_account SET fbalance = fbalance - 1 WHERE fuid = 1"));
    EXPECT(teller_transfer(&t, 1, 20, 1) == REFUSED_ROW_FROZEN);
    const char *alone[] = { "--row", "1", "--key", "alice", "--key", "alice", "--reason", "x",
        NULL };
    EXPECT(scene_hufu("release", "public.t_account", alone) == 1);
    EXPECT(strstr(scene.said, "APPROVAL_QUORUM") != NULL);
    const char *two[] = { "--row", "1", "--key", "alice", "--key", "bob", "--reason", "x", NULL };
    EXPECT(scene_hufu("release", "public.t_account", two) == 0);
    EXPECT(teller_transfer(&t, 1, 20, 1) == 0);
    teller_close(&t);
}

/* A whole copy is put back with pg_restore, seals and all; then everything is truncated. */
static void test_a_restored_and_a_truncated_table(void)
{
    Teller t;
    char dump[200];
    EXPECT_OK(scene_make_table("t_two", 20));
    EXPECT_OK(scene_attach("public.t_two"));
    EXPECT(teller_open(&t, "public.t_two") == 0);
    snprintf(dump, sizeof(dump), "--file=%s", scene_path("dump"));
    const char *dump_argv[] = { "pg_dump", "-Fc", "-t", "public.t_two", "-t", "hufu.seal", dump,
        scene.url, NULL };
    EXPECT(cluster_run(dump_argv, false, scene.said, sizeof(scene.said)) == 0);
    for (int uid = 1; uid <= 4; uid += 2)
        EXPECT(teller_transfer(&t, uid, uid + 1, 100) == 0);
    PQclear(PQexec(t.connection, "BEGIN"));
    const char *columns[] = { "fuid", "fcurtype", "fbalance", "fcon", "fyday_balance",
        "fbalance_time" };
    const char *values[] = { "21", "156", "7", "0", "0", "2026-02-01 10:00:00" };
    EXPECT(hufu_seal_insert(t.seal, columns, values, 6) == 0 && hufu_seal_commit(t.seal) == 0);
    teller_close(&t);
    const char *restore_argv[] = { "pg_restore", "--clean", "-d", scene.url, scene_path("dump"),
        NULL };
    EXPECT(cluster_run(restore_argv, false, scene.said, sizeof(scene.said)) == 0);
    EXPECT(scene_hufu("scan", "public.t_two", NULL) == 3);
    for (int uid = 1; uid <= 4; uid++)
        EXPECT(scene_said("ROLLED_BACK", uid));
    EXPECT(scene_said("DELETED", 21));
    EXPECT(strstr(scene.said, "5 findings") != NULL);
    EXPECT(strstr(scene.said, "a copy of the table may have been put back") != NULL);

    EXPECT(scene_sql("TRUNCATE t_two"));
    EXPECT(scene_hufu("scan", "public.t_two", NULL) == 3);
    EXPECT(scene_said("DELETED", 5) && scene_said("DELETED", 20));
    EXPECT(strstr(scene.said, "truncated") != NULL);
}

/* --- under load --- */

static void write_for_ever(int number)
{
    Teller t = { .seal = NULL };
    int done = 0;
    uint32_t mix = (uint32_t)number * 2654435761U;
    for (int tries = 0; done < TRANSFERS && tries < 100 * TRANSFERS; tries++) {
        if (t.seal == NULL && teller_open(&t, "public.t_load") != 0) {
            PQfinish(t.connection);
            t = (Teller) { .seal = NULL };
            poll(NULL, 0, 20);
            continue;
        }
        mix = mix * 1664525U + 1013904223U;
        const int from = 1 + (int)(mix >> 8) % 12;
        const int code = teller_transfer(&t, from, 1 + from % 12, 1);
        if (code == 0) done++;
        const bool wrong = code >= 1160 && code != REFUSED_ATTACHED_UNRESOLVED && code < 1180;
        if (wrong || code == REFUSED_ROW_FROZEN) {
            fprintf(stderr, "writer %d: %s\n", number, hufu_seal_name(code));
            _exit(1);
        }
        if (code < 0 || PQstatus(t.connection) != CONNECTION_OK) teller_close(&t);
    }
    _exit(done == TRANSFERS ? 0 : 2);
}

static void start_writers(pid_t pids[WRITERS])
{
    for (int i = 0; i < WRITERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) write_for_ever(i + 1);
    }
}

static bool writers_ended_well(const pid_t pids[WRITERS])
{
    bool good = true;
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;
        waitpid(pids[i], &status, 0);
        good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    return good;
}

static bool running(const pid_t pids[WRITERS])
{
    for (int i = 0; i < WRITERS; i++) {
        siginfo_t info = { .si_pid = 0 };
        if (waitid(P_PID, (id_t)pids[i], &info, WEXITED | WNOHANG | WNOWAIT) == 0
                && info.si_pid == 0)
            return true;
    }
    return false;
}

/* Rows move under every look of the scans: nothing is said against any of them. */
static void test_no_false_alarm_under_load(void)
{
    pid_t pids[WRITERS];
    EXPECT_OK(scene_make_table("t_load", 12));
    EXPECT_OK(scene_attach("public.t_load"));
    start_writers(pids);
    int scans = 0;
    bool clean = true;
    do {
        clean = scene_hufu("scan", "public.t_load", NULL) == 0 && clean;
        scans++;
    } while (running(pids));
    EXPECT(writers_ended_well(pids));
    if (!clean) fprintf(stderr, "%s\n", scene.said);
    EXPECT(clean && scans >= 2);
}

/* vaultd and PostgreSQL are killed while the core writes. */
static void test_kills(void)
{
    pid_t pids[WRITERS];
    start_writers(pids);
    for (int round = 0; round < 3; round++) {
        poll(NULL, 0, 60 + 70 * round);
        scene_kill_vaultd(SIGKILL);
        EXPECT_OK(scene_start_vaultd());
        poll(NULL, 0, 60);
        cluster_kill(&scene.cluster);
        EXPECT_OK(cluster_start(&scene.cluster));
    }
    EXPECT(writers_ended_well(pids));
    const int status = scene_hufu("scan", "public.t_load", NULL);
    if (status != 0) fprintf(stderr, "%d %s\n", status, scene.said);
    EXPECT(status == 0);
    PQreset(scene.attacker);
    PGresult *sum = PQexec(scene.attacker, "SELECT sum(fbalance) FROM t_load");
    const bool whole = strcmp(PQgetvalue(sum, 0, 0), "12000") == 0;
    PQclear(sum);
    EXPECT(whole);
}

int expect_failures;

int main(int argc, char **argv)
{
    static const ExpectTest tests[] = { TEST(test_attach_a_legacy_table),
        TEST(test_the_core_writes), TEST(test_the_suite), TEST(test_a_session_that_gave_way),
        TEST(test_a_planted_trigger), TEST(test_each_attack_has_its_name),
        TEST(test_two_people_release), TEST(test_a_restored_and_a_truncated_table),
        TEST(test_no_false_alarm_under_load), TEST(test_kills) };
    const Status s = scene_open();
    if (!status_ok(s)) fprintf(stderr, "the scene: %s\n", status_name(s));
    if (status_is(s, REFUSED_IPC_CLOSED)) return SKIPPED; /* no PostgreSQL 15 here */
    const int status = status_ok(s) ? expect_run(tests, 10, argc, argv) : EXIT_FAILURE;
    if (getenv("HUFU_STAND_KEEP") == NULL) scene_close();
    return status;
}
