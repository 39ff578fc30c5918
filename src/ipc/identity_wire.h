#pragma once
/*
 * identity_wire: who shall pay an order, as a merchant says it in encrypted fields, and who a payer
 * is (vault/field_identity.c). The rules of vault_wire.h hold.
 *
 *   IDENTITY_SAID   WireIdentity                         -> WireIdentityPrints
 *   IDENTITY_KNOWN  WireSubjectName, WireKnown           -> WireIdentityPrints, `shown` empty
 *
 * WireKnown holds what stands sealed of the payer: his identity number and his name.
 */
#include "ipc/field_wire.h"
#include "ipc/password_wire.h"

enum { WIRE_PRINT_BYTES = 16, WIRE_IDENTITY_CIPHER_MAX = 512 };

typedef struct WireIdentity {
    uint8_t key; /* WireSignKey: of the platform's pair that the fields are encrypted to */
    uint32_t version; /* of it; none has 0 */
    Span number; /* RSA-OAEP with SHA-1, or SM2 in DER */
    Span name; /* likewise */
    Span receiver; /* SPKI DER of the merchant's key: the masked name goes back under it */
} WireIdentity;
MUST_USE Status wire_put_identity(Buffer *b, const WireIdentity *identity);
MUST_USE Status wire_take_identity(Cursor *c, WireIdentity *ret);

typedef struct WireIdentityPrints {
    uint8_t number[WIRE_PRINT_BYTES]; /* keyed fingerprints: equal for equal values alone */
    uint8_t name[WIRE_PRINT_BYTES];
    Span shown; /* the masked name, encrypted to the receiver */
} WireIdentityPrints;
MUST_USE Status wire_put_identity_prints(Buffer *b, const WireIdentityPrints *prints);
MUST_USE Status wire_take_identity_prints(Cursor *c, WireIdentityPrints *ret);
