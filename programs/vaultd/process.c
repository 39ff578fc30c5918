#define _GNU_SOURCE
#include "process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static Service *running; /* the one global: a signal handler has no context */

Status process_harden(void)
{
    const struct rlimit none = { 0, 0 };
    umask(077);
    CHECK(setrlimit(RLIMIT_CORE, &none) == 0, FAULT_SYSTEM);
    CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, FAULT_SYSTEM);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, FAULT_SYSTEM);
    CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR, FAULT_SYSTEM);
    return OK;
}

static void on_signal(int number)
{
    (void)number;
    service_stop(running);
}

void process_stop(void *context)
{
    (void)context;
    service_stop(running);
}

Status process_catch_signals(Service *service)
{
    running = service;
    struct sigaction action = { .sa_handler = on_signal };
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGTERM, &action, NULL) == 0, FAULT_SYSTEM);
    CHECK(sigaction(SIGINT, &action, NULL) == 0, FAULT_SYSTEM);
    return OK;
}

Status process_forget_service(void)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGTERM, &action, NULL) == 0, FAULT_SYSTEM);
    CHECK(sigaction(SIGINT, &action, NULL) == 0, FAULT_SYSTEM);
    running = NULL;
    return OK;
}
