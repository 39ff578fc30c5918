#pragma once
/*
 * legacy_import: take over password tables that others made, verify with their formula, replace at
 * the first use (TP-6, TP-10, DESIGN section 5.9: off until two people allow it).
 *
 * LEGACY_ENABLE allows one formula for one class and realm; its key comes in a box and is kept
 * sealed in the journal. An import's records come in boxes too: a legacy digest is password data.
 * As it is, the digest rests under the pepper; wrapped, only a slow hash of it does. Both are
 * replaced by a record of the password itself when its owner gives it. Thread-safe.
 */
#include "vault/password_service.h"

/* request approvals, WireLegacyEnable. Refuses REFUSED_APPROVAL_*, REFUSED_BOX_*,
 * REFUSED_LEGACY_RECORD (no such formula; a key where none belongs, or the other way round). */
MUST_USE Status legacy_enable(const PasswordService *service, Span request);
/* request WirePasswordImport; ret_answer list of WirePasswordKept, in the box's order: a record
 * that is refused (REFUSED_LEGACY_RECORD, REFUSED_PASSWORD_EXISTS, REFUSED_PASSWORD_OWNER) refuses
 * itself alone. Refuses REFUSED_LEGACY_DISABLED, REFUSED_BOX_*. */
MUST_USE Status legacy_import(const PasswordService *service, Span request, Buffer *ret_answer);

/* The key with which a record of this form is checked, appended; none for a modern one.
 * Refuses REFUSED_LEGACY_DISABLED (also when another formula is allowed meanwhile). */
MUST_USE Status legacy_key(const PasswordService *service, const PasswordOwner *owner,
        const Verifier *verifier, Buffer *ret_key);
