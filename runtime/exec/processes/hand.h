/* exec/processes/hand.h - one worker process as the program sees it.
 *
 * Jobs are sent ahead, so that a worker need not wait for the next one; what it has not begun
 * can be taken back. All of it belongs to whoever holds the pool's attention (processes.c). */
#ifndef OCTI_HAND_H
#define OCTI_HAND_H

#include "runtime/base/buffer.h"
#include "runtime/exec/job.h"
#include "runtime/exec/processes/queue.h"
#include "runtime/exec/processes/slot.h"
#include "runtime/exec/processes/stream.h"
#include "runtime/trace/record.h"

/* How many jobs are sent ahead: few while tasks are long, since what was sent can neither be
 * cancelled as if it had not started, nor start elsewhere at once. */
enum { OCTI_WINDOW_MIN = 2, OCTI_WINDOW = 128 };

typedef enum octi_hand_state {
    OCTI_HAND_NONE,     /* no process */
    OCTI_HAND_STARTING, /* asked for */
    OCTI_HAND_READY,
    OCTI_HAND_DOOMED, /* to be killed, or dead and not yet buried */
} octi_hand_state;

/* A job at the worker, and where its request begins and ends in the ring. */
typedef struct octi_sent {
    octi_job *job;
    uint64_t position, end;
} octi_sent;

/* A reply to what a task of this worker submitted. */
typedef struct octi_answer {
    struct octi_answer *next;
    size_t size;
    char bytes[];
} octi_answer;

typedef struct octi_hand {
    octi_slot *slot;
    octi_hand_state state;
    uint32_t life;   /* counts the processes that were here */
    uint32_t barren; /* deaths in a row without a task to blame */

    uint64_t actor; /* the one that lives here, and all that runs here are its calls; 0: none */
    octi_queue own; /* those that wait; empty without one */
    bool retired;   /* it is closed, and the process is to go */

    octi_ring_writer requests;
    octi_outgoing request_out; /* the rest of what is in `request` */
    octi_buffer request;
    octi_ring_reader replies;
    octi_incoming inbox;

    octi_sent sent[OCTI_WINDOW]; /* oldest at `first` */
    uint32_t first;
    uint32_t count;
    uint32_t window;         /* how many there may be; doubled when the worker runs dry */
    uint64_t finished;       /* tasks, to see whether it moves */
    uint64_t finished_seen;  /* by the latest look for tasks that are stuck */
    int64_t stuck_ns;        /* since when it is so many */
    bool full;               /* its ring has no room for the next request */
    bool touched;            /* it was sent something, and its bell is not rung yet */
    int64_t kill_ns;         /* when the running task's time is up; 0: never */
    oct_err doom;            /* why its running task is killed, or OCT_OK */
    octi_trace_thread *lane; /* where its tasks are recorded, of all its lives; NULL: none was */

    uint32_t nested;   /* requests of its tasks that have not ended */
    uint32_t answered; /* those that have, to compare with slot->heard */
    uint32_t held_up;  /* circle.c's, while it looks: */
    bool is_suspect;   /* the task waits, as far as is known for ever */
    octi_ring_writer answers;
    octi_outgoing answer_out;
    octi_answer *first_answer, *last_answer; /* the first is going out while answer_out is open */
} octi_hand;

/* As for a process that is about to be born. */
void octi_hand_reset(octi_hand *hand);
void octi_hand_deinit(octi_hand *hand);

/* True when it can be sent a job now. Nothing is sent behind a task that may wait for nested ones, but
 * for an actor's calls: they have nowhere else to go. */
static inline bool octi_hand_has_room(const octi_hand *hand)
{
    return hand->state == OCTI_HAND_READY && hand->count < hand->window && !hand->full &&
           !hand->request_out.open && hand->kill_ns == 0 && (hand->nested == 0 || hand->actor != 0);
}

/* Sends the bytes in hand->request as a RUNNING job's. False when there is no room. */
bool octi_hand_send(octi_hand *hand, octi_job *job);

/* Goes on with what did not fit. True when something moved. */
bool octi_hand_flush(octi_hand *hand);

/* True when something waits for room in a ring of its worker. */
static inline bool octi_hand_is_blocked(const octi_hand *hand)
{
    return hand->request_out.open || hand->first_answer;
}

/* True when there may be room now for what waited for it. */
static inline bool octi_hand_can_flush(const octi_hand *hand)
{
    return (hand->request_out.open && octi_ring_has_drained(&hand->requests)) ||
           (hand->first_answer && octi_ring_has_drained(&hand->answers));
}

/* The oldest job, taken out; NULL when there is none. */
octi_job *octi_hand_finish(octi_hand *hand);

/* True when the oldest job was begun. */
bool octi_hand_runs(const octi_hand *hand);

/* Takes the latest job that was not begun out, if any: NULL otherwise. To be called until then,
 * after octi_hand_revoke. */
octi_job *octi_hand_take_back(octi_hand *hand, uint64_t from);

/* Keeps the worker from beginning what it has not begun; gives where that starts. False while a
 * request is half sent or half read: the rest of it must still come. */
bool octi_hand_revoke(octi_hand *hand, uint64_t *from);

/* Has the bytes sent as an answer, which it owns from now on. */
void octi_hand_answer(octi_hand *hand, octi_answer *answer);

#endif
