#include <stdlib.h>

#include "runtime/frame/group.h"
#include "runtime/frame/partition.h"
#include "runtime/frame/turns.h"

/* Where the rows of each partition begin in a partial. */
typedef struct division {
    size_t begin[OCTI_PARTITIONS + 1];
} division;

typedef struct adding {
    octi_partitions *to;
    const octi_reduce *reduce;
    const octi_batch *partials;
    division *divisions; /* of each partial */
    size_t count, keys;
} adding;

/* Turn of a partial. */
static oct_err find_partitions(size_t turn, void *ctx, oct_error *err)
{
    const adding *a = ctx;
    (void)err;
    octi_grouping_find(&a->partials[turn], a->keys, a->divisions[turn].begin);
    return OCT_OK;
}

/* What is in a partition already and all that comes to it, under each other. */
static oct_err bring(const adding *a, size_t partition, octi_batch *out, oct_error *err)
{
    const octi_batch *there = &a->to->of[partition];
    octi_stretch *parts = malloc((a->count + 1) * sizeof(*parts));
    size_t count = 0;
    if (!parts)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to merge %zu tables", a->count);
    parts[count++] = (octi_stretch){there->count > 0 ? there : &a->partials[0], 0, there->rows};
    for (size_t i = 0; i < a->count; i++) {
        const size_t *begin = &a->divisions[i].begin[partition];
        if (begin[1] > begin[0])
            parts[count++] = (octi_stretch){&a->partials[i], begin[0], begin[1] - begin[0]};
    }
    oct_err code = octi_batch_stack(parts, count, out, err);
    free(parts);
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
                            const octi_batch *partials, size_t count, oct_error *err)
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
    a.divisions = malloc(count * sizeof(*a.divisions));
    if (!a.divisions)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to merge %zu tables", count);
    code = octi_turns(pool, count, find_partitions, &a, err);
    if (code == OCT_OK)
        code = octi_turns(pool, OCTI_PARTITIONS, merge_partition, &a, err);
    free(a.divisions);
    return code;
}

void octi_partitions_deinit(octi_partitions *partitions)
{
    for (size_t p = 0; p < OCTI_PARTITIONS; p++)
        octi_batch_deinit(&partitions->of[p]);
}
