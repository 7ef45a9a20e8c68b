/* Circles of waits among worker processes: actors whose calls wait for each other, a task that waits for
 * one which wants the lock it holds.
 *
 * Of a task that waits it is not known for which of its requests. So it is held up for good only when all
 * of them are, by workers whose tasks are: the largest set of workers of which this is true is found by
 * taking out those of which it is not, until none is left to be taken out. */
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/exec/processes/crew.h"
#include "runtime/exec/shared.h"

/* That a worker waits nobody is told. While some requests may be part of a circle there is a look now and
 * then, but not at every move. */
enum { SOONEST_NS = 1000000, LATEST_NS = 100000000 };

/* A request of from's task that cannot end before to's task has. */
typedef struct hold_up {
    octi_hand *from, *to;
    octi_job *call;      /* that waits for its turn there; NULL with lock.lock 0: it runs there */
    octi_lock_wait lock; /* or that waits for what the other holds */
} hold_up;

typedef struct hold_ups {
    hold_up *at;
    size_t count, capacity;
    bool complete;
} hold_ups;

static void add(hold_ups *all, hold_up one)
{
    if (all->count == all->capacity) {
        size_t capacity = all->capacity ? 2 * all->capacity : 64;
        hold_up *at = realloc(all->at, capacity * sizeof(*at));
        if (!at) {
            all->complete = false;
            return;
        }
        all->at = at;
        all->capacity = capacity;
    }
    all->at[all->count++] = one;
}

static void add_job(const octi_crew *crew, hold_ups *all, octi_hand *at, octi_job *job, bool runs)
{
    octi_hand *from = octi_relay_is(job) ? octi_relay_origin(crew, job) : NULL;
    if (from)
        add(all, (hold_up){.from = from, .to = at, .call = runs ? NULL : job});
}

static void add_jobs_of(const octi_crew *crew, hold_ups *all, octi_hand *hand)
{
    for (uint32_t i = 0; i < hand->count; i++)
        add_job(crew, all, hand, hand->sent[(hand->first + i) % OCTI_WINDOW].job, i == 0);
    for (octi_job *job = octi_queue_peek(&hand->own); job; job = octi_queue_after(&hand->own, job))
        add_job(crew, all, hand, job, false);
}

static void add_locks(const octi_crew *crew, hold_ups *all)
{
    size_t room = (size_t)crew->hand_limit; /* a task waits for one at a time */
    octi_lock_wait *waits = malloc(room * sizeof(*waits));
    size_t count = waits ? octi_shared_lock_waits(waits, room) : 0;
    all->complete = all->complete && waits;
    for (size_t i = 0; i < count; i++) {
        octi_hand *from = octi_relay_named(crew, waits[i].who), *to = octi_relay_named(crew, waits[i].holder);
        if (from && to)
            add(all, (hold_up){.from = from, .to = to, .lock = waits[i]});
    }
    free(waits);
}

/* True when the hand's task waits, and what it waits for is not on its way here. */
static bool is_stuck(const octi_hand *hand)
{
    return octi_mortal_is_stuck(hand) && !octi_ring_waits(&hand->replies);
}

static bool take_out(octi_crew *crew, const hold_ups *all)
{
    bool some = false;
    for (int i = 0; i < crew->hand_count; i++)
        crew->hands[i].held_up = 0;
    for (size_t i = 0; i < all->count; i++)
        all->at[i].from->held_up += all->at[i].to->is_suspect;
    for (int i = 0; i < crew->hand_count; i++) {
        octi_hand *hand = &crew->hands[i];
        if (hand->is_suspect && hand->held_up != hand->nested) {
            hand->is_suspect = false;
            some = true;
        }
    }
    return some;
}

/* One of those that are held up for good, or NULL. */
static octi_hand *find_suspect(octi_crew *crew, const hold_ups *all)
{
    for (int i = 0; i < crew->hand_count; i++)
        crew->hands[i].is_suspect = is_stuck(&crew->hands[i]);
    while (take_out(crew, all))
        continue;
    for (int i = 0; i < crew->hand_count; i++) {
        if (crew->hands[i].is_suspect)
            return &crew->hands[i];
    }
    return NULL;
}

static const hold_up *hold_up_of(const hold_ups *all, const octi_hand *from)
{
    const hold_up *one = all->at;
    while (one->from != from || !one->to->is_suspect)
        one++;
    return one;
}

/* Some may only wait for those of a circle: after as many steps as there are workers one is in it. And
 * not all of it are tasks that run for those before them: a task is not its own ancestor. */
static const hold_up *find_breakable(const octi_crew *crew, const hold_ups *all, const octi_hand *hand)
{
    for (int i = 0; i < crew->hand_count; i++)
        hand = hold_up_of(all, hand)->to;
    for (int i = 0; i < crew->hand_count; i++) {
        const hold_up *one = hold_up_of(all, hand);
        if (one->call || one->lock.lock != 0)
            return one;
        hand = one->to;
    }
    return NULL;
}

static bool break_at(octi_crew *crew, const hold_up *one)
{
    if (!one->call)
        return octi_shared_refuse(one->lock.lock, one->lock.task);
    octi_crew_recall(crew, one->to); /* it may have been sent ahead */
    if (!octi_queue_remove(&one->to->own, one->call))
        return false;
    oct_error error;
    oct_fail(&error, OCT_E_DEADLOCK,
             "its actor waits, by way of others perhaps, for the task that called it");
    if (octi_job_start(one->call))
        octi_crew_fail_with(crew, one->call, &error);
    else
        octi_crew_drop(crew, one->call);
    return true;
}

static bool could_be_one(const octi_crew *crew)
{
    bool could = crew->served > 0;
    for (int i = 0; !could && crew->homes > 0 && i < crew->hand_count; i++) {
        const octi_hand *hand = &crew->hands[i];
        could = hand->actor != 0 && (octi_queue_peek(&hand->own) || hand->count > 1);
    }
    return could;
}

bool octi_circle_break(octi_crew *crew)
{
    if (!could_be_one(crew))
        return false;
    int64_t now = octi_clock_ns();
    if (now < crew->circle_ns) {
        octi_crew_look_again(crew, crew->circle_ns);
        return false;
    }
    crew->circle_ns = now + SOONEST_NS;
    octi_crew_look_again(crew, now + LATEST_NS);
    hold_ups all = {.complete = true};
    for (int i = 0; i < crew->hand_count; i++)
        add_jobs_of(crew, &all, &crew->hands[i]);
    if (crew->served > 0)
        add_locks(crew, &all);
    const octi_hand *suspect = all.complete ? find_suspect(crew, &all) : NULL;
    const hold_up *one = suspect ? find_breakable(crew, &all, suspect) : NULL;
    bool broken = one && break_at(crew, one);
    free(all.at);
    return broken;
}
