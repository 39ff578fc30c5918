#include "admin_client.h"
#include "command.h"
#include "enrol.h"
#include "hidden.h"

#include "base/secret.h"

#include <unistd.h>

int command_payer_add(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *id = NULL;
    int64_t balance = 0;
    const Option options[] = {
        { "--id", OPTION_TEXT, "ID", "digits, letters, `_` and `-` (required)", &id, 0, 0 },
        { "--balance", OPTION_NUMBER, "FEN", "opening balance, funded by double entry [0]",
                &balance, 0, INT64_MAX },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu payer add",
        "Open an account for a payer. The payment PIN (six digits) is asked for, or read from "
        "standard\n"
        "input; it leaves this program only in a sealed box that the vault alone can open.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (id == NULL) {
        fprintf(stderr, "hufu payer add: --id is required\nSee `hufu payer add --help`.\n");
        return EXIT_USAGE;
    }
    char pin[32];
    uint8_t answer_bytes[4096];
    Buffer answer = BUFFER_OF(answer_bytes);
    if (!hidden_line(STDIN_FILENO, "PIN: ", pin, sizeof(pin))) {
        fprintf(stderr, "hufu payer add: no PIN was given\n");
        return EXIT_USAGE;
    }
    const Status s = enrol_payer(directory, id, pin, balance, &answer);
    bytes_wipe(pin, sizeof(pin));
    if (!status_ok(s)) return command_failed("payer add", s);
    json_show(span_of_buffer(&answer));
    return EXIT_DONE;
}
