#pragma once
/*
 * outside: what hufud keeps beside the store for others to read: the platform's public keys, and
 * checkpoints of the log in two places. Threads that ask at once are served one after another: two
 * would write the same file, and a note that came late would look like a log that went back.
 */
#include "base/status.h"

/* Opening *, as a clockwork's and an operator's context. Write the file of public keys anew when
 * there are others. What public_keys_look() refuses. */
MUST_USE Status outside_look_at_keys(void *opening);
/* Have the log signed and keep the note in both places; no note before the keys that signed it. */
MUST_USE Status outside_take_checkpoint(void *opening);
