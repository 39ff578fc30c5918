#pragma once
/*
 * request: what one person asked for and others must agree to before it is done, and their
 * approvals (TP-15, LL-4.5.2: 按需审批, 职责分离; DESIGN section 5.6).
 *
 * A request keeps the exact bytes that were asked; nothing else is ever run for it. An approval is
 * the approver's own signature (wire_approval_message(): operation = the action, subject =
 * request_subject(), which holds the SHA-256 of those bytes). Both are sealed rows, and the auditor
 * checks the signatures again with what stands in them (audit/verify_approvals.c).
 *
 *   waiting -> running -> done | failed       approved; durable before it is begun, so a crash
 *                                             leaves it there, and it never runs twice
 *   waiting -> refused | withdrawn | expired
 *   running -> interrupted                    what a crash left (request_act.h)
 */
#include "access/principal.h"
#include "ipc/vault_wire.h"

extern const Table request_table;
extern const Table request_part_table;
extern const Table approval_table;
extern const StoreSchema request_schema;

enum {
    ASKED_ID_BYTES = 16, /* hexadecimal of a random number: new by construction */
    ASKED_PART_BYTES_MAX = 8000,
    ASKED_PARTS_MAX = 5,
    ASKED_EXACT_BYTES_MAX = ASKED_PARTS_MAX * ASKED_PART_BYTES_MAX,
    ASKED_ANSWER_BYTES_MAX = 7000,
    ASKED_APPROVERS_MAX = 2,
    ASKED_DIGEST_BYTES = 32,
    ASKED_REASON_BYTES_MAX = 160,
    ASKED_SUBJECT_BYTES = ASKED_ID_BYTES + 1 + 2 * ASKED_DIGEST_BYTES,
    APPROVAL_SIGNATURE_BYTES_MAX = SIGN_DER_BYTES_MAX,
    APPROVAL_NONCE_BYTES = 16,
};

/* "waiting"; "?" for another number. */
const char *request_state_name(AskedState state);

typedef struct AskedRequest {
    char id[ASKED_ID_BYTES + 1];
    char action[ACCESS_NAME_BYTES_MAX + 1];
    uint8_t exact[ASKED_EXACT_BYTES_MAX];
    size_t exact_size;
    int64_t parts;
    uint8_t digest[ASKED_DIGEST_BYTES];
    char asker[ASKER_PRINCIPAL_BYTES_MAX + 1];
    uint8_t person[PRINCIPAL_PERSON_BYTES];
    AccessDoor door;
    char from[ASKER_FROM_BYTES_MAX + 1];
    int64_t asked_us;
    int64_t expires_us;
    int64_t needs;
    AskedState state;
    int64_t changed_us;
    char approvers[ASKED_APPROVERS_MAX][ASKER_PRINCIPAL_BYTES_MAX + 1];
    size_t given; /* approvers */
    char ended_by[ASKER_PRINCIPAL_BYTES_MAX + 1];
    char why[ASKED_REASON_BYTES_MAX + 1];
    int32_t outcome;
    uint8_t answer[ASKED_ANSWER_BYTES_MAX];
    size_t answer_size;
} AskedRequest;

typedef struct Approval {
    char request[ASKED_ID_BYTES + 1];
    char approver[ASKER_PRINCIPAL_BYTES_MAX + 1];
    uint8_t person[PRINCIPAL_PERSON_BYTES];
    uint8_t key[PRINCIPAL_KEY_BYTES_MAX];
    size_t key_size;
    char operation[ACCESS_NAME_BYTES_MAX + 1];
    char subject[ASKED_SUBJECT_BYTES + 1];
    char reason[ASKED_REASON_BYTES_MAX + 1];
    int64_t expires_us;
    uint8_t nonce[APPROVAL_NONCE_BYTES];
    uint8_t signature[APPROVAL_SIGNATURE_BYTES_MAX];
    size_t signature_size;
    uint8_t encoding;
    int64_t given_us;
} Approval;

/* "<id>/<SHA-256 of the exact bytes, lower-case hexadecimal>": what an approver signs. */
void request_subject(const AskedRequest *request, char ret_subject[ASKED_SUBJECT_BYTES + 1]);

/* Gathering or running, without `exact`. *ret_found false: there is none (`ret` unchanged). */
MUST_USE Status asked_get(Rows *rows, const char *id, AskedRequest *ret, bool *ret_found);
/* Gathering or running: its bytes. Refuses REFUSED_ROW_MISSING, REFUSED_ROW_INVALID (they are not
 * what the digest says). */
MUST_USE Status asked_get_exact(Rows *rows, AskedRequest *request);
/* Running; with its bytes. */
MUST_USE Status asked_insert(Rows *rows, const AskedRequest *request);
MUST_USE Status asked_update(Rows *rows, const AskedRequest *request);
/* As asked_get(). */
MUST_USE Status approval_get(
        Rows *rows, const char *request, const char *approver, Approval *ret, bool *ret_found);
/* Running. Refuses REFUSED_ROW_EXISTS. */
MUST_USE Status approval_insert(Rows *rows, const Approval *approval);

/* What came from outside, in bounds. Refuses REFUSED_REQUEST_SIGNATURE. */
MUST_USE Status approval_of_wire(const WireApproval *wire, Approval *ret_approval);
/* Is it signed with approval->key? Refuses REFUSED_REQUEST_SIGNATURE. Faults FAULT_CRYPTO. */
MUST_USE Status approval_verify(const Approval *approval);
