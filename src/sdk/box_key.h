#pragma once
/*
 * box_key: the key of the day that boxes are made for, believed only when the pinned platform key
 * signed it, also as the one before (ipc/vault_wire.h says over what): no service in between can
 * put in one of its own. Floor 3. No shared state.
 */
#include "crypto/box.h"

typedef struct BoxKey {
    PublicKey *platform; /* pinned; NULL: no box key is believed */
    PublicKey *key;
    uint32_t id;
    int64_t expires_us;
} BoxKey;
void box_key_free(BoxKey *key);
/*
 * Read it from {"key_id","suite","public_key","expires_us","signature",...}.
 *
 * Refuses SIGNATURE_INVALID and SIGNATURE_FORMAT (not signed by the pinned key), KEY_FORMAT,
 * JSON_*; then `key` is as it was.
 */
MUST_USE Status box_key_read(Span json, BoxKey *key);

/* A box for one purpose (policy/purposes.h); a minute to live. Appends its bytes. */
typedef struct BoxWish {
    uint16_t data_class;
    uint16_t purpose;
    int64_t minor; /* 0: no amount */
    uint8_t nonce[BOX_NONCE_BYTES];
    Span tenant;
    Span order;
    Span payee;
} BoxWish;
void box_wish_context(const BoxWish *wish, int64_t now_us, BoxContext *ret_context);
MUST_USE Status box_make_bytes(const BoxKey *key, const BoxWish *wish, Span plain, Buffer *ret_box);
/* The same in base64. */
MUST_USE Status box_make(const BoxKey *key, const BoxWish *wish, Span plain, Buffer *ret_base64);
