/* exec/processes/zygote.h - a process that was forked while the program had one thread, and
 * does nothing but fork workers from that state, watch them die, and kill them.
 *
 * Through it a worker can be replaced however many threads the program has started since, and
 * a worker is killed by its own parent, which knows that its number is not another's yet. It
 * ends, and its workers with it, when the program ends in whatever way. */
#ifndef OCTI_ZYGOTE_H
#define OCTI_ZYGOTE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oct/error.h"

typedef struct octi_zygote {
    pid_t pid;
    int control;
} octi_zygote;

/* What it tells. */
typedef enum octi_birth {
    OCTI_STARTED, /* value: the worker's pid */
    OCTI_REFUSED, /* value: errno of fork */
    OCTI_DIED,    /* value: as waitpid(2) has it */
} octi_birth;

typedef struct octi_news {
    uint32_t what; /* octi_birth */
    uint32_t slot;
    int32_t value;
} octi_news;

/* What a worker does; it does not return. */
typedef void (*octi_worker_fn)(uint32_t slot, void *ctx);

/* Forks it. `ctx` is used in the workers. */
OCT_NODISCARD oct_err octi_zygote_start(octi_worker_fn work, void *ctx, octi_zygote *out, oct_error *err);

/* Asks for a worker in a slot that has none, or for the death of the one there. What comes of
 * it is news. Any thread. */
void octi_zygote_spawn(const octi_zygote *zygote, uint32_t slot);
void octi_zygote_kill(const octi_zygote *zygote, uint32_t slot);

/* Waits for news. False when there will be none: the zygote is gone, or octi_zygote_hang_up. */
bool octi_zygote_listen(const octi_zygote *zygote, octi_news *news);

/* Ends the zygote and all workers; whoever listens returns. */
void octi_zygote_hang_up(const octi_zygote *zygote);

/* Waits until they are gone, after octi_zygote_hang_up. */
void octi_zygote_stop(octi_zygote *zygote);

#endif
