/* exec/args.h - a job's arguments as one block.
 *
 *   [ the task's arguments, as its C struct | what strings, arrays and packed values point at ]
 *
 * Pointers inside point into the same block. A block that was sent as it is needs only its
 * pointers moved by the difference of the two addresses (octi_args_adopt). A value of an
 * OCT_TYPE is in the block packed: its field holds a pointer to [uint64_t size][bytes]. */
#ifndef OCTI_ARGS_H
#define OCTI_ARGS_H

#include "runtime/exec/job.h"

/* Copies the arguments at `args` into the job's block. Fields whose bit is set in `skip` are
 * left zero. OCT_E_NOMEM, or OCT_E_EXHAUSTED above 4 GB. */
OCT_NODISCARD oct_err octi_args_store(octi_job *job, const void *args, uint32_t skip, oct_error *err);

/* Frees the block; harmless twice. */
void octi_args_release(octi_job *job);

/* Drops the references to futures, and tells the executor that holds a remote value. */
void octi_args_forget_remote(octi_job *job);

/* Checks a block that came from elsewhere, where it was at the address `origin`, and moves its
 * pointers. Every pointer must be into the block, every string must end in it, every array must
 * be aligned: the block's own address is a multiple of 16. */
OCT_API OCT_NODISCARD oct_err octi_args_adopt(const oct_task *task, void *block, size_t size, uint64_t origin,
                                              uint32_t skip, oct_error *err);

/* A task's arguments as it takes them, for one run. */
typedef struct octi_call {
    const oct_task *task;
    const void *args;  /* give it to task->run */
    void *made;        /* the C struct, when the block itself would not do; malloc'ed if big */
    uint32_t unpacked; /* the fields of made that own memory */
    _Alignas(16) char small[256];
} octi_call;

/* values[i], where not NULL, is borrowed for parameter i in place of the block's. */
OCT_API OCT_NODISCARD oct_err octi_call_init(octi_call *call, const oct_task *task, const void *block,
                                             const void *const *values, oct_error *err);
OCT_API void octi_call_deinit(octi_call *call);

/* "1, \"a.csv\", oct_doubles[1000]", cut to fit. Futures are shown as "future". */
void octi_args_describe(const octi_job *job, char *out, size_t size);

/* The same of a block; skipped fields are shown as "future". */
OCT_API void octi_args_describe_block(const oct_task *task, const void *block, uint32_t skip, char *out,
                                      size_t size);

#endif
