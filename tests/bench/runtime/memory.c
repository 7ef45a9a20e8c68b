/* Bytes for a million outstanding futures; bytes by which a map over many items grows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/runtime/bench.h"

enum { FUTURES = 1000000, ITEMS = 100000000 };

OCT_TASK(int, gate, double, seconds)
{
    oct_sleep(seconds);
    return 1;
}

OCT_TASK(int, after, int, gated, long, number)
{
    (void)number;
    return gated;
}

OCT_TASK(uint8_t, low_bits, uint8_t, x)
{
    return x & 3;
}

/* Resident memory, or its high-water mark. */
static double resident(const char *field)
{
    char line[256];
    double kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof(line), status)) {
        if (strncmp(line, field, strlen(field)) == 0)
            kilobytes = atof(line + strlen(field) + 1);
    }
    if (status)
        fclose(status);
    return kilobytes * 1024;
}

static void outstanding_futures(oct_pool *pool)
{
    oct_future **futures = malloc(FUTURES * sizeof(*futures));
    if (!futures)
        exit(1);
    memset(futures, 0, FUTURES * sizeof(*futures));
    double before = resident("VmRSS");
    for (int w = 0; w < oct_pool_workers(pool); w++) /* keep the workers from finishing any */
        oct_release(oct_submit(pool, gate, 1.5));
    for (long i = 0; i < FUTURES; i++)
        futures[i] = oct_submit(pool, after, 1, i);
    bench_line(pool, "million_futures", resident("VmRSS") - before, "bytes", NULL, 0);
    for (long i = 0; i < FUTURES; i++) {
        if (oct_result(futures[i], NULL) != OCT_OK)
            oct_die(futures[i]);
    }
    free(futures);
}

static void constant_memory(oct_pool *pool)
{
    uint8_t *in = calloc(ITEMS, 1), *out = malloc(ITEMS);
    if (!in || !out)
        exit(1);
    memset(out, 1, ITEMS);
    memset(in, 1, ITEMS);
    double before = resident("VmHWM");
    if (oct_map(pool, low_bits, in, ITEMS, out) != OCT_OK)
        oct_die(NULL);
    bench_line(pool, "map_memory", resident("VmHWM") - before, "bytes", NULL, 0);
    free(in);
    free(out);
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    constant_memory(pool);
    outstanding_futures(pool);
    oct_pool_close(pool);
}
