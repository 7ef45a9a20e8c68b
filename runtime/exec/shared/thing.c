#include "runtime/exec/shared/thing.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/executor.h"

/* How a job is to end, once the lock is open. */
typedef struct ending {
    struct ending *next;
    octi_job *job;
    oct_bytes value;
    oct_error error;
} ending;

enum { BUCKETS = 256 };

static struct {
    pthread_mutex_t lock;
    octi_thing *things[BUCKETS];
    ending *first, *last; /* made by whoever has the lock, and theirs when they give it back */
} home = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- the lock, and ending jobs ---- */

void octi_things_lock(void)
{
    pthread_mutex_lock(&home.lock);
}

/* Without the lock. */
static void end_all(ending *list)
{
    octi_executor *last = NULL;
    for (ending *next; list; list = next) {
        next = list->next;
        last = octi_pool_executor(atomic_load_explicit(&list->job->pool, memory_order_relaxed));
        if (list->error.code == OCT_OK)
            octi_job_done(list->job, &list->value);
        else
            octi_job_fail(list->job, &list->error);
        free(list);
    }
    if (last && last->class->nudge)
        last->class->nudge(last);
}

void octi_things_unlock(void)
{
    ending *list = home.first;
    home.first = home.last = NULL;
    pthread_mutex_unlock(&home.lock);
    end_all(list);
}

static void end_with(octi_job *job, oct_bytes value, const oct_error *error)
{
    ending *self = malloc(sizeof(*self));
    if (!self) { /* then it ends here, under the lock, in the hope that nobody minds */
        oct_error nomem;
        oct_fail(&nomem, OCT_E_NOMEM, "out of memory for an answer");
        free(value.data);
        octi_job_fail(job, &nomem);
        return;
    }
    *self = (ending){NULL, job, value, error ? *error : (oct_error)OCT_ERROR_INIT};
    *(home.last ? &home.last->next : &home.first) = self;
    home.last = self;
}

void octi_claim_succeed(octi_job *job, const void *bytes, size_t size)
{
    oct_bytes value = {size > 0 ? malloc(size) : NULL, size};
    oct_error error;
    if (size > 0 && !value.data) {
        oct_fail(&error, OCT_E_NOMEM, "out of memory for %zu bytes", size);
        end_with(job, (oct_bytes){NULL, 0}, &error);
        return;
    }
    if (size > 0)
        memcpy(value.data, bytes, size);
    end_with(job, value, NULL);
}

void octi_claim_fail(octi_job *job, oct_err code, const char *why)
{
    oct_error error;
    oct_fail(&error, code, "%s", why);
    end_with(job, (oct_bytes){NULL, 0}, &error);
}

/* ---- the things ---- */

static octi_thing **place_of(uint64_t id)
{
    octi_thing **link = &home.things[id % BUCKETS];
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

octi_thing *octi_thing_create(octi_shared_kind kind, uint64_t id, const oct_pool *pool)
{
    octi_thing *self = calloc(1, sizeof(*self));
    octi_thing **link = &home.things[id % BUCKETS];
    if (!self)
        return NULL;
    *self = (octi_thing){.next = *link, .id = id, .pool = pool, .kind = kind};
    *link = self;
    return self;
}

octi_thing *octi_thing_find(uint64_t id)
{
    return *place_of(id);
}

void octi_thing_drop(octi_thing *self)
{
    *place_of(self->id) = self->next;
    for (octi_item *i = self->first_item, *next; i; i = next) {
        next = i->next;
        free(i);
    }
    free(self->subscribers);
    free(self);
}

void octi_thing_each(void (*fn)(octi_thing *self, void *ctx), void *ctx)
{
    for (int i = 0; i < BUCKETS; i++) {
        for (octi_thing *self = home.things[i], *next; self; self = next) {
            next = self->next;
            fn(self, ctx);
        }
    }
}

/* ---- what lies in one ---- */

octi_item *octi_item_create(uint32_t type, oct_bytes payload)
{
    octi_item *self = malloc(sizeof(*self) + payload.size);
    if (!self)
        return NULL;
    *self = (octi_item){NULL, type, payload.size};
    if (payload.size > 0)
        memcpy(self->bytes, payload.data, payload.size);
    return self;
}

void octi_item_push(octi_thing *self, octi_item *item)
{
    *(self->last_item ? &self->last_item->next : &self->first_item) = item;
    self->last_item = item;
    self->count++;
}

octi_item *octi_item_pop(octi_thing *self)
{
    octi_item *item = self->first_item;
    self->first_item = item->next;
    if (!self->first_item)
        self->last_item = NULL;
    self->count--;
    return item;
}

/* ---- who waits for it ---- */

void octi_claim_push(octi_thing *self, octi_claim *claim)
{
    *(self->last ? &self->last->next : &self->first) = claim;
    self->last = claim;
}

octi_claim *octi_claim_pop(octi_thing *self)
{
    octi_claim *claim = self->first;
    if (claim) {
        self->first = claim->next;
        if (!self->first)
            self->last = NULL;
    }
    return claim;
}

void octi_claim_free(octi_claim *claim)
{
    free(claim->item);
    free(claim);
}

void octi_claim_remove(octi_thing *self, bool (*fn)(octi_claim *claim, void *ctx), void *ctx)
{
    octi_claim *last = NULL;
    for (octi_claim **link = &self->first, *claim; (claim = *link);) {
        if (!fn(claim, ctx)) {
            last = claim;
            link = &claim->next;
            continue;
        }
        *link = claim->next;
        octi_claim_free(claim);
    }
    self->last = last;
}

void octi_claim_break(octi_thing *self, oct_err code, const char *why)
{
    for (octi_claim *claim; (claim = octi_claim_pop(self));) {
        octi_claim_fail(claim->job, code, why);
        octi_claim_free(claim);
    }
}
