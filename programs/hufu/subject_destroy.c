/* hufu subject destroy: whoever waits for destruction is destroyed; two people sign the list. */
#include "subject.h"

#include "together.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "ipc/field_wire.h"

enum { REQUEST_BYTES = 48 * 1024, LIST_BYTES = 16 * 1024, APPROVALS_BYTES = 8192 };

typedef struct Names {
    const JsonValue *subjects;
    Span tenant;
    Span subject;
    Span outcome;
    Span certificate;
} Names;

static const JsonField waiting_fields[] = {
    { "subjects", JSON_LIST, true, 0, WIRE_DESTROY_MAX, offsetof(Names, subjects) },
};
static const JsonField name_fields[] = {
    { "tenant", JSON_TEXT, true, 1, WIRE_SUBJECT_BYTES_MAX, offsetof(Names, tenant) },
    { "subject", JSON_TEXT, true, 1, WIRE_SUBJECT_BYTES_MAX, offsetof(Names, subject) },
};
static const JsonField done_fields[] = {
    { "outcome", JSON_TEXT, true, 1, 64, offsetof(Names, outcome) },
    { "certificate", JSON_TEXT, false, 1, WIRE_CERTIFICATE_BYTES_MAX,
            offsetof(Names, certificate) },
};

/* The names into the request and into the list that is signed, as vaultd will read it. */
static Status put_names(Span waiting, JsonWriter *w, Buffer *ret_list, size_t *ret_count)
{
    JsonProblem problem = { 0 };
    Names names = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(waiting, &document, &problem));
    TRY(json_read_some(document, json_root(document), waiting_fields, 1, &names, &problem));
    *ret_count = json_list_size(names.subjects);
    TRY(wire_put_count(ret_list, *ret_count, WIRE_DESTROY_MAX));
    json_key_array(w, "subjects");
    for (size_t i = 0; i < *ret_count; i++) {
        const JsonValue *item = NULL;
        TRY(json_list_object(document, names.subjects, i, &item, &problem));
        TRY(json_read_some(document, item, name_fields, 2, &names, &problem));
        const WireSubjectName name = { names.tenant, names.subject };
        TRY(wire_put_subject_name(ret_list, &name));
        json_open_object(w);
        json_key_text(w, "tenant", names.tenant);
        json_key_text(w, "subject", names.subject);
        json_close(w);
    }
    json_close(w);
    return OK;
}

static Status approve(const Together *together, Span list, Buffer *ret_approvals)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(list, digest);
    return together_approve(together, SPAN("destroy-subjects"), SPAN_OF(digest), ret_approvals);
}

static Status show(Span answer, const char *file)
{
    JsonProblem problem = { 0 };
    Names done = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), done_fields, 2, &done, &problem));
    if (done.certificate.size == 0) { /* refused: say so, as every subject command does */
        json_show(answer);
        return REFUSE(REFUSED_CERTIFICATE_OTHER);
    }
    printf("%.*s", (int)done.certificate.size, (const char *)done.certificate.data);
    return file != NULL ? file_write(file, 0644, done.certificate) : OK;
}

static Status destroy(const Together *together, const char *file)
{
    static uint8_t waiting_memory[64 * 1024];
    static uint8_t answer_memory[64 * 1024];
    static uint8_t memory[REQUEST_BYTES];
    static uint8_t list_memory[LIST_BYTES];
    uint8_t approvals_memory[APPROVALS_BYTES];
    uint8_t text_memory[2 * APPROVALS_BYTES];
    Buffer waiting = BUFFER_OF(waiting_memory);
    Buffer answer = BUFFER_OF(answer_memory);
    Buffer request = BUFFER_OF(memory);
    Buffer list = BUFFER_OF(list_memory);
    Buffer approvals = BUFFER_OF(approvals_memory);
    Buffer text = BUFFER_OF(text_memory);
    size_t count = 0;
    TRY(admin_ask_plain(together->directory, "subject.waiting", &waiting));
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("subject.destroy"));
    TRY(put_names(span_of_buffer(&waiting), &w, &list, &count));
    if (count == 0) {
        printf("nobody waits for destruction\n");
        return OK;
    }
    TRY(approve(together, span_of_buffer(&list), &approvals));
    TRY(base64_encode(span_of_buffer(&approvals), &text));
    json_key_text(&w, "approvals", span_of_buffer(&text));
    json_close(&w);
    TRY(json_finish(&w));
    TRY(admin_ask(together->directory, span_of_buffer(&request), &answer));
    return show(span_of_buffer(&answer), file);
}

int command_subject_destroy(int argc, char **argv)
{
    Together together = { .directory = directory_default() };
    const char *file = NULL;
    const Option options[] = {
        { "--out", OPTION_TEXT, "FILE", "keep the certificate here, too", &file, 0, 0 },
        TOGETHER_OPTIONS(together),
    };
    const Usage usage = { "hufu subject destroy",
        "Destroy the keys of everybody who was deleted and waits for it: no copy and no backup of\n"
        "their data opens any more. Two people sign the list; the vault signs a certificate that\n"
        "names the day after which the backups are blind without the vault's help, too.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!together_is_whole(&together, "subject destroy", TOGETHER_REASON_BYTES_MAX))
        return EXIT_USAGE;
    const Status s = destroy(&together, file);
    return status_ok(s) ? EXIT_DONE : command_failed("subject destroy", s);
}
