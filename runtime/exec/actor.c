#include "runtime/exec/actor.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/exec/context.h"
#include "runtime/exec/turn.h"

typedef struct state {
    struct state *next;
    uint64_t id;
    const oct_pool *pool;
    const char *type;
    void *self; /* NULL: the constructor failed */
    void (*end)(void *self);
    oct_error why;
} state;

/* By the actor's id. The lock guards the lists; a state is its running call's. */
typedef struct bucket {
    _Alignas(64) pthread_mutex_t lock;
    state *first;
} bucket;

enum { BUCKETS = 64 };

static bucket buckets[BUCKETS] = {[0 ... BUCKETS - 1] = {.lock = PTHREAD_MUTEX_INITIALIZER}};

static state *find(uint64_t id)
{
    bucket *home = &buckets[id % BUCKETS];
    pthread_mutex_lock(&home->lock);
    state *found = home->first;
    while (found && found->id != id)
        found = found->next;
    pthread_mutex_unlock(&home->lock);
    return found;
}

static void add(state *made)
{
    bucket *home = &buckets[made->id % BUCKETS];
    pthread_mutex_lock(&home->lock);
    made->next = home->first;
    home->first = made;
    pthread_mutex_unlock(&home->lock);
}

static state *take(uint64_t id)
{
    bucket *home = &buckets[id % BUCKETS];
    pthread_mutex_lock(&home->lock);
    state **link = &home->first;
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    state *found = *link;
    if (found)
        *link = found->next;
    pthread_mutex_unlock(&home->lock);
    return found;
}

static void end(state *self)
{
    if (self->self)
        self->end(self->self);
    free(self->self);
    free(self);
}

/* A method that is called as a function, forked or mapped would run beside others. */
static bool has_its_turn(oct_actor actor, const oct_task *task)
{
    octi_frame *frame = octi_here.frame;
    if (frame && frame->task == task && !octi_here.loop && (frame->actor == 0 || frame->actor == actor.id)) {
        frame->actor = actor.id;
        return true;
    }
    oct_fail(oct_task_error(), OCT_E_STATE, "'%s' is a call of an actor: it runs when it is submitted",
             task->name);
    return false;
}

void *octi_actor_begin(oct_actor actor, const oct_task *task, const char *type, size_t size,
                       void (*end_fn)(void *self))
{
    if (!has_its_turn(actor, task))
        return NULL;
    state *made = calloc(1, sizeof(*made));
    void *self = calloc(1, size);
    if (!made || !self) {
        free(made);
        free(self);
        oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory for an actor, a '%s'", type);
        return NULL;
    }
    *made = (state){.id = actor.id, .pool = octi_here.frame->pool, .type = type, .self = self, .end = end_fn};
    add(made);
    return self;
}

void octi_actor_made(oct_actor actor)
{
    state *made = find(actor.id);
    if (!made || !octi_here.touched || octi_here.error.code == OCT_OK)
        return;
    made->why = octi_here.error;
    oct_prefix(&made->why, "its actor, a '%s', could not be made", made->type);
    free(made->self);
    made->self = NULL;
}

void *octi_actor_enter(oct_actor actor, const oct_task *task, const char *type)
{
    if (!has_its_turn(actor, task))
        return NULL;
    state *found = find(actor.id);
    if (!found) {
        oct_fail(oct_task_error(), OCT_E_NOTFOUND, "the actor, a '%s', was closed or never there", type);
    } else if (strcmp(found->type, type) != 0) {
        oct_fail(oct_task_error(), OCT_E_TYPE, "the actor is a '%s', but '%s' is a call of a '%s'",
                 found->type, task->name, type);
    } else if (!found->self) {
        *oct_task_error() = found->why;
    } else {
        return found->self;
    }
    return NULL;
}

oct_err octi_actor_forget(oct_actor actor, oct_error *err)
{
    state *found = take(actor.id);
    if (!found)
        return oct_fail(err, OCT_E_NOTFOUND, "the actor was closed, or never there");
    end(found);
    return OCT_OK;
}

void octi_actors_end(const oct_pool *pool)
{
    for (int i = 0; i < BUCKETS; i++) {
        bucket *home = &buckets[i];
        state *left = NULL;
        pthread_mutex_lock(&home->lock);
        for (state **link = &home->first, *self; (self = *link);) {
            if (self->pool != pool) {
                link = &self->next;
                continue;
            }
            *link = self->next;
            self->next = left;
            left = self;
        }
        pthread_mutex_unlock(&home->lock);
        for (state *next; left; left = next) {
            next = left->next;
            end(left);
        }
    }
}

bool octi_actor_waits_for_itself(const octi_job *job)
{
    if (!octi_is_call(job->task))
        return false;
    const octi_frame *frame = octi_here.frame;
    while (frame && frame->actor != job->more->actor)
        frame = frame->below;
    return frame;
}

uint64_t octi_make_id(void)
{
    static _Atomic uint64_t made;
    uint64_t id = 0;
    if (getrandom(&id, sizeof(id), 0) != sizeof(id) || id == 0)
        id = (uint64_t)octi_clock_ns() << 20 ^ (uint64_t)getpid() << 48 ^ ++made;
    return id;
}
