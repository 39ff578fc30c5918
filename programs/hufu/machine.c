#include "machine.h"

#include "terminal.h"
#include "unseal_client.h"

#include "base/money.h"
#include "vaultclient/guard.h"

#include <poll.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, PAUSE_FIRST_MS = 5, PAUSE_MS_MAX = 250, LOG_TAIL_BYTES = 2048 };

static const char *number_in(Machine *m, size_t place, int64_t number)
{
    snprintf(m->numbers[place], sizeof(m->numbers[place]), "%lld", (long long)number);
    return m->numbers[place];
}

static void add(Program *p, const char *name, const char *value)
{
    size_t count = 0;
    while (p->arguments[count] != NULL)
        count++;
    ASSERT(count + 2 <= SUPERVISE_ARGUMENTS_MAX);
    p->arguments[count] = name;
    p->arguments[count + 1] = value;
}

static void add_custody(Machine *m, Program *p)
{
    switch (m->custody->kind) {
    case CUSTODY_DEVELOPMENT: add(p, "--development", NULL); return;
    case CUSTODY_CUSTODIANS: add(p, "--custody", "custodians"); return;
    case CUSTODY_UNATTENDED:
        add(p, "--custody", "unattended");
        add(p, "--hsm-module", m->custody->module);
        add(p, "--hsm-token", m->custody->token);
        add(p, "--hsm-pin-file", m->custody->pin_file);
        return;
    }
}

static void describe_vaultd(Machine *m, const char *suite)
{
    const char *d = m->layout->directory;
    const Users *u = m->users;
    const bool kept = m->custody->kind == CUSTODY_CUSTODIANS;
    const char *vaultd = path_in(m->paths[0], m->layout->programs, "vaultd");
    Program *p = &m->programs[MACHINE_VAULTD];
    *p = (Program) {
        .name = kept ? "keeper" : "vaultd",
        .arguments = { kept ? path_in(m->paths[8], m->layout->programs, "keeper") : vaultd,
                kept ? vaultd : NULL },
        .log_path = path_in(m->paths[4], d, "log/vaultd.log"),
        .uid = u->vault,
        .gid = u->vault_group,
        .group = u->sockets,
        .change_user = u->separate,
    };
    add(p, "--directory", path_in(m->paths[1], d, "vault"));
    add(p, "--socket", path_in(m->paths[2], d, PATH_VAULT_SOCKET));
    add(p, "--operator-socket", path_in(m->paths[3], d, PATH_OPERATOR_SOCKET));
    add(p, "--hufud-uid", number_in(m, 0, u->web));
    add(p, "--operator-uid", number_in(m, 1, getuid()));
    add(p, "--group", number_in(m, 2, u->sockets));
    add(p, "--san", "localhost");
    add_custody(m, p);
    if (suite != NULL) add(p, "--suite", suite);
}

static void describe_hufud(Machine *m)
{
    const char *d = m->layout->directory;
    const Users *u = m->users;
    m->programs[MACHINE_HUFUD] = (Program) {
        .name = "hufud",
        .arguments = { path_in(m->paths[5], m->layout->programs, "hufud"), "--config",
                path_in(m->paths[6], d, "hufud.yaml"), "--development" },
        .log_path = path_in(m->paths[7], d, "log/hufud.log"),
        .replaced_exit = GUARD_LOST_EXIT,
        .uid = u->web,
        .gid = u->web_group,
        .group = u->sockets,
        .change_user = u->separate,
    };
}

Status machine_open(const Layout *layout, const Users *users, const VaultCustody *custody,
        const char *suite, int stop_fd, Machine *m)
{
    *m = (Machine) { .layout = layout, .users = users, .custody = custody, .stop_fd = stop_fd };
    describe_vaultd(m, suite);
    describe_hufud(m);
    char path[PATH_BYTES_MAX];
    unlink(path_in(path, layout->directory, PATH_READY)); /* of an earlier run that was killed */
    return supervisor_open(m->programs, MACHINE_PROGRAMS, &m->supervisor);
}

void machine_close(Machine *m) { supervisor_stop(&m->supervisor); }

bool machine_ended(const Machine *m, int timeout_ms)
{
    struct pollfd fds[] = { { m->stop_fd, POLLIN, 0 },
        { supervisor_event_fd(m->supervisor), POLLIN, 0 } };
    return poll(fds, 2, timeout_ms) > 0;
}

static const char *log_of(const Machine *m, const char *name)
{
    for (size_t i = 0; i < MACHINE_PROGRAMS; i++) {
        if (strcmp(m->programs[i].name, name) == 0) return m->programs[i].log_path;
    }
    return "";
}

void machine_last_log(const Machine *m, const char *name)
{
    const char *path = log_of(m, name);
    char tail[LOG_TAIL_BYTES + 1];
    FILE *log = fopen(path, "r");
    if (log == NULL) return;
    if (fseek(log, -LOG_TAIL_BYTES, SEEK_END) != 0) rewind(log);
    size_t size = fread(tail, 1, LOG_TAIL_BYTES, log);
    fclose(log);
    while (size > 0 && tail[size - 1] == '\n')
        size--;
    tail[size] = '\0';
    const char *line = strrchr(tail, '\n');
    fprintf(stderr, "    %s\n    (%s)\n", line == NULL ? tail : line + 1, path);
}

/* Wait, with growing pauses, until `path` is there (a socket with a listener, or a file). */
MUST_USE static Status await(const Machine *m, size_t program, const char *path, int timeout_ms)
{
    const bool is_socket = program == MACHINE_VAULTD;
    const char *name = m->programs[program].name;
    const int64_t began_us = monotonic_us();
    int pause_ms = PAUSE_FIRST_MS;
    bool told = false;
    while (is_socket ? !socket_listens(path) : access(path, R_OK) != 0) {
        const int64_t waited_ms = (monotonic_us() - began_us) / 1000;
        REQUIRE(waited_ms < timeout_ms, REFUSED_IPC_TIMEOUT);
        REQUIRE(!machine_ended(m, pause_ms), REFUSED_IPC_CLOSED);
        pause_ms = pause_ms * 2 > PAUSE_MS_MAX ? PAUSE_MS_MAX : pause_ms * 2;
        if (told || waited_ms < PATIENCE_MS) continue;
        told = true;
        printf("  %s is still starting; the last line of its log:\n", name);
        machine_last_log(m, name);
    }
    return OK;
}

Status machine_start_vaultd(Machine *m)
{
    supervisor_start(m->supervisor, MACHINE_VAULTD);
    TRY(await(m, MACHINE_VAULTD, m->paths[3], MACHINE_VAULTD_WAIT_MS));
    return m->custody->kind == CUSTODY_CUSTODIANS ? unseal_await(m) : OK;
}

unsigned machine_vaultd_restarts(const Machine *m)
{
    return supervisor_restarts(m->supervisor, MACHINE_VAULTD);
}

void machine_start_hufud(Machine *m) { supervisor_start(m->supervisor, MACHINE_HUFUD); }

/* hufud wrote lines of "address port": of the payment API, the vault's service, the console, the
 * metrics. */
static Status read_port(const char *directory, int line, uint16_t *ret_port)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[256];
    Buffer text = BUFFER_OF(memory);
    TRY(file_read(path_in(path, directory, PATH_READY), &text));
    Cursor c = cursor_of(span_of_buffer(&text));
    Span address = { 0 };
    Span number = { 0 };
    int64_t port = 0;
    for (int i = 0; i <= line; i++) {
        TRY(cursor_until(&c, ' ', &address));
        TRY(cursor_until(&c, '\n', &number));
    }
    TRY(i64_parse(number, &port));
    REQUIRE(port > 0 && port <= UINT16_MAX, REFUSED_NUMBER_INVALID);
    *ret_port = (uint16_t)port;
    return OK;
}

Status machine_port(const char *directory, uint16_t *ret_port)
{
    return read_port(directory, 0, ret_port);
}

Status machine_service_port(const char *directory, uint16_t *ret_port)
{
    return read_port(directory, 1, ret_port);
}

Status machine_console_port(const char *directory, uint16_t *ret_port)
{
    return read_port(directory, 2, ret_port);
}

Status machine_metrics_port(const char *directory, uint16_t *ret_port)
{
    return read_port(directory, 3, ret_port);
}

bool machine_serves(const Machine *m)
{
    char path[PATH_BYTES_MAX];
    return access(path_in(path, m->layout->directory, PATH_READY), R_OK) == 0;
}

Status machine_await_hufud(const Machine *m, uint16_t *ret_port)
{
    char path[PATH_BYTES_MAX];
    path_in(path, m->layout->directory, PATH_READY);
    TRY(await(m, MACHINE_HUFUD, path, MACHINE_HUFUD_WAIT_MS));
    return machine_port(m->layout->directory, ret_port);
}
