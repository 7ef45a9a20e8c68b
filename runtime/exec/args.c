#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/args.h"
#include "runtime/exec/executor.h"
#include "runtime/task/type.h"

enum { ALIGN = 16 };

static size_t align_up(size_t size)
{
    return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* What a field points at: nothing for NULL. */
typedef struct reach {
    const void *data;
    size_t size;
} reach;

static reach reach_of(const octi_type *type, const void *field)
{
    reach at = {NULL, 0};
    memcpy(&at.data, field, sizeof(at.data));
    if (type->kind == OCTI_STRING || type->kind == OCTI_CSTRING) {
        at.size = at.data ? strlen(at.data) + 1 : 0;
    } else {
        size_t count;
        memcpy(&count, (const char *)field + sizeof(void *), sizeof(count));
        if (__builtin_mul_overflow(count, octi_type_item_size(type->kind), &at.size))
            at.size = SIZE_MAX / 2;
    }
    return at;
}

/* Packs the values of OCT_TYPEs, each as [uint64_t size][bytes], one after another. */
static oct_err pack_users(const oct_task *task, const char *args, uint32_t skip, octi_buffer *packed)
{
    for (uint32_t i = 0; i < task->param_count; i++) {
        if (task->types[i].kind != OCTI_USER || skip & 1u << i)
            continue;
        size_t start = packed->size;
        uint64_t size = 0;
        oct_err code = octi_buffer_append(packed, &size, sizeof(size));
        if (code == OCT_OK)
            code = octi_value_pack(&task->types[i], args + task->params[i].offset, packed);
        if (code != OCT_OK)
            return code;
        size = packed->size - start - sizeof(size);
        memcpy(packed->data + start, &size, sizeof(size));
    }
    return OCT_OK;
}

static size_t block_size(const oct_task *task, const char *args, uint32_t skip, const octi_buffer *packed)
{
    size_t size = align_up(task->args_size) + packed->size + task->param_count * ALIGN;
    for (uint32_t i = 0; i < task->param_count; i++) {
        const octi_type *type = &task->types[i];
        if (octi_type_is_plain(type) || type->kind == OCTI_USER || skip & 1u << i)
            continue;
        if (__builtin_add_overflow(size, reach_of(type, args + task->params[i].offset).size + ALIGN, &size))
            return SIZE_MAX;
    }
    return size;
}

/* Copies one field and what it points at to `end`; returns the new end. */
static char *store_field(const octi_type *type, const char *from, char *field, char *end, const char **packed)
{
    reach at;
    if (type->kind == OCTI_USER) {
        uint64_t size;
        memcpy(&size, *packed, sizeof(size));
        at = (reach){*packed, size + sizeof(size)};
        *packed += at.size;
    } else {
        at = reach_of(type, from);
        memcpy(field, from, type->size);
    }
    char *target = at.size > 0 ? end : NULL;
    memcpy(field, &target, sizeof(target));
    if (target)
        memcpy(target, at.data, at.size);
    return end + align_up(at.size);
}

static oct_err store_reaching(octi_job *job, const char *args, uint32_t skip, oct_error *err)
{
    const oct_task *task = job->task;
    octi_buffer packed = {0};
    oct_err code = pack_users(task, args, skip, &packed);
    size_t size = block_size(task, args, skip, &packed);
    if (code == OCT_OK && size > UINT32_MAX)
        code = oct_fail(err, OCT_E_EXHAUSTED, "the arguments of '%s' are larger than 4 GB", task->name);
    char *block = code != OCT_OK ? NULL : size <= OCTI_PAYLOAD ? job->payload : malloc(size);
    if (!block) {
        octi_buffer_deinit(&packed);
        return code == OCT_E_EXHAUSTED
                   ? code
                   : oct_fail(err, OCT_E_NOMEM, "out of memory for %zu bytes of arguments of '%s'", size,
                              task->name);
    }

    memset(block, 0, task->args_size);
    char *end = block + align_up(task->args_size);
    const char *next = packed.data;
    for (uint32_t i = 0; i < task->param_count; i++) {
        uint32_t offset = task->params[i].offset;
        if (skip & 1u << i)
            continue;
        if (octi_type_is_plain(&task->types[i]))
            memcpy(block + offset, args + offset, task->types[i].size);
        else
            end = store_field(&task->types[i], args + offset, block + offset, end, &next);
    }
    octi_buffer_deinit(&packed);
    job->args = block;
    job->args_size = (uint32_t)(end - block);
    return OCT_OK;
}

oct_err octi_args_store(octi_job *job, const void *args, uint32_t skip, oct_error *err)
{
    const oct_task *task = job->task;
    if (!task->plain_args)
        return store_reaching(job, args, skip, err);

    void *block = job->payload;
    if (task->args_size > OCTI_PAYLOAD && !(block = malloc(task->args_size)))
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %u bytes of arguments of '%s'", task->args_size,
                        task->name);
    if (task->args_size > 0)
        memcpy(block, args, task->args_size);
    job->args = block;
    job->args_size = task->args_size;
    return OCT_OK;
}

static void drop_deps(octi_job *job)
{
    for (uint32_t i = 0; i < job->dep_count; i++) {
        octi_job *dep = job->deps->at[i].job;
        job->deps->at[i].job = NULL;
        if (dep)
            octi_job_unref(dep);
    }
}

void octi_args_release(octi_job *job)
{
    if (job->args && job->args != job->payload)
        free(job->args);
    job->args = NULL;
    drop_deps(job);
}

void octi_args_forget_remote(octi_job *job)
{
    octi_executor *executor = octi_pool_executor(atomic_load_explicit(&job->pool, memory_order_relaxed));
    if (executor && executor->class->forget)
        executor->class->forget(executor, job);
}

static bool reaches_inside(const octi_type *type, const char *field, const char *block, size_t size)
{
    const char *data;
    memcpy(&data, field, sizeof(data));
    size_t offset = (uintptr_t)data - (uintptr_t)block;
    if (offset >= size)
        return false;
    if (type->kind == OCTI_STRING || type->kind == OCTI_CSTRING)
        return memchr(data, '\0', size - offset);
    if (type->kind == OCTI_USER) {
        uint64_t length;
        if (size - offset < sizeof(length))
            return false;
        memcpy(&length, data, sizeof(length));
        return length <= size - offset - sizeof(length);
    }
    size_t count;
    memcpy(&count, field + sizeof(void *), sizeof(count));
    size_t item_size = octi_type_item_size(type->kind); /* and the alignment of its items */
    return (uintptr_t)data % item_size == 0 && count <= (size - offset) / item_size;
}

oct_err octi_args_adopt(const oct_task *task, void *block, size_t size, uint64_t origin, uint32_t skip,
                        oct_error *err)
{
    if (size < task->args_size)
        return oct_fail(err, OCT_E_PROTOCOL, "%zu bytes of arguments for '%s', which takes %u", size,
                        task->name, task->args_size);
    for (uint32_t i = 0; !task->plain_args && i < task->param_count; i++) {
        const octi_type *type = &task->types[i];
        char *field = (char *)block + task->params[i].offset;
        uint64_t address;
        if (octi_type_is_plain(type) || skip & 1u << i)
            continue;
        memcpy(&address, field, sizeof(address));
        if (address == 0 && type->kind != OCTI_USER && octi_type_item_size(type->kind) == 0)
            continue;
        if (address == 0 && type->kind != OCTI_USER) {
            memset(field, 0, type->size);
            continue;
        }
        address = address - origin + (uintptr_t)block;
        memcpy(field, &address, sizeof(address));
        if (!reaches_inside(type, field, block, size))
            return oct_fail(err, OCT_E_PROTOCOL, "argument %u of '%s' reaches outside of its message", i + 1,
                            task->name);
    }
    return OCT_OK;
}

static oct_err unpack_field(octi_call *call, uint32_t i, oct_error *err)
{
    const oct_task *task = call->task;
    char *field = (char *)call->made + task->params[i].offset, *packed;
    memcpy(&packed, field, sizeof(packed));
    uint64_t size;
    memcpy(&size, packed, sizeof(size));
    oct_err code = octi_value_unpack(&task->types[i], packed + sizeof(size), size, field);
    if (code != OCT_OK)
        return oct_fail(err, code, "argument %u of '%s' cannot be unpacked as '%s'", i + 1, task->name,
                        task->types[i].name);
    call->unpacked |= 1u << i;
    return OCT_OK;
}

static bool needs_making(const oct_task *task, const void *const *values)
{
    if (values)
        return true;
    for (uint32_t i = 0; !task->plain_args && i < task->param_count; i++) {
        if (task->types[i].kind == OCTI_USER)
            return true;
    }
    return false;
}

oct_err octi_call_init(octi_call *call, const oct_task *task, const void *block, const void *const *values,
                       oct_error *err)
{
    call->task = task;
    call->args = block;
    call->made = NULL;
    call->unpacked = 0;
    if (!needs_making(task, values))
        return OCT_OK;

    call->made = task->args_size <= sizeof(call->small) ? call->small : malloc(task->args_size);
    if (!call->made)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for the arguments of '%s'", task->name);
    memcpy(call->made, block, task->args_size);
    call->args = call->made;

    oct_err code = OCT_OK;
    for (uint32_t i = 0; code == OCT_OK && i < task->param_count; i++) {
        if (values && values[i])
            memcpy((char *)call->made + task->params[i].offset, values[i], task->types[i].size);
        else if (task->types[i].kind == OCTI_USER)
            code = unpack_field(call, i, err);
    }
    if (code != OCT_OK)
        octi_call_deinit(call);
    return code;
}

void octi_call_deinit(octi_call *call)
{
    for (uint32_t i = 0; call->unpacked && i < call->task->param_count; i++) {
        if (call->unpacked & 1u << i)
            octi_value_release(&call->task->types[i], (char *)call->made + call->task->params[i].offset);
    }
    if (call->made != call->small)
        free(call->made);
    call->made = NULL;
    call->unpacked = 0;
}

void octi_args_describe_block(const oct_task *task, const void *block, uint32_t skip, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < task->param_count && used + 1 < size; i++) {
        char text[96] = "future";
        if (!(skip & 1u << i))
            octi_value_describe(&task->types[i], (const char *)block + task->params[i].offset, text,
                                sizeof(text));
        int length = snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", text);
        used += length > 0 ? (size_t)length : 0;
    }
    if (used >= size)
        memcpy(out + size - 4, "...", 4);
}

void octi_args_describe(const octi_job *job, char *out, size_t size)
{
    uint32_t skip = 0;
    for (uint32_t i = 0; i < job->dep_count; i++)
        skip |= 1u << job->deps->at[i].param;
    out[0] = '\0';
    if (job->args)
        octi_args_describe_block(job->task, job->args, skip, out, size);
}
