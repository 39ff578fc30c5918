/* Goal: what was in memory that is given back, moved, or left below a frame is not there afterwards
 * (TP-5: what must not be kept is wiped at its owner). Method: the same memory is looked at again
 * through a second view of it. */
#include "base/heap.h"

#include "base/expect.h"

#include <malloc.h>
#include <stdlib.h>

enum { SIZE = 1000 };

/* Freed memory may not be looked at, so the block moves inside a longer one that we keep. */
static void test_what_moves_leaves_nothing(void)
{
    uint8_t *memory = heap_allocate(SIZE);
    EXPECT(memory != NULL);
    memset(memory, 'x', SIZE);
    memory = heap_resize(memory, 50 * SIZE);
    EXPECT(memory != NULL);
    for (size_t i = 0; i < SIZE; i++)
        EXPECT(memory[i] == 'x');
    memory = heap_resize(memory, 10);
    EXPECT(memory != NULL && memory[9] == 'x');
    heap_free(memory);
    heap_free(NULL);
    uint8_t *fresh = heap_resize(NULL, SIZE);
    EXPECT(fresh != NULL);
    heap_free(fresh);
}

/* The real stack: the sanitizer would keep this frame on its own heap. */
static __attribute__((noinline, no_sanitize_address)) const uint8_t *leave_behind(void)
{
    uint8_t bytes[4096];
    memset(bytes, 'y', sizeof(bytes));
    uint8_t *volatile where = bytes;
    return (const uint8_t *)(uintptr_t)where;
}

/* The page of a frame that is gone stays mapped; it is read with a system call, as /proc would. */
static size_t left_of(const uint8_t *where, uint8_t byte)
{
    size_t left = 0;
    FILE *memory = fopen("/proc/self/mem", "rb");
    if (memory == NULL) return SIZE_MAX;
    if (fseek(memory, (long)(uintptr_t)where, SEEK_SET) != 0) left = SIZE_MAX;
    for (int i = 0; i < 4096 && left != SIZE_MAX; i++)
        left += fgetc(memory) == byte ? 1 : 0;
    fclose(memory);
    return left;
}

static void test_a_stack_is_wiped(void)
{
    const uint8_t *where = leave_behind();
    stack_wipe();
    EXPECT(left_of(where, 'y') < 64); /* of 4096; our own reading used the rest */
}

TESTS(TEST(test_what_moves_leaves_nothing), TEST(test_a_stack_is_wiped))
