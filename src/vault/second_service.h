#pragma once
/*
 * second_service: one-time codes of an authenticator app (crypto/totp.h), set and checked here
 * alone (LL-4.5.2). The secret arrives in a box that its owner's own side made, rests sealed under
 * the pepper in the domain store, and no operation gives it back.
 *
 * A person of a tenant's realm has at most one, beside a password or without. Attempts are counted
 * in the journal before the code is looked at and locked as passwords are (memory_pin.h), each step
 * is good once, also across restarts (memory_second.h), and somebody who has none is judged,
 * counted and locked like somebody who has. Grants are spent by VAULT_PASSWORD_SPEND. Thread-safe.
 */
#include "vault/password_service.h"

/*
 * request WirePasswordSet, box "set-second"; ret_answer: record. Who has one proves it by a code in
 * the same box, which counts as an attempt. The same box gives the same version again.
 * Refuses REFUSED_BOX_*, REFUSED_PASSWORD_OWNER, REFUSED_KEY_TOO_SHORT (not 20 to 64 bytes),
 * REFUSED_KEY_IS_TEXT, REFUSED_KEY_IS_PATTERN, REFUSED_PIN_WRONG (the old code, or none was given),
 * REFUSED_PIN_LOCKED, REFUSED_VERIFIER_ROLLED_BACK, REFUSED_VAULT_BUSY.
 */
MUST_USE Status second_set(const PasswordService *service, Span request, Buffer *ret_answer);
/*
 * request WirePasswordCheck, box "code", no amount; ret_answer WirePasswordRight. A box sent again
 * gives its grant again.
 * Refuses REFUSED_BOX_*, REFUSED_PASSWORD_OWNER, REFUSED_PIN_WRONG (another code, or a used one),
 * REFUSED_PIN_LOCKED, REFUSED_VERIFIER_ROLLED_BACK, REFUSED_VAULT_BUSY.
 */
MUST_USE Status second_check(const PasswordService *service, Span request, Buffer *ret_answer);
/* request approvals of "reset-second-factor", WirePasswordReset; ret_answer: record. Whatever was
 * there is rolled back, and a lock is lifted. Refuses REFUSED_APPROVAL_*, REFUSED_BOX_*,
 * REFUSED_KEY_*. */
MUST_USE Status second_reset(const PasswordService *service, Span request, Buffer *ret_answer);
/*
 * request WireSecondLogin; ret_answer WirePasswordRight, of the password's owner. Password and code
 * are both looked at, always, and one refusal says that not both are right: nobody learns a
 * password without the code, or uses a code up without the password. It is one attempt at the
 * password.
 * Refuses as password_check_box().
 */
MUST_USE Status second_login(const PasswordService *service, Span request, Buffer *ret_answer);
