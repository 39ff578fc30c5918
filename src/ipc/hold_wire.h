#pragma once
/*
 * hold_wire: an authority wants a subject's data kept until a date: what two people decide and
 * vaultd keeps (vault/legal_hold.h; LL-4.5.4). The rules of vault_wire.h hold.
 *
 *   HOLD_SUBJECT  2 WireApproval ("hold-subject"), WireLegalHold     -> nothing
 *   RELEASE_HOLD  2 WireApproval ("release-hold"), WireLegalHold     -> nothing (until_us: 0)
 *   HELD_UNTIL    WireHeldSubject                                    -> until i64; 0: not held
 *
 * What the two sign (the approvals' subject) is the SHA-256 of the WireLegalHold as it is sent.
 */
#include "ipc/vault_wire.h"

enum { WIRE_HOLD_NAME_BYTES_MAX = 64, WIRE_HOLD_TEXT_BYTES_MAX = 64, WIRE_HOLD_BYTES_MAX = 512 };

typedef struct WireLegalHold {
    Span tenant;
    Span subject;
    Span authority;
    Span reference; /* of its order */
    int64_t until_us;
} WireLegalHold;
MUST_USE Status wire_put_legal_hold(Buffer *b, const WireLegalHold *hold);
MUST_USE Status wire_take_legal_hold(Cursor *c, WireLegalHold *ret);

typedef struct WireHeldSubject {
    Span tenant;
    Span subject;
} WireHeldSubject;
MUST_USE Status wire_put_held_subject(Buffer *b, const WireHeldSubject *subject);
MUST_USE Status wire_take_held_subject(Cursor *c, WireHeldSubject *ret);
