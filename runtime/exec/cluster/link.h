/* exec/cluster/link.h - messages between ranks: all that the cluster executor needs of MPI.
 *
 * It is implemented in a shared object of its own (mpi.c, liboctavo-cluster.so), which is
 * loaded when a cluster pool opens, so that liboctavo works where MPI is not installed. The
 * object calls nothing of liboctavo.
 *
 * open, exchange and close are collective: every rank calls them, in the same order. The calls
 * that take a link are for one thread at a time, any thread (MPI_THREAD_SERIALIZED): the
 * executor's poll lock sees to that. Messages between two ranks arrive in the order sent,
 * except that those above OCTI_LINK_EAGER bytes may be overtaken. */
#ifndef OCTI_LINK_H
#define OCTI_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"

/* Changes with anything below; both sides compare it. */
#define OCTI_LINK_VERSION 1

/* The symbol to look up in the shared object. */
#define OCTI_LINK_SYMBOL "octi_link_mpi"

/* Up to this size a message is received into a buffer that waits for it. Above, its size is
 * announced first and it is received in place. */
enum { OCTI_LINK_EAGER = 16384 };

typedef struct octi_link octi_link;

typedef struct octi_link_events {
    /* A message came. `data` is lent for the call, unless `keep` is not NULL and the callee
     * sets *keep: then it is malloc'ed, and the callee frees it. */
    void (*received)(void *ctx, int from, char *data, size_t size, bool *keep);

    /* The bytes given to send may be used again. */
    void (*sent)(void *ctx, void *token);

    void *ctx;
} octi_link_events;

typedef struct octi_link_class {
    int version;

    /* Starts MPI unless the program has. A process without a launcher is a cluster of one. */
    oct_err (*open)(octi_link **out, oct_error *err);

    int (*rank)(const octi_link *link);
    int (*size)(const octi_link *link);

    /* Gives every rank everybody's `size` bytes, in the order of ranks. */
    oct_err (*exchange)(octi_link *link, const void *mine, size_t size, void *all, oct_error *err);

    /* Starts sending; the bytes must stay as they are until events->sent is called with
     * token. OCT_E_NOMEM, or OCT_E_LOST when the rank cannot be reached. */
    oct_err (*send)(octi_link *link, int to, const void *data, size_t size, void *token, oct_error *err);

    /* Moves what can move without waiting, and tells about it. True when something did: then there may be
     * more. OCT_E_LOST in *err when the MPI library reports that it cannot go on. */
    bool (*poll)(octi_link *link, const octi_link_events *events, oct_error *err);

    /* True while bytes given to send are still on their way out. */
    bool (*sending)(const octi_link *link);

    /* Waits for the others to close too, ends MPI if open started it, frees. */
    void (*close)(octi_link *link);

    /* Ends every rank at once, with this exit status. Does not return. */
    void (*abort)(octi_link *link, int status);
} octi_link_class;

#endif
