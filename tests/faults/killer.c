/* A job one task of which ends the node that it runs on, each time: its container's PID 1 is told to end.
 *
 *   killer TASKS     prints each task's result, and how the one that kills failed */
#include <oct/oct.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KILLER = 13 };

OCT_TASK(long, square, long, item)
{
    oct_sleep(0.05);
    if (item == KILLER) {
        kill(1, SIGTERM);
        oct_sleep(60);
    }
    return item * item;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool || argc != 2)
        oct_die(NULL);
    long count = atol(argv[1]), failed = 0;
    oct_future **futures = calloc((size_t)count, sizeof(*futures));
    oct_options elsewhere = {.node = 2}; /* not where the program itself is */
    for (long i = 0; i < count; i++)
        futures[i] = oct_submit_with(pool, i == KILLER ? &elsewhere : NULL, square, i);
    for (long i = 0; i < count; i++) {
        long value;
        if (oct_result(futures[i], &value) == OCT_OK) {
            printf("%ld %ld\n", i, value);
            continue;
        }
        printf("%ld %s\n", i, oct_err_name(oct_last_error()->code));
        fprintf(stderr, "%s\n", oct_last_error()->what);
        oct_release(futures[i]);
        failed++;
    }
    free(futures);
    return oct_pool_close(pool) == OCT_OK && failed == 1 ? 0 : 1;
}
