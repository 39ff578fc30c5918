/* hufu export: data leaves the house by an approved form, encrypted to its receiver (LL-4.5.2,
 * TP-17). */
#include "admin_client.h"
#include "command.h"

enum { REQUEST_BYTES_MAX = 8192 };

static void put_list(JsonWriter *w, const char *key, const char *names)
{
    json_key_array(w, key);
    while (names[0] != '\0') {
        const size_t size = strcspn(names, ",");
        json_item_text(w, (Span) { (const uint8_t *)names, size });
        names += size + (names[size] == ',' ? 1 : 0);
    }
    json_close(w);
}

/* --- request --- */

typedef struct Form {
    const char *directory;
    const char *list, *purpose, *receiver, *classes, *fields, *basis, *reference, *until, *from,
            *to, *reason;
} Form;

MUST_USE static Status put_form(const Form *f, Buffer *ret_request)
{
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("export.permit"));
    json_key_text(&w, "register", span_of_text(f->list));
    json_key_text(&w, "purpose", span_of_text(f->purpose));
    json_key_text(&w, "receiver", span_of_text(f->receiver));
    put_list(&w, "classes", f->classes);
    put_list(&w, "fields", f->fields);
    json_key_text(&w, "basis", span_of_text(f->basis));
    json_key_text(&w, "reference", span_of_text(f->reference));
    json_key_text(&w, "until", span_of_text(f->until));
    if (f->from != NULL) json_key_text(&w, "from", span_of_text(f->from));
    if (f->to != NULL) json_key_text(&w, "to", span_of_text(f->to));
    json_key_text(&w, "reason", span_of_text(f->reason));
    json_close(&w);
    return json_finish(&w);
}

static bool is_whole(const Form *f)
{
    const char *const needed[] = { f->purpose, f->receiver, f->classes, f->fields, f->basis,
        f->reference, f->until, f->reason };
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (needed[i] == NULL) return false;
    return true;
}

int command_export_request(int argc, char **argv)
{
    Form f = { .directory = directory_default() };
    uint8_t memory[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(memory);
    const Option options[] = {
        { "REGISTER", OPTION_TEXT, NULL, "merchants, callers, subjects or trail", &f.list, 0, 0 },
        { "--purpose", OPTION_TEXT, "TEXT", "what the receiver does with it", &f.purpose, 0, 0 },
        { "--receiver", OPTION_TEXT, "NAME", "who: `hufu receiver add`", &f.receiver, 0, 0 },
        { "--fields", OPTION_TEXT, "LIST", "mchid,name,...", &f.fields, 0, 0 },
        { "--classes", OPTION_TEXT, "LIST", "of data that these are: public,identity,...",
                &f.classes, 0, 0 },
        { "--basis", OPTION_TEXT, "TEXT", "law, contract, consent", &f.basis, 0, 0 },
        { "--reference", OPTION_TEXT, "TEXT", "of the contract or order", &f.reference, 0, 0 },
        { "--until", OPTION_TEXT, "TIME", "the permission's end, RFC 3339, within a year", &f.until,
                0, 0 },
        { "--from", OPTION_TEXT, "TIME", "trail: the period's begin", &f.from, 0, 0 },
        { "--to", OPTION_TEXT, "TIME", "trail: its end", &f.to, 0, 0 },
        { "--reason", OPTION_TEXT, "TEXT", "why now", &f.reason, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &f.directory, 0, 0 },
    };
    const Usage usage = { "hufu export request",
        "Fill in the form for giving data to somebody outside. Somebody else must approve it\n"
        "(`hufu request approve`); every option but --from and --to is needed.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!is_whole(&f)) {
        fprintf(stderr, "hufu export request: the form is not complete; see --help\n");
        return EXIT_USAGE;
    }
    const Status s = put_form(&f, &request);
    if (!status_ok(s)) return command_failed("export request", s);
    return admin_show(f.directory, "export request", span_of_buffer(&request));
}

/* --- list --- */

int command_export_list(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = {
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu export list",
        "The newest 64 forms for giving data to somebody outside, with what became of each: a "
        "form\n"
        "that is \"done\" was approved, and allows `hufu export run` until its end.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return admin_show_plain(directory, "export.list");
}
