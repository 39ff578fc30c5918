#pragma once
/*
 * draw: numbers of a wanted distribution from a seeded stream. For simulations, never for keys.
 */
#include "base/seams.h"

/* In [least, most). */
double draw_uniform(SeededRandom *random, double least, double most);
/* In [0, count); count > 0. */
uint32_t draw_index(SeededRandom *random, uint32_t count);
double draw_normal(SeededRandom *random, double mean, double deviation);
/* mean < 700, so that its exponential is a number. */
uint32_t draw_poisson(SeededRandom *random, double mean);
/* `count` different indices below `of`, count <= of, in the order of drawing. */
void draw_some(SeededRandom *random, uint32_t of, uint32_t count, uint32_t *ret_indices);
