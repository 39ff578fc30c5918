/* Who there is and what each may do: `hufu access` (api/admin.h). */
#include "admin_client.h"
#include "command.h"
#include "first_people.h"

#include "crypto/sign.h"

enum {
    REQUEST_BYTES_MAX = 16 * 1024,
    PEOPLE_MAX = 8,
    PERSON_TEXT_BYTES_MAX = 512,
    FILE_BYTES_MAX = 65536
};

#define DIRECTORY(place)                                                                 \
    {                                                                                    \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(place), 0, 0 \
    }
#define COUNT(options) (sizeof(options) / sizeof((options)[0]))

static int missing(const char *command, const char *what)
{
    fprintf(stderr, "hufu %s: %s\nSee `hufu %s --help`.\n", command, what, command);
    return EXIT_USAGE;
}

/* --- the first people --- */

/* "alice:S0001:payment-operator,auditor" cut in place. */
static bool read_person(char *text, FirstPerson *ret_person)
{
    char *staff_number = strchr(text, ':');
    char *roles = staff_number == NULL ? NULL : strchr(staff_number + 1, ':');
    if (roles == NULL) return false;
    *staff_number++ = '\0';
    *roles++ = '\0';
    *ret_person = (FirstPerson) { text, staff_number, roles };
    return true;
}

int command_access_begin(int argc, char **argv)
{
    const char *directory = directory_default();
    OptionList given = { .count = 0 };
    FirstPerson people[PEOPLE_MAX];
    char texts[PEOPLE_MAX][PERSON_TEXT_BYTES_MAX];
    const Option options[] = {
        { "--person", OPTION_LIST, "ID:STAFF-NUMBER:ROLES",
                "once or more; the key is DIR/operators/ID.pub.pem, or ID.key.pem", &given, 0, 0 },
        DIRECTORY(directory),
    };
    const Usage usage = { "hufu access begin",
        "Name the first people of a house, while there is nobody. Their keys are those that "
        "vaultd\n"
        "took at the ceremony, under the same names. Who asks (--as) is one of them and signs.",
        options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (given.count == 0 || given.count > PEOPLE_MAX)
        return missing("access begin", "--person is needed, at most eight times");
    for (size_t i = 0; i < given.count; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%s", given.values[i]);
        if (!read_person(texts[i], &people[i]))
            return missing("access begin", "--person is ID:STAFF-NUMBER:ROLES");
    }
    const Status s = first_people_begin(directory, people, given.count);
    return status_ok(s) ? EXIT_DONE : command_failed("access begin", s);
}

/* --- joiners, movers, leavers --- */

typedef struct Wish {
    const char *directory;
    const char *operation;
    const char *id;
    const char *staff_number;
    const char *roles; /* NULL: not asked */
    const char *key;
    const char *tenant;
    const char *reason;
} Wish;

#define WHO(w)                                                                              \
    {                                                                                       \
        "ID", OPTION_TEXT, NULL, "lower-case letters, digits, `_`, `.`, `-`", &(w).id, 0, 0 \
    }
#define ROLES_OPTION(w)                                                                       \
    {                                                                                         \
        "--roles", OPTION_TEXT, "LIST", "names joined by commas (required)", &(w).roles, 0, 0 \
    }
#define WHY(w)                                                                                     \
    {                                                                                              \
        "--reason", OPTION_TEXT, "TEXT", "why; it stands in the log (required)", &(w).reason, 0, 0 \
    }
#define KEY_OPTION(w, help)                                \
    {                                                      \
        "--key", OPTION_TEXT, "FILE", help, &(w).key, 0, 0 \
    }

static void key_given(JsonWriter *w, const char *key, const char *text)
{
    if (text != NULL) json_key_text(w, key, span_of_text(text));
}

MUST_USE static Status put_wish(const Wish *wish, Buffer *ret_request)
{
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    if (wish->key != NULL) TRY(person_public_pem(wish->directory, wish->key, &pem));
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    key_given(&w, "operation", wish->operation);
    key_given(&w, "id", wish->id);
    key_given(&w, "staff_number", wish->staff_number);
    key_given(&w, "tenant", wish->tenant);
    key_given(&w, "reason", wish->reason);
    if (wish->roles != NULL) {
        json_key_array(&w, "roles");
        first_people_put_list(&w, wish->roles);
        json_close(&w);
    }
    if (pem.size > 0) json_key_text(&w, "key_pem", span_of_buffer(&pem));
    json_close(&w);
    return json_finish(&w);
}

static int ask(const Wish *wish, const char *what)
{
    uint8_t memory[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(memory);
    const Status s = put_wish(wish, &request);
    if (!status_ok(s)) return command_failed(what, s);
    return admin_show(wish->directory, what, span_of_buffer(&request));
}

int command_access_join(int argc, char **argv)
{
    Wish w = { .directory = directory_default(), .operation = "access.join" };
    const Option options[] = {
        WHO(w),
        { "--staff-number", OPTION_TEXT, "TEXT", "one person has one id (required)",
                &w.staff_number, 0, 0 },
        ROLES_OPTION(w),
        KEY_OPTION(w, "PEM of the public key, or a name in DIR/operators/ (required)"),
        WHY(w),
        { "--tenant", OPTION_TEXT, "MCHID", "a merchant's administrator [of the house]", &w.tenant,
                0, 0 },
        DIRECTORY(w.directory),
    };
    const Usage usage = { "hufu access join",
        "Somebody comes. The private half of the key stays with him; roles that exclude one "
        "another\n"
        "are refused (`hufu access table`).",
        options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (w.staff_number == NULL || w.roles == NULL || w.key == NULL || w.reason == NULL)
        return missing("access join", "--staff-number, --roles, --key and --reason are needed");
    return ask(&w, "access join");
}

int command_access_move(int argc, char **argv)
{
    Wish w = { .directory = directory_default(), .operation = "access.move" };
    const Option options[] = {
        WHO(w),
        ROLES_OPTION(w),
        KEY_OPTION(w, "another public key, PEM [the one that is there]"),
        WHY(w),
        DIRECTORY(w.directory),
    };
    const Usage usage = { "hufu access move",
        "Somebody has other roles from now on: these, and no others. Sessions end, and what was\n"
        "granted for a while is over.",
        options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (w.roles == NULL || w.reason == NULL)
        return missing("access move", "--roles and --reason are needed");
    return ask(&w, "access move");
}

int command_access_leave(int argc, char **argv)
{
    Wish w = { .directory = directory_default(), .operation = "access.leave" };
    const Option options[] = { WHO(w), WHY(w), DIRECTORY(w.directory) };
    const Usage usage = { "hufu access leave",
        "Somebody is gone, at once: key, sessions and grants end, and nobody gets the id again.\n"
        "Who approves in vaultd is removed there, too.",
        options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (w.reason == NULL) return missing("access leave", "--reason is needed");
    return ask(&w, "access leave");
}

/* --- looking --- */

static int show(const char *name, const char *about, const char *operation, int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = { DIRECTORY(directory) };
    const Usage usage = { name, about, options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return admin_show_plain(directory, operation);
}

int command_access_list(int argc, char **argv)
{
    return show("hufu access list", "People and services: roles, since when, next review.",
            "access.list", argc, argv);
}

int command_access_table(int argc, char **argv)
{
    return show("hufu access table", "The table of rights in force (rules/access.yaml).",
            "access.table", argc, argv);
}

int command_access_explain(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *names[2] = { NULL, NULL };
    const char *level = NULL;
    bool chinese = false;
    const Option options[] = {
        { "WHO", OPTION_TEXT, NULL, "a person or a service", &names[0], 0, 0 },
        { "ACTION", OPTION_TEXT, NULL, "as in `hufu access table`", &names[1], 0, 0 },
        { "--level", OPTION_TEXT, "C1|C2|C3", "of the data [the action's own]", &level, 0, 0 },
        { "--zh", OPTION_FLAG, NULL, "in Chinese", &chinese, 0, 0 },
        DIRECTORY(directory),
    };
    const Usage usage = { "hufu access explain",
        "Why may somebody do this, or why not: the decision itself, in words.", options,
        COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    uint8_t memory[1024];
    Buffer request = BUFFER_OF(memory);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    key_given(&w, "operation", "access.explain");
    key_given(&w, "who", names[0]);
    key_given(&w, "action", names[1]);
    key_given(&w, "level", level);
    key_given(&w, "language", chinese ? "zh" : NULL);
    json_close(&w);
    const Status s = json_finish(&w);
    if (!status_ok(s)) return command_failed("access explain", s);
    return admin_show(directory, "access explain", span_of_buffer(&request));
}

int command_access_table_set(int argc, char **argv)
{
    static uint8_t file_bytes[FILE_BYTES_MAX];
    static uint8_t request_bytes[2 * FILE_BYTES_MAX];
    const char *directory = directory_default();
    const char *file = NULL;
    const char *reason = NULL;
    Buffer text = BUFFER_OF(file_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "as rules/access.yaml", &file, 0, 0 },
        { "--reason", OPTION_TEXT, "TEXT", "why; it stands in the log (required)", &reason, 0, 0 },
        DIRECTORY(directory),
    };
    const Usage usage = { "hufu access table set",
        "Another table of rights, in force from the next start; somebody else approves it. Until\n"
        "then a file that differs from the accepted table is an alert, not a change.",
        options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (reason == NULL) return missing("access table set", "--reason is needed");
    Status s = file_read(file, &text);
    if (!status_ok(s)) return command_failed(file, s);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    key_given(&w, "operation", "access.table.set");
    json_key_text(&w, "content", span_of_buffer(&text));
    key_given(&w, "reason", reason);
    json_close(&w);
    s = json_finish(&w);
    if (!status_ok(s)) return command_failed("access table set", s);
    return admin_show(directory, "access table set", span_of_buffer(&request));
}
