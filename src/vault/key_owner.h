#pragma once
/*
 * key_owner: a merchant obtains its own APIv3 key again, and nobody else does (TP-7: 限定用户只能
 * 查看自己的签名key).
 *
 *   KEY_REVEAL  WireKeyReveal -> WireKeyRevealed                       (ipc/password_wire.h)
 *
 * The request is a signature of the v3 profile over a message that is composed here:
 *
 *     GET \n /v3/merchant-service/apiv3-key \n timestamp \n nonce \n \n
 *
 * by the key that the record names as its owner (protect.h), whose row verifies, is live and not
 * over. The answer is encrypted to that key. So hufud cannot ask by itself: it has no such
 * signature; a row with a key of its own is not the owner's; an answer that it repeats opens for
 * the owner alone. A request is answered once: the next one must be signed at a later second.
 *
 * On the seal lane: the row is judged there. Not thread-safe.
 */
#include "vault/protect.h"
#include "vault/store_view.h"

/*
 * Journaled before the answer, REVEALS_PER_DAY_MAX a day and merchant.
 *
 * Refuses REFUSED_IPC_FORMAT, REFUSED_KEY_OWNER (the row is no live key's, or not the owner's),
 * REFUSED_ROW_* (it does not verify; freezes nothing), REFUSED_TIMESTAMP_SKEWED,
 * REFUSED_SIGNATURE_FORMAT, REFUSED_SIGNATURE_INVALID, REFUSED_SEAL_*, REFUSED_NONCE_REPLAYED,
 * REFUSED_REVEAL_LIMIT.
 */
MUST_USE Status key_owner_reveal(
        const Protect *protect, StoreView *view, Span request, Buffer *ret_answer);
