/* bench/runtime/bench.h - figures as JSON lines, and the pool that they are of. */
#ifndef BENCH_H
#define BENCH_H

#include "oct/oct.h"

/* Seconds since some moment. */
double bench_now(void);

/* The pool named by --pool, or an end with the reason. */
oct_pool *bench_open(int *argc, char **argv);

/* {"bench":...,"pool":...,"workers":...,"value":...,"unit":...,"processors":...,"peer":...,"peer_value":...};
 * peer NULL: none. "oversubscribed" is there, and true, where workers of this host are more than its
 * processors. */
void bench_line(oct_pool *pool, const char *bench, double value, const char *unit, const char *peer,
                double peer_value);

/* The least of `times` runs of fn: the one that was disturbed least. */
double bench_least(int times, double (*fn)(void *ctx), void *ctx);

/* What the peers' threads must be: as many as the pool's. */
void bench_use_threads(int count);

#endif
