#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/processes/crash.h"
#include "runtime/exec/processes/crew.h"

/* A slot whose processes die so often, one after another, with no task to blame, is given up. */
enum { BARREN_LIMIT = 8 };

/* A process that the machine refused is asked for again after so long, since others may have
 * ended; and when all workers wait for it, that is given up after the longer time. */
enum { REFUSED_NS = 100000000, PATIENCE_NS = 1000000000 };

/* Workers that seem to wait are looked at again after so long. */
enum { DOUBT_NS = 20000000 };

static void say_refused(const octi_crew *crew, oct_error *err)
{
    int alive = 0;
    for (int i = 0; i < crew->hand_count; i++)
        alive += crew->hands[i].state != OCTI_HAND_NONE;
    oct_fail(err, OCT_E_EXHAUSTED, "no worker process can be started: %d of %d are left", alive,
             crew->base.workers);
    oct_hint(err, "the limit is on processes or memory: see 'ulimit -u' and 'dmesg'");
}

/* Nothing will ever run again, or nothing that `only_relays` wait for. */
static void fail_queue(octi_crew *crew, const oct_error *error, bool only_relays)
{
    octi_queue kept = {0};
    for (octi_job *job; (job = octi_queue_peek(&crew->queue));) {
        octi_queue_drop(&crew->queue);
        if (only_relays && !octi_relay_is(job))
            octi_queue_add(&kept, job);
        else if (octi_job_start(job))
            octi_crew_fail_with(crew, job, error);
        else
            octi_crew_drop(crew, job);
    }
    octi_queue_deinit(&crew->queue);
    crew->queue = kept;
}

static bool anybody_left(const octi_crew *crew)
{
    for (int i = 0; i < crew->hand_count; i++) {
        if (crew->hands[i].state != OCTI_HAND_NONE)
            return true;
    }
    return false;
}

void octi_mortal_bear(octi_crew *crew, octi_hand *hand)
{
    if (atomic_load_explicit(&crew->lost, memory_order_relaxed) ||
        atomic_load_explicit(&crew->closing, memory_order_relaxed)) {
        hand->state = OCTI_HAND_NONE;
        return;
    }
    octi_hand_reset(hand);
    hand->state = OCTI_HAND_STARTING;
    octi_zygote_spawn(&crew->zygote, (uint32_t)(hand - crew->hands));
}

void octi_mortal_doom(octi_crew *crew, octi_hand *hand, oct_err why)
{
    if (hand->state != OCTI_HAND_READY)
        return;
    octi_crew_recall(crew, hand);
    hand->state = OCTI_HAND_DOOMED;
    hand->doom = why;
    octi_zygote_kill(&crew->zygote, (uint32_t)(hand - crew->hands));
}

static void describe(const octi_hand *hand, const octi_job *job, int status, oct_failure *failure)
{
    oct_error *error = &failure->error;
    switch (hand->doom) {
    case OCT_E_CANCELLED:
        oct_fail(error, OCT_E_CANCELLED, "cancelled while it ran: its worker was killed");
        break;
    case OCT_E_TIMEOUT:
        oct_fail(error, OCT_E_TIMEOUT, "it ran longer than its time limit of %g s: its worker was killed",
                 job->more->options.time_limit);
        break;
    case OCT_E_PROTOCOL:
        oct_fail(error, OCT_E_CRASH, "it wrote over its worker's memory: the worker was killed");
        break;
    case OCT_E_STATE: /* it was behind the call that closed it */
        oct_fail(error, OCT_E_NOTFOUND, "its actor was closed");
        break;
    case OCT_E_NOMEM:
        oct_fail(error, OCT_E_NOMEM, "out of memory for what its task submitted");
        break;
    default:
        octi_crash_describe(&hand->slot->crash, status, failure);
    }
}

/* The task that ran is at fault; those behind it never began. */
static void blame(octi_crew *crew, octi_hand *hand, int status)
{
    octi_job *job = octi_hand_finish(hand);
    if (octi_job_retry(job)) {
        octi_queue_add(&crew->queue, job);
        return;
    }
    oct_failure failure;
    oct_error unknown = OCT_ERROR_INIT;
    octi_failure_init(&failure, job, &unknown);
    int before = 0; /* of an errand the request tells how often it was tried */
    if (octi_relay_is(job)) {
        octi_relay_describe(job, &failure);
        before = failure.attempts - 1;
    }
    failure.attempts = before + (job->more ? job->more->attempts : 1);
    snprintf(failure.node, sizeof(failure.node), "%s", oct_node_name());
    describe(hand, job, status, &failure);
    octi_crew_fail(crew, job, &failure);
}

static void bury(octi_crew *crew, octi_hand *hand, int status)
{
    hand->state = OCTI_HAND_DOOMED;
    while (octi_crew_collect(crew, hand))
        continue;
    octi_relay_died(crew, hand);
    bool ran = octi_hand_runs(hand), was_home = hand->actor;
    if (ran)
        blame(crew, hand, status);
    for (octi_job *job; (job = octi_hand_take_back(hand, 0));)
        octi_crew_again(crew, job);
    hand->barren = ran || hand->doom != OCT_OK ? 0 : hand->barren + 1;
    if (hand->actor) {
        octi_home_lost(crew, hand);
        hand->barren = 0;
    }
    octi_log(OCT_LOG_INFO, "worker %d of a processes pool died: status 0x%x", (int)(hand - crew->hands),
             (unsigned)status);
    if (was_home || hand->barren > BARREN_LIMIT)
        hand->state = OCTI_HAND_NONE;
    else
        octi_mortal_bear(crew, hand);
}

static void hear_one(octi_crew *crew, const octi_news *news)
{
    octi_hand *hand = &crew->hands[news->slot];
    switch ((octi_birth)news->what) {
    case OCTI_STARTED:
        if (hand->state == OCTI_HAND_STARTING)
            hand->state = OCTI_HAND_READY;
        crew->refused_ns = crew->waiting_since_ns = 0;
        break;
    case OCTI_REFUSED:
        hand->state = OCTI_HAND_NONE;
        crew->refused_ns = octi_clock_ns();
        if (hand->actor)
            octi_home_lost(crew, hand);
        break;
    case OCTI_DIED:
        bury(crew, hand, news->value);
        break;
    }
}

/* The zygote is gone, and so are all workers: each was killed when its parent ended. */
static void bury_all(octi_crew *crew)
{
    for (int i = 0; i < crew->hand_count; i++) {
        if (crew->hands[i].state != OCTI_HAND_NONE)
            bury(crew, &crew->hands[i], SIGKILL);
    }
}

static void interrupt_one(octi_crew *crew, octi_job *job)
{
    for (int i = 0; i < crew->hand_count; i++) {
        octi_hand *hand = &crew->hands[i];
        for (uint32_t k = 0; k < hand->count; k++) {
            if (hand->sent[(hand->first + k) % OCTI_WINDOW].job != job)
                continue;
            octi_crew_recall(crew, hand);
            if (hand->count > 0 && hand->sent[hand->first].job == job)
                octi_mortal_doom(crew, hand, OCT_E_CANCELLED);
            return;
        }
    }
}

bool octi_mortal_hear(octi_crew *crew)
{
    if (!atomic_load_explicit(&crew->has_news, memory_order_relaxed) ||
        !atomic_exchange_explicit(&crew->has_news, false, memory_order_acquire))
        return false;
    pthread_mutex_lock(&crew->words_lock);
    octi_news *words = crew->words;
    octi_job **unwanted = crew->unwanted;
    size_t words_count = crew->words_count, unwanted_count = crew->unwanted_count;
    crew->words = NULL;
    crew->unwanted = NULL;
    crew->words_count = crew->words_capacity = crew->unwanted_count = crew->unwanted_capacity = 0;
    pthread_mutex_unlock(&crew->words_lock);

    for (size_t i = 0; i < words_count; i++)
        hear_one(crew, &words[i]);
    for (size_t i = 0; i < unwanted_count; i++) {
        interrupt_one(crew, unwanted[i]);
        octi_job_unref(unwanted[i]);
    }
    free(words);
    free(unwanted);
    if (atomic_load_explicit(&crew->lost, memory_order_acquire))
        bury_all(crew);
    return true;
}

static void leave_word(octi_crew *crew, const octi_news *news)
{
    pthread_mutex_lock(&crew->words_lock);
    if (crew->words_count == crew->words_capacity) {
        size_t capacity = crew->words_capacity ? 2 * crew->words_capacity : 16;
        octi_news *words = realloc(crew->words, capacity * sizeof(*words));
        if (words) {
            crew->words = words;
            crew->words_capacity = capacity;
        }
    }
    if (crew->words_count < crew->words_capacity)
        crew->words[crew->words_count++] = *news;
    else
        octi_zygote_hang_up(&crew->zygote); /* a death that is not heard of would hang its task */
    atomic_store_explicit(&crew->has_news, true, memory_order_release);
    pthread_mutex_unlock(&crew->words_lock);
}

void *octi_mortal_listener(void *ctx)
{
    octi_crew *crew = ctx;
    octi_news news;
    while (octi_zygote_listen(&crew->zygote, &news)) {
        leave_word(crew, &news);
        octi_crew_tend(crew);
    }
    if (!atomic_load_explicit(&crew->closing, memory_order_acquire)) {
        octi_log(OCT_LOG_ERROR, "the zygote of a processes pool is gone");
        atomic_store_explicit(&crew->lost, true, memory_order_release);
        atomic_store_explicit(&crew->has_news, true, memory_order_release);
        octi_crew_tend(crew);
    }
    return NULL;
}

octi_hand *octi_mortal_free_hand(octi_crew *crew)
{
    if (crew->refused_ns > 0 && octi_clock_ns() - crew->refused_ns < REFUSED_NS)
        return NULL;
    for (int i = 0; i < crew->hand_count; i++) {
        if (crew->hands[i].state == OCTI_HAND_NONE && crew->hands[i].barren <= BARREN_LIMIT)
            return &crew->hands[i];
    }
    if (crew->hand_count == crew->hand_limit)
        return NULL;
    octi_hand *hand = &crew->hands[crew->hand_count];
    hand->slot = &crew->shared->slots[crew->hand_count];
    crew->hand_count++;
    return hand;
}

/* True when its task waits for a nested one that has not ended: it has heard all answers there
 * are, and what it heard ended the waits that were for it (nested.c). */
bool octi_mortal_is_stuck(const octi_hand *hand)
{
    return hand->nested > 0 &&
           atomic_load_explicit(&hand->slot->heard, memory_order_acquire) == hand->answered &&
           atomic_load_explicit(&hand->slot->waiting, memory_order_relaxed) > 0;
}

/* `able` wait for nothing that nests; of the others some may be `at_work` for now. A process that
 * was asked for is neither when the machine refuses them. */
static void count_hands(const octi_crew *crew, int *able, int *at_work)
{
    *able = *at_work = 0;
    for (int i = 0; i < crew->hand_count; i++) {
        const octi_hand *hand = &crew->hands[i];
        if (hand->state == OCTI_HAND_NONE || (hand->state == OCTI_HAND_STARTING && crew->refused_ns > 0))
            continue;
        bool calls = hand->actor && (hand->count > 0 || octi_queue_peek(&hand->own));
        *able += hand->nested == 0 && !hand->actor;
        *at_work += !octi_mortal_is_stuck(hand) && (!hand->actor || calls);
    }
}

static bool is_patient(octi_crew *crew)
{
    int64_t now = octi_clock_ns();
    if (crew->waiting_since_ns == 0)
        crew->waiting_since_ns = now;
    octi_crew_look_again(crew, now + REFUSED_NS);
    return now - crew->waiting_since_ns < PATIENCE_NS;
}

/* None of the workers can go on. */
static void relieve_stuck(octi_crew *crew)
{
    oct_error error;
    if (crew->refused_ns > 0) {
        if (is_patient(crew))
            return;
        oct_fail(&error, OCT_E_EXHAUSTED,
                 "all %d workers wait for nested tasks, and no further process can be started",
                 crew->hand_count);
        oct_hint(&error, "the limit is on processes or memory: see 'ulimit -u' and 'dmesg'");
    } else {
        oct_fail(&error, OCT_E_DEADLOCK, "all %d workers wait for nested tasks, and there can be no more",
                 crew->hand_count);
        oct_hint(&error, "let tasks return what they need done rather than wait for it, or nest less deeply");
    }
    fail_queue(crew, &error, true);
}

void octi_mortal_relieve(octi_crew *crew)
{
    int able, at_work;
    count_hands(crew, &able, &at_work);
    if (able >= crew->base.workers)
        return;
    octi_hand *hand = octi_mortal_free_hand(crew);
    if (hand) {
        octi_mortal_bear(crew, hand);
        if (hand->state != OCTI_HAND_NONE)
            return;
    }
    if (!anybody_left(crew)) {
        oct_error error;
        say_refused(crew, &error);
        fail_queue(crew, &error, false);
    } else if (at_work == 0) {
        relieve_stuck(crew);
    } else {
        crew->waiting_since_ns = 0;
        octi_crew_look_again(crew, octi_clock_ns() + DOUBT_NS);
    }
}
