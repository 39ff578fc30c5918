/* Arbitrary bytes as every shape of report_wire.h. */
#include "ipc/report_wire.h"
#include "ipc/wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(report, WireReport);
    AGAIN(report_file, WireReportFile);
    return 0;
}
