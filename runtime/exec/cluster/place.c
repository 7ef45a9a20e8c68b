/* Where a job is to run, and how long it is believed to. */
#include "runtime/exec/args.h"
#include "runtime/exec/cluster/cluster.h"
#include "runtime/task/type.h"

/* A value up to this size is no reason to go where it is: it comes along, sooner than a worker is free. */
enum { WORTH_GOING = OCTI_STAYS_ABOVE };

/* A task goes where its values are; if nobody is free there, the values go to who is, when that takes no
 * more than this part of the task's own time. A network moves a byte in about a nanosecond. */
enum { WORTH_MOVING = 4, BYTES_PER_NS = 1 };

/* ---- how long ---- */

/* Quick to believe that tasks are long, since it is that which hurts when it is overlooked. Two threads
 * that learn at once lose the one or the other: no harm. */
void octi_place_learn(octi_cluster *cluster, const oct_task *task, int64_t ran_ns)
{
    _Atomic int64_t *known = &cluster->task_ns[task->index];
    int64_t before = atomic_load_explicit(known, memory_order_relaxed);
    if (ran_ns <= 0)
        return;
    if (before == 0)
        before = ran_ns;
    else
        before += (ran_ns - before) / (ran_ns > before ? 2 : 8);
    atomic_store_explicit(known, before, memory_order_relaxed);
}

int64_t octi_place_known_ns(const octi_cluster *cluster, const oct_task *task)
{
    return atomic_load_explicit(&cluster->task_ns[task->index], memory_order_relaxed);
}

unsigned octi_place_level(const octi_cluster *cluster, const oct_task *task)
{
    int64_t ns = octi_place_known_ns(cluster, task);
    return ns == 0 ? OCTI_UNKNOWN_LEVEL : ns < 64 ? 6 : 64 - (unsigned)__builtin_clzll((uint64_t)ns);
}

/* ---- where ---- */

/* What is on every node is no reason to go to one. */
static bool is_everywhere(const octi_cluster *cluster, const octi_job *dep)
{
    const octi_copies *copies = dep->more ? dep->more->copies : NULL;
    return copies && copies->nodes == cluster->size;
}

/* A value's bytes, and the rank that has them. */
static uint64_t size_of(const octi_cluster *cluster, octi_job *dep, int *rank)
{
    *rank = cluster->rank;
    if (!octi_job_is_remote(dep))
        return dep->has_value ? octi_value_bytes(&dep->task->result, octi_job_value(dep)) : 0;
    octi_location location = octi_value_location(dep);
    *rank = location.rank;
    return location.size;
}

/* To the largest of the values, and of no use elsewhere unless all may move. */
static octi_place place_of_values(const octi_cluster *cluster, const octi_job *job)
{
    octi_place place = {OCTI_ANYWHERE, false};
    uint64_t most = WORTH_GOING, total = 0;
    for (uint32_t i = 0; i < job->dep_count; i++) {
        int rank;
        octi_job *dep = job->deps->at[i].job;
        uint64_t size = is_everywhere(cluster, dep) ? 0 : size_of(cluster, dep, &rank);
        total += size;
        if (size > most) {
            most = size;
            place.rank = rank;
        }
    }
    uint64_t task_ns = UINT64_C(1) << octi_place_level(cluster, job->task);
    place.is_firm = place.rank != OCTI_ANYWHERE && total / BYTES_PER_NS > task_ns / WORTH_MOVING;
    return place;
}

octi_place octi_place_of(const octi_cluster *cluster, const octi_job *job)
{
    const oct_options *options = job->more ? &job->more->options : NULL;
    if (options && options->node > 0)
        return (octi_place){options->node - 1, true};
    octi_job *near = options && options->near ? octi_job_of(options->near) : NULL;
    if (near && octi_job_state(near) == OCTI_DONE)
        return (octi_place){octi_job_is_remote(near) ? octi_value_location(near).rank : cluster->rank, false};
    return place_of_values(cluster, job);
}
