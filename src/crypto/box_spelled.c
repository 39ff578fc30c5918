/* Spelled boxes: keystrokes that were sealed one by one, joined (box.h). */
#include "crypto/box_inside.h"

#include "base/secret.h"
#include "crypto/derive.h"
#include "crypto/key_inside.h"

#define PAD_INFO "hufu box pad 1"
#define END_AAD "end"

enum { END_AAD_BYTES_MAX = BOX_PLAIN_BYTES_MAX + 8 };

typedef struct Stroke {
    uint32_t number;
    uint8_t kind;
    Span sealed;
} Stroke;

static Status take_stroke(Cursor *c, uint32_t after, Stroke *ret_stroke)
{
    TRY(cursor_u32(c, &ret_stroke->number));
    TRY(cursor_u8(c, &ret_stroke->kind));
    TRY(cursor_framed(c, BOX_STROKE_BYTES_MAX + AEAD_TAG_BYTES, &ret_stroke->sealed));
    REQUIRE(ret_stroke->number > after, REFUSED_BOX_FORMAT);
    REQUIRE(ret_stroke->kind == BOX_STROKE_TEXT || ret_stroke->kind == BOX_STROKE_PAD,
            REFUSED_BOX_FORMAT);
    return OK;
}

static Status open_stroke(
        const BoxSession *session, const Stroke *stroke, const uint8_t *pad, Buffer *plain)
{
    const uint8_t aad[] = { 's', 't', 'r', 'o', 'k', 'e', stroke->kind };
    const size_t before = plain->size;
    TRY(box_session_open(session, stroke->number, SPAN_OF(aad), stroke->sealed, plain));
    const size_t size = plain->size - before;
    if (stroke->kind == BOX_STROKE_TEXT) {
        REQUIRE(size > 0, REFUSED_BOX_FORMAT);
        return OK;
    }
    REQUIRE(size == 1 && plain->data[before] < BOX_PAD_KEYS, REFUSED_BOX_FORMAT);
    plain->data[before] = pad[plain->data[before]];
    return OK;
}

/* The end first: what it does not speak for is not opened. */
static Status check_end(const BoxSession *session, const Box *box, uint32_t *ret_number)
{
    uint8_t aad_bytes[END_AAD_BYTES_MAX];
    uint8_t nothing[1];
    Buffer aad = BUFFER_OF(aad_bytes);
    Buffer plain = { nothing, 0, 0 };
    Cursor c = cursor_of(box->end);
    Span tag = { 0 };
    TRY(buffer_put(&aad, SPAN(END_AAD)));
    TRY(buffer_put(&aad, box->strokes));
    TRY(cursor_u32(&c, ret_number));
    TRY(cursor_take(&c, AEAD_TAG_BYTES, &tag));
    return box_session_open(session, *ret_number, span_of_buffer(&aad), tag, &plain);
}

static Status join(const BoxSession *session, const Box *box, const uint8_t *pad, Buffer *plain)
{
    uint32_t end = 0;
    uint32_t last = 0;
    size_t count = 0;
    TRY(check_end(session, box, &end));
    Cursor c = cursor_of(box->strokes);
    for (; !status_ok(cursor_end(&c)); count++) {
        Stroke stroke = { 0 };
        REQUIRE(count < BOX_STROKES_MAX, REFUSED_BOX_FORMAT);
        REQUIRE(status_ok(take_stroke(&c, last, &stroke)), REFUSED_BOX_FORMAT);
        TRY(open_stroke(session, &stroke, pad, plain));
        last = stroke.number;
    }
    REQUIRE(end > last, REFUSED_BOX_FORMAT);
    return OK;
}

Status box_spelled_open(const PrivateKey *recipient, const Box *box, Buffer *ret_plain)
{
    uint8_t pad[BOX_PAD_KEYS];
    CLEANUP(box_session_wipe) BoxSession session = { 0 };
    TRY(box_accept(recipient, box, &session));
    TRY(box_pad(recipient, box->encapsulated, pad));
    const size_t before = ret_plain->size;
    const Status s = join(&session, box, pad, ret_plain);
    bytes_wipe(pad, sizeof(pad));
    if (!status_ok(s)) {
        bytes_wipe(ret_plain->data + before, ret_plain->size - before);
        ret_plain->size = before;
    }
    return s;
}

Status box_pad(const PrivateKey *recipient, Span encapsulated, uint8_t ret_digits[BOX_PAD_KEYS])
{
    REQUIRE(recipient->algorithm == KEY_P256 || recipient->algorithm == KEY_SM2,
            REFUSED_BOX_FORMAT);
    REQUIRE(encapsulated.size == BOX_POINT_BYTES, REFUSED_BOX_FORMAT);
    const bool sm = recipient->algorithm == KEY_SM2;
    uint8_t drawn[4 * BOX_PAD_KEYS];
    derive_hkdf(sm ? MAC_HMAC_SM3 : MAC_HMAC_SHA256, encapsulated,
            (Span) { recipient->scalar, sizeof(recipient->scalar) }, SPAN(PAD_INFO), drawn,
            sizeof(drawn));
    for (uint8_t i = 0; i < BOX_PAD_KEYS; i++)
        ret_digits[i] = (uint8_t)('0' + i);
    Cursor c = cursor_of(SPAN_OF(drawn));
    for (uint32_t i = BOX_PAD_KEYS - 1; i > 0; i--) { /* Fisher and Yates */
        uint32_t number = 0;
        ASSERT(status_ok(cursor_u32(&c, &number)));
        const uint32_t other = number % (i + 1);
        const uint8_t digit = ret_digits[i];
        ret_digits[i] = ret_digits[other];
        ret_digits[other] = digit;
    }
    bytes_wipe(drawn, sizeof(drawn));
    return OK;
}
