/* oct/pool.h - where tasks run.
 *
 * A pool is made of nodes, places with a memory of their own, and each node of workers:
 *
 *   threads[:N]     one node, this process, with N threads (default: one a usable CPU)
 *   processes[:N]   N isolated worker processes: a task that crashes costs that task alone
 *   cluster         one node a rank, started by `octavo run`, srun or mpirun
 *
 * Options follow the kind, separated by commas: "threads:4,limit=100000".
 *   tags=A+B  what every node of the pool has (oct/tags.h), beside what OCTAVO_TAGS says where it starts
 *   limit=N   back-pressure: oct_submit waits while N futures of the pool are unfinished
 *
 *   isolated  of a cluster: each rank runs its tasks in worker processes of its own, so that one that
 *             crashes, or is killed for its time limit or by oct_cancel, costs that task alone. A task
 *             costs some ten microseconds more; what it submits runs on the same node, and actors
 *             on other nodes are out of its reach
 *
 *   journal=PATH   results outlive the program: each that a task returns is recorded in that file,
 *             and a program that is run again gets it from there instead of computing it. Without it the
 *             environment's OCTAVO_JOURNAL names the file. A path has no comma in it
 *
 * Any thread may use a pool; one closes it. Open it before the program starts threads, since
 * the processes kind forks. Libraries of Octavo never print, exit or abort: what a call that
 * returns a pointer could not do is told by oct_last_error. */
#ifndef OCT_POOL_H
#define OCT_POOL_H

#include <stddef.h>

#include "oct/error.h"
#include "oct/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opens the pool that the user asked for: by --pool=SPEC in argv, which is removed from it,
 * else by OCTAVO_POOL in the environment, else "cluster" where srun or mpirun started the
 * program, else "threads". --profile and --trace=FILE (oct/trace.h) are taken out of argv too.
 * In a cluster it returns on rank 0; on the others it serves tasks
 * until the pool closes, and then ends the process.
 * NULL on failure, which every other call accepts as a pool, and fails with the same error. */
OCT_API oct_pool *oct_pool_open(int *argc, char **argv);

/* The same from a spec, such as "threads:4"; NULL takes the environment's or the default. */
OCT_NODISCARD OCT_API oct_err oct_pool_open_spec(const char *spec, oct_pool **out, oct_error *err);

/* Waits for everything that was submitted (oct_pool_cancel first, not to), then frees the
 * pool and every future of it that nobody took. While it waits only the pool's own tasks may
 * submit. Pool and futures must not be used after it: calls that do fail with OCT_E_STATE, and
 * so does closing a pool from one of its own tasks. NULL is ignored. */
OCT_API oct_err oct_pool_close(oct_pool *pool);

/* Withdraws everything that has not started, as oct_cancel does. */
OCT_API void oct_pool_cancel(oct_pool *pool);

/* How many tasks can run at once, over all nodes; 0 for NULL. */
OCT_API int oct_pool_workers(const oct_pool *pool);

/* How many nodes there are; 0 for NULL. */
OCT_API int oct_pool_nodes(const oct_pool *pool);

/* "threads", "processes" or "cluster". */
OCT_API const char *oct_pool_kind(const oct_pool *pool);

/* The node the caller runs on, 0 being the program's own, and its name for messages: "" on a pool that is no
 * cluster. */
OCT_API int oct_node(void);
OCT_API const char *oct_node_name(void);

/* Why the latest call of this thread that returns a pointer, or a code without taking an
 * error, failed. Belongs to the thread; overwritten by its next failure. */
OCT_API const oct_error *oct_last_error(void);

#ifdef __cplusplus
}
#endif
#endif
