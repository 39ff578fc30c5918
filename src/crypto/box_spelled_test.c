/* Keystrokes that a page sealed one by one open joined, and only as they were typed: none can be
 * left out, moved, added or taken from another session (TP-4, TP-19). */
#include "crypto/box_inside.h"

#include "crypto/box_vector.h"
#include "crypto/key_inside.h"
#include "crypto/vector_test.h"

#define PKCS8_HEAD "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
/* From an independent HKDF and shuffle in Python. */
#define VECTOR_PAD "9683547201"

enum { STROKE_HEAD_BYTES = 9, STROKES = 6 };

static PrivateKey *key_of_vector(void)
{
    PrivateKey *key = NULL;
    const Vector pkcs8 = vector(PKCS8_HEAD BOX_VECTOR_RECIPIENT);
    ASSERT(status_ok(private_key_from_pkcs8(vector_span(&pkcs8), &key)));
    return key;
}

static Status open_bytes(Span bytes, Buffer *ret_plain)
{
    CLEANUP(private_key_free) PrivateKey *key = key_of_vector();
    Box box = { 0 };
    TRY(box_parse(bytes, &box));
    return box_open(key, &box, ret_plain);
}

/* What was taken back is not in it, and a place on the pad is its digit. */
static void what_was_typed_opens_joined(void)
{
    const Vector bytes = vector(BOX_VECTOR_SPELLED);
    uint8_t plain_bytes[64];
    Buffer plain = BUFFER_OF(plain_bytes);
    EXPECT_OK(open_bytes(vector_span(&bytes), &plain));
    const char pad[] = VECTOR_PAD;
    const char wanted[] = { '4', '\xe8', '\x99', '\x8e', '8', pad[0], pad[9], pad[4] };
    EXPECT(span_equal(span_of_buffer(&plain), (Span) { (const uint8_t *)wanted, sizeof(wanted) }));
}

static void the_pad_is_another_one_each_time(void)
{
    CLEANUP(private_key_free) PrivateKey *key = key_of_vector();
    const Vector bytes = vector(BOX_VECTOR_SPELLED);
    uint8_t point[BOX_POINT_BYTES];
    uint8_t first[BOX_PAD_KEYS];
    memcpy(point, bytes.bytes + 10, sizeof(point));
    EXPECT_OK(box_pad(key, SPAN_OF(point), first));
    EXPECT(span_equal(SPAN_OF(first), SPAN(VECTOR_PAD)));
    size_t same = 0;
    for (int i = 1; i <= 200; i++) {
        uint8_t digits[BOX_PAD_KEYS];
        unsigned seen = 0;
        point[64] = (uint8_t)i;
        EXPECT_OK(box_pad(key, SPAN_OF(point), digits));
        for (size_t place = 0; place < BOX_PAD_KEYS; place++) {
            seen |= 1U << (digits[place] - '0');
            same += digits[place] == first[place];
        }
        EXPECT(seen == 0x3ff);
    }
    EXPECT(same > 100 && same < 300); /* one place in ten */
    EXPECT_REFUSED(box_pad(key, (Span) { point, 64 }, first), REFUSED_BOX_FORMAT);
}

static void every_flipped_bit_is_refused(void)
{
    Vector bytes = vector(BOX_VECTOR_SPELLED);
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        uint8_t plain_bytes[64];
        Buffer plain = BUFFER_OF(plain_bytes);
        bytes.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        EXPECT(status_refused(open_bytes(vector_span(&bytes), &plain)) && plain.size == 0);
        bytes.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
}

/* The vector with other strokes between its opening and its end. */
static Status open_with_strokes(const Span *strokes, size_t count)
{
    const Vector bytes = vector(BOX_VECTOR_SPELLED);
    Box box = { 0 };
    uint8_t other_bytes[2 * VECTOR_BYTES_MAX];
    uint8_t plain_bytes[64];
    Buffer other = BUFFER_OF(other_bytes);
    Buffer plain = BUFFER_OF(plain_bytes);
    ASSERT(status_ok(box_parse(vector_span(&bytes), &box)));
    const size_t head = (size_t)(box.strokes.data - bytes.bytes) - 4;
    uint32_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += (uint32_t)strokes[i].size;
    ASSERT(status_ok(buffer_put(&other, (Span) { bytes.bytes, head })));
    ASSERT(status_ok(buffer_put_u32(&other, size)));
    for (size_t i = 0; i < count; i++)
        ASSERT(status_ok(buffer_put(&other, strokes[i])));
    ASSERT(status_ok(buffer_put_framed(&other, box.end)));
    return open_bytes(span_of_buffer(&other), &plain);
}

static void strokes_of_vector(const Vector *bytes, Span ret_strokes[STROKES])
{
    Box box = { 0 };
    ASSERT(status_ok(box_parse(vector_span(bytes), &box)));
    const uint8_t *at = box.strokes.data;
    for (size_t i = 0; i < STROKES; i++) {
        ret_strokes[i] = (Span) { at, STROKE_HEAD_BYTES + (size_t)at[8] };
        at += ret_strokes[i].size;
    }
    ASSERT(at == box.strokes.data + box.strokes.size);
}

static void strokes_stay_as_they_were_typed(void)
{
    const Vector bytes = vector(BOX_VECTOR_SPELLED);
    Span all[STROKES];
    strokes_of_vector(&bytes, all);
    EXPECT_OK(open_with_strokes(all, STROKES));
    EXPECT_REFUSED(open_with_strokes(all, STROKES - 1), REFUSED_BOX_TAMPERED);
    EXPECT_REFUSED(open_with_strokes(all + 1, STROKES - 1), REFUSED_BOX_TAMPERED);
    EXPECT_REFUSED(open_with_strokes(all, 0), REFUSED_BOX_TAMPERED);
    const Span moved[STROKES] = { all[1], all[0], all[2], all[3], all[4], all[5] };
    EXPECT_REFUSED(open_with_strokes(moved, STROKES), REFUSED_BOX_TAMPERED);
    const Span twice[STROKES + 1] = { all[0], all[0], all[1], all[2], all[3], all[4], all[5] };
    EXPECT_REFUSED(open_with_strokes(twice, STROKES + 1), REFUSED_BOX_TAMPERED);
}

/* A page of somebody else's making, which has the session and keeps no rule. */
static Status open_sealed(const BoxSession *session, const Box *box, const PrivateKey *key,
        const uint32_t *numbers, uint8_t kind, Span plain, uint32_t end)
{
    uint8_t stroke_bytes[512];
    uint8_t end_bytes[64];
    uint8_t aad_bytes[600];
    uint8_t opened_bytes[64];
    Buffer strokes = BUFFER_OF(stroke_bytes);
    Buffer tail = BUFFER_OF(end_bytes);
    Buffer aad = BUFFER_OF(aad_bytes);
    Buffer opened = BUFFER_OF(opened_bytes);
    const uint8_t stroke_aad[] = { 's', 't', 'r', 'o', 'k', 'e', kind };
    for (size_t i = 0; i < 2; i++) {
        TRY(buffer_put_u32(&strokes, numbers[i]));
        TRY(buffer_put_u8(&strokes, kind));
        TRY(buffer_put_u32(&strokes, (uint32_t)plain.size + AEAD_TAG_BYTES));
        TRY(box_session_seal(session, numbers[i], SPAN_OF(stroke_aad), plain, &strokes));
    }
    TRY(buffer_put(&aad, SPAN("end")));
    TRY(buffer_put(&aad, span_of_buffer(&strokes)));
    TRY(buffer_put_u32(&tail, end));
    TRY(box_session_seal(session, end, span_of_buffer(&aad), (Span) { NULL, 0 }, &tail));
    Box made = *box;
    made.strokes = span_of_buffer(&strokes);
    made.end = span_of_buffer(&tail);
    const Status s = box_open(key, &made, &opened);
    ASSERT(status_ok(s) || opened.size == 0);
    return s;
}

static void a_page_that_keeps_no_rule_is_refused(void)
{
    CLEANUP(private_key_free) PrivateKey *key = key_of_vector();
    const Vector bytes = vector(BOX_VECTOR_SPELLED);
    const uint32_t rising[] = { 3, 4 };
    const uint32_t falling[] = { 4, 3 };
    const uint32_t again[] = { 4, 4 };
    Box box = { 0 };
    CLEANUP(box_session_wipe) BoxSession session = { 0 };
    ASSERT(status_ok(box_parse(vector_span(&bytes), &box)));
    ASSERT(status_ok(box_accept(key, &box, &session)));
    EXPECT_REFUSED(box_session_accept(key, &box, &session), REFUSED_BOX_FORMAT);
    EXPECT_OK(open_sealed(&session, &box, key, rising, BOX_STROKE_TEXT, SPAN("7"), 5));
    EXPECT_REFUSED(open_sealed(&session, &box, key, falling, BOX_STROKE_TEXT, SPAN("7"), 5),
            REFUSED_BOX_FORMAT);
    EXPECT_REFUSED(open_sealed(&session, &box, key, again, BOX_STROKE_TEXT, SPAN("7"), 5),
            REFUSED_BOX_FORMAT);
    EXPECT_REFUSED(open_sealed(&session, &box, key, rising, BOX_STROKE_TEXT, SPAN("7"), 4),
            REFUSED_BOX_FORMAT);
    EXPECT_REFUSED(open_sealed(&session, &box, key, rising, BOX_STROKE_TEXT, SPAN(""), 5),
            REFUSED_BOX_FORMAT);
    EXPECT_REFUSED(
            open_sealed(&session, &box, key, rising, BOX_STROKE_TEXT, SPAN("12345678901234567"), 5),
            REFUSED_BOX_FORMAT);
    EXPECT_OK(open_sealed(&session, &box, key, rising, BOX_STROKE_PAD, SPAN("\x09"), 5));
    EXPECT_REFUSED(open_sealed(&session, &box, key, rising, BOX_STROKE_PAD, SPAN("\x0a"), 5),
            REFUSED_BOX_FORMAT);
    EXPECT_REFUSED(open_sealed(&session, &box, key, rising, 3, SPAN("7"), 5), REFUSED_BOX_FORMAT);
}

TESTS(TEST(what_was_typed_opens_joined), TEST(the_pad_is_another_one_each_time),
        TEST(every_flipped_bit_is_refused), TEST(strokes_stay_as_they_were_typed),
        TEST(a_page_that_keeps_no_rule_is_refused))
