#include <stdlib.h>

#include "runtime/frame/group.h"
#include "runtime/frame/grouping.h"
#include "runtime/frame/partition.h"
#include "runtime/frame/turns.h"

/* Where the rows of each partition are in a partial that is in order of partition: from end[p] to before
 * end[p + 1]. */
typedef struct spread {
    size_t end[OCTI_PARTITIONS + 1];
} spread;

typedef struct adding {
    octi_partitions *to;
    const octi_reduce *reduce;
    octi_batch *partials;
    spread *spreads; /* of each partial */
    size_t count, keys;
} adding;

static size_t partition_of(uint64_t hash)
{
    return (size_t)(hash >> (64 - OCTI_PARTITION_BITS));
}

/* The rows in order of partition, and within one as they were. */
static void order_rows(const uint64_t *hash, size_t rows, spread *out, uint32_t *order)
{
    size_t at[OCTI_PARTITIONS];
    for (size_t row = 0; row < rows; row++)
        out->end[partition_of(hash[row]) + 1]++;
    for (size_t p = 0; p < OCTI_PARTITIONS; p++) {
        at[p] = out->end[p];
        out->end[p + 1] += out->end[p];
    }
    for (size_t row = 0; row < rows; row++)
        order[at[partition_of(hash[row])]++] = (uint32_t)row;
}

/* Turn of a partial, which is brought in order while it is in a cache: whoever merges a partition then reads
 * a stretch of each, where its rows would be one in many of a cache line. */
static oct_err spread_rows(size_t turn, void *ctx, oct_error *err)
{
    const adding *a = ctx;
    octi_batch *partial = &a->partials[turn], ordered;
    uint64_t *hash = calloc(partial->rows + 1, sizeof(*hash));
    uint32_t *order = malloc((partial->rows + 1) * sizeof(*order));
    oct_err code = OCT_OK;
    if (hash && order) {
        for (size_t k = 0; k < a->keys; k++)
            octi_hash_rows(&partial->columns[k], partial->rows, hash);
        order_rows(hash, partial->rows, &a->spreads[turn], order);
        code = octi_batch_gather(partial, order, partial->rows, &ordered, err);
    } else {
        code = oct_fail(err, OCT_E_NOMEM, "out of memory to group %zu rows", partial->rows);
    }
    free(hash);
    free(order);
    if (code != OCT_OK)
        return code;
    octi_batch_deinit(partial);
    *partial = ordered;
    return OCT_OK;
}

/* What is in a partition already and all that comes to it, under each other. */
static oct_err bring(const adding *a, size_t partition, octi_batch *out, oct_error *err)
{
    octi_batch *list = calloc(a->count + 1, sizeof(*list)), *there = &a->to->of[partition];
    size_t count = 0;
    if (!list)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to merge %zu tables", a->count);
    oct_err code = octi_batch_borrow(there->count > 0 ? there : &a->partials[0], &list[count++], err);
    if (there->count == 0)
        list[0].rows = 0;
    for (size_t i = 0; code == OCT_OK && i < a->count; i++) {
        const spread *s = &a->spreads[i];
        size_t begin = s->end[partition], rows = s->end[partition + 1] - begin;
        if (rows > 0)
            code = octi_batch_copy(&a->partials[i], begin, rows, &list[count++], err);
    }
    if (code == OCT_OK)
        code = octi_batch_concat(list, count, out, err);
    for (size_t i = 0; i < count; i++)
        octi_batch_deinit(&list[i]);
    free(list);
    return code;
}

/* Turn of a partition. */
static oct_err merge_partition(size_t turn, void *ctx, oct_error *err)
{
    const adding *a = ctx;
    octi_batch all;
    oct_err code = bring(a, turn, &all, err);
    if (code != OCT_OK)
        return code;
    code = octi_reduce_merge(a->reduce, &all, err);
    if (code != OCT_OK) {
        octi_batch_deinit(&all);
        return code;
    }
    octi_batch_deinit(&a->to->of[turn]);
    a->to->of[turn] = all;
    return OCT_OK;
}

oct_err octi_partitions_add(octi_partitions *to, oct_pool *pool, const octi_reduce *reduce,
                            octi_batch *partials, size_t count, oct_error *err)
{
    adding a = {.to = to, .reduce = reduce, .partials = partials, .count = count};
    octi_group group;
    if (count == 0)
        return OCT_OK;
    oct_err code = octi_group_parse(reduce->keys, reduce->aggregates, &group, err);
    if (code != OCT_OK)
        return code;
    a.keys = octi_group_key_count(&group, &partials[0]);
    octi_group_deinit(&group);
    a.spreads = calloc(count, sizeof(*a.spreads));
    if (!a.spreads)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to merge %zu tables", count);
    code = octi_turns(pool, count, spread_rows, &a, err);
    if (code == OCT_OK)
        code = octi_turns(pool, OCTI_PARTITIONS, merge_partition, &a, err);
    free(a.spreads);
    return code;
}

void octi_partitions_deinit(octi_partitions *partitions)
{
    for (size_t p = 0; p < OCTI_PARTITIONS; p++)
        octi_batch_deinit(&partitions->of[p]);
}
