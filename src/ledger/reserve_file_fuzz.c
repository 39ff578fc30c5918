/* Fuzz target: whatever statement is read has days in order and no negative balance. */
#include "ledger/reserve_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ReserveLine lines[RESERVE_LINES_MAX];
    size_t count = 0;
    if (!status_ok(reserve_file_parse((Span) { data, size }, lines, &count))) {
        ASSERT(count == 0);
        return 0;
    }
    ASSERT(count > 0 && count <= RESERVE_LINES_MAX);
    for (size_t i = 0; i < count; i++)
        ASSERT(lines[i].minor >= 0 && (i == 0 || lines[i].day >= lines[i - 1].day));
    return 0;
}
