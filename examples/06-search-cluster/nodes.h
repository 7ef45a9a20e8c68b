/* nodes.h - which node did how much of the work. */
#ifndef NODES_H
#define NODES_H

#include <stddef.h>

/* What came out of one trial, and what it cost. A plain value, so it travels from any node. */
typedef struct outcome {
    double accuracy;
    double seconds; /* that it took */
    int node;       /* where it ran: oct_node() */
} outcome;

/* Prints on stderr how many trials each node did, for how long, and how long all of them together would
 * have taken one worker; `seconds` is what it took in fact. */
void nodes_report(const outcome *outcomes, size_t count, int nodes, double seconds);

#endif
