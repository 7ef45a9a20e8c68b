#include "oct/shared.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/exec/actor.h"
#include "runtime/exec/context.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/shared.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"

static const char *name_of(uint8_t kind)
{
    static const char *const names[] = {"", "queue", "lock", "semaphore", "event", "topic"};
    return names[kind];
}

static oct_err no_pool(oct_error *err)
{
    /* oct_last_error still says why there is none */
    return err->code != OCT_OK ? err->code : oct_fail(err, OCT_E_INVALID, "there is no pool");
}

/* Waits for the answer, whose bytes are the caller's to free. */
static oct_err ask(oct_pool *pool, octi_shared_request request, oct_bytes payload, oct_bytes *out)
{
    oct_error *err = octi_last_error();
    if (!pool)
        return no_pool(err);
    octi_shared_args args = {request, payload};
    oct_future *asked = octi_submit(pool, NULL, octi_shared_task, &args, NULL, 0);
    if (!asked)
        return err->code;
    oct_err code = octi_result(asked, out, OCTI_BYTES, sizeof(*out), OCT_FOREVER);
    if (code == OCT_OK)
        return OCT_OK;
    oct_prefix(err, "%s", name_of(request.kind));
    oct_release(asked);
    return code;
}

static oct_err tell(oct_pool *pool, octi_shared_request request)
{
    oct_bytes answer = {NULL, 0};
    oct_err code = ask(pool, request, (oct_bytes){NULL, 0}, &answer);
    free(answer.data);
    return code;
}

static oct_err change(oct_pool *pool, uint64_t id, octi_shared_kind kind, octi_shared_do what, double seconds)
{
    return tell(pool, (octi_shared_request){.id = id, .kind = kind, .what = what, .seconds = seconds});
}

/* 0 on failure. */
static uint64_t open_kind(oct_pool *pool, octi_shared_kind kind, uint64_t number)
{
    uint64_t id = octi_make_id();
    octi_shared_request request = {.id = id, .kind = kind, .what = OCTI_DO_OPEN, .number = number};
    return tell(pool, request) == OCT_OK ? id : 0;
}

/* ---- queues and topics ---- */

static oct_err find_type(oct_pool *pool, const octi_type *type, oct_task **out, oct_error *err)
{
    if (!pool)
        return no_pool(err);
    *out = octi_registry_put(type);
    return *out ? OCT_OK
                : oct_fail(err, OCT_E_TYPE, "no task of the program takes or returns a '%s'", type->name);
}

static oct_err put(oct_pool *pool, octi_shared_request request, const octi_type *type, const void *in)
{
    oct_error *err = octi_last_error();
    oct_task *task;
    octi_buffer packed = {0};
    oct_bytes answer = {NULL, 0};
    oct_err code = find_type(pool, type, &task, err);
    if (code != OCT_OK)
        return code;
    request.type = task->index;
    code = octi_value_pack(&task->result, in, &packed);
    if (code == OCT_OK)
        code = ask(pool, request, (oct_bytes){packed.data, packed.size}, &answer);
    else
        oct_fail(err, code, "a '%s' cannot be packed", type->name);
    octi_buffer_deinit(&packed);
    free(answer.data);
    return code;
}

oct_queue oct_queue_open(oct_pool *pool, size_t capacity)
{
    return (oct_queue){open_kind(pool, OCTI_QUEUE_OF, capacity)};
}

oct_err octi_queue_put(oct_pool *pool, oct_queue queue, const octi_type *type, const void *in, double seconds)
{
    octi_shared_request request = {
        .id = queue.id, .kind = OCTI_QUEUE_OF, .what = OCTI_DO_PUT, .seconds = seconds};
    return put(pool, request, type, in);
}

oct_err octi_queue_get(oct_pool *pool, oct_queue queue, const octi_type *type, void *out, double seconds)
{
    oct_error *err = octi_last_error();
    oct_task *task;
    oct_bytes item = {NULL, 0};
    oct_err code = find_type(pool, type, &task, err);
    if (code != OCT_OK)
        return code;
    octi_shared_request request = {
        .id = queue.id, .kind = OCTI_QUEUE_OF, .what = OCTI_DO_GET, .seconds = seconds, .type = task->index};
    code = ask(pool, request, (oct_bytes){NULL, 0}, &item);
    if (code == OCT_OK && (code = octi_value_unpack(&task->result, item.data, item.size, out)) != OCT_OK)
        oct_fail(err, code, "an item of %zu bytes cannot be unpacked as a '%s'", item.size, type->name);
    free(item.data);
    return code;
}

size_t oct_queue_count(oct_pool *pool, oct_queue queue)
{
    oct_bytes answer = {NULL, 0};
    octi_shared_request request = {.id = queue.id, .kind = OCTI_QUEUE_OF, .what = OCTI_DO_COUNT};
    long count = 0;
    if (ask(pool, request, (oct_bytes){NULL, 0}, &answer) == OCT_OK && answer.size == sizeof(count))
        memcpy(&count, answer.data, sizeof(count));
    free(answer.data);
    return (size_t)count;
}

oct_err oct_queue_close(oct_pool *pool, oct_queue queue)
{
    return change(pool, queue.id, OCTI_QUEUE_OF, OCTI_DO_CLOSE, 0);
}

oct_topic oct_topic_open(oct_pool *pool)
{
    return (oct_topic){open_kind(pool, OCTI_TOPIC_OF, 0)};
}

oct_queue oct_topic_subscribe(oct_pool *pool, oct_topic topic, size_t capacity)
{
    oct_queue queue = oct_queue_open(pool, capacity);
    octi_shared_request request = {
        .id = topic.id, .kind = OCTI_TOPIC_OF, .what = OCTI_DO_JOIN, .number = queue.id};
    if (queue.id == 0 || tell(pool, request) == OCT_OK)
        return queue;
    oct_error why = *octi_last_error();
    oct_queue_close(pool, queue);
    *octi_last_error() = why;
    return (oct_queue){0};
}

oct_err octi_topic_publish(oct_pool *pool, oct_topic topic, const octi_type *type, const void *in,
                           size_t checked)
{
    octi_shared_request request = {.id = topic.id, .kind = OCTI_TOPIC_OF, .what = OCTI_DO_PUT};
    (void)checked;
    return put(pool, request, type, in);
}

oct_err oct_topic_close(oct_pool *pool, oct_topic topic)
{
    return change(pool, topic.id, OCTI_TOPIC_OF, OCTI_DO_CLOSE, 0);
}

/* ---- locks ---- */

oct_lock oct_lock_open(oct_pool *pool)
{
    return (oct_lock){open_kind(pool, OCTI_LOCK_OF, 0)};
}

/* The frame of this thread's stack that holds the lock, and where. */
static octi_frame *holder(uint64_t lock, uint32_t *at)
{
    for (octi_frame *frame = octi_here.frame; frame; frame = frame->below) {
        for (*at = 0; *at < frame->held_count; ++*at) {
            if (frame->held[*at] == lock)
                return frame;
        }
    }
    return NULL;
}

/* Of what the program's own threads hold nobody keeps a list. */
static bool may_hold_others(void)
{
    const octi_frame *frame = octi_here.frame;
    return !frame || !frame->task || frame->held_count > 0;
}

static void forget(uint64_t lock)
{
    uint32_t at;
    octi_frame *frame = holder(lock, &at);
    if (frame)
        frame->held[at] = frame->held[--frame->held_count];
}

oct_err oct_lock_take(oct_pool *pool, oct_lock lock, double seconds)
{
    oct_error *err = octi_last_error();
    oct_bytes answer = {NULL, 0};
    uint32_t at;
    octi_frame *frame = holder(lock.id, &at);
    if (frame)
        return oct_fail(err, OCT_E_DEADLOCK, "lock: it is held by %s, which waits",
                        frame == octi_here.frame ? "this task" : "a task below this one on its worker");
    octi_shared_request request = {.id = lock.id,
                                   .kind = OCTI_LOCK_OF,
                                   .what = OCTI_DO_GET,
                                   .seconds = seconds,
                                   .task = octi_here_name(),
                                   .holds = may_hold_others()};
    oct_err code = ask(pool, request, (oct_bytes){NULL, 0}, &answer);
    if (code != OCT_OK)
        return code;
    bool left = answer.size == 1 && *(char *)answer.data;
    free(answer.data);
    frame = octi_here.frame;
    if (frame && frame->task && frame->held_count < OCTI_HELD)
        frame->held[frame->held_count++] = lock.id;
    if (!left)
        return OCT_OK;
    oct_fail(err, OCT_E_LOST, "lock: the one that held it has died; it is yours now");
    return oct_hint(err, "see to what it guards, which may be half changed, and give it back as ever");
}

oct_err oct_lock_give(oct_pool *pool, oct_lock lock)
{
    forget(lock.id);
    return change(pool, lock.id, OCTI_LOCK_OF, OCTI_DO_PUT, 0);
}

oct_err oct_lock_close(oct_pool *pool, oct_lock lock)
{
    forget(lock.id);
    return change(pool, lock.id, OCTI_LOCK_OF, OCTI_DO_CLOSE, 0);
}

/* The task has returned. Nobody waits for the answers. */
static void give_up(octi_frame *frame)
{
    while (frame->held_count > 0) {
        uint64_t lock = frame->held[--frame->held_count];
        octi_shared_args args = {{.id = lock, .kind = OCTI_LOCK_OF, .what = OCTI_DO_PUT, .number = 1},
                                 {NULL, 0}};
        oct_release(octi_submit(frame->pool, NULL, octi_shared_task, &args, NULL, 0));
    }
}

__attribute__((constructor)) static void watch_tasks(void)
{
    octi_left_locked = give_up;
}

/* ---- semaphores and events ---- */

oct_semaphore oct_semaphore_open(oct_pool *pool, long count)
{
    if (count >= 0)
        return (oct_semaphore){open_kind(pool, OCTI_SEMAPHORE_OF, (uint64_t)count)};
    oct_fail(octi_last_error(), OCT_E_INVALID, "a semaphore of %ld", count);
    return (oct_semaphore){0};
}

oct_err oct_semaphore_take(oct_pool *pool, oct_semaphore semaphore, double seconds)
{
    return change(pool, semaphore.id, OCTI_SEMAPHORE_OF, OCTI_DO_GET, seconds);
}

oct_err oct_semaphore_give(oct_pool *pool, oct_semaphore semaphore)
{
    return change(pool, semaphore.id, OCTI_SEMAPHORE_OF, OCTI_DO_PUT, 0);
}

oct_err oct_semaphore_close(oct_pool *pool, oct_semaphore semaphore)
{
    return change(pool, semaphore.id, OCTI_SEMAPHORE_OF, OCTI_DO_CLOSE, 0);
}

oct_event oct_event_open(oct_pool *pool)
{
    return (oct_event){open_kind(pool, OCTI_EVENT_OF, 0)};
}

oct_err oct_event_set(oct_pool *pool, oct_event event)
{
    return change(pool, event.id, OCTI_EVENT_OF, OCTI_DO_PUT, 0);
}

oct_err oct_event_clear(oct_pool *pool, oct_event event)
{
    return change(pool, event.id, OCTI_EVENT_OF, OCTI_DO_CLEAR, 0);
}

oct_err oct_event_wait(oct_pool *pool, oct_event event, double seconds)
{
    return change(pool, event.id, OCTI_EVENT_OF, OCTI_DO_GET, seconds);
}

oct_err oct_event_close(oct_pool *pool, oct_event event)
{
    return change(pool, event.id, OCTI_EVENT_OF, OCTI_DO_CLOSE, 0);
}
