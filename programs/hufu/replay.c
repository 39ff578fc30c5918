#include "command.h"
#include "machine.h"
#include "replayer.h"
#include "terminal.h"

#include "base/time.h"
#include "crypto/tls.h"

#include <signal.h>
#include <unistd.h>

enum { PORT_DEFAULT = 8443 };

static void interrupt(int number)
{
    (void)number;
    replay_interrupt();
}

MUST_USE static Status load(const char *directory, const char *ca_path, MerchantApps *merchants,
        PayerApps *payers, struct ssl_ctx_st **ret_tls)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[16384];
    Buffer ca = BUFFER_OF(memory);
    TRY(file_read(ca_path != NULL ? ca_path : path_in(path, directory, "ca.pem"), &ca));
    TRY(tls_client_context(span_of_buffer(&ca), NULL, ret_tls));
    path_in(path, directory, "demo");
    TRY(merchant_apps_load(path, merchants));
    return payer_apps_load(path, payers);
}

static uint16_t port_of(const char *directory, int64_t given)
{
    uint16_t port = PORT_DEFAULT;
    if (given != 0) return (uint16_t)given;
    IGNORE(machine_port(directory, &port), "another machine's, or not ours to read: the usual one");
    return port;
}

int command_replay(int argc, char **argv)
{
    const char *file = NULL;
    const char *directory = directory_default();
    const char *address = "127.0.0.1";
    const char *ca = NULL;
    const char *prefix = NULL;
    int64_t port = 0;
    int64_t rate = 0;
    int64_t workers = 8;
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "CSV with the columns customer_id, terminal_id and amount",
                &file, 0, 0 },
        { "--rate", OPTION_NUMBER, "N", "payments a second [as fast as they go]", &rate, 1,
                1000000 },
        { "--workers", OPTION_NUMBER, "N", "how many pay at once [8]", &workers, 1,
                REPLAY_WORKERS_MAX },
        { "--directory", OPTION_TEXT, "DIR", "with demo/ and ca.pem [var]", &directory, 0, 0 },
        { "--address", OPTION_TEXT, "ADDRESS", "[127.0.0.1]", &address, 0, 0 },
        { "--port", OPTION_NUMBER, "N", "[where `hufu up` serves in DIR, else 8443]", &port, 1,
                65535 },
        { "--ca", OPTION_TEXT, "FILE", "whose certificates to trust [DIR/ca.pem]", &ca, 0, 0 },
        { "--prefix", OPTION_TEXT, "TEXT",
                "of the order numbers; the same again finds the stored outcomes", &prefix, 0, 0 },
    };
    const Usage usage = { "hufu replay",
        "Send the payments of a file through the public HTTPS API, as the demonstration's "
        "merchants and\n"
        "payers would: signed orders, scanned codes, PINs in sealed boxes. Every signed answer is "
        "verified.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    char drawn[REPLAY_PREFIX_BYTES_MAX + 1];
    const Clock clock = clock_system();
    snprintf(drawn, sizeof(drawn), "R%llx",
            (unsigned long long)(clock_now_us(&clock) / (TIME_SECOND_US / 10)));
    if (prefix != NULL && strlen(prefix) > REPLAY_PREFIX_BYTES_MAX)
        return command_failed("--prefix", REFUSE(REFUSED_BUFFER_FULL));

    CLEANUP(replay_rows_free) ReplayRows rows = { 0 };
    size_t line = 0;
    Status s = replay_read(file, &rows, &line);
    if (!status_ok(s)) {
        fprintf(stderr, "hufu replay: %s, line %zu\n", file, line);
        return command_failed(file, s);
    }
    static MerchantApps merchants;
    CLEANUP(payer_apps_free) PayerApps payers = { 0 };
    CLEANUP(tls_context_free) struct ssl_ctx_st *tls = NULL;
    s = load(directory, ca, &merchants, &payers, &tls);
    if (!status_ok(s)) return command_failed(directory, s);
    signal(SIGINT, interrupt);
    signal(SIGPIPE, SIG_IGN);
    char folder[PATH_BYTES_MAX];
    const ReplayConfig config = { .address = address,
        .port = port_of(directory, port),
        .tls = tls,
        .merchants = &merchants,
        .payers = &payers,
        .folder = path_in(folder, directory, "demo"),
        .workers = (unsigned)workers,
        .rate = rate,
        .prefix = prefix != NULL ? prefix : drawn,
        .label = "paying" };
    ReplayResult result = { 0 };
    s = replay_run(&config, &rows, &result);
    if (status_ok(s)) replay_print(&result);
    merchant_apps_free(&merchants);
    return status_ok(s) ? EXIT_DONE : command_failed("replay", s);
}
