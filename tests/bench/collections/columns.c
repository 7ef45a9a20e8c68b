#include <stdlib.h>

#include "oct/arrow.h"
#include "tests/bench/collections/columns.h"

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

oct_frame *columns_frame(oct_pool *pool, const column *columns, size_t count, int64_t rows)
{
    struct ArrowSchema parts[COLUMNS_MOST], *about[COLUMNS_MOST];
    struct ArrowArray values[COLUMNS_MOST], *children[COLUMNS_MOST];
    const void *buffers[COLUMNS_MOST][3] = {{0}}, *none[1] = {NULL};
    if (count > COLUMNS_MOST)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const column *c = &columns[i];
        buffers[i][1] = c->offsets ? (const void *)c->offsets : c->values;
        buffers[i][2] = c->values;
        parts[i] = (struct ArrowSchema){.format = c->format, .name = c->name, .release = release_schema};
        values[i] = (struct ArrowArray){
            .length = rows, .n_buffers = c->offsets ? 3 : 2, .buffers = buffers[i], .release = release_array};
        about[i] = &parts[i];
        children[i] = &values[i];
    }
    struct ArrowSchema schema = {
        .format = "+s", .n_children = (int64_t)count, .children = about, .release = release_schema};
    struct ArrowArray array = {.length = rows,
                               .n_buffers = 1,
                               .buffers = none,
                               .n_children = (int64_t)count,
                               .children = children,
                               .release = release_array};
    oct_frame *frame = oct_frame_from_arrow(pool, &schema, &array);
    if (!frame)
        oct_die(NULL);
    return frame;
}

void *columns_room(size_t size)
{
    void *room = malloc(size);
    if (!room)
        oct_die(NULL);
    return room;
}
