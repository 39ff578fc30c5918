#pragma once
/*
 * visible: text that people read before they agree to something, on a page or a terminal: nothing
 * in it moves the cursor, hides itself, or turns the direction of what stands beside it. Pure.
 */
#include "base/bytes.h"

/* The size of the character at the head of `text` (not empty) when it may be shown as it is, else
 * 0: bytes that are not UTF-8, a control character, or one of those. */
size_t visible_bytes(Span text);
/* Is all of it such? */
bool visible_text(Span text);
