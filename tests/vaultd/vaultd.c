#define _GNU_SOURCE
#include "vaultd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static Status ask_vaultd(
        House *h, int listener, uint8_t operation, Span request, Buffer *ret_answer)
{
    const Vaultd *v = h->peer;
    Channel *channel = listener == VAULT_LISTENER_OPERATOR ? v->operator_channel : v->channel;
    return channel_call(channel, operation, request, ret_answer);
}

/* <build>/programs/vaultd: this program stands in <build>/bench. */
static void exec_vaultd(const Vaultd *v, const char *suite, const char *field_suite)
{
    char self[400];
    char program[512];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n <= 0) _exit(127);
    self[n] = 0;
    for (int up = 0; up < 2; up++)
        *strrchr(self, '/') = 0;
    snprintf(program, sizeof(program), "%s/programs/vaultd", self);
    const int quiet = open("/dev/null", O_WRONLY);
    dup2(quiet, 2);
    execl(program, program, "--directory", v->directory, "--socket", v->socket, "--operator-socket",
            v->operator_socket, "--development", "--suite", suite,
            field_suite != NULL ? "--field-suite" : (char *)NULL, field_suite, (char *)NULL);
    _exit(127);
}

static Channel *connect_to(const char *path)
{
    Channel *channel = NULL;
    for (int i = 0; i < 2000 && channel == NULL; i++) {
        if (!status_ok(channel_connect(path, 20000, &channel))) poll(NULL, 0, 10);
    }
    ASSERT(channel != NULL);
    return channel;
}

static void start(Vaultd *v, House *h, const char *suite, const char *field_suite)
{
    fflush(stdout);
    v->pid = fork();
    if (v->pid == 0) exec_vaultd(v, suite, field_suite);
    v->channel = connect_to(v->socket);
    v->operator_channel = connect_to(v->operator_socket);
    h->now_us = clock_now_us(&(Clock) { .now_us = clock_system().now_us });
    ASSERT(status_ok(house_scan(h)));
}

static void stop(Vaultd *v, int number)
{
    kill(v->pid, number);
    waitpid(v->pid, NULL, 0);
    channel_close(v->channel);
    channel_close(v->operator_channel);
    v->channel = NULL;
    v->operator_channel = NULL;
}

House *vaultd_open(Vaultd *v, const char *suite, const char *field_suite)
{
    *v = (Vaultd) { .directory = "/tmp/hufu-bench-XXXXXX" };
    ASSERT(mkdtemp(v->directory) != NULL);
    snprintf(v->socket, sizeof(v->socket), "%s/hufud", v->directory);
    snprintf(v->operator_socket, sizeof(v->operator_socket), "%s/operator", v->directory);
    House *h = calloc(1, sizeof(*h));
    ASSERT(h != NULL);
    h->ask = ask_vaultd;
    h->peer = v;
    start(v, h, suite, field_suite);
    return h;
}

void vaultd_restart(Vaultd *v, House *h, const char *suite, const char *field_suite)
{
    stop(v, SIGTERM);
    start(v, h, suite, field_suite);
}

void vaultd_kill(Vaultd *v, House *h, const char *suite)
{
    stop(v, SIGKILL);
    start(v, h, suite, NULL);
}

void vaultd_close(Vaultd *v, House *h)
{
    static const char *const names[] = { "keys.a", "keys.b", "journal.a", "journal.b", "attached.a",
        "attached.b", "root.key", "hufud", "operator" };
    stop(v, SIGTERM);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", v->directory, names[i]);
        unlink(path);
    }
    rmdir(v->directory);
    free(h);
}

double vaultd_rss_mb(const Vaultd *v)
{
    char path[64];
    char line[256];
    double kb = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)v->pid);
    FILE *file = fopen(path, "r");
    ASSERT(file != NULL);
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0) kb = strtod(line + 6, NULL);
    fclose(file);
    return kb / 1024;
}
