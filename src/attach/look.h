#pragma once
/*
 * look: is this row what was last sealed, for certain? What does not fit at first sight may just be
 * moving: only a row that is locked, or one that was not there between two equal stamps, is held
 * against anybody. Floor 3.
 */
#include "attach/rows.h"

/* Looks at the row with this key; a verdict against it freezes it. Inside a transaction of the
 * caller. ret_verdict is the last one. Refuses REFUSED_ATTACH_UNCERTAIN. */
MUST_USE Status attach_look(AttachCore *core, AttachRows *rows, const char *const *key,
        AttachRow *ret_row, WireAttachedVerdict *ret_verdict);
/* What was read of one row, as a claim. */
WireAttachedClaim attach_claim(const AttachRow *row, bool locked, uint64_t stamp);
