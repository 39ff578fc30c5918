#pragma once
/*
 * verify: are these rows, as they were just read, the ones that were last sealed? (TP-12; DESIGN
 * section 5.4)
 *
 * Seal, then revision map, then frozen rows. A mismatch freezes the row, durably, before the
 * answer; from then on it is REFUSED_ROW_FROZEN, also after a restart, until two people release it.
 */
#include "vault/store_view.h"

/*
 * What is wrong with this row, whether it is frozen or not: OK, ROW_SEAL_MISMATCH, ROW_ROLLED_BACK,
 * BATCH_OUT_OF_ORDER (as the outstanding batch would leave it: asked too early, no reason to
 * freeze). `name` as store_view_name() gives it. Freezes nothing.
 */
MUST_USE Status verify_row(
        const StoreView *view, const RowView *row, const KeyedHash *name, Span seal);

/*
 * request     list of claims; ret_answer: list of status i32, one a claim:
 *             OK, ROW_SEAL_MISMATCH, ROW_ROLLED_BACK, ROW_DELETED (claimed absent, but known),
 * ROW_FROZEN, ROW_INVALID Refuses REFUSED_VAULT_NOT_READY, or the whole message when it is
 * malformed or has over WIRE_CLAIMS_MAX claims.
 */
MUST_USE Status verify_claims(StoreView *view, Span request, Buffer *ret_answer);
