/* Goal: a source that is stuck or skewed makes no key (TP-10), and a good one is not refused.
 * Method: sources that fail in the ways real ones did; many samples of getrandom. */
#include "base/expect.h"
#include "base/seams.h"
#include "keys/health.h"

typedef enum Illness {
    ILL_CONSTANT = 1,
    ILL_STUCK_LATER, /* good at first, then it repeats its last byte */
    ILL_SKEWED, /* every eighth byte is the same */
    ILL_TEXT, /* a password, over and over */
    ILL_SILENT,
} Illness;

typedef struct Source {
    Illness illness;
    SeededRandom state;
} Source;

static Status sick_fill(void *context, uint8_t *ret_bytes, size_t size)
{
    Source *source = context;
    if (source->illness == ILL_SILENT) return BROKEN(FAULT_RANDOM);
    for (size_t i = 0; i < size; i++) {
        const uint8_t good = (uint8_t)(seeded_next(&source->state) >> 40);
        switch (source->illness) {
        case ILL_CONSTANT: ret_bytes[i] = 0; break;
        case ILL_STUCK_LATER: ret_bytes[i] = i < 3000 || i >= 3006 ? good : 0x5A; break;
        case ILL_SKEWED: ret_bytes[i] = i % 8 == 0 ? 0x00 : good; break;
        default: ret_bytes[i] = (uint8_t) "tenpay-key"[i % 10]; break;
        }
    }
    return OK;
}

static void test_sick_sources_are_refused(void)
{
    for (Illness illness = ILL_CONSTANT; illness <= ILL_SILENT; illness++) {
        Source source = { .illness = illness };
        IGNORE(random_seeded(&source.state, 7).fill(&source.state, (uint8_t[8]) { 0 }, 8), "seeds");
        const Random random = { sick_fill, &source };
        const Status s = health_check_source(&random);
        EXPECT(status_is(s, FAULT_RANDOM));
    }
    const uint8_t few[100] = { 1 };
    EXPECT(status_is(health_check_sample(SPAN_OF(few)), FAULT_RANDOM));
}

static void test_a_good_source_passes(void)
{
    const Random random = random_system();
    for (int i = 0; i < 2000; i++) /* 8 MB */
        EXPECT_OK(health_check_source(&random));
}

static void test_the_algorithms_are_right(void) { EXPECT_OK(health_check_algorithms()); }

TESTS(TEST(test_sick_sources_are_refused), TEST(test_a_good_source_passes),
        TEST(test_the_algorithms_are_right))
