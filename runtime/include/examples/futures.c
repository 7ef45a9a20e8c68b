/* Futures: as arguments of others, in the order they are done, with options, and why one failed. */
#include <oct/oct.h>
#include <stdio.h>

OCT_TASK(double, square, double, x)
{
    return x * x;
}

OCT_TASK(double, sum, double, a, double, b)
{
    return a + b;
}

OCT_TASK(double, root, double, x)
{
    if (x < 0)
        oct_fail(oct_task_error(), OCT_E_INVALID, "%g has no real root", x);
    return x; /* whatever: the task has failed */
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);

    /* Values stay where they are made until somebody asks. */
    oct_future *a = oct_submit(pool, square, 3), *b = oct_submit(pool, square, 4);
    oct_future *c = oct_submit(pool, sum, a, b);
    double value;
    if (oct_result(c, &value) != OCT_OK)
        oct_die(c);
    printf("%g\n", value);

    double total = 0;
    oct_completed *completed = oct_as_completed((oct_future *[]){a, b}, 2);
    for (oct_future *f; (f = oct_completed_next(completed, NULL, OCT_FOREVER));) {
        if (oct_result(f, &value) != OCT_OK)
            oct_die(f);
        total += value;
    }
    oct_completed_destroy(completed);
    printf("%g\n", total);

    oct_future *bad = oct_submit_with(pool, &(oct_options){.retries = 1}, root, -1);
    if (oct_result(bad, &value) != OCT_OK) {
        const oct_failure *failure = oct_future_failure(bad);
        printf("%s(%s) failed %d times: %s\n", failure->task, failure->args, failure->attempts,
               failure->error.what);
    }
    oct_release(bad);
    return oct_pool_close(pool);
}
