/* Any message from either socket, in any order: the vault stays up and answers. The first byte of
 * each message is the operation, the second its length, the lowest bit of the third its socket. */
#include "vault/vault_test_house.h"

int expect_failures;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static House *house;
    if (house == NULL) house = house_open();
    Cursor c = cursor_of((Span) { data, size });
    for (int messages = 0; messages < 64; messages++) {
        uint8_t operation = 0;
        uint8_t length = 0;
        uint8_t socket = 0;
        Span payload = { NULL, 0 };
        if (!status_ok(cursor_u8(&c, &operation)) || !status_ok(cursor_u8(&c, &length))) break;
        if (!status_ok(cursor_u8(&c, &socket))) break;
        const size_t wanted = (size_t)length * 8;
        if (!status_ok(cursor_take(&c, wanted < c.rest.size ? wanted : c.rest.size, &payload)))
            break;
        const Status s = (socket & 1) == 0 ? house_ask(house, operation, payload)
                                           : house_ask_operator(house, operation, payload);
        ASSERT(!status_broken(s) || status_is(s, FAULT_JOURNAL) || status_is(s, FAULT_CRYPTO));
    }
    return 0;
}
