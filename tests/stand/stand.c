#define _GNU_SOURCE
#include "stand.h"

#include "admin_client.h"
#include "base/money.h"
#include "command.h"
#include "crypto/tls.h"
#include "enrol.h"
#include "first_people.h"
#include "request_client.h"
#include "vaultclient/client.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { UID_VAULTD = 65532, UID_HUFUD = 65533, POLL_MS = 10, COMMAND_BYTES_MAX = 512 };

static const char *const names[] = { "vaultd", "hufud" };

const char *stand_path(const Stand *stand, const char *name)
{
    static _Thread_local char paths[4][STAND_PATH_BYTES_MAX + 128];
    static _Thread_local unsigned turn;
    char *path = paths[turn++ % 4];
    const int n = snprintf(path, sizeof(paths[0]), "%s/%s", stand->folder, name);
    ASSERT(n > 0 && (size_t)n < sizeof(paths[0]));
    return path;
}

static void pause_ms(long ms)
{
    const struct timespec wait = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&wait, NULL);
}

/* --- the folder --- */

static Status make_folder(const Stand *stand, const char *name, mode_t mode, uid_t uid)
{
    CHECK(mkdir(stand_path(stand, name), 0700) == 0 || errno == EEXIST, FAULT_DISK);
    CHECK(chmod(stand_path(stand, name), mode) == 0, FAULT_DISK);
    if (!stand->options.separate_users) return OK;
    CHECK(chown(stand_path(stand, name), uid, UID_HUFUD) == 0, FAULT_DISK);
    return OK;
}

static Status make_folders(Stand *stand)
{
    const char *root = getenv("TMPDIR");
    snprintf(stand->folder, sizeof(stand->folder), "%s/hufu-stand-XXXXXX",
            root == NULL ? "/tmp" : root);
    CHECK(mkdtemp(stand->folder) != NULL, FAULT_DISK);
    CHECK(chmod(stand->folder, 0755) == 0, FAULT_DISK);
    TRY(make_folder(stand, "run", 0755, 0));
    TRY(make_folder(stand, "run/vaultd", 0750, UID_VAULTD));
    TRY(make_folder(stand, "run/hufud", 0755, UID_HUFUD));
    TRY(make_folder(stand, "vault", 0700, UID_VAULTD));
    if (stand->options.data_folder != NULL)
        CHECK(symlink(stand->options.data_folder, stand_path(stand, "data")) == 0, FAULT_DISK);
    TRY(make_folder(stand, "data", 0750, UID_HUFUD));
    TRY(make_folder(stand, "domain", 0700, UID_HUFUD));
    TRY(make_folder(stand, "checkpoints", 0755, UID_HUFUD));
    TRY(make_folder(stand, "second", 0755, UID_HUFUD));
    TRY(make_folder(stand, "log", 0755, 0));
    TRY(make_folder(stand, "demo", 0700, 0));
    return make_folder(stand, "operators", 0700, 0);
}

/* <build>/programs: this program stands in <build>/tests or <build>/bench. */
static Status find_programs(Stand *stand)
{
    char self[STAND_PATH_BYTES_MAX];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    CHECK(n > 0, FAULT_SYSTEM);
    self[n] = 0;
    for (int up = 0; up < 2; up++)
        *strrchr(self, '/') = 0;
    const int size = snprintf(stand->programs, sizeof(stand->programs), "%s/programs", self);
    CHECK(size > 0 && (size_t)size < sizeof(stand->programs), FAULT_SYSTEM);
    return OK;
}

/* A file of rules: the test's own text, or a copy of ours. */
static Status write_rules(const Stand *stand, const char *name, const char *own)
{
    static uint8_t bytes[65536];
    char path[STAND_PATH_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    if (own != NULL) return file_write(stand_path(stand, name), 0644, span_of_text(own));
    snprintf(path, sizeof(path), HUFU_RULES "/%s", name);
    TRY(file_read(path, &text));
    return file_write(stand_path(stand, name), 0644, span_of_buffer(&text));
}

static const char level_d_alone[] = "version: 1\nlevels: { a: 0, b: 0, c: 0, d: 50000 }\n";
static const char no_limits[] = "version: 1\n"
                                "classes:\n"
                                "  one: { channels: 1, lifetime: 0, year: 0 }\n"
                                "  two: { channels: 3, lifetime: 0, year: 0 }\n"
                                "  three: { channels: 5, lifetime: 0, year: 0 }\n"
                                "day: { signed: 0, two: 0, one: 0 }\ndormant_days: 0\n";

/* Tests of other things count alerts. */
static const char no_alarms[] = "version: 1\n"
                                "login_failures:\n"
                                "  person: { count: 0, within_s: 1 }\n"
                                "  source: { count: 0, within_s: 1 }\n"
                                "  everybody: { count: 0, within_s: 1 }\n"
                                "privilege: false\nplan: false\nillegal: false\n"
                                "sensitive_reads:\n"
                                "  person: { count: 0, within_s: 1 }\n"
                                "  at_night: false\n  night_from: 0\n  night_to: 1\n"
                                "quiet_s: 1\n";

Status stand_configure(const Stand *stand)
{
    uint8_t bytes[8192];
    Buffer text = BUFFER_OF(bytes);
    const char *f = stand->folder;
    const StandOptions *o = &stand->options;
    TRY(buffer_put(&text,
            SPAN("address: 127.0.0.1\nport: 0\nservice_port: 0\n"
                 "console_port: 0\nmetrics_port: 0\nloops: 2\n")));
    TRY(buffer_print(&text, "database: %s/" PATH_DATABASE "\n", f));
    TRY(buffer_print(&text, "domain: %s/" PATH_DOMAIN "\nvault: %s/" PATH_VAULT_SOCKET "\n", f, f));
    TRY(buffer_print(&text, "admin: %s/" PATH_ADMIN_SOCKET "\noperator_uid: %u\n", f, getuid()));
    TRY(buffer_print(&text, "checkpoints: %s/checkpoints\nsecond: %s/second\n", f, f));
    TRY(buffer_print(&text, "strategy: %s/strategy.yaml\nca_file: %s/run/hufud/ca.pem\n", f, f));
    TRY(buffer_print(&text, "accounts: %s/accounts.yaml\nbarcode: %s/barcode.yaml\n", f, f));
    TRY(buffer_print(&text, "transfers: %s/transfers.yaml\n", f));
    TRY(buffer_print(&text, "purposes: %s/purposes.yaml\naccess: %s/access.yaml\n", f, f));
    TRY(buffer_print(&text, "alarms: %s/alarms.yaml\ntrail: %s/" PATH_TRAIL "\n", f, f));
    TRY(buffer_print(&text, "keys_file: %s/" PATH_KEYS "\nready_file: %s/" PATH_READY "\n", f, f));
    TRY(buffer_print(&text, "code_life_s: %d\n", o->code_life_s == 0 ? 60 : o->code_life_s));
    TRY(buffer_print(&text, "signers: %d\n", o->signers == 0 ? 2 : o->signers));
    TRY(buffer_print(&text, "openers: %d\n", o->openers == 0 ? 8 : o->openers));
    TRY(buffer_print(&text, "%s\n", o->notify == NULL ? "notifiers: 0" : o->notify));
    if (o->trusted_proxies != NULL)
        TRY(buffer_print(&text, "trusted_proxies: %s\n", o->trusted_proxies));
    if (o->payer_devices_required) TRY(buffer_put(&text, SPAN("payer_devices: required\n")));
    return file_write(stand_path(stand, "hufud.yaml"), 0644, span_of_buffer(&text));
}

/* --- the programs --- */

static void become(const Stand *stand, StandProgram program)
{
    if (!stand->options.separate_users) return;
    const uid_t uid = program == STAND_VAULTD ? UID_VAULTD : UID_HUFUD;
    /* The group of the sockets is hufud's: vaultd has it as a further group to give the socket to
     * it. */
    const gid_t group = UID_HUFUD;
    if (setgroups(1, &group) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
        _exit(126);
}

static void exec_vaultd(const Stand *stand)
{
    char hufud_uid[16];
    char operator_uid[16];
    char group[16];
    char tls_life[16];
    const bool separate = stand->options.separate_users;
    snprintf(tls_life, sizeof(tls_life), "%d", stand->options.tls_life_s);
    snprintf(hufud_uid, sizeof(hufud_uid), "%u", separate ? UID_HUFUD : getuid());
    snprintf(operator_uid, sizeof(operator_uid), "%u", separate ? 0 : getuid());
    snprintf(group, sizeof(group), "%u", separate ? UID_HUFUD : getgid());
    char program[STAND_PATH_BYTES_MAX + 16];
    snprintf(program, sizeof(program), "%s/vaultd", stand->programs);
    const char *own = stand->options.vault_folder;
    execl(program, program, "--directory", own == NULL ? stand_path(stand, "vault") : own,
            "--socket", stand_path(stand, PATH_VAULT_SOCKET), "--operator-socket",
            stand_path(stand, PATH_OPERATOR_SOCKET), "--hufud-uid", hufud_uid, "--operator-uid",
            operator_uid, "--group", group, "--development", "--suite",
            stand->options.sm ? "sm" : "intl", stand->options.tls_life_s == 0 ? NULL : "--tls-life",
            tls_life, (char *)NULL);
}

static void exec_hufud(const Stand *stand)
{
    char program[STAND_PATH_BYTES_MAX + 16];
    snprintf(program, sizeof(program), "%s/hufud", stand->programs);
    execl(program, program, "--config", stand_path(stand, "hufud.yaml"), "--development",
            (char *)NULL);
}

/* The child: its log, its user, its program; it ends when the test ends. */
static void child(const Stand *stand, StandProgram program)
{
    char name[32];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(name, sizeof(name), "log/%s.log", names[program]);
    const int log = open(stand_path(stand, name), O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (log >= 0) {
        dup2(log, 1);
        dup2(log, 2);
    }
    become(stand, program);
    if (program == STAND_VAULTD)
        exec_vaultd(stand);
    else
        exec_hufud(stand);
    _exit(127);
}

Status stand_launch(Stand *stand, StandProgram program)
{
    ASSERT(stand->pids[program] == 0);
    if (program == STAND_HUFUD) unlink(stand_path(stand, PATH_READY));
    fflush(NULL);
    const pid_t pid = fork();
    CHECK(pid >= 0, FAULT_SYSTEM);
    if (pid == 0) child(stand, program);
    stand->pids[program] = pid;
    return OK;
}

bool stand_ended(Stand *stand, StandProgram program, int *ret_exit)
{
    int status = 0;
    if (stand->pids[program] == 0) return true;
    if (waitpid(stand->pids[program], &status, WNOHANG) != stand->pids[program]) return false;
    stand->pids[program] = 0;
    if (ret_exit != NULL) *ret_exit = status;
    return true;
}

void stand_stop(Stand *stand, StandProgram program, int signal, int *ret_exit)
{
    int status = 0;
    if (stand->pids[program] == 0) return;
    kill(stand->pids[program], signal);
    while (waitpid(stand->pids[program], &status, 0) < 0 && errno == EINTR) { }
    stand->pids[program] = 0;
    if (ret_exit != NULL) *ret_exit = status;
}

/* Connect to a local socket file until somebody answers. */
static Status await_vaultd(Stand *stand)
{
    const VaultClientConfig config = { .socket_path = stand_path(stand, PATH_OPERATOR_SOCKET),
        .channels = 1 };
    VaultClient *client = NULL;
    TRY(vaultclient_open(&config, &client));
    Status s = REFUSE(REFUSED_IPC_TIMEOUT);
    for (int waited = 0; waited < STAND_READY_MS_MAX && !status_ok(s); waited += POLL_MS) {
        uint8_t bytes[1024];
        Buffer memory = BUFFER_OF(bytes);
        WireStatus status = { 0 };
        s = vaultclient_status(client, &memory, &status);
        if (status_ok(s)) break;
        if (stand_ended(stand, STAND_VAULTD, NULL)) break;
        pause_ms(POLL_MS);
    }
    vaultclient_close(client);
    return s;
}

static Status enrol_operator(const Stand *stand, VaultClient *vault, const char *name)
{
    char file[64];
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t spki_bytes[SIGN_SPKI_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer spki = BUFFER_OF(spki_bytes);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    snprintf(file, sizeof(file), "operators/%s.key.pem", name);
    TRY(private_key_generate(KEY_ED25519, &key));
    TRY(private_key_to_pem(key, &pem));
    TRY(file_write(stand_path(stand, file), 0600, span_of_buffer(&pem)));
    TRY(public_key_to_spki(private_key_public(key), &spki));
    return vaultclient_enroll(vault, span_of_text(name), span_of_buffer(&spki));
}

static Status enrol_operators(Stand *stand)
{
    const VaultClientConfig config = { .socket_path = stand_path(stand, PATH_OPERATOR_SOCKET),
        .channels = 1 };
    VaultClient *vault = NULL;
    TRY(vaultclient_open(&config, &vault));
    Status s = enrol_operator(stand, vault, "alice");
    if (status_ok(s)) s = enrol_operator(stand, vault, "bob");
    vaultclient_close(vault);
    stand->operators_enrolled = status_ok(s);
    return s;
}

static Status read_ready(Stand *stand)
{
    uint8_t bytes[128];
    Buffer text = BUFFER_OF(bytes);
    TRY(file_read(stand_path(stand, PATH_READY), &text));
    Cursor c = cursor_of(span_of_buffer(&text));
    uint16_t *const ports[] = { &stand->port, &stand->service_port, &stand->console_port,
        &stand->metrics_port };
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        Span address = { 0 };
        Span port = { 0 };
        int64_t number = 0;
        TRY(cursor_until(&c, ' ', &address));
        TRY(cursor_until(&c, '\n', &port));
        TRY(i64_parse(port, &number));
        *ports[i] = (uint16_t)number;
    }
    return OK;
}

Status stand_trust(Stand *stand)
{
    static uint8_t bytes[16384];
    Buffer pem = BUFFER_OF(bytes);
    struct ssl_ctx_st *tls = NULL;
    TRY(file_read(stand_path(stand, "run/hufud/ca.pem"), &pem));
    TRY(tls_client_context(span_of_buffer(&pem), NULL, &tls));
    if (stand->tls != NULL) tls_context_free(&stand->tls);
    stand->tls = tls;
    return OK;
}

Status stand_await(Stand *stand)
{
    for (int waited = 0; waited < STAND_READY_MS_MAX; waited += POLL_MS) {
        if (status_ok(read_ready(stand))) return stand_trust(stand);
        if (stand_ended(stand, STAND_HUFUD, NULL)) break;
        pause_ms(POLL_MS);
    }
    return REFUSE(REFUSED_IPC_TIMEOUT);
}

Status stand_start(Stand *stand, StandProgram program)
{
    TRY(stand_launch(stand, program));
    return program == STAND_VAULTD ? await_vaultd(stand) : stand_await(stand);
}

Status stand_open(const StandOptions *options, Stand *stand)
{
    *stand = (Stand) { .options = *options };
    TRY(find_programs(stand));
    TRY(make_folders(stand));
    TRY(write_rules(stand, "strategy.yaml", options->strategy));
    TRY(write_rules(
            stand, "accounts.yaml", options->accounts != NULL ? options->accounts : no_limits));
    TRY(write_rules(
            stand, "barcode.yaml", options->barcode != NULL ? options->barcode : level_d_alone));
    TRY(write_rules(stand, "transfers.yaml", options->transfers));
    TRY(write_rules(stand, "purposes.yaml", options->purposes));
    TRY(write_rules(stand, "access.yaml", NULL));
    TRY(write_rules(stand, "alarms.yaml", options->alarms != NULL ? options->alarms : no_alarms));
    TRY(stand_configure(stand));
    TRY(stand_start(stand, STAND_VAULTD));
    TRY(enrol_operators(stand));
    TRY(stand_start(stand, STAND_HUFUD));
    setenv(APPROVE_VARIABLE, "bob", 1); /* who agrees to what alice asks, unless a test says else */
    TRY(first_people_name(stand->folder));
    TRY(enrol_pin(stand->folder));
    return box_key_pin(stand_path(stand, "demo"), &stand->box_key);
}

static void remove_folder(const char *folder)
{
    const pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

void stand_close(Stand *stand)
{
    stand_stop(stand, STAND_HUFUD, SIGTERM, NULL);
    stand_stop(stand, STAND_VAULTD, SIGTERM, NULL);
    if (stand->tls != NULL) tls_context_free(&stand->tls);
    box_key_free(&stand->box_key);
    if (getenv("HUFU_STAND_KEEP") == NULL && stand->folder[0] != 0)
        remove_folder(stand->folder);
    else
        fprintf(stderr, "kept: %s\n", stand->folder);
}

/* --- merchants, payers, questions --- */

Status stand_connect(const Stand *stand, HttpClient **ret_http)
{
    return stand_connect_from(stand, NULL, ret_http);
}

Status stand_connect_from(const Stand *stand, const char *from, HttpClient **ret_http)
{
    const HttpClientConfig config = { .address = "127.0.0.1",
        .port = stand->port,
        .from = from,
        .tls = stand->tls,
        .server_name = "localhost",
        .timeout_ms = 20000 };
    return http_client_open(&config, ret_http);
}

static Status take_merchant(const Stand *stand, const char *mchid, MerchantApp *ret_app)
{
    static MerchantApps apps;
    TRY(merchant_apps_load(stand_path(stand, "demo"), &apps));
    for (size_t i = 0; i < apps.count; i++) {
        if (strcmp(apps.items[i].mchid, mchid) != 0) continue;
        *ret_app = apps.items[i]; /* transferred */
        apps.items[i].key = NULL;
    }
    merchant_apps_free(&apps);
    return OK;
}

Status stand_merchant(Stand *stand, const char *mchid, KeyAlgorithm algorithm, MerchantApp *ret_app)
{
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t answer_bytes[4096];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    TRY(merchant_app_make(stand_path(stand, "demo"), mchid, algorithm));
    TRY(take_merchant(stand, mchid, ret_app));
    TRY(public_key_to_pem(private_key_public(ret_app->key), &pem));
    const EnrolMerchant merchant = { .mchid = mchid,
        .name = "stand",
        .key_pem = span_of_buffer(&pem),
        .serial = ret_app->serial,
        .apiv3 = SPAN_OF(ret_app->apiv3) };
    TRY(enrol_merchant(stand->folder, &merchant, &answer));
    HttpClient *http = NULL;
    TRY(stand_connect(stand, &http));
    const Status s = merchant_app_learn(ret_app, http);
    http_client_close(&http);
    return s;
}

Status stand_payer(Stand *stand, const char *payer_id, const char *pin, int64_t balance_minor,
        PayerApp *ret_app)
{
    uint8_t answer_bytes[4096];
    Buffer answer = BUFFER_OF(answer_bytes);
    TRY(enrol_payer(stand->folder, payer_id, pin, balance_minor, &answer));
    *ret_app = (PayerApp) { 0 };
    snprintf(ret_app->id, sizeof(ret_app->id), "%s", payer_id);
    snprintf(ret_app->pin, sizeof(ret_app->pin), "%s", pin);
    return OK;
}
