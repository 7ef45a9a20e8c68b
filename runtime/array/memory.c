#include "runtime/array/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "oct/pool.h"
#include "runtime/base/size.h"

/* A chunk is written once and read once or twice, so that faults and misses of the page table are a good part
 * of its cost: a tenth of a matrix product of chunks of 32 MiB. */
enum { HUGE_PAGE = 2 << 20, LARGE = 2 * HUGE_PAGE };

double *octi_array_doubles_make(uint64_t count, oct_error *err)
{
    uint64_t bytes = (count + 1) * sizeof(double),
             whole = (count * sizeof(double) + HUGE_PAGE - 1) & -(uint64_t)HUGE_PAGE;
    double *made = bytes < LARGE ? malloc(bytes) : aligned_alloc(HUGE_PAGE, whole);
    if (made && bytes >= LARGE)
        (void)madvise(made, whole, MADV_HUGEPAGE); /* or not: it is advice */
    if (made)
        return made;
    char text[OCTI_SIZE_TEXT];
    octi_size_format(bytes, text);
    oct_fail(err, OCT_E_NOMEM, "out of memory for a chunk of %s on '%s'", text, oct_node_name());
    oct_hint(err, "cut the array into smaller chunks with oct_array_rechunk, or use more nodes");
    return NULL;
}
