/* array/memory.h - memory for chunks. */
#ifndef OCTI_ARRAY_MEMORY_H
#define OCTI_ARRAY_MEMORY_H

#include <stdint.h>

#include "oct/error.h"

/* So many doubles, for free(); in huge pages where there are many. NULL, with OCT_E_NOMEM that says how much
 * was wanted and where. Never NULL for none. */
double *octi_array_doubles_make(uint64_t count, oct_error *err);

#endif
