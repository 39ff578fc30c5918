#include "api/field_files.h"

#include "access/merchant_origin.h"
#include "base/encoding.h"
#include "crypto/digest.h"

#include <stdlib.h>

#define PREFIX "/cashier"
#define FIELD SPAN("/field.html")
/* Nothing but what is named. Scripts are named by digest alone: no other file of ours runs. */
#define POLICY_OF_ALL                                                                         \
    "default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self'; "              \
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types " \
    "'none'; script-src"

enum { HEADERS_MAX = 8 };

struct FieldFiles {
    ConsoleFiles *files;
    Buffer policy; /* POLICY_OF_ALL and the scripts */
    uint8_t policy_bytes[FIELD_POLICY_BYTES_MAX];
};

static bool begins(Span text, Span with)
{
    return text.size >= with.size && span_equal((Span) { text.data, with.size }, with);
}

static Span after(Span text, size_t size) { return (Span) { text.data + size, text.size - size }; }

/* --- opening --- */

static Status put_script(Buffer *policy, Span bytes)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(bytes, digest);
    TRY(buffer_put(policy, SPAN(" 'sha256-")));
    TRY(base64_encode(SPAN_OF(digest), policy));
    return buffer_put(policy, SPAN("'"));
}

static Status put_scripts(FieldFiles *files)
{
    TRY(buffer_put(&files->policy, SPAN(POLICY_OF_ALL)));
    for (size_t i = 0; i < console_files_count(files->files); i++) {
        const ConsoleFileSeen file = console_files_at(files->files, i);
        if (begins(file.type, SPAN("text/javascript"))) TRY(put_script(&files->policy, file.bytes));
    }
    return OK;
}

static Status read_all(FieldFiles *files, const char *folder)
{
    ConsoleFileSeen field = { 0 };
    files->policy = BUFFER_OF(files->policy_bytes);
    TRY(console_files_open(folder, &files->files));
    REQUIRE(console_files_find(files->files, FIELD, &field), REFUSED_CONSOLE_FILES);
    REQUIRE(status_ok(put_scripts(files)), REFUSED_CONSOLE_FILES);
    return OK;
}

Status field_files_open(const char *folder, FieldFiles **ret_files)
{
    FieldFiles *files = calloc(1, sizeof(*files));
    CHECK(files != NULL, FAULT_MEMORY);
    const Status s = read_all(files, folder);
    if (!status_ok(s))
        field_files_close(&files);
    else
        *ret_files = files;
    return s;
}

void field_files_close(FieldFiles **files)
{
    if (*files == NULL) return;
    console_files_close(&(*files)->files);
    free(*files);
    *files = NULL;
}

/* --- answering --- */

/* The merchant of ?merchant=; empty: no such query. Any other query is nobody's. */
static Span merchant_of(const HttpRequest *request, bool *ret_asked)
{
    const Span name = SPAN("?merchant=");
    const Span query = after(http_request_target(request), http_request_path(request).size);
    *ret_asked = query.size > 0;
    return begins(query, name) ? after(query, name.size) : (Span) { NULL, 0 };
}

static Status put_field_frames(const HttpRequest *request, Span origins, Buffer *policy)
{
    bool for_merchant = false;
    (void)merchant_of(request, &for_merchant);
    TRY(buffer_put(policy, SPAN("; sandbox allow-scripts; frame-ancestors")));
    if (!for_merchant) return buffer_put(policy, SPAN(" 'self'"));
    return buffer_put(policy, origins.size == 0 ? SPAN(" 'none'") : origins);
}

static Status put_policy(const FieldFiles *files, const ConsoleFileSeen *file,
        const HttpRequest *request, Span origins, Buffer *policy)
{
    TRY(buffer_put(policy, span_of_buffer(&files->policy)));
    if (span_equal(file->path, FIELD)) return put_field_frames(request, origins, policy);
    return buffer_put(policy, SPAN("; frame-src 'self'; frame-ancestors 'none'"));
}

static bool find(const FieldFiles *files, const HttpRequest *request, ConsoleFileSeen *ret_file)
{
    const Span prefix = SPAN(PREFIX);
    const Span path = http_request_path(request);
    return begins(path, prefix)
            && console_files_find(files->files, after(path, prefix.size), ret_file);
}

/* A field has no origin, so to it even its own script comes from elsewhere: everybody may read what
 * everybody may have. */
static void answer(const ConsoleFileSeen *file, Span policy, HttpRequest *request)
{
    const HttpHeader headers[HEADERS_MAX] = {
        { "Content-Type", file->type },
        { "Cache-Control",
                file->is_asset ? SPAN("public, max-age=31536000, immutable") : SPAN("no-cache") },
        { "ETag", file->etag },
        { "Content-Security-Policy", policy },
        { "Referrer-Policy", SPAN("no-referrer") },
        { "Cross-Origin-Resource-Policy", SPAN("cross-origin") },
        { "Access-Control-Allow-Origin", SPAN("*") },
        { "Permissions-Policy",
                SPAN("camera=(), microphone=(), geolocation=(), payment=(), usb=()") },
    };
    const bool has_it = span_equal(http_request_header(request, "If-None-Match"), file->etag);
    http_answer(request, has_it ? 304 : 200, headers, HEADERS_MAX,
            has_it ? (Span) { NULL, 0 } : file->bytes);
}

bool field_files_for_merchant(
        const FieldFiles *files, const HttpRequest *request, Span *ret_merchant)
{
    bool asked = false;
    ConsoleFileSeen file = { 0 };
    if (files == NULL || http_request_method(request) != HTTP_GET) return false;
    if (!find(files, request, &file) || !span_equal(file.path, FIELD)) return false;
    *ret_merchant = merchant_of(request, &asked);
    return asked;
}

bool field_files_answer(const FieldFiles *files, Span origins, HttpRequest *request)
{
    if (files == NULL || http_request_method(request) != HTTP_GET) return false;
    ConsoleFileSeen file = { 0 };
    if (!find(files, request, &file)) return false;
    uint8_t policy_bytes[FIELD_POLICY_BYTES_MAX + MERCHANT_LIST_BYTES_MAX];
    Buffer policy = BUFFER_OF(policy_bytes);
    if (!status_ok(put_policy(files, &file, request, origins, &policy))) return false;
    answer(&file, span_of_buffer(&policy), request);
    return true;
}
