/* The debugger reads what strangers sent: any pair of strings gets a verdict, and the report moves
 * no cursor. */
#include "message/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t report_bytes[EXPLAIN_BYTES_MAX];
    Cursor c = cursor_of((Span) { data, size });
    Span parts[4] = { 0 };
    for (size_t i = 0; i < 4; i++) {
        if (!status_ok(cursor_until(&c, 0, &parts[i]))) break;
    }
    const ExplainInput input = {
        .authorization = parts[0].size > 0 ? parts[0] : (Span) { NULL, 0 },
        .method = parts[1],
        .target = parts[2],
        .body = parts[3],
        .theirs = c.rest,
        .now_us = 1767225600000000,
    };
    Buffer report = BUFFER_OF(report_bytes);
    ExplainResult result = { 0 };
    if (!status_ok(message_explain(&input, &report, &result))) return 0;
    for (size_t i = 0; i < report.size; i++)
        ASSERT(report.data[i] == '\n' || (report.data[i] >= ' ' && report.data[i] != 0x7F));
    const ExplainResult same = explain_compare(input.theirs, input.theirs);
    ASSERT(same.cause == EXPLAIN_SAME);
    return 0;
}
