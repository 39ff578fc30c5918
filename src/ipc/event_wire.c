#include "ipc/event_wire.h"

#include "ipc/wire_shape.h"

SHAPE(WireVaultEvent, vault_event_shape, { FIELD_U64, AT(WireVaultEvent, number), 0, 0 },
        { FIELD_I64, AT(WireVaultEvent, time_us), 0, 0 },
        { FIELD_BOOL, AT(WireVaultEvent, alarm), 0, 0 },
        { FIELD_U8, AT(WireVaultEvent, operation), 0, 0 },
        { FIELD_U32, AT(WireVaultEvent, status), 0, 0 },
        { FIELD_SPAN, AT(WireVaultEvent, subject), 0, WIRE_EVENT_SUBJECT_BYTES_MAX },
        { FIELD_SPAN, AT(WireVaultEvent, first), 0, WIRE_EVENT_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireVaultEvent, second), 0, WIRE_EVENT_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireVaultEvent, reason), 0, WIRE_EVENT_REASON_BYTES_MAX });

WIRE_PAIR(vault_event, WireVaultEvent)
