#include "reveal.h"

#include "admin_client.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "policy/classes.h"
#include "policy/tables.h"

enum { REQUEST_BYTES = 48 * 1024, APPROVALS_BYTES = 2 * WIRE_APPROVAL_BYTES_MAX };

RevealWords reveal_words(void)
{
    return (RevealWords) { .together = { .directory = directory_default() },
        .class = "card",
        .table = TABLE_CARD,
        .column = CARD_NUMBER };
}

/* {operation, tenant, class, table, column, reference}, open. */
static JsonWriter reveal_request(Buffer *request, const char *operation, const RevealWords *words)
{
    JsonWriter w = json_writer_for(request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    json_key_text(&w, "tenant", span_of_text(words->tenant));
    json_key_text(&w, "class", span_of_text(words->class));
    json_key_int(&w, "table", words->table);
    json_key_int(&w, "column", words->column);
    json_key_text(&w, "reference", span_of_text(words->row));
    return w;
}

/* One text of hufud's answer to a request about the place alone. */
MUST_USE static Status ask_about(
        const RevealWords *words, const char *operation, const JsonField *field, Buffer *ret_text)
{
    uint8_t request_bytes[4096];
    uint8_t answer_bytes[4096];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    JsonProblem problem = { 0 };
    Span text = { NULL, 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonWriter w = reveal_request(&request, operation, words);
    json_close(&w);
    TRY(json_finish(&w));
    TRY(admin_ask(words->together.directory, span_of_buffer(&request), &answer));
    TRY(json_parse(span_of_buffer(&answer), &document, &problem));
    TRY(json_read_some(document, json_root(document), field, 1, &text, &problem));
    return buffer_put(ret_text, text);
}

Status reveal_mask(const RevealWords *words, Buffer *ret_mask)
{
    static const JsonField field = { "mask", JSON_TEXT, true, 1, WIRE_MASK_BYTES_MAX, 0 };
    return ask_about(words, "field.mask", &field, ret_mask);
}

/* SHA-256 of the sealed bytes that people sign for: of the file, or of what hufud says stands
 * there. A wrong one makes the signatures worth nothing. */
MUST_USE static Status print_of(
        const RevealWords *words, Span sealed, uint8_t ret_digest[WIRE_HASH_BYTES])
{
    static const JsonField field = { "sealed_sha256", JSON_TEXT, true, 2 * WIRE_HASH_BYTES,
        2 * WIRE_HASH_BYTES, 0 };
    uint8_t hex_bytes[2 * WIRE_HASH_BYTES];
    Buffer hex = BUFFER_OF(hex_bytes);
    Buffer digest = { ret_digest, 0, WIRE_HASH_BYTES };
    if (sealed.size > 0) {
        sha256(sealed, ret_digest);
        return OK;
    }
    TRY(ask_about(words, "field.print", &field, &hex));
    return hex_decode(span_of_buffer(&hex), &digest);
}

MUST_USE static Status approve(
        const RevealWords *words, WireRevealPurpose purpose, Span sealed, Buffer *ret_approvals)
{
    uint8_t message_bytes[1024];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer message = BUFFER_OF(message_bytes);
    DataClass class = CLASS_PUBLIC;
    REQUIRE(data_class_of(span_of_text(words->class), &class), REFUSED_FIELD_CLASS);
    const WireReveal reveal = { .tenant = span_of_text(words->tenant),
        .data_class = (uint16_t) class,
        .table = (uint16_t)words->table,
        .column = (uint16_t)words->column,
        .row_key = span_of_text(words->row),
        .subject = span_of_text(words->subject),
        .receiver = span_of_text(words->receiver),
        .purpose = (uint8_t)purpose };
    TRY(print_of(words, sealed, digest));
    TRY(wire_reveal_message(&reveal, digest, &message));
    sha256(span_of_buffer(&message), digest);
    return together_approve(&words->together, SPAN("reveal-field"), SPAN_OF(digest), ret_approvals);
}

static void key_base64(JsonWriter *w, const char *key, Span bytes)
{
    uint8_t text_bytes[2 * APPROVALS_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    const Status s = base64_encode(bytes, &text);
    if (status_ok(s)) json_key_text(w, key, span_of_buffer(&text));
    if (!status_ok(s) && status_ok(w->status)) w->status = s;
}

MUST_USE static Status read_box(Span answer, Buffer *ret_box)
{
    static const JsonField field = { "receiver_box", JSON_TEXT, true, 1, 2 * WIRE_BOX_BYTES_MAX,
        0 };
    JsonProblem problem = { 0 };
    Span box = { NULL, 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), &field, 1, &box, &problem));
    return base64_decode(box, ret_box);
}

Status reveal_ask(const RevealWords *words, WireRevealPurpose purpose, Buffer *ret_box)
{
    uint8_t sealed_bytes[WIRE_FIELD_BYTES_MAX + 1]; /* file_read() wants to see the end */
    uint8_t approvals_bytes[APPROVALS_BYTES];
    uint8_t request_bytes[REQUEST_BYTES];
    uint8_t answer_bytes[4 * WIRE_BOX_BYTES_MAX];
    Buffer sealed = BUFFER_OF(sealed_bytes);
    Buffer approvals = BUFFER_OF(approvals_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    if (words->sealed_file != NULL) TRY(file_read(words->sealed_file, &sealed));
    TRY(approve(words, purpose, span_of_buffer(&sealed), &approvals));
    JsonWriter w = reveal_request(&request, "field.reveal", words);
    json_key_text(&w, "subject", span_of_text(words->subject));
    json_key_text(&w, "receiver", span_of_text(words->receiver));
    json_key_text(&w, "purpose", span_of_text(reveal_purpose_name((uint8_t)purpose)));
    json_key_text(&w, "reason", span_of_text(words->together.reason));
    if (words->data_purpose != NULL)
        json_key_text(&w, "data_purpose", span_of_text(words->data_purpose));
    key_base64(&w, "approvals", span_of_buffer(&approvals));
    if (sealed.size > 0) key_base64(&w, "sealed", span_of_buffer(&sealed));
    json_close(&w);
    TRY(json_finish(&w));
    TRY(admin_ask(words->together.directory, span_of_buffer(&request), &answer));
    return read_box(span_of_buffer(&answer), ret_box);
}

/* --- a legal order --- */

MUST_USE static Status reveal_legal(const RevealWords *words, const char *out, size_t *ret_size)
{
    uint8_t memory[WIRE_BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(memory);
    TRY(reveal_ask(words, REVEAL_LEGAL_ORDER, &box));
    *ret_size = box.size;
    return file_write(out, 0600, span_of_buffer(&box));
}

int command_vault_reveal_legal(int argc, char **argv)
{
    RevealWords words = reveal_words();
    const char *out = NULL;
    size_t size = 0;
    const Option options[] = {
        REVEAL_PLACE_OPTIONS(words),
        { "--receiver", OPTION_TEXT, "NAME",
                "who is given it: `hufu receiver add --purpose legal-order` (required)",
                &words.receiver, 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "where the box for the receiver goes (required)", &out, 0,
                0 },
        REVEAL_SIGNED_OPTIONS(words),
    };
    const Usage usage = { "hufu vault reveal-legal",
        "Give an authority what its order demands: one value, in a box that its registered key "
        "alone opens.\n"
        "Two enrolled operators sign for just this row, receiver and reason; the receiver's "
        "budgets count;\n"
        "the line of the reveal log is durable before there is a box. Nothing is shown in clear, "
        "here or\n"
        "anywhere on the way.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.tenant == NULL || words.subject == NULL || words.receiver == NULL || out == NULL) {
        fprintf(stderr,
                "hufu vault reveal-legal: --tenant, --subject, --receiver and --out are needed\n"
                "See `hufu vault reveal-legal --help`.\n");
        return EXIT_USAGE;
    }
    if (!together_is_whole(&words.together, "vault reveal-legal", TOGETHER_REASON_BYTES_MAX))
        return EXIT_USAGE;
    const Status s = reveal_legal(&words, out, &size);
    if (!status_ok(s)) return command_failed("vault reveal-legal", s);
    printf("for %s's key alone: %s, %zu bytes\n", words.receiver, out, size);
    return EXIT_DONE;
}
