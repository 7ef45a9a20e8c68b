#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/task/put.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"

/* The lists grow only in constructors and under dlopen, which do not run while a pool opens. */
static struct {
    pthread_mutex_t lock;
    oct_task *added;
    octi_user_type *types;
    oct_task *puts; /* in no order that counts */
    oct_task **table;
    size_t count;
    uint64_t digest;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

void octi_task_add(oct_task *task)
{
    pthread_mutex_lock(&registry.lock);
    task->next = registry.added;
    registry.added = task;
    pthread_mutex_unlock(&registry.lock);
}

void octi_type_add(octi_user_type *type)
{
    pthread_mutex_lock(&registry.lock);
    type->next = registry.types;
    registry.types = type;
    pthread_mutex_unlock(&registry.lock);
}

static oct_err resolve_type(octi_type *type, const oct_task *task, oct_error *err)
{
    if (type->kind != OCTI_STRUCT)
        return OCT_OK;
    for (const octi_user_type *user = registry.types; user; user = user->next) {
        if (strcmp(user->name, type->name) != 0)
            continue;
        if (user->size != type->size)
            return oct_fail(err, OCT_E_INVALID, "type '%s' has two sizes: %zu by OCT_TYPE, %u in task '%s'",
                            type->name, user->size, type->size, task->name);
        type->kind = OCTI_USER;
        type->user = user;
    }
    return OCT_OK;
}

static oct_err resolve_task(oct_task *task, oct_error *err)
{
    if (task->types)
        return OCT_OK;
    octi_type *types = calloc(task->param_count + 1, sizeof(*types));
    if (!types)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for task '%s'", task->name);

    task->plain_args = true;
    oct_err code = OCT_OK;
    for (uint32_t i = 0; code == OCT_OK && i < task->param_count; i++) {
        types[i] = task->params[i].type;
        code = resolve_type(&types[i], task, err);
        task->plain_args = task->plain_args && octi_type_is_plain(&types[i]);
    }
    if (strcmp(task->result.name, "oct_err") == 0)
        task->result.kind = OCTI_ERR;
    if (code == OCT_OK)
        code = resolve_type(&task->result, task, err);
    if (code != OCT_OK) {
        free(types);
        return code;
    }
    task->plain_value = octi_type_is_plain(&task->result);
    task->types = types;
    return OCT_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(oct_task *const *)a)->name, (*(oct_task *const *)b)->name);
}

static void digest_text(uint64_t *digest, const char *text)
{
    /* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ ; the NUL counts too. */
    do {
        *digest = (*digest ^ (unsigned char)*text) * 0x100000001b3u;
    } while (*text++);
}

static void digest_task(uint64_t *digest, const oct_task *task)
{
    digest_text(digest, task->name);
    digest_text(digest, task->result.name);
    *digest = (*digest ^ task->result.size) * 0x100000001b3u;
    for (uint32_t i = 0; i < task->param_count; i++) {
        digest_text(digest, task->params[i].type.name);
        *digest = (*digest ^ task->params[i].type.size) * 0x100000001b3u;
    }
}

oct_task *octi_registry_put(const octi_type *type)
{
    return octi_put_find(registry.puts, type);
}

/* A task for each type that there is. */
static oct_err add_puts(oct_error *err)
{
    oct_err code = octi_put_basic(&registry.puts);
    for (oct_task *task = registry.added; code == OCT_OK && task; task = task->next) {
        code = octi_put_add(&registry.puts, &task->result);
        for (uint32_t i = 0; code == OCT_OK && i < task->param_count; i++)
            code = octi_put_add(&registry.puts, &task->types[i]);
    }
    for (octi_user_type *user = registry.types; code == OCT_OK && user; user = user->next)
        code = octi_put_add(&registry.puts, &(octi_type){user->name, OCTI_USER, (uint32_t)user->size, user});
    for (oct_task *task = registry.puts; code == OCT_OK && task; task = task->next)
        code = resolve_task(task, err);
    return code == OCT_OK ? OCT_OK : oct_fail(err, code, "out of memory for the tasks");
}

static oct_err build_table(oct_error *err)
{
    size_t count = 0;
    oct_err code = OCT_OK;
    for (oct_task *task = registry.added; code == OCT_OK && task; task = task->next)
        code = resolve_task(task, err);
    if (code != OCT_OK || (code = add_puts(err)) != OCT_OK)
        return code;
    for (oct_task *task = registry.added; task; task = task->next)
        count++;
    for (oct_task *task = registry.puts; task; task = task->next)
        count++;
    oct_task **table = malloc((count + 1) * sizeof(*table));
    if (!table)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu tasks", count);

    size_t i = 0;
    for (oct_task *task = registry.added; task; task = task->next)
        table[i++] = task;
    for (oct_task *task = registry.puts; task; task = task->next)
        table[i++] = task;
    qsort(table, count, sizeof(*table), by_name);

    uint64_t digest = 0xcbf29ce484222325u;
    for (i = 0; code == OCT_OK && i < count; i++) {
        if (i > 0 && strcmp(table[i - 1]->name, table[i]->name) == 0)
            code =
                oct_fail(err, OCT_E_INVALID, "two tasks have the name '%s': %s:%d and %s:%d", table[i]->name,
                         table[i - 1]->file, table[i - 1]->line, table[i]->file, table[i]->line);
        table[i]->index = (uint32_t)i;
        digest_task(&digest, table[i]);
    }
    if (code != OCT_OK) {
        free(table);
        return code;
    }
    free(registry.table);
    registry.table = table;
    registry.count = count;
    registry.digest = digest;
    return OCT_OK;
}

oct_err octi_registry_resolve(oct_error *err)
{
    pthread_mutex_lock(&registry.lock);
    oct_err code = registry.table ? OCT_OK : build_table(err);
    pthread_mutex_unlock(&registry.lock);
    return code;
}

oct_task *octi_registry_at(size_t index)
{
    return index < registry.count ? registry.table[index] : NULL;
}

size_t octi_registry_count(void)
{
    return registry.count;
}

uint64_t octi_registry_digest(void)
{
    return registry.digest;
}
