/* What tasks share: a queue of work, a queue of results, a lock around a file that is not theirs. */
#include <oct/oct.h>
#include <stdio.h>

OCT_TASK(int, consume, oct_queue, work, oct_queue, results)
{
    oct_pool *pool = oct_task_pool();
    int done = 0, x;
    while (oct_queue_get(pool, work, int, &x, OCT_FOREVER) == OCT_OK) {
        int square = x * x;
        if (oct_queue_put(pool, results, int, &square, OCT_FOREVER) != OCT_OK)
            break;
        done++;
    }
    return done;
}

OCT_TASK(oct_err, append, oct_lock, lock, const char *, line)
{
    oct_err code = oct_lock_take(oct_task_pool(), lock, 10);
    if (code != OCT_OK)
        return code;
    puts(line); /* one at a time, whatever node it is on */
    fflush(stdout);
    return oct_lock_give(oct_task_pool(), lock);
}

int main(int argc, char **argv)
{
    enum { ITEMS = 20 };
    oct_pool *pool = oct_pool_open(&argc, argv);
    oct_queue work = oct_queue_open(pool, 4), results = oct_queue_open(pool, 0);
    oct_future *consumers[2] = {oct_submit(pool, consume, work, results),
                                oct_submit(pool, consume, work, results)};
    for (int i = 1; i <= ITEMS; i++) {
        if (oct_queue_put(pool, work, int, &i, OCT_FOREVER) != OCT_OK)
            oct_die(NULL);
    }
    oct_queue_close(pool, work); /* the consumers take what is left, and return */
    int sum = 0, done[2];
    for (int i = 0, square; i < ITEMS; i++) {
        if (oct_queue_get(pool, results, int, &square, 10) != OCT_OK)
            oct_die(NULL);
        sum += square;
    }
    if (oct_gather(consumers, 2, done) != OCT_OK)
        oct_die(NULL);
    printf("%d of %d\n", sum, done[0] + done[1]);
    fflush(stdout); /* before the tasks write theirs */

    oct_lock lock = oct_lock_open(pool);
    oct_future *lines[2] = {oct_submit(pool, append, lock, "a line"),
                            oct_submit(pool, append, lock, "a line")};
    if (oct_wait_many(lines, 2, OCT_ALL_DONE, OCT_FOREVER) != OCT_OK)
        oct_die(NULL);
    return oct_pool_close(pool);
}
