/* Goal: each way of `hufu seal` does what it says, and says what it did not (TP-12): definitions
 * that cannot be sealed, names, keys of several columns, one row, the watch and its alerts, what
 * two people accept, and leaving. Method: the real command line, vaultd and PostgreSQL. */
#define _GNU_SOURCE
#include "seal_scene.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, EXIT_WRONG_USE = 2 };

/* Attach with these columns; its exit status. */
static int attach(const char *table, const char *columns)
{
    const char *more[] = { "--columns", columns, "--key", "alice", "--key", "bob", "--reason",
        "test", NULL };
    return scene_hufu("attach", table, more);
}

static bool said(const char *text)
{
    if (strstr(scene.said, text) != NULL) return true;
    fprintf(stderr, "not said: %s; said:\n%s\n", text, scene.said);
    return false;
}

/* `hufu seal` with nothing but these words. */
static int bare(const char *const *words)
{
    char program[300];
    const char *argv[16] = { program, "seal" };
    size_t count = 2;
    snprintf(program, sizeof(program), "%s/hufu", scene.programs);
    for (size_t i = 0; words[i] != NULL; i++)
        argv[count++] = words[i];
    return cluster_run(argv, false, scene.said, sizeof(scene.said));
}

static void test_what_is_needed(void)
{
    static const char *const commands[] = { "attach", "scan", "verify", "release", "detach" };
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        EXPECT(bare((const char *[]) { commands[i], NULL }) == EXIT_WRONG_USE);
        EXPECT(said("--db"));
        EXPECT(bare((const char *[]) { commands[i], "--help", NULL }) == 0 && said("--core-key"));
    }
    EXPECT(bare((const char *[]) { "status", "--socket", "/nowhere", NULL }) == 1);
    EXPECT(said("VAULT_UNAVAILABLE"));
}

static void test_definitions(void)
{
    EXPECT(scene_sql("CREATE TABLE t_kinds (id int PRIMARY KEY, amount numeric, spot point, "
                     "day date); CREATE TABLE t_no_key (id int, amount int); "
                     "CREATE TABLE t_date_key (day date PRIMARY KEY, amount int); "
                     "CREATE TABLE t_parts (id int PRIMARY KEY, amount int) PARTITION BY RANGE "
                     "(id)"));
    EXPECT(attach("public.t_kinds", "id,amount,nowhere") == 1 && said("ATTACH_TABLE"));
    EXPECT(attach("public.t_kinds", "id,spot") == 1 && said("ATTACH_COLUMN_TYPE"));
    EXPECT(attach("public.t_kinds", "amount,day") == 1 && said("ATTACHED_DEFINITION"));
    EXPECT(attach("public.t_no_key", "id,amount") == 1 && said("ATTACHED_DEFINITION"));
    EXPECT(attach("public.t_date_key", "day,amount") == 1 && said("ATTACH_COLUMN_TYPE"));
    EXPECT(attach("public.t_parts", "id,amount") == 1 && said("ATTACH_TABLE"));
    EXPECT(attach("public.t_kinds", "id,,amount") == 1 && said("ATTACHED_DEFINITION"));
    const char *alone[] = { "--columns", "id,amount", "--key", "alice", "--reason", "x", NULL };
    EXPECT(scene_hufu("attach", "public.t_kinds", alone) == 1 && said("OPERATOR_KEY"));
    const char *silent[] = { "--columns", "id,amount", "--key", "alice", "--key", "bob", NULL };
    EXPECT(scene_hufu("attach", "public.t_kinds", silent) == 1 && said("OPERATOR_KEY"));
    EXPECT(scene_hufu("scan", "public.t_kinds", NULL) == 1 && said("ATTACHED_TABLE_UNKNOWN"));
}

/* The key's file is made once, for its owner alone; attaching again goes on where it was. */
static void test_attach_twice(void)
{
    struct stat facts;
    EXPECT(attach("public.t_kinds", "day,amount,id") == 0 && said("0 rows sealed now"));
    EXPECT(stat(scene.core_key, &facts) == 0 && (facts.st_mode & 0777) == 0600);
    EXPECT(attach("public.t_kinds", "id,amount") == 0 && said("0 rows sealed now"));
    EXPECT(scene_sql("INSERT INTO t_kinds VALUES (1, 2.50, NULL, '2026-02-01')"));
    EXPECT(scene_hufu("scan", "public.t_kinds", NULL) == 3 && said("INSERTED"));
}

/* Keys of two columns, with whatever text somebody puts in. */
static void test_keys_of_two_columns(void)
{
    EXPECT(scene_sql("CREATE TABLE t_pair (owner text, kind int, amount numeric(18,2), "
                     "PRIMARY KEY (owner, kind)); INSERT INTO t_pair VALUES ('wang', 1, 10.50), "
                     "('wang', 2, 20), (E'a\"b\\n\\x1b[2J', 3, 30), "
                     "('4111111111111111', 4, 40)"));
    EXPECT(attach("public.t_pair", "owner,kind,amount") == 0 && said("4 rows sealed now"));
    const char *one[] = { "--row", "wang", "--row", "2", NULL };
    EXPECT(scene_hufu("verify", "public.t_pair", one) == 0 && said("right"));
    const char *half[] = { "--row", "wang", NULL };
    EXPECT(scene_hufu("verify", "public.t_pair", half) == 1 && said("ATTACH_VALUES"));
    EXPECT(scene_sql("UPDATE t_pair SET amount = 21 WHERE (owner, kind) = ('wang', 2)"));
    EXPECT(scene_hufu("verify", "public.t_pair", one) == 3 && said("ATTACHED_ROW_CHANGED"));
    const char *other[] = { "--row", "wang", "--row", "1", NULL };
    EXPECT(scene_hufu("verify", "public.t_pair", other) == 0);
    EXPECT(scene_hufu("scan", "public.t_pair", NULL) == 3 && said("owner=wang, kind=2  (frozen)"));
}

static void test_status(void)
{
    EXPECT(bare((const char *[]) { "status", "--socket", scene.operator_socket, NULL }) == 0);
    EXPECT(said("public.t_pair of postgres@127.0.0.1:") && said("sealed              4        1"));
    /* Without --socket it is the one in the running system's directory. */
    const char *folders[] = { "run", "run/vaultd" };
    for (size_t i = 0; i < 2; i++)
        EXPECT(mkdir(scene_path(folders[i]), 0700) == 0);
    EXPECT(symlink(scene.operator_socket, scene_path("run/vaultd/operator.sock")) == 0);
    EXPECT(bare((const char *[]) { "status", "--directory", scene.folder, NULL }) == 0);
    EXPECT(said("public.t_pair"));
}

/* A name for the database that does not change when it moves. */
static void test_name(void)
{
    const char *named[] = { "--name", "the bank's core", "--columns", "id,amount", "--key", "alice",
        "--key", "bob", "--reason", "x", NULL };
    const char *name[] = { "--name", "the bank's core", NULL };
    EXPECT(scene_sql("CREATE TABLE t_named (id int PRIMARY KEY, amount int)"));
    EXPECT(scene_hufu("attach", "public.t_named", named) == 0 && said("of the bank's core"));
    EXPECT(scene_hufu("scan", "public.t_named", NULL) == 1 && said("ATTACHED_TABLE_UNKNOWN"));
    EXPECT(scene_hufu("scan", "public.t_named", name) == 0);
}

/* What stands there is right from now on, or that nothing does. */
static void test_accept(void)
{
    const char *changed[] = { "--row", "wang", "--row", "2", "--accept", "--key", "alice", "--key",
        "bob", "--reason", "the bank says 21", NULL };
    const char *gone[] = { "--row", "wang", "--row", "1", "--accept", "--key", "alice", "--key",
        "bob", "--reason", "closed on paper", NULL };
    EXPECT(scene_hufu("release", "public.t_pair", changed) == 0 && said("accepted"));
    EXPECT(scene_sql("DELETE FROM t_pair WHERE kind = 1"));
    EXPECT(scene_hufu("scan", "public.t_pair", NULL) == 3 && said("DELETED"));
    EXPECT(scene_hufu("release", "public.t_pair", gone) == 0 && said("accepted"));
    EXPECT(scene_hufu("scan", "public.t_pair", NULL) == 0);
}

/* --- the watch --- */

static pid_t start_watch(const char *alerts)
{
    char program[300];
    snprintf(program, sizeof(program), "%s/hufu", scene.programs);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, 1);
    execl(program, program, "seal", "scan", "--db", scene.url, "--table", "public.t_pair",
            "--socket", scene.operator_socket, "--core-key", scene.core_key, "--watch", "--every",
            "1", "--alerts", alerts, (char *)NULL);
    _exit(127);
}

/* The file's first line, once it is whole; waits for it, a minute at most. */
static bool first_line(const char *path, char *ret_line, size_t capacity)
{
    for (int i = 0; i < 1200; i++) {
        FILE *file = fopen(path, "re");
        const bool whole = file != NULL && fgets(ret_line, (int)capacity, file) != NULL
                && strchr(ret_line, '\n') != NULL;
        if (file != NULL) fclose(file);
        if (whole) return true;
        poll(NULL, 0, 50);
    }
    return false;
}

static void test_watch(void)
{
    char line[2048] = "";
    char alerts[200];
    snprintf(alerts, sizeof(alerts), "%s", scene_path("alerts"));
    const pid_t pid = start_watch(alerts);
    EXPECT(scene_sql("UPDATE t_pair SET amount = 31 WHERE kind = 3"));
    const bool told = first_line(alerts, line, sizeof(line));
    kill(pid, SIGTERM);
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT(told && WIFSIGNALED(status));
    /* One line of JSON, whatever the key is. */
    EXPECT(strstr(line, "\"verdict\":\"ATTACHED_ROW_CHANGED\"") != NULL);
    EXPECT(strstr(line, "\"key\":\"owner=a\\\"b??[2J, kind=3\"") != NULL);
    EXPECT(strstr(line, "\"frozen\":true}") != NULL);
}

/* A key that looks like a card number costs no alert. */
static void test_a_key_like_a_card(void)
{
    char text[4096] = "";
    char alerts[200];
    snprintf(alerts, sizeof(alerts), "%s", scene_path("more-alerts"));
    const char *more[] = { "--alerts", alerts, NULL };
    EXPECT(scene_sql("DELETE FROM t_pair WHERE kind IN (2, 3)"));
    EXPECT(scene_sql("UPDATE t_pair SET amount = 41 WHERE kind = 4"));
    EXPECT(scene_hufu("scan", "public.t_pair", more) == 3 && said("3 findings"));
    const int fd = open(alerts, O_RDONLY);
    EXPECT(read(fd, text, sizeof(text) - 1) > 0 && close(fd) == 0);
    int lines = 0;
    for (const char *at = strchr(text, '\n'); at != NULL; at = strchr(at + 1, '\n'))
        lines++;
    EXPECT(lines == 3 && strstr(text, "\"verdict\":\"ATTACHED_ROW_CHANGED\"") != NULL);
    EXPECT(strstr(text, "kind=4\"") != NULL);
}

static void test_detach(void)
{
    const char *alone[] = { "--key", "alice", "--reason", "x", NULL };
    const char *two[] = { "--key", "alice", "--key", "bob", "--reason", "x", NULL };
    EXPECT(scene_hufu("detach", "public.t_pair", alone) == 1 && said("OPERATOR_KEY"));
    EXPECT(scene_hufu("detach", "public.t_pair", two) == 0 && said("detached: public.t_pair"));
    EXPECT(scene_hufu("scan", "public.t_pair", NULL) == 1 && said("ATTACHED_TABLE_UNKNOWN"));
    EXPECT(scene_hufu("detach", "public.t_pair", two) == 1 && said("ATTACHED_TABLE_UNKNOWN"));
    EXPECT(attach("public.t_pair", "owner,kind,amount") == 0 && said("1 rows sealed now"));
    EXPECT(scene_hufu("scan", "public.t_pair", NULL) == 0);
}

int expect_failures;

int main(int argc, char **argv)
{
    static const ExpectTest tests[] = { TEST(test_what_is_needed), TEST(test_definitions),
        TEST(test_attach_twice), TEST(test_keys_of_two_columns), TEST(test_status), TEST(test_name),
        TEST(test_accept), TEST(test_watch), TEST(test_a_key_like_a_card), TEST(test_detach) };
    const Status s = scene_open();
    if (!status_ok(s)) fprintf(stderr, "the scene: %s\n", status_name(s));
    if (status_is(s, REFUSED_IPC_CLOSED)) return SKIPPED; /* no PostgreSQL 15 here */
    const int status = status_ok(s) ? expect_run(tests, 10, argc, argv) : EXIT_FAILURE;
    if (getenv("HUFU_STAND_KEEP") == NULL) scene_close();
    return status;
}
