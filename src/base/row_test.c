/*
 * Goal: one row, one image, and no other row has it. Method: the example of TP-12's flaw, every
 * flipped bit, every truncation, and the limits.
 */
#include "base/expect.h"
#include "base/row.h"

static const uint16_t ids[] = { 1, 2, 3, 4, 5 };
static const RowHead head = { 7, 3, 2, 4, 9 };

static Status encode_sample(Buffer *image)
{
    const Value values[] = { VALUE_OF_TEXT(SPAN("1900000001")), VALUE_OF_INT(-5), VALUE_OF_NULL,
        VALUE_OF_BYTES(SPAN("\0\1")), VALUE_OF_TEXT(SPAN("")) };
    return row_encode(&head, ids, values, 5, image);
}

static void test_round_trip(void)
{
    uint8_t memory[512];
    uint8_t key_memory[ROW_KEY_BYTES_MAX];
    Buffer image = BUFFER_OF(memory);
    Buffer key = BUFFER_OF(key_memory);
    RowView row;
    EXPECT_OK(encode_sample(&image));
    EXPECT_OK(row_parse(span_of_buffer(&image), &row));
    EXPECT(row.count == 5 && row.head.table == 7 && row.head.schema == 3 && row.head.revision == 4
            && row.head.batch == 9);
    EXPECT(span_equal(row_bytes(&row, 1), SPAN("1900000001")) && row_int(&row, 2, 0) == -5);
    EXPECT(row_value(&row, 3)->type == VALUE_NULL && span_equal(row_bytes(&row, 4), SPAN("\0\1")));
    EXPECT(row_value(&row, 5)->type == VALUE_TEXT && row_value(&row, 6) == NULL
            && row_int(&row, 1, 77) == 77);
    EXPECT_OK(row_encode_key(7, ids, row.values, 2, &key));
    EXPECT(span_equal(row.key, span_of_buffer(&key)));
    EXPECT(row_image_bytes(row.values, 5) == image.size);
}

/* The layout of the header, byte by byte: other rooms and an auditor of another language write it
 * too. */
static void test_layout(void)
{
    static const uint8_t wanted[] = { 1, 0, 3, 0, 2, 0, 7, 1, 0, 1, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0,
        0, 6, /* key */
        0xFF, 0xF0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF, 0xF1, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0,
        0, 0, 2, 0, 2, 2, 0, 0, 0, 2, 'h', 'i' };
    uint8_t memory[128];
    Buffer image = BUFFER_OF(memory);
    const Value values[] = { VALUE_OF_INT(6), VALUE_OF_TEXT(SPAN("hi")) };
    EXPECT_OK(row_encode(&(RowHead) { 7, 3, 1, 1, 2 }, ids, values, 2, &image));
    EXPECT(span_equal(span_of_buffer(&image), SPAN_OF(wanted)));
}

/* Either refused, or another row; never the same row from other bytes. */
static void test_every_flipped_bit_is_another_row(void)
{
    uint8_t memory[512];
    uint8_t again_memory[512];
    Buffer image = BUFFER_OF(memory);
    EXPECT_OK(encode_sample(&image));
    for (size_t bit = 0; bit < 8 * image.size; bit++) {
        RowView row;
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        if (status_ok(row_parse(span_of_buffer(&image), &row))) {
            Buffer again = BUFFER_OF(again_memory);
            EXPECT_OK(row_encode(&row.head, row.ids, row.values, row.count, &again));
            EXPECT(span_equal(span_of_buffer(&again), span_of_buffer(&image)));
        }
        memory[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t size = 0; size < image.size; size++) {
        RowView row;
        EXPECT_REFUSED(row_parse((Span) { memory, size }, &row), REFUSED_ROW_INVALID);
    }
    RowView row;
    memory[image.size] = 0;
    EXPECT_REFUSED(row_parse((Span) { memory, image.size + 1 }, &row), REFUSED_ROW_INVALID);
}

static bool same_image(const Value *a, const Value *b, size_t count)
{
    uint8_t a_memory[256];
    uint8_t b_memory[256];
    Buffer a_image = BUFFER_OF(a_memory);
    Buffer b_image = BUFFER_OF(b_memory);
    if (!status_ok(row_encode(&head, ids, a, count, &a_image))) return true;
    if (!status_ok(row_encode(&head, ids, b, count, &b_image))) return true;
    return span_equal(span_of_buffer(&a_image), span_of_buffer(&b_image));
}

/* RULE: TP-12 improved: its sample formula joins fields without limits, so "100"+"50" = "1005"+"0".
 */
static void test_no_field_slides_into_its_neighbour(void)
{
    const Value key[] = { VALUE_OF_INT(1), VALUE_OF_INT(1) };
    const Value pairs[][2][2] = {
        { { VALUE_OF_TEXT(SPAN("100")), VALUE_OF_TEXT(SPAN("50")) },
                { VALUE_OF_TEXT(SPAN("1005")), VALUE_OF_TEXT(SPAN("0")) } },
        { { VALUE_OF_TEXT(SPAN("")), VALUE_OF_TEXT(SPAN("a")) },
                { VALUE_OF_TEXT(SPAN("a")), VALUE_OF_TEXT(SPAN("")) } },
        { { VALUE_OF_NULL, VALUE_OF_INT(1) }, { VALUE_OF_TEXT(SPAN("")), VALUE_OF_INT(1) } },
        { { VALUE_OF_BYTES(SPAN("a")), VALUE_OF_INT(1) },
                { VALUE_OF_TEXT(SPAN("a")), VALUE_OF_INT(1) } },
        { { VALUE_OF_INT(0x3130), VALUE_OF_INT(1) },
                { VALUE_OF_BYTES(SPAN("\0\0\0\0\0\0\x31\x30")), VALUE_OF_INT(1) } },
        { { VALUE_OF_NULL, VALUE_OF_INT(1) }, { VALUE_OF_INT(0), VALUE_OF_INT(1) } },
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const Value a[] = { key[0], key[1], pairs[i][0][0], pairs[i][0][1] };
        const Value b[] = { key[0], key[1], pairs[i][1][0], pairs[i][1][1] };
        EXPECT(!same_image(a, b, 4));
        EXPECT(same_image(a, a, 4));
    }
}

static void test_limits(void)
{
    static uint8_t large[ROW_VALUE_BYTES_MAX + 1];
    static uint8_t memory[2 * ROW_IMAGE_BYTES_MAX];
    Value values[] = { VALUE_OF_INT(1), VALUE_OF_INT(2), VALUE_OF_BYTES(SPAN_OF(large)),
        VALUE_OF_NULL };
    Buffer image = BUFFER_OF(memory);
    EXPECT_REFUSED(row_encode(&head, ids, values, 4, &image), REFUSED_BUFFER_FULL);
    values[2].bytes.size--;
    EXPECT_OK(row_encode(&head, ids, values, 4, &image));
    RowView row;
    EXPECT_OK(row_parse(span_of_buffer(&image), &row));
    image.size = 0;
    values[3] = values[2]; /* two of them are over the image's limit */
    EXPECT_REFUSED(row_encode(&head, ids, values, 4, &image), REFUSED_BUFFER_FULL);
    values[0] = VALUE_OF_BYTES(((Span) { large, ROW_KEY_BYTES_MAX }));
    EXPECT_REFUSED(row_encode(&head, ids, values, 3, &image), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(row_encode_key(7, ids, values, 2, &image), REFUSED_BUFFER_FULL);
    EXPECT(image.size == 0);
    Buffer small = { memory, 3, 40 };
    EXPECT_REFUSED(encode_sample(&small), REFUSED_BUFFER_FULL);
    EXPECT(small.size == 3);
}

TESTS(TEST(test_round_trip), TEST(test_layout), TEST(test_every_flipped_bit_is_another_row),
        TEST(test_no_field_slides_into_its_neighbour), TEST(test_limits))
