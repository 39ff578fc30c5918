#pragma once
/*
 * field_inside: what the files of field.h share. All secrets lie in FieldSecrets, in locked memory.
 */
#include <pthread.h>

#include "keys/keys.h"
#include "policy/policy.h"
#include "vault/field.h"

enum {
    FIELD_KEY_BYTES = 32, /* of a subject key */
    FIELD_PLACE_BYTES_MAX = 16 + 8 + FIELD_TENANT_BYTES_MAX + 6 + 4 + FIELD_REFERENCE_BYTES_MAX,
    FIELD_PLAIN_BYTES_MAX = 1 + WIRE_VALUE_BYTES_MAX,
    FIELD_RANDOM_BYTES = 4096,
    FIELD_LEGACY_KEY_BYTES = 24,
};

/* The first byte of what is sealed; nobody outside can tell one from the other. */
typedef enum FieldKind { FIELD_ORDINARY = 0, FIELD_HONEY = 1 } FieldKind;

/* Kernel randomness fetched in blocks: a system call for 4 KiB costs little more than one for 32
 * bytes. What was handed out is wiped here. Not thread-safe: one batch. */
typedef struct FieldRandom {
    const Random *source;
    size_t left;
    uint8_t bytes[FIELD_RANDOM_BYTES];
} FieldRandom;
/* A Random over it. */
Random field_random(FieldRandom *random);

typedef struct FieldSession {
    uint8_t id[WIRE_SESSION_BYTES];
    BoxSession keys; /* suite 0: free, or a legacy key's */
    KeyedHash tenant;
    uint16_t purpose; /* BoxPurpose; 0: free */
    uint8_t profile; /* of a legacy key: WireLegacyProfile */
    uint8_t legacy_key[FIELD_LEGACY_KEY_BYTES];
    int64_t expires_us;
    uint64_t top; /* highest number used */
    uint64_t used[FIELD_SESSION_WINDOW / 64]; /* of the last FIELD_SESSION_WINDOW numbers */
} FieldSession;

typedef struct FieldSubject { /* in the cache */
    KeyedHash name; /* of tenant, subject and wrapped bytes; zeros: free */
    KeyedHash subject; /* of tenant and subject */
    uint8_t key[FIELD_KEY_BYTES];
    uint32_t shred_version;
    uint32_t tick; /* of its last use */
} FieldSubject;

typedef struct BatchSubject {
    Span name;
    uint32_t status;
    uint8_t key[FIELD_KEY_BYTES];
} BatchSubject;

/* What one message works on. Secret: wiped when it is given back. */
typedef struct FieldBatch {
    Field *field;
    bool taken;
    int64_t now_us;
    FieldRandom buffered;
    Random random; /* over `buffered` */
    WireBatchHead head;
    KeyRole role; /* of the class */
    SealKey class_key; /* current version */
    SealKey old_class_key; /* the last other version that was asked for; version 0: none */
    MacKey index_key, old_index_key; /* of this column */
    uint32_t index_version, old_index_version; /* 0: none */
    bool has_session;
    size_t session; /* its slot */
    FieldSession opened; /* a copy; `used` is not */
    uint32_t subject_count;
    BatchSubject subjects[WIRE_BATCH_SUBJECTS_MAX];
    SealKey field_key; /* of `key_of` under `class_key` */
    size_t key_of; /* SIZE_MAX: none yet */
} FieldBatch;

typedef struct FieldSecrets {
    FieldSession sessions[FIELD_SESSIONS_MAX];
    FieldSubject subjects[FIELD_SUBJECT_SETS][FIELD_SUBJECT_WAYS];
    FieldBatch batches[FIELD_SCRATCHES];
    KeyedHashKey names;
} FieldSecrets;
_Static_assert(sizeof(FieldSecrets) <= FIELD_SECRET_BYTES, "the caller's memory is large enough");

typedef struct FieldAllowance { /* counted in the journal already, not used yet */
    KeyedHash name; /* of tenant and day */
    uint32_t left;
} FieldAllowance;

struct Field {
    FieldConfig config;
    SealSuite suite;
    pthread_mutex_t lock; /* of the secrets */
    uint32_t tick;
    FieldAllowance allowances[FIELD_TENANTS_MAX];
    size_t next_allowance;
    FieldSecrets *secrets;
};

static inline void field_unlock(Field **field) { pthread_mutex_unlock(&(*field)->lock); }
/* Hold the lock to the end of the scope. */
#define FIELD_HOLD(field)                               \
    CLEANUP(field_unlock) Field *field_held_ = (field); \
    pthread_mutex_lock(&field_held_->lock)

/* --- field.c --- */
/* A scratch, begun with the message's head. Refuses REFUSED_VAULT_BUSY, REFUSED_IPC_FORMAT,
 * REFUSED_FIELD_CLASS, REFUSED_KEY_*. */
MUST_USE Status field_batch_begin(Field *field, Cursor *c, FieldBatch **ret_batch);
/* One without a head. */
MUST_USE Status field_batch_take(Field *field, FieldBatch **ret_batch);
void field_batch_give(FieldBatch **batch); /* wipes; for CLEANUP */
/* The key that seals fields of this subject. */
const SealKey *field_batch_key(FieldBatch *batch, size_t subject);
/* The same under the class version that a sealed field names. Refuses REFUSED_KEY_*. */
MUST_USE Status field_batch_old_key(
        FieldBatch *batch, size_t subject, const SealHeader *header, SealKey *ret_key);
/* Where a field stands. */
MUST_USE Status field_place(const WireBatchHead *head, Span row_key, Buffer *ret_place);
/* 16 bytes for tenant and name: the subject's pseudonym, too. */
void field_name(const Field *field, const char *kind, Span tenant, Span name, KeyedHash *ret_hash);
void field_wipe_buffer(Buffer *b); /* for CLEANUP */

/* --- field_value.c: what a value of its class must look like, and what is shown of it --- */
/* False for a class that is not kept as a sealed field. */
bool field_role(uint16_t data_class, KeyRole *ret_role);
/* Refuses REFUSED_DATA_PROHIBITED, REFUSED_DATA_CARD_NUMBER, REFUSED_CARD_NUMBER_INVALID,
 * REFUSED_SEAL_SIZE, REFUSED_TEXT_NOT_UTF8. */
MUST_USE Status field_value_check(uint16_t data_class, Span value);
/* policy_book_allow(), by what two people set. */
MUST_USE Status field_allow(const Field *field, uint16_t data_class, PolicyLayer layer,
        PolicyPurpose purpose, PolicyForm form);
/* May a value of the batch's class and this subject rest, encrypted, in the domain store? A card's
 * expiry may while the grant of the subject and of the tenant, its institution, lives (TP-5):
 * REFUSED_EXPIRY_GRANT. */
MUST_USE Status field_may_rest(const FieldBatch *batch, size_t subject);
/* What may be seen of it (TP-11). */
MUST_USE Status field_mask(const FieldBatch *batch, Span value, Buffer *ret_mask);
/* `size` random digits that fail Luhn's check. */
MUST_USE Status field_token(const Random *random, size_t size, Buffer *ret_token);

/* --- field_session.c --- */
/* A copy of the batch's session. Refuses REFUSED_SESSION_UNKNOWN. */
MUST_USE Status field_session_find(FieldBatch *batch, uint16_t purpose);
/* Open one item, as message of the session or as a box, and spend it. `ret_value` is a secret.
 * Boxes are spent by field_spend_boxes() before. */
MUST_USE Status field_item_open(
        FieldBatch *batch, const WireFieldItem *item, uint16_t purpose, Buffer *ret_value);
/* All boxes of these items, durably. ret_fresh: one a item. */
MUST_USE Status field_spend_boxes(
        FieldBatch *batch, const WireFieldItem *items, size_t count, bool *ret_fresh);
/* A slot for a new session; the lock is held. NULL: none. */
FieldSession *field_session_slot(Field *field, const KeyedHash *tenant, int64_t now_us);

/* --- field_subject.c --- */
/* Take the list of subjects, unwrap or make their keys, and put the list of answers. */
MUST_USE Status field_subjects_take(FieldBatch *batch, Cursor *c, Buffer *ret_answer);
/* One of them, that must exist. Refuses REFUSED_SUBJECT_DESTROYED, REFUSED_SEAL_*. */
MUST_USE Status field_subject_find(FieldBatch *batch, Span subject, Span wrapped);
/* Forget these subjects. */
void field_subjects_forget(Field *field, const KeyedHash *subjects, size_t count);

/* --- field_index.c --- */
MUST_USE Status field_index_keys(FieldBatch *batch);
/* Count values whose index is about to be shown. Refuses REFUSED_PROTECT_BUDGET. */
MUST_USE Status field_use_protects(FieldBatch *batch, uint32_t count);
void field_indexes(const FieldBatch *batch, Span value, WireIndexes *ret_indexes);
void field_honey_name(const FieldBatch *batch, Span value, KeyedHash *ret_name);

/* --- field_facts.c --- */
/* Open one fact of this subject, found by field_subject_find(); the batch's tenant and table are
 * set. ret_plain: kind, then the value. Refuses REFUSED_FIELD_CLASS, REFUSED_SEAL_*, REFUSED_KEY_*.
 */
MUST_USE Status field_fact_open(
        FieldBatch *batch, Span subject, uint16_t data_class, Span sealed, Buffer *ret_plain);

/* --- field_protect.c --- */
/* Check, seal and put the answer (status u32, WireProtected) of one value. Faults only. */
MUST_USE Status field_put_protected(FieldBatch *batch, Status opened, size_t subject,
        Span reference, FieldKind kind, Span value, Buffer *ret_answer);
/* Open a sealed field. ret_plain: kind, then the value. */
MUST_USE Status field_open_sealed(
        FieldBatch *batch, size_t subject, Span row_key, Span sealed, Buffer *ret_plain);
