/* The map in Octavo: threads, processes or the nodes of a cluster.
 *
 *   pool [--pool=threads:4 | processes:4 | cluster] */
#include <oct/oct.h>

#include "work.h"

OCT_TASK(int, longest, int, block)
{
    return longest_chain(block);
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    int blocks[BLOCKS], lengths[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = i;
    work_start();
    if (oct_map(pool, longest, blocks, BLOCKS, lengths) != OCT_OK)
        oct_die(NULL);
    work_report(lengths);
    return oct_pool_close(pool);
}
