#pragma once
/*
 * password_owner: whose password it is, as vaultd's other modules need it: a place for its seal, a
 * name for the journal, a cost. Pure.
 *
 *   place = "password" | class u16 | tenant framed | realm framed | user framed
 *
 * The house's own payers are owners too: tenant "hufu", realm "payer", class PIN. Their place and
 * name are those of vault/pin.h, so a PIN whose record was lost is reset like any other password.
 */
#include "ipc/password_wire.h"
#include "vault/keyed_hash.h"
#include "vault/verifier.h"

enum { PASSWORD_REALM_TEXT_MAX = WIRE_TENANT_BYTES_MAX + 1 + WIRE_REALM_BYTES_MAX };

typedef struct PasswordOwner {
    uint8_t place_bytes[VERIFIER_PLACE_BYTES_MAX];
    size_t place_size;
    uint8_t realm_bytes[PASSWORD_REALM_TEXT_MAX]; /* "<tenant>/<realm>" */
    size_t realm_size;
    KeyedHash subject;
    PasswordCost cost; /* of a second factor: of no meaning */
    uint16_t data_class;
    Span user; /* borrowed from the request */
} PasswordOwner;

/* Refuses REFUSED_PASSWORD_OWNER. */
MUST_USE Status password_owner(
        const KeyedHashKey *names, const WireOwner *owner, PasswordOwner *ret_owner);
/* "<tenant>/<realm>" alone, with the same rules, of a password's or PIN's owner. */
MUST_USE Status password_realm_put(uint16_t data_class, Span tenant, Span realm, Buffer *ret_text);
/* The name of a class and realm in the journal. */
MUST_USE Status password_realm_name(
        const KeyedHashKey *names, uint16_t data_class, Span realm_text, KeyedHash *ret_name);

/* The place of a payer's own PIN: "pin" | payer framed. */
MUST_USE Status password_pin_place(Span payer, Buffer *ret_place);

static inline Span password_owner_place(const PasswordOwner *owner)
{
    return (Span) { owner->place_bytes, owner->place_size };
}
static inline Span password_owner_realm(const PasswordOwner *owner)
{
    return (Span) { owner->realm_bytes, owner->realm_size };
}
