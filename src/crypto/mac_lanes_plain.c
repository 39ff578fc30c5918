#include "crypto/mac_lanes.h"

bool mac_lanes_here(MacAlgorithm algorithm)
{
    (void)algorithm;
    return false;
}

void mac_lanes_run(MacAlgorithm algorithm, MacLane lanes[MAC_LANES], size_t count)
{
    (void)algorithm;
    (void)lanes;
    (void)count;
    ASSERT(false); /* mac_lanes_here() said so */
}
