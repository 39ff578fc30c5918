/* Arbitrary bytes as every shape of operator_wire.h. */
#include "ipc/operator_wire.h"
#include "ipc/wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(operator, WireOperator);
    AGAIN(operator_facts, WireOperatorFacts);
    return 0;
}
