#pragma once
/*
 * password_request: one request about somebody's password or second factor, from its box to its
 * answer: what the operations of password_service.h and second_service.h have in common. Inside the
 * room only.
 */
#include "vault/box_facts.h"
#include "vault/memory_pin.h"
#include "vault/password_service.h"

enum {
    /* "<class>/<tenant>/<realm>/<user>/<SHA-256 of the box, hex>" */
    PASSWORD_SUBJECT_BYTES_MAX = 8 + PASSWORD_REALM_TEXT_MAX + 2 + WIRE_USER_BYTES_MAX + 64,
};

typedef struct PasswordRequest {
    PasswordOwner owner;
    BoxFacts facts;
    Box box;
    Span box_bytes;
    PinUse use;
    int64_t now_us;
} PasswordRequest;

/* The box is what this request says; it is not opened yet. `r` is filled, but for use.version.
 * Refuses REFUSED_PASSWORD_OWNER, REFUSED_BOX_*. */
MUST_USE Status password_take_box(const PasswordService *service, const WireOwner *owner, Span box,
        const BoxFacts *facts, PasswordRequest *r);
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
/* What two people sign: whose, and by this very box. */
MUST_USE Status password_put_subject(const PasswordRequest *r, Buffer *ret_subject);
