/* work.h - the work that is mapped, and the answer.
 *
 * A Collatz chain halves even numbers and takes 3n + 1 of odd ones until it comes to 1. How
 * long that takes differs from number to number, so that blocks of numbers do not cost the same. */
#ifndef WORK_H
#define WORK_H

enum { BLOCKS = 2000, BLOCK = 1000 };

/* The longest chain that starts in block 0 to BLOCKS - 1 of BLOCK numbers. */
int longest_chain(int block);

/* Prints the answer on stdout, the same whatever computed it, and the time since work_start on
 * stderr. lengths has BLOCKS entries. */
void work_start(void);
void work_report(const int *lengths);

#endif
