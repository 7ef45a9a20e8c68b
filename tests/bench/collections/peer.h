/* bench/collections/peer.h - the same question, asked of pandas where it is installed. */
#ifndef PEER_H
#define PEER_H

typedef struct peer_figures {
    const char *name; /* NULL: there is none here */
    double seconds, cpu_seconds, bytes;
} peer_figures;

/* Runs peer.py, which lies in the repository (OCTAVO_ROOT, or the current folder). It asks each question once
 * in a run of the benchmarks, and tells the others what it found. */
peer_figures peer_run(const char *question, const char *argument);

#endif
