#pragma once
/*
 * checkpoint: the confirmed tree's size and root as a C2SP signed note (c2sp.org/tlog-checkpoint,
 * signed-note).
 *
 *   hufu/<instance id, hex>/<log epoch>\n<size>\n<base64 root>\n
 *   \n
 *   — <origin> base64(key hash [4] | signature)\n        Ed25519, then SM2
 *
 *   key hash = SHA-256(name | 0x0A | type | public key)[0..3]
 *     Ed25519: type 0x01, the raw 32 bytes; SM2: type 0xFF | "sm2-with-sm3", its 65-byte point; DER
 * signature, default ID
 *
 * Never two roots for one size: the journal remembers what was signed. After an accepted restore
 * the log epoch, and with it the origin, is another.
 */
#include "vault/store_view.h"

enum { CHECKPOINT_BYTES_MAX = 1024, CHECKPOINT_ORIGIN_BYTES_MAX = 64 };

/* Refuses REFUSED_VAULT_NOT_READY, REFUSED_STORE_ROLLED_BACK (memory_sign_root). */
MUST_USE Status checkpoint_sign(StoreView *view, Buffer *ret_note);
