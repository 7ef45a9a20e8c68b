/* What the cluster pool costs, beside raw MPI between the same ranks:
 *
 *   mpirun -n 2 cluster --pool=cluster:1
 *
 * Its first figures are of ranks 0 and 1, the last of all that were started. */
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/runtime/bench.h"

enum { ROUNDS = 3, TRIPS = 3000, TASKS = 100000 };

OCT_TASK(long, increment, long, x)
{
    return x + 1;
}

OCT_TASK(double, spin_us, double, microseconds)
{
    double end = bench_now() + microseconds * 1e-6;
    while (bench_now() < end)
        continue;
    return microseconds;
}

OCT_TASK(size_t, take_bytes, oct_bytes, bytes)
{
    return bytes.size;
}

static void finalize(void)
{
    MPI_Finalize();
}

/* ---- the peer: the same bytes there and back ---- */

typedef struct ping_pong {
    int rank, size;
    char *bytes;
} ping_pong;

/* On a busy machine MPI's polling makes this slow: then fewer trips must do. The first byte
 * tells the other rank which is the last. */
static double ping(void *ctx)
{
    ping_pong *self = ctx;
    MPI_Barrier(MPI_COMM_WORLD);
    double began = bench_now();
    int trips = 0;
    for (bool last = self->rank > 1; !last; trips++) {
        if (self->rank == 0) {
            self->bytes[0] = trips + 1 == TRIPS || bench_now() - began > 0.5;
            MPI_Send(self->bytes, self->size, MPI_BYTE, 1, 1, MPI_COMM_WORLD);
        }
        MPI_Recv(self->bytes, self->size, MPI_BYTE, 1 - self->rank, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        last = self->bytes[0];
        if (self->rank == 1)
            MPI_Send(self->bytes, self->size, MPI_BYTE, 0, 1, MPI_COMM_WORLD);
    }
    return (bench_now() - began) / (trips > 0 ? trips : 1);
}

static double raw_round_trip(int rank, int size)
{
    ping_pong self = {rank, size, calloc(1, (size_t)size)};
    double seconds = bench_least(ROUNDS, ping, &self);
    free(self.bytes);
    return seconds;
}

/* ---- ours ---- */

static const oct_options there = {.node = 2};

static double round_trip(void *pool)
{
    double began = bench_now();
    for (long i = 0; i < TRIPS; i++) {
        long value;
        if (oct_result(oct_submit_with(pool, &there, increment, i), &value) != OCT_OK || value != i + 1)
            oct_die(NULL);
    }
    return (bench_now() - began) / TRIPS;
}

static oct_future *futures[TASKS];

static double submit_and_collect(oct_pool *pool, const oct_options *options)
{
    double began = bench_now();
    for (long i = 0; i < TASKS; i++)
        futures[i] = oct_submit_with(pool, options, increment, i);
    for (long i = 0; i < TASKS; i++) {
        long value;
        if (oct_result(futures[i], &value) != OCT_OK || value != i + 1)
            oct_die(NULL);
    }
    return (bench_now() - began) / TASKS;
}

static double to_the_other(void *pool)
{
    return submit_and_collect(pool, &there);
}

static double to_anyone(void *pool)
{
    return submit_and_collect(pool, NULL);
}

static double one_megabyte(void *pool)
{
    static char data[1 << 20];
    double began = bench_now();
    for (int i = 0; i < 100; i++) {
        size_t size;
        oct_bytes bytes = {data, sizeof(data)};
        if (oct_result(oct_submit_with(pool, &there, take_bytes, bytes), &size) != OCT_OK ||
            size != sizeof(data))
            oct_die(NULL);
    }
    return (bench_now() - began) / 100;
}

OCT_TASK(oct_doubles, numbers, size_t, count)
{
    return (oct_doubles){calloc(count, sizeof(double)), count};
}

/* Values of 64 KB that stayed on the other node, brought home; seconds for one. */
static double gather(void *pool)
{
    enum { COUNT = 200, SIZE = 8192 };
    static oct_doubles values[COUNT];
    for (int i = 0; i < COUNT; i++)
        futures[i] = oct_submit_with(pool, &there, numbers, (size_t)SIZE);
    if (oct_wait_many(futures, COUNT, OCT_ALL_DONE, OCT_FOREVER) != OCT_OK)
        oct_die(NULL);
    double began = bench_now();
    if (oct_gather(futures, COUNT, values) != OCT_OK)
        oct_die(NULL);
    double seconds = bench_now() - began;
    for (int i = 0; i < COUNT; i++)
        free(values[i].data);
    return seconds / COUNT;
}

enum { BUSY = 2000, BUSY_US = 100 };

static void collect_busy(void)
{
    for (int i = 0; i < BUSY; i++) {
        if (oct_result(futures[i], &(double){0}) != OCT_OK)
            oct_die(NULL);
    }
}

static void submit_busy(oct_pool *pool)
{
    for (int i = 0; i < BUSY; i++)
        futures[i] = oct_submit(pool, spin_us, (double)BUSY_US);
    collect_busy();
}

/* How much of the processors' time goes into tasks of 100 us that the program submits. */
static double busy_share(void *pool)
{
    double began = bench_now();
    submit_busy(pool);
    return (bench_now() - began) / (BUSY * BUSY_US * 1e-6);
}

/* The same that a task submits, each rank's in turn. */
OCT_TASK(int, submit_busy_there, int, unused)
{
    submit_busy(oct_task_pool());
    return unused;
}

static double nested_share(void *pool)
{
    int rounds = oct_pool_nodes(pool);
    double began = bench_now();
    for (int i = 0; i < rounds; i++) {
        oct_options at = {.node = i + 1};
        if (oct_result(oct_submit_with(pool, &at, submit_busy_there, 0), &(int){0}) != OCT_OK)
            oct_die(NULL);
    }
    return (bench_now() - began) / (rounds * BUSY * BUSY_US * 1e-6);
}

/* The same that become ready together, when what all of them wait for ends. */
OCT_TASK(double, spin_after, double, gate)
{
    return spin_us(BUSY_US) + gate;
}

static double ready_share(void *pool)
{
    double began = bench_now();
    oct_future *gate = oct_submit((oct_pool *)pool, spin_us, 2000.0);
    for (int i = 0; i < BUSY; i++)
        futures[i] = oct_submit((oct_pool *)pool, spin_after, gate);
    collect_busy();
    oct_release(gate);
    return (bench_now() - began) / (BUSY * BUSY_US * 1e-6);
}

int main(int argc, char **argv)
{
    int level, rank;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    atexit(finalize); /* the pool leaves MPI alone, since it has not started it */
    double raw_small = raw_round_trip(rank, 64), raw_large = raw_round_trip(rank, 1 << 20);

    oct_pool *pool = bench_open(&argc, argv);
    if (oct_pool_nodes(pool) < 2) {
        fprintf(stderr, "cluster: needs two ranks: mpirun -n 2 %s --pool=cluster:1\n", argv[0]);
        return 2;
    }
    double trip = bench_least(ROUNDS, round_trip, pool) * 1e6;
    bench_line(pool, "round_trip", trip, "round_trip_us", "raw MPI", raw_small * 1e6);
    bool has_peer = argc == 4; /* its name, and its two figures */
    const char *peer = has_peer ? argv[1] : NULL;
    bench_line(pool, "submit_result", 1 / bench_least(ROUNDS, to_the_other, pool), "tasks_per_s", peer,
               has_peer ? strtod(argv[2], NULL) : 0);
    if (has_peer)
        bench_line(pool, "submit_result", trip, "round_trip_us", peer, strtod(argv[3], NULL));
    bench_line(pool, "submit_shared", 1 / bench_least(ROUNDS, to_anyone, pool), "tasks_per_s", NULL, 0);
    bench_line(pool, "one_megabyte", bench_least(ROUNDS, one_megabyte, pool) * 1e6, "us",
               "raw MPI, both ways", raw_large * 1e6);
    bench_line(pool, "gather_64_kb", bench_least(ROUNDS, gather, pool) * 1e6, "us", NULL, 0);
    bench_line(pool, "tasks_of_100us", bench_least(ROUNDS, busy_share, pool), "ratio", "one processor", 1);
    bench_line(pool, "nested_of_100us", bench_least(ROUNDS, nested_share, pool), "ratio", "one processor", 1);
    bench_line(pool, "ready_of_100us", bench_least(ROUNDS, ready_share, pool), "ratio", "one processor", 1);
    oct_pool_close(pool);
    return 0;
}
