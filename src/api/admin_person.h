#pragma once
/*
 * admin_person: who asks at the operator's socket: the person whose own key signed the request
 * (ipc/admin_wire.h), whatever user of the system he came as (TP-15, LL-4.5.2).
 */
#include "api/admin_inside.h"

#include "ipc/admin_wire.h"

/*
 * ret_request  borrowed from `payload`
 *
 * While there is nobody (access.begin), whoever the request itself names with the key that signed
 * it, without a role.
 *
 * Refuses ADMIN_UNSIGNED (no signature around it), ADMIN_STRANGER (nobody of this name, he
 * left, another key: not told apart), TIMESTAMP_SKEWED (300 s, or signed before this start),
 * NONCE_REPLAYED, ACCESS_NOT_BEGUN. What is refused is counted at the door (api/door.h).
 */
MUST_USE Status admin_person(
        Admin *admin, Span payload, uint32_t uid, Asker *ret_asker, Span *ret_request);

/* The key that access.begin gives to `as`. Refuses ACCESS_NOT_BEGUN (it is no such request). */
MUST_USE Status admin_first_key(Span request, Span as, PublicKey **ret_key);
