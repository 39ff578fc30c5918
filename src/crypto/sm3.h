#pragma once
/*
 * sm3: the SM3 digest (GB/T 32905-2016) as a copyable state. Inside this room only: others use
 * digest.h. No shared state.
 */
#include "base/bytes.h"

enum { SM3_BLOCK_BYTES = 64 };

typedef struct Sm3State {
    uint32_t chain[8];
    uint64_t size; /* bytes so far */
    uint8_t block[SM3_BLOCK_BYTES];
} Sm3State;

void sm3_begin(Sm3State *ret_state);
void sm3_update(Sm3State *state, Span bytes);
void sm3_end(Sm3State *state, uint8_t ret_digest[32]);
