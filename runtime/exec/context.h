/* exec/context.h - what a thread knows about the task it runs. */
#ifndef OCTI_CONTEXT_H
#define OCTI_CONTEXT_H

#include <stdbool.h>

#include "runtime/exec/job.h"

enum { OCTI_HELD = 4, OCTI_NAME_BITS = 48 };

/* One running task; they nest where a waiting worker runs others. On the worker's stack. */
typedef struct octi_frame {
    struct octi_frame *below;
    octi_job *job; /* NULL for a call that came from elsewhere */
    oct_pool *pool;
    int64_t deadline_ns;      /* of octi_clock_ns; 0: none */
    const oct_task *task;     /* set by octi_run; NULL for a loop over items */
    uint64_t held[OCTI_HELD]; /* the shared locks that the task took and has not given back */
    uint32_t held_count;
    uint64_t name;  /* the task among all that take locks, on any node; 0: not yet needed */
    uint64_t actor; /* likewise 0: the one whose method it turned out to be */
} octi_frame;

typedef struct octi_context {
    octi_frame *frame; /* the innermost task, or NULL */
    void *worker;      /* of exec/threads, or NULL */
    octi_loop *loop;   /* the loop that runs items of a map, or NULL */
    bool touched;      /* somebody asked for `error` since the task began */
    oct_error error;   /* the running task's, valid when touched */
} octi_context;

/* initial-exec: the library is linked, not loaded later, and fork and join live from this. */
extern __thread octi_context octi_here __attribute__((tls_model("initial-exec")));

/* The name of the running task, or of a thread that runs none. Never 0. Above OCTI_NAME_BITS it says on
 * which node that is. */
uint64_t octi_here_name(void);
int octi_name_node(uint64_t name);

/* The calling thread is the one of a process that was forked: it makes names of its own. */
void octi_names_forked(void);

/* Gives up the locks of a task that returned with some. Set by future/shared.c. */
extern void (*octi_left_locked)(octi_frame *frame);

/* Told of each job before and after it runs on a thread of this process; what the first returned is
 * given to the second. NULL: nobody wants to know. Set by journal/suspects.c before the first runs. */
extern uint32_t (*octi_run_begins)(const octi_job *job);
extern void (*octi_run_ended)(uint32_t place);

/* Runs task on args, with frame as its context. On success *value, of the result's size, owns
 * its memory. Any other code has its message in *err (which is not NULL). */
OCT_API oct_err octi_run(const oct_task *task, const void *args, void *value, octi_frame *frame,
                         oct_error *err);

/* Runs a QUEUED job on this thread to its end. True when it is to run once more: it is QUEUED
 * again, and the caller's. */
bool octi_run_job(octi_job *job);

/* The name that failures give for this node, and its number. */
OCT_API void octi_node_set(int number, const char *name);

#endif
