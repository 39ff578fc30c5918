#include "text/json.h"

/*
 * One bit a level says whether a comma comes first, and one whether the level is an array: that is
 * all the memory that correct nesting needs.
 */

static void put(JsonWriter *w, Span bytes)
{
    if (status_ok(w->status)) w->status = buffer_put(w->out, bytes);
}

static uint32_t level_bit(const JsonWriter *w) { return UINT32_C(1) << w->depth; }

static bool in_array(const JsonWriter *w) { return (w->arrays & level_bit(w)) != 0; }

static void put_comma(JsonWriter *w)
{
    if ((w->written & level_bit(w)) != 0) put(w, SPAN(","));
    w->written |= level_bit(w);
}

static Span escape_of(uint8_t c, uint8_t memory[6])
{
    switch (c) {
    case '"': return SPAN("\\\"");
    case '\\': return SPAN("\\\\");
    case '\n': return SPAN("\\n");
    case '\r': return SPAN("\\r");
    case '\t': return SPAN("\\t");
    default: break;
    }
    static const char digits[] = "0123456789abcdef";
    memcpy(memory, "\\u00", 4);
    memory[4] = (uint8_t)digits[c >> 4];
    memory[5] = (uint8_t)digits[c & 15];
    return (Span) { memory, 6 };
}

static void put_quoted(JsonWriter *w, Span text)
{
    const bool nul = text.size > 0 && memchr(text.data, 0, text.size) != NULL;
    if (status_ok(w->status) && (nul || !span_is_utf8(text)))
        w->status = REFUSE(REFUSED_TEXT_NOT_UTF8);
    put(w, SPAN("\""));
    size_t plain = 0; /* start of the run that needs no escape */
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        uint8_t memory[6];
        put(w, (Span) { text.data + plain, i - plain });
        put(w, escape_of(c, memory));
        plain = i + 1;
    }
    if (plain < text.size) put(w, (Span) { text.data + plain, text.size - plain });
    put(w, SPAN("\""));
}

static void put_key(JsonWriter *w, const char *key)
{
    ASSERT(w->depth > 0 && !in_array(w));
    if (w->layer != 0 && status_ok(w->status))
        w->status = field_allow(key, (PolicyLayer)w->layer, (PolicyPurpose)w->purpose);
    put_comma(w);
    put(w, SPAN("\""));
    put(w, span_of_text(key));
    put(w, SPAN("\":"));
}

static void begin_item(JsonWriter *w)
{
    ASSERT(w->depth > 0 && in_array(w));
    put_comma(w);
}

static void open(JsonWriter *w, bool array)
{
    ASSERT(w->depth < JSON_DEPTH_MAX);
    put(w, array ? SPAN("[") : SPAN("{"));
    w->depth++;
    w->written &= ~level_bit(w);
    w->arrays = array ? w->arrays | level_bit(w) : w->arrays & ~level_bit(w);
}

JsonWriter json_writer_to_owner(Buffer *out)
{
    JsonWriter w = json_writer_for(out, LAYER_ANSWER);
    w.purpose = PURPOSE_OWNER;
    return w;
}

JsonWriter json_writer_for(Buffer *out, PolicyLayer layer)
{
    return (JsonWriter) { .out = out, .start = out->size, .status = OK, .layer = (uint8_t)layer };
}

JsonWriter json_writer(Buffer *out) { return json_writer_for(out, LAYER_ANSWER); }

JsonWriter json_writer_bare(Buffer *out)
{
    return (JsonWriter) { .out = out, .start = out->size, .status = OK };
}

void json_open_object(JsonWriter *w)
{
    if (w->depth > 0) begin_item(w);
    open(w, false);
}

void json_key_object(JsonWriter *w, const char *key)
{
    put_key(w, key);
    open(w, false);
}

void json_key_array(JsonWriter *w, const char *key)
{
    put_key(w, key);
    open(w, true);
}

void json_key_text(JsonWriter *w, const char *key, Span text)
{
    put_key(w, key);
    put_quoted(w, text);
}

static void put_int(JsonWriter *w, int64_t value)
{
    uint8_t digits[20]; /* of 2^63 with its sign */
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (uint8_t)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) digits[--at] = '-';
    put(w, (Span) { digits + at, sizeof(digits) - at });
}

void json_key_int(JsonWriter *w, const char *key, int64_t value)
{
    put_key(w, key);
    put_int(w, value);
}

void json_key_bool(JsonWriter *w, const char *key, bool value)
{
    put_key(w, key);
    put(w, value ? SPAN("true") : SPAN("false"));
}

void json_key_raw(JsonWriter *w, const char *key, Span json)
{
    put_key(w, key);
    put(w, json);
}

void json_item_text(JsonWriter *w, Span text)
{
    begin_item(w);
    put_quoted(w, text);
}

void json_item_int(JsonWriter *w, int64_t value)
{
    begin_item(w);
    put_int(w, value);
}

void json_close(JsonWriter *w)
{
    ASSERT(w->depth > 0);
    const bool array = in_array(w);
    w->depth--;
    put(w, array ? SPAN("]") : SPAN("}"));
}

Status json_finish(JsonWriter *w)
{
    ASSERT(w->depth == 0);
    if (!status_ok(w->status)) w->out->size = w->start;
    return w->status;
}
