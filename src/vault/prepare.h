#pragma once
/*
 * prepare: seal a batch, or refuse it whole.
 *
 * A row is sealed only as an insert of an unknown key or as the successor (revision + 1) of the row
 * shown with it, whose own seal and revision are checked here once more. The money rules hold for
 * the batch (money_rules.h), each PIN grant is live and bound to its payment. Then the audit leaf
 * is built (ipc/vault_wire.h), the tree grows by it, and PREPARE is durable in the journal before a
 * seal leaves. A refused batch changes nothing and freezes nothing: what is shown here comes from
 * hufud's memory, not from the store.
 */
#include "vault/store_view.h"

MUST_USE Status prepare_scratch_open(PrepareScratch **ret_scratch);
void prepare_scratch_close(PrepareScratch *scratch);

/*
 * request     WireDraftHead, list of changes; ret_answer: list of seals [48], WireSealed
 * Refuses REFUSED_EPOCH_FENCED, REFUSED_VAULT_NOT_READY, REFUSED_BATCH_OUT_OF_ORDER,
 * REFUSED_ROW_INVALID, REFUSED_ROW_SEAL_MISMATCH, REFUSED_ROW_ROLLED_BACK, REFUSED_ROW_FROZEN,
 * REFUSED_ROW_EXISTS, REFUSED_ROW_DUPLICATED (a key twice), REFUSED_ROW_NOT_SUCCESSOR,
 * REFUSED_POSTINGS_NOT_ZERO, REFUSED_BALANCE_NEGATIVE, REFUSED_GRANT_INVALID.
 */
MUST_USE Status prepare_batch(StoreView *view, Span request, Buffer *ret_answer);
/* The outstanding batch was committed / was not. request: epoch u64, batch i64. */
MUST_USE Status prepare_confirm(StoreView *view, Span request);
MUST_USE Status prepare_abort(StoreView *view, Span request);
