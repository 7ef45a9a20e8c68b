#include <stdlib.h>

#include "runtime/bag/part.h"
#include "runtime/bag/spill.h"
#include "runtime/bag/tasks.h"

void octi_bag_part_deinit(octi_bag_part *part)
{
    octi_rows_deinit(&part->rows);
    free(part->starts);
    free(part->lost);
    *part = (octi_bag_part){0};
}

oct_err octi_bag_part_check(const octi_bag_part *part, oct_error *err)
{
    if (!part->lost)
        return OCT_OK;
    *err = *part->lost;
    return err->code;
}

void octi_bag_part_pack(const octi_bag_part *part, oct_packer *to)
{
    bool lost = part->lost != NULL;
    oct_pack(to, &lost, sizeof(lost));
    if (lost) {
        oct_pack(to, part->lost, sizeof(*part->lost));
        return;
    }
    octi_rows_pack(&part->rows, to);
    oct_pack(to, &part->buckets, sizeof(part->buckets));
    if (part->buckets > 0)
        oct_pack(to, part->starts, (part->buckets + 1) * sizeof(uint64_t));
}

static bool unpack_starts(octi_bag_part *part, oct_unpacker *from)
{
    uint64_t last = 0;
    if (!oct_unpack(from, &part->buckets, sizeof(part->buckets)) ||
        part->buckets > oct_unpack_left(from) / sizeof(uint64_t))
        return false;
    if (part->buckets == 0)
        return true;
    size_t size = (size_t)(part->buckets + 1) * sizeof(uint64_t);
    part->starts = malloc(size);
    bool whole = part->starts && oct_unpack(from, part->starts, size);
    for (uint64_t i = 0; whole && i <= part->buckets; last = part->starts[i++])
        whole = part->starts[i] >= last && part->starts[i] <= part->rows.count;
    return whole;
}

bool octi_bag_part_unpack(octi_bag_part *part, oct_unpacker *from)
{
    *part = (octi_bag_part){0};
    bool full = false;
    uint8_t lost; /* as it came, which a bool may not be */
    if (!oct_unpack(from, &lost, sizeof(lost)))
        return false;
    bool whole = lost || (octi_rows_unpack(&part->rows, from, &full) && unpack_starts(part, from));
    if (whole && !lost)
        return true;
    octi_bag_part_deinit(part);
    if ((!lost && !full) || !(part->lost = malloc(sizeof(*part->lost))))
        return false;
    if (full) {
        octi_spill_fail(part->lost, "the records of a bag");
        return true;
    }
    whole = oct_unpack(from, part->lost, sizeof(*part->lost));
    if (whole)
        part->lost->what[sizeof(part->lost->what) - 1] = part->lost->hint[sizeof(part->lost->hint) - 1] =
            '\0';
    else
        octi_bag_part_deinit(part);
    return whole;
}
