#pragma once
/* cookie: the header that a browser sends back to us (RFC 6265, section 5.4). No shared state. */
#include "base/bytes.h"

enum { COOKIES_MAX = 32 }; /* looked at; more are not */

/* The value of the one cookie of this name, borrowed; empty when there is none, or more than one:
 * somebody who can add a cookie could else choose which counts. */
Span cookie_named(Span header, Span name);
