#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

size_t series_pairs(size_t count)
{
    return count * (count - 1) / 2;
}

typedef struct ranked {
    size_t a, b;
    correlation c;
} ranked;

static int by_size(const void *left, const void *right)
{
    const ranked *x = left, *y = right;
    double by_r = fabs(y->c.r) - fabs(x->c.r);
    if (by_r != 0)
        return by_r < 0 ? -1 : 1;
    return x->a != y->a ? (x->a < y->a ? -1 : 1) : (x->b < y->b ? -1 : x->b > y->b);
}

static uint64_t digest(const correlation *pairs, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t k = 0; k < count; k++) {
        uint64_t bits;
        memcpy(&bits, &pairs[k].r, sizeof(bits));
        hash = (hash ^ bits) * 0x100000001b3u;
        hash = (hash ^ (uint64_t)pairs[k].lag) * 0x100000001b3u;
    }
    return hash;
}

void series_report(char **paths, size_t count, const correlation *pairs, double seconds)
{
    size_t total = series_pairs(count);
    ranked *order = calloc(total, sizeof(*order));
    oct_error err;
    if (!order) {
        oct_fail(&err, OCT_E_NOMEM, "out of memory");
        die(&err);
    }
    for (size_t a = 0, k = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++, k++)
            order[k] = (ranked){a, b, pairs[k]};
    qsort(order, total, sizeof(*order), by_size);
    for (size_t k = 0; k < total && k < 5; k++) {
        char a[SERIES_NAME], b[SERIES_NAME];
        printf("%-5s %-5s %8.5f at %d min\n", series_name(paths[order[k].a], a),
               series_name(paths[order[k].b], b), order[k].c.r, order[k].c.lag);
    }
    printf("%zu pairs of %zu series, digest %016llx\n", total, count,
           (unsigned long long)digest(pairs, total));
    fflush(stdout);
    fprintf(stderr, "%.2f s in all\n", seconds);
    free(order);
}
