#include "ipc/identity_wire.h"

#include "ipc/wire_shape.h"

enum { SPKI_BYTES_MAX = 1024 };

SHAPE(WireIdentity, identity_shape, { FIELD_U8, AT(WireIdentity, key), 0, 0 },
        { FIELD_U32, AT(WireIdentity, version), 0, 0 },
        { FIELD_SPAN, AT(WireIdentity, number), 1, WIRE_IDENTITY_CIPHER_MAX },
        { FIELD_SPAN, AT(WireIdentity, name), 1, WIRE_IDENTITY_CIPHER_MAX },
        { FIELD_SPAN, AT(WireIdentity, receiver), 1, SPKI_BYTES_MAX });
WIRE_PAIR(identity, WireIdentity)

SHAPE(WireIdentityPrints, identity_prints_shape,
        { FIELD_FIXED, AT(WireIdentityPrints, number), 0, WIRE_PRINT_BYTES },
        { FIELD_FIXED, AT(WireIdentityPrints, name), 0, WIRE_PRINT_BYTES },
        { FIELD_SPAN, AT(WireIdentityPrints, shown), 0, WIRE_IDENTITY_CIPHER_MAX });
WIRE_PAIR(identity_prints, WireIdentityPrints)
