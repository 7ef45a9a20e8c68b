#include "runtime/exec/shared.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/exec/args.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/futex.h"

/* Runs only where something went wrong: what serves it is in this file. */
OCT_TASK(oct_bytes, octi_shared_op, octi_shared_request, request, oct_bytes, payload)
{
    (void)payload;
    oct_fail(oct_task_error(), OCT_E_STATE, "a request of kind %d was not served", request.kind);
    return (oct_bytes){NULL, 0};
}

__attribute__((constructor)) static void set_role(void)
{
    octi__task_octi_shared_op.role = OCTI_SERVED;
    octi__task_octi_shared_op.unrecorded = true;
}

_Atomic bool octi_shared_used;

_Static_assert(sizeof(struct octi__args_octi_shared_op) == sizeof(octi_shared_args) &&
                   offsetof(struct octi__args_octi_shared_op, payload) == offsetof(octi_shared_args, payload),
               "they are one");

oct_task *const octi_shared_task = &octi__task_octi_shared_op;

typedef struct item {
    struct item *next;
    uint32_t type;
    size_t size;
    char bytes[];
} item;

/* A job that was not ended at once. */
typedef struct waiting {
    struct waiting *next;
    octi_job *job;
    uint64_t who, task;  /* as in its request */
    int64_t deadline_ns; /* 0: none */
    uint32_t type;
    item *item; /* of a put */
} waiting;

typedef struct thing {
    struct thing *next;
    uint64_t id;
    const oct_pool *pool;
    octi_shared_kind kind;
    uint64_t limit;     /* of a queue; 0: none */
    bool drops;         /* a subscriber's queue: when full the oldest item goes */
    bool closed;        /* a queue that is not empty */
    bool left;          /* a lock: its holder died */
    uint64_t who, task; /* a lock's holder, as in its request; 0: none */
    long count;         /* items of a queue; what can be taken; 1: the event is set */
    item *first_item, *last_item;
    waiting *first, *last; /* gets on a queue that is empty, or puts on one that is full */
    uint64_t *subscribers;
    size_t subscriber_count;
} thing;

/* How a job is to end, once the lock is open. */
typedef struct ending {
    struct ending *next;
    octi_job *job;
    oct_bytes value;
    oct_error error;
} ending;

/* Whoever may wait for longer than LONGEST_S seconds may wait for ever. */
enum { BUCKETS = 256, LONGEST_S = 1000000000 };

/* All of it is guarded by the lock. */
static struct {
    pthread_mutex_t lock;
    _Atomic uint32_t sooner; /* a futex: the timer is to look again */
    thing *things[BUCKETS];
    const oct_pool *closing[16]; /* pools that break waits; pools are few */
    int closing_count;
    ending *first, *last; /* made by whoever has the lock, and theirs when they give it back */
    pthread_t timer;
    bool has_timer;
    uintptr_t timer_number;      /* of the one that is to go on */
    _Atomic uint32_t timer_ends; /* a futex: the timer is about to end jobs, or does */
    int64_t next_ns;             /* the earliest deadline that the timer knows of */
} home = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- ending jobs ---- */

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

static void succeed(octi_job *job, const void *bytes, size_t size)
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

static void fail(octi_job *job, oct_err code, const char *why)
{
    oct_error error;
    oct_fail(&error, code, "%s", why);
    end_with(job, (oct_bytes){NULL, 0}, &error);
}

static ending *unlock(void)
{
    ending *list = home.first;
    home.first = home.last = NULL;
    pthread_mutex_unlock(&home.lock);
    return list;
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

/* ---- things ---- */

static thing **place_of(uint64_t id)
{
    thing **link = &home.things[id % BUCKETS];
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

static void free_thing(thing *self)
{
    for (item *i = self->first_item, *next; i; i = next) {
        next = i->next;
        free(i);
    }
    free(self->subscribers);
    free(self);
}

static void drop_thing(thing *self)
{
    *place_of(self->id) = self->next;
    free_thing(self);
}

static item *make_item(uint32_t type, oct_bytes payload)
{
    item *self = malloc(sizeof(*self) + payload.size);
    if (!self)
        return NULL;
    *self = (item){NULL, type, payload.size};
    if (payload.size > 0)
        memcpy(self->bytes, payload.data, payload.size);
    return self;
}

static void push_item(thing *self, item *i)
{
    *(self->last_item ? &self->last_item->next : &self->first_item) = i;
    self->last_item = i;
    self->count++;
}

static item *pop_item(thing *self)
{
    item *i = self->first_item;
    self->first_item = i->next;
    if (!self->first_item)
        self->last_item = NULL;
    self->count--;
    return i;
}

static waiting *pop_waiting(thing *self)
{
    waiting *w = self->first;
    if (w) {
        self->first = w->next;
        if (!self->first)
            self->last = NULL;
    }
    return w;
}

static void free_waiting(waiting *w)
{
    free(w->item);
    free(w);
}

static void break_waits(thing *self, oct_err code, const char *why)
{
    for (waiting *w; (w = pop_waiting(self));) {
        fail(w->job, code, why);
        free_waiting(w);
    }
}

static bool is_breaking(const oct_pool *pool)
{
    for (int i = 0; i < home.closing_count; i++) {
        if (home.closing[i] == pool)
            return true;
    }
    return false;
}

/* ---- time-outs ---- */

/* Takes out what is late and returns the next deadline, 0 for none. */
static int64_t expire(int64_t now)
{
    int64_t next_ns = 0;
    for (int i = 0; i < BUCKETS; i++) {
        for (thing *self = home.things[i]; self; self = self->next) {
            waiting *last = NULL;
            for (waiting **link = &self->first, *w; (w = *link);) {
                if (w->deadline_ns == 0 || now < w->deadline_ns) {
                    if (w->deadline_ns > 0 && (next_ns == 0 || w->deadline_ns < next_ns))
                        next_ns = w->deadline_ns;
                    last = w;
                    link = &w->next;
                    continue;
                }
                *link = w->next;
                fail(w->job, OCT_E_TIMEOUT, "it did not come in time");
                free_waiting(w);
            }
            self->last = last;
        }
    }
    return next_ns;
}

/* Holds the lock, and gives it back. */
static void end_late(void)
{
    atomic_store_explicit(&home.timer_ends, 1, memory_order_relaxed);
    end_all(unlock());
    atomic_store_explicit(&home.timer_ends, 0, memory_order_release);
    octi_futex_wake(&home.timer_ends, INT_MAX);
}

/* From the first wait with a time-out until a pool closes and no other has such waits. */
static void *keep_time(void *number)
{
    pthread_mutex_lock(&home.lock);
    while (home.timer_number == (uintptr_t)number) {
        uint32_t seen = atomic_load_explicit(&home.sooner, memory_order_relaxed);
        int64_t until = home.next_ns = expire(octi_clock_ns());
        end_late();
        octi_futex_wait(&home.sooner, seen, until);
        pthread_mutex_lock(&home.lock);
    }
    pthread_mutex_unlock(&home.lock);
    return NULL;
}

static void wake_timer(void)
{
    atomic_fetch_add_explicit(&home.sooner, 1, memory_order_relaxed);
    octi_futex_wake(&home.sooner, INT_MAX);
}

/* A pool of processes that is opened next must not find threads that nobody needs. */
static void stop_timer(void)
{
    pthread_mutex_lock(&home.lock);
    bool stops = home.has_timer && expire(octi_clock_ns()) == 0;
    pthread_t timer = home.timer;
    if (stops) { /* whoever needs one from here on starts another */
        home.has_timer = false;
        home.timer_number++;
        wake_timer();
    }
    end_all(unlock());
    if (stops)
        pthread_join(timer, NULL);
}

static bool start_timer(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&home.timer, NULL, keep_time, (void *)home.timer_number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

/* True when the timer will see to it. */
static bool set_time(int64_t deadline_ns)
{
    if (!home.has_timer)
        home.has_timer = start_timer();
    else if (home.next_ns == 0 || deadline_ns < home.next_ns)
        wake_timer();
    return home.has_timer;
}

static bool is_for_ever(const octi_shared_request *request)
{
    return request->seconds < 0 || request->seconds >= LONGEST_S;
}

/* Has the job wait, with `i` for a put, which it owns. */
static void wait_for(thing *self, octi_job *job, const octi_shared_request *request, item *i)
{
    const char *why = NULL;
    oct_err code = OCT_E_STATE;
    waiting *w = NULL;
    if (is_breaking(self->pool)) {
        why = "the pool closes, and what is waited for may never come";
    } else if (request->seconds == 0) {
        code = OCT_E_TIMEOUT;
        why = "it is not there now";
    } else if (!(w = malloc(sizeof(*w)))) {
        code = OCT_E_NOMEM;
        why = "out of memory to wait";
    }
    if (why) {
        free(i);
        fail(job, code, why);
        return;
    }
    bool timed = !is_for_ever(request);
    int64_t deadline_ns = timed ? octi_clock_ns() + (int64_t)(request->seconds * 1e9) : 0;
    *w = (waiting){.job = job,
                   .who = request->who,
                   .task = request->task,
                   .deadline_ns = deadline_ns,
                   .type = request->type,
                   .item = i};
    *(self->last ? &self->last->next : &self->first) = w;
    self->last = w;
    if (timed && !set_time(deadline_ns)) {
        /* Rather a wait that is too long than none: whoever ends the others ends it. */
        w->deadline_ns = 0;
    }
}

/* ---- what is done with them ---- */

static void hand_lock_on(thing *self)
{
    waiting *w = pop_waiting(self);
    if (!w) {
        self->count = 1;
        self->who = self->task = 0;
        return;
    }
    char left = self->left;
    self->left = false;
    self->who = w->who;
    self->task = w->task;
    succeed(w->job, &left, 1);
    free_waiting(w);
}

static void give(thing *self, octi_job *job, const octi_shared_request *request)
{
    if (self->kind == OCTI_LOCK_OF && self->count > 0) {
        fail(job, OCT_E_STATE, "nobody holds it");
        return;
    }
    if (self->kind == OCTI_LOCK_OF) {
        self->left = self->left || request->number == 1;
        hand_lock_on(self);
    } else if (self->kind == OCTI_SEMAPHORE_OF) {
        waiting *w = pop_waiting(self);
        self->count += w == NULL;
        if (w) {
            succeed(w->job, NULL, 0);
            free_waiting(w);
        }
    } else {
        self->count = 1;
        for (waiting *w; (w = pop_waiting(self));) {
            succeed(w->job, NULL, 0);
            free_waiting(w);
        }
    }
    succeed(job, NULL, 0);
}

/* The lock that the task waits for without a time-out, or NULL. */
static const thing *awaited_by(uint64_t task)
{
    for (int i = 0; i < BUCKETS; i++) {
        for (const thing *self = home.things[i]; self; self = self->next) {
            for (const waiting *w = self->kind == OCTI_LOCK_OF ? self->first : NULL; w; w = w->next) {
                if (w->task == task && w->deadline_ns == 0)
                    return self;
            }
        }
    }
    return NULL;
}

/* True when the lock cannot become free before `task` goes on: who has it waits for another, whose
 * holder waits for another, and so on to one that the task has. No such circle is there before this, so
 * that the way ends. */
static bool waits_for_itself(const thing *lock, uint64_t task)
{
    while (lock && lock->task != task)
        lock = awaited_by(lock->task);
    return lock;
}

static void take(thing *self, octi_job *job, const octi_shared_request *request)
{
    if (self->count == 0 && self->kind == OCTI_LOCK_OF && request->holds && is_for_ever(request) &&
        waits_for_itself(self, request->task)) {
        fail(job, OCT_E_DEADLOCK, "waiting would never end: who holds it waits for one that is held here");
        return;
    }
    if (self->count == 0) {
        wait_for(self, job, request, NULL);
        return;
    }
    if (self->kind != OCTI_EVENT_OF)
        self->count--;
    char left = self->kind == OCTI_LOCK_OF && self->left;
    if (self->kind == OCTI_LOCK_OF) {
        self->who = request->who;
        self->task = request->task;
        self->left = false;
    }
    succeed(job, &left, self->kind == OCTI_LOCK_OF);
}

static void give_item(octi_job *job, const item *i)
{
    succeed(job, i->bytes, i->size);
}

/* To those that wait, as long as the types agree. */
static void hand_items_out(thing *self)
{
    while (self->first && !self->first->item && self->first_item) {
        waiting *w = pop_waiting(self);
        if (w->type == self->first_item->type) {
            item *i = pop_item(self);
            give_item(w->job, i);
            free(i);
        } else {
            fail(w->job, OCT_E_TYPE, "the oldest item is of another type");
        }
        free_waiting(w);
    }
}

static void put(thing *self, octi_job *job, const octi_shared_request *request, oct_bytes payload)
{
    item *i = self->closed ? NULL : make_item(request->type, payload);
    if (!i) {
        if (job)
            fail(job, self->closed ? OCT_E_NOTFOUND : OCT_E_NOMEM,
                 self->closed ? "it was closed" : "out of memory for an item");
        return;
    }
    if (self->limit > 0 && (uint64_t)self->count >= self->limit) {
        if (!self->drops) {
            wait_for(self, job, request, i);
            return;
        }
        free(pop_item(self));
    }
    push_item(self, i);
    if (job)
        succeed(job, NULL, 0);
    hand_items_out(self);
}

static void get(thing *self, octi_job *job, const octi_shared_request *request)
{
    if (!self->first_item) {
        wait_for(self, job, request, NULL);
        return;
    }
    if (self->first_item->type != request->type) {
        fail(job, OCT_E_TYPE, "the oldest item is of another type");
        return;
    }
    item *i = pop_item(self);
    give_item(job, i);
    free(i);
    waiting *w = self->first && self->first->item ? pop_waiting(self) : NULL;
    if (w) { /* there is room for one more */
        push_item(self, w->item);
        w->item = NULL;
        succeed(w->job, NULL, 0);
        free_waiting(w);
    }
    if (self->closed && !self->first_item)
        drop_thing(self);
}

static void publish(thing *self, octi_job *job, const octi_shared_request *request, oct_bytes payload)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->subscriber_count; i++) {
        thing *queue = *place_of(self->subscribers[i]);
        if (!queue || queue->closed)
            continue;
        self->subscribers[kept++] = self->subscribers[i];
        put(queue, NULL, request, payload);
    }
    self->subscriber_count = kept;
    succeed(job, NULL, 0);
}

static void join(thing *self, octi_job *job, const octi_shared_request *request)
{
    uint64_t *more = realloc(self->subscribers, (self->subscriber_count + 1) * sizeof(*more));
    thing *queue = *place_of(request->number);
    if (more)
        self->subscribers = more;
    if (!more || !queue) {
        fail(job, more ? OCT_E_NOTFOUND : OCT_E_NOMEM, "a subscriber cannot be added");
        return;
    }
    queue->drops = true;
    self->subscribers[self->subscriber_count++] = request->number;
    succeed(job, NULL, 0);
}

static void close_one(thing *self)
{
    break_waits(self, OCT_E_NOTFOUND, "it was closed");
    if (self->kind == OCTI_QUEUE_OF && self->first_item)
        self->closed = true;
    else
        drop_thing(self);
}

static void close_thing(thing *self, octi_job *job)
{
    for (size_t i = 0; i < self->subscriber_count; i++) {
        thing *queue = *place_of(self->subscribers[i]);
        if (queue && !queue->closed)
            close_one(queue);
    }
    close_one(self);
    succeed(job, NULL, 0);
}

static void open_thing(octi_job *job, const octi_shared_request *request)
{
    thing *self = calloc(1, sizeof(*self));
    if (!self) {
        fail(job, OCT_E_NOMEM, "out of memory for something to share");
        return;
    }
    *self = (thing){.id = request->id,
                    .pool = atomic_load_explicit(&job->pool, memory_order_relaxed),
                    .kind = request->kind,
                    .limit = request->kind == OCTI_QUEUE_OF ? request->number : 0,
                    .count = request->kind == OCTI_LOCK_OF        ? 1
                             : request->kind == OCTI_SEMAPHORE_OF ? (long)request->number
                                                                  : 0};
    thing **link = &home.things[self->id % BUCKETS];
    self->next = *link;
    *link = self;
    succeed(job, NULL, 0);
}

/* ---- the end of others ---- */

typedef void (*each_fn)(thing *self, uint64_t who, const oct_pool *pool);

static void each(each_fn fn, uint64_t who, const oct_pool *pool)
{
    for (int i = 0; i < BUCKETS; i++) {
        for (thing *self = home.things[i], *next; self; self = next) {
            next = self->next;
            fn(self, who, pool);
        }
    }
}

static void forget_one(thing *self, uint64_t who, const oct_pool *unused)
{
    (void)unused;
    waiting *last = NULL;
    for (waiting **link = &self->first, *w; (w = *link);) {
        if (w->who != who) {
            last = w;
            link = &w->next;
            continue;
        }
        *link = w->next;
        fail(w->job, OCT_E_LOST, "who waited has died");
        free_waiting(w);
    }
    self->last = last;
    if (self->kind == OCTI_LOCK_OF && self->count == 0 && self->who == who) {
        self->left = true;
        hand_lock_on(self);
    }
}

/* ---- requests ---- */

static thing *lock_of(uint64_t id)
{
    thing *self = *place_of(id);
    return self && self->kind == OCTI_LOCK_OF ? self : NULL;
}

static bool is_waiting(const thing *self, const octi_job *job)
{
    const waiting *w = self->first;
    while (w && w->job != job)
        w = w->next;
    return w;
}

uint64_t octi_shared_holder(octi_job *job)
{
    if (!octi_job_pin(job)) /* its arguments go when it ends */
        return 0;
    uint64_t id = ((const octi_shared_args *)job->args)->request.id;
    octi_job_unpin(job);
    pthread_mutex_lock(&home.lock);
    const thing *lock = lock_of(id);
    uint64_t holder = lock && is_waiting(lock, job) ? lock->task : 0;
    pthread_mutex_unlock(&home.lock);
    return holder;
}

static void serve(octi_job *job, const octi_shared_request *request, oct_bytes payload)
{
    thing *self = *place_of(request->id);
    if (request->what == OCTI_DO_OPEN) {
        open_thing(job, request);
        return;
    }
    if (request->what == OCTI_DO_BURY) {
        each(forget_one, request->who, NULL);
        succeed(job, NULL, 0);
        return;
    }
    if (!self || self->kind != request->kind) {
        fail(job, OCT_E_NOTFOUND, "it was closed, or never there");
        return;
    }
    bool is_queue = self->kind == OCTI_QUEUE_OF;
    switch ((octi_shared_do)request->what) {
    case OCTI_DO_CLOSE:
        close_thing(self, job);
        break;
    case OCTI_DO_PUT:
        if (is_queue)
            put(self, job, request, payload);
        else if (self->kind == OCTI_TOPIC_OF)
            publish(self, job, request, payload);
        else
            give(self, job, request);
        break;
    case OCTI_DO_GET:
        if (is_queue)
            get(self, job, request);
        else
            take(self, job, request);
        break;
    case OCTI_DO_JOIN:
        join(self, job, request);
        break;
    case OCTI_DO_CLEAR:
        self->count = 0;
        succeed(job, NULL, 0);
        break;
    default:
        succeed(job, &self->count, sizeof(self->count));
    }
}

static size_t add_lock_waits(const thing *lock, octi_lock_wait *out, size_t room)
{
    size_t count = 0;
    for (const waiting *w = lock->first; w && count < room; w = w->next) {
        if (w->deadline_ns == 0 && w->who != 0 && lock->who != 0)
            out[count++] = (octi_lock_wait){lock->id, w->task, w->who, lock->who};
    }
    return count;
}

size_t octi_shared_lock_waits(octi_lock_wait *out, size_t room)
{
    size_t count = 0;
    pthread_mutex_lock(&home.lock);
    for (int i = 0; i < BUCKETS; i++) {
        for (const thing *self = home.things[i]; self; self = self->next) {
            if (self->kind == OCTI_LOCK_OF)
                count += add_lock_waits(self, out + count, room - count);
        }
    }
    pthread_mutex_unlock(&home.lock);
    return count;
}

/* Takes it out of the list; NULL when it is not there. */
static waiting *take_waiting(thing *self, uint64_t task)
{
    waiting *before = NULL, *w = self->first;
    while (w && w->task != task) {
        before = w;
        w = w->next;
    }
    if (!w)
        return NULL;
    *(before ? &before->next : &self->first) = w->next;
    if (self->last == w)
        self->last = before;
    return w;
}

bool octi_shared_refuse(uint64_t lock, uint64_t task)
{
    pthread_mutex_lock(&home.lock);
    thing *self = lock_of(lock);
    waiting *w = self ? take_waiting(self, task) : NULL;
    if (w) {
        fail(w->job, OCT_E_DEADLOCK, "waiting would never end: who holds it waits for the task that waits");
        free_waiting(w);
    }
    end_all(unlock());
    return w;
}

void octi_shared_serve(octi_job *job)
{
    if (!octi_job_start(job)) {
        octi_job_unref(job);
        return;
    }
    const octi_shared_args *args = job->args;
    octi_shared_request request = args->request;
    pthread_mutex_lock(&home.lock);
    serve(job, &request, args->payload);
    end_all(unlock());
}

static void bury_here(uint64_t who)
{
    pthread_mutex_lock(&home.lock);
    each(forget_one, who, NULL);
    end_all(unlock());
}

/* On another node it follows what the process asked for before: messages keep their order. Without
 * memory to say so its locks stay held. */
static void bury_there(oct_pool *pool, uint64_t who)
{
    octi_executor *executor = octi_pool_executor(pool);
    octi_shared_args args = {{.what = OCTI_DO_BURY, .who = who}, {NULL, 0}};
    octi_job *job = octi_job_create(pool, octi_shared_task);
    octi_more *more = job ? octi_job_more(job) : NULL;
    oct_error error;
    if (!job)
        return;
    if (more && octi_args_store(job, &args, 0, &error) == OCT_OK) {
        more->options.node = 1;
        octi_job_admit(job, OCTI_QUEUED);
        executor->class->submit(executor, job);
    } else {
        octi_job_unref(job);
    }
    octi_job_unref(job); /* the handle's reference */
}

void octi_shared_died(oct_pool *pool, uint64_t who)
{
    if (!atomic_load_explicit(&octi_shared_used, memory_order_relaxed))
        return;
    if (octi_pool_executor(pool)->is_program)
        bury_here(who);
    else
        bury_there(pool, who);
}

static void break_one(thing *self, uint64_t unused, const oct_pool *pool)
{
    (void)unused;
    if (self->pool == pool)
        break_waits(self, OCT_E_STATE, "the pool closes, and what is waited for may never come");
}

void octi_shared_break(const oct_pool *pool)
{
    pthread_mutex_lock(&home.lock);
    if (home.closing_count < (int)(sizeof(home.closing) / sizeof(home.closing[0])))
        home.closing[home.closing_count++] = pool;
    each(break_one, 0, pool);
    end_all(unlock());
    /* The timer belongs to no pool: what it does with this one's jobs must be over before the pool is.
     * From now on it will find none of them. */
    while (atomic_load_explicit(&home.timer_ends, memory_order_acquire))
        octi_futex_wait(&home.timer_ends, 1, 0);
    stop_timer();
}

static void drop_one(thing *self, uint64_t unused, const oct_pool *pool)
{
    (void)unused;
    if (self->pool == pool)
        drop_thing(self);
}

void octi_shared_end(const oct_pool *pool)
{
    pthread_mutex_lock(&home.lock);
    each(drop_one, 0, pool);
    for (int i = 0; i < home.closing_count; i++) {
        if (home.closing[i] == pool)
            home.closing[i--] = home.closing[--home.closing_count];
    }
    pthread_mutex_unlock(&home.lock);
}
