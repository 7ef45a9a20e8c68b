/* bench/collections/columns.h - a frame of arrays. */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "oct/oct.h"

enum { COLUMNS_MOST = 16 };

typedef struct column {
    const char *name, *format; /* of the Arrow C Data Interface: "l" int64, "g" double, "u" text */
    const void *values;
    const int32_t *offsets; /* of text: rows + 1 into values */
} column;

/* The values are copied. The program ends with the reason when there is no frame. */
oct_frame *columns_frame(oct_pool *pool, const column *columns, size_t count, int64_t rows);

/* malloc, or the end of the program. */
void *columns_room(size_t size);

#endif
