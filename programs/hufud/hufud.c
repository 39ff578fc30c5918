/*
 * hufud: HTTP, business rules, ledger; the database account. It has no private key but its own TLS
 * leaf, and never sees a card number, password or code in clear.
 *
 * The whole life of the program stands in main(): open the house (house_opening.c), serve until
 * told to stop, close it.
 */
#include "house_opening.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "base/log.h"
#include "policy/detect.h"
#include "policy/log_door.h"
#include "scan/scan.h"
#include "store/replace.h"

enum { WATCH_MS = 200 };

/* No core file, no ptrace by our own user: the TLS key is in this memory. */
static void harden(void)
{
    const struct rlimit none = { 0, 0 };
    ASSERT(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
    ASSERT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    ASSERT(setrlimit(RLIMIT_CORE, &none) == 0);
}

/* As many descriptors as we may have: each connection is one (hufud.yaml: connections). */
static void raise_descriptors(void)
{
    struct rlimit limit = { 0 };
    ASSERT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    ASSERT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* A name server that is silent holds a thread for 2 s each, not 10 (receivers of notifications). */
static void bound_resolver(void) { ASSERT(setenv("RES_OPTIONS", "timeout:2 attempts:1", 0) == 0); }

/* Every thread inherits this mask, so that signals are taken only here. */
static sigset_t block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    ASSERT(sigprocmask(SIG_BLOCK, &signals, NULL) == 0);
    return signals;
}

/* Until SIGTERM, SIGINT, a stop over the admin socket (OK), a batch whose outcome is unknown
 * (FAULT_STORE_UNCERTAIN), or somebody who wants to replace the database (REFUSED_STORE_STOPPED):
 * whoever watches us starts us again. Not so when another hufud serves (REFUSED_EPOCH_FENCED). */
static Status serve(const Opening *opening, const sigset_t *signals)
{
    for (;;) {
        const struct timespec wait = { 0, WATCH_MS * 1000000L };
        const int got = sigtimedwait(signals, NULL, &wait);
        if (got > 0) {
            LOG(LOG_INFO, "hufud.signal", LOG_NUMBER(SIGNAL, got));
            return OK;
        }
        if (admin_stop_asked(opening->admin)) return OK;
        if (batcher_failed(opening->house.batcher)) return BROKEN(FAULT_STORE_UNCERTAIN);
        if (vaultclient_guard_lost(opening->guard)) return REFUSE(REFUSED_EPOCH_FENCED);
        if (store_gate_is_closed(opening->config.database)) return REFUSE(REFUSED_STORE_STOPPED);
    }
}

static int usage(void)
{
    fputs("hufud --config FILE [--development]\n\nThe payment API. Started by `hufu up` or "
          "systemd; settings: "
          "deploy/hufud.yaml.\n",
            stderr);
    return 2;
}

int main(int argc, char **argv)
{
    log_open("hufud", LOG_INFO, 2);
    /* The scanner guards the log; where it cannot run, its detector alone does, more slowly. */
    log_guard(status_ok(scan_guard_open()) ? scan_guard : detect_guard);
    log_door_open();
    const bool development = argc == 4 && strcmp(argv[3], "--development") == 0;
    if ((argc != 3 && !development) || strcmp(argv[1], "--config") != 0) return usage();
    harden();
    raise_descriptors();
    bound_resolver();
    const sigset_t signals = block_signals();

    Config config = { 0 };
    YamlProblem problem = { 0 };
    const Status loaded = config_load(argv[2], &config, &problem);
    if (!status_ok(loaded)) {
        LOG_STATUS(LOG_ERROR, "hufud.config", loaded, LOG_TEXT(PATH, problem.key),
                LOG_NUMBER(COUNT, problem.line));
        return EXIT_FAILURE;
    }

    const char *key = "";
    const Status channels = config_channels(&config, development, &key);
    if (!status_ok(channels)) {
        LOG_STATUS(LOG_ERROR, "hufud.channel", channels, LOG_TEXT(PATH, key));
        return EXIT_FAILURE;
    }
    static Opening opening;
    const Status opened = opening_open(&config, development, &signals, &opening);
    if (!status_ok(opened)) {
        LOG_STATUS(LOG_ERROR, "hufud.not_started", opened);
        opening_close(&opening);
        return EXIT_FAILURE;
    }
    const Status s = serve(&opening, &signals);
    opening_close(&opening);
    if (status_is(s, REFUSED_STORE_STOPPED))
        LOG(LOG_ALERT, "hufud.makes_way_for_restore", LOG_TEXT(PROGRAM, "hufud"));
    if (status_broken(s)) LOG_STATUS(LOG_ALERT, "hufud.commit_uncertain", s);
    if (status_is(s, REFUSED_EPOCH_FENCED)) LOG_STATUS(LOG_ALERT, "hufud.lease_lost", s);
    LOG(LOG_INFO, "hufud.stopped", LOG_TEXT(PROGRAM, "hufud"));
    if (status_is(s, REFUSED_EPOCH_FENCED)) return GUARD_LOST_EXIT;
    return status_ok(s) ? EXIT_SUCCESS : EXIT_FAILURE;
}
