#include "runtime/frame/stack.h"

#include <stdlib.h>
#include <string.h>

static void stack_deinit(octi_stack *stack)
{
    octi_batch_deinit(&stack->made);
    free(stack->parts);
    free(stack->row);
    free(stack->text);
}

/* A column for all rows; `text` is where each part's begins. */
static oct_err make_column(const octi_stack *s, size_t c, size_t *text, octi_column *out, oct_error *err)
{
    size_t size = 0;
    bool nulls = false;
    for (size_t p = 0; p < s->count; p++) {
        const octi_column *from = &s->parts[p].batch->columns[c];
        size_t begin = s->parts[p].begin, end = begin + s->parts[p].rows;
        text[p] = size;
        size += from->type == OCT_STRING ? (size_t)(from->offsets[end] - from->offsets[begin]) : 0;
        nulls = nulls || from->valid;
    }
    if (size > INT32_MAX)
        return oct_fail(err, OCT_E_EXHAUSTED, "column '%s' has %zu bytes of text, the limit is 2 GiB",
                        s->parts[0].batch->names[c], size);
    octi_column made;
    oct_err code = octi_column_init(&made, s->parts[0].batch->columns[c].type, s->made.rows, size, err);
    if (code == OCT_OK && nulls)
        code = octi_column_add_bitmap(&made, s->made.rows, err);
    if (code != OCT_OK)
        octi_column_deinit(&made);
    else
        *out = made;
    return code;
}

oct_err octi_stack_init(octi_stack *stack, const octi_stretch *parts, size_t count, oct_error *err)
{
    const octi_batch *first = parts[0].batch;
    octi_stack made = {.parts = malloc(count * sizeof(*made.parts)),
                       .count = count,
                       .row = calloc(count + 1, sizeof(*made.row)),
                       .text = malloc((first->count * count + 1) * sizeof(*made.text))};
    oct_err code = OCT_OK;
    if (!made.parts || !made.row || !made.text)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for %zu tables", count);
    for (size_t p = 0; code == OCT_OK && p < count; p++) {
        made.parts[p] = parts[p];
        made.row[p + 1] = made.row[p] + parts[p].rows;
    }
    if (code == OCT_OK && (made.made.rows = made.row[count]) > UINT32_MAX)
        code =
            oct_fail(err, OCT_E_EXHAUSTED, "%zu rows are more than a table holds in memory", made.made.rows);
    for (size_t c = 0; code == OCT_OK && c < first->count; c++) {
        octi_column column;
        code = make_column(&made, c, made.text + c * count, &column, err);
        if (code == OCT_OK)
            code = octi_batch_take(&made.made, first->names[c], &column, err);
    }
    if (code != OCT_OK)
        stack_deinit(&made);
    else
        *stack = made;
    return code;
}

static void copy_text(const octi_column *from, size_t begin, size_t rows, size_t text, size_t at,
                      octi_column *out)
{
    const int32_t *offsets = from->offsets + begin;
    int32_t start = offsets[0], moved = (int32_t)text - start;
    memcpy(out->text + text, from->text + start, (size_t)(offsets[rows] - start));
    for (size_t i = 1; i <= rows; i++)
        out->offsets[at + i] = offsets[i] + moved;
}

/* Words at once where they lie alike. */
static void copy_nulls(const octi_column *from, size_t begin, size_t rows, size_t at, octi_column *out)
{
    for (size_t i = 0; i < rows;) {
        if ((begin + i) % 64 == 0 && (at + i) % 64 == 0 && rows - i >= 64) {
            out->valid[(at + i) / 64] = from->valid[(begin + i) / 64];
            i += 64;
            continue;
        }
        if (!octi_is_valid(from, begin + i))
            octi_set_null(out, at + i);
        i++;
    }
}

/* So many rows of a part, from its `skip`th on, which become those from `at` on. */
static void copy_rows(const octi_stack *s, size_t part, size_t skip, size_t rows, size_t at)
{
    size_t first = s->parts[part].begin, begin = first + skip;
    for (size_t c = 0; c < s->made.count; c++) {
        const octi_column *from = &s->parts[part].batch->columns[c];
        octi_column *out = &s->made.columns[c];
        size_t width = octi_type_width(from->type);
        if (width > 0)
            memcpy((char *)out->values + at * width, (const char *)from->values + begin * width,
                   rows * width);
        else
            copy_text(from, begin, rows,
                      s->text[c * s->count + part] + (size_t)(from->offsets[begin] - from->offsets[first]),
                      at, out);
        if (from->valid)
            copy_nulls(from, begin, rows, at, out);
    }
}

/* The part that a row is of. */
static size_t part_of(const octi_stack *s, size_t row)
{
    size_t low = 0, high = s->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->row[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void octi_stack_fill(const octi_stack *stack, size_t begin, size_t end)
{
    for (size_t part; begin < end; begin = stack->row[part + 1]) {
        part = part_of(stack, begin);
        size_t last = stack->row[part + 1] < end ? stack->row[part + 1] : end;
        copy_rows(stack, part, begin - stack->row[part], last - begin, begin);
    }
}

octi_batch octi_stack_finish(octi_stack *stack)
{
    octi_batch made = stack->made;
    stack->made = (octi_batch){0};
    stack_deinit(stack);
    return made;
}

static octi_batch fill_all(octi_stack *stack)
{
    octi_stack_fill(stack, 0, stack->made.rows);
    return octi_stack_finish(stack);
}

oct_err octi_stack_init_all(octi_stack *stack, const octi_batch *batches, size_t count, oct_error *err)
{
    octi_stretch *all = malloc(count * sizeof(*all));
    if (!all)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu tables", count);
    for (size_t i = 0; i < count; i++)
        all[i] = (octi_stretch){&batches[i], 0, batches[i].rows};
    oct_err code = octi_stack_init(stack, all, count, err);
    free(all);
    return code;
}

oct_err octi_batch_stack(const octi_stretch *parts, size_t count, octi_batch *out, oct_error *err)
{
    octi_stack stack;
    oct_err code = octi_stack_init(&stack, parts, count, err);
    if (code == OCT_OK)
        *out = fill_all(&stack);
    return code;
}

oct_err octi_batch_copy(const octi_batch *from, size_t begin, size_t rows, octi_batch *out, oct_error *err)
{
    return octi_batch_stack(&(octi_stretch){from, begin, rows}, 1, out, err);
}

oct_err octi_batch_concat(const octi_batch *parts, size_t count, octi_batch *out, oct_error *err)
{
    octi_stack stack;
    if (count == 0) {
        *out = (octi_batch){0};
        return OCT_OK;
    }
    oct_err code = octi_stack_init_all(&stack, parts, count, err);
    if (code == OCT_OK)
        *out = fill_all(&stack);
    return code;
}
