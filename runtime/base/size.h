/* base/size.h - sizes in bytes as people write them: "512m", "2g", "1.5G", "4096". */
#ifndef OCTI_SIZE_H
#define OCTI_SIZE_H

#include <stdint.h>

#include "oct/error.h"

/* Reads a number with an optional unit b, k, m, g or t (powers of 1024, any case, also
 * written "kb" or "KiB"). OCT_E_INVALID quotes the text. */
OCT_NODISCARD oct_err octi_size_parse(const char *text, uint64_t *bytes, oct_error *err);

enum { OCTI_SIZE_TEXT = 16 };

/* The shortest of "17 B", "1.5 KiB", "2.0 GiB". */
void octi_size_format(uint64_t bytes, char text[OCTI_SIZE_TEXT]);

#endif
