/* hufu payer identify, cards: who a payer is, as somebody who met him says, and which bank cards he
 * has bound (docs/bank-channels.md). */
#include "admin_client.h"
#include "command.h"
#include "enrol.h"
#include "hidden.h"

#include "base/secret.h"
#include "policy/purposes.h"

#include <string.h>
#include <unistd.h>

enum {
    LINE_BYTES_MAX = 256,
    BOX_TEXT_BYTES_MAX = 2 * BOX_BYTES_MAX,
    REQUEST_BYTES_MAX = 32 * 1024
};

typedef struct Words {
    const char *directory;
    const char *payer;
} Words;

#define PAYER_OPTION(words)                                                           \
    {                                                                                 \
        "PAYER", OPTION_TEXT, NULL, "the payer's id (required)", &(words).payer, 0, 0 \
    }
#define DIRECTORY_OPTION(words)                                                                    \
    {                                                                                              \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(words).directory, 0, 0 \
    }

/* Sealed here, to be opened in vaultd alone. */
static Status put_fact(JsonWriter *w, const char *key, const BoxKey *box_key,
        const uint8_t nonce[BOX_NONCE_BYTES], const Words *words, DataClass class, Span value)
{
    uint8_t bytes[BOX_TEXT_BYTES_MAX];
    Buffer box = BUFFER_OF(bytes);
    BoxWish wish = { .data_class = (uint16_t) class,
        .purpose = BOX_PURPOSE_FIELD,
        .tenant = SPAN("hufu"),
        .order = span_of_text(words->payer),
        .payee = span_of_text(words->payer) };
    memcpy(wish.nonce, nonce, sizeof(wish.nonce));
    TRY(box_make(box_key, &wish, value, &box));
    json_key_text(w, key, span_of_buffer(&box));
    return OK;
}

/* "name,identity number,phone" */
static Status put_identity(const Words *words, Span line, Buffer *ret_request)
{
    CLEANUP(box_key_free) BoxKey key = { 0 };
    uint8_t nonce[BOX_NONCE_BYTES];
    Cursor c = cursor_of(line);
    Span name, number;
    TRY(cursor_until(&c, ',', &name));
    TRY(cursor_until(&c, ',', &number));
    TRY(enrol_box_key(words->directory, &key, nonce));
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("payer.identify"));
    json_key_text(&w, "payer_id", span_of_text(words->payer));
    TRY(put_fact(&w, "name_box", &key, nonce, words, CLASS_NAME, name));
    TRY(put_fact(&w, "identity_number_box", &key, nonce, words, CLASS_IDENTITY_NUMBER, number));
    TRY(put_fact(&w, "phone_box", &key, nonce, words, CLASS_PHONE, c.rest));
    json_close(&w);
    return json_finish(&w);
}

static int identify(const char *name, const Words *words)
{
    uint8_t bytes[REQUEST_BYTES_MAX];
    char line[LINE_BYTES_MAX];
    Buffer request = BUFFER_OF(bytes);
    if (!hidden_line(STDIN_FILENO, "Name,identity number,phone: ", line, sizeof(line)))
        return EXIT_USAGE;
    const Status s = put_identity(words, span_of_text(line), &request);
    bytes_wipe(line, sizeof(line));
    if (!status_ok(s)) return command_failed(name, s);
    return admin_show(words->directory, name, span_of_buffer(&request));
}

static bool has_payer(const Usage *usage, const Words *words)
{
    if (words->payer != NULL) return true;
    fprintf(stderr, "%s: the payer is required\nSee `%s --help`.\n", usage->name, usage->name);
    return false;
}

int command_payer_identify(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = { PAYER_OPTION(words), DIRECTORY_OPTION(words) };
    const Usage usage = { "hufu payer identify",
        "Who a payer is whom the institution's people have met: his name, identity number and\n"
        "phone are asked for, or read from standard input, as one line with commas between, and\n"
        "leave this program only in sealed boxes that the vault alone can open. Once.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!has_payer(&usage, &words)) return EXIT_USAGE;
    return identify(usage.name, &words);
}

int command_payer_cards(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = { PAYER_OPTION(words), DIRECTORY_OPTION(words) };
    const Usage usage = { "hufu payer cards", "A payer's bank cards, masked.", options,
        sizeof(options) / sizeof(options[0]) };
    uint8_t bytes[1024];
    Buffer request = BUFFER_OF(bytes);
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!has_payer(&usage, &words)) return EXIT_USAGE;
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("payer.cards"));
    json_key_text(&w, "payer_id", span_of_text(words.payer));
    json_close(&w);
    const Status s = json_finish(&w);
    if (!status_ok(s)) return command_failed(usage.name, s);
    return admin_show(words.directory, usage.name, span_of_buffer(&request));
}
