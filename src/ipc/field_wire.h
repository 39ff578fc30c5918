#pragma once
/*
 * field_wire: what vaultd is asked about sensitive fields (cards, identity data, bindings), and how
 * the questions and answers look (DESIGN sections 2 and 6; TP-8, TP-13). The rules of vault_wire.h
 * hold.
 *
 * A batch is about one column: head, list of subjects, list of items. An item that fails has its
 * own status in the answer; the others are served.
 *
 *   SESSION           WireBatchHead, box framed (box_session_begin)   -> WireSession
 *   PROTECT_FIELDS    WireBatchHead, list WireSubject, list WireFieldItem
 *                     -> list WireSubjectAnswer, list (status u32, WireProtected if OK)
 *   LOOKUP_FIELDS     WireBatchHead, list WireFieldItem (subject 0)
 *                     -> list (status u32, WireIndexes if OK)
 *   REVEAL_FIELD      WireReveal, u8 0 or 2, so many WireApproval     -> box framed
 *   RECEIVER_ADD      2 WireApproval ("enroll-receiver"), WireReceiver          -> nothing
 *   RECEIVER_REMOVE   2 WireApproval ("remove-receiver"), name framed           -> nothing
 *   REVEAL_LOG        first number u64 -> WireRevealHead, list of record framed (WireRevealRecord)
 *   REVEAL_KEPT       number u64: the records up to it are kept elsewhere       -> nothing
 *   REWRAP_FIELDS     WireBatchHead, list WireSubject, list WireSealedField
 *                     -> list WireSubjectAnswer, list (status u32, WireRewrapped if OK)
 *   TURN_SUBJECTS     list WireTurn -> list WireSubjectAnswer
 *   DESTROY_SUBJECTS  2 WireApproval ("destroy-subjects", subject = SHA-256 of the list's bytes),
 *                     list WireSubjectName -> certificate of destruction framed
 *   PLANT_HONEY       WireBatchHead, list WireSubject, u32 count -> as PROTECT_FIELDS
 *   LEGACY_KEY        2 WireApproval ("import-legacy", subject = SHA-256 of what follows),
 *                     WireLegacyKey -> handle [16]
 *   IMPORT_FIELDS     WireBatchHead (session = handle), list WireSubject, list WireLegacyItem
 *                     -> as PROTECT_FIELDS
 *
 * What an item of a session authenticates: data class u16 | subject framed | reference framed
 * (field_item_aad). A box says the same in its context (policy/purposes.h).
 */
#include "ipc/vault_wire.h"

enum {
    WIRE_BATCH_ITEMS_MAX = 1024,
    WIRE_BATCH_SUBJECTS_MAX = 1024,
    FIELD_TENANT_BYTES_MAX = 64,
    WIRE_SUBJECT_BYTES_MAX = 64,
    FIELD_REFERENCE_BYTES_MAX = 64, /* row key */
    WIRE_SESSION_BYTES = 16,
    WIRE_VALUE_BYTES_MAX = 1024, /* of a field in clear */
    WIRE_WRAPPED_BYTES_MAX = 128, /* a wrapped subject key */
    WIRE_FIELD_BYTES_MAX = WIRE_VALUE_BYTES_MAX + 128, /* sealed */
    WIRE_SECRET_BYTES_MAX = WIRE_BOX_BYTES_MAX, /* a box, or a session's ciphertext */
    WIRE_TOKEN_BYTES_MAX = 24,
    WIRE_MASK_BYTES_MAX = 512,
    WIRE_INDEX_BYTES = 16,
    WIRE_RECEIVER_BYTES_MAX = 64, /* its name */
    WIRE_CARD_NUMBER_BYTES_MAX = 32, /* of a bank order */
    WIRE_CARD_NONCE_BYTES = 16,
    WIRE_REASON_BYTES_MAX = 256,
    WIRE_REVEALS_MAX = 128, /* records of one answer */
    WIRE_PSEUDONYM_BYTES = 16,
    WIRE_ITEM_AAD_BYTES_MAX = 2 + 4 + WIRE_SUBJECT_BYTES_MAX + 4 + FIELD_REFERENCE_BYTES_MAX,
    WIRE_DESTROY_MAX = 64, /* subjects of one message, and of one certificate */
    WIRE_CERTIFICATE_BYTES_MAX = 4096,
};

typedef struct WireBatchHead {
    Span tenant;
    uint8_t session[WIRE_SESSION_BYTES]; /* zeros: each item is a box */
    uint16_t data_class;
    uint16_t table; /* where the sealed field will stand: it opens nowhere else */
    uint16_t column;
} WireBatchHead;
MUST_USE Status wire_put_batch_head(Buffer *b, const WireBatchHead *head);
MUST_USE Status wire_take_batch_head(Cursor *c, WireBatchHead *ret);

typedef struct WireSession {
    uint8_t id[WIRE_SESSION_BYTES];
    int64_t expires_us;
    uint64_t numbers; /* messages 1..numbers are accepted */
} WireSession;
MUST_USE Status wire_put_session(Buffer *b, const WireSession *session);
MUST_USE Status wire_take_session(Cursor *c, WireSession *ret);

/* Whose data it is, and that subject's wrapped key from the domain store; empty: make one. */
typedef struct WireSubject {
    Span subject;
    Span wrapped;
} WireSubject;
MUST_USE Status wire_put_subject(Buffer *b, const WireSubject *subject);
MUST_USE Status wire_take_subject(Cursor *c, WireSubject *ret);

/* `wrapped` is not empty when it was made or moved on: keep it, in the place of the old one. */
typedef struct WireSubjectAnswer {
    uint32_t status; /* StatusCode */
    Span wrapped;
} WireSubjectAnswer;
MUST_USE Status wire_put_subject_answer(Buffer *b, const WireSubjectAnswer *answer);
MUST_USE Status wire_take_subject_answer(Cursor *c, WireSubjectAnswer *ret);

typedef struct WireFieldItem {
    uint32_t subject; /* position in the list of subjects */
    uint64_t number; /* of the session's message; 0: `secret` is a box */
    Span secret;
    Span reference; /* the row key; for TABLE_CARD the token will be it, and this may be anything */
} WireFieldItem;
MUST_USE Status wire_put_field_item(Buffer *b, const WireFieldItem *item);
MUST_USE Status wire_take_field_item(Cursor *c, WireFieldItem *ret);
/* What the sealer of a session's message and vaultd both authenticate. */
MUST_USE Status field_item_aad(uint16_t data_class, Span subject, Span reference, Buffer *ret_aad);

/* A blind index under the current key and, while a rotation runs, under the one before. */
typedef struct WireIndexes {
    uint32_t version; /* 0: none */
    uint8_t index[WIRE_INDEX_BYTES];
    uint32_t old_version;
    uint8_t old_index[WIRE_INDEX_BYTES];
} WireIndexes;
MUST_USE Status wire_put_indexes(Buffer *b, const WireIndexes *indexes);
MUST_USE Status wire_take_indexes(Cursor *c, WireIndexes *ret);

typedef struct WireProtected {
    Span sealed;
    Span token; /* of a card; else empty */
    Span mask;
    WireIndexes indexes;
} WireProtected;
MUST_USE Status wire_put_protected(Buffer *b, const WireProtected *made);
MUST_USE Status wire_take_protected(Cursor *c, WireProtected *ret);

/* A stored field, for its key to move on. */
typedef struct WireSealedField {
    uint32_t subject;
    Span row_key;
    Span sealed;
    uint32_t index_version; /* of the stored index; 0: none */
} WireSealedField;
MUST_USE Status wire_put_sealed_field(Buffer *b, const WireSealedField *field);
MUST_USE Status wire_take_sealed_field(Cursor *c, WireSealedField *ret);

typedef struct WireRewrapped {
    Span sealed; /* empty: it is under the current key */
    WireIndexes indexes; /* version 0: as before */
} WireRewrapped;
MUST_USE Status wire_put_rewrapped(Buffer *b, const WireRewrapped *field);
MUST_USE Status wire_take_rewrapped(Cursor *c, WireRewrapped *ret);

typedef struct WireSubjectName {
    Span tenant;
    Span subject;
} WireSubjectName;
MUST_USE Status wire_put_subject_name(Buffer *b, const WireSubjectName *name);
MUST_USE Status wire_take_subject_name(Cursor *c, WireSubjectName *ret);

typedef struct WireTurn {
    Span tenant;
    Span subject;
    Span wrapped;
} WireTurn;
MUST_USE Status wire_put_turn(Buffer *b, const WireTurn *turn);
MUST_USE Status wire_take_turn(Cursor *c, WireTurn *ret);

/* Stored in the journal: append only. */
typedef enum WireRevealPurpose {
    REVEAL_BANK_CHANNEL = 1,
    REVEAL_LEGAL_ORDER = 2, /* two approvals */
    REVEAL_FULL_DISPLAY = 3, /* two approvals, and a policy override (TP-8); off by default */
} WireRevealPurpose;

/* "bank-channel", "legal-order", "full-display"; "unknown" for another number. */
const char *reveal_purpose_name(uint8_t purpose);
/* 0: no purpose is called so. */
uint8_t reveal_purpose_of(Span name);

typedef struct WireReveal {
    Span tenant;
    uint16_t data_class;
    uint16_t table;
    uint16_t column;
    Span row_key;
    Span subject;
    Span wrapped; /* that subject's key */
    Span sealed;
    Span receiver; /* an enrolled name */
    uint8_t purpose; /* WireRevealPurpose; another number is vaultd's to refuse */
    Span reason;
} WireReveal;
MUST_USE Status wire_put_reveal(Buffer *b, const WireReveal *reveal);
MUST_USE Status wire_take_reveal(Cursor *c, WireReveal *ret);
/* What people approve ("reveal-field") is the SHA-256 of these bytes: tenant, class, table, column,
 * row key, subject, receiver and purpose, and SHA-256 of the sealed bytes: who approves needs not
 * hold them. The approvals' reason must be the reveal's. */
MUST_USE Status wire_reveal_message(const WireReveal *reveal,
        const uint8_t sealed_digest[WIRE_HASH_BYTES], Buffer *ret_message);

/* Who may be given full numbers, encrypted to its key. */
typedef struct WireReceiver {
    Span name;
    Span spki; /* P-256 or SM2 */
    uint8_t purposes; /* bit 1 << WireRevealPurpose each */
    uint32_t per_day;
    uint32_t per_subject_day;
} WireReceiver;
MUST_USE Status wire_put_receiver(Buffer *b, const WireReceiver *receiver);
MUST_USE Status wire_take_receiver(Cursor *c, WireReceiver *ret);

/* One line of the reveal log: who was given what, why, or was denied it. */
typedef struct WireRevealRecord {
    uint64_t number; /* 1, 2, ... */
    int64_t time_us;
    uint32_t status; /* 0: revealed; else the refusal */
    Span tenant;
    uint16_t data_class;
    uint16_t table;
    uint16_t column;
    Span row_key;
    uint8_t subject[WIRE_PSEUDONYM_BYTES]; /* keyed hash: the same subject has the same */
    Span receiver;
    uint8_t purpose;
    Span reason;
    Span first_approver; /* or empty */
    Span second_approver;
} WireRevealRecord;
MUST_USE Status wire_put_reveal_record(Buffer *b, const WireRevealRecord *record);
MUST_USE Status wire_take_reveal_record(Cursor *c, WireRevealRecord *ret);

/* What of a card goes to a bank (vault/card_pass.h). */
typedef struct WireCardPass {
    Span box; /* for us */
    Span number; /* of the bank order */
    Span receiver; /* the bank */
    int64_t minor;
    Span nonce; /* the challenge that the box was made under */
} WireCardPass;
MUST_USE Status wire_put_card_pass(Buffer *b, const WireCardPass *pass);
MUST_USE Status wire_take_card_pass(Cursor *c, WireCardPass *ret);

/* A payer's own card, to be bound at his bank (vault/card_bind.h). */
typedef struct WireCardBind {
    Span payer;
    Span wrapped; /* his subject key */
    Span number; /* of the binding */
    Span receiver; /* the bank */
    Span nonce; /* the challenge that the boxes were made under */
    Span name_box;
    Span identity_box;
    Span card_box;
    Span phone_box;
    Span known_name; /* sealed: whom he was confirmed as; empty: nothing is on file */
    Span known_identity;
} WireCardBind;
MUST_USE Status wire_put_card_bind(Buffer *b, const WireCardBind *bind);
MUST_USE Status wire_take_card_bind(Cursor *c, WireCardBind *ret);

/* The code that the bank sent its holder. */
typedef struct WireCardCode {
    Span payer;
    Span number;
    Span receiver;
    Span nonce;
    Span box;
} WireCardCode;
MUST_USE Status wire_put_card_code(Buffer *b, const WireCardCode *code);
MUST_USE Status wire_take_card_code(Cursor *c, WireCardCode *ret);

/* chain(0) = zeros; chain(n) = SHA-256(chain(n-1) | record n): whoever keeps the records proves
 * with it that none is missing or changed. */
typedef struct WireRevealHead {
    uint64_t count; /* records ever written */
    uint64_t kept; /* those up to here were reported kept, and are gone from vaultd */
    uint8_t chain[WIRE_HASH_BYTES]; /* chain(count) */
} WireRevealHead;
MUST_USE Status wire_put_reveal_head(Buffer *b, const WireRevealHead *head);
MUST_USE Status wire_take_reveal_head(Cursor *c, WireRevealHead *ret);

/* Ciphertext of before Hufu, to be opened once and sealed as a field (TP-13). */
typedef enum WireLegacyProfile {
    LEGACY_3DES_CBC = 1,
    LEGACY_3DES_ECB = 2,
    LEGACY_AES_128_CBC = 3,
    LEGACY_AES_128_ECB = 4,
} WireLegacyProfile;

typedef struct WireLegacyKey {
    Span tenant;
    uint8_t profile;
    Span box; /* with the key inside */
} WireLegacyKey;
MUST_USE Status wire_put_legacy_key(Buffer *b, const WireLegacyKey *key);
MUST_USE Status wire_take_legacy_key(Cursor *c, WireLegacyKey *ret);

typedef struct WireLegacyItem {
    uint32_t subject;
    Span iv; /* empty in ECB */
    Span cipher;
    Span reference;
} WireLegacyItem;
MUST_USE Status wire_put_legacy_item(Buffer *b, const WireLegacyItem *item);
MUST_USE Status wire_take_legacy_item(Cursor *c, WireLegacyItem *ret);
