#pragma once
/*
 * vault_wire: what may be asked of vaultd, and how the questions and answers look.
 *
 * Lists are u32 counts followed by elements; both sides walk them with the put/take pair of the
 * element, beginning with wire_take_count(). Spans taken from a cursor borrow from the message.
 * Every wire_put_* refuses REFUSED_IPC_TOO_LARGE (a part is out of its bounds) or
 * REFUSED_BUFFER_FULL and then leaves the buffer unchanged; every wire_take_* refuses
 * REFUSED_IPC_FORMAT and then leaves cursor and `ret` unchanged. Who may ask what stands in
 * vault/rights.c.
 */
#include "base/row.h"

typedef enum VaultOperation {
    VAULT_STATUS = 1,
    VAULT_SCAN_BEGIN = 2, /* epoch u64: take the lease, forget the revision map */
    VAULT_SCAN_ROWS = 3, /* list of (image framed, seal framed) */
    VAULT_SCAN_LEAVES = 4, /* list of leaf hashes [32], in order */
    VAULT_SCAN_END =
            5, /* -> state: the store equals the confirmed or the prepared state, or refused */
    VAULT_VERIFY = 6, /* list of claims -> list of status i32 */
    VAULT_PREPARE = 7, /* draft -> sealed */
    VAULT_CONFIRM = 8, /* epoch u64, batch i64 */
    VAULT_ABORT = 9, /* epoch u64, batch i64 */
    VAULT_SIGN = 10, /* list of (SignKey u8, message framed) -> list of signature framed */
    VAULT_CHECKPOINT = 11, /* -> signed note text of the confirmed tree */
    VAULT_CHECK_PIN = 12, /* PinCheck -> grant [16] */
    VAULT_SET_PIN = 13, /* PinSet -> verifier record */
    VAULT_BOX_KEY = 14, /* -> BoxKey */
    VAULT_PUBLIC_KEYS = 15, /* -> list of WirePublicKey */
    VAULT_TLS_LEAF = 16, /* SPKI DER framed -> certificate DER framed, CA certificate DER framed */
    VAULT_KEY_LIST = 17, /* -> list of KeyFacts */
    VAULT_RELEASE_ROW = 18, /* approval x2 */
    VAULT_ACCEPT_RESTORE = 19, /* approval x2 over the backup's manifest digest */
    VAULT_WRAP_KEY = 20, /* backup: -> data key wrapped and, for this caller, in clear */
    VAULT_UNWRAP_KEY = 21, /* approval x2, wrapped key -> data key */
    VAULT_ENROLL = 22, /* operator's name, public key, staff number; only during the ceremony */
    VAULT_PROTECT = 23, /* box with a signing key inside -> sealed field */
    VAULT_ENCRYPT_DOWNLINK =
            24, /* sealed APIv3 key, algorithm, AAD, plaintext -> nonce, ciphertext */
    VAULT_STOP = 25,
    VAULT_ROLL_BEGIN = 26, /* table u16 -> WireRoll: walk an append-only table once more */
    VAULT_ROLL_ROWS = 27, /* WireRollPage, list of claims -> list of status i32, status i32, u64
                           */
    /* 45..58: sensitive fields; payloads in ipc/field_wire.h */
    VAULT_SESSION = 45,
    VAULT_PROTECT_FIELDS = 46,
    VAULT_LOOKUP_FIELDS = 47,
    VAULT_REVEAL_FIELD = 48,
    VAULT_RECEIVER_ADD = 49,
    VAULT_RECEIVER_REMOVE = 50,
    VAULT_REVEAL_LOG = 51,
    VAULT_REVEAL_KEPT = 52,
    VAULT_REWRAP_FIELDS = 53,
    VAULT_TURN_SUBJECTS = 54,
    VAULT_DESTROY_SUBJECTS = 55,
    VAULT_PLANT_HONEY = 56,
    VAULT_LEGACY_KEY = 57,
    VAULT_IMPORT_FIELDS = 58,
    /* passwords and merchants' keys: ipc/password_wire.h */
    VAULT_PASSWORD_SET = 60, /* PasswordSet -> verifier */
    VAULT_PASSWORD_CHECK = 61, /* PasswordCheck -> PasswordRight */
    VAULT_PASSWORD_SPEND = 62, /* PasswordSpend: a grant, once */
    VAULT_PASSWORD_RESET = 63, /* approval x2, PasswordReset -> verifier */
    VAULT_PASSWORD_SHOW = 64, /* list of PasswordShown -> list of (status i32, verifier framed) */
    VAULT_PASSWORD_IMPORT = 65, /* PasswordImport -> list of (status i32, verifier framed) */
    VAULT_LEGACY_ENABLE = 66, /* approval x2, LegacyEnable */
    VAULT_PASSWORD_COUNTS = 67, /* -> PasswordCounts */
    VAULT_KEY_REVEAL = 68, /* KeyReveal -> the key, encrypted to its owner's own key */
    VAULT_KEY_MAC = 69, /* WireKeyMac -> mac [32]; nothing when it names one, which is right */
    /* tables of other people's databases (attached_wire.h) */
    VAULT_ATTACHED_TABLE = 70,
    VAULT_ATTACHED_STATUS = 71,
    VAULT_ATTACHED_SESSION = 72, /* -> session [16] */
    VAULT_ATTACHED_ANNOUNCE = 73,
    VAULT_ATTACHED_RESOLVE = 74,
    VAULT_ATTACHED_CHECK = 75, /* list of claims -> list of verdicts */
    VAULT_ATTACHED_SCAN_BEGIN = 76,
    VAULT_ATTACHED_SCAN_ROWS = 77,
    VAULT_ATTACHED_SCAN_END = 78,
    VAULT_ATTACHED_RELEASE = 79,
    VAULT_CALLER_LEAF = 80, /* SPKI DER framed, name framed -> as VAULT_TLS_LEAF, for a caller */
    VAULT_MERCHANT_LEAF = 81, /* WireMerchantLeaf -> as VAULT_TLS_LEAF (ipc/password_wire.h) */
    VAULT_MAC_KEY_SET = 82, /* WireMacKeySet -> record (ipc/password_wire.h) */
    VAULT_POLICY_SET = 30, /* approval x2, blob (ipc/policy_wire.h, and the four below) */
    VAULT_POLICY_GET = 31, /* which set -> who set what when */
    VAULT_EXPIRY_GRANT = 32, /* approval x2, WireExpiryGrant */
    VAULT_EXPIRY_END = 33,
    VAULT_EXPIRY_LOOK = 34,
    VAULT_EXPIRY_LIST = 39,
    VAULT_KEY_ROTATE = 35, /* approval x2 over "role", of a platform or CA pair over
                            "role/wait/overlap" in seconds -> version u32 */
    VAULT_KEY_DESTROY = 36, /* approval x2 over "role/version" -> certificate, a signed text */
    VAULT_UNSEAL_BEGIN = 37, /* while it waits for custodians: -> WireUnseal */
    VAULT_PSEUDONYM_KEY = 28, /* -> key [32]: by which hufud names payers to merchants */
    VAULT_UNSEAL_SHARE = 38, /* box with a share's text inside -> held u8, needed u8 */
    VAULT_SIGN_REPORT = 93, /* WireReport, list of WireReportFile -> signed note (report_wire.h) */
    VAULT_CLOSE_INCIDENT = 94, /* approval x2 of "close-incident" */
    VAULT_REVIEW_REPORT = 95, /* approval x2 of "review-report" */
    VAULT_HOLD_SUBJECT = 90, /* ipc/hold_wire.h */
    VAULT_RELEASE_HOLD = 91,
    VAULT_HELD_UNTIL = 92,
    VAULT_EVENTS = 98, /* ipc/event_wire.h */
    VAULT_RECEIVERS = 99, /* -> list of WireReceiver (ipc/field_wire.h) */
    VAULT_EXPIRY_COUNT = 100, /* -> grants that live u32, that are over u32 */
    VAULT_OPERATOR_ADD = 110, /* ipc/operator_wire.h, and the three below */
    VAULT_OPERATOR_CHANGE = 111,
    VAULT_OPERATOR_REMOVE = 112,
    VAULT_OPERATORS = 113,
    VAULT_ROOT_TURN = 101, /* no call: it names the event of a turn with the house stopped */
    /* second factors; shapes of ipc/password_wire.h, their owner's class CLASS_SECOND_FACTOR */
    VAULT_SECOND_SET = 104, /* WirePasswordSet -> record */
    VAULT_SECOND_CHECK = 105, /* WirePasswordCheck -> WirePasswordRight */
    VAULT_SECOND_RESET = 106, /* approval x2, WirePasswordReset -> record */
    VAULT_SECOND_LOGIN = 107, /* WireSecondLogin -> WirePasswordRight */
    VAULT_PASSWORD_LOCKED = 108, /* WirePasswordOwner; refuses PIN_LOCKED */
    VAULT_PASSWORD_RECOVER = 116, /* PasswordRecover, list of SealedFact -> verifier */
    VAULT_IDENTITY_SAID = 117, /* ipc/identity_wire.h, and the next */
    VAULT_IDENTITY_KNOWN = 118,
    VAULT_BOX_PAD =
            123, /* key id u32, encapsulated key framed -> digits [10] of its pad, by place */
    VAULT_CARD_BIND = 124, /* WireCardBind -> WireProtected, box framed (ipc/field_wire.h) */
    VAULT_CARD_CODE = 125, /* WireCardCode -> box framed */
    VAULT_CARD_PASS = 126, /* WireCardPass -> box framed, to the receiver (ipc/field_wire.h) */
    VAULT_OPERATION_COUNT = 128, /* numbers between are free; rights.c says which are served */
} VaultOperation;

enum {
    WIRE_SEAL_BYTES =
            48, /* version u8 | suite u8 | key version u32 | schema u16 | revision i64 | mac [32] */
    WIRE_HASH_BYTES = 32,
    WIRE_GRANT_BYTES = 16,
    WIRE_PSEUDONYM_KEY_BYTES = 32,
    WIRE_PAD_KEYS = 10,
    WIRE_SALT_BYTES = 32,
    WIRE_CHANGES_MAX = 1024, /* rows of one batch */
    WIRE_CLAIMS_MAX = 1024,
    WIRE_SIGN_ITEMS_MAX = 64,
    WIRE_MESSAGE_BYTES_MAX = 128 * 1024,
    WIRE_EVENTS_BYTES_MAX = 64 * 1024,
    WIRE_LEAF_BYTES_MAX = 192 * 1024,
    WIRE_SCAN_ROWS_MAX = 4096, /* of one VAULT_SCAN_ROWS */
    WIRE_SCAN_LEAVES_MAX = 65536, /* of one VAULT_SCAN_LEAVES */
    WIRE_KEYS_MAX = 256, /* KeyFacts, public keys */
    WIRE_NAME_BYTES_MAX = 128,
    WIRE_TEXT_BYTES_MAX = 1024, /* a reason, a subject */
    WIRE_BOX_BYTES_MAX = 8192,
    WIRE_NONCE_BYTES_MAX = 128,
    WIRE_VERIFIER_BYTES_MAX = 1024,
    WIRE_PUBLIC_DER_BYTES_MAX = 8192,
    WIRE_CHANGE_BYTES_MAX = 2048, /* of the note of a key change */
    WIRE_KEY_BYTES_MAX = 1024,
    WIRE_SIGNATURE_BYTES_MAX = 1024,
    WIRE_APPROVAL_BYTES_MAX = 4096, /* of the message that is signed */
};

/* The u32 before a list: at most `max`, and no more than the bytes that follow it could hold. */
MUST_USE Status wire_put_count(Buffer *b, size_t count, uint32_t max);
MUST_USE Status wire_take_count(Cursor *c, uint32_t max, uint32_t *ret_count);

/* A row that was read (image and seal), or a key that was not found (absent: key only).
 * A seal is WIRE_SEAL_BYTES or empty: one that is stored in another size goes as an empty one, and
 * does not verify. */
typedef struct WireClaim {
    bool absent;
    Span image; /* or the encoded key (row_encode_key) when absent */
    Span seal;
} WireClaim;
MUST_USE Status wire_put_claim(Buffer *b, const WireClaim *claim);
MUST_USE Status wire_take_claim(Cursor *c, WireClaim *ret);

/* One row of a batch: the image it replaces (with its seal), empty for an insert, and the new
 * image. */
typedef struct WireChange {
    Span old_image;
    Span old_seal;
    Span new_image;
} WireChange;
MUST_USE Status wire_put_change(Buffer *b, const WireChange *change);
MUST_USE Status wire_take_change(Cursor *c, WireChange *ret);

/* PREPARE = WireDraftHead, list of changes. Answer = list of seals [48], WireSealed. */
typedef struct WireDraftHead {
    uint64_t epoch;
    int64_t batch; /* = size of the audit tree before it */
    int64_t time_us;
    Span events; /* audit events of the units, as audit encodes them; hashed, not understood */
} WireDraftHead;
MUST_USE Status wire_put_draft_head(Buffer *b, const WireDraftHead *head);
MUST_USE Status wire_take_draft_head(Cursor *c, WireDraftHead *ret);

/*
 * The audit leaf that vaultd made of the batch:
 *   leaf = version u8 (1) | batch i64 | time_us i64 | events framed | rows u32 | row...
 *   row  = table u16 | revision u32 | SHA-256(0x02 | salt[32] | image) [32]
 * `salt` is stored beside the leaf, not in it: without the row nobody can guess it from the log.
 */
typedef struct WireSealed {
    uint8_t salt[WIRE_SALT_BYTES];
    uint8_t leaf_hash[WIRE_HASH_BYTES]; /* RFC 6962: SHA-256(0x00 | leaf) */
    uint8_t root[WIRE_HASH_BYTES]; /* of the tree with this leaf */
    Span leaf;
} WireSealed;
MUST_USE Status wire_put_sealed(Buffer *b, const WireSealed *sealed);
MUST_USE Status wire_take_sealed(Cursor *c, WireSealed *ret);

typedef enum WireSignKey { WIRE_SIGN_RSA = 1, WIRE_SIGN_SM2 = 2 } WireSignKey;
typedef struct WireSignItem {
    uint8_t key; /* WireSignKey; another number is the vault's to refuse */
    uint32_t version; /* the one whose serial the answer names; 0: the current one */
    Span message;
} WireSignItem;
MUST_USE Status wire_put_sign_item(Buffer *b, const WireSignItem *item);
MUST_USE Status wire_take_sign_item(Cursor *c, WireSignItem *ret);

/* What others may know of a key pair's version (keys/pairs.h). */
typedef struct WirePublicKey {
    Span name; /* "platform-rsa", "checkpoint-sm2"... */
    uint32_t version;
    uint8_t state; /* 1 current, 2 old, 4 next */
    int64_t from_us;
    int64_t ends_us; /* 0: nobody knows yet */
    Span der; /* a certificate or a SubjectPublicKeyInfo */
    Span note; /* of a checkpoint key: by which the one before it handed over; or empty */
} WirePublicKey;
MUST_USE Status wire_put_public_key(Buffer *b, const WirePublicKey *key);
MUST_USE Status wire_take_public_key(Cursor *c, WirePublicKey *ret);

/* One row of the start-up scan, with its seal as a claim has it. */
typedef struct WireScanRow {
    Span image;
    Span seal;
} WireScanRow;
MUST_USE Status wire_put_scan_row(Buffer *b, const WireScanRow *row);
MUST_USE Status wire_take_scan_row(Cursor *c, WireScanRow *ret);

/* One walk along an append-only table (vault/roll.h). What is compared at its end is the state
 * after batch `below` - 1: rows of later batches are verified and not counted. */
typedef struct WireRoll {
    uint64_t number; /* of the walk, never used twice by one vaultd */
    int64_t below;
} WireRoll;
MUST_USE Status wire_put_roll(Buffer *b, const WireRoll *roll);
MUST_USE Status wire_take_roll(Cursor *c, WireRoll *ret);

typedef struct WireRollPage {
    uint64_t number;
    uint64_t seen; /* rows that this walk showed before these */
    bool last; /* no rows come behind these */
} WireRollPage;
MUST_USE Status wire_put_roll_page(Buffer *b, const WireRollPage *page);
MUST_USE Status wire_take_roll_page(Cursor *c, WireRollPage *ret);

/* Check a PIN that came in a box; the box's own context must equal these facts. */
typedef struct WirePinCheck {
    Span box;
    Span purpose; /* of a PIN: policy/purposes.h */
    Span tenant; /* mchid; empty unless pay */
    Span order; /* out_trade_no; empty unless pay */
    int64_t minor; /* 0 unless pay */
    Span payer;
    Span nonce; /* the server's, from the order (prepay_id) or the code challenge */
    Span verifier; /* record from the domain store */
    int64_t now_us;
} WirePinCheck;
MUST_USE Status wire_put_pin_check(Buffer *b, const WirePinCheck *check);
MUST_USE Status wire_take_pin_check(Cursor *c, WirePinCheck *ret);

typedef struct WirePinSet {
    Span box; /* purpose "set-pin": six digits; when another PIN is there, its six before them */
    Span payer;
    Span nonce;
    int64_t now_us;
    Span verifier; /* the present record from the domain store; empty for the first PIN */
} WirePinSet;
MUST_USE Status wire_put_pin_set(Buffer *b, const WirePinSet *set);
MUST_USE Status wire_take_pin_set(Cursor *c, WirePinSet *ret);

typedef struct WireBoxKey {
    uint32_t key_id;
    uint8_t suite;
    int64_t expires_us;
    Span public_key; /* as crypto/box.h wants it */
    Span signature; /* by the platform RSA key over "hufu-box-key" | key_id u32 | suite u8 | expires
                       i64 | key */
    Span signature_before; /* by the platform key before it, while that is shown (apps out there
                              know one or the other); or empty */
} WireBoxKey;
MUST_USE Status wire_put_box_key(Buffer *b, const WireBoxKey *key);
MUST_USE Status wire_take_box_key(Cursor *c, WireBoxKey *ret);

typedef struct WireUnseal {
    uint8_t held; /* shares that are in */
    uint8_t needed;
    uint8_t count; /* shares that exist */
    Span nonce; /* of the box, with purpose BOX_PURPOSE_SHARE */
    Span public_key; /* SPKI of this start's key */
} WireUnseal;
MUST_USE Status wire_put_unseal(Buffer *b, const WireUnseal *unseal);
MUST_USE Status wire_take_unseal(Cursor *c, WireUnseal *ret);

typedef struct WireKeyFacts {
    Span name; /* "platform-rsa", "seal", "box/20260131"... */
    Span algorithm;
    uint32_t version;
    int64_t created_us;
    int64_t expires_us; /* 0: none */
    Span serial; /* certificate serial, upper-case hex, or empty */
    uint8_t state; /* 1 current, 2 old (opens only), 3 destroyed, 4 next, 5 ended */
    uint64_t uses;
    uint64_t uses_max; /* 0: not counted */
} WireKeyFacts;
MUST_USE Status wire_put_key_facts(Buffer *b, const WireKeyFacts *facts);
MUST_USE Status wire_take_key_facts(Cursor *c, WireKeyFacts *ret);

/* On the wire: append only. */
typedef enum WireSignatureEncoding {
    WIRE_SIGNATURE_OWN = 0, /* the key's algorithm's (crypto/sign.h): Ed25519 64 bytes, else DER */
    WIRE_SIGNATURE_RAW = 1, /* of P-256 and SM2: r | s, 64 bytes, as browsers and tokens make it */
} WireSignatureEncoding;

/* One person's signature (Ed25519, P-256 or SM2) over
 * "hufu-approval" | operation | subject | reason, each framed | expires i64 | nonce framed. */
typedef struct WireApproval {
    Span name; /* enrolled operator */
    Span operation; /* "release-row", "accept-restore", "unwrap-backup" */
    Span subject; /* row key, or manifest digest */
    Span reason;
    int64_t expires_us;
    Span nonce; /* 16 bytes */
    Span signature;
    uint8_t encoding; /* WireSignatureEncoding; another number is the vault's to refuse */
} WireApproval;
MUST_USE Status wire_put_approval(Buffer *b, const WireApproval *approval);
MUST_USE Status wire_take_approval(Cursor *c, WireApproval *ret);
/* The exact bytes that are signed: nothing in them can slide into its neighbour. */
MUST_USE Status wire_approval_message(const WireApproval *approval, Buffer *ret_message);

/* STATUS and SCAN_END answers. */
typedef struct WireStatus {
    Span custody; /* "development", "unattended", "custodians" */
    bool ready; /* the start-up scan is done */
    bool sandboxed;
    uint64_t epoch;
    int64_t tree_size; /* confirmed */
    int64_t next_batch;
    uint8_t root[WIRE_HASH_BYTES];
    uint32_t frozen_rows;
    uint64_t tracked_rows;
} WireStatus;
MUST_USE Status wire_put_status(Buffer *b, const WireStatus *status);
MUST_USE Status wire_take_status(Cursor *c, WireStatus *ret);
