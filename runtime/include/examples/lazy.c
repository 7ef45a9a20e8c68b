/* Inputs that are made as they are needed, and a map that goes on by itself. */
#include <oct/oct.h>
#include <stdio.h>

OCT_TASK(int, half, int, x)
{
    if (x % 2 != 0)
        oct_fail(oct_task_error(), OCT_E_INVALID, "%d is not even", x);
    return x / 2;
}

OCT_TASK(int, square, int, x)
{
    return x * x;
}

typedef struct lines {
    const int *next, *end;
    int sum;
} lines;

static bool next_line(void *item, void *ctx)
{
    lines *self = ctx;
    if (self->next == self->end)
        return false;
    *(int *)item = *self->next++;
    return true;
}

static void add(size_t item, const void *value, const oct_failure *failure, void *ctx)
{
    lines *self = ctx;
    if (failure)
        printf("line %zu: %s\n", item + 1, failure->error.what);
    else
        self->sum += *(const int *)value;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    const int text[] = {2, 4, 3, 6, 4};
    lines all = {text, text + 5, 0};
    oct_lazy lazy = {.next = next_line, .each = add, .ctx = &all};
    if (oct_map_lazy(pool, &lazy, half) != OCT_OK)
        printf("%s\n", oct_last_error()->what);
    printf("half of all: %d\n", all.sum);

    int in[] = {1, 2, 3, 4}, out[4];
    oct_mapping *squares = oct_map_async(pool, square, in, 4, out);
    /* ... something else ... */
    if (oct_mapping_wait(squares, OCT_FOREVER) != OCT_OK)
        oct_die(NULL);
    oct_mapping_destroy(squares);
    printf("%d %d %d %d\n", out[0], out[1], out[2], out[3]);
    return oct_pool_close(pool);
}
