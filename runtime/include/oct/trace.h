/* oct/trace.h - what ran where, how long, and how far it is.
 *
 * Nothing is recorded, and nearly nothing spent, until a program asks: by --profile or --trace=FILE on
 * its command line (oct_pool_open takes them), or by these calls. */
#ifndef OCT_TRACE_H
#define OCT_TRACE_H

#include <stdio.h>

#include "oct/error.h"
#include "oct/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Starts recording, of all pools; again after a start it forgets what was recorded. */
OCT_NODISCARD OCT_API oct_err oct_trace_start(oct_error *err);

/* Prints a table: for each task how often it ran and failed, its time in all, its mean and longest
 * run and how long it waited; then how busy each thread was, each worker process and each other rank (all its
 * workers together), and how many bytes moved between them. Call it when the pool has nothing left to run.
 * --profile does so on stderr when the pool closes. */
OCT_API void oct_profile_print(FILE *out);

/* Writes the latest tasks (65536 of each thread, worker process and other rank) for chrome://tracing or
 * ui.perfetto.dev: the "Trace Event Format" of the Chromium project. */
OCT_NODISCARD OCT_API oct_err oct_trace_write(const char *path, oct_error *err);

/* Shows on stderr how many of the pool's tasks, and items of its maps, have ended, and for how long it may go
 * on at that pace: a bar where that is a terminal, else a line now and then. One at a time; NULL when it
 * cannot be had. */
typedef struct oct_progress oct_progress;
OCT_API oct_progress *oct_progress_open(oct_pool *pool, const char *label);

/* Shows the last state and takes the bar away. NULL is ignored. */
OCT_API void oct_progress_close(oct_progress *progress);

#ifdef __cplusplus
}
#endif
#endif
