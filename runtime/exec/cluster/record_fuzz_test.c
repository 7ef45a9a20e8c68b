#include <stdlib.h>
#include <string.h>

#include "runtime/exec/cluster/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile char sink;

/* Touches all that a record says is there, so that a sanitizer sees what is not. */
static void touch(const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sink = ((const char *)bytes)[i];
}

static void touch_task(const octi_task_record *record)
{
    touch(record + 1, record->args_size);
    const octi_dep_record *dep = NULL;
    for (uint32_t i = 0; i < record->dep_count; i++) {
        dep = octi_record_dep(record, dep);
        touch(dep + 1, dep->size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *message = malloc(size ? size : 1); /* aligned as a received one is */
    if (!message)
        return 0;
    memcpy(message, data, size);
    for (size_t at = 0; at < size;) {
        const octi_record *record = octi_record_at(message + at, size - at);
        if (!record)
            break;
        touch(record, record->size);
        if (record->kind == OCTI_TASK)
            touch_task((const octi_task_record *)record);
        at += record->size;
    }
    free(message);
    return 0;
}
