#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "oct/mapping.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/futex.h"
#include "runtime/exec/pool.h"
#include "runtime/future/wait.h"
#include "runtime/map/map.h"
#include "runtime/task/type.h"

struct oct_mapping {
    octi_map_watch watch;
    oct_pool *pool;
    oct_task *task;
    oct_map_options options; /* the tags copied */
    char *args;              /* the task's C struct, copied */
    uint32_t owned;          /* a bit for each argument whose copy is ours */
    oct_future *futures[8];
    size_t future_count;
    const void *in;
    size_t count;
    void *out;
    pthread_t thread;
    bool has_thread;
    oct_error error;        /* valid once it has ended */
    _Atomic uint32_t ended; /* a futex */
};

/* Fields of futures stay as they are: the map fills them in. */
static oct_err copy_args(oct_mapping *self, const void *args)
{
    self->args = malloc(self->task->args_size);
    if (!self->args)
        return OCT_E_NOMEM;
    memcpy(self->args, args, self->task->args_size);
    for (uint32_t i = 1; i < self->task->param_count; i++) {
        size_t at = self->task->params[i].offset;
        if (i < self->future_count && self->futures[i])
            continue;
        if (octi_value_copy(&self->task->types[i], (const char *)args + at, self->args + at) != OCT_OK)
            return OCT_E_NOMEM;
        self->owned |= 1u << i;
    }
    return OCT_OK;
}

static oct_err copy_options(oct_mapping *self, const oct_map_options *options)
{
    self->options = options ? *options : (oct_map_options){0};
    if (!self->options.tags)
        return OCT_OK;
    self->options.tags = strdup(options->tags);
    return self->options.tags ? OCT_OK : OCT_E_NOMEM;
}

static void mapping_free(oct_mapping *self)
{
    for (uint32_t i = 1; self->args && i < self->task->param_count; i++) {
        if (self->owned & 1u << i)
            octi_value_release(&self->task->types[i], self->args + self->task->params[i].offset);
    }
    free(self->args);
    free((char *)self->options.tags);
    free(self);
}

static void map_now(oct_mapping *self)
{
    oct_err code = octi_map_watched(self->pool, &self->options, self->task, self->args, self->futures,
                                    self->future_count, self->in, self->count, self->out, &self->watch);
    if (code != OCT_OK)
        self->error = *oct_last_error();
    atomic_store_explicit(&self->ended, 1, memory_order_release);
    octi_futex_wake(&self->ended, INT_MAX);
}

static void *map_in_thread(void *arg)
{
    oct_mapping *self = arg;
    oct_pool *pool = self->pool;
    map_now(self);
    octi_pool_leave(pool);
    return NULL;
}

/* Signals are for the program's own threads. */
static oct_err start_thread(oct_mapping *self, oct_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    octi_pool_enter(self->pool);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&self->thread, NULL, map_in_thread, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    self->has_thread = error == 0;
    if (error == 0)
        return OCT_OK;
    octi_pool_leave(self->pool);
    return oct_fail(err, OCT_E_EXHAUSTED, "cannot start a thread for a map: %s", strerror(error));
}

static oct_mapping *mapping_create(oct_pool *pool, oct_task *task, oct_future *const *futures,
                                   size_t future_count, const void *args, const oct_map_options *options)
{
    oct_mapping *self = calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    self->watch.cancels = octi_pool_cancels(pool);
    self->pool = pool;
    self->task = task;
    self->future_count = future_count;
    for (size_t i = 0; i < future_count; i++)
        self->futures[i] = futures[i];
    if (copy_args(self, args) == OCT_OK && copy_options(self, options) == OCT_OK)
        return self;
    mapping_free(self);
    return NULL;
}

oct_mapping *octi_map_async(oct_pool *pool, const oct_map_options *options, oct_task *task, const void *args,
                            oct_future *const *futures, size_t future_count, const void *in, size_t count,
                            void *out)
{
    oct_error *err = octi_last_error();
    if (!pool) { /* oct_last_error still says why there is none */
        if (err->code == OCT_OK)
            oct_fail(err, OCT_E_INVALID, "there is no pool");
        return NULL;
    }
    if (octi_pool_admit(pool, err) != OCT_OK)
        return NULL;
    oct_mapping *self = mapping_create(pool, task, futures, future_count, args, options);
    if (!self) {
        oct_fail(err, OCT_E_NOMEM, "out of memory for a map of '%s'", task->name);
        return NULL;
    }
    self->in = in;
    self->count = count;
    self->out = out;
    if (out && count > 0)
        memset(out, 0, count * task->result.size);
    if (oct_task_pool()) {
        map_now(self);
    } else if (start_thread(self, err) != OCT_OK) {
        mapping_free(self);
        return NULL;
    }
    return self;
}

oct_err oct_mapping_wait(oct_mapping *mapping, double seconds)
{
    int64_t deadline_ns = octi_deadline(seconds);
    if (!mapping)
        return oct_fail(octi_last_error(), OCT_E_INVALID, "there is no map");
    while (!atomic_load_explicit(&mapping->ended, memory_order_acquire)) {
        if (!octi_futex_wait(&mapping->ended, 0, deadline_ns) &&
            !atomic_load_explicit(&mapping->ended, memory_order_acquire))
            return oct_fail(octi_last_error(), OCT_E_TIMEOUT, "%zu of %zu items of '%s' have run in time",
                            oct_mapping_done(mapping), mapping->count, mapping->task->name);
    }
    if (mapping->error.code != OCT_OK)
        *octi_last_error() = mapping->error;
    return mapping->error.code;
}

size_t oct_mapping_done(const oct_mapping *mapping)
{
    return mapping ? atomic_load_explicit(&mapping->watch.done, memory_order_relaxed) : 0;
}

void oct_mapping_cancel(oct_mapping *mapping)
{
    if (mapping)
        atomic_store_explicit(&mapping->watch.stop, true, memory_order_relaxed);
}

void oct_mapping_destroy(oct_mapping *mapping)
{
    if (!mapping)
        return;
    oct_mapping_cancel(mapping);
    if (mapping->has_thread)
        pthread_join(mapping->thread, NULL);
    mapping_free(mapping);
}
