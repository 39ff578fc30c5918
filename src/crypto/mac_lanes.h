#pragma once
/*
 * mac_lanes: the compression of several messages at once: eight SM3 side by side in AVX2, three
 * times as fast as one after another; SHA-256 two by two, interleaved, twice as fast. Inside this
 * room: others call mac_make_many(). Meson chooses the _x86.c files or mac_lanes_plain.c.
 */
#include "crypto/mac.h"

enum { MAC_LANES = 8, MAC_LANE_BLOCKS_MAX = 16, MAC_LANE_BLOCK_BYTES = 64 };

typedef struct MacLane {
    uint32_t state[8];
    size_t blocks;
    uint8_t bytes[MAC_LANE_BLOCKS_MAX * MAC_LANE_BLOCK_BYTES]; /* padded as the digest wants it */
} MacLane;

/* Is there anything faster than one after another? */
bool mac_lanes_here(MacAlgorithm algorithm);
/* Every lane over its own blocks; only when mac_lanes_here() of that algorithm. */
void mac_lanes_run(MacAlgorithm algorithm, MacLane lanes[MAC_LANES], size_t count);

/* The part that is SHA-256, on x86. */
bool mac_lanes_here_sha256(void);
void mac_lanes_run_sha256(MacLane *lanes, size_t count);
