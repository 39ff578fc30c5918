#pragma once
/*
 * ceremony_mode: `vaultd --ceremony`: make the keys, give the root into custody, write the signed
 * record, and end (PCI DSS 3.7.1, 3.7.8). No socket is opened.
 */
#include "options.h"

#include "keys/ceremony_record.h"

/* Refuses REFUSED_CUSTODY_MISMATCH (there are keys already). Faults as an ordinary start. */
MUST_USE Status ceremony_mode_run(const Options *options);
/* Write the signed record where the options say; turn: of a turn of the root, or NULL. */
MUST_USE Status ceremony_mode_record(
        const Options *options, Keys *keys, const ShareSet *set, const CeremonyTurn *turn);
