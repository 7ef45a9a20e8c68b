#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/exec/context.h"
#include "runtime/exec/loop.h"
#include "runtime/exec/pool.h"
#include "runtime/future/wait.h"
#include "runtime/map/map.h"
#include "runtime/task/type.h"
#include "runtime/trace/record.h"

/* A chunk should take so long: long against the cost of taking one, short against the whole. */
enum { SHORT_NS = 50000, LONG_NS = 200000 };

typedef struct share {
    const octi_map_call *call;
    octi_map_failures *failures;
    int workers;
    _Alignas(64) _Atomic size_t next; /* the first item that nobody took */
} share;

typedef struct chunk {
    share *share;
    size_t start;
} chunk;

static void item_failed(size_t index, const oct_error *error, void *ctx)
{
    chunk *self = ctx;
    octi_map_item_failed(self->share->failures, self->start + index, error);
}

static void release_all(const octi_type *type, char *values, size_t count)
{
    for (size_t i = 0; !octi_type_is_plain(type) && i < count; i++)
        octi_value_release(type, values + i * type->size);
}

/* Results that nobody wants still need a place to be returned to. */
static void run_chunk(share *self, size_t start, size_t count, octi_frame *frame)
{
    const octi_map_call *call = self->call;
    const octi_type *type = &call->task->result;
    const char *in = (const char *)call->in + start * call->task->types[0].size;
    char *out = call->out ? (char *)call->out + start * type->size : NULL, *unwanted = NULL;
    chunk ctx = {self, start};
    if (!out && type->kind != OCTI_VOID && !(out = unwanted = malloc(count * type->size))) {
        oct_error error;
        oct_fail(&error, OCT_E_NOMEM, "out of memory for %zu results", count);
        for (size_t i = 0; i < count; i++)
            item_failed(i, &error, &ctx);
        return;
    }
    octi_loop_run(call->task, call->args, in, count, out, frame, item_failed, &ctx);
    octi_trace_items(0, (int64_t)count);
    if (unwanted)
        release_all(type, unwanted, count);
    free(unwanted);
}

/* Guided by time: chunks grow while they are short, and shrink towards the end so that all
 * workers get there together. */
static void work_on(share *self, octi_frame *frame)
{
    const octi_map_call *call = self->call;
    size_t size = call->chunk ? call->chunk : 1;
    while (!octi_map_stopped(call)) {
        size_t start = atomic_load_explicit(&self->next, memory_order_relaxed);
        size_t left = start < call->count ? call->count - start : 0;
        size_t most = left / (2 * (size_t)self->workers) + 1;
        size_t count = call->chunk ? size : size < most ? size : most;
        start = atomic_fetch_add_explicit(&self->next, count, memory_order_relaxed);
        if (start >= call->count)
            return;
        if (count > call->count - start)
            count = call->count - start;

        int64_t began = octi_clock_ns();
        run_chunk(self, start, count, frame);
        octi_map_ran(call, count);
        int64_t took = octi_clock_ns() - began;
        if (!call->chunk && took < SHORT_NS && count == size)
            size *= 2;
        else if (!call->chunk && took > LONG_NS && size > 1)
            size /= 2;
    }
}

static void run_share(const void *args, void *unused)
{
    share *self;
    octi_frame frame = {.job = octi_here.frame->job, .pool = octi_here.frame->pool};
    (void)unused;
    memcpy(&self, args, sizeof(self));
    work_on(self, &frame);
    octi_trace_items(0, -1); /* items are counted, this task itself is not */
}

/* A worker's part of a map. Not in the registry: what takes an address must not be called from
 * another process. */
static oct_task share_task = {
    .name = "oct_map",
    .result = {"void", OCTI_VOID, 0, NULL},
    .args_size = sizeof(share *),
    .run = run_share,
    .plain_args = true,
    .plain_value = true,
};

oct_err octi_map_shared(const octi_map_call *call, octi_map_failures *failures, oct_error *err)
{
    int workers = oct_pool_workers(call->pool), started = 0;
    bool joins_in = oct_task_pool() == call->pool;
    share self = {call, failures, workers, 0};
    size_t wanted = (size_t)(joins_in ? workers - 1 : workers);
    if (wanted > call->count)
        wanted = call->count;
    oct_future **futures = malloc((wanted + 1) * sizeof(*futures));
    if (!futures)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a map");

    for (size_t i = 0; i < wanted; i++) {
        futures[started] = octi_submit(call->pool, NULL, &share_task, &(share *){&self}, NULL, 0);
        started += futures[started] != NULL;
    }
    octi_trace_items((int64_t)call->count - started, 0);
    oct_err code = OCT_OK;
    if (joins_in) {
        octi_frame frame = {.job = octi_here.frame->job, .pool = octi_here.frame->pool};
        work_on(&self, &frame);
    } else if (started == 0) {
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for a map");
    }
    /* Whoever has not begun by the time the items have run out is not needed. */
    for (int i = 0; i < started; i++) {
        if (joins_in)
            oct_cancel(futures[i]);
        /* Never given up: what it works on is on this stack. */
        oct_err waited = octi_wait_for(octi_job_of(futures[i]), 0, NULL);
        (void)waited;
        oct_release(futures[i]);
    }
    free(futures);
    return code;
}
