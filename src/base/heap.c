#include "base/heap.h"

#include "base/secret.h"

#include <malloc.h>
#include <stdlib.h>

void *heap_allocate(size_t size) { return malloc(size); }

void heap_free(void *memory)
{
    if (memory == NULL) return;
    bytes_wipe(
            memory, malloc_usable_size(memory)); /* also what realloc() once left behind the end */
    free(memory);
}

void *heap_resize(void *memory, size_t size)
{
    if (memory == NULL) return malloc(size);
    const size_t before = malloc_usable_size(memory);
    if (size > 0 && size <= before && size >= before / 2) return memory;
    void *moved = malloc(size);
    if (moved == NULL) return NULL;
    memcpy(moved, memory, size < before ? size : before);
    heap_free(memory);
    return moved;
}

/* Not instrumented: the sanitizer would give `below` a frame elsewhere, and wipe that. */
__attribute__((noinline, no_sanitize_address)) void stack_wipe(void)
{
    uint8_t below[STACK_WIPE_BYTES];
    bytes_wipe(below, sizeof(below));
}
