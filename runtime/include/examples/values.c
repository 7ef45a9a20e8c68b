/* What travels: structs, strings, arrays, and a type of one's own. */
#include <oct/oct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct polygon {
    char *name;
    size_t count;
    double *x, *y;
} polygon;

static void pack_polygon(const polygon *p, oct_packer *to)
{
    uint64_t count = p->count;
    oct_pack_string(to, p->name);
    oct_pack(to, &count, sizeof(count));
    oct_pack(to, p->x, p->count * sizeof(double));
    oct_pack(to, p->y, p->count * sizeof(double));
}

static void release_polygon(polygon *p)
{
    free(p->name);
    free(p->x);
    free(p->y);
}

static bool unpack_polygon(polygon *p, oct_unpacker *from)
{
    uint64_t count = 0;
    *p = (polygon){.name = oct_unpack_string(from)};
    if (oct_unpack(from, &count, sizeof(count)) && count <= oct_unpack_left(from) / (2 * sizeof(double))) {
        p->count = count;
        p->x = malloc(count * sizeof(double) + 1);
        p->y = malloc(count * sizeof(double) + 1);
        if (p->x && p->y && oct_unpack(from, p->x, count * sizeof(double)) &&
            oct_unpack(from, p->y, count * sizeof(double)))
            return true;
    }
    release_polygon(p);
    return false;
}

OCT_TYPE(polygon, pack_polygon, unpack_polygon, release_polygon);

OCT_TASK(polygon, square, double, side)
{
    polygon p = {strdup("square"), 4, calloc(4, sizeof(double)), calloc(4, sizeof(double))};
    p.x[1] = p.x[2] = p.y[2] = p.y[3] = side;
    return p;
}

OCT_TASK(double, area, polygon, p)
{
    double sum = 0;
    for (size_t i = 0; i < p.count; i++) {
        size_t next = (i + 1) % p.count;
        sum += p.x[i] * p.y[next] - p.x[next] * p.y[i];
    }
    return sum / 2;
}

OCT_TASK(oct_doubles, cumulated, oct_doubles, values)
{
    oct_doubles sums = {malloc(values.count * sizeof(double) + 1), values.count};
    double sum = 0;
    for (size_t i = 0; i < values.count; i++)
        sums.data[i] = sum += values.data[i];
    return sums;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    double value;
    oct_future *f = oct_then(oct_submit(pool, square, 3), area);
    if (oct_result(f, &value) != OCT_OK)
        oct_die(f);
    printf("%g\n", value);

    double numbers[] = {1, 2, 3, 4};
    oct_doubles sums;
    f = oct_submit(pool, cumulated, ((oct_doubles){numbers, 4}));
    if (oct_result(f, &sums) != OCT_OK)
        oct_die(f);
    printf("%g\n", sums.data[3]);
    free(sums.data); /* a result that is an array is the caller's */
    return oct_pool_close(pool);
}
