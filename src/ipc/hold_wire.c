#include "ipc/hold_wire.h"

#include "ipc/wire_shape.h"

SHAPE(WireLegalHold, legal_hold_shape,
        { FIELD_SPAN, AT(WireLegalHold, tenant), 1, WIRE_HOLD_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireLegalHold, subject), 1, WIRE_HOLD_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireLegalHold, authority), 1, WIRE_HOLD_TEXT_BYTES_MAX },
        { FIELD_SPAN, AT(WireLegalHold, reference), 1, WIRE_HOLD_TEXT_BYTES_MAX },
        { FIELD_I64, AT(WireLegalHold, until_us), 0, 0 });
WIRE_PAIR(legal_hold, WireLegalHold)

SHAPE(WireHeldSubject, held_subject_shape,
        { FIELD_SPAN, AT(WireHeldSubject, tenant), 1, WIRE_HOLD_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireHeldSubject, subject), 1, WIRE_HOLD_NAME_BYTES_MAX });
WIRE_PAIR(held_subject, WireHeldSubject)
