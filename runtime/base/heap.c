#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/base/heap.h"

/* glibc takes no larger threshold: half of what an arena that is not the first may have. */
enum { LARGEST = 32 << 20 };

static int is_set_by_the_user(void)
{
    const char *tunables = getenv("GLIBC_TUNABLES");
    return getenv("MALLOC_TRIM_THRESHOLD_") || getenv("MALLOC_MMAP_THRESHOLD_") ||
           (tunables && strstr(tunables, "glibc.malloc."));
}

/* Both, since setting either ends glibc's own guess at the other. */
void octi_heap_keep(void)
{
    if (is_set_by_the_user())
        return;
    mallopt(M_MMAP_THRESHOLD, LARGEST);
    mallopt(M_TRIM_THRESHOLD, OCTI_HEAP_KEPT);
}

void *octi_heap_block(size_t size)
{
    if (size < OCTI_HEAP_LARGE)
        return malloc(size ? size : 1);
    size_t whole = (size + OCTI_HEAP_PAGE - 1) & -(size_t)OCTI_HEAP_PAGE;
    void *block = whole >= size ? aligned_alloc(OCTI_HEAP_PAGE, whole) : NULL;
    if (block)
        (void)madvise(block, whole, MADV_HUGEPAGE); /* or not: it is advice */
    return block;
}

void *octi_heap_zeroes(size_t size)
{
    void *block = octi_heap_block(size);
    if (block)
        memset(block, 0, size);
    return block;
}
