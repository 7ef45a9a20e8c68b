#include <stdlib.h>
#include <string.h>

#include "oct/reduce.h"
#include "runtime/data/data.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/pool.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"

/* A block goes as one task of our own, from bytes to bytes. Values are [uint64_t size][packed].
 *
 *   request: header, then `count` values
 *   reply:   of the running totals after each value, those from `first` to before `last` */
enum { BLOCK = 4096, WINDOW = 4 };

typedef struct header {
    uint32_t task;
    uint32_t count;
    uint32_t first, last;
} header;

static void release_values(const octi_type *type, char *values, size_t count)
{
    for (size_t i = 0; values && !octi_type_is_plain(type) && i < count; i++)
        octi_value_release(type, values + i * type->size);
}

/* ---- where a block runs ---- */

typedef struct block_run {
    const oct_task *task;
    char *args;   /* the task's C struct; its first field is the total so far, and is ours */
    char *result; /* of one call */
} block_run;

/* The next value into the total. A task that returns const char * may return a literal. */
static oct_err combine(block_run *self, oct_unpacker *from)
{
    const octi_type *type = &self->task->result;
    void *total = self->args + self->task->params[0].offset,
         *value = self->args + self->task->params[1].offset;
    oct_err code = octi_value_unpack_next(&self->task->types[1], from, value);
    if (code != OCT_OK)
        return code;
    self->task->run(self->args, self->result);
    if (type->kind == OCTI_CSTRING)
        code = octi_value_copy(type, self->result, self->result);
    octi_value_release(type, total);
    octi_value_release(&self->task->types[1], value);
    if (code == OCT_OK)
        memcpy(total, self->result, type->size);
    else
        memset(total, 0, type->size);
    return code;
}

static oct_err run_block(block_run *self, const header *head, oct_unpacker *from, octi_buffer *reply)
{
    void *total = self->args + self->task->params[0].offset;
    oct_err code = octi_value_unpack_next(&self->task->types[0], from, total);
    if (code != OCT_OK)
        return code;
    for (uint32_t i = 0; code == OCT_OK && i < head->count; i++) {
        if (i > 0)
            code = combine(self, from);
        if (oct_task_error()->code != OCT_OK)
            break;
        if (code == OCT_OK && i >= head->first && i < head->last)
            code = octi_value_pack_next(&self->task->result, total, reply);
    }
    octi_value_release(&self->task->result, total);
    return code;
}

OCT_TASK(oct_bytes, octi_fold_block, oct_bytes, request)
{
    oct_unpacker from = {request.data, request.size, false};
    octi_buffer reply = {0};
    header head;
    block_run self = {0};
    oct_err code = OCT_E_PROTOCOL;
    if (oct_unpack(&from, &head, sizeof(head)) && head.count > 0 &&
        (self.task = octi_registry_at(head.task)) && self.task->param_count == 2) {
        self.args = calloc(1, self.task->args_size);
        self.result = malloc(self.task->result.size + 1);
        code = self.args && self.result ? run_block(&self, &head, &from, &reply) : OCT_E_NOMEM;
    }
    free(self.args);
    free(self.result);
    if (code != OCT_OK)
        oct_fail(oct_task_error(), code, "a block of values could not be combined: %s", oct_err_name(code));
    if (oct_task_error()->code != OCT_OK)
        octi_buffer_deinit(&reply);
    size_t size = reply.size;
    return (oct_bytes){octi_buffer_take(&reply), size};
}

/* ---- where it was called ---- */

/* A pass over blocks. Each has its total, or its running totals, written to out. */
typedef struct pass {
    oct_pool *pool;
    oct_task *task;
    const char *in;
    size_t count;
    bool totals;        /* one value a block */
    const char *carry;  /* before the first block, or NULL */
    const char *before; /* the total before each block but the first, or NULL */
    bool exclusive;
    char *out;
} pass;

static size_t blocks_of(size_t count)
{
    return (count + BLOCK - 1) / BLOCK;
}

static size_t block_size(const pass *self, size_t block)
{
    size_t left = self->count - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

static oct_err write_request(const pass *self, size_t block, octi_buffer *to)
{
    const octi_type *type = &self->task->types[0], *total = &self->task->result;
    size_t count = block_size(self, block);
    const char *carry = self->totals           ? NULL
                        : block == 0           ? self->carry
                        : self->before != NULL ? self->before + (block - 1) * total->size
                                               : NULL;
    uint32_t all = (uint32_t)count + (carry != NULL);
    header head = {self->task->index, all, self->totals ? all - 1 : carry && !self->exclusive,
                   self->exclusive ? all - 1 : all};
    oct_err code = octi_buffer_append(to, &head, sizeof(head));
    if (code == OCT_OK && carry)
        code = octi_value_pack_next(total, carry, to);
    for (size_t i = 0; code == OCT_OK && i < count; i++)
        code = octi_value_pack_next(type, self->in + (block * BLOCK + i) * type->size, to);
    return code;
}

static oct_future *submit_block(const pass *self, size_t block)
{
    octi_buffer request = {0};
    oct_future *future = NULL;
    if (write_request(self, block, &request) == OCT_OK)
        future = oct_submit(self->pool, octi_fold_block, ((oct_bytes){request.data, request.size}));
    else
        oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory to combine values");
    octi_buffer_deinit(&request);
    return future;
}

/* *written counts the values in out that are whole. */
static oct_err read_block(const pass *self, size_t block, oct_future *future, size_t *written)
{
    oct_bytes reply;
    oct_error *err = octi_last_error();
    oct_err code = oct_result(future, &reply);
    if (code != OCT_OK) {
        oct_prefix(err, "'%s' failed", self->task->name);
        oct_release(future);
        return code;
    }
    oct_unpacker from = {reply.data, reply.size, false};
    size_t count = self->totals ? 1 : block_size(self, block), size = self->task->result.size;
    for (size_t i = 0; code == OCT_OK && i < count; i++) {
        code = octi_value_unpack_next(&self->task->result, &from, self->out + *written * size);
        *written += code == OCT_OK;
    }
    free(reply.data);
    return code == OCT_OK ? OCT_OK
                          : oct_fail(err, code, "the totals of '%s' could not be read", self->task->name);
}

/* A window of blocks is under way, and the oldest is waited for: memory stays bounded. */
static oct_err run_pass(const pass *self)
{
    size_t blocks = blocks_of(self->count), window = WINDOW * (size_t)oct_pool_workers(self->pool);
    oct_future **futures = malloc(window * sizeof(oct_future *));
    if (!futures)
        return oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory to combine values");
    size_t started = 0, finished = 0, written = 0;
    oct_err code = OCT_OK;
    while (code == OCT_OK && finished < blocks) {
        for (; started < blocks && started - finished < window; started++) {
            if (!(futures[started % window] = submit_block(self, started)))
                break;
        }
        if (finished == started)
            code = octi_last_error()->code;
        else
            code = read_block(self, finished, futures[finished % window], &written);
        finished += finished < started;
    }
    oct_error why = *octi_last_error();
    for (; finished < started; finished++)
        oct_release(futures[finished % window]);
    free(futures);
    if (code == OCT_OK)
        return OCT_OK;
    release_values(&self->task->result, self->out, written);
    memset(self->out, 0, written * self->task->result.size);
    *octi_last_error() = why;
    return code;
}

static oct_err totals_of(oct_pool *pool, oct_task *task, const void *in, size_t count, char **totals)
{
    *totals = calloc(blocks_of(count), task->result.size);
    if (!*totals)
        return oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory to combine values");
    pass blocks = {.pool = pool, .task = task, .in = in, .count = count, .totals = true, .out = *totals};
    return run_pass(&blocks);
}

oct_err octi_fold(oct_pool *pool, oct_task *task, const void *in, size_t count, void *out)
{
    oct_error *err = octi_last_error();
    oct_err code = octi_check_combiner(pool, task, err);
    if (code == OCT_OK && (count == 0 || !in || !out))
        code = oct_fail(err, OCT_E_INVALID, "there is nothing for '%s' to combine", task->name);
    if (code != OCT_OK)
        return code;
    char *totals;
    size_t blocks = blocks_of(count), size = task->result.size;
    code = totals_of(pool, task, in, count, &totals);
    if (code == OCT_OK && blocks > 1) {
        code = octi_fold(pool, task, totals, blocks, out);
        release_values(&task->result, totals, blocks);
    } else if (code == OCT_OK) {
        memcpy(out, totals, size);
    }
    free(totals);
    return code;
}

/* Running totals of `in` from carry on (NULL: from nothing), by those of the blocks' totals. */
static oct_err scan(oct_pool *pool, oct_task *task, const void *in, size_t count, const void *carry,
                    bool exclusive, void *out)
{
    pass last = {.pool = pool, .task = task, .in = in, .count = count, .carry = carry, .out = out};
    last.exclusive = exclusive;
    size_t whole = count > BLOCK ? blocks_of(count) - 1 : 0; /* the last block's total is not needed */
    if (whole == 0)
        return run_pass(&last);
    char *totals, *before = calloc(whole, task->result.size);
    oct_err code = totals_of(pool, task, in, whole * BLOCK, &totals);
    bool totalled = code == OCT_OK, scanned = false;
    if (totalled && before)
        code = scan(pool, task, totals, whole, carry, false, before);
    else if (totalled)
        code = oct_fail(octi_last_error(), OCT_E_NOMEM, "out of memory to combine values");
    if ((scanned = code == OCT_OK)) {
        last.before = before;
        code = run_pass(&last);
    }
    if (totalled)
        release_values(&task->result, totals, whole);
    if (scanned)
        release_values(&task->result, before, whole);
    free(totals);
    free(before);
    return code;
}

oct_err octi_scan(oct_pool *pool, oct_task *task, const void *in, size_t count, const void *first, void *out)
{
    oct_error *err = octi_last_error();
    oct_err code = octi_check_combiner(pool, task, err);
    if (code != OCT_OK || count == 0)
        return code;
    if (!in || !out)
        return oct_fail(err, OCT_E_INVALID, "there is nothing for '%s' to combine", task->name);
    memset(out, 0, count * task->result.size);
    return scan(pool, task, in, count, first, first != NULL, out);
}
