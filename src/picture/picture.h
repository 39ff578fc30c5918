#pragma once
/*
 * picture: QR codes and bars of a payment code, as PNG, and as text for a terminal.
 *
 *     Picture picture;
 *     TRY(picture_qr(span_of_text(code_url), &picture));
 *     TRY(picture_png(&picture, &file));
 *
 * QR (ISO/IEC 18004) is libqrencode's, at level M; Code 128 (ISO/IEC 15417) is our own, of set C
 * alone: pairs of digits. Each picture has the quiet zone that its standard asks for. A picture
 * says what its content says: who makes one of a secret wipes it, and what was drawn of it.
 * Source: TP-18. Floor 1. No state.
 */
#include "base/bytes.h"

enum {
    PICTURE_QR_BYTES_MAX = 512,
    PICTURE_SIDE_MAX = 97, /* QR version 20: 666 bytes at level M */
    PICTURE_BARS_DIGITS_MAX = 48,
    PICTURE_DOTS_MAX = PICTURE_SIDE_MAX * PICTURE_SIDE_MAX,
    PICTURE_PNG_BYTES_MAX = 64 * 1024,
    PICTURE_TEXT_BYTES_MAX = 32 * 1024,
};

typedef struct Picture {
    size_t width; /* in modules, without the quiet zone */
    size_t height;
    size_t module_tall; /* how many times as tall as wide a module is drawn */
    size_t quiet; /* modules of light on every side */
    uint8_t dark[PICTURE_DOTS_MAX]; /* row by row; 1: dark */
} Picture;

/* Refuses PICTURE_CONTENT (empty, or more than PICTURE_QR_BYTES_MAX). Faults FAULT_MEMORY. */
MUST_USE Status picture_qr(Span content, Picture *ret_picture);
/* An even number of digits. Refuses PICTURE_CONTENT. */
MUST_USE Status picture_bars(Span digits, Picture *ret_picture);

/* Append the whole picture; the capacities above are always enough. Refuse BUFFER_FULL. */
MUST_USE Status picture_png(const Picture *picture, Buffer *out);
/* Half blocks (U+2580, U+2584, U+2588), two rows a line: blocks are the light modules, for
 * terminals write light on dark. */
MUST_USE Status picture_text(const Picture *picture, Buffer *out);
