/* base/cpus.h - the processors that this thread may use. */
#ifndef OCTI_CPUS_H
#define OCTI_CPUS_H

/* At least 1. Fewer than the machine has where taskset, a launcher or a container binds; a container's share
 * of their time is not looked at. */
int octi_usable_cpus(void);

#endif
