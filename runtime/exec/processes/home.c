/* Actors in worker processes. Each has a process of its own, beside the workers that were asked for;
 * what it is called for waits in the hand's own queue and is sent in that order. When the process
 * dies its state is gone, and so is the actor. */
#include <stdlib.h>

#include "runtime/exec/failure.h"
#include "runtime/exec/processes/crew.h"

octi_hand *octi_home_of(const octi_crew *crew, const octi_job *job)
{
    uint64_t actor = crew->homes > 0 && job->more ? job->more->actor : 0;
    for (int i = 0; actor != 0 && i < crew->hand_count; i++) {
        if (crew->hands[i].actor == actor)
            return &crew->hands[i];
    }
    return NULL;
}

/* How calls fail when their actor has gone. */
static void explain(const octi_crew *crew, uint64_t actor, oct_error *error)
{
    for (size_t i = 0; i < crew->lost_actor_count; i++) {
        if (crew->lost_actors[i] != actor)
            continue;
        oct_fail(error, OCT_E_LOST, "the worker process of its actor has died, and the actor with it");
        return;
    }
    oct_fail(error, OCT_E_NOTFOUND, "its actor was closed, or never there");
}

static void fail(octi_crew *crew, octi_job *job, const oct_error *error)
{
    if (octi_job_start(job))
        octi_crew_fail_with(crew, job, error);
    else
        octi_crew_drop(crew, job);
}

static void fail_all(octi_crew *crew, octi_hand *hand, const oct_error *error)
{
    for (octi_job *job; (job = octi_queue_peek(&hand->own));) {
        octi_queue_drop(&hand->own);
        fail(crew, job, error);
    }
}

/* Without memory the calls that come later find that it is not there. */
static void note_lost(octi_crew *crew, uint64_t actor)
{
    size_t size = (crew->lost_actor_count + 1) * sizeof(*crew->lost_actors);
    uint64_t *lost = realloc(crew->lost_actors, size);
    if (!lost)
        return;
    crew->lost_actors = lost;
    crew->lost_actors[crew->lost_actor_count++] = actor;
}

void octi_home_lost(octi_crew *crew, octi_hand *hand)
{
    oct_error error;
    uint64_t actor = hand->actor;
    if (!hand->retired)
        note_lost(crew, actor);
    hand->actor = 0; /* what comes from now on finds no home */
    hand->retired = false;
    crew->homes--;
    explain(crew, actor, &error);
    fail_all(crew, hand, &error);
}

static octi_hand *settle(octi_crew *crew, uint64_t actor)
{
    octi_hand *hand = octi_mortal_free_hand(crew);
    if (!hand)
        return NULL;
    octi_mortal_bear(crew, hand);
    if (hand->state == OCTI_HAND_NONE)
        return NULL;
    hand->actor = actor;
    hand->retired = false;
    crew->homes++;
    return hand;
}

bool octi_home_route(octi_crew *crew, octi_job *job)
{
    uint64_t actor = job->more ? job->more->actor : 0;
    if (actor == 0)
        return false;
    oct_error error;
    octi_hand *hand = octi_home_of(crew, job);
    if (!hand && octi_relay_role(job) == OCTI_OPENS) {
        hand = settle(crew, actor);
        if (!hand)
            note_lost(crew, actor);
        oct_fail(&error, OCT_E_EXHAUSTED, "no worker process can be started for an actor");
        oct_hint(&error, "close actors that are done, or raise the limit on processes: see 'ulimit -u'");
    } else {
        explain(crew, actor, &error);
    }
    if (hand && !hand->retired)
        octi_queue_add(&hand->own, job);
    else
        fail(crew, job, &error);
    return true;
}

static bool has_limit(const octi_job *job)
{
    return job->more->options.time_limit > 0;
}

bool octi_home_distribute(octi_crew *crew)
{
    bool moved = false;
    for (int i = 0; crew->homes > 0 && i < crew->hand_count; i++) {
        octi_hand *hand = &crew->hands[i];
        octi_job *job;
        while (hand->actor != 0 && (job = octi_queue_peek(&hand->own)) && octi_hand_has_room(hand) &&
               (hand->count == 0 || !has_limit(job))) {
            octi_queue_drop(&hand->own);
            moved = true;
            if (octi_job_start(job))
                octi_crew_send(crew, hand, job);
            else
                octi_crew_drop(crew, job);
        }
    }
    return moved;
}

void octi_home_ended(octi_crew *crew, octi_hand *hand, octi_role role)
{
    if (hand->actor == 0 || role != OCTI_CLOSES)
        return;
    hand->retired = true;
    octi_mortal_doom(crew, hand, OCT_E_STATE);
}
