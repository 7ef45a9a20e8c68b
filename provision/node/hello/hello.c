/* octavo-hello: proves that MPI crosses the nodes. Every rank sends its host name to rank
 * 0, which prints {"ranks":8,"nodes":8,"seconds":0.004}: how many ranks there are, on how
 * many hosts, and how long the exchange took after MPI had started. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_SIZE = 64 };

static int compare_names(const void *a, const void *b)
{
    return memcmp(a, b, NAME_SIZE);
}

static int count_distinct(char *names, int count)
{
    int distinct = count > 0;
    qsort(names, (size_t)count, NAME_SIZE, compare_names);
    for (int i = 1; i < count; i++)
        distinct += memcmp(names + i * NAME_SIZE, names + (i - 1) * NAME_SIZE, NAME_SIZE) != 0;
    return distinct;
}

int main(int argc, char **argv)
{
    int rank, ranks;
    char name[NAME_SIZE] = "", *names = NULL;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    const char *node = getenv("SLURMD_NODENAME"); /* several of a test site are on one host */
    gethostname(name, sizeof(name) - 1);
    if (node)
        snprintf(name, sizeof(name), "%s", node);
    if (rank == 0 && !(names = calloc((size_t)ranks, NAME_SIZE)))
        MPI_Abort(MPI_COMM_WORLD, 1);

    double start = MPI_Wtime();
    MPI_Gather(name, NAME_SIZE, MPI_CHAR, names, NAME_SIZE, MPI_CHAR, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("{\"ranks\":%d,\"nodes\":%d,\"seconds\":%.6f}\n", ranks, count_distinct(names, ranks),
               MPI_Wtime() - start);
    free(names);
    MPI_Finalize();
    return 0;
}
