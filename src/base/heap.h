#pragma once
/*
 * heap: memory that is wiped when it is given back, for buffers through which what a sender typed
 * in the wrong place may have come (a card number in a description: TP-5, TP-8). Libraries that
 * hold such bytes are given these functions as their allocator.
 *
 * It is malloc()'s memory: what was allocated there may be freed here, and the other way round.
 */
#include "base/bytes.h"

void *heap_allocate(size_t size); /* NULL: no memory */
/* As realloc(); what moves leaves nothing behind. */
void *heap_resize(void *memory, size_t size);
/* NULL is fine. */
void heap_free(void *memory);

enum { STACK_WIPE_BYTES = 64 * 1024 };
/* Overwrite what functions that have returned left below the caller's frame. */
void stack_wipe(void);
