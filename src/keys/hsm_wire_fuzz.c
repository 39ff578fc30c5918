/* What custodian-hsm, or the library that it loads, may answer; and what it may be asked. */
#include "keys/hsm_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    uint8_t memory[HSM_MESSAGE_BYTES_MAX];
    Buffer again = BUFFER_OF(memory);
    HsmQuestion question;
    HsmAnswer answer;
    if (status_ok(hsm_take_question(bytes, &question))) {
        ASSERT(status_ok(hsm_put_question(&question, &again)));
        ASSERT(span_equal(span_of_buffer(&again), bytes));
    }
    again.size = 0;
    if (status_ok(hsm_take_answer(bytes, &answer))) {
        ASSERT(status_ok(hsm_put_answer(&answer, &again)));
        ASSERT(span_equal(span_of_buffer(&again), bytes));
    }
    return 0;
}
