#include "vault/vault_test_trace.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/legacy_password.h"

enum { TRACE_BYTES_MAX = 8 * 1024 * 1024 };

typedef struct Trace { /* everything that left the vault */
    House *house;
    Status (*ask)(House *house, int listener, uint8_t operation, Span request, Buffer *ret_answer);
    Buffer left;
} Trace;
static Trace trace;
static uint8_t left[TRACE_BYTES_MAX];

static Status traced(House *h, int listener, uint8_t operation, Span request, Buffer *ret_answer)
{
    const size_t before = ret_answer->size;
    const Status s = trace.ask(h, listener, operation, request, ret_answer);
    const Span answer = { ret_answer->data + before, ret_answer->size - before };
    ASSERT(status_ok(buffer_put(&trace.left, answer)));
    return s;
}

void trace_begin(House *h)
{
    trace = (Trace) { h, h->ask, { left, 0, sizeof(left) } };
    h->ask = traced;
}

Span trace_answers(void) { return span_of_buffer(&trace.left); }

static bool contains(Span hay, Span needle)
{
    for (size_t i = 0; i + needle.size <= hay.size; i++) {
        if (span_equal((Span) { hay.data + i, needle.size }, needle)) return true;
    }
    return false;
}

void trace_expect_absent(Span place, Span secret)
{
    uint8_t digests[3][32];
    sha256(secret, digests[0]);
    sm3(secret, digests[1]);
    const LegacyParts parts = { .password = secret };
    legacy_password_digest(
            (LegacyForm) { LEGACY_MD5_DATA_PW, LEGACY_INNER_NONE }, &parts, digests[2]);
    const Span forms[] = { secret, SPAN_OF(digests[0]), SPAN_OF(digests[1]), { digests[2], 16 } };
    for (size_t i = 0; i < 4; i++) {
        uint8_t memory[512];
        Buffer text = BUFFER_OF(memory);
        EXPECT(!contains(place, forms[i]));
        EXPECT_OK(hex_encode(forms[i], &text));
        EXPECT(!contains(place, span_of_buffer(&text)));
        text.size = 0;
        EXPECT_OK(hex_encode_upper(forms[i], &text));
        EXPECT(!contains(place, span_of_buffer(&text)));
        text.size = 0;
        EXPECT_OK(base64_encode(forms[i], &text));
        EXPECT(!contains(place, span_of_buffer(&text)));
    }
}

void trace_expect_absent_from_journal(House *h, Span secret)
{
    static uint8_t bytes[16 << 20];
    for (int i = 0; i < 2; i++) {
        const Disk disk = torn_disk_seam(h->journal[i]);
        uint64_t size = 0;
        ASSERT(status_ok(disk.size(disk.context, &size)));
        ASSERT(size <= sizeof(bytes));
        ASSERT(size == 0 || status_ok(disk.read(disk.context, 0, bytes, (size_t)size)));
        trace_expect_absent((Span) { bytes, (size_t)size }, secret);
    }
}
