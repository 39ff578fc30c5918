#pragma once
/*
 * outcome: transactions that announced something and whose end nobody told (a core that was killed
 * between COMMIT and its word): the database knows, and the vault is told. Floor 3.
 */
#include "attach/rows.h"

/* Tell all that are over. own: the caller's own transaction, left alone; 0: none. Does nothing for
 * who has no core's key. */
MUST_USE Status attach_tell_outcomes(AttachCore *core, const AttachRows *rows, uint64_t own);
