#pragma once
/*
 * memory_second: which steps of one-time codes were used (second_service.h). A person's versions
 * and attempts are those of memory_pin.h; here stands the last step, and that it is a second
 * factor.
 */
#include "vault/memory.h"

/* This person's entry is that of a second factor. Durable with the next sync. Refuses
 * REFUSED_VAULT_BUSY. */
MUST_USE Status memory_second_begin(Memory *memory, const KeyedHash *subject);
/* The code of this step is used, and with it all before. Durable. Refuses REFUSED_PIN_WRONG: it was
 * used before, or a later one was. */
MUST_USE Status memory_second_use(Memory *memory, const KeyedHash *subject, uint32_t step);
/* May this version be shown as the person's present one? 0: none was shown. Refuses
 * REFUSED_VERIFIER_ROLLED_BACK. */
MUST_USE Status memory_second_shown(Memory *memory, const KeyedHash *subject, uint32_t version);

/* --- inside the room; the lock is held --- */
MUST_USE Status memory_apply_steps(Memory *memory, Cursor *c);
MUST_USE Status memory_snapshot_steps(const Memory *memory, Journal *journal);
