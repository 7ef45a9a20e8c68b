/* exec/cluster/cluster.h - one rank's part of a cluster pool.
 *
 * Ranks are equal: each runs tasks on threads of its own (exec/threads), and each may submit. In
 * an isolated pool such a thread has its task run in a worker process (exec/processes), and waits.
 * A job that nobody said a place for waits in `shared`, where this rank's workers and, within
 * their windows, all others are served from; one for a place waits in that peer's `bound`; one that
 * is best where its values are in that peer's `near`, or in `here`, and goes on to `shared` when
 * nobody is free there and somebody is elsewhere. Where a job of another rank runs it is a guest: a
 * job of its own, whose value may stay.
 *
 *   place.c     where a job is to run
 *   origin.c    jobs of this rank that run elsewhere       guest.c   jobs of others that run here
 *   value.c     values that stayed where they were made    close.c   the end
 *   progress.c  who communicates, and when                 outbox.c  batches on their way out
 *   chase.c     whether a wait would ever end
 *
 * Whoever has nothing better to do communicates, one at a time: MPI, and all below that is
 * "guarded by polling", belong to the holder of that lock. So an answer is seen by the very
 * thread that waits for it, without another being woken. Others leave what they want sent
 * (octi_post) and go on. */
#ifndef OCTI_CLUSTER_H
#define OCTI_CLUSTER_H

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/base/buffer.h"
#include "runtime/exec/cluster/line.h"
#include "runtime/exec/cluster/link.h"
#include "runtime/exec/cluster/member.h"
#include "runtime/exec/cluster/record.h"
#include "runtime/exec/executor.h"
#include "runtime/trace/record.h"

typedef struct octi_cluster octi_cluster;
typedef struct octi_post octi_post;
typedef struct octi_parcel octi_parcel;
typedef struct octi_guest octi_guest;
typedef struct octi_asking octi_asking;

/* Something to be sent, left by a thread that does not hold polling. `send` owns it. */
struct octi_post {
    octi_post *next;
    void (*send)(octi_cluster *cluster, octi_post *post);
};

typedef struct octi_peer {
    octi_parcel *open;       /* records that wait for more; guarded by polling */
    int64_t open_since;      /* likewise, and so is what follows */
    bool in_a_hurry;         /* send them now */
    int outstanding;         /* tasks there that have not ended */
    int64_t load_ns;         /* how long they are believed to take, one after another */
    octi_trace_thread *lane; /* where those that ran there are recorded; NULL: none was */
    octi_line bound;         /* jobs for this rank only; guarded by lines */
    octi_line near;          /* jobs whose values are there; guarded by lines */
} octi_peer;

/* Rank 0's latest question to all, see close.c. */
typedef struct octi_wave {
    uint64_t number, begun, unfinished; /* with the answers so far; guarded by polling */
    int answers;
    _Atomic uint32_t complete; /* a futex */
} octi_wave;

/* Of cluster->closing. */
enum { OCTI_CLOSING = 1, OCTI_CLOSING_AT_ONCE = 2 };

/* To communicate before and after a task that takes so long, or to sleep while it runs, is next to nothing of
 * what it takes itself. */
enum { OCTI_LONG_NS = 10000 };

/* What job->where says of a job of this executor. */
enum { OCTI_HERE, OCTI_AWAY, OCTI_GUEST };

struct octi_cluster {
    octi_executor base; /* first */
    octi_executor *local;
    octi_executor *processes; /* where the tasks of local's threads run; NULL: there */
    const octi_link_class *mpi;
    octi_link *link;
    int rank, size;
    octi_member *members;

    pthread_mutex_t lines;
    octi_line shared, here, guests; /* guarded by lines */
    _Atomic size_t shared_count;    /* of the lines, for a look without the lock */
    _Atomic size_t here_count;
    _Atomic size_t guests_count;
    _Atomic size_t bound_count; /* of all peers */
    _Atomic size_t near_count;  /* likewise */
    _Atomic int credit;         /* about how many tasks more the peers have room for */

    _Alignas(64) _Atomic uint32_t polling;
    _Atomic uint32_t wanted; /* somebody found it taken, and wants something */
    _Atomic(octi_post *) posts;
    _Atomic int64_t polled_ns;
    _Atomic int64_t heard_ns;    /* when something last came or went */
    _Atomic int64_t patience_ns; /* how long a thread that waits polls beside workers that are awake */
    _Atomic int awaiting;        /* threads of the program that poll */
    octi_peer *peers;            /* guarded by polling, and so is what follows */
    octi_parcel *spare;          /* parcels to use again */
    octi_guest *first_guest;     /* all that have not ended */
    octi_asking *asking;         /* fetches under way */
    octi_buffer scratch;
    uint64_t next_id;
    unsigned level; /* of the shared job sent last, see origin.c */
    int turn;       /* who is served first */
    octi_wave wave;

    _Atomic int64_t *task_ns; /* by a task's index: how long it takes, smoothed; 0: not known */

    _Atomic uint64_t begun;   /* jobs submitted on this rank */
    _Atomic uint32_t closing; /* a futex: the helper is to stop */
    _Atomic bool broken;      /* `why` is set: a rank is lost */
    oct_error why;
    pthread_t helper;
    bool has_helper;
};

/* ---- progress.c ---- */

/* Moves everything that can move, unless another thread is at it. True when something did. */
bool octi_progress(octi_cluster *cluster);

/* The same for who waits: it looks several times for what may come. */
bool octi_progress_watch(octi_cluster *cluster);

/* The same in two halves, with something done between them that needs polling. The second only after the
 * first was true. */
bool octi_progress_begin(octi_cluster *cluster);
void octi_progress_finish(octi_cluster *cluster);

/* The same after a change that must not be overlooked: if another thread is at it, it will
 * look again. */
void octi_progress_now(octi_cluster *cluster);

/* Leaves a post. Any thread. */
void octi_progress_post(octi_cluster *cluster, octi_post *post);

/* Waits until *word is not 0, communicating meanwhile. */
void octi_progress_until(octi_cluster *cluster, _Atomic uint32_t *word);

/* Communicates for a while, then sleeps, until the job has ended: executor.h's help. */
bool octi_progress_await(octi_executor *executor, octi_job *job, int64_t deadline_ns);

/* Communicates, when nobody else does, until the cluster closes: a thread's main loop. */
void octi_progress_help(octi_cluster *cluster);

/* True for the thread that holds polling. */
bool octi_progress_is_mine(void);

/* Takes polling, so that nobody communicates, and gives it back. */
void octi_progress_stop(octi_cluster *cluster);
void octi_progress_resume(octi_cluster *cluster);

/* Events for a link that is about to close: of what comes nothing matters. */
void octi_progress_ignore(void *cluster, int from, char *data, size_t size, bool *keep);
void octi_progress_sent(void *cluster, void *parcel);

/* No further communication is possible: fails every job that is elsewhere. Holds polling. */
void octi_progress_broke(octi_cluster *cluster, const oct_error *why);

/* ---- outbox.c: holds polling ---- */

/* Room for a record to `to`, of which only the head is filled in; NULL when memory is short.
 * Valid until the next call. `hurry` has everything to that rank sent soon. */
void *octi_outbox_add(octi_cluster *cluster, int to, octi_record_kind kind, uint32_t detail, size_t size,
                      bool hurry);

/* Sends what is in a hurry, large or old; everything with all. */
void octi_outbox_flush(octi_cluster *cluster, int64_t now, bool all);

/* A parcel has gone. */
void octi_outbox_sent(octi_cluster *cluster, octi_parcel *parcel);
void octi_outbox_deinit(octi_cluster *cluster);

/* ---- place.c: any thread ---- */

enum { OCTI_ANYWHERE = -1 };

typedef struct octi_place {
    int rank;     /* or OCTI_ANYWHERE */
    bool is_firm; /* nowhere else, however long it waits there */
} octi_place;

/* Of a QUEUED job. */
octi_place octi_place_of(const octi_cluster *cluster, const octi_job *job);

/* A task took so long, in ns; 0 is not learnt from. */
void octi_place_learn(octi_cluster *cluster, const oct_task *task, int64_t ran_ns);

/* How long a task is believed to take: in ns, 0 when nothing is known; and as the power of two above it,
 * where one that never ran is taken for one of the longest. */
int64_t octi_place_known_ns(const octi_cluster *cluster, const oct_task *task);
unsigned octi_place_level(const octi_cluster *cluster, const oct_task *task);
enum { OCTI_UNKNOWN_LEVEL = 25 };

/* ---- origin.c ---- */

/* Takes a QUEUED job. Any thread. */
void octi_origin_submit(octi_executor *executor, octi_job *job);
bool octi_origin_in_order(octi_executor *executor, const octi_job *job);
void octi_origin_interrupt(octi_executor *executor, octi_job *job);

/* Sends what there is to who has room. Holds polling. */
void octi_origin_distribute(octi_cluster *cluster);
void octi_origin_ended(octi_cluster *cluster, int from, const octi_end_record *record);

/* Where a job of this rank runs, if elsewhere, and its id there. Holds polling. */
bool octi_origin_sent(const octi_cluster *cluster, const octi_job *job, int *rank, uint64_t *id);

/* When a rank is lost: fails what is elsewhere, and what waits for a place elsewhere; the second what came
 * to wait since. */
void octi_origin_lost(octi_cluster *cluster);
void octi_origin_refuse(octi_cluster *cluster);

/* ---- guest.c ---- */

/* The next job for a worker of this rank: a guest, or a shared one. */
octi_job *octi_guest_next(void *cluster);
bool octi_guest_more(void *cluster);

/* Whether an idle worker is to go on communicating. */
bool octi_progress_lingers(void *cluster);

/* Runs it, and learns how long it takes; the second in a worker process. */
bool octi_guest_run(void *cluster, octi_job *job);
bool octi_guest_run_isolated(void *cluster, octi_job *job);

/* Hold polling. `alone`: the message has no other record. */
void octi_guest_arrived(octi_cluster *cluster, int from, const octi_task_record *record, bool alone);
void octi_guest_unwanted(octi_cluster *cluster, int from, uint64_t id);

/* The job that another rank's is here, while it has not ended; NULL. */
octi_job *octi_guest_find(octi_cluster *cluster, int from, uint64_t id);

/* ---- value.c ---- */

/* Where a value is, in the payload of a job that octi_job_is_remote. */
typedef struct octi_location {
    uint64_t value;
    uint64_t size;
    int32_t rank;
    int32_t borrowed; /* another job keeps it */
} octi_location;

octi_location octi_value_location(const octi_job *job);

/* Ends a job whose value is there. */
void octi_value_stays(octi_job *job, octi_location location);

oct_err octi_value_fetch(octi_executor *executor, octi_job *job, oct_error *err);
void octi_value_fetch_all(octi_executor *executor, octi_job *const *jobs, size_t count);
void octi_value_forget(octi_executor *executor, octi_job *job);

/* The value there is not needed any more. Any thread. */
void octi_value_give_up(octi_cluster *cluster, octi_location location);

/* Hold polling. data and keep are the message's, see link.h. */
void octi_value_asked(octi_cluster *cluster, int from, const octi_value_record *record);
void octi_value_arrived(octi_cluster *cluster, const octi_value_record *record, char *data, bool *keep);
void octi_value_lost(octi_cluster *cluster);

/* ---- chase.c ---- */

/* The threads' look (threads.h). */
void octi_chase_begin(void *cluster, octi_job *job, uint64_t wait);

/* Holds polling. */
void octi_chase_arrived(octi_cluster *cluster, int from, const octi_chase_record *record);

/* ---- close.c ---- */

/* Rank 0: waits until nothing runs anywhere, ends the other ranks, frees. */
void octi_cluster_close(octi_executor *executor);

/* The other ranks: serves until rank 0 closes, then ends the process. */
__attribute__((noreturn)) void octi_cluster_serve(octi_cluster *cluster);

/* Hold polling. */
void octi_close_probed(octi_cluster *cluster, int from, const octi_quiet_record *record);
void octi_close_answered(octi_cluster *cluster, const octi_quiet_record *record);
void octi_close_told(octi_cluster *cluster, const octi_record *record);

/* Lets a program that ends without closing its pool end its ranks. */
void octi_close_at_exit(octi_cluster *cluster);

#endif
