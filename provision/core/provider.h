/* core/provider.h - the contract of a provider: what makes nodes.
 *
 * A provider makes nodes, destroys them, and executes commands on them. Everything else
 * (joining, running, copying) is built on `exec`, so it is the same on every provider.
 * State lives in the engine's labels and nowhere else.
 *
 * One thread uses a provider object at a time. Every call is safe to repeat after it, or
 * the whole program, was cut off anywhere. */
#ifndef OCTI_PROVIDER_H
#define OCTI_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"
#include "provision/core/cluster.h"
#include "runtime/base/buffer.h"

typedef struct octi_provider octi_provider;

/* Hears about every step of `create` and `destroy` as it happens: node may be NULL for a
 * step of the whole cluster; step is a short phrase ("creating", "starting", "running"). */
typedef struct octi_observer {
    void (*step)(void *ctx, const octi_node *node, const char *step);
    /* Asked at least every 200 ms; true ends the call with OCT_E_CANCELLED. NULL: never. */
    bool (*interrupted)(void *ctx);
    void *ctx;
} octi_observer;

/* One command on one node. Zero-initialise, then set argv. */
typedef struct octi_exec {
    const char *const *argv;      /* NULL-terminated; argv[0] found on the node's PATH */
    const char *workdir;          /* NULL: the image's own */
    bool tty;                     /* allocate a terminal; then only `output` with stream 1 */
    unsigned short rows, columns; /* first size of the terminal; 0: unknown */

    /* Standard input: `input_fd` (-1: none) is read until its end, or `input` of
     * `input_size` bytes is sent; both absent: the command sees end of file at once. */
    int input_fd;
    const void *input;
    size_t input_size;

    /* Called for each piece of output as it arrives; stream is 1 or 2. A result other
     * than OCT_OK ends the exec with that code. NULL discards. */
    oct_err (*output)(void *ctx, int stream, const void *bytes, size_t size);

    /* Polled at least every 200 ms and after each signal; true ends the exec with
     * OCT_E_CANCELLED (the remote command goes on: cancel it by its own means).
     * NULL: never. */
    bool (*interrupted)(void *ctx);

    /* With tty: true when the terminal has a new size, which it stores. NULL: never. */
    bool (*resized)(void *ctx, unsigned short *rows, unsigned short *columns);

    void *ctx;      /* passed to all three */
    double timeout; /* seconds; 0: none. OCT_E_TIMEOUT when over */
} octi_exec;

#define OCTI_EXEC_INIT                                                                                       \
    {                                                                                                        \
        .input_fd = -1                                                                                       \
    }

/* What `doctor` and `version` show about an engine. */
typedef struct octi_engine_info {
    char endpoint[256];
    char product[64]; /* "Docker Engine", "Podman" */
    char version[64];
    char api[32];
    bool rootless;
} octi_engine_info;

/* A provider's own functions. `self` is what open stored. */
typedef struct octi_provider_ops {
    const char *name;    /* as --on takes it */
    const char *summary; /* for help */
    unsigned max_nodes;
    bool takes_image; /* nodes are made from an image; else they are there already */

    /* Where nodes have no shared state folder, the key that every node has mounted; else NULL. */
    const char *munge_key_file;

    /* Connects and negotiates; OCT_E_UNREACHABLE, OCT_E_DENIED with the way out. Of the spec
     * only what says where the engine is matters (context, namespace). */
    oct_err (*open)(void **self, const octi_spec *spec, oct_error *err);
    void (*close)(void *self);
    oct_err (*engine)(void *self, octi_engine_info *out, oct_error *err);

    /* Names of all clusters of ours; the caller frees each and the array. */
    oct_err (*list)(void *self, char ***names, size_t *count, oct_error *err);

    /* Makes what is missing of spec, in parallel, and returns when every node runs on
     * the engine, with *out filled. What exists already is kept; leftovers of a cut-off
     * create are completed. OCT_E_EXISTS when a name belongs to somebody else or the
     * cluster has another image or size. A failure names the node, the engine's reason
     * and the way out, and leaves what was made for `create` to resume. */
    oct_err (*create)(void *self, const octi_spec *spec, const octi_observer *observer, octi_cluster *out,
                      oct_error *err);

    /* OCT_E_NOTFOUND when there is no such cluster. Node states come from the engine
     * alone: RUNNING containers are STARTING here; who joined is Slurm's to tell. */
    oct_err (*inspect)(void *self, const char *name, octi_cluster *out, oct_error *err);

    /* Removes everything of that cluster and only that; with nothing there, OCT_OK and
     * *removed = 0 things. */
    oct_err (*destroy)(void *self, const char *name, const octi_observer *observer, size_t *removed,
                       oct_error *err);

    /* Removes one node, whatever state it is in and with what is in its memory, for `create` to
     * make it anew; what all nodes share stays. OCT_OK when it is gone already. NULL: a node
     * cannot be replaced by itself. */
    oct_err (*discard)(void *self, const octi_node *node, oct_error *err);

    /* Goes on without nodes that are lost, where none can be made anew: *cluster, which is what it was,
     * becomes what is left. OCT_E_LOST, with the way to another, when nothing is. NULL: a lost node is
     * replaced by discard and create, or the caller leaves it out. */
    oct_err (*leave_out)(void *self, octi_cluster *cluster, oct_error *err);

    /* Records that the cluster has `nodes` nodes from now on, and removes those that are beyond,
     * whatever runs on them; more of them `create` makes, as of a cluster that was cut off. Nodes 0 to
     * `nodes` - 1 are not touched. NULL: a cluster keeps its size. */
    oct_err (*resize)(void *self, const octi_cluster *cluster, unsigned nodes, const octi_observer *observer,
                      oct_error *err);

    /* Runs a command; *exit_status as a shell has it (128 + signal). */
    oct_err (*exec)(void *self, const octi_node *node, const octi_exec *exec, int *exit_status,
                    oct_error *err);

    /* Runs one command with the same standard input on every node but the head, all at once;
     * the first failure names its node. NULL: nodes share the state folder, so that what the
     * head is told reaches all. */
    oct_err (*exec_workers)(void *self, const octi_cluster *cluster, const octi_exec *exec, oct_error *err);

    /* Appends, as text that the engine's own tool would take, exactly what `create` would ask
     * the engine for. NULL: the engine takes no such text. */
    oct_err (*plan)(void *self, const octi_spec *spec, octi_buffer *text, oct_error *err);

    /* The node's own log from PID 1, oldest first; follow waits for more until
     * interrupted (see octi_exec). tail < 0: all. NULL: the logs are somebody else's. */
    oct_err (*logs)(void *self, const octi_node *node, int tail, bool follow, const octi_exec *sink,
                    oct_error *err);

    /* What there is to know about why nodes of that cluster do not run: for each, its end,
     * the engine's last events about it and its last log lines, as plain text. To be asked
     * before destroy. Empty when all run. */
    oct_err (*evidence)(void *self, const char *name, octi_buffer *text, oct_error *err);
} octi_provider_ops;

/* Opens the provider called name, from the one table that knows them all (see
 * provision/cli). The caller closes it. */
struct octi_provider {
    const octi_provider_ops *ops;
    void *self;
};

#endif
