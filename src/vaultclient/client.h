#pragma once
/*
 * client: hufud's side of every question to vaultd (ipc/vault_wire.h).
 *
 * A client is a bounded pool of channels. A call takes a free one, asks, and gives it back; nothing
 * is shared between calls in flight, so any number of threads may call. When vaultd is away a call
 * is refused VAULT_UNAVAILABLE at once; when it is back the next call connects anew. When it takes
 * a question and is silent for a whole deadline, later calls are refused at once until it answers
 * again. A call that
 * only reads, or that vaultd answers alike when asked twice, is asked a second time when a channel
 * turns out to be stale; others never are.
 *
 * Answers with spans: the caller gives `memory`, the answer is appended to it, and the spans borrow
 * from it. VAULTCLIENT_ANSWER_BYTES_MAX is always enough. Secrets among them are the caller's to
 * wipe.
 *
 * Every call refuses what vaultd refuses (its status is passed on), VAULT_UNAVAILABLE (nothing was
 * done, or nobody knows: ask again or look), VAULT_BUSY (all channels taken for the whole
 * deadline). Source: DESIGN section 2. Floor 3. No shared state.
 */
#include "base/seams.h"
#include "ipc/channel.h"
#include "ipc/hold_wire.h"
#include "ipc/password_wire.h"
#include "ipc/report_wire.h"
#include "ipc/vault_wire.h"

enum {
    VAULTCLIENT_CHANNELS_MAX = 32,
    VAULTCLIENT_DEADLINE_MS = 5000,
    VAULTCLIENT_REQUEST_BYTES_MAX =
            768 * 1024, /* of one typed call; the guard and the scan have their own */
    VAULTCLIENT_ANSWER_BYTES_MAX = 128 * 1024,
    VAULTCLIENT_KEYS_MAX = 160, /* of vaultclient_key_list() and vaultclient_public_keys() */
};

typedef struct VaultClient VaultClient;

typedef struct VaultClientConfig {
    const char *socket_path; /* copied */
    int channels; /* 0: VAULTCLIENT_CHANNELS_MAX; each costs vaultd one connection */
    int deadline_ms; /* 0: VAULTCLIENT_DEADLINE_MS; of one call */
    const Dialler *dialler; /* copied; NULL: the system's */
} VaultClientConfig;

/* Makes the pool and connects nothing yet. Faults FAULT_MEMORY; refuses REFUSED_BUFFER_FULL (path).
 */
MUST_USE Status vaultclient_open(const VaultClientConfig *config, VaultClient **ret_client);
/* No call may be in flight. NULL is fine. */
void vaultclient_close(VaultClient *client);

typedef struct VaultClientCounters {
    uint64_t calls;
    uint64_t connects;
    uint64_t unavailable; /* calls refused VAULT_UNAVAILABLE */
    uint64_t asked_twice;
} VaultClientCounters;
VaultClientCounters vaultclient_counters(const VaultClient *client);

/* One question as bytes: for operations that have no typed call, and for tests. Asked once. The
 * asker knows how long the answer may be. */
MUST_USE Status vaultclient_ask(
        VaultClient *client, VaultOperation operation, Span request, Buffer *ret_answer);

/* --- state --- */
MUST_USE Status vaultclient_status(VaultClient *client, Buffer *memory, WireStatus *ret_status);
/* Signed note of the confirmed tree, appended to ret_note. */
MUST_USE Status vaultclient_checkpoint(VaultClient *client, Buffer *ret_note);

/* --- signatures of the platform's message keys --- */
typedef struct VaultSignItem {
    WireSignKey key;
    uint32_t version; /* of the key; 0: the current one */
    Span message; /* at most WIRE_MESSAGE_BYTES_MAX */
    Buffer *ret_signature; /* appended to; SIGN_BYTES_MAX is enough */
} VaultSignItem;
/* Sign 1..WIRE_SIGN_ITEMS_MAX messages; all or none (refused: every buffer has its old size). */
MUST_USE Status vaultclient_sign(VaultClient *client, const VaultSignItem *items, size_t count);

/* --- PINs --- */
MUST_USE Status vaultclient_check_pin(
        VaultClient *client, const WirePinCheck *check, uint8_t ret_grant[WIRE_GRANT_BYTES]);
/* The new verifier record, to be put into the domain store. */
MUST_USE Status vaultclient_set_pin(VaultClient *client, const WirePinSet *set, Buffer *ret_record);

/* --- keys --- */
MUST_USE Status vaultclient_box_key(VaultClient *client, Buffer *memory, WireBoxKey *ret_key);
/* The pad of a spelled box (crypto/box.h). Refuses REFUSED_BOX_FORMAT, REFUSED_BOX_KEY_UNKNOWN. */
MUST_USE Status vaultclient_box_pad(
        VaultClient *client, uint32_t key_id, Span encapsulated, uint8_t ret_digits[WIRE_PAD_KEYS]);
/* At most `capacity` keys (more: REFUSED_BUFFER_FULL). */
MUST_USE Status vaultclient_public_keys(VaultClient *client, Buffer *memory,
        WirePublicKey *ret_keys, size_t capacity, size_t *ret_count);
/* Wipe it after use. */
MUST_USE Status vaultclient_pseudonym_key(
        VaultClient *client, uint8_t ret_key[WIRE_PSEUDONYM_KEY_BYTES]);
MUST_USE Status vaultclient_key_list(VaultClient *client, Buffer *memory, WireKeyFacts *ret_keys,
        size_t capacity, size_t *ret_count);
/* A certificate for hufud's own TLS key; the key itself never leaves hufud. */
MUST_USE Status vaultclient_tls_leaf(
        VaultClient *client, Span spki, Buffer *memory, Span *ret_certificate, Span *ret_authority);

/* A certificate for a caller's key, to be shown when it connects (access/caller.h). */
MUST_USE Status vaultclient_caller_leaf(VaultClient *client, Span spki, Span name, Buffer *memory,
        Span *ret_certificate, Span *ret_authority);

/* A certificate for a merchant's own key, for a request that the key signed. */
MUST_USE Status vaultclient_merchant_leaf(VaultClient *client, const WireMerchantLeaf *wanted,
        Buffer *memory, Span *ret_certificate, Span *ret_authority);

/* --- fields --- */
/* A box with a signing key inside -> a sealed field for the domain store, bound to `mchid`. */
MUST_USE Status vaultclient_protect(VaultClient *client, Span mchid, Span box, Buffer *ret_sealed);
/* AEAD for a merchant under its sealed APIv3 key; `algorithm` is an AeadSuite. */
typedef struct VaultDownlink {
    Span mchid;
    Span sealed_key;
    uint8_t algorithm;
    Span aad;
    Span plain;
} VaultDownlink;
MUST_USE Status vaultclient_encrypt_downlink(VaultClient *client, const VaultDownlink *downlink,
        Buffer *memory, Span *ret_nonce, Span *ret_cipher);

/* A merchant's own key, encrypted to it; `reveal` is what it signed. ret borrows from memory. */
MUST_USE Status vaultclient_key_reveal(VaultClient *client, const WireKeyReveal *reveal,
        Buffer *memory, WireKeyRevealed *ret_revealed);

/* --- what two people approve (WireApproval carries each one's own signature) --- */
MUST_USE Status vaultclient_release_row(VaultClient *client, const WireApproval approvals[2]);
MUST_USE Status vaultclient_accept_restore(VaultClient *client, const WireApproval approvals[2]);
MUST_USE Status vaultclient_unwrap_key(
        VaultClient *client, const WireApproval approvals[2], Span wrapped, Buffer *ret_key);
MUST_USE Status vaultclient_key_rotate(
        VaultClient *client, const WireApproval approvals[2], uint32_t *ret_version);
/* The certificate of destruction, a signed text, appended to ret_certificate. */
MUST_USE Status vaultclient_key_destroy(
        VaultClient *client, const WireApproval approvals[2], Buffer *ret_certificate);
/* A fresh backup key: wrapped for the backup's header, and in clear for writing it (wipe it). */
MUST_USE Status vaultclient_wrap_key(
        VaultClient *client, Buffer *memory, Span *ret_wrapped, Span *ret_key);
/* The signed note of a report (TP-16), appended; for operators. */
MUST_USE Status vaultclient_sign_report(VaultClient *client, const WireReport *report,
        const WireReportFile *files, size_t file_count, Buffer *ret_note);
/* Two people say that an incident is over. */
MUST_USE Status vaultclient_close_incident(VaultClient *client, const WireApproval approvals[2]);
MUST_USE Status vaultclient_review_report(VaultClient *client, const WireApproval approvals[2]);
/* Legal holds (ipc/hold_wire.h). `approvals`: two WireApproval as bytes, as they came from the
 * people who signed. Refuse APPROVAL_*, HOLD_FULL, HOLD_UNKNOWN. */
MUST_USE Status vaultclient_hold_subject(
        VaultClient *client, Span approvals, const WireLegalHold *hold);
MUST_USE Status vaultclient_release_hold(
        VaultClient *client, Span approvals, const WireLegalHold *hold);
/* 0: not held. */
MUST_USE Status vaultclient_held_until(
        VaultClient *client, Span tenant, Span subject, int64_t *ret_until_us);
/* During the ceremony only. */
MUST_USE Status vaultclient_enroll(VaultClient *client, Span name, Span public_key_spki);
MUST_USE Status vaultclient_stop(VaultClient *client);
