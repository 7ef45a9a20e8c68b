#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ways.h"

enum { TABLE = CROSSINGS * CROSSINGS, SOME = 16 };
_Static_assert(CROSSINGS % SOME == 0, "the ends are taken so many at a time");

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void die(const oct_error *err)
{
    fprintf(stderr, "error: %s\n%s%s%s", err->what, err->hint[0] ? "hint: " : "", err->hint,
            err->hint[0] ? "\n" : "");
    exit(1);
}

static oct_err make_table(oct_ints *out, oct_error *err)
{
    int *data = malloc(TABLE * sizeof(*data));
    if (!data)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a table of %d ways", TABLE);
    *out = (oct_ints){data, TABLE};
    return OCT_OK;
}

/* The ways are made up as they are read: between ten minutes and ten hours. */
static int minutes(int country, int way)
{
    /* SplitMix64's finaliser: Steele, Lea and Flood, OOPSLA 2014. */
    uint64_t x = ((uint64_t)country * TABLE + (uint64_t)way + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return 10 + (int)(x % 591);
}

oct_err ways_read(int country, oct_ints *out, oct_error *err)
{
    oct_err code = make_table(out, err);
    for (int way = 0; code == OCT_OK && way < TABLE; way++)
        out->data[way] = minutes(country, way);
    return code;
}

/* From one crossing to all: by each crossing between, the one way there and its ways on. Of so many ends at a
 * time the best so far stay in registers. */
static void go_on(const int *there, const int *on, int *all)
{
    for (int first = 0; first < CROSSINGS; first += SOME) {
        int best[SOME];
        for (int i = 0; i < SOME; i++)
            best[i] = INT_MAX;
        for (int by = 0; by < CROSSINGS; by++) {
            for (int i = 0; i < SOME; i++) {
                int way = there[by] + on[by * CROSSINGS + first + i];
                best[i] = way < best[i] ? way : best[i];
            }
        }
        memcpy(all + first, best, sizeof(best));
    }
}

oct_err ways_append(oct_ints *ways, oct_ints next, oct_error *err)
{
    oct_ints longer;
    if (next.count == 0)
        return OCT_OK;
    oct_err code = make_table(&longer, err);
    if (code != OCT_OK)
        return code;
    if (ways->count == 0)
        memcpy(longer.data, next.data, TABLE * sizeof(*next.data));
    else
        for (int from = 0; from < TABLE; from += CROSSINGS)
            go_on(ways->data + from, next.data, longer.data + from);
    free(ways->data);
    *ways = longer;
    return OCT_OK;
}

static void print_way(const char *which, oct_ints ways, int way)
{
    printf("%s %d:%02d from crossing %d to %d\n", which, ways.data[way] / 60, ways.data[way] % 60,
           way / CROSSINGS, way % CROSSINGS);
}

void ways_report(oct_ints ways, double seconds)
{
    int fastest = 0, slowest = 0;
    double sum = 0;
    for (int way = 0; way < TABLE; way++) {
        fastest = ways.data[way] < ways.data[fastest] ? way : fastest;
        slowest = ways.data[way] > ways.data[slowest] ? way : slowest;
        sum += ways.data[way];
    }
    printf("%d ways through %d countries, of %.4f hours in the mean\n", TABLE, COUNTRIES, sum / TABLE / 60);
    print_way("the fastest:", ways, fastest);
    print_way("the slowest:", ways, slowest);
    fflush(stdout);
    fprintf(stderr, "%.2f s\n", seconds);
}
