/* `hufu password counts` and `sweep`, and what all of them share. */
#include "password.h"

#include "terminal.h"

#include "ipc/password_wire.h"
#include "policy/classes.h"

#include <inttypes.h>

uint16_t password_realm_class(const PasswordRealm *realm)
{
    DataClass class = CLASS_PASSWORD;
    return (uint16_t)(data_class_of(span_of_text(realm->class), &class) ? class : CLASS_PASSWORD);
}

int password_realm_check(const PasswordRealm *realm, const char *command)
{
    const bool known = strcmp(realm->class, "pin") == 0 || strcmp(realm->class, "password") == 0;
    const bool second = strcmp(realm->class, "second-factor") == 0
            && strcmp(command, "password reset") == 0; /* nothing else is done to one */
    if (realm->tenant != NULL && realm->realm != NULL && (known || second)) return EXIT_DONE;
    fprintf(stderr, "hufu %s: %s\nSee `hufu %s --help`.\n", command,
            known || second ? "--tenant and --realm are needed"
                            : "--class is password or pin, or second-factor for a reset",
            command);
    return EXIT_USAGE;
}

Status password_realm_put(const PasswordRealm *realm, Buffer *ret_text)
{
    return buffer_print(ret_text, "%s/%s", realm->tenant, realm->realm);
}

void password_request(
        JsonWriter *w, const char *operation, const PasswordRealm *realm, Span box_base64)
{
    json_open_object(w);
    json_key_text(w, "operation", span_of_text(operation));
    json_key_text(w, "class", span_of_text(realm->class));
    json_key_text(w, "tenant", span_of_text(realm->tenant));
    json_key_text(w, "realm", span_of_text(realm->realm));
    json_key_text(w, "box", box_base64);
}

/* --- counts --- */

MUST_USE static Status show_counts(const char *directory)
{
    uint8_t memory[64];
    Buffer answer = BUFFER_OF(memory);
    WirePasswordCounts counts;
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(together_vault(directory, &vault));
    TRY(vaultclient_ask(vault, VAULT_PASSWORD_COUNTS, SPAN(""), &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_password_counts(&c, &counts));
    TRY(cursor_end(&c));
    printf("modern   %" PRIu64 "\nlegacy   %" PRIu64 "\nwrapped  %" PRIu64 "\nlocked   %" PRIu64
           "\n",
            counts.modern, counts.legacy, counts.wrapped, counts.locked);
    return OK;
}

int command_password_counts(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = {
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu password counts",
        "How many passwords and PINs the vault knows, by form: modern, legacy (imported as they\n"
        "were), wrapped (a slow hash of the legacy digest); and how many of them are locked now.\n"
        "A migration is over when nothing is legacy or wrapped.",
        options, 1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const Status s = show_counts(directory);
    return status_ok(s) ? EXIT_DONE : command_failed("password counts", s);
}

/* --- sweep --- */

typedef struct SweepPage {
    int64_t records;
    int64_t done;
    int64_t moved;
    int64_t refused;
    bool finished;
} SweepPage;

static const JsonField page_fields[] = {
    { "records", JSON_INT, true, 0, INT64_MAX, offsetof(SweepPage, records) },
    { "done", JSON_INT, true, 0, INT64_MAX, offsetof(SweepPage, done) },
    { "moved", JSON_INT, true, 0, INT64_MAX, offsetof(SweepPage, moved) },
    { "refused", JSON_INT, true, 0, INT64_MAX, offsetof(SweepPage, refused) },
    { "finished", JSON_BOOL, true, 0, 0, offsetof(SweepPage, finished) },
};

MUST_USE static Status sweep_page(const char *directory, SweepPage *ret_page)
{
    uint8_t memory[1024];
    Buffer answer = BUFFER_OF(memory);
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(admin_ask_plain(directory, "password.sweep", &answer));
    TRY(json_parse(span_of_buffer(&answer), &document, &problem));
    return json_read_some(document, json_root(document), page_fields,
            sizeof(page_fields) / sizeof(page_fields[0]), ret_page, &problem);
}

typedef struct Swept {
    int64_t moved;
    int64_t refused;
} Swept;

MUST_USE static Status sweep_all(const char *directory, Swept *ret_swept)
{
    SweepPage page = { 0 };
    TRY(sweep_page(directory, &page));
    Progress progress = progress_begin("passwords", (uint64_t)page.records);
    for (;;) {
        ret_swept->moved += page.moved;
        ret_swept->refused += page.refused;
        progress.total = (uint64_t)page.records;
        progress_show(&progress, (uint64_t)page.done);
        if (page.finished) break;
        TRY(sweep_page(directory, &page));
    }
    progress_end(&progress, (uint64_t)page.done);
    return OK;
}

typedef struct PepperJson {
    int64_t version;
    int64_t records;
} PepperJson;

static const JsonField peppers_fields[] = { { "peppers", JSON_LIST, true, 0, 64, 0 } };
static const JsonField pepper_fields[] = {
    { "version", JSON_INT, true, 0, UINT32_MAX, offsetof(PepperJson, version) },
    { "records", JSON_INT, true, 0, INT64_MAX, offsetof(PepperJson, records) },
};

MUST_USE static Status show_peppers(const char *directory)
{
    uint8_t memory[8192];
    Buffer answer = BUFFER_OF(memory);
    JsonProblem problem = { 0 };
    const JsonValue *list = NULL;
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(admin_ask_plain(directory, "password.peppers", &answer));
    TRY(json_parse(span_of_buffer(&answer), &document, &problem));
    TRY(json_read_some(document, json_root(document), peppers_fields, 1, &list, &problem));
    for (size_t i = 0; i < json_list_size(list); i++) {
        PepperJson pepper = { 0 };
        const JsonValue *item = NULL;
        char records[28];
        TRY(json_list_object(document, list, i, &item, &problem));
        TRY(json_read_some(document, item, pepper_fields, 2, &pepper, &problem));
        printf("  pepper version %" PRId64 ": %s records\n", pepper.version,
                number_text(pepper.records, records));
    }
    return OK;
}

int command_password_sweep(int argc, char **argv)
{
    const char *directory = directory_default();
    Swept swept = { 0 };
    const Option options[] = {
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu password sweep",
        "Bring every password and PIN, the payers' too, under the current pepper, without any "
        "password:\n"
        "after `hufu key rotate pepper` and before `hufu key destroy` of its old version. May be "
        "stopped,\n"
        "or killed, and run again: it goes on where it was. Ends with what stands under which "
        "version;\n"
        "what the vault does not open stays where it is, and the exit status is 1.",
        options, 1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    Status s = sweep_all(directory, &swept);
    if (!status_ok(s)) return command_failed("password sweep", s);
    char moved[28];
    char refused[28];
    printf("  %s moved, %s refused\n", number_text(swept.moved, moved),
            number_text(swept.refused, refused));
    s = show_peppers(directory);
    if (!status_ok(s)) return command_failed("password sweep", s);
    return swept.refused == 0 ? EXIT_DONE : EXIT_FAILED;
}
