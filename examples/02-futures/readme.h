/* readme.h - what the code in README.md takes for granted. */
#include <oct/oct.h>

#include "report.h"
#include "series.h"

extern oct_pool *pool;
extern oct_doubles a, b;
extern oct_error err;

OCT_TASK(oct_doubles, load, const char *, path)
{
    oct_doubles series = {0};
    (void)series_read(path, &series, oct_task_error());
    return series;
}

OCT_TASK(correlation, correlate, oct_doubles, x, oct_doubles, y)
{
    correlation result = {0};
    (void)series_correlate(x, y, &result, oct_task_error());
    return result;
}
