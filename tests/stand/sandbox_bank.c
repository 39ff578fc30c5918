#include "sandbox_bank.h"

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 20, LOG_BYTES_MAX = 64 * 1024, SETTINGS_BYTES_MAX = 16 * 1024 };

static void pause_ms(long ms)
{
    const struct timespec wait = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&wait, NULL);
}

static const char *log_of(const SandboxBank *bank, int line)
{
    char name[64];
    snprintf(name, sizeof(name), "log/sandbank-%d.log", line);
    return stand_path(bank->stand, name);
}

/* In the child: what it says goes to its log, anew. */
static void run(const SandboxBank *bank, int line, const char *const *arguments)
{
    char program[STAND_PATH_BYTES_MAX + 16];
    snprintf(program, sizeof(program), "%s/sandbank", bank->stand->programs);
    const int log = open(log_of(bank, line), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (log < 0 || dup2(log, STDERR_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0) _exit(126);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) _exit(126); /* a test that fails leaves no bank */
    execv(program, (char *const *)(uintptr_t)arguments);
    _exit(127);
}

static Status set_up(const SandboxBank *bank)
{
    char clients[STAND_PATH_BYTES_MAX];
    int status = 0;
    snprintf(clients, sizeof(clients), "%s", stand_path(bank->stand, "run/hufud/ca.pem"));
    const char *folder = stand_path(bank->stand, "sandbank");
    const char *const arguments[] = { "sandbank", "--setup", folder, clients, NULL };
    CHECK(mkdir(folder, 0700) == 0, FAULT_DISK);
    const pid_t pid = fork();
    CHECK(pid >= 0, FAULT_SYSTEM);
    if (pid == 0) run(bank, 0, arguments);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) { }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, FAULT_SYSTEM);
    return OK;
}

/* The port that its log names once it serves; 0: not yet. */
static uint16_t port_said(const SandboxBank *bank, int line)
{
    static const char before[] = "\"port\":";
    uint8_t bytes[LOG_BYTES_MAX];
    Buffer text = { bytes, 0, sizeof(bytes) - 1 };
    if (!status_ok(file_read(log_of(bank, line), &text))) return 0;
    bytes[text.size] = 0;
    const char *found = strstr((const char *)bytes, before);
    return found == NULL ? 0 : (uint16_t)strtoul(found + sizeof(before) - 1, NULL, 10);
}

Status sandbox_bank_start(SandboxBank *bank, int line)
{
    char port[16];
    snprintf(port, sizeof(port), "%u", bank->ports[line]);
    const char *const arguments[] = { "sandbank", stand_path(bank->stand, "sandbank"), port, NULL };
    const pid_t pid = fork();
    CHECK(pid >= 0, FAULT_SYSTEM);
    if (pid == 0) run(bank, line, arguments);
    bank->pids[line] = pid;
    for (int waited = 0; waited < STAND_READY_MS_MAX; waited += POLL_MS) {
        const uint16_t said = port_said(bank, line);
        if (said != 0) bank->ports[line] = said;
        if (said != 0) return OK;
        pause_ms(POLL_MS);
    }
    return REFUSE(REFUSED_IPC_TIMEOUT);
}

void sandbox_bank_stop(SandboxBank *bank, int line, int signal)
{
    if (bank->pids[line] == 0) return;
    kill(bank->pids[line], signal);
    while (waitpid(bank->pids[line], NULL, 0) < 0 && errno == EINTR) { }
    bank->pids[line] = 0;
}

void sandbox_bank_close(SandboxBank *bank)
{
    for (int line = 0; line < SANDBOX_LINES; line++)
        sandbox_bank_stop(bank, line, SIGTERM);
}

static Status write_settings(const SandboxBank *bank, const char *more)
{
    static uint8_t bytes[SETTINGS_BYTES_MAX];
    const char *settings = stand_path(bank->stand, "hufud.yaml");
    Buffer text = BUFFER_OF(bytes);
    TRY(file_read(settings, &text));
    TRY(buffer_print(&text,
            "bank: {kind: sandbox, lines: ['127.0.0.1:%u', '127.0.0.1:%u'], name: localhost,"
            " ca: '%s', %s}\n",
            bank->ports[0], bank->ports[1], stand_path(bank->stand, "sandbank/bank-ca.pem"), more));
    return file_write(settings, 0644, span_of_buffer(&text));
}

Status sandbox_bank_open(Stand *stand, const char *more, SandboxBank *ret_bank)
{
    *ret_bank = (SandboxBank) { .stand = stand };
    TRY(set_up(ret_bank));
    for (int line = 0; line < SANDBOX_LINES; line++)
        TRY(sandbox_bank_start(ret_bank, line));
    TRY(write_settings(ret_bank, more));
    stand_stop(stand, STAND_HUFUD, SIGTERM, NULL);
    return stand_start(stand, STAND_HUFUD);
}

int64_t sandbox_bank_number(const SandboxBank *bank, const char *sql)
{
    return stand_number_in(bank->stand, "sandbank/book.db", sql);
}

void sandbox_bank_tamper(const SandboxBank *bank, const char *sql)
{
    sqlite3 *book = NULL;
    ASSERT(sqlite3_open(stand_path(bank->stand, "sandbank/book.db"), &book) == SQLITE_OK);
    ASSERT(sqlite3_busy_timeout(book, 10000) == SQLITE_OK);
    ASSERT(sqlite3_exec(book, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(book);
}
