/* Unsafe libraries: gmtime returns a pointer to the one struct that all of its callers share.
 *
 *   unsafe_library [WORKERS] */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"

enum { DATES = 200000, YEAR_2013 = 1356998400 /* its first second */ };
enum call { GMTIME, GMTIME_LOCKED, GMTIME_R };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The day of the year as strftime writes it. In GMTIME another thread's gmtime may change the date
 * between the two calls, or while strftime reads it. */
static int day_of_year(time_t t, int call)
{
    char text[64] = "";
    struct tm own;
    if (call == GMTIME_LOCKED)
        pthread_mutex_lock(&lock);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %j", call == GMTIME_R ? gmtime_r(&t, &own) : gmtime(&t));
    if (call == GMTIME_LOCKED)
        pthread_mutex_unlock(&lock);
    return atoi(text + strlen("2013-01-01 00:00:00 ")) - 1;
}

/* How many of DATES dates are wrong: each is made from the day that must come back. */
OCT_TASK(int, wrong_dates, int, worker, int, call)
{
    int wrong = 0;
    for (int i = 0; i < DATES; i++) {
        int day = (i + 31 * worker) % 365;
        if (day_of_year((time_t)YEAR_2013 + 86400 * (time_t)day, call) != day)
            wrong++;
    }
    return wrong;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name, *kind;
        enum call call;
    } cases[] = {
        {"gmtime", "processes", GMTIME},
        {"gmtime", "threads", GMTIME},
        {"gmtime, a lock around it", "threads", GMTIME_LOCKED},
        {"gmtime_r", "threads", GMTIME_R},
    };
    int workers = measure_workers(argc, argv);
    printf("each worker asks for the day of %d dates\n\n", DATES);
    printf("%-26s %-12s %14s %12s\n", "call", "pool", "wrong dates", "ns a date");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int wrong[WORKERS_MOST];
        long sum = 0;
        oct_pool *pool = measure_pool(cases[i].kind, workers);
        double seconds = measure_map(pool, workers, wrong_dates, wrong, cases[i].call);
        oct_pool_close(pool);
        for (int w = 0; w < workers; w++)
            sum += wrong[w];
        printf("%-26s %-12s %14ld %12.1f\n", cases[i].name, cases[i].kind, sum,
               seconds / DATES / workers * 1e9);
    }
    return 0;
}
