/* bag/part.h - some records of a bag, which stay where they were made until somebody needs them. */
#ifndef OCTI_PART_H
#define OCTI_PART_H

#include "runtime/bag/rows.h"

typedef struct octi_bag_part {
    uint64_t buckets;
    uint64_t *starts; /* of each bucket, and the end; NULL when there are no buckets */
    octi_rows rows;
} octi_bag_part;

void octi_bag_part_deinit(octi_bag_part *part);

#endif
