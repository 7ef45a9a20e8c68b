/* bag/spill.h - memory for records, which continues on disk.
 *
 * What a process takes here is malloc'ed up to a bound: OCTAVO_MEMORY in the environment ("512m"), else
 * half of what the machine or the control group has. Blocks beyond it lie in files without a name (TMPDIR)
 * that are mapped: whoever uses a block need not know, and the kernel writes it to disk and takes its pages
 * away when others need them. A file's room on disk is reserved first, so that a full disk is a block that
 * is not to be had, as memory is, and never a signal.
 *
 * Blocks are aligned to 16 bytes; those of less than 16 KiB are never on disk. Any thread may call this. */
#ifndef OCTI_SPILL_H
#define OCTI_SPILL_H

#include <stddef.h>

#include "oct/error.h"

/* NULL when neither memory nor disk has room: see octi_spill_fail. */
void *octi_spill_take(size_t size);

/* As realloc: the block moves, or is as it was when the result is NULL. */
void *octi_spill_resize(void *block, size_t size);

/* NULL is ignored. */
void octi_spill_release(void *block);

/* The block will not be used for a while: one that is on disk does not count as the process's memory until
 * then. NULL is ignored; others may be reading it. */
void octi_spill_rest(const void *block);

/* Why this thread was refused a block last: OCT_E_NOMEM, OCT_E_EXHAUSTED (a full disk, a limit), OCT_E_IO.
 * `what` is what it was for: "the records of a bag". */
oct_err octi_spill_fail(oct_error *err, const char *what);

/* OCT_E_INVALID when OCTAVO_MEMORY is no size. */
OCT_NODISCARD oct_err octi_spill_check(oct_error *err);

#endif
