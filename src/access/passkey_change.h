#pragma once
/*
 * passkey_change: a passkey is added, used or removed: row, audit event and alert in one unit, so
 * that none of them is there without the others (LL-4.5.2, LL-4.5.3).
 *
 * What was verified before is looked at again on the rows themselves: the principal is live and was
 * not changed since the passkey was added, the passkey is live, and its counter has not been passed
 * by another use.
 */
#include "access/passkey_book.h"
#include "access/principal.h"
#include "audit/event.h"

typedef enum PasskeyDeed {
    PASSKEY_DEED_ADD = 1,
    PASSKEY_DEED_USE, /* somebody logged in, or proved who he is */
    PASSKEY_DEED_REMOVE,
    PASSKEY_DEED_COPIED, /* its counter went back: removed */
} PasskeyDeed;

typedef struct PasskeyChange {
    Unit unit; /* `from` and `reason` are the submitter's */
    PasskeyDeed deed; /* in */
    char actor[AUDIT_ACTOR_BYTES_MAX + 1]; /* in: "operator/alice" */
    AuditKind use; /* in, of a use: AUDIT_LOGIN or AUDIT_LOGIN_PROVED */
    char detail[AUDIT_DETAIL_BYTES_MAX + 1]; /* in, of a use; of the others filled here */
    Passkey passkey; /* in: principal and name; to add also key and stamp, of a use key.count as
                        the answer says it; out: the row */
} PasskeyChange;

/*
 * Refuses PRINCIPAL_UNKNOWN (left, or changed since), PASSKEY_EXISTS, PASSKEY_UNKNOWN (also a
 * removed one), PASSKEY_COUNT (of a use). Who is refused is told by the submitter. That nobody
 * else has the id is for the submitter to see (the book), one change at a time.
 */
void passkey_change_unit(PasskeyChange *work, void (*done)(Unit *unit, Status outcome));

/* "ES256", "EdDSA". */
const char *passkey_algorithm_name(KeyAlgorithm algorithm);
