#define _GNU_SOURCE
#include "seal_scene.h"

#include "crypto/sign.h"
#include "vaultclient/client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

Scene scene;

const char *scene_path(const char *name)
{
    static char paths[8][200];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", scene.folder, name);
    return path;
}

bool scene_sm(void)
{
    const char *suite = getenv("HUFU_SUITE");
    return suite != NULL && strcmp(suite, "sm") == 0;
}

/* --- vaultd --- */

Status scene_start_vaultd(void)
{
    char program[300];
    char own[16];
    char server[16];
    char group[16];
    uid_t uid = 0;
    gid_t gid = 0;
    cluster_owner(&uid, &gid);
    snprintf(own, sizeof(own), "%u", getuid());
    snprintf(server, sizeof(server), "%u", uid);
    snprintf(group, sizeof(group), "%u", gid);
    snprintf(program, sizeof(program), "%s/vaultd", scene.programs);
    unlink(scene.operator_socket);
    scene.vaultd = fork();
    if (scene.vaultd == 0) {
        const int log = open(scene_path("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(log, 2);
        execl(program, program, "--directory", scene_path("vault"), "--socket",
                scene_path("hufud.sock"), "--operator-socket", scene.operator_socket,
                "--core-socket", scene.core_socket, "--core-uid", own, "--core-uid", server,
                "--core-group", group, "--suite", scene_sm() ? "sm" : "intl", "--development",
                (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 1200; i++) {
        if (access(scene.operator_socket, F_OK) == 0) return OK;
        poll(NULL, 0, 25);
    }
    return REFUSE(REFUSED_IPC_TIMEOUT);
}

void scene_kill_vaultd(int signal)
{
    kill(scene.vaultd, signal);
    waitpid(scene.vaultd, NULL, 0);
}

static Status write_key(const char *name, PrivateKey *key)
{
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    TRY(private_key_to_pem(key, &pem));
    const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const bool written = fd >= 0 && write(fd, pem.data, pem.size) == (ssize_t)pem.size;
    if (fd >= 0) close(fd);
    CHECK(written, FAULT_DISK);
    return OK;
}

/* What `hufu seal attach` finds instead of making an Ed25519 one. */
static Status write_core_key(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    if (!scene_sm()) return OK;
    TRY(private_key_generate(KEY_SM2, &key));
    return write_key(scene.core_key, key);
}

static Status enrol(const char *name)
{
    char file[64];
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    VaultClient *client = NULL;
    snprintf(file, sizeof(file), "operators/%s.key.pem", name);
    TRY(private_key_generate(KEY_ED25519, &key));
    TRY(write_key(scene_path(file), key));
    TRY(public_key_to_spki(private_key_public(key), &spki));
    TRY(vaultclient_open(
            &(VaultClientConfig) { .socket_path = scene.operator_socket, .channels = 1 }, &client));
    const Status s = vaultclient_enroll(client, span_of_text(name), span_of_buffer(&spki));
    vaultclient_close(client);
    return s;
}

/* --- SQL, as somebody who has the database's password --- */

bool scene_sql(const char *text)
{
    PGresult *result = PQexec(scene.attacker, text);
    const ExecStatusType type = PQresultStatus(result);
    const bool good = type == PGRES_COMMAND_OK || type == PGRES_TUPLES_OK;
    if (!good) fprintf(stderr, "%s: %s", text, PQerrorMessage(scene.attacker));
    PQclear(result);
    return good;
}

Status scene_make_table(const char *name, int rows)
{
    char text[1024];
    snprintf(text, sizeof(text),
            "CREATE TABLE %s (fuid int PRIMARY KEY, fcurtype smallint, fbalance bigint, fcon "
            "bigint, "
            "fyday_balance bigint, fbalance_time timestamp, fhash_sum varchar(64)); "
            "INSERT INTO %s SELECT i, 156, 1000, 0, 900, timestamp '2026-01-01 00:00:00', NULL "
            "FROM generate_series(1, %d) i",
            name, name, rows);
    CHECK(scene_sql(text), FAULT_SYSTEM);
    snprintf(text, sizeof(text),
            "UPDATE %s SET fhash_sum = encode(sha256(convert_to(fuid::text || fcurtype || fbalance "
            "|| fcon || fyday_balance || fbalance_time || md5('a long password 16' || fuid), "
            "'UTF8')), 'hex')",
            name);
    CHECK(scene_sql(text), FAULT_SYSTEM);
    return OK;
}

/* --- hufu seal ... --- */

int scene_hufu(const char *what, const char *table, const char *const *more)
{
    char program[300];
    const char *argv[32] = { program, "seal", what, "--db", scene.url, "--table", table, "--socket",
        scene.operator_socket, "--directory", scene.folder, "--core-key", scene.core_key };
    size_t count = 13;
    snprintf(program, sizeof(program), "%s/hufu", scene.programs);
    for (size_t i = 0; more != NULL && more[i] != NULL; i++)
        argv[count++] = more[i];
    return cluster_run(argv, false, scene.said, sizeof(scene.said));
}

bool scene_said(const char *verdict, int uid)
{
    char wanted[64];
    char line[128];
    snprintf(wanted, sizeof(wanted), "fuid=%d", uid);
    for (const char *at = scene.said; at != NULL && *at != '\0';) {
        const size_t size = strcspn(at, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)(size < 127 ? size : 127), at);
        const char *key = strstr(line, wanted);
        const bool whole = key != NULL && (key[strlen(wanted)] == ' ' || key[strlen(wanted)] == 0);
        if (whole && strncmp(line, verdict, strlen(verdict)) == 0) return true;
        at = at[size] == '\n' ? at + size + 1 : NULL;
    }
    fprintf(stderr, "not told: %s fuid=%d; told:\n%s\n", verdict, uid, scene.said);
    return false;
}

const char *const scene_approve[] = { "--columns",
    "fuid,fcurtype,fbalance,fcon,fyday_balance,fbalance_time", "--key", "alice", "--key", "bob",
    "--reason", "test", NULL };

Status scene_attach(const char *table)
{
    const int status = scene_hufu("attach", table, scene_approve);
    if (status != 0) fprintf(stderr, "%d: %s\n", status, scene.said);
    CHECK(status == 0, FAULT_SYSTEM);
    return OK;
}

Status scene_open(void)
{
    char self[256] = "";
    const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    CHECK(n > 0, FAULT_SYSTEM);
    *strrchr(self, '/') = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(scene.programs, sizeof(scene.programs), "%s/programs", self);
    snprintf(scene.folder, sizeof(scene.folder), "/tmp/hufu-seal-XXXXXX");
    CHECK(mkdtemp(scene.folder) != NULL, FAULT_SYSTEM);
    CHECK(chmod(scene.folder, 0711) == 0,
            FAULT_SYSTEM); /* the database server goes to the socket */
    CHECK(mkdir(scene_path("vault"), 0700) == 0 && mkdir(scene_path("operators"), 0700) == 0,
            FAULT_SYSTEM);
    snprintf(scene.core_key, sizeof(scene.core_key), "%s/core.key.pem", scene.folder);
    snprintf(scene.core_socket, sizeof(scene.core_socket), "%s/core.sock", scene.folder);
    snprintf(scene.operator_socket, sizeof(scene.operator_socket), "%s/op.sock", scene.folder);
    TRY(cluster_open(&scene.cluster));
    cluster_url(&scene.cluster, "postgres", scene.url);
    scene.attacker = PQconnectdb(scene.url);
    TRY(scene_start_vaultd());
    TRY(write_core_key());
    TRY(enrol("alice"));
    return enrol("bob");
}

void scene_close(void)
{
    char out[64];
    PQfinish(scene.attacker);
    if (scene.vaultd > 0) scene_kill_vaultd(SIGTERM);
    cluster_close(&scene.cluster);
    const char *argv[] = { "/bin/rm", "-rf", scene.folder, NULL };
    (void)cluster_run(argv, false, out, sizeof(out));
}

/* --- the core --- */

int teller_open(Teller *t, const char *table) { return teller_open_with(t, table, scene.core_key); }

int teller_open_with(Teller *t, const char *table, const char *key_file)
{
    char name[160];
    snprintf(name, sizeof(name), "postgres@127.0.0.1:%d", scene.cluster.port);
    const int fd = open(key_file, O_RDONLY);
    const ssize_t n = read(fd, t->pem, sizeof(t->pem) - 1);
    close(fd);
    t->pem[n > 0 ? n : 0] = '\0';
    t->connection = PQconnectdb(scene.url);
    const HufuSealConfig config = {
        .socket = scene.core_socket, .database = name, .table = table, .key_pem = t->pem
    };
    return hufu_seal_open(&config, t->connection, &t->seal);
}

void teller_close(Teller *t)
{
    hufu_seal_close(t->seal);
    PQfinish(t->connection);
    *t = (Teller) { .seal = NULL };
}

static int add(Teller *t, int uid, int64_t amount)
{
    char key_text[16];
    char balance_text[24];
    int64_t balance = 0;
    snprintf(key_text, sizeof(key_text), "%d", uid);
    const char *key[] = { key_text };
    const char *columns[] = { "fbalance" };
    const char *values[] = { balance_text };
    int code = hufu_seal_lock(t->seal, key);
    if (code == 0) code = hufu_seal_int(t->seal, "fbalance", &balance);
    snprintf(balance_text, sizeof(balance_text), "%lld", (long long)(balance + amount));
    return code != 0 ? code : hufu_seal_update(t->seal, key, columns, values, 1);
}

/* Money from one to another, in one transaction. */
int teller_transfer(Teller *t, int from, int to, int64_t amount)
{
    PQclear(PQexec(t->connection, "BEGIN"));
    const int first = from < to ? from : to;
    const int second = from < to ? to : from;
    int code = add(t, first, first == from ? -amount : amount);
    if (code == 0) code = add(t, second, second == from ? -amount : amount);
    if (code == 0) return hufu_seal_commit(t->seal);
    (void)hufu_seal_rollback(t->seal);
    return code;
}
