#include <stdlib.h>

#include "runtime/frame/correlate.h"
#include "runtime/frame/group.h"
#include "runtime/frame/grouping.h"
#include "runtime/frame/order.h"
#include "runtime/frame/reduce.h"

void octi_reduce_deinit(octi_reduce *reduce)
{
    free(reduce->keys);
    free(reduce->aggregates);
    *reduce = (octi_reduce){0};
}

static void replace(octi_batch *batch, octi_batch *with)
{
    octi_batch_deinit(batch);
    *batch = *with;
}

/* What is done to the rows of a batch: before they have left anything, after it, and at last. */
typedef enum group_phase { ROWS, MERGE, FINISH } group_phase;

static oct_err group(const octi_reduce *reduce, group_phase phase, oct_pool *pool, octi_batch *batch,
                     oct_error *err)
{
    octi_group parsed;
    octi_batch made;
    oct_err code = octi_group_parse(reduce->keys, reduce->aggregates, &parsed, err);
    if (code != OCT_OK)
        return code;
    parsed.pool = pool;
    if (phase == MERGE)
        code = octi_group_merge(&parsed, batch, err);
    else if ((code = phase == ROWS ? octi_group_rows(&parsed, batch, &made, err)
                                   : octi_group_finish(&parsed, batch, &made, err)) == OCT_OK)
        replace(batch, &made);
    octi_group_deinit(&parsed);
    return code;
}

static oct_err distinct(const octi_reduce *reduce, octi_batch *batch, oct_error *err)
{
    octi_order by[OCTI_ORDER_MOST];
    octi_batch keys = {0}, made;
    octi_grouping g;
    size_t count;
    oct_err code = OCT_OK;
    if (!reduce->keys) {
        code = octi_batch_borrow(batch, &keys, err);
    } else if ((code = octi_order_parse(reduce->keys, batch, by, &count, err)) == OCT_OK) {
        keys.rows = batch->rows;
        for (size_t i = 0; code == OCT_OK && i < count; i++)
            code = octi_batch_lend(&keys, batch->names[by[i].column], &batch->columns[by[i].column], err);
    }
    if (code == OCT_OK)
        code = octi_grouping_init(&g, &keys, keys.count, err);
    octi_batch_deinit(&keys);
    if (code != OCT_OK)
        return code;
    if (g.groups < batch->rows && (code = octi_batch_gather(batch, g.first, g.groups, &made, err)) == OCT_OK)
        replace(batch, &made);
    octi_grouping_deinit(&g);
    return code;
}

static oct_err top(const octi_reduce *reduce, octi_bound bound, octi_batch *batch, oct_error *err)
{
    octi_order by[OCTI_ORDER_MOST];
    octi_batch made;
    size_t count;
    oct_err code = octi_order_parse(reduce->keys, batch, by, &count, err);
    if (code == OCT_OK)
        code = octi_batch_sort(batch, by, count, reduce->limit, bound, &made, err);
    if (code == OCT_OK)
        replace(batch, &made);
    return code;
}

void octi_reduce_bound(octi_reduce *reduce, const octi_batch *merged)
{
    octi_order by[OCTI_ORDER_MOST];
    size_t count;
    if (reduce->kind == OCTI_TOP && octi_order_parse(reduce->keys, merged, by, &count, NULL) == OCT_OK)
        reduce->bound = octi_order_bound(merged, by, count, reduce->limit);
}

/* The first or last `limit` rows. */
static oct_err cut(const octi_reduce *reduce, octi_batch *batch, oct_error *err)
{
    if (batch->rows <= reduce->limit)
        return OCT_OK;
    size_t rows = (size_t)reduce->limit, begin = reduce->kind == OCTI_LAST ? batch->rows - rows : 0;
    octi_batch made;
    oct_err code = octi_batch_copy(batch, begin, rows, &made, err);
    if (code == OCT_OK)
        replace(batch, &made);
    return code;
}

static oct_err run(const octi_reduce *reduce, group_phase phase, octi_batch *batch, oct_error *err)
{
    switch (reduce->kind) {
    case OCTI_GROUP:
        return group(reduce, phase, NULL, batch, err);
    case OCTI_DISTINCT:
        return distinct(reduce, batch, err);
    case OCTI_TOP:
        return top(reduce, phase == ROWS ? reduce->bound : (octi_bound){0}, batch, err);
    case OCTI_CORRELATE:
        return phase == ROWS ? octi_correlate_rows(reduce->keys, batch, err)
                             : octi_correlate_merge(reduce->keys, batch, err);
    case OCTI_COLLECT:
    case OCTI_LAST:
        break;
    }
    return cut(reduce, batch, err);
}

oct_err octi_reduce_rows(const octi_reduce *reduce, octi_batch *batch, oct_error *err)
{
    return run(reduce, ROWS, batch, err);
}

oct_err octi_reduce_merge(const octi_reduce *reduce, octi_batch *batch, oct_error *err)
{
    return run(reduce, MERGE, batch, err);
}

oct_err octi_reduce_finish(const octi_reduce *reduce, oct_pool *pool, octi_batch *batch, oct_error *err)
{
    if (reduce->kind == OCTI_CORRELATE)
        return octi_correlate_finish(reduce->keys, batch, err);
    return reduce->kind == OCTI_GROUP ? group(reduce, FINISH, pool, batch, err) : cut(reduce, batch, err);
}
