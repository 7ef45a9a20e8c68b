/* bag/part.h - some records of a bag, which stay where they were made until somebody needs them. */
#ifndef OCTI_PART_H
#define OCTI_PART_H

#include "oct/error.h"
#include "runtime/bag/rows.h"

typedef struct octi_bag_part {
    uint64_t buckets;
    uint64_t *starts; /* of each bucket, and the end; NULL when there are no buckets */
    octi_rows rows;
    oct_error
        *lost; /* why there are no records: they came from another process, and found no room; or NULL */
} octi_bag_part;

void octi_bag_part_deinit(octi_bag_part *part);

/* Whoever uses a part looks whether it is whole. */
OCT_NODISCARD oct_err octi_bag_part_check(const octi_bag_part *part, oct_error *err);

#endif
