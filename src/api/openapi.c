/* The document of what this server answers (docs/openapi.yaml), as it was when it was built. */
#include "api/routes.h"

extern const unsigned char openapi_text[]; /* made by tools/embed */
extern const size_t openapi_text_size;

void probe_openapi(Passage *p, Span rest)
{
    static const HttpHeader headers[] = {
        { "Content-Type", SPAN("application/yaml") },
        { "Cache-Control", SPAN("public, max-age=300") },
    };
    passage_not_coming(p);
    passage_send(p, 200, headers, sizeof(headers) / sizeof(headers[0]),
            (Span) { openapi_text, openapi_text_size });
}
