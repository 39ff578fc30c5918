#pragma once
/*
 * turn_mode: `vaultd --turn-root`: with the house stopped, put the vault under a new root, in the
 * custody that the options name, and end (keys/root_turn.h; TP-10, TP-15; PCI DSS 3.7.4, 3.7.5).
 *
 * The old root comes by the old custody, as at an ordinary start. Standard input holds two
 * operators' approvals of "turn-root" over the new custody: "development", "unattended/TOKEN" or
 * "custodians/K/N". They count as of when vaultd was started: custodians may take their time.
 */
#include "files.h"
#include "options.h"
#include "vault/memory.h"

/* Refuses as root_get(), approval_take_people(), REFUSED_EVENTS_FULL, REFUSED_SHARES_NUMBER;
 * REFUSED_APPROVAL_INVALID for another custody than was signed. Faults as root_turn_make(). */
MUST_USE Status turn_mode_run(const Options *options);

/* A turn was made, and the log does not know: have it told, durably, and take the new key store's
 * generation down. Nothing when there was none. Refuses REFUSED_KEYSTORE_TAMPERED,
 * REFUSED_KEYSTORE_ROLLED_BACK. */
MUST_USE Status turn_tell(const Files *files, Keys *keys, Memory *memory);
