#include "runtime/frame/gather.h"

#include <stdlib.h>

#include "runtime/frame/stack.h"
#include "runtime/frame/turns.h"

/* Rows of a turn: a multiple of 64, so that no two turns set bits in one word. */
enum { RANGE = 1 << 16 };

typedef struct gathering {
    const octi_batch *from;
    const uint32_t *rows;
    size_t count;
    size_t *text; /* of each range and column: bytes of its text, then where it begins */
    octi_column *columns;
} gathering;

static size_t range_end(const gathering *g, size_t range)
{
    return (range + 1) * RANGE < g->count ? (range + 1) * RANGE : g->count;
}

/* Turn of a range. */
static oct_err measure(size_t turn, void *ctx, oct_error *err)
{
    gathering *g = ctx;
    (void)err;
    for (size_t c = 0; c < g->from->count; c++)
        g->text[turn * g->from->count + c] =
            octi_column_text_of(&g->from->columns[c], g->rows, turn * RANGE, range_end(g, turn));
    return OCT_OK;
}

/* Room for a column, once its ranges are measured. */
static oct_err make_column(gathering *g, size_t c, size_t ranges, oct_error *err)
{
    size_t text = 0;
    for (size_t range = 0; range < ranges; range++) {
        size_t *of = &g->text[range * g->from->count + c], size = *of;
        *of = text;
        text += size;
    }
    return octi_column_init_gather(&g->from->columns[c], g->count, text, &g->columns[c], err);
}

/* Turn of a range. */
static oct_err fill(size_t turn, void *ctx, oct_error *err)
{
    gathering *g = ctx;
    (void)err;
    for (size_t c = 0; c < g->from->count; c++)
        octi_column_gather_range(&g->from->columns[c], g->rows, turn * RANGE, range_end(g, turn),
                                 g->text[turn * g->from->count + c], &g->columns[c]);
    return OCT_OK;
}

oct_err octi_batch_gather_on(oct_pool *pool, const octi_batch *from, const uint32_t *rows, size_t count,
                             octi_batch *out, oct_error *err)
{
    size_t ranges = (count + RANGE - 1) / RANGE;
    octi_batch made = {.rows = count};
    gathering g = {.from = from,
                   .rows = rows,
                   .count = count,
                   .text = calloc(ranges * from->count + 1, sizeof(*g.text)),
                   .columns = calloc(from->count + 1, sizeof(*g.columns))};
    oct_err code = OCT_OK;
    if (!g.text || !g.columns)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for %zu columns", from->count);
    if (code == OCT_OK)
        code = octi_turns(pool, ranges, measure, &g, err);
    for (size_t c = 0; code == OCT_OK && c < from->count; c++)
        code = make_column(&g, c, ranges, err);
    if (code == OCT_OK)
        code = octi_turns(pool, ranges, fill, &g, err);
    for (size_t c = 0; code == OCT_OK && c < from->count; c++)
        code = octi_batch_take(&made, from->names[c], &g.columns[c], err);
    for (size_t c = 0; g.columns && c < from->count; c++)
        octi_column_deinit(&g.columns[c]);
    free(g.columns);
    free(g.text);
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *out = made;
    return code;
}

/* Turn of a range. */
static oct_err fill_stack(size_t turn, void *ctx, oct_error *err)
{
    const octi_stack *stack = ctx;
    size_t begin = turn * RANGE, rows = stack->made.rows;
    (void)err;
    octi_stack_fill(stack, begin, begin + RANGE < rows ? begin + RANGE : rows);
    return OCT_OK;
}

oct_err octi_batch_concat_on(oct_pool *pool, const octi_batch *parts, size_t count, octi_batch *out,
                             oct_error *err)
{
    octi_stack stack;
    oct_err code = octi_stack_init_all(&stack, parts, count, err);
    if (code != OCT_OK)
        return code;
    code = octi_turns(pool, (stack.made.rows + RANGE - 1) / RANGE, fill_stack, &stack, err);
    octi_batch made = octi_stack_finish(&stack);
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *out = made;
    return code;
}
