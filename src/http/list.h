#pragma once
/* list: header values that are lists of names (RFC 9110 section 5.6.1). Pure. Floor 2. */
#include "base/bytes.h"

/* Without blanks and tabs at both ends (OWS). */
Span http_trim(Span text);
/* One of the items, which commas separate, is this name; case does not count. */
bool http_list_has(Span list, const char *name);
