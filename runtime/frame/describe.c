#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/frame/describe.h"

static const char *const aggregates[] = {"count", "mean", "std", "min", "max"};

enum { AGGREGATES = sizeof(aggregates) / sizeof(aggregates[0]) };

static bool is_number(const octi_column *column)
{
    return column->type == OCT_INT64 || column->type == OCT_DOUBLE;
}

oct_err octi_describe_aggregates(const octi_batch *schema, char **out, oct_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to describe a frame");
    for (size_t i = 0; i < schema->count; i++)
        for (int a = 0; is_number(&schema->columns[i]) && a < AGGREGATES; a++)
            fprintf(to, "%s%s(`%s`)", ftell(to) > 0 ? ", " : "", aggregates[a], schema->names[i]);
    if (fclose(to) != 0 || !text) {
        free(text);
        return oct_fail(err, OCT_E_NOMEM, "out of memory to describe a frame");
    }
    if (size > 0) {
        *out = text;
        return OCT_OK;
    }
    free(text);
    return oct_fail(err, OCT_E_TYPE, "the frame has no column of numbers to describe");
}

oct_err octi_describe_schema(octi_batch *schema, oct_error *err)
{
    octi_column column;
    oct_err code = octi_column_init(&column, OCT_STRING, 0, 0, err);
    if (code == OCT_OK)
        code = octi_batch_take(schema, "column", &column, err);
    for (int a = 0; code == OCT_OK && a < AGGREGATES; a++)
        if ((code = octi_column_init(&column, a == 0 ? OCT_INT64 : OCT_DOUBLE, 0, 0, err)) == OCT_OK)
            code = octi_batch_take(schema, aggregates[a], &column, err);
    return code;
}

/* The column's name within "count(`name`)". */
static const char *name_in(const char *aggregate, size_t *size)
{
    const char *name = strchr(aggregate, '`') + 1;
    *size = (size_t)(strrchr(aggregate, '`') - name);
    return name;
}

static oct_err add_names(const octi_batch *row, octi_batch *made, oct_error *err)
{
    octi_column names;
    size_t text = 0, size;
    for (size_t i = 0; i < made->rows; i++) {
        (void)name_in(row->names[1 + i * AGGREGATES], &size);
        text += size;
    }
    oct_err code = octi_column_init(&names, OCT_STRING, made->rows, text, err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; i < made->rows; i++) {
        const char *name = name_in(row->names[1 + i * AGGREGATES], &size);
        memcpy(names.text + names.offsets[i], name, size);
        names.offsets[i + 1] = names.offsets[i] + (int32_t)size;
    }
    return octi_batch_take(made, "column", &names, err);
}

static oct_err add_aggregate(const octi_batch *row, int a, octi_batch *made, oct_error *err)
{
    octi_column column;
    oct_err code = octi_column_init_nulls(&column, a == 0 ? OCT_INT64 : OCT_DOUBLE, made->rows, err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; i < made->rows; i++) {
        const octi_column *from = &row->columns[1 + i * AGGREGATES + (size_t)a];
        if (row->rows == 0 ? a > 0 : !octi_is_valid(from, 0))
            continue;
        octi_set_valid(&column, i);
        if (a == 0)
            column.ints[i] = row->rows == 0 ? 0 : from->ints[0];
        else
            column.doubles[i] = from->type == OCT_DOUBLE ? from->doubles[0] : (double)from->ints[0];
    }
    return octi_batch_take(made, aggregates[a], &column, err);
}

oct_err octi_describe(const octi_batch *row, octi_batch *out, oct_error *err)
{
    octi_batch made = {.rows = (row->count - 1) / AGGREGATES};
    oct_err code = add_names(row, &made, err);
    for (int a = 0; code == OCT_OK && a < AGGREGATES; a++)
        code = add_aggregate(row, a, &made, err);
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *out = made;
    return code;
}
