/* Goal: the database itself checks rows before each read and write (每次读写操作之前), and nothing but
 * what the core signed, in its transaction, gets past the guard: not the same UPDATE by the same
 * database user, not an announcement that was forged, used before, or made for something else, and
 * nothing at all while vaultd is away (TP-10, TP-12). Method: a real PostgreSQL 15 with the
 * extension hufu_seal, the real vaultd; each refusal is known by its name. */
#define _GNU_SOURCE
#include "seal_scene.h"
#include "sql_core.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, ROWS = 40 };

static bool begin(Teller *t) { return sql_do(t->connection, "BEGIN"); }

/* Signed, announced, written by SQL, and ended; 0, or the code of what refused. */
static int set_balance(Teller *t, int uid, int64_t balance)
{
    static Announcement a;
    char sql[200];
    snprintf(sql, sizeof(sql), "UPDATE t_sql SET fbalance = %lld WHERE fuid = %d",
            (long long)balance, uid);
    if (!begin(t)) return -1;
    const int code = core_sign_balance(t, uid, balance, &a);
    const bool written = code == 0 && core_announces(t->connection, &a, "1")
            && sql_do(t->connection, sql) && hufu_seal_commit(t->seal) == 0;
    if (!written) (void)hufu_seal_rollback(t->seal);
    return code != 0 ? code : (written ? 0 : -1);
}

static bool install(void)
{
    char module[300];
    char copy[200];
    char script[400];
    static char sql[16 * 1024];
    snprintf(module, sizeof(module), "%s/hufu_seal.so", scene.programs);
    snprintf(copy, sizeof(copy), "%s/hufu_seal.so", scene.cluster.folder);
    snprintf(script, sizeof(script), "%s/deploy/postgres/install-extension", HUFU_SOURCE);
    const char *install_argv[] = { "/usr/bin/install", "-m", "755", module, copy, NULL };
    const char *print_argv[] = { script, "--print", copy, NULL };
    return cluster_run(install_argv, false, sql, sizeof(sql)) == 0
            && cluster_run(print_argv, false, sql, sizeof(sql)) == 0 && sql_do(scene.attacker, sql);
}

/* As a superuser does it once: who is asked, and under which name. */
static bool configure(int timeout_ms)
{
    char sql[600];
    snprintf(sql, sizeof(sql),
            "ALTER DATABASE postgres SET hufu_seal.socket = '%s'; "
            "ALTER DATABASE postgres SET hufu_seal.database = 'postgres@127.0.0.1:%d'; "
            "ALTER DATABASE postgres SET hufu_seal.timeout = %d; "
            "ALTER DATABASE postgres SET lock_timeout = '20s'",
            scene.core_socket, scene.cluster.port, timeout_ms);
    const bool done = sql_do(scene.attacker, sql);
    PQreset(scene.attacker);
    return done;
}

/* --- tests --- */

static void test_install(void)
{
    EXPECT(install());
    EXPECT(configure(10000));
    EXPECT_OK(scene_make_table("t_sql", ROWS));
    EXPECT(sql_refused("SELECT hufu_seal_check('t_sql', '1')", "ATTACHED_TABLE_UNKNOWN"));
    EXPECT_OK(scene_attach("public.t_sql"));
    EXPECT_OK(scene_make_table("t_other", 5));
    EXPECT_OK(scene_attach("public.t_other"));
    const char *all = "SELECT count(*) FROM t_sql t WHERE hufu_seal_check(t)";
    EXPECT(strcmp(sql_answer(scene.attacker, all), "40") == 0);
    EXPECT(strcmp(sql_answer(scene.attacker, "SELECT hufu_seal_check('t_sql', '4711')"), "f") == 0);
    EXPECT(sql_verdict_is("t_sql", 4711, "ROW_MISSING"));
    EXPECT(sql_verdict_is("t_sql", 7, "OK"));
    EXPECT(sql_refused("SELECT hufu_seal_check('pg_class', '1')", "ATTACHED_TABLE_UNKNOWN"));
    EXPECT(sql_refused(
            "SELECT hufu_seal_check('t_sql', '1', '2')", "the key of public.t_sql has 1 columns"));
}

/* Whoever may write the table does not choose whom the database asks. */
static void test_settings_are_the_superusers(void)
{
    char url[160];
    snprintf(url, sizeof(url), "postgres://clerk@127.0.0.1:%d/postgres", scene.cluster.port);
    EXPECT(sql_do(scene.attacker,
            "CREATE ROLE clerk LOGIN; GRANT SELECT, UPDATE ON t_sql TO clerk; "
            "GRANT USAGE ON SCHEMA hufu TO clerk; GRANT SELECT ON hufu.seal TO clerk"));
    PGconn *clerk = PQconnectdb(url);
    EXPECT(strcmp(sql_answer(clerk, "SELECT hufu_seal_verdict('t_sql', '7')"), "OK") == 0);
    EXPECT(sql_refused_on(clerk, "SET hufu_seal.socket = '/tmp/mine'",
            "permission denied to set parameter \"hufu_seal.socket\""));
    EXPECT(sql_refused_on(clerk, "SET hufu_seal.database = 'mine'",
            "permission denied to set parameter \"hufu_seal.database\""));
    PQfinish(clerk);
}

/* A library core's writes, and those of a core in SQL. */
static void test_announced_writes_pass_the_guard(void)
{
    static Announcement a;
    Teller t;
    EXPECT(sql_do(scene.attacker, /* it is not a decoy of its name that guards */
            "CREATE SCHEMA decoy; CREATE FUNCTION decoy.hufu_seal_guard() RETURNS trigger "
            "LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; SET search_path = decoy, public; "
            "SELECT hufu_seal_guard_table('t_sql'); RESET search_path"));
    EXPECT(teller_open(&t, "public.t_sql") == 0);
    EXPECT(teller_transfer(&t, 1, 2, 100) == 0);
    EXPECT(set_balance(&t, 1, 500) == 0 && set_balance(&t, 1, 501) == 0);
    EXPECT(sql_verdict_is("t_sql", 1, "OK") && sql_verdict_is("t_sql", 2, "OK"));

    const char *columns[] = { "fuid", "fcurtype", "fbalance", "fcon", "fyday_balance",
        "fbalance_time" };
    const char *values[] = { "100", "156", "7", "0", "0", "2026-02-01 10:00:00.25" };
    const char *key[] = { "100" };
    EXPECT(begin(&t));
    EXPECT(hufu_seal_sign_insert(t.seal, columns, values, 6, a.bytes, sizeof(a.bytes), &a.size)
            == 0);
    EXPECT(core_announces(t.connection, &a, "1"));
    EXPECT(sql_do(t.connection,
            "INSERT INTO t_sql VALUES (100, 156, 7, 0, 0, "
            "'2026-02-01 10:00:00.25')"));
    EXPECT(hufu_seal_commit(t.seal) == 0);
    EXPECT(sql_verdict_is("t_sql", 100, "OK"));
    EXPECT(begin(&t));
    EXPECT(hufu_seal_sign_delete(t.seal, key, a.bytes, sizeof(a.bytes), &a.size) == 0);
    EXPECT(core_announces(t.connection, &a, "1"));
    EXPECT(sql_do(t.connection, "DELETE FROM t_sql WHERE fuid = 100"));
    EXPECT(hufu_seal_commit(t.seal) == 0);
    EXPECT(sql_verdict_is("t_sql", 100, "ROW_MISSING"));
    teller_close(&t);
    EXPECT(scene_hufu("scan", "public.t_sql", NULL) == 0);
}

/* A transaction may change many rows: the server keeps of each what it has, and no more. */
static void test_many_rows_in_one_transaction(void)
{
    enum { BYTES_EACH_MAX = 1024 };
    char small[160];
    static Announcement a;
    Teller t;
    EXPECT(teller_open(&t, "public.t_sql") == 0);
    EXPECT(begin(&t));
    for (int uid = 1; uid <= ROWS; uid++) {
        EXPECT(core_sign_balance(&t, uid, 1000, &a) == 0);
        EXPECT(core_announces(t.connection, &a, "1"));
    }
    EXPECT(sql_do(t.connection, "UPDATE t_sql SET fbalance = 1000"));
    snprintf(small, sizeof(small),
            "SELECT used_bytes < %d FROM pg_backend_memory_contexts "
            "WHERE name = 'TopTransactionContext'",
            ROWS * BYTES_EACH_MAX);
    EXPECT(strcmp(sql_answer(t.connection, small), "t") == 0);
    EXPECT(hufu_seal_commit(t.seal) == 0);
    EXPECT(sql_verdict_is("t_sql", ROWS, "OK"));
    teller_close(&t);
    EXPECT(scene_hufu("scan", "public.t_sql", NULL) == 0);
}

/* The same statements, by the same database user; the refusals change nothing. */
static void test_unannounced_writes_are_refused(void)
{
    EXPECT(sql_refused("UPDATE t_sql SET fbalance = 1000000 WHERE fuid = 3", "ATTACH_UNANNOUNCED"));
    EXPECT(sql_refused("UPDATE t_sql SET fuid = 300 WHERE fuid = 3", "ATTACH_UNANNOUNCED"));
    EXPECT(sql_refused("DELETE FROM t_sql WHERE fuid = 3", "ATTACH_UNANNOUNCED"));
    EXPECT(sql_refused("INSERT INTO t_sql SELECT 301, 156, 1, 0, 0, now()", "ATTACH_UNANNOUNCED"));
    EXPECT(sql_refused("TRUNCATE t_sql", "ATTACH_UNANNOUNCED"));
    EXPECT(sql_do(scene.attacker, "SET session_replication_role = replica"));
    EXPECT(sql_refused("UPDATE t_sql SET fbalance = 1000000 WHERE fuid = 3", "ATTACH_UNANNOUNCED"));
    EXPECT(sql_do(scene.attacker, "RESET session_replication_role"));
    /* What is not sealed may be written by anybody, over a row that is right. */
    EXPECT(sql_do(scene.attacker, "UPDATE t_sql SET fhash_sum = 'x' WHERE fuid = 3"));
    EXPECT(scene_hufu("scan", "public.t_sql", NULL) == 0);
}

/* The table's owner takes the guard away: then the scan, and each check, say so. */
static void test_without_the_guard_it_is_found(void)
{
    Teller t;
    EXPECT(teller_open(&t, "public.t_sql") == 0);
    EXPECT(sql_do(scene.attacker, "ALTER TABLE t_sql DISABLE TRIGGER ALL"));
    EXPECT(sql_do(scene.attacker,
            "CREATE TABLE old_row AS SELECT * FROM t_sql WHERE fuid = 11; "
            "CREATE TABLE old_seal AS SELECT * FROM hufu.seal "
            "WHERE substr(key, 11) = int8send(11)"));
    EXPECT(teller_transfer(&t, 11, 12, 500) == 0 && teller_transfer(&t, 13, 14, 1) == 0);
    EXPECT(sql_do(scene.attacker,
            "UPDATE t_sql SET fbalance = 1000000 WHERE fuid = 3; "
            "UPDATE t_sql a SET fbalance = b.fbalance FROM t_sql b "
            "WHERE (a.fuid, b.fuid) IN ((13, 14), (14, 13)); "
            "DELETE FROM t_sql WHERE fuid = 11; INSERT INTO t_sql SELECT * FROM old_row; "
            "UPDATE hufu.seal s SET seal = o.seal, revision = o.revision FROM old_seal o "
            "WHERE s.key = o.key; DELETE FROM t_sql WHERE fuid = 15; "
            "INSERT INTO t_sql SELECT 301, 156, 1, 0, 0, now(); "
            "DELETE FROM hufu.seal WHERE substr(key, 11) = int8send(16)"));
    EXPECT(sql_do(scene.attacker, "ALTER TABLE t_sql ENABLE ALWAYS TRIGGER zz_hufu_seal_guard"));
    EXPECT(sql_verdict_is("t_sql", 15, "ATTACHED_ROW_DELETED"));
    EXPECT(sql_verdict_is("t_sql", 301, "ATTACHED_ROW_INSERTED"));
    EXPECT(sql_verdict_is("t_sql", 11, "ATTACHED_ROW_ROLLED_BACK"));
    EXPECT(sql_verdict_is(
            "t_sql", 13, "ATTACHED_ROW_CHANGED")); /* exchanged: one row cannot tell */
    EXPECT(sql_verdict_is("t_sql", 16, "ATTACHED_SEAL_LOST"));
    EXPECT(sql_refused("SELECT fbalance FROM t_sql t WHERE fuid = 3 AND hufu_seal_check(t)",
            "ATTACHED_ROW_CHANGED"));
    EXPECT(sql_refused("UPDATE t_sql SET fhash_sum = 'y' WHERE fuid = 3", "ATTACHED_ROW_CHANGED"));
    EXPECT(scene_hufu("scan", "public.t_sql", NULL) == 3);
    EXPECT(scene_said("CHANGED", 3) && scene_said("INSERTED", 301) && scene_said("DELETED", 15));
    EXPECT(scene_said("SWAPPED", 13) && scene_said("SWAPPED", 14) && scene_said("ROLLED_BACK", 11));
    teller_close(&t);
}

/* Put right it stays frozen for reads and writes, until two people release it. */
static void test_frozen_rows(void)
{
    EXPECT(sql_do(scene.attacker,
            "ALTER TABLE t_sql DISABLE TRIGGER ALL; "
            "UPDATE t_sql SET fbalance = 1000 WHERE fuid = 3; "
            "ALTER TABLE t_sql ENABLE ALWAYS TRIGGER zz_hufu_seal_guard, "
            "ENABLE ALWAYS TRIGGER zz_hufu_seal_truncate"));
    EXPECT(sql_verdict_is("t_sql", 3, "ROW_FROZEN"));
    EXPECT(sql_refused("SELECT hufu_seal_check('t_sql', '3')", "ROW_FROZEN"));
    EXPECT(sql_refused("UPDATE t_sql SET fhash_sum = 'y' WHERE fuid = 3", "ROW_FROZEN"));
    const char *two[] = { "--row", "3", "--key", "alice", "--key", "bob", "--reason", "x", NULL };
    EXPECT(scene_hufu("release", "public.t_sql", two) == 0);
    EXPECT(sql_verdict_is("t_sql", 3, "OK"));
}

/* --- announcements --- */

static bool is_untouched(Teller *t)
{
    const bool ended = hufu_seal_rollback(t->seal) == 0;
    return ended
            && scene_hufu("verify", "public.t_sql", (const char *[]) { "--row", "20", NULL }) == 0;
}

static void test_forged_announcements(void)
{
    static Announcement a;
    static Announcement bad;
    Teller t;
    Teller other;
    EXPECT(teller_open(&t, "public.t_sql") == 0);
    EXPECT(begin(&t) && core_sign_balance(&t, 20, 77, &a) == 0);
    /* Any bit: of head, rows, signature. The row's value is none that the core signed. */
    bad = a;
    bad.bytes[a.size - 1] ^= 1;
    EXPECT(core_announces(t.connection, &bad, "ATTACHED_SIGNATURE") && is_untouched(&t));
    EXPECT(begin(&t) && core_sign_balance(&t, 20, 77, &a) == 0);
    bad = a;
    uint8_t *const amount = memmem(bad.bytes, bad.size, "\0\0\0\0\0\0\0\115", 8);
    EXPECT(amount != NULL);
    if (amount != NULL) amount[7] = 78;
    EXPECT(core_announces(t.connection, &bad, "ATTACHED_SIGNATURE") && is_untouched(&t));
    for (size_t size = 0; size < a.size; size += 7) {
        bad = a;
        bad.size = size;
        EXPECT(begin(&t) && core_announces(t.connection, &bad, "IPC_FORMAT"));
        EXPECT(sql_do(t.connection, "ROLLBACK"));
    }
    /* Somebody else's key, with all the rest right. */
    EXPECT(teller_open_with(&other, "public.t_sql", scene_path("operators/alice.key.pem")) == 0);
    EXPECT(begin(&other) && core_sign_balance(&other, 20, 77, &a) == 0);
    EXPECT(core_announces(other.connection, &a, "ATTACHED_SIGNATURE"));
    EXPECT(hufu_seal_rollback(other.seal) == REFUSED_ATTACHED_SIGNATURE); /* nor may it tell */
    EXPECT(is_untouched(&t));
    teller_close(&other);
    teller_close(&t);
}

static void test_announcements_of_another_place(void)
{
    static Announcement a;
    Teller t;
    Teller other;
    EXPECT(teller_open(&t, "public.t_sql") == 0 && teller_open(&other, "public.t_other") == 0);
    /* A right one of one table is none for another: there its row is as announced, here not. */
    EXPECT(begin(&other) && core_sign_balance(&other, 1, 77, &a) == 0);
    EXPECT(core_announces(other.connection, &a, "1"));
    EXPECT(sql_refused_on(other.connection, "UPDATE t_sql SET fbalance = 77 WHERE fuid = 21",
            "ATTACH_UNANNOUNCED"));
    EXPECT(hufu_seal_rollback(other.seal) == 0);
    /* Another transaction: of somebody who has the same database user. */
    EXPECT(begin(&t) && core_sign_balance(&t, 20, 77, &a) == 0);
    EXPECT(core_announces(scene.attacker, &a, "ATTACH_OTHER_TRANSACTION"));
    EXPECT(hufu_seal_rollback(t.seal) == 0);
    EXPECT(begin(&t) && core_announces(t.connection, &a, "ATTACH_OTHER_TRANSACTION"));
    EXPECT(is_untouched(&t));
    /* Twice. */
    EXPECT(begin(&t) && core_sign_balance(&t, 20, 77, &a) == 0);
    EXPECT(core_announces(t.connection, &a, "1"));
    EXPECT(core_announces(t.connection, &a, "ATTACHED_REPLAYED") && is_untouched(&t));
    EXPECT(begin(&t) && core_sign_balance(&t, 20, 77, &a) == 0
            && core_announces(t.connection, &a, "1"));
    EXPECT(sql_do(t.connection, "UPDATE t_sql SET fbalance = 77 WHERE fuid = 20"));
    EXPECT(core_announces(t.connection, &a, "ATTACH_RETRY") && is_untouched(&t));
    teller_close(&other);
    teller_close(&t);
}

/* What an unfinished transaction announced is nothing that another may write. */
static void test_an_open_announcement_is_not_for_others(void)
{
    static Announcement a;
    Teller t;
    EXPECT(teller_open(&t, "public.t_sql") == 0);
    EXPECT(begin(&t) && core_sign_balance(&t, 20, 78, &a) == 0
            && core_announces(t.connection, &a, "1"));
    PQclear(PQexec(t.connection, "ROLLBACK")); /* and the vault is not told */
    EXPECT(sql_refused("UPDATE t_sql SET fbalance = 78 WHERE fuid = 20", "ATTACH_UNANNOUNCED"));
    EXPECT(hufu_seal_ended(t.seal, 0) == 0);
    EXPECT(sql_verdict_is("t_sql", 20, "OK"));
    teller_close(&t);
}

/* At the end each announced row stands as it was announced last, or the transaction is none. */
static void test_what_is_announced_is_written(void)
{
    static Announcement a;
    Teller t;
    EXPECT(teller_open(&t, "public.t_sql") == 0);
    EXPECT(begin(&t) && core_sign_balance(&t, 20, 77, &a) == 0
            && core_announces(t.connection, &a, "1"));
    EXPECT(sql_refused_on(t.connection, "COMMIT", "ATTACH_WRITE_DIFFERS"));
    EXPECT(hufu_seal_ended(t.seal, 0) == 0);
    EXPECT(begin(&t) && core_sign_balance(&t, 20, 77, &a) == 0
            && core_announces(t.connection, &a, "1"));
    EXPECT(sql_refused_on(t.connection, "UPDATE t_sql SET fbalance = 7700 WHERE fuid = 20",
            "ATTACH_UNANNOUNCED"));
    EXPECT(is_untouched(&t));
    /* A trigger that runs after the guard changes what is written. */
    EXPECT(sql_do(scene.attacker,
            "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "NEW.fbalance = NEW.fbalance + 1000000; RETURN NEW; END $$; "
            "CREATE TRIGGER zzz_more BEFORE UPDATE ON t_sql FOR EACH ROW "
            "EXECUTE FUNCTION more()"));
    EXPECT(begin(&t) && core_sign_balance(&t, 20, 77, &a) == 0
            && core_announces(t.connection, &a, "1"));
    EXPECT(sql_do(t.connection, "UPDATE t_sql SET fbalance = 77 WHERE fuid = 20"));
    EXPECT(sql_refused_on(t.connection, "COMMIT", "ATTACH_WRITE_DIFFERS"));
    EXPECT(hufu_seal_ended(t.seal, 0) == 0);
    EXPECT(sql_do(scene.attacker, "DROP TRIGGER zzz_more ON t_sql"));
    EXPECT(set_balance(&t, 20, 79) == 0);
    teller_close(&t);
}

static void test_savepoints(void)
{
    static Announcement a;
    Teller t;
    EXPECT(teller_open(&t, "public.t_sql") == 0);
    EXPECT(begin(&t) && sql_do(t.connection, "SAVEPOINT one"));
    EXPECT(core_sign_balance(&t, 22, 1, &a) == 0 && core_announces(t.connection, &a, "1"));
    EXPECT(sql_do(t.connection, "UPDATE t_sql SET fbalance = 1 WHERE fuid = 22"));
    EXPECT(core_sign_balance(&t, 25, 1, &a) == 0 && core_announces(t.connection, &a, "1"));
    EXPECT(sql_do(t.connection, "ROLLBACK TO one; SAVEPOINT two"));
    hufu_seal_undone(t.seal);
    EXPECT(core_sign_balance(&t, 22, 2, &a) == 0 && core_announces(t.connection, &a, "1"));
    EXPECT(sql_do(t.connection, "UPDATE t_sql SET fbalance = 2 WHERE fuid = 22"));
    EXPECT(sql_do(t.connection, "RELEASE two"));
    EXPECT(hufu_seal_commit(t.seal) == 0);
    EXPECT(sql_verdict_is("t_sql", 22, "OK") && sql_verdict_is("t_sql", 25, "OK"));
    EXPECT(strcmp(sql_answer(scene.attacker, "SELECT fbalance FROM t_sql WHERE fuid = 22"), "2")
            == 0);
    teller_close(&t);
}

/* An old snapshot sees an old row: nothing is held against anybody. */
static void test_old_snapshots(void)
{
    Teller t;
    EXPECT(teller_open(&t, "public.t_sql") == 0);
    EXPECT(sql_do(scene.attacker, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    EXPECT(sql_verdict_is("t_sql", 23, "OK"));
    EXPECT(set_balance(&t, 23, 5) == 0);
    EXPECT(sql_refused("SELECT hufu_seal_check('t_sql', '23')", "ATTACH_UNCERTAIN"));
    EXPECT(sql_do(scene.attacker, "ROLLBACK"));
    EXPECT(sql_verdict_is("t_sql", 23, "OK"));
    teller_close(&t);
}

/* --- the vault is away --- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_the_vault_is_away(void)
{
    EXPECT(configure(300));
    EXPECT(sql_verdict_is("t_sql", 24, "OK"));
    char before[32];
    kill(scene.vaultd, SIGSTOP); /* it hears and does not answer */
    const double start = seconds();
    EXPECT(sql_refused("SELECT hufu_seal_check('t_sql', '24')", "VAULT_UNAVAILABLE"));
    EXPECT(sql_refused("UPDATE t_sql SET fbalance = 1 WHERE fuid = 24", "VAULT_UNAVAILABLE"));
    EXPECT(sql_refused("UPDATE t_sql SET fhash_sum = 'z' WHERE fuid = 24", "VAULT_UNAVAILABLE"));
    EXPECT(seconds() - start < 5);
    kill(scene.vaultd, SIGCONT);
    EXPECT(configure(10000));
    EXPECT(sql_verdict_is("t_sql", 24, "OK"));
    snprintf(before, sizeof(before), "%s", sql_answer(scene.attacker, "SELECT pg_backend_pid()"));
    scene_kill_vaultd(SIGKILL);
    EXPECT(sql_refused("SELECT hufu_seal_check('t_sql', '24')", "VAULT_UNAVAILABLE"));
    EXPECT(sql_refused("DELETE FROM t_sql WHERE fuid = 24", "VAULT_UNAVAILABLE"));
    EXPECT_OK(scene_start_vaultd());
    EXPECT(sql_verdict_is("t_sql", 24, "OK")); /* the same backend: it did not fall over */
    EXPECT(strcmp(sql_answer(scene.attacker, "SELECT pg_backend_pid()"), before) == 0);
    EXPECT(sql_do(scene.attacker, "SET hufu_seal.socket = '/nowhere/at/all'"));
    EXPECT(sql_refused("SELECT hufu_seal_check('t_sql', '24')", "VAULT_UNAVAILABLE"));
    EXPECT(sql_do(scene.attacker, "RESET hufu_seal.socket"));
    EXPECT(sql_verdict_is("t_sql", 24, "OK"));
}

static void test_a_doubled_row(void)
{
    EXPECT(sql_do(scene.attacker,
            "ALTER TABLE t_other DROP CONSTRAINT t_other_pkey; "
            "INSERT INTO t_other SELECT * FROM t_other WHERE fuid = 5"));
    EXPECT(sql_verdict_is("t_other", 5, "ATTACHED_ROW_DUPLICATED"));
}

/* A detached table is not one that everybody may write: the guard refuses until it is dropped. */
static void test_detached(void)
{
    const char *two[] = { "--key", "alice", "--key", "bob", "--reason", "x", NULL };
    EXPECT(sql_do(scene.attacker, "SELECT hufu_seal_guard_table('t_other')"));
    EXPECT(sql_verdict_is("t_other", 1, "OK"));
    EXPECT(scene_hufu("detach", "public.t_other", two) == 0);
    EXPECT(sql_refused("UPDATE t_other SET fbalance = 1 WHERE fuid = 1", "ATTACHED_TABLE_UNKNOWN"));
    EXPECT(sql_refused("SELECT hufu_seal_check('t_other', '1')", "ATTACHED_TABLE_UNKNOWN"));
}

/* Into the server's own directories, when we may. */
static void test_create_extension(void)
{
    char module[300];
    char script[400];
    if (getuid() != 0) return;
    snprintf(module, sizeof(module), "%s/hufu_seal.so", scene.programs);
    snprintf(script, sizeof(script), "%s/deploy/postgres/install-extension", HUFU_SOURCE);
    const char *install_argv[] = { script, module, NULL };
    const char *remove_argv[] = { script, "--remove", NULL };
    EXPECT(cluster_run(install_argv, false, scene.said, sizeof(scene.said)) == 0);
    PQreset(scene.attacker); /* one copy of the module in a backend */
    EXPECT(sql_do(scene.attacker, "CREATE SCHEMA ours; CREATE EXTENSION hufu_seal SCHEMA ours"));
    EXPECT(strcmp(sql_answer(scene.attacker, "SELECT ours.hufu_seal_verdict('t_sql', '24')"), "OK")
            == 0);
    EXPECT(sql_do(scene.attacker, "DROP EXTENSION hufu_seal"));
    EXPECT(cluster_run(remove_argv, false, scene.said, sizeof(scene.said)) == 0);
}

int expect_failures;

int main(int argc, char **argv)
{
    static const ExpectTest tests[] = { TEST(test_install), TEST(test_settings_are_the_superusers),
        TEST(test_announced_writes_pass_the_guard), TEST(test_many_rows_in_one_transaction),
        TEST(test_unannounced_writes_are_refused), TEST(test_without_the_guard_it_is_found),
        TEST(test_frozen_rows), TEST(test_forged_announcements),
        TEST(test_announcements_of_another_place),
        TEST(test_an_open_announcement_is_not_for_others), TEST(test_what_is_announced_is_written),
        TEST(test_savepoints), TEST(test_old_snapshots), TEST(test_the_vault_is_away),
        TEST(test_a_doubled_row), TEST(test_detached), TEST(test_create_extension) };
    const Status s = scene_open();
    if (!status_ok(s)) fprintf(stderr, "the scene: %s\n", status_name(s));
    if (status_is(s, REFUSED_IPC_CLOSED)) return SKIPPED; /* no PostgreSQL 15 here */
    const int status = status_ok(s)
            ? expect_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv)
            : EXIT_FAILURE;
    if (getenv("HUFU_STAND_KEEP") == NULL) scene_close();
    return status;
}
