#pragma once
/*
 * root: how vaultd comes by its root key at start: from its custody, from the keeper that started
 * it, or from custodians who come one after another (unseal.h).
 */
#include "files.h"
#include "options.h"

/* At an ordinary start. Refuses and faults as custody_root() and unseal_wait();
 * REFUSED_CUSTODY_FILE when custodians have had no ceremony. */
MUST_USE Status root_get(const Options *options, const Files *files, Secret *ret_root);
/* At the ceremony: made, and given into custody. ret_set is filled for custodians. Refuses
 * REFUSED_CUSTODY_MISMATCH (this directory has keys already), REFUSED_SHARES_NUMBER. */
MUST_USE Status root_make(
        const Options *options, const Files *files, Secret *ret_root, ShareSet *ret_set);
/* When it is turned (turn_mode.h): made, and the shares given to their owners, but nothing is
 * written in the vault's directory: ret_file gets what the custody's file is to hold, at most
 * CUSTODY_FILE_BYTES_MAX, perhaps a secret. Refuses and faults as custody_make(),
 * REFUSED_SHARES_NUMBER. */
MUST_USE Status root_renew(const Options *options, const Files *files, Secret *ret_root,
        Buffer *ret_file, ShareSet *ret_set);
