#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oct/lazy.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/pool.h"
#include "runtime/future/wait.h"
#include "runtime/map/map.h"
#include "runtime/task/type.h"

/* Enough under way that no worker waits for the thread that makes the items. */
enum { WINDOW = 64 };

typedef struct lazy_map {
    oct_pool *pool;
    const oct_lazy *lazy;
    oct_task *task;
    char *args; /* the task's C struct */
    oct_future *const *futures;
    size_t future_count;
    void *value;
    oct_completed *completed;
    oct_future **window; /* in order; NULL as completed */
    size_t size, started, finished;
    size_t failed, first; /* items */
    oct_error error;      /* of the first */
} lazy_map;

static void item_failed(lazy_map *self, oct_future *future, size_t item, const oct_error *error)
{
    if (self->failed++ == 0 || item < self->first) {
        self->first = item;
        self->error = *error;
    }
    const oct_failure *known = oct_future_failure(future);
    oct_failure failure = {.error = *error, .attempts = 1};
    snprintf(failure.task, sizeof(failure.task), "%s", self->task->name);
    if (self->lazy->each)
        self->lazy->each(item, NULL, known ? known : &failure, self->lazy->ctx);
}

static void finish(lazy_map *self, oct_future *future, size_t item)
{
    const octi_type *type = &self->task->result;
    bool valued = self->lazy->each && type->kind != OCTI_VOID && type->kind != OCTI_ERR;
    octi_kind kind = type->kind == OCTI_USER ? OCTI_STRUCT : type->kind;
    oct_err code = octi_result(future, valued ? self->value : NULL, kind, type->size, OCT_FOREVER);
    self->finished++;
    if (code != OCT_OK) {
        oct_error error = *oct_last_error();
        item_failed(self, future, item, &error);
        oct_release(future);
        return;
    }
    if (self->lazy->each)
        self->lazy->each(item, valued ? self->value : NULL, NULL, self->lazy->ctx);
    if (valued)
        octi_value_release(type, self->value);
}

static oct_err finish_one(lazy_map *self)
{
    size_t item = self->finished;
    oct_future *future = self->window ? self->window[item % self->size]
                                      : oct_completed_next(self->completed, &item, OCT_FOREVER);
    if (!future) /* a deadlock: the others would not end either */
        return oct_last_error()->code;
    finish(self, future, item);
    return OCT_OK;
}

/* OCT_OK with *more false at the end of the inputs. */
static oct_err start_one(lazy_map *self, bool *more)
{
    void *item = self->args + self->task->params[0].offset;
    memset(item, 0, self->task->types[0].size);
    *more = self->lazy->next(item, self->lazy->ctx);
    if (!*more)
        return OCT_OK;
    oct_future *future =
        octi_submit(self->pool, NULL, self->task, self->args, self->futures, self->future_count);
    if (!future)
        return oct_last_error()->code;
    if (self->window) {
        self->window[self->started % self->size] = future;
    } else if (oct_completed_add(self->completed, future) != OCT_OK) {
        oct_release(future);
        return OCT_E_NOMEM;
    }
    self->started++;
    return OCT_OK;
}

static oct_err run(lazy_map *self)
{
    bool more = true;
    oct_err code = OCT_OK;
    while (code == OCT_OK && (more || self->finished < self->started)) {
        if (more && self->started - self->finished < self->size)
            code = start_one(self, &more);
        else
            code = finish_one(self);
    }
    if (code == OCT_OK)
        return OCT_OK;
    oct_error why = *oct_last_error(); /* what is under way is still told of */
    while (self->finished < self->started && finish_one(self) == OCT_OK)
        continue;
    *octi_last_error() = why;
    return code;
}

static oct_err outcome(const lazy_map *self)
{
    if (self->failed == 0)
        return OCT_OK;
    oct_error *err = octi_last_error();
    oct_fail(err, self->error.code, "%zu of %zu items of '%s' failed; the first, item %zu: %s", self->failed,
             self->started, self->task->name, self->first, self->error.what);
    return oct_hint(err, "%s", self->error.hint);
}

oct_err octi_map_lazy(oct_pool *pool, const oct_lazy *lazy, oct_task *task, void *args,
                      oct_future *const *futures, size_t future_count)
{
    oct_error *err = octi_last_error();
    if (!pool) /* oct_last_error still says why there is none */
        return err->code != OCT_OK ? err->code : oct_fail(err, OCT_E_INVALID, "there is no pool");
    if (!lazy || !lazy->next)
        return oct_fail(err, OCT_E_INVALID, "there is nothing that makes the inputs of '%s'", task->name);
    oct_err code = octi_pool_admit(pool, err);
    if (code != OCT_OK)
        return code;
    lazy_map self = {.pool = pool, .lazy = lazy, .task = task, .args = args, .futures = futures};
    self.future_count = future_count;
    self.size = lazy->window ? lazy->window : WINDOW * (size_t)oct_pool_workers(pool);
    self.value = malloc(task->result.size + 1);
    if (lazy->as_completed)
        self.completed = oct_as_completed(NULL, 0);
    else
        self.window = calloc(self.size, sizeof(oct_future *));
    if (self.value && (self.completed || self.window))
        code = run(&self);
    else
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for a map");
    oct_completed_destroy(self.completed);
    free(self.window);
    free(self.value);
    return code == OCT_OK ? outcome(&self) : code;
}
