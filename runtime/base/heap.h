/* base/heap.h - what malloc does with large blocks that are freed.
 *
 * glibc gives a large block back to the kernel when it is freed, and takes new pages for the next: each costs
 * a fault, 0.2 us on bare metal and 3 us on a virtual machine, so that a megabyte takes longer to allocate
 * than to send. A program that moves large values all the time keeps them instead. */
#ifndef OCTI_HEAP_H
#define OCTI_HEAP_H

#include <stddef.h>

/* From here on blocks up to 32 MiB come from the heap, of which up to OCTI_HEAP_KEPT free bytes at its end
 * are kept. For the whole process; what the user has set (MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_,
 * GLIBC_TUNABLES) stands. Any thread, any number of times. */
void octi_heap_keep(void);

enum { OCTI_HEAP_KEPT = 64 << 20 };

/* So many bytes for free(), from OCTI_HEAP_LARGE on in huge pages where the kernel has them. A block that is
 * filled once costs a fault for each page, a tenth of a matrix product of chunks of 32 MiB and half of the
 * time that windows over a table take; one that is read here and there costs looks into the page table. NULL
 * where there is no memory; not for no bytes. */
void *octi_heap_block(size_t size);

/* The same of zeroes, for what is looked at before it is written, such as a hash table. A large block of
 * calloc's costs two faults a page then: the page of zeroes that all share, and its own, for which every
 * other thread's look into the page table is called off. */
void *octi_heap_zeroes(size_t size);

enum { OCTI_HEAP_PAGE = 2 << 20, OCTI_HEAP_LARGE = 2 * OCTI_HEAP_PAGE };

#endif
