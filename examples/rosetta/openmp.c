/* The map in OpenMP: a line for the compiler. Threads of one machine.
 *
 * dynamic: blocks do not cost the same, so none is given out before somebody is free. */
#include "work.h"

int main(void)
{
    int lengths[BLOCKS];
    work_start();
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < BLOCKS; i++)
        lengths[i] = longest_chain(i);
    work_report(lengths);
    return 0;
}
