/* hufu caller: other systems that use the vault as a service over mutual TLS. */
#include "admin_client.h"
#include "command.h"

#include "access/caller.h"
#include "base/time.h"
#include "crypto/sign.h"

typedef struct AddedJson {
    Span certificate;
    Span authority;
} AddedJson;

static const JsonField added_fields[] = {
    { "certificate_pem", JSON_TEXT, true, 1, 16384, offsetof(AddedJson, certificate) },
    { "authority_pem", JSON_TEXT, true, 1, 16384, offsetof(AddedJson, authority) },
};

/* The caller's certificate, and the authority's behind it: what its TLS library wants. */
static Status keep_certificate(Span answer, const char *path)
{
    JsonProblem problem = { 0 };
    AddedJson json = { 0 };
    uint8_t pem_bytes[32768];
    Buffer pem = BUFFER_OF(pem_bytes);
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), added_fields, 2, &json, &problem));
    TRY(buffer_put(&pem, json.certificate));
    TRY(buffer_put(&pem, json.authority));
    return file_write(path, 0644, span_of_buffer(&pem));
}

static void put_rights(JsonWriter *w, const char *list)
{
    Cursor c = cursor_of(span_of_text(list));
    json_key_array(w, "rights");
    while (c.rest.size > 0) {
        Span right = c.rest;
        if (!status_ok(cursor_until(&c, ',', &right))) c.rest.size = 0; /* the last one */
        json_item_text(w, right);
    }
    json_close(w);
}

static Status ask_for_caller(
        const char *directory, const char *const names[3], const char *file, Buffer *ret_answer)
{
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t request_bytes[2 * SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    TRY(file_read(file, &pem));
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("caller.add"));
    json_key_text(&w, "name", span_of_text(names[0]));
    json_key_text(&w, "tenant", span_of_text(names[1]));
    json_key_text(&w, "key_pem", span_of_buffer(&pem));
    put_rights(&w, names[2]);
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(directory, span_of_buffer(&request), ret_answer);
}

int command_caller_add(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *names[3] = { NULL, "default", NULL };
    const char *file = NULL;
    const char *out = NULL;
    const Option options[] = {
        { "--name", OPTION_TEXT, "NAME", "letters, digits, `_`, `.` and `-` (required)", &names[0],
                0, 0 },
        { "--tenant", OPTION_TEXT, "NAME", "whose data it handles [default]", &names[1], 0, 0 },
        { "--csr", OPTION_TEXT, "FILE",
                "PEM: a certificate request or public key; the private half stays there (required)",
                &file, 0, 0 },
        { "--may", OPTION_TEXT, "LIST", "of protect,lookup,reveal,password,bind,mac (required)",
                &names[2], 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "where its certificate is written (required)", &out, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu caller add",
        "Let another system use the vault as a service: over TLS with certificates on both sides,\n"
        "and only for what --may lists. Its certificate is good for 90 days.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (names[0] == NULL || names[2] == NULL || file == NULL || out == NULL) {
        fprintf(stderr,
                "hufu caller add: --name, --csr, --may and --out are required\n"
                "See `hufu caller add --help`.\n");
        return EXIT_USAGE;
    }
    uint8_t answer_bytes[32768];
    Buffer answer = BUFFER_OF(answer_bytes);
    Status s = ask_for_caller(directory, names, file, &answer);
    if (status_ok(s)) s = keep_certificate(span_of_buffer(&answer), out);
    if (!status_ok(s)) return command_failed("caller add", s);
    printf("caller %s of tenant %s may %s\ncertificate: %s\n", names[0], names[1], names[2], out);
    return EXIT_DONE;
}

int command_caller_list(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = { { "--directory", OPTION_TEXT, "DIR", "of the running system [var]",
            &directory, 0, 0 } };
    const Usage usage = { "hufu caller list",
        "The systems that may use the vault, what each may ask, and until when.", options, 1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return admin_show_plain(directory, "caller.list");
}

int command_caller_revoke(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *name = NULL;
    const Option options[] = {
        { "NAME", OPTION_TEXT, NULL, "the caller", &name, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu caller revoke",
        "From now on this system is refused, whatever certificate it shows.", options, 2 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    uint8_t request_bytes[256];
    Buffer request = BUFFER_OF(request_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("caller.revoke"));
    json_key_text(&w, "name", span_of_text(name));
    json_close(&w);
    const Status s = json_finish(&w);
    if (!status_ok(s)) return command_failed("caller revoke", s);
    return admin_show(directory, "caller revoke", span_of_buffer(&request));
}
