#pragma once
/*
 * password_request: one request about somebody's password or second factor, from its box to its
 * answer: what the operations of password_service.h and second_service.h have in common. Inside the
 * room only.
 */
#include "vault/box_facts.h"
#include "vault/memory_pin.h"
#include "vault/password_service.h"

typedef struct PasswordRequest {
    PasswordOwner owner;
    WireOwner wire; /* the owner as the request names him; borrowed from it */
    BoxFacts facts;
    Box box;
    Span box_bytes;
    PinUse use;
    int64_t now_us;
} PasswordRequest;

/* The box is what this request says; it is not opened yet. `r` is filled, but for use.version.
 * Refuses REFUSED_PASSWORD_OWNER (also a second factor at a password's door, or a password at a
 * second factor's), REFUSED_BOX_*. */
MUST_USE Status password_take_box(const PasswordService *service, const WireOwner *owner, Span box,
        const BoxFacts *facts, PasswordRequest *r);
/* Two people's approvals of `operation`, and the WirePasswordReset that they approved: whose, and
 * by this very box. Refuses as password_take_box() does, REFUSED_APPROVAL_*. */
MUST_USE Status password_take_reset(const PasswordService *service, Cursor *c, Span operation,
        BoxPurpose purpose, MemoryApprovals *ret_approvals, PasswordRequest *r);
/* Open the box; what is in it (a secret) is one attempt, counted before anybody looks at it.
 * *ret_repeated: this box was right before, and ret_grant is what it got; there is nothing to try.
 * Refuses REFUSED_PIN_LOCKED, REFUSED_VERIFIER_ROLLED_BACK, REFUSED_BOX_*. */
MUST_USE Status password_count_box(const PasswordService *service, PasswordRequest *r,
        bool *ret_repeated, uint8_t ret_grant[MEMORY_GRANT_BYTES], Buffer *ret_plain);
/* The attempt of who proves himself to change what he has: counted first, as any other, and refused
 * while its owner is locked. Refuses REFUSED_PIN_LOCKED, REFUSED_BOX_SPENT. */
MUST_USE Status password_count_old(const PasswordService *service, PasswordRequest *r);
/* Is `old` what the record `shown` says? Counts. */
typedef Status (*PasswordProof)(
        const PasswordService *service, PasswordRequest *r, Span shown, Span old);
/* The version of what is set now; who has one already proves it. Refuses what `prove` does. */
MUST_USE Status password_begin_version(const PasswordService *service, PasswordRequest *r,
        PasswordProof prove, Span shown, Span old, uint32_t *ret_version);
/* What a grant is good for. */
MUST_USE Status password_binding(const PasswordService *service, const KeyedHash *subject,
        uint16_t purpose, Span reference, int64_t minor, uint32_t currency, KeyedHash *ret_binding);
/* Hash a new password and seal the record. */
MUST_USE Status password_verifier_make(const PasswordService *service, const PasswordOwner *owner,
        uint32_t version, Span password, Buffer *ret_verifier);
/* Is it the password? The attempt is counted by then. Refuses REFUSED_LEGACY_DISABLED. */
MUST_USE Status password_try(const PasswordService *service, PasswordRequest *r,
        const Verifier *verifier, Span password, bool *ret_right);
/* The record that comes instead of the one that was right, if one does: of the password itself, or
 * the same under today's pepper. */
MUST_USE Status password_replace(const PasswordService *service, const PasswordRequest *r,
        const Verifier *verifier, bool old_pepper, Span password, Buffer *ret_verifier);
/* WirePasswordRight with a fresh grant, durable; `verifier` may be empty. */
MUST_USE Status password_answer_right(const PasswordService *service, const PasswordRequest *r,
        Span verifier, Buffer *ret_answer);
/* The same with the grant of the same box. */
MUST_USE Status password_answer_again(const uint8_t grant[MEMORY_GRANT_BYTES], Buffer *ret_answer);
/* The box is remembered as wrong. Refuses REFUSED_PIN_WRONG. */
MUST_USE Status password_wrong(const PasswordService *service, const PasswordRequest *r);
