#include "base/arena.h"

#include "base/secret.h"

#include <stdlib.h>

enum { ARENA_ALIGNMENT = 16 };

Status arena_open(Arena *ret_arena, size_t capacity)
{
    uint8_t *memory = calloc(1, capacity);
    CHECK(memory != NULL, FAULT_MEMORY);
    *ret_arena = (Arena) { memory, 0, capacity };
    return OK;
}

void arena_close(Arena *arena)
{
    arena_reset(arena);
    free(arena->memory);
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
