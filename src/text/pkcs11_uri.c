#include "text/pkcs11_uri.h"

#include "base/encoding.h"

#define SCHEME "pkcs11:"

bool pkcs11_uri_is(Span text)
{
    const size_t size = sizeof(SCHEME) - 1;
    return text.size >= size && span_equal((Span) { text.data, size }, SPAN(SCHEME));
}

/* What comes before `end`; all of it when there is none. */
static Span take_part(Cursor *c, uint8_t end)
{
    Span part;
    if (status_ok(cursor_until(c, end, &part))) return part;
    part = c->rest;
    c->rest.size = 0;
    return part;
}

static Status decode(Span text, Buffer *ret)
{
    Cursor c = cursor_of(text);
    while (c.rest.size > 0) {
        uint8_t byte = 0;
        Span digits;
        TRY(cursor_u8(&c, &byte));
        if (byte == '%') {
            TRY(cursor_take(&c, 2, &digits));
            TRY(hex_decode(digits, ret));
            continue;
        }
        REQUIRE(byte > 0x20 && byte < 0x7F, REFUSED_TOKEN_URI);
        TRY(buffer_put_u8(ret, byte));
    }
    return OK;
}

/* Once, not empty, no NUL inside. */
static Status take_text(Span value, char *ret_text, size_t capacity)
{
    Buffer b = { (uint8_t *)ret_text, 0, capacity - 1 };
    REQUIRE(ret_text[0] == '\0' && value.size > 0, REFUSED_TOKEN_URI);
    TRY(decode(value, &b));
    ret_text[b.size] = '\0';
    REQUIRE(strlen(ret_text) == b.size, REFUSED_TOKEN_URI);
    return OK;
}

static Status take_path(Span value, char *ret_path)
{
    TRY(take_text(value, ret_path, PKCS11_PATH_BYTES_MAX + 1));
    REQUIRE(ret_path[0] == '/', REFUSED_TOKEN_URI);
    return OK;
}

static Status take_id(Span value, Pkcs11Uri *uri)
{
    Buffer b = BUFFER_OF(uri->id);
    REQUIRE(uri->id_bytes == 0 && value.size > 0, REFUSED_TOKEN_URI);
    TRY(decode(value, &b));
    uri->id_bytes = b.size;
    return OK;
}

static Status take_pin_source(Span value, Pkcs11Uri *uri)
{
    Cursor c = cursor_of(value);
    Span scheme;
    TRY(cursor_until(&c, ':', &scheme));
    REQUIRE(span_equal(scheme, SPAN("file")), REFUSED_TOKEN_URI);
    return take_path(c.rest, uri->pin_file);
}

static Status take_attribute(Span attribute, bool in_query, Pkcs11Uri *uri)
{
    Cursor c = cursor_of(attribute);
    Span name;
    TRY(cursor_until(&c, '=', &name));
    if (in_query) {
        if (span_equal(name, SPAN("module-path"))) return take_path(c.rest, uri->module_path);
        if (span_equal(name, SPAN("pin-source"))) return take_pin_source(c.rest, uri);
        return REFUSE(REFUSED_TOKEN_URI);
    }
    if (span_equal(name, SPAN("token"))) return take_text(c.rest, uri->token, sizeof(uri->token));
    if (span_equal(name, SPAN("object")))
        return take_text(c.rest, uri->object, sizeof(uri->object));
    if (span_equal(name, SPAN("id"))) return take_id(c.rest, uri);
    REQUIRE(span_equal(name, SPAN("type")) && span_equal(c.rest, SPAN("private")),
            REFUSED_TOKEN_URI);
    return OK;
}

static Status take_all(Span text, Pkcs11Uri *uri)
{
    Cursor query =
            cursor_of((Span) { text.data + sizeof(SCHEME) - 1, text.size + 1 - sizeof(SCHEME) });
    Cursor path = cursor_of(take_part(&query, '?'));
    while (path.rest.size > 0)
        TRY(take_attribute(take_part(&path, ';'), false, uri));
    while (query.rest.size > 0)
        TRY(take_attribute(take_part(&query, '&'), true, uri));
    REQUIRE(uri->token[0] != '\0' && uri->module_path[0] != '\0', REFUSED_TOKEN_URI);
    REQUIRE(uri->object[0] != '\0' || uri->id_bytes > 0, REFUSED_TOKEN_URI);
    return OK;
}

Status pkcs11_uri_parse(Span text, Pkcs11Uri *ret_uri)
{
    Pkcs11Uri uri = { 0 };
    REQUIRE(text.size <= PKCS11_URI_BYTES_MAX && pkcs11_uri_is(text), REFUSED_TOKEN_URI);
    REQUIRE(status_ok(take_all(text, &uri)), REFUSED_TOKEN_URI);
    *ret_uri = uri;
    return OK;
}
