#pragma once
/*
 * mac_lanes: the compression of several messages at once: eight SM3 side by side in AVX2, three
 * times as fast as one after another. SHA-256 has instructions of its own, which one message keeps
 * busy. Inside this room: others call mac_make_many(). Meson chooses mac_lanes_x86.c or
 * mac_lanes_plain.c.
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
/* Every lane over its own blocks; only when mac_lanes_here(). */
void mac_lanes_run(MacLane lanes[MAC_LANES], size_t count);
