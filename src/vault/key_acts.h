#pragma once
/*
 * key_acts: what people and the clock do to the keys: rotate, destroy, and keep the key store from
 * being put back (TP-10, TP-13, TP-15).
 *
 * Both acts need two approvals: "rotate-key" over the role's name, "destroy-key" over
 * "name/version". Approvals are spent before the act, so one pair of signatures does it once.
 *
 * The journal remembers how far the key store had come. An older copy of keys.a and keys.b, put
 * back by whoever can write the directory, is REFUSED_KEYSTORE_ROLLED_BACK at start: otherwise a
 * destroyed key would live again. Journal and key store rolled back together are the case that the
 * database notices (journal.h).
 */
#include "keys/keys.h"
#include "vault/store_view.h"

#include <stdatomic.h>

/* Copies of the key store that somebody made before a destruction may still hold the key: none may
 * be kept longer than this. */
#define KEY_ACTS_BACKUP_KEEP_US ((int64_t)35 * 86400 * 1000000)

typedef struct KeyActs {
    Keys *keys;
    StoreView *view;
    Clock clock;
    _Atomic int64_t next_look_us;
} KeyActs;

/* Refuses REFUSED_KEYSTORE_ROLLED_BACK. Faults FAULT_JOURNAL. */
MUST_USE Status key_acts_begin(KeyActs *acts, Keys *keys, StoreView *view, Clock clock);
/* Rotate what is due and note the key store's generation, at most once an hour. Any thread. */
uint32_t key_acts_look(KeyActs *acts);
/* Note the generation now: after what may have made a key. */
MUST_USE Status key_acts_note(KeyActs *acts);

/*
 * approval x2 over "card", "checkpoint-sm2", or for a platform or CA pair
 * "platform-rsa/WAIT/OVERLAP", seconds until the new version signs, and from then until the old one
 * ends
 *   -> version u32 of the new key.
 *
 * A checkpoint key signs, before it goes, a C2SP note of six lines (audit/key_change.h reads it):
 *   hufu/<ledger>/key-change | name and version of the new key | log epoch and tree size
 *   | base64 SPKI before | base64 SPKI | time
 *
 * Refuses as approval_take(), keys_rotate(), keys_pair_rotate(), and REFUSED_KEY_UNKNOWN. Seal
 * lane.
 */
MUST_USE Status key_acts_rotate(KeyActs *acts, Span request, Buffer *ret_answer);
/*
 * approval x2 -> certificate of destruction, a signed text (crypto/signed_text.h).
 * Refuses as approval_take(), keys_destroy(); REFUSED_KEY_IN_USE for a row seal that rows still
 * carry. Seal lane.
 */
MUST_USE Status key_acts_destroy(KeyActs *acts, Span request, Buffer *ret_answer);
