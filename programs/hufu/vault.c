#include "admin_client.h"
#include "command.h"
#include "terminal.h"
#include "together.h"
#include "users.h"

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

/* hufud's own door to vaultd and its own file, beside hufud or without it. Root becomes hufud's
 * user for that: else the door is shut, and the file's WAL would be root's. */
static Status open_all(const char *directory, Open *ret_open)
{
    char socket[PATH_BYTES_MAX];
    char store[PATH_BYTES_MAX];
    const VaultClientConfig config = { .socket_path = path_in(socket, directory, PATH_VAULT_SOCKET),
        .channels = 1 };
    Users users;
    TRY(users_find(directory, &users));
    TRY(users_become_web(&users));
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
        "on where it was. Run it as root, or as hufud's user; hufud may run meanwhile.",
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
        "before are blind for what was destroyed. May be stopped and run again. Run it as root, or "
        "as\n"
        "hufud's user.",
        options, 1 };
    return run(&usage, "subjects", fields_turn, &directory, argc, argv);
}

/* --- planted cards --- */

typedef struct Honey {
    const char *directory;
    const char *tenant;
    OptionList subjects;
    int64_t count;
} Honey;

/* vaultd believes who connected: this asks once as the operator that we are still. */
static Status open_people(const char *directory, VaultClient **ret_people)
{
    uint8_t bytes[4096];
    Buffer memory = BUFFER_OF(bytes);
    WireStatus status;
    TRY(together_vault(directory, ret_people));
    return vaultclient_status(*ret_people, &memory, &status);
}

static Status plant(const Honey *h, FieldsMade *ret_made)
{
    Span subjects[FIELDS_ITEMS_MAX];
    CLEANUP(open_done) Open open = { { NULL, NULL } };
    CLEANUP(together_vault_done) VaultClient *people = NULL;
    for (size_t i = 0; i < h->subjects.count; i++)
        subjects[i] = span_of_text(h->subjects.values[i]);
    TRY(open_people(h->directory, &people));
    TRY(open_all(h->directory, &open));
    return fields_plant_honey(&open.fields, people, span_of_text(h->tenant), subjects,
            h->subjects.count, (size_t)h->count, ret_made);
}

int command_vault_plant_honey(int argc, char **argv)
{
    Honey h = { .directory = directory_default(), .count = 1 };
    FieldsMade made[FIELDS_ITEMS_MAX];
    const Option options[] = {
        { "--tenant", OPTION_TEXT, "NAME", "whose cards they stand among (required)", &h.tenant, 0,
                0 },
        { "--subject", OPTION_LIST, "NAME",
                "whose card it seems; once or more, like the living ones (required)", &h.subjects,
                0, 0 },
        { "--count", OPTION_NUMBER, "N", "how many [1]", &h.count, 1, FIELDS_ITEMS_MAX },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &h.directory, 0, 0 },
    };
    const Usage usage = { "hufu vault plant-honey",
        "Plant cards that nobody owns among a tenant's. They look like any other; whoever reveals "
        "or\n"
        "looks one up gets an ordinary answer, and people an alert and a draft of an incident.\n"
        "Prints their tokens: keep them where no system reads. Run it as root, who asks as the "
        "operator\n"
        "and keeps them as hufud's user.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (h.tenant == NULL || h.subjects.count == 0) {
        fprintf(stderr,
                "hufu vault plant-honey: --tenant and --subject are needed\n"
                "See `hufu vault plant-honey --help`.\n");
        return EXIT_USAGE;
    }
    const Status s = plant(&h, made);
    if (!status_ok(s)) return command_failed("vault plant-honey", s);
    for (size_t i = 0; i < (size_t)h.count; i++)
        printf("%s  %s  %s\n", made[i].row_key, made[i].mask,
                h.subjects.values[i % h.subjects.count]);
    return EXIT_DONE;
}
