#pragma once
/*
 * fields: sensitive fields as hufud keeps them: vaultd's questions and the domain store's tables
 * together (TP-8, TP-9, TP-13).
 *
 *   field        sealed value, mask, blind indexes, by tenant, table, column and row key; of a card
 *                the row key is its token
 *   subject_key  each subject's wrapped key
 *   reveal       the reveal log, taken over from vaultd line by line
 *
 * Nothing is listed to anybody: rows are found by their key, or by a blind index that vaultd made
 * within a budget; the walks below hand rows to vaultd and to nobody else. One card of one subject
 * of one tenant has one token, however often it is protected. Cards of two subjects have two, so
 * that the data of one can be destroyed without the other's (docs/decisions/0017). Thread-safe.
 */
#include "ipc/field_wire.h"
#include "policy/classes.h"
#include "vaultclient/client.h"
#include "vaultclient/domain.h"

enum {
    FIELDS_ITEMS_MAX = 64, /* of one call: the longest answers still fit */
    FIELDS_FOUND_MAX = 16,
    FIELDS_MASK_BYTES_MAX = WIRE_MASK_BYTES_MAX,
    FIELDS_PAGE = 512, /* rows that a walk moves at once */
};

typedef struct Fields {
    DomainStore *domain;
    VaultClient *vault;
} Fields;

/* Open a session from its opening box. */
MUST_USE Status fields_session(
        const Fields *fields, Span tenant, Span box, WireSession *ret_session);

typedef struct FieldsItem {
    Span subject;
    uint64_t number; /* of the session's message; 0: `secret` is a box */
    Span secret;
    Span reference; /* the row key; empty for cards of TABLE_CARD */
} FieldsItem;

typedef struct FieldsMade {
    Status status; /* of this item alone */
    char row_key[FIELD_REFERENCE_BYTES_MAX + 1]; /* a card's token */
    char mask[FIELDS_MASK_BYTES_MAX + 1];
} FieldsMade;

/* Protect 1..FIELDS_ITEMS_MAX values of one column and keep them, durably. A value whose row key is
 * there already replaces it. */
MUST_USE Status fields_protect(const Fields *fields, const WireBatchHead *head,
        const FieldsItem *items, size_t count, FieldsMade *ret_made);

/* The mask under this key, for display (TP-11). Refuses REFUSED_ROW_MISSING. */
MUST_USE Status fields_mask(
        const Fields *fields, const WireBatchHead *head, Span row_key, Buffer *ret_mask);

/* Plant 1..FIELDS_ITEMS_MAX cards that nobody owns, spread over these subjects, and keep them among
 * the others (TP-8). `people` is a client on the operators' socket: hufud's own may not. */
MUST_USE Status fields_plant_honey(const Fields *fields, VaultClient *people, Span tenant,
        const Span *subjects, size_t subject_count, size_t count, FieldsMade *ret_made);

/* Which rows have this value? At most FIELDS_FOUND_MAX. */
MUST_USE Status fields_find(const Fields *fields, const WireBatchHead *head, const FieldsItem *item,
        FieldsMade *ret_found, size_t *ret_count);

/*
 * Reveal one field to a receiver: ret_box is for its key alone. `reveal` without subject, wrapped
 * key and sealed bytes: they are read from the store. The reveal log is taken over afterwards.
 * approvals  two, or NULL
 */
MUST_USE Status fields_reveal(const Fields *fields, const WireReveal *reveal,
        const WireApproval *approvals, Buffer *ret_box);

/* SHA-256 of the sealed bytes that stand there, for who approves a reveal of them
 * (wire_reveal_message()). Refuses REFUSED_ROW_MISSING. */
MUST_USE Status fields_print(const Fields *fields, const WireBatchHead *head, Span row_key,
        uint8_t ret_digest[WIRE_HASH_BYTES]);

/* --- fields that the asker stores: their ciphertext goes back --- */
typedef struct FieldsBatch { /* one column's */
    WireBatchHead head;
    const WireSubject *subjects; /* without their wrapped keys */
    size_t subject_count;
    Span items; /* u32 count and WireFieldItems, as the asker encoded them */
} FieldsBatch;
/* Append list (status u32, WireProtected if OK), a status for each item. Nothing of it is kept here
 * but the subjects' keys, durably before anything sealed under them is given out. */
MUST_USE Status fields_protect_given(
        const Fields *fields, const FieldsBatch *batch, Buffer *ret_answer);
/* Append list (status u32, WireIndexes if OK). */
MUST_USE Status fields_look_up_given(
        const Fields *fields, const WireBatchHead *head, Span items, Buffer *ret_answer);
/* As fields_reveal(), for a field that `reveal` brings: subject and sealed bytes. */
MUST_USE Status fields_reveal_given(const Fields *fields, const WireReveal *reveal,
        const WireApproval *approvals, Buffer *ret_box);

/* Delete the card expiry dates of users whose grant is over, or was withdrawn (TP-5).
 * ret_owners  of how many users */
MUST_USE Status fields_sweep_expiry(const Fields *fields, uint64_t *ret_owners);

/* --- the reveal log --- */
/* Take over what vaultd still holds; durable here before vaultd forgets it. */
MUST_USE Status fields_keep_reveals(const Fields *fields);
typedef MUST_USE Status (*FieldsVisit)(void *context, const WireRevealRecord *record);
/*
 * Visit every line from `from_us` to before `to_us`, oldest first, after all of them were proved
 * against the count and chain that vaultd never gives up. Refuses REFUSED_ROW_MISSING when one is
 * gone or was changed: nothing is visited then.
 */
MUST_USE Status fields_reveals(
        const Fields *fields, int64_t from_us, int64_t to_us, FieldsVisit visit, void *context);

/* Put into `to` every line that only `from` has: an older domain store takes back no reveal. */
MUST_USE Status fields_carry_reveals(DomainStore *from, DomainStore *to);
/* For whoever tells the audit log of them: a page of the lines after this number, as they are kept
 * and not proved, oldest first; and up to which number the log has them. */
MUST_USE Status fields_reveals_after(
        const Fields *fields, uint64_t number, FieldsVisit visit, void *context);
MUST_USE Status fields_reveals_told(const Fields *fields, uint64_t *ret_number);
MUST_USE Status fields_reveals_tell(const Fields *fields, uint64_t number);

/* --- walks: resumable, also after a kill: the place is stored with what was moved --- */
typedef struct FieldsProgress {
    uint64_t total; /* rows at its beginning */
    uint64_t done;
    uint64_t moved; /* of the page just done */
    uint64_t refused; /* of the page just done: do not open, or their subject is gone */
    bool finished;
} FieldsProgress;
/* Move one page of fields, and their indexes, to the current keys. After the last page the next
 * call begins anew. */
MUST_USE Status fields_rewrap(const Fields *fields, FieldsProgress *ret_progress);
/* Move one page of subject keys under this month's key; those of destroyed subjects are deleted. */
MUST_USE Status fields_turn(const Fields *fields, FieldsProgress *ret_progress);

/* Every value of this class of this subject leaves the store, with its mask and blind indexes: no
 * key and no look-up finds it any more. OK also when there is none. */
MUST_USE Status fields_forget(
        const Fields *fields, const WireSubjectName *subject, DataClass class);
/* The mask of one of them, for who knows subject, class and row key alone. Refuses ROW_MISSING. */
MUST_USE Status fields_mask_of(const Fields *fields, const WireSubjectName *subject,
        DataClass class, Span row_key, Buffer *ret_mask);

/* Destroy these subjects' data: in vaultd, for good; then here. ret_certificate is appended to. */
MUST_USE Status fields_destroy(const Fields *fields, const WireApproval approvals[2],
        const WireSubjectName *subjects, size_t count, Buffer *ret_certificate);
/* Which of these 1..FIELDS_PAGE subjects has vaultd destroyed, as its journal remembers? What an
 * older store brought back of those leaves it again. */
MUST_USE Status fields_destroyed_again(
        const Fields *fields, const WireSubjectName *subjects, size_t count, bool *ret_destroyed);
/* The exact bytes whose SHA-256 two people approve for that. */
MUST_USE Status fields_destroy_message(
        const WireSubjectName *subjects, size_t count, Buffer *ret_message);
