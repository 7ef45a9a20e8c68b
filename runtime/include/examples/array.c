/* The covariance of random columns, of which the second is the first and some noise. */
#include <oct/oct.h>

OCT_TASK(double, halved_after_the_first, int64_t, row, int64_t, column)
{
    return row == column ? 1 : row == 0 && column == 1 ? 0.5 : 0;
}

int main(int argc, char **argv)
{
    enum { ROWS = 100000, COLUMNS = 3 };
    oct_pool *pool = oct_pool_open(&argc, argv);
    oct_array *normal = oct_array_normal(pool, ROWS, COLUMNS, 42);
    oct_array *mix = oct_array_function(pool, COLUMNS, COLUMNS, halved_after_the_first);
    oct_array *x = oct_array_matmul(normal, mix);
    oct_array *mean = oct_array_mean(x, 0), *centred = oct_array_sub(x, mean);
    oct_array *turned = oct_array_transpose(centred), *sums = oct_array_matmul(turned, centred);
    oct_array *covariance = oct_array_div(sums, ROWS - 1);
    oct_array *correlated =
        oct_array_less(0.1, covariance); /* those that vary together, and each with itself */
    oct_err code = oct_array_explain(covariance, stderr);
    if (code != OCT_OK || (code = oct_array_print(correlated, stdout)) != OCT_OK)
        fprintf(stderr, "%s\n", oct_last_error()->what);
    oct_array *all[] = {normal, mix, x, mean, centred, turned, sums, covariance, correlated};
    for (int i = 0; i < 9; i++)
        oct_array_destroy(all[i]);
    oct_pool_close(pool);
    return code != OCT_OK;
}
