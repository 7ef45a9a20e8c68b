#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/task/put.h"

static const octi_type basic[] = {
    {"bool", OCTI_BOOL, sizeof(bool), NULL},
    {"char", OCTI_CHAR, sizeof(char), NULL},
    {"int8_t", OCTI_INT, 1, NULL},
    {"int16_t", OCTI_INT, 2, NULL},
    {"int32_t", OCTI_INT, 4, NULL},
    {"int64_t", OCTI_INT, 8, NULL},
    {"uint8_t", OCTI_UINT, 1, NULL},
    {"uint16_t", OCTI_UINT, 2, NULL},
    {"uint32_t", OCTI_UINT, 4, NULL},
    {"uint64_t", OCTI_UINT, 8, NULL},
    {"float", OCTI_FLOAT, sizeof(float), NULL},
    {"double", OCTI_FLOAT, sizeof(double), NULL},
    {"long double", OCTI_FLOAT, sizeof(long double), NULL},
    {"char *", OCTI_STRING, sizeof(char *), NULL},
    {"oct_bytes", OCTI_BYTES, sizeof(oct_bytes), NULL},
    {"oct_doubles", OCTI_DOUBLES, sizeof(oct_doubles), NULL},
    {"oct_floats", OCTI_FLOATS, sizeof(oct_floats), NULL},
    {"oct_ints", OCTI_INTS, sizeof(oct_ints), NULL},
    {"oct_int64s", OCTI_INT64S, sizeof(oct_int64s), NULL},
};

/* A task and what it points at. */
typedef struct put {
    oct_task task; /* first */
    octi_param params[2];
    char name[];
} put;

/* Before a program's types are resolved a struct may be one of an OCT_TYPE. */
static bool is_struct(octi_kind kind)
{
    return kind == OCTI_STRUCT || kind == OCTI_USER;
}

static bool is_string(octi_kind kind)
{
    return kind == OCTI_STRING || kind == OCTI_CSTRING;
}

static bool same(const octi_type *a, const octi_type *b)
{
    if (is_struct(a->kind))
        return is_struct(b->kind) && a->size == b->size && strcmp(a->name, b->name) == 0;
    return a->size == b->size && (a->kind == b->kind || (is_string(a->kind) && is_string(b->kind)));
}

oct_task *octi_put_find(oct_task *list, const octi_type *type)
{
    while (list && !same(&list->result, type))
        list = list->next;
    return list;
}

oct_err octi_put_add(oct_task **list, const octi_type *type)
{
    if (type->kind == OCTI_VOID || type->kind == OCTI_ERR || octi_put_find(*list, type))
        return OCT_OK;
    /* Two structs may share a name, in two files: the size keeps their tasks apart. */
    size_t room = strlen(type->name) + 32;
    put *self = calloc(1, sizeof(*self) + room);
    if (!self)
        return OCT_E_NOMEM;
    snprintf(self->name, room, is_struct(type->kind) ? "put(%s:%u)" : "put(%s)", type->name, type->size);
    self->params[0] = (octi_param){*type, 0};
    if (is_string(type->kind)) /* borrowed, and given away */
        self->params[0].type.kind = OCTI_CSTRING;
    self->task = (oct_task){.name = self->name,
                            .file = __FILE__,
                            .line = __LINE__,
                            .result = *type,
                            .params = self->params,
                            .param_count = 1,
                            .args_size = type->size,
                            .unrecorded = true,
                            .next = *list};
    if (is_string(type->kind))
        self->task.result.kind = OCTI_STRING;
    *list = &self->task;
    return OCT_OK;
}

oct_err octi_put_basic(oct_task **list)
{
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < sizeof(basic) / sizeof(basic[0]); i++)
        code = octi_put_add(list, &basic[i]);
    return code;
}
