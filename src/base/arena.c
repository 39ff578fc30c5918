#define _GNU_SOURCE
#include "base/arena.h"

#include "base/secret.h"

#include <sys/mman.h>

enum { ARENA_ALIGNMENT = 16 };

Status arena_open(Arena *ret_arena, size_t capacity)
{
    /* Pages of our own: zero, and taken from the system only as far as they are used. */
    void *memory = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED, FAULT_MEMORY);
    *ret_arena = (Arena) { memory, 0, capacity };
    return OK;
}

void arena_close(Arena *arena)
{
    if (arena->memory == NULL) return;
    arena_reset(arena);
    munmap(arena->memory, arena->capacity);
    *arena = (Arena) { 0 };
}

void arena_reset(Arena *arena)
{
    bytes_wipe(arena->memory, arena->size);
    arena->size = 0;
}

void *arena_take(Arena *arena, size_t size)
{
    const size_t start = (arena->size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    if (start > arena->capacity || size > arena->capacity - start) return NULL;
    arena->size = start + size;
    return arena->memory + start;
}

Status arena_copy(Arena *arena, Span bytes, Span *ret_copy)
{
    uint8_t *copy = arena_take(arena, bytes.size);
    REQUIRE(copy != NULL, REFUSED_BUFFER_FULL);
    if (bytes.size > 0) memcpy(copy, bytes.data, bytes.size);
    *ret_copy = (Span) { copy, bytes.size };
    return OK;
}
