#pragma once
/*
 * admission: calls of merchants that need no row but their own right to call (certificates, his
 * keys, the next APIv3 key): the batch judges it like any other's, and then a job goes on.
 */
#include "api/passage.h"

/* Verify who signed, have the batch admit him, then run `job` on an opener thread (NULL: there is
 * nothing to wait for); `write` makes the answer of what came of it. The passage is taken. */
void admission_then(Passage *passage, void (*job)(Job *job), PassageWrite write);
