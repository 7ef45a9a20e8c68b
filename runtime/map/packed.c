#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/base/clock.h"
#include "runtime/exec/context.h"
#include "runtime/exec/loop.h"
#include "runtime/exec/pool.h"
#include "runtime/future/wait.h"
#include "runtime/map/map.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"
#include "runtime/trace/record.h"

/* A chunk of items goes as one task of our own, from bytes to bytes:
 *
 *   request: header, the constant arguments and the items, each as [uint64_t size][packed]
 *   reply:   uint64_t nanoseconds it took; for each item 1 and its result, as above, or 0;
 *            then the failures, each as {uint64_t index, oct_error} */
enum { WINDOW = 3, SHORT_NS = 500000, LONG_NS = 4000000 };

typedef struct header {
    uint32_t task;
    uint32_t count;
} header;

/* ---- where the items run ---- */

typedef struct failures {
    octi_buffer list;
    bool short_of_memory;
} failures;

static void note(size_t index, const oct_error *error, void *ctx)
{
    failures *self = ctx;
    uint64_t number = index;
    if (octi_buffer_append(&self->list, &number, sizeof(number)) != OCT_OK ||
        octi_buffer_append(&self->list, error, sizeof(*error)) != OCT_OK)
        self->short_of_memory = true;
}

static void release_some(const octi_type *type, char *values, size_t count)
{
    for (size_t i = 0; !octi_type_is_plain(type) && i < count; i++)
        octi_value_release(type, values + i * type->size);
}

/* The constant arguments as the task's C struct, and the items as an array. */
typedef struct inputs {
    const oct_task *task;
    size_t count;
    char *args;
    uint32_t args_made;
    char *items;
    size_t items_made;
    char *out;
} inputs;

static void inputs_deinit(inputs *self)
{
    for (uint32_t i = 1; i < self->args_made; i++)
        octi_value_release(&self->task->types[i], self->args + self->task->params[i].offset);
    if (self->items)
        release_some(&self->task->types[0], self->items, self->items_made);
    free(self->args);
    free(self->items);
    free(self->out);
}

static oct_err inputs_init(inputs *self, const header *head, oct_unpacker *from)
{
    *self = (inputs){.task = octi_registry_at(head->task), .count = head->count};
    if (!self->task || !self->task->loop || head->count > from->left / sizeof(uint64_t))
        return OCT_E_PROTOCOL;
    self->args = calloc(1, self->task->args_size);
    self->items = calloc(self->count + 1, self->task->types[0].size);
    self->out = calloc(self->count + 1, self->task->result.size + 1);
    if (!self->args || !self->items || !self->out)
        return OCT_E_NOMEM;
    for (self->args_made = 1; self->args_made < self->task->param_count; self->args_made++) {
        uint32_t i = self->args_made;
        if (octi_value_unpack_next(&self->task->types[i], from, self->args + self->task->params[i].offset) !=
            OCT_OK)
            return OCT_E_PROTOCOL;
    }
    for (; self->items_made < self->count; self->items_made++) {
        if (octi_value_unpack_next(&self->task->types[0], from,
                                   self->items + self->items_made * self->task->types[0].size) != OCT_OK)
            return OCT_E_PROTOCOL;
    }
    return OCT_OK;
}

static bool has_value(const oct_task *task)
{
    return task->result.kind != OCTI_VOID;
}

/* Failed items have zeroed results, which travel like any other. */
static oct_err write_reply(const inputs *self, const failures *failed, int64_t took, octi_buffer *reply)
{
    oct_err code = octi_buffer_append(reply, &took, sizeof(took));
    octi_buffer told = failed->list;
    size_t next = 0;
    for (size_t i = 0; code == OCT_OK && has_value(self->task) && i < self->count; i++) {
        uint64_t number = UINT64_MAX;
        if (next < told.size)
            memcpy(&number, told.data + next, sizeof(number));
        bool is_told = number == i && self->task->result.kind != OCTI_ERR;
        if (number == i)
            next += sizeof(number) + sizeof(oct_error);
        char flag = !is_told;
        code = octi_buffer_append(reply, &flag, 1);
        if (code == OCT_OK && flag)
            code = octi_value_pack_next(&self->task->result, self->out + i * self->task->result.size, reply);
    }
    if (code == OCT_OK && told.size > 0)
        code = octi_buffer_append(reply, told.data, told.size);
    return code;
}

static int by_index(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

static oct_err run_inputs(inputs *self, octi_buffer *reply)
{
    failures failed = {0};
    octi_frame frame = {.job = octi_here.frame ? octi_here.frame->job : NULL, .pool = oct_task_pool()};
    int64_t began = octi_clock_ns();
    octi_loop_run(self->task, self->args, self->items, self->count, self->out, &frame, note, &failed);
    int64_t took = octi_clock_ns() - began;
    if (failed.list.size > 0)
        qsort(failed.list.data, failed.list.size / (sizeof(uint64_t) + sizeof(oct_error)),
              sizeof(uint64_t) + sizeof(oct_error), by_index);
    oct_err code = failed.short_of_memory ? OCT_E_NOMEM : write_reply(self, &failed, took, reply);
    if (has_value(self->task))
        release_some(&self->task->result, self->out, self->count);
    octi_buffer_deinit(&failed.list);
    return code;
}

OCT_TASK(oct_bytes, octi_map_chunk, oct_bytes, request)
{
    oct_unpacker from = {request.data, request.size, false};
    octi_buffer reply = {0};
    inputs self = {0};
    header head;
    oct_err code = oct_unpack(&from, &head, sizeof(head)) ? inputs_init(&self, &head, &from) : OCT_E_PROTOCOL;
    if (code == OCT_OK)
        code = run_inputs(&self, &reply);
    if (self.task)
        inputs_deinit(&self);
    if (code != OCT_OK) {
        octi_buffer_deinit(&reply);
        oct_fail(oct_task_error(), code, "a chunk of a map could not be run: %s", oct_err_name(code));
    }
    size_t size = reply.size;
    return (oct_bytes){octi_buffer_take(&reply), size};
}

/* ---- where the map was called ---- */

typedef struct part {
    oct_future *future;
    size_t start, count;
} part;

static oct_err write_request(const octi_map_call *call, size_t start, size_t count, octi_buffer *to)
{
    header head = {call->task->index, (uint32_t)count};
    oct_err code = octi_buffer_append(to, &head, sizeof(head));
    for (uint32_t i = 1; code == OCT_OK && i < call->task->param_count; i++)
        code = octi_value_pack_next(&call->task->types[i],
                                    (const char *)call->args + call->task->params[i].offset, to);
    const octi_type *type = &call->task->types[0];
    for (size_t i = start; code == OCT_OK && i < start + count; i++)
        code = octi_value_pack_next(type, (const char *)call->in + i * type->size, to);
    return code;
}

static oct_err submit_part(const octi_map_call *call, part *self, oct_error *err)
{
    octi_buffer request = {0};
    oct_err code = write_request(call, self->start, self->count, &request);
    if (code == OCT_OK) {
        const oct_options tagged = {.tags = call->tags};
        self->future = oct_submit_with(call->pool, call->tags ? &tagged : NULL, octi_map_chunk,
                                       ((oct_bytes){request.data, request.size}));
        code = self->future ? OCT_OK : OCT_E_NOMEM;
    }
    octi_buffer_deinit(&request);
    return code == OCT_OK ? OCT_OK : oct_fail(err, code, "out of memory for %zu items of a map", self->count);
}

static oct_err read_values(const octi_map_call *call, const part *self, oct_unpacker *from)
{
    const octi_type *type = &call->task->result;
    char *spare = malloc(type->size + 1);
    oct_err code = spare ? OCT_OK : OCT_E_NOMEM;
    for (size_t i = 0; code == OCT_OK && has_value(call->task) && i < self->count; i++) {
        char *out = call->out ? (char *)call->out + (self->start + i) * type->size : spare;
        char flag;
        memset(out, 0, type->size);
        if (!oct_unpack(from, &flag, 1) || (flag && octi_value_unpack_next(type, from, out) != OCT_OK))
            code = OCT_E_PROTOCOL;
        else if (!call->out)
            octi_value_release(type, out);
    }
    free(spare);
    return code;
}

static oct_err read_reply(const octi_map_call *call, octi_map_failures *failed, const part *self,
                          oct_bytes reply, int64_t *took)
{
    oct_unpacker from = {reply.data, reply.size, false};
    if (!oct_unpack(&from, took, sizeof(*took)))
        return OCT_E_PROTOCOL;
    oct_err code = read_values(call, self, &from);
    while (code == OCT_OK && from.left > 0) {
        uint64_t index;
        oct_error error;
        oct_unpack(&from, &index, sizeof(index));
        if (!oct_unpack(&from, &error, sizeof(error)) || index >= self->count)
            return OCT_E_PROTOCOL;
        octi_map_item_failed(failed, self->start + index, &error);
    }
    return code;
}

/* A chunk that was lost as a whole, with its worker or its memory: all its items failed. */
static void all_failed(const octi_map_call *call, octi_map_failures *failed, const part *self,
                       const oct_error *error)
{
    size_t size = call->task->result.size;
    for (size_t i = self->start; i < self->start + self->count; i++) {
        if (call->out)
            memset((char *)call->out + i * size, 0, size);
        octi_map_item_failed(failed, i, error);
    }
}

static void collect(const octi_map_call *call, octi_map_failures *failed, part *self, int64_t *took);

/* An item took its worker along, and with it what the others of the chunk had returned: these
 * run again, half a chunk at a time, until only the item that is to blame has failed. */
static void halve(const octi_map_call *call, octi_map_failures *failed, const part *self)
{
    size_t half = self->count / 2;
    part halves[2] = {{NULL, self->start, half}, {NULL, self->start + half, self->count - half}};
    oct_error errors[2];
    oct_err codes[2];
    for (int i = 0; i < 2; i++)
        codes[i] = submit_part(call, &halves[i], &errors[i]);
    for (int i = 0; i < 2; i++) {
        int64_t unused;
        if (codes[i] == OCT_OK)
            collect(call, failed, &halves[i], &unused);
        else
            all_failed(call, failed, &halves[i], &errors[i]);
    }
}

static void collect(const octi_map_call *call, octi_map_failures *failed, part *self, int64_t *took)
{
    oct_bytes reply;
    *took = 0;
    oct_err code = oct_result(self->future, &reply);
    if (code == OCT_OK) {
        code = read_reply(call, failed, self, reply, took);
        free(reply.data);
        if (code == OCT_OK)
            return;
        oct_error error;
        oct_fail(&error, code, "the reply for items %zu to %zu of '%s' makes no sense", self->start,
                 self->start + self->count - 1, call->task->name);
        all_failed(call, failed, self, &error);
        return;
    }
    oct_error error = *oct_last_error();
    oct_release(self->future);
    if (code == OCT_E_CRASH && self->count > 1)
        halve(call, failed, self);
    else
        all_failed(call, failed, self, &error);
}

/* The next chunk's size, from how long the last one took. */
static size_t adapt(size_t size, int64_t took)
{
    if (took > 0 && took < SHORT_NS && size < 1u << 20)
        return 2 * size;
    return took > LONG_NS && size > 1 ? size / 2 : size;
}

/* A window of chunks is under way, and the oldest is waited for: memory stays bounded, and
 * results arrive in order. */
oct_err octi_map_packed(const octi_map_call *call, octi_map_failures *failed, oct_error *err)
{
    size_t workers = (size_t)oct_pool_workers(call->pool), window = WINDOW * workers;
    part *parts = calloc(window, sizeof(*parts));
    if (!parts)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a map");
    octi_trace_items((int64_t)call->count, 0);
    size_t size = call->chunk ? call->chunk : 1, next = 0, first = 0, count = 0;
    oct_err code = OCT_OK;
    while (count > 0 || (code == OCT_OK && next < call->count && !octi_map_stopped(call))) {
        while (code == OCT_OK && count < window && next < call->count && !octi_map_stopped(call)) {
            size_t left = call->count - next, most = call->chunk ? left : left / (2 * workers) + 1;
            part *self = &parts[(first + count) % window];
            *self = (part){NULL, next, size < most ? size : most};
            if (self->count > left)
                self->count = left;
            if ((code = submit_part(call, self, err)) == OCT_OK) {
                next += self->count;
                count++;
            }
        }
        if (count == 0)
            break;
        int64_t took;
        collect(call, failed, &parts[first], &took);
        octi_map_ran(call, parts[first].count);
        octi_trace_items(-1, (int64_t)parts[first].count - 1); /* items are counted, their task is not */
        if (!call->chunk && parts[first].count == size)
            size = adapt(size, took);
        first = (first + 1) % window;
        count--;
    }
    free(parts);
    return code;
}
