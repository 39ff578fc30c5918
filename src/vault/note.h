#pragma once
/*
 * note: the log's two keys sign a C2SP note (c2sp.org/signed-note): text, an empty line, then one
 * line of Ed25519 and one of SM2 (checkpoint.h has the layout).
 *
 * The text's first line is `name`: it says what kind of note this is, so that no note is taken for
 * one of another kind. Who calls this writes the text himself; no caller of vaultd gives one.
 */
#include "keys/keys.h"

/* Append the note. `text` begins with `name` and a line feed, and ends with one. */
MUST_USE Status note_sign(Keys *keys, Span name, Span text, Buffer *ret_note);
