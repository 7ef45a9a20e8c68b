#include "runtime/exec/cluster/record.h"

static const size_t least[OCTI_KINDS] = {
    [OCTI_TASK] = sizeof(octi_task_record),    [OCTI_END] = sizeof(octi_end_record),
    [OCTI_CANCEL] = sizeof(octi_value_record), [OCTI_FETCH] = sizeof(octi_value_record),
    [OCTI_VALUE] = sizeof(octi_value_record),  [OCTI_FORGET] = sizeof(octi_value_record),
    [OCTI_PROBE] = sizeof(octi_quiet_record),  [OCTI_QUIET] = sizeof(octi_quiet_record),
    [OCTI_CLOSE] = sizeof(octi_record),        [OCTI_CHASE] = sizeof(octi_chase_record),
};

/* Takes `size` bytes and their padding from *left; false when there are not so many. */
static bool take(size_t *left, size_t size)
{
    if (size > *left || octi_padded(size) > *left)
        return false;
    *left -= octi_padded(size);
    return true;
}

static bool task_adds_up(const octi_task_record *record)
{
    size_t left = record->head.size - sizeof(*record);
    if (record->dep_count > 8 || !take(&left, record->args_size))
        return false;
    const octi_dep_record *dep = NULL;
    for (uint32_t i = 0; i < record->dep_count; i++) {
        if (!take(&left, sizeof(*dep)))
            return false;
        dep = octi_record_dep(record, dep);
        if (dep->param >= 8 || !take(&left, dep->size))
            return false;
    }
    return left == 0;
}

static bool end_adds_up(const octi_end_record *record)
{
    size_t left = record->head.size - sizeof(*record);
    if (record->head.detail == OCTI_ENDED_ELSEWHERE)
        return left == 0;
    return record->head.detail <= OCTI_ENDED_FAILED && take(&left, record->size) && left == 0;
}

static bool value_adds_up(const octi_value_record *record)
{
    size_t left = record->head.size - sizeof(*record);
    return take(&left, record->size) && left == 0;
}

const octi_record *octi_record_at(const char *data, size_t left)
{
    const octi_record *head = (const octi_record *)data;
    if (left < sizeof(*head) || head->size > left || head->size % 16 != 0)
        return NULL;
    if (head->kind == 0 || head->kind >= OCTI_KINDS || head->size < least[head->kind])
        return NULL;
    switch (head->kind) {
    case OCTI_TASK:
        return task_adds_up((const octi_task_record *)head) ? head : NULL;
    case OCTI_END:
        return end_adds_up((const octi_end_record *)head) ? head : NULL;
    case OCTI_CANCEL:
    case OCTI_FETCH:
    case OCTI_VALUE:
    case OCTI_FORGET:
        return value_adds_up((const octi_value_record *)head) ? head : NULL;
    default:
        return head->size == least[head->kind] ? head : NULL;
    }
}

const octi_dep_record *octi_record_dep(const octi_task_record *record, const octi_dep_record *dep)
{
    const char *at = dep ? (const char *)(dep + 1) + octi_padded(dep->size)
                         : (const char *)(record + 1) + octi_padded(record->args_size);
    return (const octi_dep_record *)at;
}
