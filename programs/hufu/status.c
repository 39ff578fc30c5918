#include "admin_client.h"
#include "command.h"

/* What needs nothing but a word to hufud: status, stop, the end of a day. */
static int plain(const char *name, const char *about, const char *operation, int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = {
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { name, about, options, 1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return admin_show_plain(directory, operation);
}

int command_status(int argc, char **argv)
{
    return plain("hufu status",
            "Show what runs, who holds the keys (custody), how far the audit log has come, and how "
            "many\n"
            "rows are frozen.",
            "status", argc, argv);
}

int command_stop(int argc, char **argv)
{
    return plain("hufu stop", "Stop a running `hufu up` in order; nothing acknowledged is lost.",
            "stop", argc, argv);
}

int command_day_end(int argc, char **argv)
{
    return plain("hufu day end",
            "Close the last finished business day: every account keeps its balance of that day, "
            "and the\n"
            "totals are checked.",
            "day.end", argc, argv);
}
