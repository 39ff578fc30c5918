#include "base/encoding.h"

static Status encode_hex(Span bytes, const char *digits, Buffer *ret_text)
{
    uint8_t *to = NULL;
    TRY(buffer_reserve(ret_text, 2 * bytes.size, &to));
    for (size_t i = 0; i < bytes.size; i++) {
        to[2 * i] = (uint8_t)digits[bytes.data[i] >> 4];
        to[2 * i + 1] = (uint8_t)digits[bytes.data[i] & 15];
    }
    return OK;
}

Status hex_encode(Span bytes, Buffer *ret_text)
{
    return encode_hex(bytes, "0123456789abcdef", ret_text);
}

Status hex_encode_upper(Span bytes, Buffer *ret_text)
{
    return encode_hex(bytes, "0123456789ABCDEF", ret_text);
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Status hex_decode(Span text, Buffer *ret_bytes)
{
    REQUIRE(text.size % 2 == 0, REFUSED_ENCODING_INVALID);
    for (size_t i = 0; i < text.size; i++)
        REQUIRE(hex_value(text.data[i]) >= 0, REFUSED_ENCODING_INVALID);
    uint8_t *to = NULL;
    TRY(buffer_reserve(ret_bytes, text.size / 2, &to));
    for (size_t i = 0; i < text.size / 2; i++)
        to[i] = (uint8_t)(hex_value(text.data[2 * i]) << 4 | hex_value(text.data[2 * i + 1]));
    return OK;
}

static const char base64_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Status base64_encode(Span bytes, Buffer *ret_text)
{
    uint8_t *to = NULL;
    TRY(buffer_reserve(ret_text, (bytes.size + 2) / 3 * 4, &to));
    for (size_t i = 0; i < bytes.size; i += 3) {
        const size_t left = bytes.size - i;
        const uint32_t group = (uint32_t)bytes.data[i] << 16
                | (left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0)
                | (left > 2 ? (uint32_t)bytes.data[i + 2] : 0);
        *to++ = (uint8_t)base64_digits[group >> 18];
        *to++ = (uint8_t)base64_digits[(group >> 12) & 63];
        *to++ = left > 1 ? (uint8_t)base64_digits[(group >> 6) & 63] : '=';
        *to++ = left > 2 ? (uint8_t)base64_digits[group & 63] : '=';
    }
    return OK;
}

static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

/* Number of bytes that the padded text stands for, or a refusal when it is not canonical. */
static Status base64_measure(Span text, size_t *ret_size)
{
    REQUIRE(text.size % 4 == 0, REFUSED_ENCODING_INVALID);
    size_t padding = 0;
    while (padding < 2 && padding < text.size && text.data[text.size - 1 - padding] == '=')
        padding++;
    const size_t digits = text.size - padding;
    for (size_t i = 0; i < digits; i++)
        REQUIRE(base64_value(text.data[i]) >= 0, REFUSED_ENCODING_INVALID);
    if (padding > 0) {
        const int unused = padding == 1 ? 3 : 15;
        REQUIRE((base64_value(text.data[digits - 1]) & unused) == 0, REFUSED_ENCODING_INVALID);
    }
    *ret_size = text.size / 4 * 3 - padding;
    return OK;
}

Status base64_decode(Span text, Buffer *ret_bytes)
{
    size_t size = 0;
    TRY(base64_measure(text, &size));
    uint8_t *to = NULL;
    TRY(buffer_reserve(ret_bytes, size, &to));
    uint32_t bits = 0;
    int count = 0;
    size_t done = 0;
    for (size_t i = 0; done < size; i++) {
        bits = bits << 6 | (uint32_t)base64_value(text.data[i]);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        to[done++] = (uint8_t)(bits >> count);
    }
    return OK;
}

Status base64url_encode(Span bytes, Buffer *ret_text)
{
    const size_t before = ret_text->size;
    TRY(base64_encode(bytes, ret_text));
    while (ret_text->size > before && ret_text->data[ret_text->size - 1] == '=')
        ret_text->size--;
    for (size_t i = before; i < ret_text->size; i++) {
        if (ret_text->data[i] == '+') ret_text->data[i] = '-';
        if (ret_text->data[i] == '/') ret_text->data[i] = '_';
    }
    return OK;
}

Status base64url_decode(Span text, Buffer *ret_bytes)
{
    uint8_t padded[BASE64URL_TEXT_MAX + 2];
    REQUIRE(text.size <= BASE64URL_TEXT_MAX && text.size % 4 != 1, REFUSED_ENCODING_INVALID);
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        REQUIRE(c != '+' && c != '/' && c != '=', REFUSED_ENCODING_INVALID);
        padded[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    size_t size = text.size;
    while (size % 4 != 0)
        padded[size++] = '=';
    return base64_decode((Span) { padded, size }, ret_bytes);
}
