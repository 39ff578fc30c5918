/* hufu export: data leaves the house by an approved form, encrypted to its receiver (LL-4.5.2,
 * TP-17). */
#include "admin_client.h"
#include "command.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/file_box.h"

#include <stdlib.h>

enum { REQUEST_BYTES_MAX = 8192, ANSWER_BYTES_MAX = 256 * 1024 };

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

/* --- run --- */

typedef struct Run {
    const char *directory;
    const char *request;
    const char *receiver;
    const char *out;
} Run;

typedef struct Made {
    Span file;
    Span sha256;
    int64_t rows;
} Made;

static const JsonField made_fields[] = {
    { "file_base64", JSON_TEXT, true, 1, ANSWER_BYTES_MAX, offsetof(Made, file) },
    { "sha256", JSON_TEXT, true, 64, 64, offsetof(Made, sha256) },
    { "rows", JSON_INT, true, 0, INT64_MAX, offsetof(Made, rows) },
};

MUST_USE static Status keep_file(Span answer, const char *out)
{
    static uint8_t memory[ANSWER_BYTES_MAX];
    Buffer file = BUFFER_OF(memory);
    JsonProblem problem = { 0 };
    Made made = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), made_fields, 3, &made, &problem));
    TRY(base64_decode(made.file, &file));
    TRY(file_write(out, 0600, span_of_buffer(&file)));
    printf("%s: %lld rows, SHA-256 %.*s\n", out, (long long)made.rows, (int)made.sha256.size,
            (const char *)made.sha256.data);
    return OK;
}

MUST_USE static Status run(const Run *r)
{
    static uint8_t answer_bytes[ANSWER_BYTES_MAX];
    uint8_t memory[1024];
    Buffer request = BUFFER_OF(memory);
    Buffer answer = BUFFER_OF(answer_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("export.run"));
    json_key_text(&w, "request", span_of_text(r->request));
    json_key_text(&w, "receiver", span_of_text(r->receiver));
    json_close(&w);
    TRY(json_finish(&w));
    TRY(admin_ask(r->directory, span_of_buffer(&request), &answer));
    return keep_file(span_of_buffer(&answer), r->out);
}

int command_export_run(int argc, char **argv)
{
    Run r = { .directory = directory_default() };
    const Option options[] = {
        { "REQUEST", OPTION_TEXT, NULL, "the approved form's number", &r.request, 0, 0 },
        { "--receiver", OPTION_TEXT, "NAME", "as the form says (required)", &r.receiver, 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "where the encrypted file goes (required)", &r.out, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &r.directory, 0, 0 },
    };
    const Usage usage = { "hufu export run",
        "Export by an approved form, until its end: a file that the receiver's enrolled key alone\n"
        "opens. The audit log keeps its SHA-256.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (r.receiver == NULL || r.out == NULL) {
        fprintf(stderr, "hufu export run: --receiver and --out are needed\n");
        return EXIT_USAGE;
    }
    const Status s = run(&r);
    return status_ok(s) ? EXIT_DONE : command_failed("export run", s);
}

/* --- open: at the receiver's --- */

static void wipe(Buffer *secret) { bytes_wipe(secret->data, secret->capacity); }

MUST_USE static Status open_file(const char *path, const char *key_file, const char *out)
{
    static uint8_t file_bytes[ANSWER_BYTES_MAX];
    static uint8_t plain_bytes[ANSWER_BYTES_MAX];
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer file = BUFFER_OF(file_bytes);
    Buffer plain = BUFFER_OF(plain_bytes);
    CLEANUP(wipe) Buffer pem = BUFFER_OF(pem_bytes);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    BoxContext said;
    TRY(file_read(path, &file));
    TRY(file_read(key_file, &pem));
    TRY(private_key_from_pem(span_of_buffer(&pem), &key));
    TRY(file_box_open(key, span_of_buffer(&file), &said, &plain));
    printf("for %.*s, by form %.*s\n", (int)said.payee.size, (const char *)said.payee.data,
            (int)said.order.size, (const char *)said.order.data);
    return file_write(out, 0600, span_of_buffer(&plain));
}

int command_export_open(int argc, char **argv)
{
    const char *path = NULL;
    const char *key_file = NULL;
    const char *out = NULL;
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "what `hufu export run` wrote", &path, 0, 0 },
        { "--receiver-key", OPTION_TEXT, "FILE", "the receiver's private key, PEM (required)",
                &key_file, 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "where the CSV goes (required)", &out, 0, 0 },
    };
    const Usage usage = { "hufu export open", "At the receiver's: open an exported file.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (key_file == NULL || out == NULL) {
        fprintf(stderr, "hufu export open: --receiver-key and --out are needed\n");
        return EXIT_USAGE;
    }
    const Status s = open_file(path, key_file, out);
    return status_ok(s) ? EXIT_DONE : command_failed("export open", s);
}
