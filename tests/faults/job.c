/* A journalled job whose every task leaves a trace, so that what ran twice can be told.
 *
 *   job TRACE TASKS MILLISECONDS
 *
 * Half of the tasks are a map, half are futures, each of which spins for that long. TRACE gets
 * "start I" from the node when a task begins, and "done I" from rank 0 when the program has
 * its result: a start behind a done ran what was completed. Standard output is the result. */
#include <fcntl.h>
#include <oct/oct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void trace(const char *path, const char *what, long item)
{
    char line[64];
    int size = snprintf(line, sizeof(line), "%s %ld\n", what, item);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file < 0 || write(file, line, (size_t)size) != size)
        abort();
    close(file);
}

OCT_TASK(long, collatz, long, item, long, ms, const char *, path)
{
    trace(path, "start", item);
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
    long steps = 0;
    for (unsigned long n = (unsigned long)item * 7919 + 1; n != 1; steps++)
        n = n % 2 ? 3 * n + 1 : n / 2;
    return steps;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool || argc != 4)
        oct_die(NULL);
    const char *path = argv[1];
    long count = atol(argv[2]) / 2, ms = atol(argv[3]), sum = 0;
    long *items = calloc((size_t)count, sizeof(*items)), *steps = calloc((size_t)count, sizeof(*steps));
    oct_future **futures = calloc((size_t)count, sizeof(*futures));
    for (long i = 0; i < count; i++)
        items[i] = i;
    printf("%ld tasks\n", 2 * count);
    fflush(stdout);
    if (oct_map(pool, collatz, items, (size_t)count, steps, ms, path) != OCT_OK)
        oct_die(NULL);
    for (long i = 0; i < count; i++) {
        trace(path, "done", i);
        printf("%ld %ld\n", i, steps[i]);
    }
    fflush(stdout);
    for (long i = 0; i < count; i++)
        futures[i] = oct_submit(pool, collatz, count + i, ms, path);
    for (long i = 0; i < count; i++) {
        long found;
        if (oct_result(futures[i], &found) != OCT_OK)
            oct_die(NULL);
        trace(path, "done", count + i);
        printf("%ld %ld\n", count + i, found);
        sum += found;
    }
    printf("sum %ld\n", sum);
    return oct_pool_close(pool);
}
