#pragma once
/*
 * restored: hufud's part in `hufu restore` (store/replace.h): keep away while the database is
 * replaced, put into the audit log who replaced it and why, and destroy again what was destroyed
 * since the backup, before anybody is served.
 */
#include "api/house.h"
#include "ipc/vault_wire.h"

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

/*
 * Before any request is served, while a note stands: whom the restored databases have back although
 * vaultd destroyed them leave both again (TP-3, LL-4.5.4), and the reveals that the restored log
 * has not heard of will be told again. Killed in between, the next start does the rest, whether the
 * restore's own event is written by then or not.
 *
 * ret_count  of how many subjects
 */
MUST_USE Status restored_catch_up(const char *database, House *house, size_t *ret_count);
