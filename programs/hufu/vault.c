#include "admin_client.h"
#include "command.h"
#include "terminal.h"

#include "vaultclient/fields.h"

typedef Status (*Walk)(const Fields *fields, FieldsProgress *ret_progress);

typedef struct Open {
    Fields fields;
} Open;

static void open_done(Open *open)
{
    domain_close(open->fields.domain);
    vaultclient_close(open->fields.vault);
}

/* hufud's own door to vaultd and its own file: run as hufud's user, beside it or without it. */
static Status open_all(const char *directory, Open *ret_open)
{
    char socket[PATH_BYTES_MAX];
    char store[PATH_BYTES_MAX];
    const VaultClientConfig config = { .socket_path = path_in(socket, directory, PATH_VAULT_SOCKET),
        .channels = 1 };
    TRY(vaultclient_open(&config, &ret_open->fields.vault));
    return domain_open(path_in(store, directory, PATH_DOMAIN), NULL, &ret_open->fields.domain);
}

static Status walk_all(const Open *open, const char *label, Walk walk)
{
    FieldsProgress page;
    uint64_t moved = 0;
    uint64_t refused = 0;
    TRY(walk(&open->fields, &page));
    Progress progress = progress_begin(label, page.total);
    for (;;) {
        moved += page.moved;
        refused += page.refused;
        progress.total = page.total;
        progress_show(&progress, page.done);
        if (page.finished) break;
        TRY(walk(&open->fields, &page));
    }
    progress_end(&progress, page.done);
    char moved_text[28];
    char refused_text[28];
    printf("  %s moved, %s left as they are\n", number_text((int64_t)moved, moved_text),
            number_text((int64_t)refused, refused_text));
    return OK;
}

static int run(const Usage *usage, const char *label, Walk walk, const char **directory, int argc,
        char **argv)
{
    int exit_status = EXIT_DONE;
    if (!options_read(usage, argc, argv, &exit_status)) return exit_status;
    CLEANUP(open_done) Open open = { { NULL, NULL } };
    Status s = open_all(*directory, &open);
    if (status_ok(s)) s = walk_all(&open, label, walk);
    return status_ok(s) ? EXIT_DONE : command_failed(usage->name, s);
}

int command_vault_rewrap(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = {
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu vault rewrap",
        "Move every sealed field, and its blind index, to the current keys: after a key was "
        "rotated\n"
        "and before its old version is destroyed. May be stopped, or killed, and run again: it "
        "goes\n"
        "on where it was. Run it as hufud's user; hufud may run meanwhile.",
        options, 1 };
    return run(&usage, "fields", fields_rewrap, &directory, argc, argv);
}

int command_vault_turn(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = {
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu vault turn",
        "Wrap every living subject's key under this month's key, and delete those of destroyed\n"
        "subjects. Afterwards `hufu key destroy` the old version of `shred`: from then on backups "
        "of\n"
        "before are blind for what was destroyed. May be stopped and run again.",
        options, 1 };
    return run(&usage, "subjects", fields_turn, &directory, argc, argv);
}
