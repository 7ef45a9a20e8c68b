/* Calls on nodes by number: each node counts its share, and the last one tells its name. */
#include <oct/oct.h>
#include <stdio.h>
#include <stdlib.h>

OCT_TASK(long, share, long, total, int, nodes)
{
    return total / nodes + (oct_node() < total % nodes);
}

OCT_TASK(int, whoami)
{
    return oct_node();
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    int nodes = oct_pool_nodes(pool);
    long *shares = calloc(nodes > 0 ? (size_t)nodes : 1, sizeof(*shares)), sum = 0;
    if (!shares || oct_on_all(pool, share, shares, 1000, nodes) != OCT_OK)
        oct_die(NULL);
    for (int i = 0; i < nodes; i++)
        sum += shares[i];
    printf("%ld\n", sum);
    free(shares);

    oct_future *last = oct_on_node(pool, nodes - 1, whoami);
    int node;
    if (oct_result(last, &node) != OCT_OK)
        oct_die(last);
    printf("the last of the nodes is %s\n", node == nodes - 1 ? "there" : "elsewhere");
    return oct_pool_close(pool);
}
