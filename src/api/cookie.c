#include "api/cookie.h"

Span cookie_named(Span header, Span name)
{
    Cursor c = cursor_of(header);
    Span found = { NULL, 0 };
    size_t times = 0;
    for (int i = 0; i < COOKIES_MAX && c.rest.size > 0; i++) {
        Span pair = c.rest;
        if (!status_ok(cursor_until(&c, ';', &pair))) c = cursor_of(SPAN(""));
        while (pair.size > 0 && pair.data[0] == ' ')
            pair = (Span) { pair.data + 1, pair.size - 1 };
        Cursor parts = cursor_of(pair);
        Span key = { NULL, 0 };
        if (!status_ok(cursor_until(&parts, '=', &key)) || !span_equal(key, name)) continue;
        found = parts.rest;
        times++;
    }
    return times == 1 ? found : (Span) { NULL, 0 };
}
