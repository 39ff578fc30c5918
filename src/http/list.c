#include "http/list.h"

#include <string.h>
#include <strings.h>

Span http_trim(Span text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = (Span) { text.data + 1, text.size - 1 };
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

bool http_list_has(Span list, const char *name)
{
    const size_t size = strlen(name);
    Cursor c = cursor_of(list);
    while (c.rest.size > 0) {
        Span item = c.rest;
        if (!status_ok(cursor_until(&c, ',', &item))) c.rest.size = 0;
        item = http_trim(item);
        if (item.size == size && strncasecmp((const char *)item.data, name, size) == 0) return true;
    }
    return false;
}
