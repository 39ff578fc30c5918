#pragma once
/*
 * roll: while the house serves, prove that an append-only table still holds every row (TP-12;
 * DESIGN section 5.4: "digest by rolling scan").
 *
 *   ROLL_BEGIN  table u16                         -> WireRoll: the walk's number and its bound
 *   ROLL_ROWS   WireRollPage, list of claims      -> list of status i32 | status i32 | since u64
 *
 * ROLL_BEGIN takes the table's confirmed digest with the batch up to which it holds. Then every row
 * is shown once, in key order, over as many messages and batches as it takes: each is verified as
 * verify.h does, and those of earlier batches are summed. Behind the last one both digests are
 * compared. An append-only row never leaves the earlier digest, so whatever is written meanwhile
 * does not disturb; rows of a table that changes would, and nobody asks for one.
 *
 * One walk at a time, in memory only: another ROLL_BEGIN, a start-up scan or a restart forgets it.
 * At most WIRE_CLAIMS_MAX rows a message, and nothing kept for a row but the place in the walk.
 */
#include "vault/store_view.h"

/* Refuses REFUSED_VAULT_NOT_READY, REFUSED_IPC_FORMAT (no such table). */
MUST_USE Status roll_begin(StoreView *view, Span request, Buffer *ret_answer);

/*
 * Verdict of a row: as verify.h; ROW_DUPLICATED (frozen too): its key is not behind the one before;
 * ROW_INVALID: of another table, or a key that is not of integers.
 *
 * Verdict of the table, OK unless `last`:
 *   OK              it holds the rows that were confirmed
 *   ROW_DELETED     rows are gone
 *   ROW_DUPLICATED  there are more, or others, that verify: of a batch that was never confirmed
 *   ROW_FROZEN      no more rows are gone than this walk froze, and they were named
 * `since` is the walk that first found this very difference: it is about the same rows, so who
 * heard that walk's verdict need not tell another.
 *
 * Refuses REFUSED_VAULT_NOT_READY, REFUSED_BATCH_OUT_OF_ORDER (not the running walk, or not its
 * next rows: an answer was lost; begin again), REFUSED_IPC_FORMAT. Refused, the walk stands where
 * it stood.
 */
MUST_USE Status roll_rows(StoreView *view, Span request, Buffer *ret_answer);
