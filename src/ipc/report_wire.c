#include "ipc/report_wire.h"

#include "ipc/wire_shape.h"

SHAPE(WireReport, report_shape, { FIELD_SPAN, AT(WireReport, id), 1, WIRE_REPORT_NAME_BYTES_MAX },
        { FIELD_U16, AT(WireReport, kind), 0, 0 }, { FIELD_I64, AT(WireReport, from_us), 0, 0 },
        { FIELD_I64, AT(WireReport, to_us), 0, 0 }, { FIELD_I64, AT(WireReport, leaves), 0, 0 },
        { FIELD_FIXED, AT(WireReport, root), 0, WIRE_HASH_BYTES });

SHAPE(WireReportFile, report_file_shape,
        { FIELD_SPAN, AT(WireReportFile, name), 1, WIRE_REPORT_NAME_BYTES_MAX },
        { FIELD_FIXED, AT(WireReportFile, sha256), 0, WIRE_HASH_BYTES },
        { FIELD_FIXED, AT(WireReportFile, sm3), 0, WIRE_HASH_BYTES });

WIRE_PAIR(report, WireReport)
WIRE_PAIR(report_file, WireReportFile)
