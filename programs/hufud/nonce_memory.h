#pragma once
/* nonce_memory: the replay set as it was before the restart, from the audit events of the window
 * (docs/decisions/0004). */
#include "message/nonce.h"
#include "store/store.h"

MUST_USE Status nonce_memory_restore(Store *store, NonceSet *nonces, int64_t now_us);
