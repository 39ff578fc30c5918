#include "policy/detect_test_canaries.h"

#include "base/encoding.h"

#include "policy/detect_number.h"

#include <stdio.h>

#define MUST(expression) ASSERT(status_ok(expression))

/* A mixer of the index, so that values differ without a seed. */
static uint64_t mixed(uint64_t index)
{
    uint64_t x = index + 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static void put_card(uint64_t index, Buffer *text)
{
    static const char *const bins[] = { "411111", "555555", "622202", "353011", "601100",
        "955880" };
    uint8_t digits[16];
    memcpy(digits, bins[index % 6], 6);
    uint64_t body = mixed(index);
    for (size_t i = 6; i < 15; i++, body /= 10)
        digits[i] = (uint8_t)('0' + body % 10);
    for (digits[15] = '0'; !detect_luhn(SPAN_OF(digits)); digits[15]++)
        ASSERT(digits[15] <= '9');
    MUST(buffer_put(text, SPAN_OF(digits)));
}

static void put_identity(uint64_t index, Buffer *text)
{
    const uint64_t m = mixed(index);
    char digits[24];
    snprintf(digits, sizeof(digits), "110105%04u%02u%02u%03u", (unsigned)(1950 + m % 60),
            (unsigned)(m / 60 % 12 + 1), (unsigned)(m / 720 % 28 + 1),
            (unsigned)(m / 20160 % 1000));
    MUST(buffer_put(text, span_of_text(digits)));
    MUST(buffer_put_u8(text, detect_identity_check((const uint8_t *)digits)));
}

static void put_word(uint64_t index, size_t size, Buffer *text)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    for (size_t i = 0; i < size; i++)
        MUST(buffer_put_u8(text, (uint8_t)letters[mixed(index * 131 + i) % (sizeof(letters) - 1)]));
}

static void put_track(uint64_t index, Buffer *text)
{
    if (index % 2 == 0) {
        MUST(buffer_put(text, SPAN(";")));
        put_card(index, text);
        MUST(buffer_put(text, SPAN("=29121010000012300000")));
        return;
    }
    MUST(buffer_put(text, SPAN("%B")));
    put_card(index, text);
    MUST(buffer_put(text, SPAN("^ZHANG/SAN^29121010000000000")));
}

static void put_chip(uint64_t index, Buffer *text)
{
    MUST(buffer_put(text, index % 2 == 0 ? SPAN("5A08") : SPAN("5711")));
    put_card(index, text);
    if (index % 2 == 1) MUST(buffer_put(text, SPAN("D29122010000012345")));
}

static void put_private_key(uint64_t index, Buffer *text)
{
    static const char *const heads[] = { "", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH ", "SM2 " };
    const char *head = heads[index % 6];
    MUST(buffer_print(text, "-----BEGIN %sPRIVATE KEY-----\n", head));
    put_word(index, 64, text);
    MUST(buffer_print(text, "\n-----END %sPRIVATE KEY-----", head));
}

static void put_secret(uint64_t index, Buffer *text)
{
    static const char *const names[] = {
        "password=", "api_key=", "apiv3_key: ", "client_secret=", "\"accessKeySecret\":\""
    };
    MUST(buffer_put(text, span_of_text(names[index % 5])));
    put_word(index, 30, text);
    MUST(buffer_put(text, SPAN("9a")));
}

void canary_plain(DetectKind kind, uint64_t index, Buffer *ret_text)
{
    const unsigned low = (unsigned)(mixed(index) % 250);
    switch (kind) {
    case DETECT_CARD: put_card(index, ret_text); return;
    case DETECT_CARD_CODE:
        MUST(buffer_print(ret_text, "cvn2=%03u", (unsigned)(mixed(index) % 1000)));
        return;
    case DETECT_TRACK: put_track(index, ret_text); return;
    case DETECT_CHIP: put_chip(index, ret_text); return;
    case DETECT_IDENTITY: put_identity(index, ret_text); return;
    case DETECT_PHONE:
        MUST(buffer_print(ret_text, "+86138%08u", (unsigned)(mixed(index) % 100000000)));
        return;
    case DETECT_PRIVATE_KEY: put_private_key(index, ret_text); return;
    case DETECT_SECRET: put_secret(index, ret_text); return;
    case DETECT_ACCOUNT:
        if (index % 2 == 0) {
            MUST(buffer_print(ret_text, "root@10.%u.3.%u", low, (unsigned)(index % 250)));
            return;
        }
        MUST(buffer_print(ret_text, "redis://app:"));
        put_word(index, 12, ret_text);
        MUST(buffer_print(ret_text, "@192.168.%u.7:6379", low));
        return;
    default: ASSERT(false);
    }
}

/* --- spellings --- */

static void put_each(Span plain, const char *format, Buffer *text)
{
    for (size_t i = 0; i < plain.size; i++)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        MUST(buffer_print(text, format, plain.data[i]));
#pragma GCC diagnostic pop
}

/* U+FF01.. for U+0021..; every digit then is three bytes. */
static void put_full_width(Span plain, Buffer *text)
{
    for (size_t i = 0; i < plain.size; i++) {
        const uint8_t c = plain.data[i];
        if (c <= 0x20) {
            MUST(buffer_put_u8(text, c));
            continue;
        }
        const unsigned point = 0xFF01u + c - '!';
        MUST(buffer_put_u8(text, 0xEF));
        MUST(buffer_put_u8(text, (uint8_t)(0x80 | (point >> 6 & 63))));
        MUST(buffer_put_u8(text, (uint8_t)(0x80 | (point & 63))));
    }
}

static void put_groups(Span plain, char separator, Buffer *text)
{
    for (size_t i = 0; i < plain.size; i++) {
        if (i > 0 && i % 4 == 0) MUST(buffer_put_u8(text, (uint8_t)separator));
        MUST(buffer_put_u8(text, plain.data[i]));
    }
}

static void put_base64(Span plain, size_t phase, bool url, Buffer *text)
{
    uint8_t memory[CANARY_BYTES_MAX];
    Buffer bytes = BUFFER_OF(memory);
    MUST(buffer_put(&bytes, (Span) { (const uint8_t *)"{{", phase }));
    MUST(buffer_put(&bytes, plain));
    const size_t from = text->size;
    MUST(base64_encode(span_of_buffer(&bytes), text));
    for (size_t i = from; url && i < text->size; i++) {
        if (text->data[i] == '+') text->data[i] = '-';
        if (text->data[i] == '/') text->data[i] = '_';
    }
    while (url && text->data[text->size - 1] == '=')
        text->size--;
}

static void put_percent_twice(Span plain, Buffer *text) { put_each(plain, "%%25%02X", text); }

bool canary_exists(DetectKind kind, CanaryEncoding encoding)
{
    switch (encoding) {
    case CANARY_SPACED:
    case CANARY_DASHED:
    case CANARY_HEX: return kind == DETECT_CARD;
    case CANARY_BASE64:
    case CANARY_BASE64_PHASE_1:
    case CANARY_BASE64_PHASE_2:
    case CANARY_BASE64_URL:
        return kind == DETECT_CARD || kind == DETECT_TRACK || kind == DETECT_CHIP
                || kind == DETECT_IDENTITY || kind == DETECT_PHONE || kind == DETECT_PRIVATE_KEY;
    default: return true;
    }
}

void canary_make(DetectKind kind, CanaryEncoding encoding, uint64_t index, Buffer *ret_text)
{
    uint8_t memory[CANARY_BYTES_MAX];
    uint8_t wide[CANARY_BYTES_MAX];
    Buffer plain = BUFFER_OF(memory);
    Buffer full = BUFFER_OF(wide);
    canary_plain(kind, index, &plain);
    const Span text = span_of_buffer(&plain);
    switch (encoding) {
    case CANARY_PLAIN: MUST(buffer_put(ret_text, text)); return;
    case CANARY_SPACED: put_groups(text, ' ', ret_text); return;
    case CANARY_DASHED: put_groups(text, '-', ret_text); return;
    case CANARY_FULL_WIDTH: put_full_width(text, ret_text); return;
    case CANARY_PERCENT: put_each(text, "%%%02X", ret_text); return;
    case CANARY_PERCENT_FULL_WIDTH:
        put_full_width(text, &full);
        put_each(span_of_buffer(&full), "%%%02X", ret_text);
        return;
    case CANARY_PERCENT_TWICE: put_percent_twice(text, ret_text); return;
    case CANARY_JSON: put_each(text, "\\u%04x", ret_text); return;
    case CANARY_JSON_FULL_WIDTH:
        for (size_t i = 0; i < text.size; i++) {
            const unsigned c = text.data[i];
            MUST(buffer_print(ret_text, "\\u%04X", c > 0x20 ? c - '!' + 0xFF01u : c));
        }
        return;
    case CANARY_BACKSLASH_X: put_each(text, "\\x%02x", ret_text); return;
    case CANARY_ENTITY: put_each(text, "&#%u;", ret_text); return;
    case CANARY_BASE64: put_base64(text, 0, false, ret_text); return;
    case CANARY_BASE64_PHASE_1: put_base64(text, 1, false, ret_text); return;
    case CANARY_BASE64_PHASE_2: put_base64(text, 2, false, ret_text); return;
    case CANARY_BASE64_URL: put_base64(text, 0, true, ret_text); return;
    case CANARY_HEX: put_each(text, "%02X", ret_text); return;
    default: ASSERT(false);
    }
}

const char *canary_encoding_name(CanaryEncoding encoding)
{
    static const char *const names[CANARY_ENCODINGS] = { "plain", "spaced", "dashed", "full-width",
        "percent", "percent full-width", "percent twice", "json", "json full-width", "\\x",
        "entity", "base64", "base64 phase 1", "base64 phase 2", "base64url", "hex" };
    return names[encoding];
}
