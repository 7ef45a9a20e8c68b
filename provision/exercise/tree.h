/* exercise/tree.h - all processes that descend from this one, however they detached themselves.
 *
 * The calling process adopts orphans (PR_SET_CHILD_SUBREAPER), so nothing that a child starts
 * leaves the tree. For a process whose every child may be looked at and killed. */
#ifndef OCTI_TREE_H
#define OCTI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct octi_tree {
    pid_t *pids; /* malloc'ed; without zombies */
    size_t count;
    uint64_t bytes;     /* resident, shared memory counted for each that has it */
    unsigned processes; /* of this user, on the whole machine, threads counted as processes */
} octi_tree;

/* Whether from now on orphans below this process become its children. */
void octi_tree_adopt(bool adopt);

/* Looks at /proc; out of memory shows as an empty tree. */
void octi_tree_scan(octi_tree *out);
void octi_tree_deinit(octi_tree *tree);

/* How many of the threads in the tree have something to do: they run, or wait for a core. */
unsigned octi_tree_runnable(const octi_tree *tree);

/* Ends all of them: each is stopped first, so that none forks while others are killed. Returns
 * when none is left that can be. Reaps them. */
void octi_tree_kill(void);

#endif
