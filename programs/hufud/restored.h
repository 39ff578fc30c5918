#pragma once
/*
 * restored: hufud's part in `hufu restore` (store/replace.h): keep away while the database is
 * replaced, and put into the audit log who replaced it and why, before anybody is served.
 */
#include "ipc/vault_wire.h"
#include "store/batch.h"

/*
 * Before any checkpoint is signed or request served: write the restorer's note as an AUDIT_RESTORE
 * event. A note about another state than the one that vaultd accepted belongs to a restore that did
 * not happen and is passed over. Taking the note away (store_note_clear()) is left to the caller.
 *
 * status       of the finished scan
 * ret_written  there was one
 */
MUST_USE Status restored_write(
        const char *database, const WireStatus *status, Batcher *batcher, bool *ret_written);
