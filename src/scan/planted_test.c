#include "scan/planted_test.h"

#include <stdio.h>

static const char *const events[] = { "payment.committed", "payment.refused", "http.request",
    "store.batch", "vault.sealed", "cache.miss", "user.login" };

void planted_log_line(SeededRandom *random, Buffer *text)
{
    const unsigned long long a = seeded_next(random);
    const unsigned long long b = seeded_next(random);
    const unsigned long long c = seeded_next(random);
    char line[640];
    const int size = snprintf(line, sizeof(line),
            "{\"time\":\"2026-01-31T%02u:%02u:%02u.%06u+08:00\",\"level\":\"info\",\"program\":"
            "\"hufud\","
            "\"event\":\"%s\",\"mchid\":\"19%08llu\",\"out_trade_no\":\"20260131%012llu\","
            "\"transaction_id\":\"4200%012llu%012llu\",\"address\":\"10.%u.%u.%u\","
            "\"duration_us\":%llu,\"request_id\":\"%016llx%016llx\","
            "\"path\":\"/v3/pay/transactions/out-trade-no/%llu?mchid=1900000001&next=%%2Fdone\","
            "\"advice\":\"the batch of %llu units closed after %llu us; nothing else to do\"}\n",
            (unsigned)(a % 24), (unsigned)(b % 60), (unsigned)(c % 60), (unsigned)(a % 1000000),
            events[b % 7], c % 100000000, a % 1000000000000, b % 1000000000000, c % 1000000000000,
            (unsigned)(a % 256), (unsigned)(b % 256), (unsigned)(c % 256), b % 1000000, a, c,
            c % 10000000000, b % 64, c % 2000);
    ASSERT(size > 0 && (size_t)size < sizeof(line));
    const size_t room = text->capacity - text->size;
    const Span bytes = { (const uint8_t *)line, (size_t)size < room ? (size_t)size : room };
    ASSERT(status_ok(buffer_put(text, bytes)));
}

/* The turn: kind and spelling of the nth value. */
static void turn(size_t n, DetectKind *ret_kind, CanaryEncoding *ret_encoding)
{
    for (size_t pair = n % (CANARY_ENCODINGS * (DETECT_KINDS - 1));; pair++) {
        pair %= CANARY_ENCODINGS * (DETECT_KINDS - 1);
        *ret_kind = (DetectKind)(1 + pair % (DETECT_KINDS - 1));
        *ret_encoding = (CanaryEncoding)(pair / (DETECT_KINDS - 1));
        if (canary_exists(*ret_kind, *ret_encoding)) return;
    }
}

static void plant(Buffer *text, size_t at, size_t n, Planted *ret)
{
    uint8_t memory[CANARY_BYTES_MAX];
    Buffer value = BUFFER_OF(memory);
    turn(n, &ret->kind, &ret->encoding);
    canary_make(ret->kind, ret->encoding, n, &value);
    ret->at = at + 1;
    ret->size = value.size;
    ret->found = false;
    const size_t end = at + 1 + value.size;
    memcpy(text->data + at + 1, memory, value.size);
    /* A number of the log that is cut here must not go on as a shorter one. */
    for (size_t i = at; i > 0 && text->data[i] >= '0' && text->data[i] <= '9'; i--)
        text->data[i] = '#';
    for (size_t i = end; i < text->size && text->data[i] >= '0' && text->data[i] <= '9'; i++)
        text->data[i] = '#';
    text->data[at] = ' ';
    text->data[end] = ' ';
}

size_t planted_make(
        uint64_t seed, size_t count, size_t edge, Buffer *ret_text, Planted *ret_planted)
{
    SeededRandom random;
    random_seeded(&random, seed);
    while (ret_text->size < ret_text->capacity)
        planted_log_line(&random, ret_text);
    const size_t share = ret_text->capacity / (count == 0 ? 1 : count);
    ASSERT(share > 2 * CANARY_BYTES_MAX);
    for (size_t n = 0; n < count; n++) {
        size_t at = n * share + seeded_next(&random) % (share - CANARY_BYTES_MAX - 2);
        const size_t crossed = edge == 0 ? 0 : at / edge * edge;
        const size_t before = seeded_next(&random) % 300 + 1;
        if (n % 16 == 0 && crossed > n * share + before) at = crossed - before;
        plant(ret_text, at, n, &ret_planted[n]);
    }
    return count;
}

bool planted_found(Planted *planted, size_t count, DetectKind kind, uint64_t at, uint64_t size)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) { /* the first that ends behind `at` */
        const size_t middle = (low + high) / 2;
        if (planted[middle].at + planted[middle].size <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == count || planted[low].at >= at + size) return false;
    if (planted[low].kind == kind) planted[low].found = true;
    return true;
}

size_t planted_lost(const Planted *planted, size_t count)
{
    size_t lost = 0;
    for (size_t i = 0; i < count; i++)
        lost += !planted[i].found;
    return lost;
}
