#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/processes/crew.h"
#include "runtime/exec/spin.h"
#include "runtime/exec/wire.h"
#include "runtime/trace/record.h"

enum {
    /* A task that was sent ahead moves on when its worker has not finished one for so long
     * while another has nothing to do. */
    STUCK_NS = 200000,
    /* Workers ring the bell at most so often (port.c); by then one more look finds the rest. */
    REST_NS = 100000,
    REPLIES_AT_ONCE = 256,
};

void octi_crew_look_again(octi_crew *crew, int64_t when)
{
    if (crew->look_again_ns == 0 || when < crew->look_again_ns)
        crew->look_again_ns = when;
}

static double limit_of(const octi_job *job)
{
    return job->more ? job->more->options.time_limit : 0;
}

void octi_crew_fail(octi_crew *crew, octi_job *job, const oct_failure *failure)
{
    if (!octi_relay_is(job)) {
        octi_job_failed(job, failure);
        return;
    }
    octi_relay_fail(crew, job, failure);
    octi_job_done(job, NULL);
}

void octi_crew_fail_with(octi_crew *crew, octi_job *job, const oct_error *error)
{
    oct_failure failure;
    octi_failure_init(&failure, job, error);
    octi_crew_fail(crew, job, &failure);
}

void octi_crew_again(octi_crew *crew, octi_job *job)
{
    octi_hand *home = octi_home_of(crew, job);
    if (octi_job_again(job)) {
        octi_queue_add_first(home ? &home->own : &crew->queue, job);
        return;
    }
    oct_error error;
    oct_fail(&error, OCT_E_CANCELLED, "'%s' was cancelled before it started", job->task->name);
    octi_crew_fail_with(crew, job, &error);
}

void octi_crew_recall(octi_crew *crew, octi_hand *hand)
{
    uint64_t from;
    if (!octi_hand_revoke(hand, &from))
        return;
    for (octi_job *job; (job = octi_hand_take_back(hand, from));)
        octi_crew_again(crew, job);
}

static void end_by_reply(octi_crew *crew, octi_hand *hand, octi_job *job, const octi_message *message)
{
    bool again;
    if (octi_relay_is(job)) {
        again = octi_relay_read(crew, job, message->data, message->size);
    } else if (message->data) {
        octi_trace_elsewhere(&hand->lane, "worker", (int)(hand - crew->hands),
                             octi_wire_ran(message->data, message->size));
        again = octi_wire_reply(job, message->data, message->size);
        octi_trace_here();
    } else {
        oct_error error;
        oct_fail(&error, OCT_E_NOMEM, "out of memory for a result of %zu bytes", message->size);
        octi_crew_fail_with(crew, job, &error);
        again = false;
    }
    if (again)
        octi_queue_add(&crew->queue, job);
}

/* What a wrecked worker sends is not to be trusted, nor is the worker. */
static void handle(octi_crew *crew, octi_hand *hand, const octi_message *message, bool *broken)
{
    if (message->kind == OCTI_MSG_NESTED) {
        octi_relay_adopt(crew, hand, message->data, message->size);
        return;
    }
    octi_job *job = message->kind == OCTI_MSG_REPLY && octi_hand_runs(hand) ? octi_hand_finish(hand) : NULL;
    if (!job) {
        *broken = true;
        return;
    }
    hand->finished++;
    if (hand->count == 0 && octi_queue_peek(hand->actor ? &hand->own : &crew->queue) &&
        hand->window < OCTI_WINDOW)
        hand->window *= 2;
    hand->barren = 0;
    hand->kill_ns = 0;
    hand->full = false;
    octi_role role = octi_relay_role(job);
    end_by_reply(crew, hand, job, message);
    octi_home_ended(crew, hand, role);
}

bool octi_crew_collect(octi_crew *crew, octi_hand *hand)
{
    bool broken = false;
    int count = 0;
    octi_message message;
    while (count < REPLIES_AT_ONCE && !broken) {
        const octi_record *record = octi_ring_read(&hand->replies, &broken);
        if (!record)
            break;
        count++;
        if (octi_incoming_take(&hand->inbox, record, &message, &broken))
            handle(crew, hand, &message, &broken);
    }
    if (broken && hand->state == OCTI_HAND_READY)
        octi_mortal_doom(crew, hand, OCT_E_PROTOCOL);
    if (count > 0) {
        octi_full_fence();
        if (atomic_load_explicit(&hand->slot->wants_room, memory_order_relaxed))
            octi_bell_ring(&hand->slot->bell);
    }
    return count > 0;
}

static void take_submitted(octi_crew *crew)
{
    if (!atomic_load_explicit(&crew->submitted, memory_order_relaxed))
        return;
    octi_job *latest = atomic_exchange_explicit(&crew->submitted, NULL, memory_order_acquire), *oldest = NULL;
    while (latest) {
        octi_job *next = (octi_job *)(uintptr_t)latest->executor;
        latest->executor = (uintptr_t)oldest;
        oldest = latest;
        latest = next;
    }
    while (oldest) {
        octi_job *next = (octi_job *)(uintptr_t)oldest->executor;
        if (!octi_relay_finish(crew, oldest) && !octi_home_route(crew, oldest))
            octi_queue_add(&crew->queue, oldest);
        oldest = next;
    }
}

/* The one with the least to do. Beyond as many at work as were asked for, workers that others'
 * waiting has called for get nothing: so tasks that nest go deep rather than wide. A job with a
 * time limit gets a worker to itself, so that its time begins when it is sent. */
static octi_hand *choose(const octi_crew *crew, bool alone)
{
    octi_hand *best = NULL, *idle = NULL;
    int at_work = 0;
    for (int i = 0; i < crew->hand_count; i++) {
        octi_hand *hand = &crew->hands[i];
        if (hand->actor)
            continue;
        at_work += hand->count > 0 && hand->nested == 0;
        if (!octi_hand_has_room(hand))
            continue;
        if (hand->count == 0 && !idle)
            idle = hand;
        else if (!alone && hand->count > 0 && (!best || hand->count < best->count))
            best = hand;
        if (idle && crew->hand_count == crew->base.workers)
            return idle;
    }
    return idle && at_work < crew->base.workers ? idle : best;
}

void octi_crew_send(octi_crew *crew, octi_hand *hand, octi_job *job)
{
    oct_error error;
    hand->request.size = 0;
    oct_err code = octi_relay_is(job) ? octi_relay_write(crew, job, &hand->request, &error)
                                      : octi_wire_request(job, &hand->request, &error);
    if (code != OCT_OK) {
        octi_crew_fail_with(crew, job, &error);
        return;
    }
    hand->full = !octi_hand_send(hand, job);
    if (hand->full) {
        octi_crew_again(crew, job);
        return;
    }
    octi_trace_moved(hand->request.size); /* not before: a full one is written again later */
    hand->touched = true;
    double limit = limit_of(job);
    if (limit > 0) {
        hand->kill_ns = octi_clock_ns() + (int64_t)(limit * 1e9);
        octi_crew_look_again(crew, hand->kill_ns);
    }
}

void octi_crew_drop(octi_crew *crew, octi_job *job)
{
    if (octi_relay_is(job)) {
        oct_error error;
        oct_failure failure;
        oct_fail(&error, OCT_E_CANCELLED, "it was cancelled before it started");
        octi_failure_init(&failure, job, &error);
        octi_relay_fail(crew, job, &failure);
    }
    octi_job_unref(job);
}

static bool distribute(octi_crew *crew)
{
    bool moved = octi_home_distribute(crew);
    for (octi_job *job; (job = octi_queue_peek(&crew->queue));) {
        octi_hand *hand = choose(crew, limit_of(job) > 0);
        if (!hand)
            break;
        octi_queue_drop(&crew->queue);
        moved = true;
        if (octi_job_start(job))
            octi_crew_send(crew, hand, job);
        else
            octi_crew_drop(crew, job);
    }
    for (int i = 0; moved && i < crew->hand_count; i++) {
        if (!crew->hands[i].touched)
            continue;
        crew->hands[i].touched = false;
        octi_bell_ring(&crew->hands[i].slot->bell);
    }
    return moved;
}

/* Time limits that are over, and tasks that wait behind one that takes long. */
static bool look_closer(octi_crew *crew, int64_t now, bool somebody_idle)
{
    bool recalled = false;
    for (int i = 0; i < crew->hand_count; i++) {
        octi_hand *hand = &crew->hands[i];
        if (hand->state != OCTI_HAND_READY || hand->count == 0)
            continue;
        if (hand->kill_ns > 0 && now >= hand->kill_ns)
            octi_mortal_doom(crew, hand, OCT_E_TIMEOUT);
        else if (hand->kill_ns > 0)
            octi_crew_look_again(crew, hand->kill_ns);
        if (hand->actor) /* nobody else could run what waits there */
            continue;
        if (hand->count <= OCTI_WINDOW_MIN && (!somebody_idle || hand->count + !octi_hand_runs(hand) < 2))
            continue;
        if (hand->finished != hand->finished_seen) {
            hand->finished_seen = hand->finished;
            hand->stuck_ns = now;
        } else if (now - hand->stuck_ns >= STUCK_NS) {
            octi_crew_recall(crew, hand);
            hand->window = OCTI_WINDOW_MIN;
            hand->stuck_ns = now;
            recalled = true;
        }
        octi_crew_look_again(crew, now + STUCK_NS);
    }
    return recalled;
}

static bool serve_workers(octi_crew *crew)
{
    bool moved = false;
    for (int i = 0; i < crew->hand_count; i++) {
        octi_hand *hand = &crew->hands[i];
        if (hand->state != OCTI_HAND_READY)
            continue;
        if (octi_ring_waits(&hand->replies))
            moved |= octi_crew_collect(crew, hand);
        if (octi_hand_is_blocked(hand))
            moved |= octi_hand_flush(hand);
        hand->full = hand->full && hand->count > 0;
    }
    return moved;
}

/* True when it is time for the look that was asked for. */
static bool is_due(octi_crew *crew)
{
    if (crew->look_again_ns == 0 || octi_clock_ns() < crew->look_again_ns)
        return false;
    crew->look_again_ns = 0;
    return true;
}

/* A clock is only read where there is a reason to look at it. */
static bool look_around(octi_crew *crew, bool moved, bool due)
{
    bool idle = false, ahead = false, far_ahead = false, busy = false;
    for (int i = 0; i < crew->hand_count; i++) {
        const octi_hand *hand = &crew->hands[i];
        busy |= hand->count > 0;
        if (hand->actor)
            continue;
        ahead |= hand->count > 1;
        far_ahead |= hand->count > OCTI_WINDOW_MIN;
        idle |= hand->count == 0 && octi_hand_has_room(hand);
    }
    bool look = due || far_ahead || (idle && ahead);
    if (!look && !(moved && busy))
        return false;
    int64_t now = octi_clock_ns();
    if (moved && busy)
        octi_crew_look_again(crew, now + REST_NS);
    return look && look_closer(crew, now, idle);
}

/* A round. True when something moved. */
static bool work(octi_crew *crew)
{
    bool due = is_due(crew);
    bool moved = octi_mortal_hear(crew);
    moved |= serve_workers(crew);
    take_submitted(crew);
    moved |= distribute(crew);
    if (octi_queue_peek(&crew->queue))
        octi_mortal_relieve(crew);
    if (!moved)
        moved = octi_circle_break(crew);
    moved |= look_around(crew, moved, due);
    return moved;
}

static bool take_attention(octi_crew *crew)
{
    return !atomic_load_explicit(&crew->attended, memory_order_relaxed) &&
           !atomic_exchange_explicit(&crew->attended, 1, memory_order_acquire);
}

static bool replies_wait(const octi_crew *crew)
{
    int count = atomic_load_explicit(&crew->hand_count, memory_order_relaxed);
    for (int i = 0; i < count; i++) {
        const octi_ring *ring = &crew->shared->slots[i].replies;
        if (atomic_load_explicit(&ring->head, memory_order_relaxed) !=
            atomic_load_explicit(&ring->tail, memory_order_relaxed))
            return true;
    }
    return false;
}

/* A worker leaves no word that it made room, it only rings: whoever rings from here on changes
 * what *seen is compared with, or has made the room that is looked for. True when it is there. */
static bool room_came(octi_crew *crew, uint32_t *seen)
{
    bool blocked = false, came = false;
    for (int i = 0; i < crew->hand_count; i++)
        blocked |= crew->hands[i].state == OCTI_HAND_READY && octi_hand_is_blocked(&crew->hands[i]);
    *seen = octi_bell_seen(&crew->shared->bell);
    if (!blocked)
        return false;
    octi_bell_arm(&crew->shared->bell);
    for (int i = 0; i < crew->hand_count; i++)
        came |= crew->hands[i].state == OCTI_HAND_READY && octi_hand_can_flush(&crew->hands[i]);
    return came;
}

/* From here on the workers' bell wakes the tender. True when something came in meanwhile. */
static bool give_attention_up(octi_crew *crew, bool is_tender)
{
    uint32_t seen;
    bool came = room_came(crew, &seen);
    int64_t until = crew->look_again_ns > 0 ? crew->look_again_ns : INT64_MAX;
    bool sooner = until < atomic_load_explicit(&crew->sleeps_until, memory_order_relaxed);
    if (is_tender || sooner)
        atomic_store_explicit(&crew->sleeps_until, until, memory_order_release);
    atomic_store_explicit(&crew->attended, 0, memory_order_release);
    octi_bell_arm(&crew->shared->bell);
    came |= octi_bell_seen(&crew->shared->bell) != seen;
    if (sooner && !is_tender)
        octi_bell_wake(&crew->shared->bell);
    return came || atomic_load_explicit(&crew->submitted, memory_order_relaxed) ||
           atomic_load_explicit(&crew->has_news, memory_order_relaxed) || replies_wait(crew);
}

static void tend(octi_crew *crew, bool is_tender)
{
    do {
        if (!take_attention(crew))
            return;
        octi_bell_disarm(&crew->shared->bell);
        while (work(crew))
            continue;
    } while (give_attention_up(crew, is_tender));
}

void octi_crew_tend(octi_crew *crew)
{
    tend(crew, false);
}

bool octi_crew_tend_for(octi_crew *crew, const octi_job *job)
{
    if (!take_attention(crew))
        return octi_job_ended(job);
    octi_bell_disarm(&crew->shared->bell);
    for (int i = 0; i < OCTI_SPINS && !octi_job_ended(job); i++) {
        if (work(crew))
            i = 0;
        octi_relax();
    }
    bool ended = octi_job_ended(job);
    if (give_attention_up(crew, false))
        tend(crew, false);
    return ended;
}

void *octi_crew_tender(void *ctx)
{
    octi_crew *crew = ctx;
    octi_bell *bell = &crew->shared->bell;
    while (!atomic_load_explicit(&crew->closing, memory_order_acquire)) {
        uint32_t seen = octi_bell_seen(bell);
        tend(crew, true);
        int64_t until = atomic_load_explicit(&crew->sleeps_until, memory_order_acquire);
        octi_bell_sleep(bell, seen, until == INT64_MAX ? 0 : until);
    }
    return NULL;
}
