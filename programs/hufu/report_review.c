/* hufu audit review: two people have read a report, and sign that they did (TP-16). */
#include "admin_client.h"
#include "report_make.h"
#include "together.h"

#include "base/encoding.h"
#include "crypto/digest.h"

enum { REQUEST_BYTES_MAX = 2048, TEXT_BYTES_MAX = 100 };

typedef struct Review {
    Together together; /* its reason is what they say */
    const char *id;
    uint8_t digest[DIGEST_SHA256_BYTES]; /* of the note */
} Review;

/* Files that are not what the note names are not what anybody is asked to have read. */
static Status read_note(Review *r)
{
    char reports[PATH_BYTES_MAX];
    char folder[PATH_BYTES_MAX];
    uint8_t note_bytes[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(note_bytes);
    REQUIRE(span_is_plain_name(span_of_text(r->id), REPORT_ID_BYTES_MAX), REFUSED_REPORT_NOT_KEPT);
    path_in(folder, path_in(reports, r->together.directory, PATH_REPORTS), r->id);
    if (report_verify(r->together.directory, folder, NULL) != EXIT_DONE)
        return REFUSE(REFUSED_REPORT_FILE_DIFFERS);
    TRY(report_note_read(folder, &note));
    sha256(span_of_buffer(&note), r->digest);
    return OK;
}

static Status approve(const Review *r, TogetherSigned *ret_signed)
{
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(together_sign(&r->together, SPAN("review-report"), SPAN_OF(r->digest), ret_signed));
    TRY(together_vault(r->together.directory, &vault));
    return vaultclient_review_report(vault, ret_signed->approvals);
}

static Status write_down(const Review *r, const TogetherSigned *both)
{
    uint8_t hex_bytes[2 * DIGEST_SHA256_BYTES];
    uint8_t request_bytes[REQUEST_BYTES_MAX];
    uint8_t answer_bytes[1024];
    Buffer hex = BUFFER_OF(hex_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    TRY(hex_encode(SPAN_OF(r->digest), &hex));
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("report.review"));
    json_key_text(&w, "id", span_of_text(r->id));
    json_key_text(&w, "note_sha256", span_of_buffer(&hex));
    json_key_text(&w, "first", span_of_text(both->names[0]));
    json_key_text(&w, "second", span_of_text(both->names[1]));
    json_key_text(&w, "reason", span_of_text(r->together.reason));
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(r->together.directory, span_of_buffer(&request), &answer);
}

static Status review(Review *r)
{
    CLEANUP(together_signed_done) TogetherSigned both = { 0 };
    TRY(read_note(r));
    TRY(approve(r, &both));
    return write_down(r, &both);
}

int command_audit_review(int argc, char **argv)
{
    Review r = { .together = { .directory = directory_default() } };
    const Option options[] = {
        { "REPORT", OPTION_TEXT, NULL, "its number, the name of its folder", &r.id, 0, 0 },
        TOGETHER_SIGN_OPTIONS(r.together),
        { "--note", OPTION_TEXT, "TEXT",
                "what they have to say, up to 100 bytes; signed and kept (required)",
                &r.together.reason, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &r.together.directory,
                0, 0 },
    };
    const Usage usage = { "hufu audit review",
        "Two enrolled operators have read a kept report. It is verified once more, both sign the\n"
        "digest of its note, and a sealed row and the audit log keep who, when and what they say.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!together_is_whole(&r.together, "audit review", TEXT_BYTES_MAX)) return EXIT_USAGE;
    const Status s = review(&r);
    if (!status_ok(s)) return command_failed("audit review", s);
    printf("reviewed: %s\n", r.id);
    return EXIT_DONE;
}
