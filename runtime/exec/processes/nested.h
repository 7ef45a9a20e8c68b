/* exec/processes/nested.h - a worker's own executor: what its tasks submit goes to the program,
 * which has it run by whichever worker is free. */
#ifndef OCTI_NESTED_H
#define OCTI_NESTED_H

#include "runtime/exec/processes/port.h"

/* Puts it in the place of the pool's executor, in this process. */
void octi_nested_install(octi_port *port, oct_pool *pool);

#endif
