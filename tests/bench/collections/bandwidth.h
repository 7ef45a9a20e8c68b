/* bench/collections/bandwidth.h - how fast the machine's memory is read, beside what only reads it. */
#ifndef BANDWIDTH_H
#define BANDWIDTH_H

#include <stddef.h>

/* The best of three times, in GB/s, of that many threads that add up all words of a block, which is larger
 * than any cache. 0 where no thread can be had. */
double bandwidth_of(int threads, const void *block, size_t size);

#endif
