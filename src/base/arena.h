#pragma once
/*
 * arena: memory of one payment or one batch: taken piece by piece, given back at once.
 *
 * A fixed block, made at start; nothing is ever freed alone. Full means refused, never more memory.
 */
#include "base/bytes.h"

typedef struct Arena {
    uint8_t *memory;
    size_t size; /* in use */
    size_t capacity;
} Arena;

/* Take a block of `capacity` bytes from the system; faults FAULT_MEMORY. */
MUST_USE Status arena_open(Arena *ret_arena, size_t capacity);
void arena_close(Arena *arena);
/* Forget everything; the memory is wiped up to what was used. */
void arena_reset(Arena *arena);
/* `size` zeroed bytes, 16-aligned; NULL when full. */
void *arena_take(Arena *arena, size_t size);
/* A copy of `bytes` inside the arena; refuses REFUSED_BUFFER_FULL. */
MUST_USE Status arena_copy(Arena *arena, Span bytes, Span *ret_copy);
