#include "crypto/sign.h"

enum { DER_SEQUENCE = 0x30, DER_INTEGER = 0x02, NUMBER_BYTES = 32 };

/* The order n of the base point. GB/T 32918.5; FIPS 186-4 D.1.2.3. */
static const uint8_t sm2_order[NUMBER_BYTES] = { 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x72, 0x03, 0xDF, 0x6B, 0x21, 0xC6, 0x05, 0x2B,
    0x53, 0xBB, 0xF4, 0x09, 0x39, 0xD5, 0x41, 0x23 };
static const uint8_t p256_order[NUMBER_BYTES] = { 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84,
    0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51 };

/* INTEGER, positive, in the fewest bytes (X.690 section 8.3.2), at most 32 without the sign byte.
 */
static Status take_number(Cursor *c, uint8_t ret_number[NUMBER_BYTES])
{
    uint8_t tag = 0;
    uint8_t size = 0;
    Span digits = { 0 };
    TRY(cursor_u8(c, &tag));
    TRY(cursor_u8(c, &size));
    REQUIRE(tag == DER_INTEGER && size > 0 && size <= NUMBER_BYTES + 1, REFUSED_SIGNATURE_FORMAT);
    TRY(cursor_take(c, size, &digits));
    const uint8_t first = digits.data[0];
    REQUIRE(first < 0x80, REFUSED_SIGNATURE_FORMAT); /* negative */
    if (first == 0) {
        REQUIRE(size > 1 && digits.data[1] >= 0x80, REFUSED_SIGNATURE_FORMAT); /* zero, or padded */
        digits = (Span) { digits.data + 1, digits.size - 1 };
    }
    REQUIRE(digits.size <= NUMBER_BYTES, REFUSED_SIGNATURE_FORMAT);
    memset(ret_number, 0, NUMBER_BYTES);
    memcpy(ret_number + NUMBER_BYTES - digits.size, digits.data, digits.size);
    return OK;
}

/* r + s as 33 bytes equals n. */
static bool sum_is(const uint8_t r[NUMBER_BYTES], const uint8_t s[NUMBER_BYTES],
        const uint8_t order[NUMBER_BYTES])
{
    uint8_t sum[NUMBER_BYTES];
    unsigned carry = 0;
    for (size_t i = NUMBER_BYTES; i > 0; i--) {
        carry += (unsigned)r[i - 1] + s[i - 1];
        sum[i - 1] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry == 0 && bytes_equal_ct(sum, order, NUMBER_BYTES);
}

static Status parse(KeyAlgorithm curve, Span der, uint8_t r[NUMBER_BYTES], uint8_t s[NUMBER_BYTES])
{
    Cursor c = cursor_of(der);
    uint8_t tag = 0;
    uint8_t size = 0;
    TRY(cursor_u8(&c, &tag));
    TRY(cursor_u8(&c, &size)); /* at most 70: the short form is the only minimal one */
    REQUIRE(tag == DER_SEQUENCE && size == c.rest.size, REFUSED_SIGNATURE_FORMAT);
    TRY(take_number(&c, r));
    TRY(take_number(&c, s));
    TRY(cursor_end(&c));
    const uint8_t *order = curve == KEY_SM2 ? sm2_order : p256_order; /* signatures are public */
    const Span limit = { order, NUMBER_BYTES };
    REQUIRE(span_compare((Span) { r, NUMBER_BYTES }, limit) < 0, REFUSED_SIGNATURE_FORMAT);
    REQUIRE(span_compare((Span) { s, NUMBER_BYTES }, limit) < 0, REFUSED_SIGNATURE_FORMAT);
    REQUIRE(curve != KEY_SM2 || !sum_is(r, s, order), REFUSED_SIGNATURE_FORMAT); /* t = 0 */
    return OK;
}

Status sign_der_parse(KeyAlgorithm curve, Span der, uint8_t ret_r[32], uint8_t ret_s[32])
{
    ASSERT(curve == KEY_SM2 || curve == KEY_P256);
    uint8_t r[NUMBER_BYTES];
    uint8_t s[NUMBER_BYTES];
    REQUIRE(status_ok(parse(curve, der, r, s)), REFUSED_SIGNATURE_FORMAT);
    memcpy(ret_r, r, NUMBER_BYTES);
    memcpy(ret_s, s, NUMBER_BYTES);
    return OK;
}

static void put_number(const uint8_t number[NUMBER_BYTES], Buffer *ret)
{
    size_t zeros = 0;
    while (zeros < NUMBER_BYTES - 1 && number[zeros] == 0)
        zeros++;
    const bool sign_byte = number[zeros] >= 0x80;
    const size_t size = NUMBER_BYTES - zeros + (sign_byte ? 1 : 0);
    ASSERT(status_ok(buffer_put_u8(ret, DER_INTEGER)));
    ASSERT(status_ok(buffer_put_u8(ret, (uint8_t)size)));
    if (sign_byte) ASSERT(status_ok(buffer_put_u8(ret, 0)));
    ASSERT(status_ok(buffer_put(ret, (Span) { number + zeros, NUMBER_BYTES - zeros })));
}

Status sign_der_write(const uint8_t r[32], const uint8_t s[32], Buffer *ret_der)
{
    uint8_t bytes[SIGN_DER_BYTES_MAX];
    Buffer numbers = BUFFER_OF(bytes);
    put_number(r, &numbers);
    put_number(s, &numbers);
    REQUIRE(ret_der->capacity - ret_der->size >= numbers.size + 2, REFUSED_BUFFER_FULL);
    TRY(buffer_put_u8(ret_der, DER_SEQUENCE));
    TRY(buffer_put_u8(ret_der, (uint8_t)numbers.size));
    return buffer_put(ret_der, span_of_buffer(&numbers));
}
