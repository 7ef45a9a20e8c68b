/* Frames as Arrow arrays: the buffers of a computed table, shared by all arrays that were made of it. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "oct/arrow.h"
#include "runtime/exec/failure.h"
#include "runtime/frame/frame.h"

/* Freed by the last array that is released, on whatever thread. */
typedef struct table {
    atomic_size_t refs; /* release by each, acquire by the last */
    octi_batch batch;
} table;

static void table_unref(table *shared)
{
    if (atomic_fetch_sub_explicit(&shared->refs, 1, memory_order_acq_rel) != 1)
        return;
    octi_batch_deinit(&shared->batch);
    free(shared);
}

typedef struct exported {
    table *shared;
    const void *buffers[3];
    uint8_t *bits; /* of bools */
    struct ArrowArray *children, **pointers;
} exported;

static void release_array(struct ArrowArray *array)
{
    exported *e = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++) /* some may have been moved away */
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
    table_unref(e->shared);
    free(e->bits);
    free(e->children);
    free(e->pointers);
    free(e);
    array->release = NULL;
}

static uint8_t *pack_bits(const uint8_t *bools, size_t rows)
{
    uint8_t *bits = calloc(rows / 8 + 8, 1);
    for (size_t i = 0; bits && i < rows; i++)
        bits[i / 8] |= (uint8_t)((bools[i] & 1) << (i % 8));
    return bits;
}

/* An array without buffers or children as yet, which holds the table. */
static exported *array_init(struct ArrowArray *array, table *shared, int64_t buffers, int64_t children)
{
    exported *e = calloc(1, sizeof(*e));
    size_t count = (size_t)children;
    if (e) {
        e->children = calloc(count + 1, sizeof(*e->children));
        e->pointers = calloc(count + 1, sizeof(struct ArrowArray *));
    }
    if (!e || !e->children || !e->pointers) {
        free(e ? e->children : NULL);
        free(e ? e->pointers : NULL);
        free(e);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        e->pointers[i] = &e->children[i];
    e->shared = shared;
    atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    *array = (struct ArrowArray){.length = (int64_t)shared->batch.rows,
                                 .n_buffers = buffers,
                                 .n_children = children,
                                 .buffers = e->buffers,
                                 .children = e->pointers,
                                 .release = release_array,
                                 .private_data = e};
    return e;
}

static bool export_column(struct ArrowArray *array, table *shared, const octi_column *column)
{
    bool text = column->type == OCT_STRING;
    exported *e = array_init(array, shared, text ? 3 : 2, 0);
    if (!e)
        return false;
    array->null_count = column->valid ? -1 : 0; /* -1: not counted */
    e->buffers[0] = column->valid;
    e->buffers[1] = text ? (const void *)column->offsets : column->values;
    e->buffers[2] = text ? column->text : NULL;
    if (column->type != OCT_BOOL)
        return true;
    e->buffers[1] = e->bits = pack_bits(column->bools, shared->batch.rows);
    if (e->bits)
        return true;
    release_array(array);
    return false;
}

static bool export_table(struct ArrowArray *array, table *shared)
{
    size_t count = shared->batch.count;
    bool whole = array_init(array, shared, 1, (int64_t)count) != NULL;
    if (!whole)
        return false;
    for (size_t i = 0; whole && i < count; i++)
        whole = export_column(array->children[i], shared, &shared->batch.columns[i]);
    if (!whole)
        release_array(array);
    return whole;
}

typedef struct exported_schema {
    char *name;
    struct ArrowSchema *children, **pointers;
} exported_schema;

static void release_schema(struct ArrowSchema *schema)
{
    exported_schema *e = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
    free(e->name);
    free(e->children);
    free(e->pointers);
    free(e);
    schema->release = NULL;
}

static bool export_schema(struct ArrowSchema *schema, const char *format, const char *name, size_t children)
{
    exported_schema *e = calloc(1, sizeof(*e));
    if (!e)
        return false;
    e->name = strdup(name);
    e->children = calloc(children + 1, sizeof(*e->children));
    e->pointers = calloc(children + 1, sizeof(struct ArrowSchema *));
    *schema = (struct ArrowSchema){.format = format,
                                   .name = e->name,
                                   .flags = ARROW_FLAG_NULLABLE,
                                   .children = e->pointers,
                                   .release = release_schema,
                                   .private_data = e};
    if (!e->name || !e->children || !e->pointers) {
        release_schema(schema);
        return false;
    }
    schema->n_children = (int64_t)children;
    for (size_t i = 0; i < children; i++)
        e->pointers[i] = &e->children[i];
    return true;
}

static bool export_schemas(struct ArrowSchema *schema, const octi_batch *batch)
{
    static const char *const formats[] = {"l", "g", "b", "u", "tdm", "tsu:"};
    bool whole = export_schema(schema, "+s", "", batch->count);
    if (!whole)
        return false;
    schema->flags = 0; /* no row of the table is null as a whole */
    for (size_t i = 0; whole && i < batch->count; i++)
        whole = export_schema(schema->children[i], formats[batch->columns[i].type], batch->names[i], 0);
    if (!whole)
        release_schema(schema);
    return whole;
}

oct_err oct_frame_to_arrow(oct_frame *frame, struct ArrowSchema *schema, struct ArrowArray *array)
{
    oct_error *err = octi_last_error();
    struct ArrowSchema made_schema;
    struct ArrowArray made_array;
    oct_frame *computed = oct_frame_compute(frame);
    if (!computed)
        return err->code;
    table *shared = calloc(1, sizeof(*shared));
    if (shared) { /* the computed frame's buffers move */
        shared->batch = computed->table;
        computed->table = (octi_batch){0};
        atomic_init(&shared->refs, 1);
    }
    oct_frame_destroy(computed);
    bool whole = shared && export_schemas(&made_schema, &shared->batch);
    if (whole && !export_table(&made_array, shared)) {
        release_schema(&made_schema);
        whole = false;
    }
    if (shared)
        table_unref(shared);
    if (!whole)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to export a frame");
    *schema = made_schema;
    *array = made_array;
    return OCT_OK;
}
