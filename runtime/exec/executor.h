/* exec/executor.h - what an executor does: the contract between futures and threads,
 * processes and the cluster.
 *
 * The layer above creates jobs, waits for the futures among their arguments, and hands each
 * job over once, ready to run. The executor runs it somewhere and ends it (octi_job_done,
 * _done_elsewhere, _failed), from any thread of the program's process. It is told nothing
 * else, asks nothing, and never blocks in submit. Retries are the executor's, by
 * octi_job_retry; so are events (trace/event.h).
 *
 * An executor in other processes sends the block of exec/args.h as it is, and runs it there by
 * octi_args_adopt, octi_call_init and octi_run; exec/wire.h does all of that for one on the same
 * host. */
#ifndef OCTI_EXECUTOR_H
#define OCTI_EXECUTOR_H

#include <stdbool.h>

#include "oct/pool.h"
#include "runtime/exec/job.h"
#include "runtime/exec/tags.h"

typedef struct octi_executor octi_executor;

/* Where values can be elsewhere: a larger one stays where it was made until somebody asks. */
enum { OCTI_STAYS_ABOVE = 32768 };

/* A spec, taken apart: "threads:4,limit=100" */
typedef struct octi_spec {
    char kind[32];
    int count;            /* 0 when none was given */
    long limit;           /* 0 when none was given */
    bool isolated;        /* the tasks of a cluster's rank run in processes of their own */
    char tags[OCTI_TAGS]; /* "" when none were given */
    char journal[4096];   /* "" when none was given */
} octi_spec;

typedef struct octi_executor_class {
    const char *kind;

    /* Starts it. In a cluster this returns on rank 0 only. */
    oct_err (*open)(const octi_spec *spec, oct_pool *pool, octi_executor **out, oct_error *err);

    /* Takes a QUEUED job. Any thread, its own workers' included. */
    void (*submit)(octi_executor *executor, octi_job *job);

    /* True when a call of an actor (turn.h) and the next one that is submitted run in that order, one
     * at a time, though this has not ended when that is submitted. NULL: false. */
    bool (*in_order)(octi_executor *executor, const octi_job *job);

    /* Jobs of others were ended by this thread, which may have nothing more to do with the executor:
     * see to it that they hear of it. May be NULL. */
    void (*nudge)(octi_executor *executor);

    /* For a job that runs and is not wanted any more: OCTI_UNWANTED is set. May be NULL. */
    void (*interrupt)(octi_executor *executor, octi_job *job);

    /* Brings the value of a job that octi_job_is_remote here, by octi_value_unpack into the job as
     * octi_job_arrived does, and waits for it. NULL where values never are elsewhere. */
    oct_err (*fetch)(octi_executor *executor, octi_job *job, oct_error *err);

    /* Brings the values of those of the jobs, which are DONE, that are remote, all at once. What cannot be
     * brought stays where it is, for fetch to say why. NULL where fetch is. */
    void (*fetch_all)(octi_executor *executor, octi_job *const *jobs, size_t count);

    /* A job whose value is, or was, elsewhere is freed, so that nobody wants that value any more. Not
     * blocking. NULL likewise. */
    void (*forget)(octi_executor *executor, octi_job *job);

    /* Called on a worker thread of this executor whose task waits for `job`: runs other jobs
     * until it has ended, or says that it never will (OCT_E_DEADLOCK). With err NULL it must not
     * give up: others of the circle must. NULL where tasks run in other processes: then the
     * waiting thread sleeps. */
    oct_err (*wait)(octi_executor *executor, octi_job *job, oct_error *err);

    /* Called on a thread that is not such a worker's and is about to sleep until `job` has ended,
     * or octi_clock_ns says deadline: does something useful meanwhile, and sleeps. What it
     * returns is as octi_job_sleep's. NULL: it only sleeps. */
    bool (*help)(octi_executor *executor, octi_job *job, int64_t deadline_ns);

    /* Stops and frees it. Every job has ended. */
    void (*close)(octi_executor *executor);
} octi_executor_class;

/* A backend's own struct begins with this. */
struct octi_executor {
    const octi_executor_class *class;
    oct_pool *pool;
    int workers; /* tasks at once */
    int nodes;
    bool is_program;          /* in the process of the program, and not of a worker or another rank */
    bool shares_memory;       /* tasks see the program's memory: map passes pointers */
    char own_tags[OCTI_TAGS]; /* of the one node, */
    char (*tags)[OCTI_TAGS];  /* or of each */
};

const char *octi_executor_tags(const octi_executor *executor, int node);

octi_executor *octi_pool_executor(oct_pool *pool);

/* After a failure of a RUNNING job: true when it has attempts left, and then it is QUEUED
 * again and is the executor's to run. Counts the attempt either way. */
OCT_API bool octi_job_retry(octi_job *job);

/* Sees to it that the value of a DONE job is here. May wait. */
OCT_API OCT_NODISCARD oct_err octi_job_fetch(octi_job *job, oct_error *err);

/* The same of several jobs of one pool, on the way at once; what fails is left to octi_job_fetch. */
OCT_API void octi_job_fetch_all(octi_job *const *jobs, size_t count);

/* A job's value, fetched: moves a native value into a job that octi_job_is_remote. */
OCT_API oct_err octi_job_arrived(octi_job *job, void *value, oct_error *err);

/* Known kinds, in exec/pool.c's table. */
extern const octi_executor_class octi_threads_class;
extern const octi_executor_class octi_cluster_class;

#endif
