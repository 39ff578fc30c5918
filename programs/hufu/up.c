#include "auditor_run.h"
#include "first_people.h"
#include "institution.h"
#include "machine.h"
#include "unseal_client.h"
#include "up_summary.h"

#include "crypto/tls.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct Up {
    /* asked */
    LayoutSources sources;
    const char *address;
    const char *suite; /* NULL: as the vault has it */
    LayoutPorts ports;
    int64_t workers;
    CustodyAsked asked;
    bool fresh;
    bool no_traffic;
    /* found and made */
    Layout layout;
    Users users;
    VaultCustody custody;
    Machine machine;
    struct ssl_ctx_st *tls;
    uint16_t bound_port;
} Up;

enum { WATCH_MS = 1000 };

/* Ctrl-C may come at any step: the handler only says so. */
static int stop_fd = -1;
static _Atomic bool stop_asked;

static void on_signal(int number)
{
    (void)number;
    const int kept = errno;
    const uint64_t one = 1;
    stop_asked = true;
    replay_interrupt();
    const ssize_t n = write(stop_fd, &one, sizeof(one));
    (void)n;
    errno = kept;
}

MUST_USE static Status catch_signals(void)
{
    stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(stop_fd >= 0, FAULT_SYSTEM);
    const struct sigaction stop = { .sa_handler = on_signal };
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    CHECK(sigaction(SIGINT, &stop, NULL) == 0, FAULT_SYSTEM);
    CHECK(sigaction(SIGTERM, &stop, NULL) == 0, FAULT_SYSTEM);
    CHECK(sigaction(SIGHUP, &stop, NULL) == 0, FAULT_SYSTEM);
    CHECK(sigaction(SIGPIPE, &ignore, NULL) == 0, FAULT_SYSTEM);
    return OK;
}

/* The CA file stands where every client may read it. */
MUST_USE static Status publish_ca(Up *up)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[16384];
    Buffer ca = BUFFER_OF(memory);
    TRY(file_read(path_in(path, up->layout.directory, "run/hufud/ca.pem"), &ca));
    TRY(file_write(path_in(path, up->layout.directory, "ca.pem"), 0644, span_of_buffer(&ca)));
    return tls_client_context(span_of_buffer(&ca), NULL, &up->tls);
}

MUST_USE static Status start_programs(Up *up)
{
    TRY(machine_open(&up->layout, &up->users, &up->custody, up->suite, stop_fd, &up->machine));
    printf("  starting vaultd\n");
    TRY(machine_start_vaultd(&up->machine));
    TRY(institution_operators(up->layout.directory));
    printf("  starting hufud\n");
    machine_start_hufud(&up->machine);
    TRY(machine_await_hufud(&up->machine, &up->bound_port));
    return publish_ca(up);
}

/* --- steps --- */

static void say_custody(const VaultCustody *custody)
{
    if (custody->kind == CUSTODY_DEVELOPMENT)
        printf("DEVELOPMENT: the root key lies in a file (others: --custody hsm, --custody "
               "custodians)\n");
    else
        printf("  custody of the root key: %s\n", vault_custody_word(custody->kind));
    if (custody->is_soft)
        printf("DEVELOPMENT: the token is software, its PIN a file (a real one: --module, --token, "
               "--pin-file)\n");
}

MUST_USE static Status prepare(Up *up)
{
    TRY(layout_open(&up->sources, &up->layout));
    if (up->fresh) {
        printf("  forgetting everything in %s\n", up->layout.directory);
        TRY(layout_empty(&up->layout));
    }
    TRY(users_prepare(up->layout.directory, up->layout.programs, &up->users));
    TRY(users_folders(&up->users, up->layout.directory));
    TRY(vault_custody_choose(&up->layout, &up->asked, &up->custody));
    if (up->users.separate)
        printf("  each program has a user of its own: hufu-web, hufu-vault, hufu-audit\n");
    if (!up->users.separate) printf("DEVELOPMENT: no separation (%s)\n", up->users.reason);
    say_custody(&up->custody);
    TRY(vault_custody_make(&up->layout, &up->users, up->suite, &up->asked, &up->custody));
    return layout_settings(&up->layout, &up->users, up->address, &up->ports);
}

MUST_USE static Status demonstrate(Up *up, ReplayResult *ret_result, bool *ret_played)
{
    *ret_played = false;
    TRY(first_people_name(up->layout.directory));
    TRY(institution_enrol(up->layout.directory));
    if (up->no_traffic || stop_asked) return OK;
    return institution_day(up->layout.directory, up->address, up->bound_port, up->tls,
            (unsigned)up->workers, ret_result, ret_played);
}

static int serve(const Up *up)
{
    unsigned restarts = machine_vaultd_restarts(&up->machine);
    while (!machine_ended(&up->machine, WATCH_MS)) {
        const unsigned now = machine_vaultd_restarts(&up->machine);
        if (now != restarts && up->custody.kind == CUSTODY_CUSTODIANS)
            IGNORE(unseal_await(&up->machine), "asked to stop, or given up: what ends the loop");
        restarts = now;
    }
    const char *ended = supervisor_given_up(up->machine.supervisor);
    if (ended == NULL || supervisor_ended_well(up->machine.supervisor)) return EXIT_DONE;
    fprintf(stderr,
            "hufu: %s died %d times within %d s and is given up; the last line of its log:\n",
            ended, SUPERVISE_RESTARTS_MAX + 1, SUPERVISE_WINDOW_S);
    machine_last_log(&up->machine, ended);
    return EXIT_FAILED;
}

static int failed(const Up *up, const char *step, Status s)
{
    if (stop_asked) return EXIT_DONE;
    command_failed(step, s);
    const char *ended =
            up->machine.supervisor == NULL ? NULL : supervisor_given_up(up->machine.supervisor);
    if (ended != NULL) {
        fprintf(stderr, "hufu: %s does not run; the last line of its log:\n", ended);
        machine_last_log(&up->machine, ended);
    }
    return EXIT_FAILED;
}

/* Said before anything is made: the rules are the one file that is not ours to make. */
static bool rules_are_there(const Up *up)
{
    if (access(up->sources.rules, R_OK) == 0) return true;
    fprintf(stderr,
            "hufu: %s: %s\n"
            "hufud needs this file. Start in the folder of Hufu's sources, or name the file: "
            "hufu up --rules FILE\n",
            up->sources.rules, strerror(errno));
    return false;
}

typedef Status (*PortOf)(const char *directory, uint16_t *ret_port);

static uint16_t port_or_closed(const Up *up, PortOf port_of)
{
    uint16_t port = 0;
    IGNORE(port_of(up->layout.directory, &port), "closed is no port");
    return port;
}

static int run(Up *up)
{
    if (!rules_are_there(up)) return EXIT_FAILED;
    Status s = catch_signals();
    if (status_ok(s)) s = prepare(up);
    if (status_is(s, REFUSED_STORE_BUSY)) {
        fprintf(stderr, "hufu: another `hufu up` runs in %s\n", up->layout.directory);
        return EXIT_FAILED;
    }
    if (!status_ok(s)) return failed(up, "preparing", s);
    s = start_programs(up);
    if (!status_ok(s)) return failed(up, "starting", s);
    ReplayResult result = { 0 };
    bool played = false;
    s = demonstrate(up, &result, &played);
    if (!status_ok(s)) return failed(up, "demonstration", s);
    if (stop_asked) return EXIT_DONE;
    const UpSummary summary = { .layout = &up->layout,
        .users = &up->users,
        .address = up->address,
        .port = up->bound_port,
        .service_port = port_or_closed(up, machine_service_port),
        .console_port = port_or_closed(up, machine_console_port),
        .metrics_port = port_or_closed(up, machine_metrics_port),
        .first_day = played ? &result : NULL };
    up_summary(&summary);
    return serve(up);
}

int command_up(int argc, char **argv)
{
    Up up = { .sources = { directory_default(), "rules/strategy.yaml", "web/dist",
                      "web/fields/dist" },
        .address = "127.0.0.1",
        .ports = { 8443, 8444, 8445, 8446 },
        .workers = 8,
        .layout = { .lock_fd = -1 } };
    const Option options[] = {
        { "--fresh", OPTION_FLAG, NULL, "start over: forget everything in the directory", &up.fresh,
                0, 0 },
        { "--port", OPTION_NUMBER, "N", "of the payment API; 0: any free one [8443]",
                &up.ports.payments, 0, 65535 },
        { "--service-port", OPTION_NUMBER, "N",
                "of the vault's service for other systems; 0: any free one, -1: closed [8444]",
                &up.ports.service, -1, 65535 },
        { "--console-port", OPTION_NUMBER, "N",
                "of the console for the house's people; 0: any free one, -1: closed [8445]",
                &up.ports.console, -1, 65535 },
        { "--metrics-port", OPTION_NUMBER, "N", "of /metrics; 0: any free one, -1: closed [8446]",
                &up.ports.metrics, -1, 65535 },
        { "--address", OPTION_TEXT, "ADDRESS", "to listen on [127.0.0.1]", &up.address, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "where everything is kept [var]",
                &up.sources.directory, 0, 0 },
        { "--rules", OPTION_TEXT, "FILE", "[rules/strategy.yaml]", &up.sources.rules, 0, 0 },
        { "--console-files", OPTION_TEXT, "DIR", "the console's page, made by web/build [web/dist]",
                &up.sources.console_files, 0, 0 },
        { "--field-files", OPTION_TEXT, "DIR",
                "the cashier page, made by web/build [web/fields/dist]", &up.sources.field_files, 0,
                0 },
        { "--suite", OPTION_TEXT, "NAME",
                "of a fresh vault: intl, or sm for Chinese algorithms [intl]", &up.suite, 0, 0 },
        { "--custody", OPTION_TEXT, "NAME",
                "of a new root key: development, hsm or custodians [development]", &up.asked.name,
                0, 0 },
        { "--module", OPTION_TEXT, "PATH", "hsm: its PKCS#11 library [SoftHSM 2]", &up.asked.module,
                0, 0 },
        { "--token", OPTION_TEXT, "LABEL", "hsm: its token", &up.asked.token, 0, 0 },
        { "--pin-file", OPTION_TEXT, "FILE", "hsm: the PIN; mode 0600, of vaultd's user",
                &up.asked.pin_file, 0, 0 },
        { "--needed", OPTION_NUMBER, "K", "custodians, first start: how many open the vault",
                &up.asked.needed, 2, 16 },
        { "--share", OPTION_LIST, "FILE",
                "custodians, first start: a new file for one share; - shows it here, once",
                &up.asked.shares, 0, 0 },
        { "--who", OPTION_LIST, "NAME", "takes part in the ceremony, for its record [you]",
                &up.asked.who, 0, 0 },
        { "--no-traffic", OPTION_FLAG, NULL, "do not play the demonstration's first day",
                &up.no_traffic, 0, 0 },
        { "--workers", OPTION_NUMBER, "N", "payments at once in that day [8]", &up.workers, 1,
                REPLAY_WORKERS_MAX },
    };
    const Usage usage = { "hufu up",
        "Start vaultd and hufud on this machine and keep them running until Ctrl-C. The first "
        "start sets\n"
        "up a demonstration institution (two merchants, a hundred payers) and plays a day of its "
        "payments\n"
        "through the public API; later starts go on with the same data.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!custody_asked_is_complete(&up.asked)) return EXIT_USAGE;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    printf("Hufu\n");
    exit_status = run(&up);
    if (up.machine.supervisor != NULL) printf("\nstopping\n");
    machine_close(&up.machine);
    tls_context_free(&up.tls);
    layout_close(&up.layout);
    return exit_status;
}
