#include "message/explain.h"

enum { REQUEST_LINES = 5 };

typedef struct Lines {
    Span of[REQUEST_LINES]; /* without their line feeds; the last is the body */
    bool whole; /* four line feeds before the body, and one behind it */
} Lines;

/* The body may hold line feeds: it is all that follows the fourth, less one at its end. */
static Lines split(Span text)
{
    Lines lines = { 0 };
    Cursor c = cursor_of(text);
    for (size_t i = 0; i + 1 < REQUEST_LINES; i++) {
        if (!status_ok(cursor_until(&c, '\n', &lines.of[i]))) return lines;
    }
    lines.whole = c.rest.size > 0 && c.rest.data[c.rest.size - 1] == '\n';
    lines.of[REQUEST_LINES - 1] =
            (Span) { c.rest.data, lines.whole ? c.rest.size - 1 : c.rest.size };
    return lines;
}

static size_t first_difference(Span a, Span b)
{
    size_t i = 0;
    while (i < a.size && i < b.size && a.data[i] == b.data[i])
        i++;
    return i;
}

/* --- readers that deliver a text byte by byte, with what does not matter taken away --- */

typedef struct Reader {
    Span rest;
    bool in_text; /* of JSON */
    uint8_t pending[3];
    size_t pending_count;
} Reader;

static int digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return -1;
}

static int take(Reader *r)
{
    if (r->rest.size == 0) return -1;
    const uint8_t byte = r->rest.data[0];
    r->rest = (Span) { r->rest.data + 1, r->rest.size - 1 };
    return byte;
}

/* `count` hexadecimal digits ahead as a number, taken; -1 and nothing taken when there are none. */
static int take_hexadecimal(Reader *r, size_t count)
{
    if (r->rest.size < count) return -1;
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        const int digit = digit_of(r->rest.data[i]);
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    r->rest = (Span) { r->rest.data + count, r->rest.size - count };
    return value;
}

static int next_decoded(Reader *r)
{
    const int byte = take(r);
    if (byte == '+') return ' ';
    if (byte != '%') return byte;
    const int value = take_hexadecimal(r, 2);
    return value < 0 ? byte : value;
}

static int next_without_return(Reader *r)
{
    const int byte = take(r);
    if (byte == '\r' && r->rest.size > 0 && r->rest.data[0] == '\n') return take(r);
    return byte;
}

/* \u0041 as the UTF-8 bytes it stands for; surrogates stay what they are, alike on both sides. */
static int next_escaped(Reader *r)
{
    const int escape = take(r);
    if (escape != 'u') return escape;
    const int code = take_hexadecimal(r, 4);
    if (code < 0x80) return code < 0 ? escape : code;
    const uint8_t last = (uint8_t)(0x80 | (code & 0x3F));
    if (code < 0x800) {
        r->pending[r->pending_count++] = last;
        return 0xC0 | (code >> 6);
    }
    r->pending[r->pending_count++] = last;
    r->pending[r->pending_count++] = (uint8_t)(0x80 | ((code >> 6) & 0x3F));
    return 0xE0 | (code >> 12);
}

static int next_json(Reader *r)
{
    if (r->pending_count > 0) return r->pending[--r->pending_count];
    for (;;) {
        const int byte = take(r);
        if (byte == '"') r->in_text = !r->in_text;
        if (byte == '\\' && r->in_text) return next_escaped(r);
        const bool blank = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
        if (!blank || r->in_text) return byte;
    }
}

static bool same_through(int (*next)(Reader *), Span a, Span b)
{
    Reader left = { .rest = a };
    Reader right = { .rest = b };
    for (;;) {
        const int byte = next(&left);
        if (byte != next(&right)) return false;
        if (byte < 0) return true;
    }
}

/* Equal but for the order: as many of each byte. Members that changed places look like this. */
static bool same_bytes_of_json(Span a, Span b)
{
    int64_t counts[256] = { 0 };
    Reader left = { .rest = a };
    Reader right = { .rest = b };
    for (int byte = next_json(&left); byte >= 0; byte = next_json(&left))
        counts[byte & 0xFF]++;
    for (int byte = next_json(&right); byte >= 0; byte = next_json(&right))
        counts[byte & 0xFF]--;
    for (size_t i = 0; i < 256; i++) {
        if (counts[i] != 0) return false;
    }
    return true;
}

static Span without_blanks_at_end(Span text)
{
    while (text.size > 0 && text.data[text.size - 1] <= ' ')
        text.size--;
    return text;
}

static bool starts_with(Span text, const char *start)
{
    const Span wanted = span_of_text(start);
    return text.size >= wanted.size && span_equal((Span) { text.data, wanted.size }, wanted);
}

/* --- causes, one part each --- */

static ExplainCause target_cause(Span ours, Span theirs)
{
    if (starts_with(theirs, "http://") || starts_with(theirs, "https://"))
        return EXPLAIN_HOST_INCLUDED;
    Cursor c = cursor_of(ours);
    Span path = { 0 };
    if (status_ok(cursor_until(&c, '?', &path)) && span_equal(path, theirs))
        return EXPLAIN_QUERY_MISSING;
    return same_through(next_decoded, ours, theirs) ? EXPLAIN_QUERY_DECODED : EXPLAIN_OTHER_VALUE;
}

static ExplainCause timestamp_cause(Span ours, Span theirs)
{
    const Span longer = ours.size > theirs.size ? ours : theirs;
    const Span shorter = ours.size > theirs.size ? theirs : ours;
    const bool thousand = longer.size == shorter.size + 3 && shorter.size > 0;
    if (!thousand) return EXPLAIN_OTHER_VALUE;
    const Span seconds = { longer.data, shorter.size };
    return span_equal(seconds, shorter) ? EXPLAIN_MILLISECONDS : EXPLAIN_OTHER_VALUE;
}

static ExplainCause body_cause(Span ours, Span theirs)
{
    if (theirs.size == 0) return EXPLAIN_BODY_MISSING;
    if (span_equal(without_blanks_at_end(ours), without_blanks_at_end(theirs)))
        return EXPLAIN_BODY_BLANKS_AT_END;
    if (span_is_utf8(ours) != span_is_utf8(theirs)) return EXPLAIN_BODY_ENCODING;
    if (same_through(next_json, ours, theirs)) return EXPLAIN_BODY_SERIALISED_AGAIN;
    return same_bytes_of_json(ours, theirs) ? EXPLAIN_BODY_SERIALISED_AGAIN : EXPLAIN_OTHER_VALUE;
}

/* A line of ours that stands in another place of theirs. */
static bool swapped(const Lines *ours, const Lines *theirs, size_t line)
{
    for (size_t i = 0; i + 1 < REQUEST_LINES; i++) {
        if (i != line && ours->of[i].size > 0 && span_equal(ours->of[i], theirs->of[line]))
            return true;
    }
    return false;
}

static ExplainCause cause_of(const Lines *ours, const Lines *theirs, size_t line)
{
    const Span a = ours->of[line];
    const Span b = theirs->of[line];
    if (swapped(ours, theirs, line)) return EXPLAIN_LINES_SWAPPED;
    switch ((MessagePart)(line + 1)) {
    case MESSAGE_METHOD: return EXPLAIN_METHOD;
    case MESSAGE_TARGET: return target_cause(a, b);
    case MESSAGE_TIMESTAMP: return timestamp_cause(a, b);
    case MESSAGE_NONCE: return EXPLAIN_OTHER_VALUE;
    case MESSAGE_BODY: return body_cause(a, b);
    }
    return EXPLAIN_OTHER_VALUE;
}

static size_t line_at(Span text, size_t offset)
{
    size_t line = 0;
    for (size_t i = 0; i < offset && line + 1 < REQUEST_LINES; i++) {
        if (text.data[i] == '\n') line++;
    }
    return line;
}

ExplainResult explain_compare(Span ours, Span theirs)
{
    ExplainResult result = { .cause = EXPLAIN_SAME };
    if (span_equal(ours, theirs)) return result;
    result.differs_at = first_difference(ours, theirs);
    const size_t line = line_at(ours, result.differs_at);
    result.part = (MessagePart)(line + 1);

    const Lines left = split(ours);
    const Lines right = split(theirs);
    const bool shorter_by_one = theirs.size + 1 == ours.size && result.differs_at == theirs.size;
    if (shorter_by_one)
        result.cause = EXPLAIN_NO_LAST_LINE_FEED;
    else if (same_through(next_without_return, ours, theirs))
        result.cause = EXPLAIN_CRLF;
    else if (right.of[REQUEST_LINES - 2].data == NULL)
        result.cause = EXPLAIN_LINES_SWAPPED;
    else
        result.cause = cause_of(&left, &right, line);
    return result;
}

const char *explain_cause_text(ExplainCause cause)
{
    switch (cause) {
    case EXPLAIN_SAME: return "The two strings are the same: look at the key, not at the string.";
    case EXPLAIN_NO_LAST_LINE_FEED:
        return "The last line feed is missing: every line ends with one, the body's too, also when "
               "the body is empty.";
    case EXPLAIN_CRLF: return "Lines end with CR LF: sign with LF alone.";
    case EXPLAIN_MILLISECONDS: return "The timestamp is in milliseconds: use whole seconds.";
    case EXPLAIN_QUERY_DECODED:
        return "The path or query was decoded (or encoded again): sign it exactly as it is sent.";
    case EXPLAIN_QUERY_MISSING: return "The query is missing: sign PATH?QUERY.";
    case EXPLAIN_HOST_INCLUDED: return "The scheme and host are signed too: begin with the path.";
    case EXPLAIN_BODY_SERIALISED_AGAIN:
        return "The body is the same JSON written differently: make the text once, sign it and "
               "send the very same bytes.";
    case EXPLAIN_BODY_MISSING: return "The body is not signed: its raw bytes are the fifth line.";
    case EXPLAIN_BODY_BLANKS_AT_END:
        return "Blanks or line feeds at the end of the body: sign the bytes that are sent.";
    case EXPLAIN_BODY_ENCODING: return "The body is in another character set: sign and send UTF-8.";
    case EXPLAIN_METHOD: return "The method differs: upper case, and the one that is sent.";
    case EXPLAIN_LINES_SWAPPED:
        return "Lines are swapped or missing: METHOD, PATH?QUERY, timestamp, nonce, body.";
    case EXPLAIN_OTHER_VALUE: return "Another value: it was changed after signing or on the way.";
    }
    return "";
}
