/* `hufu picture`: a code_url or a payment code as what a camera or a shop's scanner reads. */
#include "command.h"
#include "shown_picture.h"

#include <stdio.h>

static Status draw(const char *content, bool bars, const char *out)
{
    Picture picture;
    const Span text = span_of_text(content);
    TRY(bars ? picture_bars(text, &picture) : picture_qr(text, &picture));
    return out != NULL ? picture_save(&picture, out) : picture_show(&picture);
}

int command_picture(int argc, char **argv)
{
    const char *content = NULL;
    const char *out = NULL;
    bool bars = false;
    const Option options[] = {
        { "TEXT", OPTION_TEXT, NULL, "of a native order the code_url, for a payer's camera",
                &content, 0, 0 },
        { "--bars", OPTION_FLAG, NULL, "Code 128 instead of QR: an even number of digits", &bars, 0,
                0 },
        { "--out", OPTION_TEXT, "FILE", "as PNG into FILE [on this terminal]", &out, 0, 0 },
    };
    const Usage usage = { "hufu picture",
        "Draw a text as a QR code, or digits as bars: an order's code_url for a payer's camera, a\n"
        "payment code for a shop's scanner.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const Status s = draw(content, bars, out);
    return status_ok(s) ? EXIT_DONE : command_failed("picture", s);
}
