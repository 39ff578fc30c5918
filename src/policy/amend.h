#pragma once
/*
 * amend: what two people signed that differs from the default policy, as one canonical blob.
 *
 * The blob holds the differences alone, so that whoever signs reads all of it, and a newer program
 * keeps its own default below it. There is one way to write each: other bytes are refused.
 *
 *   "hufupol" | form u8 (1) | version u64 | count u16 | amendment...
 *   amendment = kind u8 | class u16 | four bytes | until i64, us | clause framed | reason framed
 *   four bytes = layer, purpose, usual form, forms  or, for a mask,  shape, first, last, 0
 *   in strictly ascending order of kind, class, layer, purpose
 *
 * An amendment that permits more than the default is an override: it has a reason, a clause and an
 * end. Prohibited data has none (TP-5), nor has a C3 secret in clear. Source: DESIGN section 5.2,
 * TP-15. Floor 0.
 */
#include "policy/policy.h"

enum {
    POLICY_AMENDMENTS_MAX = 32,
    POLICY_BLOB_BYTES_MAX = 3072, /* one record of vaultd's journal holds it */
    POLICY_CLAUSE_BYTES_MAX = 16,
    POLICY_REASON_BYTES_MAX = 100,
    POLICY_CARD_FIRST_MAX = 6, /* PCI DSS 3.4.1, whatever anybody signs */
    POLICY_CARD_LAST_MAX = 4,
};
/* The longest life of an override. */
#define POLICY_OVERRIDE_MAX_US ((int64_t)366 * 24 * 3600 * 1000000)

typedef enum AmendmentKind { AMEND_RULE = 1, AMEND_MASK = 2 } AmendmentKind;

typedef struct PolicyAmendment {
    AmendmentKind kind;
    uint16_t class;
    uint8_t layer; /* of a rule */
    uint8_t purpose;
    uint8_t usual; /* PolicyForm */
    PolicyForms forms;
    PolicyMask mask; /* of a mask */
    int64_t until_us; /* whole seconds; 0: no end, and then it is no override */
    Span clause; /* borrowed from the blob or from who made it */
    Span reason;
} PolicyAmendment;

typedef struct PolicyBlob {
    uint64_t version; /* 1, 2, 3...: each is the successor of the one before */
    size_t count;
    PolicyAmendment amendments[POLICY_AMENDMENTS_MAX];
} PolicyBlob;

/* Refuses REFUSED_POLICY_BLOB (other bytes, other order), REFUSED_POLICY_UNKNOWN (a number that is
 * no class, layer, purpose, form or shape). */
MUST_USE Status policy_blob_read(Span bytes, PolicyBlob *ret_blob);
/* Sorts the amendments. Refuses REFUSED_POLICY_BLOB (two for one cell, texts too long),
 * REFUSED_BUFFER_FULL. */
MUST_USE Status policy_blob_write(PolicyBlob *blob, Buffer *ret_bytes);

/* It permits a form, or shows a character, that the default does not. */
bool policy_amendment_is_override(const PolicyAmendment *amendment);
/* It shows a character that the default mask of the class does not. */
bool policy_mask_is_looser(uint32_t class, PolicyMask mask);
/* Its time is over. */
bool policy_amendment_is_over(const PolicyAmendment *amendment, int64_t now_us);

/*
 * May two people sign this now? `ret_wrong` is the first amendment that is wrong.
 * Refuses REFUSED_POLICY_FIXED, REFUSED_POLICY_OVERRIDE.
 */
MUST_USE Status policy_blob_check(const PolicyBlob *blob, int64_t now_us, size_t *ret_wrong);

/* Lay the blob over the default, in place of what lay there. Readers see each cell whole; one that
 * is asked for meanwhile answers as before or as after. One writer at a time. */
void policy_adopt(Policy *policy, const PolicyBlob *blob);
/* What policy_in_force() answers from, for who adopts. */
Policy *policy_of_process(void);
