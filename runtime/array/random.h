/* array/random.h - random numbers by their place. */
#ifndef OCTI_ARRAY_RANDOM_H
#define OCTI_ARRAY_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Numbers `first` to first + count - 1 of the seed's sequence. */
void octi_random_uniform(uint64_t seed, uint64_t first, size_t count, double *out);
void octi_random_normal(uint64_t seed, uint64_t first, size_t count, double *out);

/* Philox4x32-10, in place: four words of a counter, two of a key. */
void octi_philox(uint32_t counter[4], uint32_t k0, uint32_t k1);

#endif
