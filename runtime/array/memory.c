#include "runtime/array/memory.h"

#include "oct/pool.h"
#include "runtime/base/heap.h"
#include "runtime/base/size.h"

double *octi_array_doubles_make(uint64_t count, oct_error *err)
{
    uint64_t bytes = count * sizeof(double);
    double *made = octi_heap_block(bytes);
    if (made)
        return made;
    char text[OCTI_SIZE_TEXT];
    octi_size_format(bytes, text);
    oct_fail(err, OCT_E_NOMEM, "out of memory for a chunk of %s on '%s'", text, oct_node_name());
    oct_hint(err, "cut the array into smaller chunks with oct_array_rechunk, or use more nodes");
    return NULL;
}
