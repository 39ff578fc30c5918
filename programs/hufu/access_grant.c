/* Rights for a while, broken glass, reviews of rights: `hufu access` (api/admin.h). */
#include "admin_client.h"
#include "command.h"
#include "first_people.h"

#include "base/seams.h"
#include "base/time.h"

enum { REQUEST_BYTES_MAX = 4096, HOURS_MAX = 366 * 24 };

#define DIRECTORY(place)                                                                 \
    {                                                                                    \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(place), 0, 0 \
    }
#define WHY(place)                                                                              \
    {                                                                                           \
        "--reason", OPTION_TEXT, "TEXT", "why; it stands in the log (required)", &(place), 0, 0 \
    }
#define COUNT(options) (sizeof(options) / sizeof((options)[0]))

typedef struct Wish {
    const char *directory;
    const char *operation;
    const char *id;
    const char *action;
    const char *level;
    const char *who;
    const char *roles;
    const char *reason;
    const char *until; /* RFC 3339 */
    int64_t hours;
} Wish;

static void key_given(JsonWriter *w, const char *key, const char *text)
{
    if (text != NULL) json_key_text(w, key, span_of_text(text));
}

MUST_USE static Status put_wish(const Wish *wish, Buffer *ret_request)
{
    const Clock clock = clock_system();
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    key_given(&w, "operation", wish->operation);
    key_given(&w, "id", wish->id);
    key_given(&w, "action", wish->action);
    key_given(&w, "level", wish->level);
    key_given(&w, "who", wish->who);
    key_given(&w, "reason", wish->reason);
    int64_t until_us = clock_now_us(&clock) + wish->hours * 3600 * TIME_SECOND_US;
    if (wish->until != NULL) TRY(time_parse(span_of_text(wish->until), &until_us));
    if (wish->hours > 0) json_key_int(&w, "until_us", until_us);
    if (wish->roles != NULL) {
        json_key_array(&w, "roles");
        first_people_put_list(&w, wish->roles);
        json_close(&w);
    }
    json_close(&w);
    return json_finish(&w);
}

/* Every one of these needs its reason. */
static int ask(const Usage *usage, const Wish *wish, int argc, char **argv)
{
    uint8_t memory[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(memory);
    int exit_status = EXIT_DONE;
    if (!options_read(usage, argc, argv, &exit_status)) return exit_status;
    if (wish->reason == NULL) {
        fprintf(stderr, "%s: --reason is needed\nSee `%s --help`.\n", usage->name, usage->name);
        return EXIT_USAGE;
    }
    const Status s = put_wish(wish, &request);
    if (!status_ok(s)) return command_failed(usage->name, s);
    return admin_show(wish->directory, usage->name, span_of_buffer(&request));
}

int command_access_request(int argc, char **argv)
{
    Wish w = { .directory = directory_default(), .operation = "access.request", .hours = 8 };
    const Option options[] = {
        { "ACTION", OPTION_TEXT, NULL, "as in `hufu access table`", &w.action, 0, 0 },
        { "--level", OPTION_TEXT, "C1|C2|C3", "of the data [C1]", &w.level, 0, 0 },
        { "--hours", OPTION_NUMBER, "N", "for how long [8]", &w.hours, 1, HOURS_MAX },
        { "--until", OPTION_TEXT, "TIME", "or its end, RFC 3339", &w.until, 0, 0 },
        WHY(w.reason),
        DIRECTORY(w.directory),
    };
    const Usage usage = { "hufu access request",
        "Ask for a right for a while. Somebody else decides (`hufu request approve`); the clock "
        "ends it.",
        options, COUNT(options) };
    return ask(&usage, &w, argc, argv);
}

int command_access_revoke(int argc, char **argv)
{
    Wish w = { .directory = directory_default(), .operation = "access.grant.revoke" };
    const Option options[] = {
        { "GRANT", OPTION_TEXT, NULL, "its id (`hufu access grants`)", &w.id, 0, 0 },
        WHY(w.reason),
        DIRECTORY(w.directory),
    };
    const Usage usage = { "hufu access revoke", "End a grant, or somebody's emergency, at once.",
        options, COUNT(options) };
    return ask(&usage, &w, argc, argv);
}

int command_access_grants(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = { DIRECTORY(directory) };
    const Usage usage = { "hufu access grants",
        "Rights for a while: in force, and emergencies that wait for their review.", options,
        COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return admin_show_plain(directory, "access.grant.list");
}

/* --- broken glass --- */

int command_access_emergency(int argc, char **argv)
{
    Wish w = { .directory = directory_default(), .operation = "access.emergency" };
    const Option options[] = { WHY(w.reason), DIRECTORY(w.directory) };
    const Usage usage = { "hufu access emergency",
        "Break the glass: more rights for a short while, asking nobody. An alert is raised and "
        "the\n"
        "log has it before this answers; somebody else reviews it afterwards.",
        options, COUNT(options) };
    return ask(&usage, &w, argc, argv);
}

static int emergency(
        const char *name, const char *about, const char *operation, int argc, char **argv)
{
    Wish w = { .directory = directory_default(), .operation = operation };
    const Option options[] = {
        { "EMERGENCY", OPTION_TEXT, NULL, "its id (`hufu access grants`)", &w.id, 0, 0 },
        WHY(w.reason),
        DIRECTORY(w.directory),
    };
    const Usage usage = { name, about, options, COUNT(options) };
    return ask(&usage, &w, argc, argv);
}

int command_access_emergency_end(int argc, char **argv)
{
    return emergency("hufu access emergency end", "Your emergency is over before its time.",
            "access.emergency.end", argc, argv);
}

int command_access_emergency_review(int argc, char **argv)
{
    return emergency("hufu access emergency review",
            "Somebody else's emergency was looked at, and why it was right or wrong.",
            "access.emergency.review", argc, argv);
}

/* --- reviews --- */

int command_access_review(int argc, char **argv)
{
    Wish w = { .directory = directory_default(), .operation = "access.review" };
    const Option options[] = {
        { "WHO", OPTION_TEXT, NULL, "a person", &w.who, 0, 0 },
        { "--keep", OPTION_TEXT, "LIST", "of the roles, those that stay [none]", &w.roles, 0, 0 },
        WHY(w.reason),
        DIRECTORY(w.directory),
    };
    const Usage usage = { "hufu access review",
        "The periodic review of somebody else's rights: say which roles are still needed.", options,
        COUNT(options) };
    w.roles = "";
    return ask(&usage, &w, argc, argv);
}

int command_access_reviews(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = { DIRECTORY(directory) };
    const Usage usage = { "hufu access reviews", "Whose rights are due to be looked at.", options,
        COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return admin_show_plain(directory, "access.review.list");
}
