#pragma once
/*
 * scan: at start, prove that the store is in the last confirmed state, or in the prepared one.
 *
 *   SCAN_BEGIN   epoch u64 (0: the next)              -> the lease's epoch u64
 *   SCAN_ROWS    list of (image framed, seal framed)  -> list of key framed: rows frozen for their
 *                                                        own fault
 *   SCAN_LEAVES  list of leaf hashes [32], in order   -> nothing
 *   SCAN_END     nothing                              -> (the caller answers with its status)
 *
 * Unless size, root and every table's digest are those of the confirmed or the prepared state,
 * SCAN_END is REFUSED_STORE_ROLLED_BACK, `view->differs` says which tables, and nothing is served
 * until two people accept what was shown.
 */
#include "vault/store_view.h"

enum { SCAN_SUBJECT_BYTES = 32 };

MUST_USE Status scan_begin(StoreView *view, Span request, Buffer *ret_answer);
MUST_USE Status scan_rows(StoreView *view, Span request, Buffer *ret_answer);
MUST_USE Status scan_leaves(StoreView *view, Span request);
MUST_USE Status scan_end(StoreView *view);

/*
 * What two people approve when they accept a restored state:
 * SHA-256("hufu restored state" | tree size i64 | root [32]). The leaves under that root name every
 * row's hash, so `auditor` proves rows against it before anybody signs.
 */
void scan_subject(int64_t size, const MerkleHash *root, uint8_t ret_subject[SCAN_SUBJECT_BYTES]);
/* Serve the state that the last scan refused. Refuses REFUSED_VAULT_NOT_READY unless one was. */
MUST_USE Status scan_accept(StoreView *view, const MemoryApprovals *approvals);
