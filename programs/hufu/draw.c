#include "draw.h"

#include <math.h>

double draw_uniform(SeededRandom *random, double least, double most)
{
    /* 53 bits: every double in [0, 1) that this grid has is equally likely. */
    const double unit = (double)(seeded_next(random) >> 11) * 0x1.0p-53;
    return least + (most - least) * unit;
}

uint32_t draw_index(SeededRandom *random, uint32_t count)
{
    ASSERT(count > 0);
    return (uint32_t)(((seeded_next(random) >> 32) * count) >> 32);
}

double draw_normal(SeededRandom *random, double mean, double deviation)
{
    /* Box and Muller 1958; the second value is dropped so that a draw never depends on an earlier
     * one. */
    const double radius = sqrt(-2.0 * log(1.0 - draw_uniform(random, 0, 1)));
    return mean + deviation * radius * cos(2.0 * M_PI * draw_uniform(random, 0, 1));
}

uint32_t draw_poisson(SeededRandom *random, double mean)
{
    /* Knuth, TAOCP 2, 3.4.1: count uniform factors until their product falls under e^-mean. */
    ASSERT(mean < 700);
    const double floor = exp(-mean);
    double product = draw_uniform(random, 0, 1);
    uint32_t count = 0;
    while (product > floor) {
        product *= draw_uniform(random, 0, 1);
        count++;
    }
    return count;
}

void draw_some(SeededRandom *random, uint32_t of, uint32_t count, uint32_t *ret_indices)
{
    ASSERT(count <= of);
    for (uint32_t drawn = 0; drawn < count;) {
        const uint32_t index = draw_index(random, of);
        bool fresh = true;
        for (uint32_t i = 0; i < drawn; i++)
            fresh = fresh && ret_indices[i] != index;
        if (fresh) ret_indices[drawn++] = index;
    }
}
