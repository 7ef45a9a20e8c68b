/* readme.h - what the code in README.md takes for granted. */
#include <math.h>
#include <string.h>

#include <oct/oct.h>

#include "report.h"
#include "series.h"

extern oct_pool *pool;
extern char **paths;
extern size_t count;
extern oct_doubles *series;
extern pair *pairs;
extern size_t k;
extern oct_error err;

OCT_TASK(oct_doubles, load, const char *, path)
{
    oct_doubles loaded = {0};
    (void)series_read(path, &loaded, oct_task_error());
    return loaded;
}

OCT_TASK(bool, in_order, const char *, a, oct_doubles, x, const char *, b, oct_doubles, y)
{
    return x.count == y.count && strcmp(a, b) < 0;
}

OCT_TASK(pair, correlate, const char *, a, oct_doubles, x, const char *, b, oct_doubles, y)
{
    pair result = {0};
    series_name(a, result.a);
    series_name(b, result.b);
    (void)series_correlate(x, y, &result.c, oct_task_error());
    return result;
}

OCT_TASK(double, strength, pair, p)
{
    return fabs(p.c.r);
}
