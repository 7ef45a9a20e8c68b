/* Unbalanced tree search: S. Olivier et al., "UTS: an unbalanced tree search benchmark", LCPC
 * 2006. Tree T1 (geometric, fixed shape, depth 10, branching 4, seed 19) has 4130071 nodes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/runtime/bench.h"
#include "tests/bench/runtime/sha1.h"

enum { DEPTH = 10, SEED = 19, NODES = 4130071, MOST_CHILDREN = 100, SPREAD = 5 };
static const double branching = 4;

typedef struct node {
    uint8_t state[20];
    int depth;
} node;

static node root(void)
{
    uint8_t seed[20] = {0};
    seed[19] = SEED;
    node made = {.depth = 0};
    sha1(seed, sizeof(seed), made.state);
    return made;
}

static node child(const node *parent, int number)
{
    uint8_t bytes[24];
    memcpy(bytes, parent->state, 20);
    for (int i = 0; i < 4; i++)
        bytes[20 + i] = (uint8_t)(number >> (24 - 8 * i));
    node made = {.depth = parent->depth + 1};
    sha1(bytes, sizeof(bytes), made.state);
    return made;
}

static int children(const node *parent)
{
    if (parent->depth >= DEPTH)
        return 0;
    const uint8_t *s = parent->state + 16;
    uint32_t random = ((uint32_t)s[0] << 24 | (uint32_t)s[1] << 16 | (uint32_t)s[2] << 8 | s[3]) & 0x7fffffff;
    double p = 1 / (1 + branching);
    int count = (int)floor(log(1 - random / 2147483648.0) / log(1 - p));
    return count < MOST_CHILDREN ? count : MOST_CHILDREN;
}

static long count_serially(const node *parent)
{
    long count = 1;
    for (int i = 0, most = children(parent); i < most; i++) {
        node next = child(parent, i);
        count += count_serially(&next);
    }
    return count;
}

OCT_TASK(long, count_tree, node, parent)
{
    int most = children(&parent);
    if (most == 0)
        return 1;
    oct_forked(count_tree) *forks = alloca((size_t)most * sizeof(*forks));
    for (int i = 1; i < most; i++)
        oct_fork_at(&forks[i], count_tree, child(&parent, i));
    long count = 1 + count_tree(child(&parent, 0));
    for (int i = most - 1; i >= 1; i--)
        count += oct_join_at(&forks[i], count_tree);
    return count;
}

/* Where workers share no memory: the upper levels are futures, which go to whoever has nothing to do,
 * on any rank, and what is below them is forked where it arrives. */
OCT_TASK(long, count_spread, node, parent)
{
    if (parent.depth >= SPREAD)
        return count_tree(parent);
    int most = children(&parent);
    oct_future *below[MOST_CHILDREN];
    for (int i = 0; i < most; i++)
        below[i] = oct_submit(oct_task_pool(), count_spread, child(&parent, i));
    long count = 1;
    for (int i = 0; i < most; i++) {
        long found;
        if (oct_result(below[i], &found) != OCT_OK)
            oct_die(below[i]);
        count += found;
    }
    return count;
}

static long count_by_openmp(node parent)
{
    long count = 1;
    for (int i = 0, most = children(&parent); i < most; i++) {
        node next = child(&parent, i);
#pragma omp task shared(count) firstprivate(next)
        {
            long below = count_by_openmp(next);
#pragma omp atomic
            count += below;
        }
    }
#pragma omp taskwait
    return count;
}

static void check(long count)
{
    if (count == NODES)
        return;
    fprintf(stderr, "error: %ld nodes instead of %d\n", count, NODES);
    exit(1);
}

OCT_TASK(long, count_alone, node, start)
{
    return count_serially(&start);
}

/* Perfect: what the tree takes when every worker searches all of it alone and at the same time,
 * divided by their number. One search on one worker would have the whole machine to itself. */
static double run_perfect(void *ctx)
{
    oct_pool *pool = ctx;
    int workers = oct_pool_workers(pool);
    oct_future **searches = malloc((size_t)workers * sizeof(*searches));
    if (!searches)
        exit(1);
    double began = bench_now();
    for (int i = 0; i < workers; i++)
        searches[i] = oct_submit(pool, count_alone, root());
    for (int i = 0; i < workers; i++) {
        long count;
        if (oct_result(searches[i], &count) != OCT_OK)
            oct_die(searches[i]);
        check(count);
    }
    double took = bench_now() - began;
    free(searches);
    return took / workers;
}

static double run_octavo(void *pool)
{
    long count;
    double began = bench_now();
    bool is_local = strcmp(oct_pool_kind(pool), "threads") == 0;
    oct_future *f =
        is_local ? oct_submit((oct_pool *)pool, count_tree, root()) : oct_submit(pool, count_spread, root());
    if (oct_result(f, &count) != OCT_OK)
        oct_die(f);
    double took = bench_now() - began;
    check(count);
    return took;
}

static double run_openmp(void *ctx)
{
    long count = 0;
    (void)ctx;
    double began = bench_now();
#pragma omp parallel
#pragma omp single
    count = count_by_openmp(root());
    double took = bench_now() - began;
    check(count);
    return took;
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    double perfect = 1e9, ours = 1e9;
    for (int i = 0; i < 5; i++) { /* in turn, so that a disturbance meets both */
        perfect = fmin(perfect, run_perfect(pool));
        ours = fmin(ours, run_octavo(pool));
    }
    double openmp = bench_least(1, run_openmp, NULL); /* last: its threads spin on */
    bench_line(pool, "unbalanced", ours / perfect, "ratio", "openmp", openmp / perfect);
    oct_pool_close(pool);
}
