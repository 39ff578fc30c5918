/* Arbitrary bytes as what the bank answers about an order, and as its file of a day. */
#include "bank/reconcile.h"
#include "bank/sandbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static BankLine lines[LINES_MAX];
    const ChannelAsk ask = { "fund-001", CHANNEL_FUNDING, { 1000, CURRENCY_CNY }, "", { NULL, 0 } };
    const Span bytes = { data, size };
    ChannelOutcome outcome = 0;
    size_t count = 0;
    const Status answered = sandbox_read(&ask, false, 200, bytes, &outcome);
    ASSERT(status_ok(answered) == (outcome != 0));
    const Status read = reconcile_read(bytes, lines, LINES_MAX, &count);
    for (size_t i = 0; status_ok(read) && i < count; i++)
        ASSERT(lines[i].minor > 0 && channel_number_is_valid(span_of_text(lines[i].number)));
    return 0;
}
