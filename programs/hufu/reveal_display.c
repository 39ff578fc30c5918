/* `hufu vault display`: the mask, for everybody; the whole value only while two people's override
 * lives, on the screen that they enrolled (TP-8, TP-11). */
#include "reveal.h"

#include "base/secret.h"
#include "crypto/box.h"
#include "policy/purposes.h"

static void wipe(Buffer *secret) { bytes_wipe(secret->data, secret->capacity); }

MUST_USE static Status read_key(const char *file, PrivateKey **ret_key)
{
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    CLEANUP(wipe) Buffer pem = BUFFER_OF(memory);
    REQUIRE(status_ok(file_read(file, &pem)), REFUSED_KEY_FORMAT);
    return private_key_from_pem(span_of_buffer(&pem), ret_key);
}

MUST_USE static Status show_mask(const RevealWords *words)
{
    uint8_t memory[WIRE_MASK_BYTES_MAX];
    Buffer mask = BUFFER_OF(memory);
    TRY(reveal_mask(words, &mask));
    printf("%.*s\n", (int)mask.size, (const char *)mask.data);
    return OK;
}

/* Is the box what was asked for? hufud could have passed on another. */
MUST_USE static Status check_context(const RevealWords *words, const BoxContext *context)
{
    const bool same = context->purpose == BOX_PURPOSE_REVEAL
            && span_equal(context->tenant, span_of_text(words->tenant))
            && span_equal(context->order, span_of_text(words->row))
            && span_equal(context->payee, span_of_text(words->receiver));
    REQUIRE(same, REFUSED_BOX_CONTEXT);
    return OK;
}

MUST_USE static Status show_in_full(const RevealWords *words, const char *key_file)
{
    uint8_t box_bytes[WIRE_BOX_BYTES_MAX];
    uint8_t value_bytes[BOX_PLAIN_BYTES_MAX];
    Buffer bytes = BUFFER_OF(box_bytes);
    CLEANUP(wipe) Buffer value = BUFFER_OF(value_bytes);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    Box box;
    TRY(read_key(key_file, &key));
    TRY(reveal_ask(words, REVEAL_FULL_DISPLAY, &bytes));
    TRY(box_parse(span_of_buffer(&bytes), &box));
    TRY(box_open(key, &box, &value));
    TRY(check_context(words, &box.context));
    printf("%.*s\n", (int)value.size, (const char *)value.data);
    return OK;
}

static bool is_complete(RevealWords *words, const char *key_file)
{
    if (key_file == NULL || words->receiver == NULL || words->subject == NULL) {
        fprintf(stderr,
                "hufu vault display: in full it needs --screen, --screen-key and --subject\n"
                "See `hufu vault display --help`.\n");
        return false;
    }
    return together_is_whole(&words->together, "vault display", TOGETHER_REASON_BYTES_MAX);
}

int command_vault_display(int argc, char **argv)
{
    RevealWords words = reveal_words();
    const char *key_file = NULL;
    const Option options[] = {
        REVEAL_PLACE_OPTIONS(words),
        { "--screen", OPTION_TEXT, "NAME",
                "in full, for this receiver: `hufu receiver add --purpose full-display`",
                &words.receiver, 0, 0 },
        { "--purpose", OPTION_TEXT, "NAME",
                "of rules/purposes.yaml, where the person is registered: what it is shown for",
                &words.data_purpose, 0, 0 },
        { "--screen-key", OPTION_TEXT, "FILE", "its private key, PEM", &key_file, 0, 0 },
        REVEAL_SIGNED_OPTIONS(words),
    };
    const Usage usage = { "hufu vault display",
        "Show the mask of a field of the domain store. With --screen the whole value: only while "
        "an override\n"
        "of two people lives (`hufu policy override card display clear,mask --purpose operate "
        "--until ...`),\n"
        "and two people sign for just this row, screen and reason. It stands in the reveal log.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.tenant == NULL) {
        fprintf(stderr,
                "hufu vault display: --tenant is needed\n"
                "See `hufu vault display --help`.\n");
        return EXIT_USAGE;
    }
    const bool in_full = words.receiver != NULL || key_file != NULL;
    if (in_full && !is_complete(&words, key_file)) return EXIT_USAGE;
    const Status s = in_full ? show_in_full(&words, key_file) : show_mask(&words);
    return status_ok(s) ? EXIT_DONE : command_failed("vault display", s);
}
