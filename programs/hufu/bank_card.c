/* hufu bank card: a card payment through the bank's channel (docs/bank-channels.md). */
#include "admin_client.h"
#include "command.h"
#include "enrol.h"
#include "hidden.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "policy/purposes.h"

#include <unistd.h>

enum {
    CARD_BYTES_MAX = 128,
    BOX_TEXT_BYTES_MAX = 2 * BOX_BYTES_MAX,
    REQUEST_BYTES_MAX = 16 * 1024
};

typedef struct Card {
    const char *directory, *number, *holder, *receiver;
    int64_t amount;
} Card;

/* Sealed here, to be opened in vaultd alone, for this order, amount and bank. */
static Status put_box(const Card *card, Span digits, Buffer *ret_box, Buffer *ret_nonce)
{
    CLEANUP(box_key_free) BoxKey key = { 0 };
    BoxWish wish = { .data_class = CLASS_PROHIBITED,
        .purpose = BOX_PURPOSE_CARD,
        .minor = card->amount,
        .order = span_of_text(card->number),
        .payee = span_of_text(card->receiver) };
    TRY(enrol_box_key(card->directory, &key, wish.nonce));
    TRY(box_make(&key, &wish, digits, ret_box));
    return hex_encode(SPAN_OF(wish.nonce), ret_nonce);
}

static Status put_request(const Card *card, Span digits, Buffer *ret_request)
{
    uint8_t box_bytes[BOX_TEXT_BYTES_MAX];
    uint8_t nonce_bytes[2 * BOX_NONCE_BYTES];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer nonce = BUFFER_OF(nonce_bytes);
    TRY(put_box(card, digits, &box, &nonce));
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    w.purpose = PURPOSE_BANK_CHANNEL;
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("bank.card"));
    json_key_text(&w, "number", span_of_text(card->number));
    json_key_text(&w, "holder", span_of_text(card->holder));
    json_key_int(&w, "amount", card->amount);
    json_key_text(&w, "card_box", span_of_buffer(&box));
    json_key_text(&w, "nonce", span_of_buffer(&nonce));
    json_close(&w);
    return json_finish(&w);
}

static int pay(const Card *card, Span digits)
{
    uint8_t bytes[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(bytes);
    const Status s = put_request(card, digits, &request);
    if (!status_ok(s)) return command_failed("bank card", s);
    return admin_show(card->directory, "bank card", span_of_buffer(&request));
}

int command_bank_card(int argc, char **argv)
{
    Card card = { .directory = directory_default(), .receiver = "sandbank" };
    const Option options[] = {
        { "--number", OPTION_TEXT, "N", "6 to 32 letters, digits, - and _ (required)", &card.number,
                0, 0 },
        { "--holder", OPTION_TEXT, "WHO", "merchant/MCHID or payer/ID (required)", &card.holder, 0,
                0 },
        { "--amount", OPTION_NUMBER, "FEN", "in fen (required)", &card.amount, 1, INT64_MAX },
        { "--receiver", OPTION_TEXT, "NAME", "the bank, as two people enrolled it [sandbank]",
                &card.receiver, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &card.directory, 0, 0 },
    };
    const Usage usage = { "hufu bank card",
        "From a card to a balance. Number, expiry and CVN2 are asked for, or read from standard\n"
        "input, as one line; they leave this program only in a sealed box that the vault alone "
        "can\n"
        "open, go on to the bank in another, once, and are kept nowhere.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    char digits[CARD_BYTES_MAX];
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (card.number == NULL || card.holder == NULL || card.amount == 0) {
        fprintf(stderr, "%s: --number, --holder and --amount are required\n", usage.name);
        return EXIT_USAGE;
    }
    if (!hidden_line(STDIN_FILENO, "Card: ", digits, sizeof(digits))) return EXIT_USAGE;
    exit_status = pay(&card, span_of_text(digits));
    bytes_wipe(digits, sizeof(digits));
    return exit_status;
}
