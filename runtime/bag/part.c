#include <stdlib.h>

#include "runtime/bag/part.h"
#include "runtime/bag/tasks.h"

void octi_bag_part_deinit(octi_bag_part *part)
{
    octi_rows_deinit(&part->rows);
    free(part->starts);
    *part = (octi_bag_part){0};
}

void octi_bag_part_pack(const octi_bag_part *part, oct_packer *to)
{
    octi_rows_pack(&part->rows, to);
    oct_pack(to, &part->buckets, sizeof(part->buckets));
    if (part->buckets > 0)
        oct_pack(to, part->starts, (part->buckets + 1) * sizeof(uint64_t));
}

bool octi_bag_part_unpack(octi_bag_part *part, oct_unpacker *from)
{
    *part = (octi_bag_part){0};
    if (!octi_rows_unpack(&part->rows, from))
        return false;
    uint64_t last = 0;
    bool whole = oct_unpack(from, &part->buckets, sizeof(part->buckets)) &&
                 part->buckets <= oct_unpack_left(from) / sizeof(uint64_t);
    if (whole && part->buckets > 0) {
        size_t size = (size_t)(part->buckets + 1) * sizeof(uint64_t);
        part->starts = malloc(size);
        whole = part->starts && oct_unpack(from, part->starts, size);
        for (uint64_t i = 0; whole && i <= part->buckets; last = part->starts[i++])
            whole = part->starts[i] >= last && part->starts[i] <= part->rows.count;
    }
    if (!whole)
        octi_bag_part_deinit(part);
    return whole;
}
