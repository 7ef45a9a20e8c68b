/* node/config.h - cluster.json: what every node of a cluster is told about it.
 *
 *   {"version":1, "cluster":"dev", "generation":3,
 *    "nodes":[{"name":"dev-0","address":"172.18.0.2"}, ...],
 *    "cpus":2, "memory_mb":0, "munge_key_file":null}
 *
 * The order of nodes is their index; the first is the head. cpus and memory_mb are for
 * each node (0: what the node finds itself), munge_key_file names a mounted secret or is
 * null. Unknown members are ignored, so that an older node reads a newer file. Everything
 * that ends up in Slurm's own files is checked here, character by character. */
#ifndef OCTI_NODE_CONFIG_H
#define OCTI_NODE_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

enum {
    OCTI_CONFIG_SIZE_MAX = 1 << 20, /* bytes; 5,000 nodes take about 300 KiB */
    OCTI_CONFIG_NODES_MAX = 5000,
    OCTI_CONFIG_CPUS_MAX = 4096,
};

typedef struct octi_member {
    char name[64]; /* host name and Slurm node name */
    char address[64];
} octi_member;

typedef struct octi_config {
    char cluster[64];
    uint64_t generation;
    unsigned cpus;
    uint64_t memory_mb;
    char munge_key_file[256]; /* "" when the head makes the key */
    size_t node_count;
    octi_member *nodes; /* owned */
} octi_config;

/* Zero-initialised is valid; frees and zeroes. */
void octi_config_deinit(octi_config *config);

/* Reads the JSON text. On success *out replaces nothing: it must be empty. The message of
 * OCT_E_INVALID quotes the member that is wrong. */
OCT_NODISCARD oct_err octi_config_parse(const char *text, size_t size, octi_config *out, oct_error *err);

/* The same from a file; OCT_E_NOTFOUND when there is none. */
OCT_NODISCARD oct_err octi_config_load(const char *path, octi_config *out, oct_error *err);

/* Appends the JSON text of config, which octi_config_parse reads back as it was. */
OCT_NODISCARD oct_err octi_config_format(const octi_config *config, octi_buffer *out);

/* The index of the node called name, or -1. */
long octi_config_find(const octi_config *config, const char *name);

#endif
