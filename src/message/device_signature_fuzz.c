/* Whatever bytes arrive as a device's Authorization: nothing that was not signed is believed. */
#include "base/time.h"
#include "message/device_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    DeviceSender sender = { 0 };
    const DeviceRequest request = { SPAN("POST"), SPAN("/payer/v1/login"), SPAN("{}"),
        { data, size }, 1 };
    const Status s = device_verify(&request, INT64_C(1767225600) * TIME_SECOND_US, &sender);
    ASSERT(!status_broken(s));
    ASSERT(status_ok(s) || sender.spki_size == 0);
    return 0;
}
