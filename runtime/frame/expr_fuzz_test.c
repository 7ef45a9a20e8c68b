/* Any text as an expression: it is parsed and evaluated, or an error is told. */
#include <stdlib.h>
#include <string.h>

#include "runtime/frame/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(octi_batch *batch, const char *name, oct_column_type type)
{
    octi_column column;
    if (octi_column_init(&column, type, batch->rows, 8, NULL) != OCT_OK ||
        octi_column_add_bitmap(&column, batch->rows, NULL) != OCT_OK)
        abort();
    octi_set_null(&column, 1);
    if (type == OCT_STRING) {
        memcpy(column.text, "ab", 2);
        for (int32_t i = 0; i < 3; i++)
            column.offsets[i + 1] = i < 2 ? i : 2;
    } else {
        memset(column.values, type == OCT_BOOL, batch->rows * octi_type_width(type));
    }
    if (octi_batch_take(batch, name, &column, NULL) != OCT_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    octi_batch batch = {.rows = 3};
    add(&batch, "a", OCT_INT64);
    add(&batch, "d", OCT_INT64);
    add(&batch, "b", OCT_DOUBLE);
    add(&batch, "s", OCT_STRING);
    add(&batch, "t", OCT_TIMESTAMP);
    char *text = strndup((const char *)data, size);
    octi_expr *expr;
    octi_column column;
    oct_error err = OCT_ERROR_INIT;
    oct_err code = octi_expr_parse(text, &expr, &err);
    if (code == OCT_OK) {
        code = octi_expr_eval(expr, text, &batch, &column, &err);
        if (code == OCT_OK)
            octi_column_deinit(&column);
        octi_expr_destroy(expr);
    }
    if (code != err.code || (code != OCT_OK && !err.what[0]))
        abort();
    free(text);
    octi_batch_deinit(&batch);
    return 0;
}
