#pragma once
/*
 * mac_key: symmetric keys that sign messages (HMAC), as merchants of the older interfaces have
 * them. Like every signing key (TP-7) such a key comes in a box, rests sealed for its own name, and
 * is used here alone; no operation gives it back.
 *
 *   MAC_KEY_SET  WireMacKeySet -> record                                 (ipc/password_wire.h)
 *   KEY_MAC      WireKeyMac -> mac [32], or nothing when it was asked whether one is right
 *
 *   record = sealed field (crypto/seal.h), place "mac-key" | tenant framed | name framed
 *
 * Forms: WIRE_MAC_PLAIN is HMAC(key, message). WIRE_MAC_KEY_BEHIND is HMAC(key, message | "&key="
 * | key), what the v2 interface signs: its merchants' libraries hash the key, too. A key whose
 * bytes stand in what is hashed must not be a key of anything else: the places are apart.
 *
 * Thread-safe. A captured hufud can have messages signed within the budget, as it can have answers
 * signed; it learns no key.
 */
#include "keys/keys.h"
#include "vault/memory.h"

enum {
    MAC_KEY_BYTES_MIN = 16,
    MAC_KEY_BYTES_MAX = 64,
    MAC_KEY_USES_PER_DAY_MAX = 1000000, /* of one key; each is durable before the answer */
};

typedef struct MacKeys {
    Keys *keys;
    Memory *memory;
    Clock clock;
    Random random;
} MacKeys;

/* Refuses REFUSED_IPC_FORMAT, REFUSED_BOX_*, REFUSED_KEY_TOO_SHORT, REFUSED_KEY_IS_PATTERN. */
MUST_USE Status mac_key_set(const MacKeys *keys, Span request, Buffer *ret_answer);
/* Count uses of a key on this day, durably. Refuses REFUSED_PROTECT_BUDGET. */
MUST_USE Status mac_key_count(const MacKeys *keys, Span tenant, Span name, uint32_t uses);
/* Refuses REFUSED_IPC_FORMAT, REFUSED_SEAL_*, REFUSED_KEY_UNKNOWN (algorithm or form),
 * REFUSED_PROTECT_BUDGET (of this key, for a day), REFUSED_SIGNATURE_INVALID (not the right MAC).
 */
MUST_USE Status mac_key_use(const MacKeys *keys, Span request, Buffer *ret_answer);
