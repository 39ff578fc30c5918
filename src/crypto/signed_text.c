#include "crypto/signed_text.h"

#include "base/encoding.h"

#define TEXT_DOMAIN "hufu signed text 1\n"
#define TEXT_END "-- signed\n"
#define ED25519_LABEL "ed25519 "
#define SM2_LABEL "sm2 "

enum { MESSAGE_BYTES_MAX = SIGNED_TEXT_BYTES_MAX + sizeof(TEXT_DOMAIN) };

/* Where the line begins that ends the text; its size when there is none. */
static size_t text_bytes(Span all)
{
    const size_t end = sizeof(TEXT_END) - 1;
    for (size_t i = 0; i + end <= all.size; i++) {
        const bool line_begins = i == 0 || all.data[i - 1] == '\n';
        if (line_begins && span_equal((Span) { all.data + i, end }, SPAN(TEXT_END))) return i;
    }
    return all.size;
}

static Status put_message(Span text, Buffer *message)
{
    TRY(buffer_put(message, SPAN(TEXT_DOMAIN)));
    return buffer_put(message, text);
}

static Status put_line(const PrivateKey *key, Span message, const char *label, Buffer *b)
{
    uint8_t memory[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(memory);
    TRY(sign_make(key, message, &signature));
    TRY(buffer_put(b, span_of_text(label)));
    TRY(base64_encode(span_of_buffer(&signature), b));
    return buffer_put_u8(b, '\n');
}

Status signed_text_close(const PrivateKey *ed25519, const PrivateKey *sm2, Buffer *text)
{
    const Span body = span_of_buffer(text);
    const bool is_text = body.size > 0 && body.size <= SIGNED_TEXT_BYTES_MAX
            && body.data[body.size - 1] == '\n' && text_bytes(body) == body.size
            && span_is_utf8(body);
    REQUIRE(is_text, REFUSED_SIGNATURE_FORMAT);
    uint8_t memory[MESSAGE_BYTES_MAX];
    Buffer message = BUFFER_OF(memory);
    TRY(put_message(body, &message));
    TRY(buffer_put(text, SPAN(TEXT_END)));
    TRY(put_line(ed25519, span_of_buffer(&message), ED25519_LABEL, text));
    return put_line(sm2, span_of_buffer(&message), SM2_LABEL, text);
}

static Status check_line(const PublicKey *key, Span message, const char *label, Cursor *c)
{
    uint8_t memory[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(memory);
    Span line;
    Span begin;
    REQUIRE(status_ok(cursor_until(c, '\n', &line)), REFUSED_SIGNATURE_FORMAT);
    Cursor l = cursor_of(line);
    REQUIRE(status_ok(cursor_take(&l, strlen(label), &begin)), REFUSED_SIGNATURE_FORMAT);
    REQUIRE(span_equal(begin, span_of_text(label)), REFUSED_SIGNATURE_FORMAT);
    REQUIRE(status_ok(base64_decode(l.rest, &signature)), REFUSED_SIGNATURE_FORMAT);
    return sign_verify(key, message, span_of_buffer(&signature));
}

Status signed_text_verify(
        const PublicKey *ed25519, const PublicKey *sm2, Span signed_text, Span *ret_text)
{
    const Span text = { signed_text.data, text_bytes(signed_text) };
    REQUIRE(text.size > 0 && text.size <= SIGNED_TEXT_BYTES_MAX, REFUSED_SIGNATURE_FORMAT);
    Cursor c = cursor_of(signed_text);
    Span passed;
    TRY(cursor_take(&c, text.size, &passed));
    REQUIRE(status_ok(cursor_take(&c, sizeof(TEXT_END) - 1, &passed)), REFUSED_SIGNATURE_FORMAT);
    uint8_t memory[MESSAGE_BYTES_MAX];
    Buffer message = BUFFER_OF(memory);
    TRY(put_message(text, &message));
    TRY(check_line(ed25519, span_of_buffer(&message), ED25519_LABEL, &c));
    TRY(check_line(sm2, span_of_buffer(&message), SM2_LABEL, &c));
    REQUIRE(status_ok(cursor_end(&c)), REFUSED_SIGNATURE_FORMAT);
    *ret_text = text;
    return OK;
}
