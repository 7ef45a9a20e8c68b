#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/heap.h"
#include "runtime/frame/column.h"

size_t octi_type_width(oct_column_type type)
{
    return type == OCT_STRING ? 0 : type == OCT_BOOL ? 1 : 8;
}

const char *octi_type_name(oct_column_type type)
{
    static const char *const names[] = {"int64", "double", "bool", "string", "date", "timestamp"};
    return names[type];
}

void octi_column_deinit(octi_column *column)
{
    if (!column->borrowed) {
        free(column->valid);
        free(column->values);
        free(column->offsets);
        free(column->text);
    }
    *column = (octi_column){0};
}

oct_err octi_column_init(octi_column *column, oct_column_type type, size_t rows, size_t text, oct_error *err)
{
    octi_column made = {.type = type};
    *column = (octi_column){0};
    if (type == OCT_STRING) {
        made.offsets = octi_heap_block((rows + 1) * sizeof(*made.offsets));
        made.text = octi_heap_block(text);
        if (made.offsets)
            made.offsets[0] = 0;
    } else {
        made.values = octi_heap_block(rows * octi_type_width(type));
    }
    if (type == OCT_STRING ? !made.offsets || !made.text : !made.values) {
        octi_column_deinit(&made);
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a column of %zu rows", rows);
    }
    *column = made;
    return OCT_OK;
}

oct_err octi_column_add_bitmap(octi_column *column, size_t rows, oct_error *err)
{
    size_t bytes = (octi_bitmap_words(rows) + 1) * sizeof(uint64_t);
    column->valid = malloc(bytes);
    if (!column->valid)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for the nulls of %zu rows", rows);
    memset(column->valid, 0xff, bytes);
    return OCT_OK;
}

oct_err octi_column_to_doubles(octi_column *column, size_t rows, oct_error *err)
{
    if (column->type == OCT_DOUBLE)
        return OCT_OK;
    octi_column made;
    oct_err code = octi_column_init(&made, OCT_DOUBLE, rows, 0, err);
    if (code == OCT_OK && column->valid && (code = octi_column_add_bitmap(&made, rows, err)) == OCT_OK)
        memcpy(made.valid, column->valid, octi_bitmap_words(rows) * sizeof(uint64_t));
    if (code != OCT_OK) {
        octi_column_deinit(&made);
        return code;
    }
    for (size_t i = 0; i < rows; i++)
        made.doubles[i] = (double)column->ints[i];
    octi_column_deinit(column);
    *column = made;
    return OCT_OK;
}

/* memcpy, of which most sizes here need no call. */
static inline void copy_text(char *to, const char *from, size_t size)
{
    uint64_t first, last;
    uint32_t first_half, last_half;
    if (size > 16) {
        memcpy(to, from, size);
    } else if (size >= 8) {
        memcpy(&first, from, 8);
        memcpy(&last, from + size - 8, 8);
        memcpy(to, &first, 8);
        memcpy(to + size - 8, &last, 8);
    } else if (size >= 4) {
        memcpy(&first_half, from, 4);
        memcpy(&last_half, from + size - 4, 4);
        memcpy(to, &first_half, 4);
        memcpy(to + size - 4, &last_half, 4);
    } else {
        for (size_t i = 0; i < size; i++)
            to[i] = from[i];
    }
}

enum { AHEAD = 16 }; /* rows whose text is on its way from memory */

void octi_column_gather_range(const octi_column *from, const uint32_t *rows, size_t begin, size_t end,
                              size_t text, octi_column *out)
{
    if (from->type == OCT_STRING) {
        for (size_t i = begin; i < end; i++) {
            if (i + 2 * AHEAD < end)
                __builtin_prefetch(&from->offsets[rows[i + 2 * AHEAD]]);
            if (i + AHEAD < end)
                __builtin_prefetch(from->text + from->offsets[rows[i + AHEAD]]);
            int32_t start = from->offsets[rows[i]], size = from->offsets[rows[i] + 1] - start;
            copy_text(out->text + text, from->text + start, (size_t)size);
            text += (size_t)size;
            out->offsets[i + 1] = (int32_t)text;
        }
    } else if (from->type == OCT_BOOL) {
        for (size_t i = begin; i < end; i++)
            out->bools[i] = from->bools[rows[i]];
    } else {
        for (size_t i = begin; i < end; i++)
            out->ints[i] = from->ints[rows[i]];
    }
    for (size_t i = begin; from->valid && i < end; i++)
        if (!octi_is_valid(from, rows[i]))
            octi_set_null(out, i);
}

oct_err octi_column_init_gather(const octi_column *from, size_t rows, size_t text, octi_column *out,
                                oct_error *err)
{
    octi_column made;
    if (text > INT32_MAX)
        return oct_fail(err, OCT_E_EXHAUSTED, "a column of strings is limited to 2 GiB");
    oct_err code = octi_column_init(&made, from->type, rows, text, err);
    if (code == OCT_OK && from->valid)
        code = octi_column_add_bitmap(&made, rows, err);
    if (code != OCT_OK)
        octi_column_deinit(&made);
    else
        *out = made;
    return code;
}

size_t octi_column_text_of(const octi_column *from, const uint32_t *rows, size_t begin, size_t end)
{
    size_t text = 0;
    for (size_t i = begin; from->type == OCT_STRING && i < end; i++)
        text += (size_t)(from->offsets[rows[i] + 1] - from->offsets[rows[i]]);
    return text;
}

oct_err octi_column_gather(const octi_column *from, const uint32_t *rows, size_t count, octi_column *out,
                           oct_error *err)
{
    size_t text = octi_column_text_of(from, rows, 0, count);
    oct_err code = octi_column_init_gather(from, count, text, out, err);
    if (code == OCT_OK)
        octi_column_gather_range(from, rows, 0, count, 0, out);
    return code;
}

int octi_column_compare(const octi_column *a, size_t row, const octi_column *b, size_t other)
{
    bool has = octi_is_valid(a, row), other_has = octi_is_valid(b, other);
    if (!has || !other_has)
        return other_has - has;
    if (a->type == OCT_STRING) {
        size_t size = (size_t)(a->offsets[row + 1] - a->offsets[row]);
        size_t other_size = (size_t)(b->offsets[other + 1] - b->offsets[other]);
        int order = memcmp(a->text + a->offsets[row], b->text + b->offsets[other],
                           size < other_size ? size : other_size);
        return order ? order : (size > other_size) - (size < other_size);
    }
    if (a->type == OCT_DOUBLE) {
        double x = a->doubles[row], y = b->doubles[other];
        return isnan(x) || isnan(y) ? (isnan(x) != 0) - (isnan(y) != 0) : (x > y) - (x < y);
    }
    int64_t x = a->type == OCT_BOOL ? a->bools[row] : a->ints[row];
    int64_t y = a->type == OCT_BOOL ? b->bools[other] : b->ints[other];
    return (x > y) - (x < y);
}

void octi_batch_deinit(octi_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->names[i]);
        octi_column_deinit(&batch->columns[i]);
    }
    free(batch->names);
    free(batch->columns);
    *batch = (octi_batch){0};
}

int octi_batch_find(const octi_batch *batch, const char *name)
{
    for (size_t i = 0; i < batch->count; i++)
        if (strcmp(batch->names[i], name) == 0)
            return (int)i;
    return -1;
}

/* Adds a column whatever its buffers belong to. */
static oct_err add(octi_batch *batch, const char *name, octi_column column, oct_error *err)
{
    int found = octi_batch_find(batch, name);
    if (found >= 0) {
        octi_column_deinit(&batch->columns[found]);
        batch->columns[found] = column;
        return OCT_OK;
    }
    char *copy = strdup(name);
    char **names = realloc(batch->names, (batch->count + 1) * sizeof(*names));
    if (names)
        batch->names = names;
    octi_column *columns = realloc(batch->columns, (batch->count + 1) * sizeof(*columns));
    if (columns)
        batch->columns = columns;
    if (!copy || !names || !columns) {
        free(copy);
        octi_column_deinit(&column);
        return oct_fail(err, OCT_E_NOMEM, "out of memory for column '%s'", name);
    }
    batch->names[batch->count] = copy;
    batch->columns[batch->count++] = column;
    return OCT_OK;
}

oct_err octi_batch_take(octi_batch *batch, const char *name, octi_column *column, oct_error *err)
{
    octi_column mine = *column;
    if (column->borrowed) {
        octi_batch alone = {batch->rows, 1, (char *[]){(char *)(uintptr_t)name}, column}, copy;
        oct_err code = octi_batch_copy(&alone, 0, batch->rows, &copy, err);
        if (code != OCT_OK)
            return code;
        mine = copy.columns[0];
        copy.columns[0] = (octi_column){0};
        octi_batch_deinit(&copy);
    }
    *column = (octi_column){0};
    return add(batch, name, mine, err);
}

oct_err octi_batch_lend(octi_batch *batch, const char *name, const octi_column *column, oct_error *err)
{
    octi_column lent = *column;
    lent.borrowed = true;
    return add(batch, name, lent, err);
}

oct_err octi_batch_slice(const octi_batch *batch, size_t begin, size_t rows, octi_batch *out, oct_error *err)
{
    octi_batch made = {.rows = rows};
    for (size_t i = 0; i < batch->count; i++) {
        octi_column column = batch->columns[i];
        column.valid = column.valid ? column.valid + begin / 64 : NULL;
        if (column.type == OCT_STRING)
            column.offsets += begin;
        else
            column.values = (char *)column.values + begin * octi_type_width(column.type);
        oct_err code = octi_batch_lend(&made, batch->names[i], &column, err);
        if (code != OCT_OK) {
            octi_batch_deinit(&made);
            return code;
        }
    }
    *out = made;
    return OCT_OK;
}

oct_err octi_batch_borrow(const octi_batch *batch, octi_batch *out, oct_error *err)
{
    return octi_batch_slice(batch, 0, batch->rows, out, err);
}

oct_err octi_batch_gather(const octi_batch *from, const uint32_t *rows, size_t count, octi_batch *out,
                          oct_error *err)
{
    octi_batch made = {.rows = count};
    for (size_t i = 0; i < from->count; i++) {
        octi_column column;
        oct_err code = octi_column_gather(&from->columns[i], rows, count, &column, err);
        if (code == OCT_OK)
            code = add(&made, from->names[i], column, err);
        if (code != OCT_OK) {
            octi_batch_deinit(&made);
            return code;
        }
    }
    *out = made;
    return OCT_OK;
}

oct_err octi_column_init_nulls(octi_column *column, oct_column_type type, size_t rows, oct_error *err)
{
    octi_column made;
    oct_err code = octi_column_init(&made, type, rows, 0, err);
    if (code == OCT_OK)
        code = octi_column_add_bitmap(&made, rows, err);
    if (code != OCT_OK) {
        octi_column_deinit(&made);
        return code;
    }
    memset(made.valid, 0, octi_bitmap_words(rows) * sizeof(uint64_t));
    if (type == OCT_STRING)
        memset(made.offsets, 0, (rows + 1) * sizeof(*made.offsets));
    else
        memset(made.values, 0, rows * octi_type_width(type));
    *column = made;
    return OCT_OK;
}

oct_err octi_batch_widen(octi_batch *schema, const octi_batch *other, oct_error *err)
{
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < other->count; i++) {
        oct_column_type type = other->columns[i].type;
        int found = octi_batch_find(schema, other->names[i]);
        octi_column column;
        if (found >= 0 && schema->columns[found].type != type)
            code =
                oct_fail(err, OCT_E_TYPE, "column '%.100s' is of %s in one frame and of %s in the other",
                         other->names[i], octi_type_name(schema->columns[found].type), octi_type_name(type));
        else if (found < 0 && (code = octi_column_init(&column, type, 0, 0, err)) == OCT_OK)
            code = octi_batch_take(schema, other->names[i], &column, err);
    }
    return code;
}

oct_err octi_batch_conform(octi_batch *batch, const octi_batch *schema, oct_error *err)
{
    octi_batch made = {.rows = batch->rows};
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < schema->count; i++) {
        int found = octi_batch_find(batch, schema->names[i]);
        octi_column column = {0};
        if (found >= 0) { /* moves */
            column = batch->columns[found];
            batch->columns[found] = (octi_column){0};
        } else {
            code = octi_column_init_nulls(&column, schema->columns[i].type, batch->rows, err);
        }
        if (code == OCT_OK)
            code = octi_batch_take(&made, schema->names[i], &column, err);
    }
    octi_batch_deinit(batch);
    *batch = made;
    return code;
}

void octi_batch_pack(const octi_batch *batch, oct_packer *to)
{
    uint64_t head[2] = {batch->rows, batch->count};
    oct_pack(to, head, sizeof(head));
    for (size_t i = 0; i < batch->count; i++) {
        const octi_column *column = &batch->columns[i];
        uint32_t about[2] = {column->type, column->valid != NULL};
        oct_pack_string(to, batch->names[i]);
        oct_pack(to, about, sizeof(about));
        if (column->valid)
            oct_pack(to, column->valid, octi_bitmap_words(batch->rows) * sizeof(uint64_t));
        if (column->type == OCT_STRING) {
            oct_pack(to, column->offsets, (batch->rows + 1) * sizeof(int32_t));
            oct_pack(to, column->text + column->offsets[0],
                     (size_t)(column->offsets[batch->rows] - column->offsets[0]));
        } else {
            oct_pack(to, column->values, batch->rows * octi_type_width(column->type));
        }
    }
}

static void *unpack_block(oct_unpacker *from, size_t size)
{
    if (oct_unpack_left(from) < size)
        return NULL;
    void *block = malloc(size ? size : 1);
    if (block && !oct_unpack(from, block, size)) {
        free(block);
        return NULL;
    }
    return block;
}

static bool unpack_text(octi_column *column, size_t rows, oct_unpacker *from)
{
    column->offsets = unpack_block(from, (rows + 1) * sizeof(int32_t));
    if (!column->offsets || column->offsets[0] < 0)
        return false;
    for (size_t i = 0; i < rows; i++)
        if (column->offsets[i + 1] < column->offsets[i])
            return false;
    int32_t start = column->offsets[0]; /* of a slice */
    for (size_t i = 0; start > 0 && i <= rows; i++)
        column->offsets[i] -= start;
    column->text = unpack_block(from, (size_t)column->offsets[rows]);
    return column->text != NULL;
}

static bool unpack_column(octi_column *column, size_t rows, oct_unpacker *from)
{
    uint32_t about[2];
    if (!oct_unpack(from, about, sizeof(about)) || about[0] > OCT_TIMESTAMP)
        return false;
    column->type = (oct_column_type)about[0];
    if (about[1] && !(column->valid = unpack_block(from, octi_bitmap_words(rows) * sizeof(uint64_t))))
        return false;
    if (column->type == OCT_STRING)
        return unpack_text(column, rows, from);
    column->values = unpack_block(from, rows * octi_type_width(column->type));
    return column->values != NULL;
}

bool octi_batch_unpack(octi_batch *batch, oct_unpacker *from)
{
    uint64_t head[2];
    *batch = (octi_batch){0};
    if (!oct_unpack(from, head, sizeof(head)) || head[0] > UINT32_MAX || head[1] > oct_unpack_left(from))
        return false;
    batch->rows = head[0];
    for (uint64_t i = 0; i < head[1]; i++) {
        octi_column column = {0};
        char *name = oct_unpack_string(from);
        bool whole = name && unpack_column(&column, batch->rows, from) && octi_batch_find(batch, name) < 0;
        if (!whole)
            octi_column_deinit(&column);
        whole = whole && add(batch, name, column, NULL) == OCT_OK;
        free(name);
        if (!whole) {
            octi_batch_deinit(batch);
            return false;
        }
    }
    return true;
}
