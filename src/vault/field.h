#pragma once
/*
 * field: vaultd's data plane: sensitive values in boxes become sealed fields, tokens, masks and
 * blind indexes, and leave only for an enrolled receiver (TP-8, TP-9, TP-13, DESIGN sections 2, 6).
 *
 *   class key (KEY_CARD, KEY_BINDING, KEY_IDENTITY; versions)
 *     + subject key: 32 random bytes a tenant and subject, kept outside, wrapped under the month's
 *       KEY_SHRED
 *       -> field key = HMAC(class key, "hufu field 1" | tenant | subject | subject key)
 *            -> HKDF per record id (crypto/seal.h)
 *
 * So whoever destroys the class key, the month's shred key or the subject's wrapped key destroys
 * the field. A sealed field opens only for tenant, class, table, column and row key that it was
 * sealed for. Nothing here returns a value in clear; field_reveal() boxes it for its receiver.
 *
 * Every function answers one operation of ipc/field_wire.h, where the payloads stand. Thread-safe.
 */
#include "ipc/field_wire.h"
#include "keys/keys.h"
#include "vault/memory_field.h"

enum {
    FIELD_SESSIONS_MAX = 256,
    FIELD_SESSIONS_PER_TENANT_MAX = 64,
    FIELD_SESSION_WINDOW = 8192, /* messages that may come out of order */
    FIELD_SUBJECT_SETS = 1024,
    FIELD_SUBJECT_WAYS = 8, /* unwrapped subject keys: 8,192, the least used of a set goes */
    FIELD_LOOKUPS_PER_DAY = 10000, /* a tenant, unless configured */
    /* Protecting a value shows its blind index, so it is a guess as good as a look-up: what a
     * captured hufud can try against one stored index in a day. */
    FIELD_PROTECTS_PER_DAY = 2000000,
    FIELD_PROTECTS_STEP = 8192, /* counted in the journal this many at a time, ahead */
    FIELD_TENANTS_MAX = 64, /* whose steps are remembered; another one begins a new step */
    FIELD_WORKERS = 2, /* of LANE_FIELD */
    FIELD_PASSWORD_WORKERS = 2, /* of LANE_PASSWORD */
    FIELD_SCRATCHES = FIELD_WORKERS + FIELD_PASSWORD_WORKERS + 1, /* and one for LANE_ADMIN */
    FIELD_SECRET_BYTES = 1536 * 1024, /* of the caller's locked memory */
};
#define FIELD_SESSION_LIFE_MAX_US ((int64_t)3600 * 1000000)
#define FIELD_SESSION_NUMBERS_MAX ((uint64_t)1 << 32)
#define FIELD_BOX_LIFE_MAX_US ((int64_t)120 * 1000000)
/* From the turn of the month: time to move the living on before the old key is destroyed. */
#define FIELD_SHRED_GRACE_US ((int64_t)7 * 86400 * 1000000)
#define FIELD_REVEAL_LIFE_US ((int64_t)300 * 1000000) /* of a box for a receiver */

typedef struct FieldConfig {
    Keys *keys; /* borrowed, all */
    Memory *memory;
    Clock clock;
    Random random;
    SealSuite suite; /* 0: the house's; SEAL_AES_128_GCM by configuration */
    bool legacy_import; /* VAULT_LEGACY_KEY is served */
    uint32_t lookups_per_day; /* 0: FIELD_LOOKUPS_PER_DAY */
    uint32_t protects_per_day; /* a tenant; 0: FIELD_PROTECTS_PER_DAY */
    void *secrets; /* FIELD_SECRET_BYTES, zeroed, aligned to 64 */
    /* A planted record was touched: people must see it, the asker must not. May be NULL. */
    void (*alert)(void *context, uint8_t operation, Status status);
    void *alert_context;
} FieldConfig;

typedef struct Field Field;

/* Faults FAULT_MEMORY. */
MUST_USE Status field_open(const FieldConfig *config, Field **ret_field);
void field_close(Field *field); /* wipes; NULL is fine */

/* Refuses REFUSED_BOX_*, REFUSED_VAULT_BUSY (too many sessions). */
MUST_USE Status field_session(Field *field, Span request, Buffer *ret_answer);
/* Refuses REFUSED_IPC_FORMAT, REFUSED_FIELD_CLASS, REFUSED_SESSION_UNKNOWN,
 * REFUSED_PROTECT_BUDGET; all else is an item's:
 * REFUSED_SESSION_REPLAYED, REFUSED_BOX_*, REFUSED_DATA_PROHIBITED, REFUSED_DATA_CARD_NUMBER,
 * REFUSED_CARD_NUMBER_INVALID, REFUSED_EXPIRY_GRANT,
 * REFUSED_SUBJECT_DESTROYED, REFUSED_SEAL_*, REFUSED_KEY_*. */
MUST_USE Status field_protect(Field *field, Span request, Buffer *ret_answer);
/* Besides: REFUSED_LOOKUP_BUDGET, for the whole batch; nothing is looked up then. */
MUST_USE Status field_lookup(Field *field, Span request, Buffer *ret_answer);

/* Fingerprints of who shall pay and of who a payer is (ipc/identity_wire.h). Refuse
 * REFUSED_IPC_FORMAT, REFUSED_PROTECT_BUDGET; said: REFUSED_FIELD_KEY (no such key of the platform,
 * or its time is over), REFUSED_FIELD_SEALED (whatever is wrong with what is encrypted),
 * REFUSED_FIELD_IDENTITY, REFUSED_KEY_FORMAT, REFUSED_KEY_WEAK (the receiver's); known:
 * REFUSED_SUBJECT_DESTROYED, REFUSED_SEAL_*, REFUSED_KEY_*. */
MUST_USE Status field_identity_said(Field *field, Span request, Buffer *ret_answer);
MUST_USE Status field_identity_known(Field *field, Span request, Buffer *ret_answer);

/* What somebody says of a person, and what stands sealed of it (ipc/password_wire.h). */
typedef struct FieldFact {
    uint16_t data_class;
    Span sealed;
    Span claimed; /* secret */
} FieldFact;
/*
 * Is all of it true of this subject of this tenant? All are opened and compared whatever the first
 * one says, and only the whole is told. A fact that does not open is one that somebody put there.
 * Refuses REFUSED_SUBJECT_DESTROYED, REFUSED_SEAL_*, REFUSED_KEY_*, REFUSED_FIELD_CLASS,
 * REFUSED_VAULT_BUSY.
 */
MUST_USE Status field_facts_are(Field *field, const WireSubjectName *subject, Span wrapped,
        const FieldFact *facts, size_t count, bool *ret_true);

/* Refuses REFUSED_RECEIVER_UNKNOWN, REFUSED_REVEAL_BUDGET, REFUSED_REVEAL_FORBIDDEN,
 * REFUSED_REVEAL_LOG_FULL, REFUSED_SUBJECT_DESTROYED, REFUSED_APPROVAL_*, REFUSED_SEAL_*,
 * REFUSED_KEY_*. Each refusal but _LOG_FULL is in the log, too. */
MUST_USE Status field_reveal(Field *field, Span request, Buffer *ret_answer);
MUST_USE Status field_receiver_add(Field *field, Span request);
MUST_USE Status field_receiver_remove(Field *field, Span request);
MUST_USE Status field_reveal_log(Field *field, Span request, Buffer *ret_answer);
MUST_USE Status field_reveal_kept(Field *field, Span request);

/* Item statuses as of field_protect(). */
MUST_USE Status field_rewrap(Field *field, Span request, Buffer *ret_answer);
MUST_USE Status field_turn_subjects(Field *field, Span request, Buffer *ret_answer);
MUST_USE Status field_destroy_subjects(Field *field, Span request, Buffer *ret_answer);
/* Up to which month every shred key is destroyed (0: not one): whoever died until then cannot be
 * read by anybody. Keys may be destroyed in any order, so the first that lives ends it. `current`:
 * this month's version. */
uint32_t field_blind_months(Keys *keys, uint32_t current);
MUST_USE Status field_plant_honey(Field *field, Span request, Buffer *ret_answer);

/* Refuses REFUSED_LEGACY_OFF, REFUSED_LEGACY_KEY_WEAK, REFUSED_APPROVAL_*, REFUSED_BOX_*. */
MUST_USE Status field_legacy_key(Field *field, Span request, Buffer *ret_answer);
/* Item statuses besides: REFUSED_LEGACY_FORMAT. */
MUST_USE Status field_import(Field *field, Span request, Buffer *ret_answer);
