#pragma once
/*
 * key_change: which keys signed the log when. The first key of each algorithm is trusted as it is;
 * each later one because the keys of its time signed a note that names it (keys/pairs.h):
 *
 *   hufu/<ledger>/key-change
 *   checkpoint-ed25519 2             the new key and its version
 *   1 4711                           log epoch and tree size
 *   base64 SPKI                      of the key before it, which signs up to that size
 *   base64 SPKI                      of the new one, which signs from there on
 *   2026-11-28T01:43:43+08:00
 *
 *   — hufu/<ledger>/key-change ...   both algorithms
 *
 * So a key that was stolen after its time signs no checkpoint behind it, and no successor, that is
 * believed. Reports, ceremony records and certificates of destruction name no epoch: what a past
 * key signed of them is believed, whenever that was; the log says which of them there are. In a
 * file of keys a note stands as a PEM block "HUFU KEY CHANGE". Floor 3. No shared state.
 */
#include "audit/checkpoint.h"

typedef struct AuditKeyChange {
    Span name; /* borrowed, as all spans here */
    KeyAlgorithm algorithm;
    uint32_t version;
    AuditPosition position;
    Span before; /* base64 */
    Span key; /* base64 */
} AuditKeyChange;

/* Read a note's text without believing it. Refuses REFUSED_KEY_CHANGE. */
MUST_USE Status audit_key_change_parse(Span text, AuditKeyChange *ret_change);
/* Believe a note and add the key that it names. Refuses REFUSED_KEY_CHANGE (not such a note, not of
 * the keys of its time, or not about a key that signs the log now; then `keys` is as it was). */
MUST_USE Status audit_key_change(Span note, AuditKeys *keys);
/* Whether a note, which is not believed, tells nothing that `keys` lack: the key that it names is
 * there, and the one before it does not sign any more, or never did as far as `keys` know. */
bool audit_key_change_is_known(Span note, const AuditKeys *keys);
/* Apply the notes of a file of keys to keys that are known from elsewhere, perhaps from a file with
 * some of these notes; what else is in the file is passed over. Refuses REFUSED_KEY_FORMAT,
 * REFUSED_KEY_CHANGE. */
MUST_USE Status audit_keys_follow(Span pems, AuditKeys *keys);
