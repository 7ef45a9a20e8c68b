#include <string.h>

#include "runtime/journal/identity.h"
#include "runtime/task/type.h"

/* The tasks of our own carry addresses, or pieces whose size depends on the time. */
bool octi_identity_is_recorded(const oct_task *task)
{
    return !task->unrecorded && strncmp(task->name, "octi_", 5) != 0;
}

static const octi_dep *dep_of(const octi_job *job, uint32_t param)
{
    for (uint32_t i = 0; i < job->dep_count; i++) {
        if (job->deps->at[i].param == param)
            return &job->deps->at[i];
    }
    return NULL;
}

/* A value of an OCT_TYPE is packed already: exec/args.h. */
static oct_err append_arg(const octi_job *job, uint32_t param, octi_buffer *to)
{
    const octi_type *type = &job->task->types[param];
    const char *field = (const char *)job->args + job->task->params[param].offset;
    const octi_dep *dep = dep_of(job, param);
    if (dep)
        return octi_job_is_remote(dep->job)
                   ? OCT_E_UNSUPPORTED
                   : octi_value_pack(&dep->job->task->result, octi_job_value(dep->job), to);
    if (type->kind != OCTI_USER)
        return octi_value_pack(type, field, to);
    const char *packed;
    uint64_t size;
    memcpy(&packed, field, sizeof(packed));
    memcpy(&size, packed, sizeof(size));
    return octi_buffer_append(to, packed + sizeof(size), size);
}

oct_err octi_identity_describe(const octi_job *job, octi_buffer *to)
{
    oct_err code = octi_buffer_append(to, job->task->name, strlen(job->task->name) + 1);
    for (uint32_t i = 0; code == OCT_OK && i < job->task->param_count; i++) {
        uint64_t size = 0;
        size_t at = to->size;
        code = octi_buffer_append(to, &size, sizeof(size));
        if (code == OCT_OK)
            code = append_arg(job, i, to);
        if (code != OCT_OK)
            break;
        size = to->size - at - sizeof(size);
        memcpy(to->data + at, &size, sizeof(size));
    }
    return code;
}
