/* exec/processes/crew.h - a processes pool in the program: its queue, its workers, and who
 * tends them.
 *
 * Whoever has the attention moves everything that can move: jobs to workers, replies to jobs,
 * the dead to the zygote. A thread that submits or waits takes it if it is free, so that a
 * short task costs no switch between threads; else a thread of the pool's own is woken by the
 * workers' bell. Nobody waits for the attention: who does not get it leaves word first
 * (submitted, news, unwanted), and the holder looks once more after it let go.
 *
 *   processes.c  the executor's calls     crew.c   the attention, and a round of work
 *   mortal.c     births, deaths, kills    relay.c  what tasks submit
 *   queue.c      jobs that wait           hand.c   one worker
 *   home.c       processes of actors      errand.c requests of another executor
 *   circle.c     waits without end */
#ifndef OCTI_CREW_H
#define OCTI_CREW_H

#include <pthread.h>

#include "runtime/exec/executor.h"
#include "runtime/exec/processes/hand.h"
#include "runtime/exec/processes/queue.h"
#include "runtime/exec/processes/zygote.h"

/* Beyond the workers that were asked for, for tasks that wait for nested ones. */
enum { OCTI_EXTRA_WORKERS = 448 };

typedef struct octi_crew {
    octi_executor base; /* first */
    octi_zygote zygote;
    octi_shared *shared;
    size_t shared_size;

    _Atomic(octi_job *) submitted; /* a stack, linked through job->executor */
    _Alignas(64) _Atomic uint32_t attended;
    _Atomic bool has_news; /* also set by an interrupt */
    _Atomic bool lost;     /* the zygote is gone */
    _Atomic bool closing;
    _Atomic int64_t sleeps_until; /* the tender's time-out; INT64_MAX: none */
    pthread_t tender, listener;

    pthread_mutex_t words_lock; /* guards the next two */
    octi_news *words;           /* in the order in which they came */
    size_t words_count, words_capacity;
    octi_job **unwanted; /* a reference each */
    size_t unwanted_count, unwanted_capacity;

    /* What follows belongs to the holder of the attention. */
    octi_queue queue;
    octi_hand *hands;
    _Atomic int hand_count; /* of them, that were ever used; only grows */
    int hand_limit;
    int64_t refused_ns;       /* when the machine gave no further process; 0: it did */
    int64_t waiting_since_ns; /* all workers, for a process that is refused; 0: they do not */
    int served;               /* requests of workers that the program answers, not yet answered */
    int homes;                /* hands that have an actor */
    uint64_t *lost_actors;    /* their processes died */
    size_t lost_actor_count;
    int64_t look_again_ns; /* for stuck tasks and time limits; 0: no need */
    int64_t circle_ns;     /* no earlier the next look for circles */
} octi_crew;

/* ---- crew.c ---- */

/* Has the crew looked at again at a time of octi_clock_ns. */
void octi_crew_look_again(octi_crew *crew, int64_t when);

/* Moves everything that can move; when another has the attention, it will. */
void octi_crew_tend(octi_crew *crew);

/* Tends the crew for a short while, until the job has ended. False when it has not. */
bool octi_crew_tend_for(octi_crew *crew, const octi_job *job);

/* The tender's life. `crew` is an octi_crew. */
void *octi_crew_tender(void *crew);

/* Reads what the worker sent. True when there was something. */
bool octi_crew_collect(octi_crew *crew, octi_hand *hand);

/* Sends a job that has started. */
void octi_crew_send(octi_crew *crew, octi_hand *hand, octi_job *job);

/* Puts a job that has started back, to be run before others, without counting an attempt. */
void octi_crew_again(octi_crew *crew, octi_job *job);

/* Takes everything back that the worker has not begun. */
void octi_crew_recall(octi_crew *crew, octi_hand *hand);

/* Lets go of a job that was cancelled while it was queued. */
void octi_crew_drop(octi_crew *crew, octi_job *job);

/* Ends a job that has started. */
void octi_crew_fail(octi_crew *crew, octi_job *job, const oct_failure *failure);
void octi_crew_fail_with(octi_crew *crew, octi_job *job, const oct_error *error);

/* ---- mortal.c ---- */

/* Acts on news and interrupts. True when there were any. */
bool octi_mortal_hear(octi_crew *crew);

/* The listener's life. `crew` is an octi_crew. */
void *octi_mortal_listener(void *crew);

/* Has a process started there. */
void octi_mortal_bear(octi_crew *crew, octi_hand *hand);

/* Has the running task killed because of `why`. */
void octi_mortal_doom(octi_crew *crew, octi_hand *hand, oct_err why);

/* Gives workers that wait for nested tasks a replacement, while jobs wait. */
void octi_mortal_relieve(octi_crew *crew);

/* A slot without a process; NULL when there can be no more. */
octi_hand *octi_mortal_free_hand(octi_crew *crew);

/* True when its task waits for a nested one that has not ended. */
bool octi_mortal_is_stuck(const octi_hand *hand);

/* ---- home.c ---- */

/* Where the actor lives whose call the job is; NULL: it is none, or there is no such actor. */
octi_hand *octi_home_of(const octi_crew *crew, const octi_job *job);

/* Sees to a QUEUED job that is a call; false when it is none. */
bool octi_home_route(octi_crew *crew, octi_job *job);

/* Sends calls to actors that have room. True when something moved. */
bool octi_home_distribute(octi_crew *crew);

/* A call of that role has ended there. */
void octi_home_ended(octi_crew *crew, octi_hand *hand, octi_role role);

/* The process of the actor there is gone: it takes its calls with it. */
void octi_home_lost(octi_crew *crew, octi_hand *hand);

/* ---- circle.c ---- */

/* Looks for tasks that wait for each other, now or, when it has just looked, soon. True when it has
 * broken a circle: one request of it has failed with OCT_E_DEADLOCK. */
bool octi_circle_break(octi_crew *crew);

/* ---- relay.c ---- */

/* What submitting the job meant. */
octi_role octi_relay_role(const octi_job *job);

/* True for a job that carries what a task of a worker submitted. */
bool octi_relay_is(const octi_job *job);

/* A job for a request. NULL when memory is short. */
octi_job *octi_relay_create(octi_crew *crew, const octi_nested *from, const char *bytes, size_t size);

/* The worker whose task asked; NULL: it is gone, or it was another executor's thread. */
octi_hand *octi_relay_origin(const octi_crew *crew, const octi_job *job);

/* The worker whose process has that name among those that wait for something shared; NULL: none of the
 * crew's. */
octi_hand *octi_relay_named(const octi_crew *crew, uint64_t who);

/* Has the reply appended there before the job ends, rather than sent to a worker. */
void octi_relay_send_home(octi_job *job, octi_buffer *reply);

/* Queues it. */
void octi_relay_adopt(octi_crew *crew, octi_hand *hand, const char *bytes, size_t size);

/* Passes the program's answer on; false for any other job. */
bool octi_relay_finish(octi_crew *crew, octi_job *job);

/* The hand's process is gone. */
void octi_relay_died(const octi_crew *crew, const octi_hand *hand);

/* As octi_wire_request. OCT_E_CANCELLED when the worker that asked is gone. */
OCT_NODISCARD oct_err octi_relay_write(const octi_crew *crew, const octi_job *job, octi_buffer *to,
                                       oct_error *err);

/* As octi_wire_reply. */
bool octi_relay_read(octi_crew *crew, octi_job *job, const char *bytes, size_t size);

/* Passes on that it failed; the job is the caller's to end. */
void octi_relay_fail(octi_crew *crew, octi_job *job, const oct_failure *failure);

/* Puts the real task and its arguments in; uses the request up. */
void octi_relay_describe(octi_job *job, oct_failure *failure);

#endif
