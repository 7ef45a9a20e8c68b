/* Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. A block
 * of the counter gives two doubles of 53 bits: elements 2n and 2n + 1. */
#include "runtime/array/random.h"

#include <math.h>

void octi_philox(uint32_t c[4], uint32_t k0, uint32_t k1)
{
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)UINT32_C(0xD2511F53) * c[0], p1 = (uint64_t)UINT32_C(0xCD9E8D57) * c[2];
        uint32_t c0 = (uint32_t)(p1 >> 32) ^ c[1] ^ k0, c2 = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
        c[1] = (uint32_t)p1;
        c[3] = (uint32_t)p0;
        c[0] = c0;
        c[2] = c2;
        k0 += UINT32_C(0x9E3779B9);
        k1 += UINT32_C(0xBB67AE85);
    }
}

/* Elements 2 * block and 2 * block + 1. */
static void uniform_pair(uint64_t seed, uint64_t block, double pair[2])
{
    uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), 0, 0};
    octi_philox(c, (uint32_t)seed, (uint32_t)(seed >> 32));
    pair[0] = (double)(((uint64_t)c[1] << 32 | c[0]) >> 11) * 0x1p-53;
    pair[1] = (double)(((uint64_t)c[3] << 32 | c[2]) >> 11) * 0x1p-53;
}

/* Box and Muller, "A note on the generation of random normal deviates", 1958. */
static void normal_pair(uint64_t seed, uint64_t block, double pair[2])
{
    double u[2];
    uniform_pair(seed, block, u);
    double radius = sqrt(-2 * log(1 - u[0])), angle = 2 * M_PI * u[1];
    pair[0] = radius * cos(angle);
    pair[1] = radius * sin(angle);
}

static inline __attribute__((always_inline)) void
fill(uint64_t seed, uint64_t first, size_t count, double *out, void (*pair_of)(uint64_t, uint64_t, double[2]))
{
    size_t i = 0;
    double pair[2];
    if (count > 0 && first % 2 == 1) {
        pair_of(seed, first / 2, pair);
        out[i++] = pair[1];
    }
    for (; i + 2 <= count; i += 2)
        pair_of(seed, (first + i) / 2, out + i);
    if (i < count) {
        pair_of(seed, (first + i) / 2, pair);
        out[i] = pair[0];
    }
}

void octi_random_uniform(uint64_t seed, uint64_t first, size_t count, double *out)
{
    fill(seed, first, count, out, uniform_pair);
}

void octi_random_normal(uint64_t seed, uint64_t first, size_t count, double *out)
{
    fill(seed, first, count, out, normal_pair);
}
