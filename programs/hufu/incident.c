/* hufu incident: from its opening to its closure by two people (TP-16). */
#include "admin_client.h"
#include "report_make.h"
#include "together.h"

#include <stdlib.h>

enum { REQUEST_BYTES_MAX = 4096, REASON_BYTES_MAX = 100 };

/* What is asked of hufud; what is NULL or false is left out. */
typedef struct Ask {
    const char *operation;
    const char *kind, *title, *incident, *step, *what, *instead, *by;
    bool crime;
    bool all;
} Ask;

static Status put_request(Buffer *request, const Ask *a)
{
    JsonWriter w = json_writer(request);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(a->operation));
    if (a->kind != NULL) json_key_text(&w, "kind", span_of_text(a->kind));
    if (a->title != NULL) json_key_text(&w, "title", span_of_text(a->title));
    if (a->incident != NULL) json_key_text(&w, "incident", span_of_text(a->incident));
    if (a->step != NULL) json_key_text(&w, "step", span_of_text(a->step));
    if (a->what != NULL) json_key_text(&w, "what", span_of_text(a->what));
    if (a->instead != NULL) json_key_text(&w, "instead", span_of_text(a->instead));
    if (a->by != NULL) json_key_text(&w, "by", span_of_text(a->by));
    if (a->crime) json_key_bool(&w, "crime", true);
    if (a->all) json_key_bool(&w, "all", true);
    json_close(&w);
    return json_finish(&w);
}

static int ask(const char *directory, const char *what, const Ask *a)
{
    uint8_t memory[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(memory);
    const Status s = put_request(&request, a);
    if (!status_ok(s)) return command_failed(what, s);
    return admin_show(directory, what, span_of_buffer(&request));
}

int command_incident_open(int argc, char **argv)
{
    const char *directory = directory_default();
    Ask a = { .operation = "incident.open" };
    const Option options[] = {
        { "KIND", OPTION_TEXT, NULL, "leak, insider, crime, tampering or reserve", &a.kind, 0, 0 },
        { "TITLE", OPTION_TEXT, NULL, "what happened, one line; no card numbers, no secrets",
                &a.title, 0, 0 },
        { "--crime", OPTION_FLAG, NULL, "a crime is suspected: the police's clock runs", &a.crime,
                0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu incident open",
        "Open an incident (TP-16): a leak by a vulnerability, an insider's violation, a suspected\n"
        "crime, tampering. Its clocks run from now: contain, report to the People's Bank, report "
        "to\n"
        "the police when a crime is suspected, notify the people affected, find the cause, close.\n"
        "Their hours are the institution's own (hufud.yaml).",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return ask(directory, "incident open", &a);
}

int command_incident_step(int argc, char **argv)
{
    const char *directory = directory_default();
    Ask a = { .operation = "incident.step" };
    const Option options[] = {
        { "INCIDENT", OPTION_TEXT, NULL, "its number", &a.incident, 0, 0 },
        { "STEP", OPTION_TEXT, NULL,
                "contain, report-bank, report-police, notify, cause, suspect-crime, not-needed, "
                "note",
                &a.step, 0, 0 },
        { "TEXT", OPTION_TEXT, NULL, "what was done, and the measures; up to 500 bytes", &a.what, 0,
                0 },
        { "--instead", OPTION_TEXT, "STEP", "which step is not needed: notify or report-police",
                &a.instead, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu incident step",
        "Say what was done about an incident: a sealed row with time and author. A machine's "
        "draft\n"
        "is taken over by its first step.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (strcmp(a.step, "close") == 0) {
        fprintf(stderr, "hufu incident step: two people close it: `hufu incident close`\n");
        return EXIT_USAGE;
    }
    return ask(directory, "incident step", &a);
}

int command_incident_list(int argc, char **argv)
{
    const char *directory = directory_default();
    Ask a = { .operation = "incident.list" };
    const Option options[] = {
        { "--all", OPTION_FLAG, NULL, "closed ones too (the newest 64)", &a.all, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu incident list", "Open incidents, what is late and what is missing.",
        options, 2 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return ask(directory, "incident list", &a);
}

/* --- close --- */

static Status approve(const Together *together, const char *id, TogetherSigned *ret_signed)
{
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(together_sign(together, SPAN("close-incident"), span_of_text(id), ret_signed));
    TRY(together_vault(together->directory, &vault));
    return vaultclient_close_incident(vault, ret_signed->approvals);
}

static int close_incident(const Together *together, const char *id)
{
    char by[2 * PEOPLE_NAME_BYTES_MAX + 32];
    CLEANUP(together_signed_done) TogetherSigned both = { 0 };
    const Status s = approve(together, id, &both);
    if (!status_ok(s)) return command_failed("incident close", s);
    snprintf(by, sizeof(by), "operator/%s, operator/%s", both.names[0], both.names[1]);
    const Ask a = { .operation = "incident.step",
        .incident = id,
        .step = "close",
        .what = together->reason,
        .by = by };
    return ask(together->directory, "incident close", &a);
}

int command_incident_close(int argc, char **argv)
{
    Together together = { .directory = directory_default() };
    const char *id = NULL;
    const Option options[] = {
        { "INCIDENT", OPTION_TEXT, NULL, "its number", &id, 0, 0 },
        TOGETHER_OPTIONS_WHY(together, "up to 100 bytes; it is signed and kept (required)"),
    };
    const Usage usage = { "hufu incident close",
        "Two enrolled operators sign that an incident is over. Refused while a step is missing.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!together_is_whole(&together, "incident close", REASON_BYTES_MAX)) return EXIT_USAGE;
    return close_incident(&together, id);
}

/* --- print --- */

int command_incident_print(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *language = "both";
    Layout layout = { .lock_fd = -1 };
    Users users = { 0 };
    static ReportMade made;
    bool no_pdf = false;
    ReportWanted wanted = { .layout = &layout, .users = &users, .kind = REPORT_INCIDENT };
    const Option options[] = {
        { "INCIDENT", OPTION_TEXT, NULL, "its number", &wanted.incident, 0, 0 },
        { "--lang", OPTION_TEXT, "both|en|zh", "languages [both]", &language, 0, 0 },
        { "--no-pdf", OPTION_FLAG, NULL, "the HTML alone", &no_pdf, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu incident print",
        "Write the file of an incident from rows that verify; signed and kept as an audit report "
        "is.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    wanted.language = language;
    wanted.pdf = !no_pdf;
    wanted.from_us = 1;
    wanted.to_us = 2;
    Status s = layout_find(directory, &layout);
    if (status_ok(s)) s = users_find(layout.directory, &users);
    if (status_ok(s)) s = report_make(&wanted, &made);
    if (!status_ok(s)) return command_failed("incident print", s);
    printf("%s/report.html%s, signed and kept\n", made.folder, wanted.pdf ? ", report.pdf" : "");
    return EXIT_DONE;
}
