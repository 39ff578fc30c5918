/*
 * Goal: hufud's user has nothing of vaultd's (DESIGN section 2; docs/threat-model.md): not its
 * files, not its memory, not the operator's voice; and vaultd is as shut in as it says. Method:
 * both programs under their own users, a child that becomes hufud's user and tries; /proc for the
 * rest. Each "cannot" stands beside a "can" that shows the question was well put. Needs root.
 */
#define _GNU_SOURCE
#include "admin_client.h"
#include "base/expect.h"
#include "ipc/admin_wire.h"
#include "ipc/channel.h"
#include "merchant_steps.h"
#include "vaultclient/client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    UID_ROOT = 0,
    UID_VAULTD = 65532,
    UID_HUFUD = 65533,
    UID_STRANGER = 65534,
    FILES_MAX = 64,
    PATH_MAX_BYTES = 512,
    INODES_MAX = 4096,
    LINE_BYTES_MAX = 1024,
    /* words of a line of /proc/net/tcp */
    WORD_ADDRESS = 1,
    WORD_PORT = 2,
    WORD_STATE = 5,
    WORD_UID = 11,
    WORD_INODE = 13,
    TCP_LISTENING = 0x0A,
};

static Stand stand;
static MerchantApp merchant;
static char files[FILES_MAX][PATH_MAX_BYTES]; /* of vaultd's folder */
static size_t file_count;

/* --- somebody else --- */

/* A child becomes this user and tells whether `check` held. */
static bool as_user(uid_t uid, bool (*check)(void))
{
    int state = 0;
    const gid_t group = uid;
    fflush(NULL);
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        const bool became = uid == UID_ROOT
                || (setgroups(1, &group) == 0 && setresgid(uid, uid, uid) == 0
                        && setresuid(uid, uid, uid) == 0);
        _exit(became && check() ? 0 : 1);
    }
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) { }
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

static bool forbidden(int result) { return result < 0 && (errno == EACCES || errno == EPERM); }

/* Shown when a "cannot" fails: what could be done. */
static bool fails(const char *what, int result)
{
    if (forbidden(result)) return true;
    fprintf(stderr, "  %s: result %d, errno %d\n", what, result, errno);
    return false;
}

static const char *of_vaultd(const char *name)
{
    static char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)stand.pids[STAND_VAULTD], name);
    return path;
}

/* --- the house --- */

static void list_files(void)
{
    DIR *folder = opendir(stand_path(&stand, "vault"));
    ASSERT(folder != NULL);
    for (const struct dirent *entry = NULL; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        ASSERT(file_count < FILES_MAX);
        snprintf(files[file_count++], PATH_MAX_BYTES, "%s/%s", stand_path(&stand, "vault"),
                entry->d_name);
    }
    closedir(folder);
}

static void test_house_opens(void)
{
    const StandOptions options = { .separate_users = true };
    HttpClient *http = NULL;
    Answered answered = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(step_native(&merchant, http, "SEPARATE-1", 100, &answered));
    EXPECT(answered.status == 200);
    http_client_close(&http);
    list_files();
    EXPECT(file_count >= 2); /* a journal and keys at least */
}

/* --- files and memory --- */

static bool reads_each_file(void)
{
    for (size_t i = 0; i < file_count; i++) {
        const int fd = open(files[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0) return false;
        close(fd);
    }
    return true;
}

static bool reads_no_file(void)
{
    for (size_t i = 0; i < file_count; i++) {
        if (!fails(files[i], open(files[i], O_RDONLY | O_CLOEXEC))) return false;
        if (!fails(files[i], open(files[i], O_WRONLY | O_CLOEXEC))) return false;
        if (!fails(files[i], unlink(files[i]))) return false;
    }
    const bool lists = opendir(stand_path(&stand, "vault")) != NULL;
    return !lists
            && fails("vault", rename(stand_path(&stand, "vault"), stand_path(&stand, "taken")));
}

static void test_files_are_vaultds_alone(void)
{
    EXPECT(as_user(UID_VAULTD, reads_each_file));
    EXPECT(as_user(UID_HUFUD, reads_no_file));
    EXPECT(as_user(UID_STRANGER, reads_no_file));
}

static bool opens_its_memory(void)
{
    const int fd = open(of_vaultd("mem"), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    close(fd);
    return true;
}

static bool sees_no_memory(void)
{
    static const char *const names[] = { "mem", "maps", "environ", "auxv", "pagemap", "smaps",
        "stack", "syscall", "io", "personality" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char byte = 0;
        const int fd = open(of_vaultd(names[i]), O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && !fails(names[i], (int)read(fd, &byte, 1))) return false;
        if (fd < 0 && !fails(names[i], fd)) return false;
    }
    return opendir(of_vaultd("fd")) == NULL && forbidden(-1);
}

static bool takes_no_hold(void)
{
    const pid_t pid = stand.pids[STAND_VAULTD];
    char bytes[8];
    struct iovec here = { bytes, sizeof(bytes) };
    struct iovec there = { (void *)(uintptr_t)0x10000, sizeof(bytes) };
    if (!fails("ptrace attach", (int)ptrace(PTRACE_ATTACH, pid, NULL, NULL))) return false;
    if (!fails("ptrace seize", (int)ptrace(PTRACE_SEIZE, pid, NULL, NULL))) return false;
    if (!fails("readv", (int)process_vm_readv(pid, &here, 1, &there, 1, 0))) return false;
    if (!fails("writev", (int)process_vm_writev(pid, &here, 1, &there, 1, 0))) return false;
    return fails("kill", kill(pid, SIGTERM));
}

static void test_memory_is_vaultds_alone(void)
{
    EXPECT(as_user(UID_ROOT, opens_its_memory));
    EXPECT(as_user(UID_HUFUD, sees_no_memory));
    EXPECT(as_user(UID_HUFUD, takes_no_hold));
    /* Its own user cannot either: not dumpable. */
    EXPECT(as_user(UID_VAULTD, sees_no_memory));
    EXPECT(!stand_ended(&stand, STAND_VAULTD, NULL));
}

/* --- voices --- */

static Status ask(const char *socket, VaultOperation operation)
{
    static uint8_t bytes[VAULTCLIENT_ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(bytes);
    VaultClient *vault = NULL;
    const VaultClientConfig config = { .socket_path = stand_path(&stand, socket), .channels = 1 };
    TRY(vaultclient_open(&config, &vault));
    const Status s = vaultclient_ask(vault, operation, SPAN("nonsense"), &answer);
    vaultclient_close(vault);
    return s;
}

static bool is_heard_as_hufud(void)
{
    const Status s = ask(PATH_VAULT_SOCKET, VAULT_KEY_LIST); /* answered, or found fault with */
    return !status_is(s, (StatusCode)REFUSED_VAULT_UNAVAILABLE)
            && !status_is(s, REFUSED_VAULT_FORBIDDEN) && !status_is(s, REFUSED_IPC_CLOSED);
}

/* Nobody listens to this user there: no connection, or one that is closed before a word. */
static bool unheard(const char *socket)
{
    const Status s = ask(socket, VAULT_STATUS);
    if (status_is(s, (StatusCode)REFUSED_VAULT_UNAVAILABLE) || status_is(s, REFUSED_IPC_CLOSED)
            || status_is(s, REFUSED_IPC_PEER))
        return true;
    fprintf(stderr, "  %s: %s\n", socket, status_name(s));
    return false;
}

static bool is_unheard_as_operator(void) { return unheard(PATH_OPERATOR_SOCKET); }
static bool is_unheard_as_hufud(void) { return unheard(PATH_VAULT_SOCKET); }
static bool is_unheard_as_admin(void)
{
    uint8_t bytes[1024];
    Buffer answer = BUFFER_OF(bytes);
    Channel *channel = NULL; /* unsigned: who is let in is told so */
    Status s = channel_connect(stand_path(&stand, PATH_ADMIN_SOCKET), 5000, &channel);
    if (status_ok(s)) s = channel_call(channel, WIRE_ADMIN_REQUEST, SPAN("status"), &answer);
    channel_close(channel);
    return status_is(s, REFUSED_IPC_CLOSED) || status_is(s, REFUSED_IPC_PEER);
}

/* What only people may ask for, said on hufud's own socket by hufud's own user. */
static bool may_not_do_what_operators_do(void)
{
    static const VaultOperation operations[] = { VAULT_RELEASE_ROW, VAULT_ACCEPT_RESTORE,
        VAULT_UNWRAP_KEY, VAULT_ENROLL, VAULT_STOP };
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        const Status s = ask(PATH_VAULT_SOCKET, operations[i]);
        if (status_is(s, REFUSED_VAULT_FORBIDDEN)) continue;
        fprintf(stderr, "  operation %d: %s\n", (int)operations[i], status_name(s));
        return false;
    }
    return true;
}

static void test_each_speaks_for_itself_alone(void)
{
    EXPECT(as_user(UID_HUFUD, is_heard_as_hufud));
    EXPECT(as_user(UID_HUFUD, may_not_do_what_operators_do));
    EXPECT(as_user(UID_HUFUD, is_unheard_as_operator));
    EXPECT(as_user(UID_STRANGER, is_unheard_as_hufud));
    EXPECT(as_user(UID_STRANGER, is_unheard_as_operator));
    EXPECT(as_user(UID_STRANGER, is_unheard_as_admin));
    EXPECT(as_user(UID_ROOT, is_unheard_as_hufud)); /* also root is not hufud */
    EXPECT(!stand_ended(&stand, STAND_VAULTD, NULL) && !stand_ended(&stand, STAND_HUFUD, NULL));
}

/* --- how they are shut in --- */

/* The number behind `name` in a file of /proc, -1 when there is none. */
static long field_of(const char *path, const char *name, int base)
{
    char line[LINE_BYTES_MAX];
    long number = -1;
    FILE *file = fopen(path, "r");
    if (file == NULL) return -1;
    while (number < 0 && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            number = strtol(line + strlen(name), NULL, base);
    }
    fclose(file);
    return number;
}

/* Each thread of the process: seccomp binds threads, not processes. */
static bool each_thread(StandProgram program, bool filtered)
{
    char path[PATH_MAX_BYTES];
    int threads = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)stand.pids[program]);
    DIR *tasks = opendir(path);
    if (tasks == NULL) return false;
    bool good = true;
    for (const struct dirent *task = NULL; (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%.32s/status", (int)stand.pids[program],
                task->d_name);
        threads++;
        good = good && field_of(path, "NoNewPrivs:", 10) == 1 && field_of(path, "CapEff:", 16) == 0
                && field_of(path, "CapPrm:", 16) == 0;
        if (filtered)
            good = good && field_of(path, "Seccomp:", 10) == 2
                    && field_of(path, "Seccomp_filters:", 10) >= 1;
        if (!good) fprintf(stderr, "  see %s\n", path);
    }
    closedir(tasks);
    return good && threads > 1;
}

/* /proc belongs to root when its process is not dumpable; no core file of any size. */
static bool leaves_nothing_behind(StandProgram program)
{
    char path[64];
    struct stat facts = { 0 };
    snprintf(path, sizeof(path), "/proc/%d/environ", (int)stand.pids[program]);
    if (stat(path, &facts) != 0 || facts.st_uid != UID_ROOT) return false;
    snprintf(path, sizeof(path), "/proc/%d/limits", (int)stand.pids[program]);
    return field_of(path, "Max core file size", 10) == 0;
}

static void test_both_are_shut_in(void)
{
    EXPECT(each_thread(STAND_VAULTD, true));
    EXPECT(each_thread(STAND_HUFUD, false));
    EXPECT(leaves_nothing_behind(STAND_VAULTD));
    EXPECT(leaves_nothing_behind(STAND_HUFUD));
    EXPECT(field_of(of_vaultd("status"), "Uid:", 10) == UID_VAULTD);
}

/* --- what they hold open --- */

/* The n-th word of a line of /proc, from 0, as a number; -1 when there is none. Words end at spaces
 * and at `end`. */
static long word_of(const char *line, int n, char end, int base)
{
    const char stops[] = { ' ', '\n', end, 0 };
    for (int i = 0;; i++) {
        line += strspn(line, stops);
        if (*line == 0) return -1;
        char *rest = NULL;
        const long number = strtol(line, &rest, base);
        if (i == n) return rest == line ? -1 : number;
        line += strcspn(line, stops);
    }
}

/* Inodes of internet sockets of every kind. */
static size_t internet_inodes(long inodes[INODES_MAX])
{
    static const char *const tables[] = { "tcp", "tcp6", "udp", "udp6", "udplite", "raw", "raw6" };
    char line[LINE_BYTES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/net/%s", tables[i]);
        FILE *file = fopen(path, "r");
        if (file == NULL) continue;
        while (fgets(line, sizeof(line), file) != NULL && count < INODES_MAX) {
            const long inode = word_of(line, WORD_INODE, ':', 10);
            if (inode > 0) inodes[count++] = inode;
        }
        fclose(file);
    }
    return count;
}

typedef struct Held {
    int internet; /* sockets */
    int others; /* other sockets, pipes, events */
    int inside; /* files in its own folder */
    int foreign; /* files anywhere else but its log and devices */
    int vaults; /* files in vault/ */
} Held;

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void judge(
        const char *link, StandProgram program, const long *inodes, size_t count, Held *held)
{
    const bool vaults = begins(link, stand_path(&stand, "vault/"))
            || strcmp(link, stand_path(&stand, "vault")) == 0;
    const bool mine = program == STAND_VAULTD ? vaults
                                              : begins(link, stand_path(&stand, "data/"))
                    || begins(link, stand_path(&stand, "domain/"))
                    || strcmp(link, stand_path(&stand, "data")) == 0;
    held->vaults += vaults;
    if (begins(link, "socket:[")) {
        const long inode = strtol(link + strlen("socket:["), NULL, 10);
        bool internet = false;
        for (size_t i = 0; i < count; i++)
            internet = internet || inodes[i] == inode;
        held->internet += internet;
        held->others += !internet;
    } else if (link[0] != '/')
        held->others++;
    else if (mine)
        held->inside++;
    else if (!begins(link, stand_path(&stand, "log/")) && !begins(link, "/dev/")) {
        held->foreign++;
        fprintf(stderr, "  holds %s\n", link);
    }
}

static Held held_by(StandProgram program)
{
    static long inodes[INODES_MAX];
    char path[PATH_MAX_BYTES];
    char link[PATH_MAX_BYTES];
    Held held = { 0 };
    const size_t count = internet_inodes(inodes);
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)stand.pids[program]);
    DIR *folder = opendir(path);
    ASSERT(folder != NULL);
    for (const struct dirent *entry = NULL; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        const ssize_t size = readlinkat(dirfd(folder), entry->d_name, link, sizeof(link) - 1);
        if (size < 0) continue; /* closed meanwhile */
        link[size] = 0;
        judge(link, program, inodes, count, &held);
    }
    closedir(folder);
    return held;
}

static void test_what_they_hold_open(void)
{
    const Held vaultd = held_by(STAND_VAULTD);
    EXPECT(vaultd.internet == 0 && vaultd.foreign == 0 && vaultd.inside >= 1 && vaultd.others >= 2);
    const Held hufud = held_by(STAND_HUFUD);
    EXPECT(hufud.vaults == 0 && hufud.foreign == 0);
    EXPECT(hufud.internet >= 1); /* the one door, and who is in it */
}

/* The one port that listens is the one that the ready file names. */
static void test_one_port_listens(void)
{
    char line[LINE_BYTES_MAX];
    char path[64];
    int listening = 0;
    snprintf(path, sizeof(path), "/proc/%d/net/tcp", (int)stand.pids[STAND_HUFUD]);
    FILE *file = fopen(path, "r");
    EXPECT(file != NULL);
    while (fgets(line, sizeof(line), file) != NULL) {
        const long uid = word_of(line, WORD_UID, ':', 10);
        if (word_of(line, WORD_STATE, ':', 16) != TCP_LISTENING) continue;
        if (uid == UID_VAULTD) listening += 1000;
        if (uid != UID_HUFUD || word_of(line, WORD_PORT, ':', 16) != stand.port) continue;
        EXPECT(word_of(line, WORD_ADDRESS, ':', 16) == 0x0100007F); /* loopback, as configured */
        listening++;
    }
    fclose(file);
    EXPECT(listening >= 1 && listening < 1000);
}

static void test_house_closes(void)
{
    EXPECT(!stand_ended(&stand, STAND_VAULTD, NULL) && !stand_ended(&stand, STAND_HUFUD, NULL));
    stand_close(&stand);
}

static const ExpectTest tests[] = { TEST(test_house_opens), TEST(test_files_are_vaultds_alone),
    TEST(test_memory_is_vaultds_alone), TEST(test_each_speaks_for_itself_alone),
    TEST(test_both_are_shut_in), TEST(test_what_they_hold_open), TEST(test_one_port_listens),
    TEST(test_house_closes) };

int expect_failures;

int main(int argc, char **argv)
{
    if (geteuid() == UID_ROOT)
        return expect_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
    printf("SKIPPED: programs under separate users need root to start them\n0 passed, 0 failed\n");
    return 77; /* what Meson counts as skipped */
}
