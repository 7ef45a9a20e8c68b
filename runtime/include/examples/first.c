#include <oct/oct.h>
#include <stdio.h>

OCT_TASK(double, slowadd, double, a, double, b)
{
    oct_sleep(1.0);
    return a + b;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    double sum;
    oct_future *f = oct_submit(pool, slowadd, 1.0, 2.0);
    if (oct_result(f, &sum) != OCT_OK)
        oct_die(f);
    printf("%g\n", sum);
    oct_pool_close(pool);
}
