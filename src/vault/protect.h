#pragma once
/*
 * protect: keep other people's keys (a merchant's APIv3 key) as sealed fields, and use them without
 * giving them out (TP-7).
 *
 *   PROTECT           box framed, mchid framed -> record
 *   ENCRYPT_DOWNLINK  mchid framed, record framed, AeadSuite u8, AAD framed, plaintext framed
 *                     -> nonce framed (12 printable bytes, as the v3 profile sends it),
 *                        cipher || tag framed
 *   WRAP_KEY          nothing -> wrapped data key framed, data key framed
 *   UNWRAP_KEY        approval, approval ("unwrap-backup", subject = SHA-256 of the wrapped key),
 *                     wrapped framed -> data key
 *
 *   record = version u8 (2) | owner [16] | sealed field (place "signing-key/<mchid>/<owner, hex>")
 *          | sealed field (place "signing-key/<mchid>"): its first byte is 1; it has no owner
 *
 * The owner is the beginning of the fingerprint of one public key: whose private half may obtain
 * the key again (key_owner.h). The box names it (its context's `order`, in hexadecimal), so who
 * made the box chose it, and the place keeps it: nobody can name another owner afterwards.
 *
 * AEAD_AES_256_GCM takes the 32-byte APIv3 key, AEAD_SM4_GCM the first 16 bytes of its SM3
 * (reference/message.md section 1). Thread-safe.
 */
#include "keys/keys.h"
#include "vault/memory_people.h"

enum {
    PROTECT_KEY_BYTES = 32,
    PROTECT_TENANT_BYTES_MAX = 64,
    PROTECT_PLAIN_BYTES_MAX = 64 * 1024,
    PROTECT_OWNER_BYTES = 16,
};

typedef struct Protect {
    Keys *keys;
    Memory *memory;
    Clock clock;
    Random random;
} Protect;

typedef struct ProtectedKey { /* secret: the owner wipes it */
    uint8_t bytes[PROTECT_KEY_BYTES];
    bool has_owner;
    uint8_t owner[PROTECT_OWNER_BYTES];
} ProtectedKey;
/* For CLEANUP. */
void protected_key_wipe(ProtectedKey *key);

/* Open a record of PROTECT. Refuses REFUSED_SEAL_*, REFUSED_KEY_*. */
MUST_USE Status protect_open(
        const Protect *protect, Span tenant, Span record, ProtectedKey *ret_key);

/* Refuses REFUSED_BOX_*, REFUSED_SEAL_SIZE (the key is not 32 bytes of text). */
MUST_USE Status protect_signing_key(const Protect *protect, Span request, Buffer *ret_answer);
/* Refuses REFUSED_SEAL_*, REFUSED_KEY_UNKNOWN (algorithm). */
MUST_USE Status protect_encrypt_downlink(const Protect *protect, Span request, Buffer *ret_answer);
MUST_USE Status protect_wrap_key(const Protect *protect, Buffer *ret_answer);
/* Refuses REFUSED_APPROVAL_*, REFUSED_SEAL_*. */
MUST_USE Status protect_unwrap_key(const Protect *protect, Span request, Buffer *ret_answer);
