/* The map as a loop. */
#include "work.h"

int main(void)
{
    int lengths[BLOCKS];
    work_start();
    for (int i = 0; i < BLOCKS; i++)
        lengths[i] = longest_chain(i);
    work_report(lengths);
    return 0;
}
