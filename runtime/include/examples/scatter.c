/* Values on the nodes: parts of an array and a table that all tasks want; then the results home. */
#include <oct/oct.h>
#include <stdio.h>

OCT_TASK(double, weigh, oct_doubles, part, oct_doubles, weights)
{
    double sum = 0;
    for (size_t i = 0; i < part.count; i++)
        sum += part.data[i] * weights.data[i];
    return sum;
}

int main(int argc, char **argv)
{
    enum { PARTS = 4, LENGTH = 10000 };
    static double x[PARTS * LENGTH], w[LENGTH];
    for (int i = 0; i < PARTS * LENGTH; i++)
        x[i] = i / LENGTH;
    for (int i = 0; i < LENGTH; i++)
        w[i] = 0.5;

    oct_pool *pool = oct_pool_open(&argc, argv);
    oct_doubles in[PARTS], weights = {w, LENGTH};
    for (int i = 0; i < PARTS; i++)
        in[i] = (oct_doubles){x + i * LENGTH, LENGTH};

    oct_future *parts[PARTS], *sums[PARTS], *table = oct_broadcast(pool, oct_doubles, &weights);
    if (!table || oct_scatter(pool, oct_doubles, in, PARTS, parts) != OCT_OK)
        oct_die(NULL);
    for (int i = 0; i < PARTS; i++) {
        sums[i] = oct_submit(pool, weigh, parts[i], table);
        oct_release(parts[i]);
    }
    double out[PARTS];
    if (oct_gather(sums, PARTS, out) != OCT_OK)
        oct_die(NULL);
    printf("%g %g %g %g\n", out[0], out[1], out[2], out[3]);
    return oct_pool_close(pool);
}
