/* The map in MPI: every rank runs main, and does its share of the blocks.
 *
 * Each has zeros where the others have results, so the sum of all is all results. */
#include <mpi.h>

#include "work.h"

int main(int argc, char **argv)
{
    int rank, size, mine[BLOCKS] = {0}, lengths[BLOCKS];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    work_start();
    for (int i = rank; i < BLOCKS; i += size)
        mine[i] = longest_chain(i);
    MPI_Reduce(mine, lengths, BLOCKS, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        work_report(lengths);
    MPI_Finalize();
    return 0;
}
