#include "ipc/operator_wire.h"

#include "ipc/wire_shape.h"

SHAPE(WireOperator, operator_shape,
        { FIELD_SPAN, AT(WireOperator, name), 1, WIRE_OPERATOR_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireOperator, key), 0, WIRE_OPERATOR_KEY_BYTES_MAX },
        { FIELD_SPAN, AT(WireOperator, person), 0, WIRE_OPERATOR_PERSON_BYTES_MAX },
        { FIELD_U32, AT(WireOperator, duties), 0, 0 });
WIRE_PAIR(operator, WireOperator)

SHAPE(WireOperatorFacts, operator_facts_shape,
        { FIELD_SPAN, AT(WireOperatorFacts, name), 1, WIRE_OPERATOR_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireOperatorFacts, algorithm), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_FIXED, AT(WireOperatorFacts, fingerprint), 0, WIRE_HASH_BYTES },
        { FIELD_U32, AT(WireOperatorFacts, duties), 0, 0 },
        { FIELD_BOOL, AT(WireOperatorFacts, has_person), 0, 0 },
        { FIELD_BOOL, AT(WireOperatorFacts, gone), 0, 0 },
        { FIELD_I64, AT(WireOperatorFacts, since_us), 0, 0 },
        { FIELD_I64, AT(WireOperatorFacts, changed_us), 0, 0 });
WIRE_PAIR(operator_facts, WireOperatorFacts)

static const char *const duty_names[WIRE_DUTIES] = { "release", "keys", "reveal", "policy",
    "people", "destruction", "reports", "attached", "passwords" };

const char *wire_duty_name(unsigned number)
{
    return number < WIRE_DUTIES ? duty_names[number] : NULL;
}

uint32_t wire_duty_of(Span name)
{
    for (unsigned i = 0; i < WIRE_DUTIES; i++) {
        if (span_equal(name, span_of_text(duty_names[i]))) return (uint32_t)1 << i;
    }
    return 0;
}
