/* The pad of a protected field, drawn: the page gets a picture and sends places, so that neither
 * knows a digit (routes.h, TP-19). */
#include "api/routes.h"
#include "base/encoding.h"

_Static_assert((int)WIRE_PAD_KEYS == (int)BOX_PAD_KEYS, "one pad");

enum {
    KEY_ID_DIGITS = 8,
    COLUMNS = 3,
    KEY_WIDTH = 100,
    KEY_HEIGHT = 60,
    PICTURE_BYTES_MAX = 8192,
};

/* Each digit as a line in a box of 20 by 32: strokes say nothing to who reads the file as text. */
static const char *const shapes[BOX_PAD_KEYS] = {
    "M10 0C3 0 0 7 0 16S3 32 10 32S20 25 20 16S17 0 10 0Z",
    "M3 7L12 0V32",
    "M1 8C2 2 6 0 10 0C16 0 19 4 19 9C19 17 3 22 1 32H20",
    "M1 4C3 1 6 0 10 0C16 0 19 3 19 8S15 15 9 15C16 15 20 18 20 24S15 32 10 32C5 32 2 30 0 27",
    "M15 32V0L0 22H20",
    "M18 0H4L2 14C4 12 7 11 10 11C16 11 20 15 20 21S16 32 10 32C5 32 2 30 0 27",
    "M17 3C15 1 13 0 11 0C4 0 0 8 0 18C0 27 4 32 10 32S20 28 20 22S16 12 10 12S0 17 0 22",
    "M0 0H20L7 32",
    "M10 15A8 7.5 0 1 1 10 0A8 7.5 0 1 1 10 15A10 8.5 0 1 0 10 32A10 8.5 0 1 0 10 15Z",
    "M20 10C20 15 16 20 10 20S0 16 0 10S4 0 10 0S20 5 20 14C20 24 16 32 9 32C7 32 5 31 3 29",
};

static Status draw_key(size_t place, uint8_t digit, Buffer *svg)
{
    const size_t column = place == BOX_PAD_KEYS - 1 ? 1 : place % COLUMNS;
    const size_t row = place / COLUMNS;
    return buffer_print(svg, "<path transform=\"translate(%zu %zu)\" d=\"%s\"/>",
            column * KEY_WIDTH + 40, row * KEY_HEIGHT + 14, shapes[digit - '0']);
}

/* Three columns, four rows; the last digit in the middle of the last one. */
static Status draw(const uint8_t digits[BOX_PAD_KEYS], Buffer *svg)
{
    TRY(buffer_print(svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" fill=\"none\" "
            "stroke=\"#1f2329\" stroke-width=\"3\" stroke-linejoin=\"round\">",
            COLUMNS * KEY_WIDTH, 4 * KEY_HEIGHT));
    for (size_t place = 0; place < BOX_PAD_KEYS; place++)
        TRY(draw_key(place, digits[place], svg));
    return buffer_put(svg, SPAN("</svg>"));
}

static void answer_picture(Passage *p, Span svg)
{
    const HttpHeader headers[] = {
        { "Content-Type", SPAN("image/svg+xml") },
        { "Cache-Control", SPAN("no-store") },
        { "Content-Security-Policy", SPAN("default-src 'none'; sandbox") },
        { "Cross-Origin-Resource-Policy", SPAN("cross-origin") },
    };
    passage_send(p, 200, headers, sizeof(headers) / sizeof(headers[0]), svg);
}

static int write_refusal(Passage *p, Buffer *ret_body)
{
    return passage_write_refusal(p, p->outcome, NULL, ret_body);
}

/* p->box: key id u32, encapsulated key. */
static void fetch(Job *job)
{
    Passage *p = passage_of_job(job);
    uint8_t svg_bytes[PICTURE_BYTES_MAX];
    uint8_t digits[WIRE_PAD_KEYS];
    Buffer svg = BUFFER_OF(svg_bytes);
    Cursor c = cursor_of((Span) { p->box, p->box_size });
    uint32_t key_id = 0;
    Span point = { 0 };
    ASSERT(status_ok(cursor_u32(&c, &key_id)));
    ASSERT(status_ok(cursor_take(&c, BOX_POINT_BYTES, &point)));
    Status s = vaultclient_box_pad(p->house->vault, key_id, point, digits);
    if (status_ok(s)) s = draw(digits, &svg);
    if (status_ok(s))
        answer_picture(p, span_of_buffer(&svg));
    else
        passage_finish(p, s, write_refusal);
}

/* "20261128-04…": the box key's id, and the session's own point in hexadecimal. */
static Status take_session(Span session, Buffer *box)
{
    uint32_t key_id = 0;
    REQUIRE(session.size == KEY_ID_DIGITS + 1 + (size_t)2 * BOX_POINT_BYTES, REFUSED_BOX_FORMAT);
    for (size_t i = 0; i < KEY_ID_DIGITS; i++) {
        REQUIRE(session.data[i] >= '0' && session.data[i] <= '9', REFUSED_BOX_FORMAT);
        key_id = key_id * 10 + (uint32_t)(session.data[i] - '0');
    }
    REQUIRE(session.data[KEY_ID_DIGITS] == '-', REFUSED_BOX_FORMAT);
    TRY(buffer_put_u32(box, key_id));
    const Span point = { session.data + KEY_ID_DIGITS + 1, (size_t)2 * BOX_POINT_BYTES };
    REQUIRE(status_ok(hex_decode(point, box)), REFUSED_BOX_FORMAT);
    return OK;
}

void payer_pad(Passage *p, Span session)
{
    Buffer box = BUFFER_OF(p->box);
    passage_not_coming(p);
    p->job.run = fetch;
    Status s = take_session(session, &box);
    p->box_size = box.size;
    if (status_ok(s)) s = workers_submit(p->house->openers, &p->job);
    if (!status_ok(s)) passage_refuse(p, s, NULL);
}
