#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/bench/collections/files.h"
#include "tests/bench/runtime/bench.h"

enum { TIMES = 3 };

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double bytes_of(const char *pattern)
{
    glob_t paths = {0};
    struct stat st;
    double bytes = 0;
    if (glob(pattern, 0, NULL, &paths) == 0)
        for (size_t i = 0; i < paths.gl_pathc; i++)
            bytes += stat(paths.gl_pathv[i], &st) == 0 ? (double)st.st_size : 0;
    globfree(&paths);
    return bytes;
}

files_figures files_measure(const files_question *question, double (*ask)(void *question))
{
    files_question asked = *question;
    double before = cpu_seconds();
    files_figures figures = {.bytes = bytes_of(question->pattern),
                             .seconds = bench_least(TIMES, ask, &asked)};
    bool is_local = strcmp(oct_pool_kind(question->pool), "threads") == 0;
    figures.core_seconds =
        is_local ? (cpu_seconds() - before) / TIMES : figures.seconds * oct_pool_workers(question->pool);
    return figures;
}
