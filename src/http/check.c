#include "http/check.h"

#include <string.h>

/*
 * A byte-wise state machine, so that no split of the input matters and nothing is buffered. The
 * grammar is RFC 9112 section 2.1..5; where the RFC lets a recipient be lenient (bare LF, folding,
 * leading blank lines), we are not.
 */

enum {
    START, /* between two requests */
    METHOD,
    TARGET,
    VERSION,
    VERSION_LF,
    LINE_START, /* a header's first byte, or the CR of the empty line */
    NAME,
    VALUE_BLANK, /* optional white space before the value */
    VALUE,
    VALUE_LF,
    END_LF,
    BODY,
    REFUSED,
};

/* What the header being read means to us; decided at its colon. */
typedef enum Meaning { MEANS_NOTHING, MEANS_HOST, MEANS_LENGTH, MEANS_CODING } Meaning;

HttpCheck http_check_new(HttpCheckLimits limits)
{
    return (HttpCheck) { .limits = limits, .state = START, .refusal = OK };
}

bool http_check_idle(const HttpCheck *check) { return check->state == START; }

/* RFC 9110 section 5.6.2: tchar */
static bool is_token(uint8_t c)
{
    if (c >= 'a' && c <= 'z') return true;
    if (c >= 'A' && c <= 'Z') return true;
    if (c >= '0' && c <= '9') return true;
    return c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_visible(uint8_t c) { return c > 0x20 && c < 0x7F; }

static Meaning meaning(const HttpCheck *check)
{
    const Span name = { (const uint8_t *)check->name, check->name_size };
    if (span_equal(name, SPAN("host"))) return MEANS_HOST;
    if (span_equal(name, SPAN("content-length"))) return MEANS_LENGTH;
    if (span_equal(name, SPAN("transfer-encoding"))) return MEANS_CODING;
    return MEANS_NOTHING;
}

static Status begin_request(HttpCheck *check)
{
    check->head_bytes = 1;
    check->headers = 0;
    check->hosts = 0;
    check->lengths = 0;
    check->body_bytes = 0;
    check->version_at = 0;
    check->target_begun = false;
    check->http_1_0 = false;
    check->state = METHOD;
    return OK;
}

static Status version_byte(HttpCheck *check, uint8_t c)
{
    static const char wanted[] = "HTTP/1.";
    if (check->version_at < sizeof(wanted) - 1) {
        REQUIRE(c == (uint8_t)wanted[check->version_at], REFUSED_HTTP_REQUEST_INVALID);
        check->version_at++;
        return OK;
    }
    if (check->version_at == sizeof(wanted) - 1) {
        REQUIRE(c == '0' || c == '1', REFUSED_HTTP_REQUEST_INVALID);
        check->http_1_0 = c == '0';
        check->version_at++;
        return OK;
    }
    REQUIRE(c == '\r', REFUSED_HTTP_REQUEST_INVALID);
    check->state = VERSION_LF;
    return OK;
}

static Status begin_header(HttpCheck *check, uint8_t c)
{
    if (c == '\r') {
        check->state = END_LF;
        return OK;
    }
    REQUIRE(is_token(c), REFUSED_HTTP_REQUEST_INVALID); /* a blank here would be a folded line */
    REQUIRE(++check->headers <= check->limits.headers_max, REFUSED_HTTP_HEAD_TOO_LARGE);
    check->name_size = 0;
    check->state = NAME;
    return OK;
}

static void keep_name_byte(HttpCheck *check, uint8_t c)
{
    const bool upper = c >= 'A' && c <= 'Z';
    if (check->name_size == HTTP_CHECK_NAME_MAX) return; /* longer than any name that matters */
    check->name[check->name_size++] = (char)(upper ? c + 0x20 : c);
}

static Status name_byte(HttpCheck *check, uint8_t c)
{
    if (c != ':') {
        REQUIRE(is_token(c), REFUSED_HTTP_REQUEST_INVALID);
        keep_name_byte(check, c);
        return OK;
    }
    const Meaning means = meaning(check);
    check->means = (uint8_t)means;
    REQUIRE(means != MEANS_CODING, REFUSED_HTTP_LENGTH_REQUIRED);
    if (means == MEANS_HOST) REQUIRE(++check->hosts == 1, REFUSED_HTTP_REQUEST_INVALID);
    if (means == MEANS_LENGTH) REQUIRE(++check->lengths == 1, REFUSED_HTTP_REQUEST_INVALID);
    check->digits = false;
    check->state = VALUE_BLANK;
    return OK;
}

static Status length_byte(HttpCheck *check, uint8_t c)
{
    REQUIRE(c >= '0' && c <= '9', REFUSED_HTTP_REQUEST_INVALID);
    check->digits = true;
    check->body_bytes = check->body_bytes * 10 + (uint64_t)(c - '0');
    REQUIRE(check->body_bytes <= check->limits.body_bytes_max, REFUSED_HTTP_TOO_LARGE);
    return OK;
}

static Status value_byte(HttpCheck *check, uint8_t c)
{
    const Meaning means = (Meaning)check->means;
    const bool blank = c == ' ' || c == '\t';
    if (check->state == VALUE_BLANK && blank) return OK;
    if (c == '\r') {
        const bool empty = check->state == VALUE_BLANK;
        if (means == MEANS_LENGTH) REQUIRE(check->digits, REFUSED_HTTP_REQUEST_INVALID);
        if (means == MEANS_HOST) REQUIRE(!empty, REFUSED_HTTP_REQUEST_INVALID);
        check->state = VALUE_LF;
        return OK;
    }
    check->state = VALUE;
    if (means == MEANS_LENGTH) return length_byte(check, c);
    /* Bytes over 0x7F (obs-text) have no agreed meaning: nobody signs or routes by them here. */
    REQUIRE(is_visible(c) || (blank && means != MEANS_HOST), REFUSED_HTTP_REQUEST_INVALID);
    return OK;
}

static Status end_head(HttpCheck *check)
{
    REQUIRE(check->hosts == 1 || check->http_1_0, REFUSED_HTTP_REQUEST_INVALID);
    check->state = check->body_bytes > 0 ? BODY : START;
    if (check->state == START) check->requests++;
    return OK;
}

static Status line_feed(HttpCheck *check, uint8_t c, uint8_t next)
{
    REQUIRE(c == '\n', REFUSED_HTTP_REQUEST_INVALID);
    check->state = next;
    return OK;
}

static Status target_byte(HttpCheck *check, uint8_t c)
{
    const bool first = !check->target_begun;
    if (c == ' ' && !first) {
        check->state = VERSION;
        return OK;
    }
    REQUIRE(is_visible(c) && c != '#', REFUSED_HTTP_REQUEST_INVALID);
    if (first) REQUIRE(c == '/', REFUSED_HTTP_REQUEST_INVALID); /* origin-form alone */
    check->target_begun = true;
    return OK;
}

static Status head_byte(HttpCheck *check, uint8_t c)
{
    REQUIRE(++check->head_bytes <= check->limits.head_bytes_max, REFUSED_HTTP_HEAD_TOO_LARGE);
    switch (check->state) {
    case METHOD:
        if (c == ' ')
            check->state = TARGET;
        else
            REQUIRE(c >= 'A' && c <= 'Z', REFUSED_HTTP_REQUEST_INVALID);
        return OK;
    case TARGET: return target_byte(check, c);
    case VERSION: return version_byte(check, c);
    case VERSION_LF: return line_feed(check, c, LINE_START);
    case LINE_START:
        TRY(begin_header(check, c));
        if (check->state == NAME) keep_name_byte(check, c);
        return OK;
    case NAME: return name_byte(check, c);
    case VALUE_BLANK:
    case VALUE: return value_byte(check, c);
    case VALUE_LF: return line_feed(check, c, LINE_START);
    case END_LF: TRY(line_feed(check, c, START)); return end_head(check);
    default: ASSERT(false);
    }
}

static Status feed_byte(HttpCheck *check, uint8_t c)
{
    if (check->state != START) return head_byte(check, c);
    REQUIRE(c >= 'A' && c <= 'Z', REFUSED_HTTP_REQUEST_INVALID);
    return begin_request(check);
}

static Status feed(HttpCheck *check, Span bytes)
{
    size_t i = 0;
    while (i < bytes.size) {
        if (check->state != BODY) {
            TRY(feed_byte(check, bytes.data[i++]));
            continue;
        }
        const size_t left = bytes.size - i;
        const size_t taken = check->body_bytes < left ? (size_t)check->body_bytes : left;
        check->body_bytes -= taken;
        i += taken;
        if (check->body_bytes > 0) continue;
        check->state = START;
        check->requests++;
    }
    return OK;
}

Status http_check_feed(HttpCheck *check, Span bytes)
{
    if (check->state == REFUSED) return check->refusal;
    const Status s = feed(check, bytes);
    if (status_ok(s)) return OK;
    check->state = REFUSED;
    check->refusal = s;
    return s;
}
