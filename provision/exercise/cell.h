/* exercise/cell.h - a child in a PID namespace of its own, where the system allows that: ending the
 * cell's first process ends everything in it at once, and the kernel lets no fork pass by that.
 *
 * Meant for root, whom RLIMIT_NPROC does not hold back. See pid_namespaces(7). */
#ifndef OCTI_CELL_H
#define OCTI_CELL_H

#include <stdbool.h>
#include <sys/types.h>

/* True for root where namespaces may be made; tried once, by making one. */
bool octi_cell_possible(void);

/* Forks twice: into the cell's first process, whose number is returned, and from there into the program to
 * be, where 0 is returned. The first process ends when the program has. -1 with errno on failure.
 * *status_fd, for octi_cell_status, is the caller's to close. */
pid_t octi_cell_fork(int *status_fd);

/* How the program ended, as waitpid tells it, once the first process was reaped; `otherwise` when that was
 * killed before. */
int octi_cell_status(int status_fd, int otherwise);

#endif
