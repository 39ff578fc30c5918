#pragma once
/*
 * approval_file: approvals that are carried by hand (TP-15, LL-4.5.2). A text that people read and
 * sign on machines of their own; whoever carries it can change nothing in it: what a signature does
 * not cover is refused here, what it does cover is refused where the signature is checked.
 *
 *     hufu approval 1
 *     operation: hold-subject
 *     subject: hex 5f01...      or   subject: text 20261128-1
 *     reason: court order 7
 *     expires: 2026-11-28T20:00:00+08:00
 *     sha256: ...               of the lines above, line feeds included
 *     signed: alice own NONCEHEX SIGNATUREBASE64
 *     signed: bob raw ...       as WireSignatureEncoding
 *
 * A file holds 1 to APPROVAL_FILE_ACTS_MAX of these, one behind the other: one command may need
 * more than one act (a restore opens a backup, then accepts its state). Each signature is over
 * wire_approval_message(). Numbers and texts have one form each, so that reading and writing again
 * gives the same bytes. Stateless. Floor 3.
 */
#include "crypto/sign.h"
#include "ipc/vault_wire.h"

enum {
    APPROVAL_FILE_ACTS_MAX = 4,
    APPROVAL_FILE_SIGNERS_MAX = 4, /* of one act */
    APPROVAL_FILE_BYTES_MAX = 32 * 1024,
    APPROVAL_FILE_NAME_BYTES_MAX = 64,
    APPROVAL_FILE_OPERATION_BYTES_MAX = 64,
    APPROVAL_FILE_SUBJECT_BYTES_MAX = 512,
    APPROVAL_FILE_REASON_BYTES_MAX = 200,
    APPROVAL_FILE_NONCE_BYTES = 16,
};

typedef struct ApprovalSigner {
    char name[APPROVAL_FILE_NAME_BYTES_MAX + 1];
    uint8_t nonce[APPROVAL_FILE_NONCE_BYTES];
    uint8_t signature[SIGN_BYTES_MAX];
    size_t signature_size;
    uint8_t encoding; /* WireSignatureEncoding */
} ApprovalSigner;

typedef struct ApprovalAct {
    char operation[APPROVAL_FILE_OPERATION_BYTES_MAX + 1];
    uint8_t subject[APPROVAL_FILE_SUBJECT_BYTES_MAX];
    size_t subject_size;
    char reason[APPROVAL_FILE_REASON_BYTES_MAX + 1];
    int64_t expires_us; /* whole seconds */
    ApprovalSigner signers[APPROVAL_FILE_SIGNERS_MAX];
    size_t signer_count;
} ApprovalAct;

typedef struct ApprovalFile {
    ApprovalAct acts[APPROVAL_FILE_ACTS_MAX];
    size_t act_count;
} ApprovalFile;

/* Append an act without signatures. `wanted`: operation, subject, reason, expiry; the rest is not
 * looked at. Refuses REFUSED_APPROVAL_FILE_FORMAT (a part is out of its bounds, or is no text of
 * one line). */
MUST_USE Status approval_file_add(ApprovalFile *file, const WireApproval *wanted);

/* Refuses REFUSED_APPROVAL_FILE_FORMAT, REFUSED_APPROVAL_FILE_ALTERED (not what its hash says),
 * REFUSED_APPROVAL_FILE_TWICE (one name signed twice). */
MUST_USE Status approval_file_read(Span text, ApprovalFile *ret_file);
/* Appended. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status approval_file_write(const ApprovalFile *file, Buffer *ret_text);

/* Take over the acts and signatures of `other`: the same act signed elsewhere is one act. Refuses
 * REFUSED_APPROVAL_FILE_TWICE, REFUSED_APPROVAL_FILE_FORMAT (too many). */
MUST_USE Status approval_file_merge(ApprovalFile *file, const ApprovalFile *other);

/* The act of this operation and subject. Refuses REFUSED_APPROVAL_FILE_OTHER (there is none),
 * REFUSED_APPROVAL_FILE_EXPIRED. */
MUST_USE Status approval_file_find(const ApprovalFile *file, Span operation, Span subject,
        int64_t now_us, const ApprovalAct **ret_act);

/* What is signed, as a person's key wants it; borrows from the act. */
WireApproval approval_act_wanted(const ApprovalAct *act);
/* The approval of signer `at`; borrows from the act. */
WireApproval approval_act_signed(const ApprovalAct *act, size_t at);
/* Take a signature (name, nonce, signature of `signed_by`) in. Refuses
 * REFUSED_APPROVAL_FILE_TWICE, REFUSED_APPROVAL_FILE_EXPIRED, REFUSED_APPROVAL_FILE_FORMAT. */
MUST_USE Status approval_act_sign(ApprovalAct *act, const WireApproval *signed_by, int64_t now_us);
/* "text 20261128-1", "hex 5f01": the subject as the file shows it; appended. */
MUST_USE Status approval_act_put_subject(const ApprovalAct *act, Buffer *ret_text);
