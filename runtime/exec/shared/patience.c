#include "runtime/exec/shared/patience.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/exec/futex.h"

/* Whoever may wait for longer than so many seconds may wait for ever. */
enum { LONGEST_S = 1000000000 };

static struct {
    const oct_pool *closing[16]; /* pools that break waits; pools are few */
    int closing_count;
    _Atomic uint32_t sooner; /* a futex: the timer is to look again */
    pthread_t timer;
    bool has_timer;
    uintptr_t number;      /* of the timer that is to go on */
    _Atomic uint32_t ends; /* a futex: the timer is about to end jobs, or does */
    int64_t next_ns;       /* the earliest deadline that it knows of */
} patience;

/* ---- the timer ---- */

typedef struct look {
    int64_t now, next_ns;
} look;

static bool is_late(octi_claim *claim, void *ctx)
{
    look *self = ctx;
    if (claim->deadline_ns == 0)
        return false;
    if (self->now < claim->deadline_ns) {
        if (self->next_ns == 0 || claim->deadline_ns < self->next_ns)
            self->next_ns = claim->deadline_ns;
        return false;
    }
    octi_claim_fail(claim->job, OCT_E_TIMEOUT, "it did not come in time");
    return true;
}

static void expire_one(octi_thing *self, void *ctx)
{
    octi_claim_remove(self, is_late, ctx);
}

/* Ends what is late and returns the next deadline, 0 for none. */
static int64_t expire(void)
{
    look self = {octi_clock_ns(), 0};
    octi_thing_each(expire_one, &self);
    return self.next_ns;
}

/* Holds the lock, and gives it back. */
static void end_late(void)
{
    atomic_store_explicit(&patience.ends, 1, memory_order_relaxed);
    octi_things_unlock();
    atomic_store_explicit(&patience.ends, 0, memory_order_release);
    octi_futex_wake(&patience.ends, INT_MAX);
}

/* From the first wait with a time-out until a pool closes and no other has such waits. */
static void *keep_time(void *number)
{
    octi_things_lock();
    while (patience.number == (uintptr_t)number) {
        uint32_t seen = atomic_load_explicit(&patience.sooner, memory_order_relaxed);
        int64_t until = patience.next_ns = expire();
        end_late();
        octi_futex_wait(&patience.sooner, seen, until);
        octi_things_lock();
    }
    octi_things_unlock();
    return NULL;
}

static void wake_timer(void)
{
    atomic_fetch_add_explicit(&patience.sooner, 1, memory_order_relaxed);
    octi_futex_wake(&patience.sooner, INT_MAX);
}

/* A pool of processes that is opened next must not find threads that nobody needs. */
static void stop_timer(void)
{
    octi_things_lock();
    bool stops = patience.has_timer && expire() == 0;
    pthread_t timer = patience.timer;
    if (stops) { /* whoever needs one from here on starts another */
        patience.has_timer = false;
        patience.number++;
        wake_timer();
    }
    octi_things_unlock();
    if (stops)
        pthread_join(timer, NULL);
}

static bool start_timer(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&patience.timer, NULL, keep_time, (void *)patience.number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

/* True when the timer will see to it. */
static bool set_time(int64_t deadline_ns)
{
    if (!patience.has_timer)
        patience.has_timer = start_timer();
    else if (patience.next_ns == 0 || deadline_ns < patience.next_ns)
        wake_timer();
    return patience.has_timer;
}

/* ---- waits ---- */

bool octi_patience_is_endless(const octi_shared_request *request)
{
    return request->seconds < 0 || request->seconds >= LONGEST_S;
}

static bool is_closing(const oct_pool *pool)
{
    for (int i = 0; i < patience.closing_count; i++) {
        if (patience.closing[i] == pool)
            return true;
    }
    return false;
}

void octi_patience_begin(octi_thing *self, octi_job *job, const octi_shared_request *request, octi_item *item)
{
    const char *why = NULL;
    oct_err code = OCT_E_STATE;
    octi_claim *claim = NULL;
    if (is_closing(self->pool)) {
        why = "the pool closes, and what is waited for may never come";
    } else if (request->seconds == 0) {
        code = OCT_E_TIMEOUT;
        why = "it is not there now";
    } else if (!(claim = malloc(sizeof(*claim)))) {
        code = OCT_E_NOMEM;
        why = "out of memory to wait";
    }
    if (why) {
        free(item);
        octi_claim_fail(job, code, why);
        return;
    }
    bool timed = !octi_patience_is_endless(request);
    int64_t deadline_ns = timed ? octi_clock_ns() + (int64_t)(request->seconds * 1e9) : 0;
    *claim = (octi_claim){.job = job,
                          .who = request->who,
                          .task = request->task,
                          .deadline_ns = deadline_ns,
                          .type = request->type,
                          .item = item};
    octi_claim_push(self, claim);
    if (timed && !set_time(deadline_ns)) {
        /* Rather a wait that is too long than none: whoever ends the others ends it. */
        claim->deadline_ns = 0;
    }
}

/* ---- a pool that closes ---- */

void octi_patience_refuse(const oct_pool *pool)
{
    if (patience.closing_count < (int)(sizeof(patience.closing) / sizeof(patience.closing[0])))
        patience.closing[patience.closing_count++] = pool;
}

void octi_patience_forget(const oct_pool *pool)
{
    for (int i = 0; i < patience.closing_count; i++) {
        if (patience.closing[i] == pool)
            patience.closing[i--] = patience.closing[--patience.closing_count];
    }
}

/* The timer belongs to no pool: what it does with this one's jobs must be over before the pool is. From
 * now on it will find none of them. */
void octi_patience_settle(void)
{
    while (atomic_load_explicit(&patience.ends, memory_order_acquire))
        octi_futex_wait(&patience.ends, 1, 0);
    stop_timer();
}
