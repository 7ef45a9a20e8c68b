/* bench/collections/peer.h - the same questions, asked of pandas and of DuckDB where they are installed. */
#ifndef PEER_H
#define PEER_H

#include "oct/oct.h"

typedef struct peer_figures {
    const char *name;
    double seconds, cpu_seconds, bytes;
} peer_figures;

enum { PEERS = 2 };

typedef struct peers {
    peer_figures of[PEERS];
    int count; /* of those that answered */
} peers;

/* Runs peer.py and peer.js, which lie in the repository (OCTAVO_ROOT, or the current folder). They ask each
 * question once in a run of the benchmarks, and tell the others what they found. pandas has one thread;
 * DuckDB as many as the pool has workers, but for those that have no processor. */
peers peers_ask(oct_pool *pool, const char *question, const char *argument);

/* What is compared: seconds, the largest size, or bytes of file by seconds of processors. */
typedef enum peer_unit { PEER_SECONDS, PEER_BYTES, PEER_RATE } peer_unit;

/* A line for each peer, or where there is none one without. `bytes` are those of the file, for rates. */
void peers_lines(oct_pool *pool, const char *bench, double value, peer_unit unit, const peers *others,
                 double bytes);

#endif
