/* prep/checksum.h - the SHA-256 of a file, in a file beside it that `sha256sum -c` reads too.
 *
 * It tells whether a file is still what was put there; not whether that was right. */
#ifndef PREP_CHECKSUM_H
#define PREP_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"

/* Of bytes that are given piece by piece. One thread at a time. */
typedef struct checksum checksum;

/* NULL where there is no memory for it. NULL is ignored by destroy. */
checksum *checksum_create(void);
void checksum_destroy(checksum *sum);

void checksum_add(checksum *sum, const void *bytes, size_t size);

/* Writes path.sha256 for all that was added; nothing can be added after. OCT_E_IO, OCT_E_EXHAUSTED. */
oct_err checksum_save(checksum *sum, const char *path, oct_error *err);

/* *same: the file's bytes are those that path.sha256 is of. Where that is missing or is none, they are
 * not. OCT_E_IO when the file cannot be read, OCT_E_NOMEM. */
oct_err checksum_verify(const char *path, bool *same, oct_error *err);

#endif
