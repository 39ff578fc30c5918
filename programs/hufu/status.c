#include "admin_client.h"
#include "command.h"
#include "machine.h"

/* What needs nothing but a word to hufud: status, stop, the end of a day. `after` (may be NULL)
 * adds what hufud does not say. */
static int plain(const char *const texts[2], const char *operation, int argc, char **argv,
        void (*after)(const char *directory))
{
    const char *directory = directory_default();
    const Option options[] = {
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { texts[0], texts[1], options, 1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    exit_status = admin_show_plain(directory, operation);
    if (exit_status == EXIT_DONE && after != NULL) after(directory);
    return exit_status;
}

static void say_console(const char *directory)
{
    uint16_t port = 0;
    if (status_ok(machine_console_port(directory, &port)))
        printf("console port  %u\n", (unsigned)port);
}

int command_status(int argc, char **argv)
{
    static const char *const texts[] = { "hufu status",
        "Show what runs, who holds the keys (custody), how far the audit log has come, and how "
        "many\n"
        "rows are frozen." };
    return plain(texts, "status", argc, argv, say_console);
}

int command_stop(int argc, char **argv)
{
    static const char *const texts[] = { "hufu stop",
        "Stop a running `hufu up` in order; nothing acknowledged is lost." };
    return plain(texts, "stop", argc, argv, NULL);
}

int command_day_end(int argc, char **argv)
{
    static const char *const texts[] = { "hufu day end",
        "Close the last finished business day: every account keeps its balance of that day, "
        "and the\n"
        "totals are checked." };
    return plain(texts, "day.end", argc, argv, NULL);
}
