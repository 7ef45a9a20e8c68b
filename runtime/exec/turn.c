#include "runtime/exec/turn.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct line line;

struct octi_turn {
    octi_waiter waiter; /* first */
    octi_turn *next, *previous;
    line *line;
    octi_job *job;
    octi_turn_fn hand_over;
    bool ready, sent;
};

struct line {
    line *next;
    uint64_t actor;
    octi_turn *first, *last;
    octi_turn *unsent; /* the first that was not handed over */
    octi_turn *alone;  /* was handed over, and must end before others are */
    bool is_handing;   /* a thread hands calls over: it will look once more */
};

/* By the actor's id, which is random. The lock guards all lines of a bucket and what is in them, and
 * their jobs' more->turn. */
typedef struct bucket {
    _Alignas(64) pthread_mutex_t lock;
    line *lines;
} bucket;

enum { BUCKETS = 64 };

static bucket buckets[BUCKETS] = {[0 ... BUCKETS - 1] = {.lock = PTHREAD_MUTEX_INITIALIZER}};

static bucket *bucket_of(uint64_t actor)
{
    return &buckets[actor % BUCKETS];
}

static line *find_line(bucket *home, uint64_t actor)
{
    line *self = home->lines;
    while (self && self->actor != actor)
        self = self->next;
    return self;
}

static line *make_line(bucket *home, uint64_t actor)
{
    line *self = calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    self->actor = actor;
    self->next = home->lines;
    home->lines = self;
    return self;
}

static void drop_line(bucket *home, line *self)
{
    line **link = &home->lines;
    while (*link != self)
        link = &(*link)->next;
    *link = self->next;
    free(self);
}

/* Hands over what can be; the line may be gone afterwards. The lock is let go meanwhile, and nobody
 * else hands over: so calls are given away in their order. */
static void hand_over(bucket *home, line *self)
{
    if (self->is_handing)
        return;
    self->is_handing = true;
    while (self->unsent && self->unsent->ready && !self->alone) {
        octi_turn *turn = self->unsent;
        octi_job *job = turn->job;
        octi_turn_fn give = turn->hand_over; /* the turn may be gone as soon as the lock is */
        turn->sent = true;
        self->unsent = turn->next;
        self->alone = turn;
        pthread_mutex_unlock(&home->lock);
        bool others_may_follow = give(job);
        pthread_mutex_lock(&home->lock);
        if (others_may_follow && self->alone == turn)
            self->alone = NULL;
    }
    self->is_handing = false;
    if (!self->first)
        drop_line(home, self);
}

static void leave(octi_turn *turn)
{
    line *self = turn->line;
    *(turn->previous ? &turn->previous->next : &self->first) = turn->next;
    *(turn->next ? &turn->next->previous : &self->last) = turn->previous;
    if (self->unsent == turn)
        self->unsent = turn->next;
    if (self->alone == turn)
        self->alone = NULL;
    turn->job->more->turn = NULL;
}

static void job_ended(octi_waiter *waiter, octi_job *job)
{
    octi_turn *turn = (octi_turn *)waiter;
    line *self = turn->line;
    bucket *home = bucket_of(self->actor);
    pthread_mutex_lock(&home->lock);
    bool is_ours = turn->ready && !turn->sent; /* cancelled while it was here */
    leave(turn);
    hand_over(home, self);
    pthread_mutex_unlock(&home->lock);
    free(turn);
    if (is_ours)
        octi_job_unref(job);
}

oct_err octi_turn_take(octi_job *job, octi_turn_fn fn)
{
    octi_turn *turn = malloc(sizeof(*turn));
    uint64_t actor = job->more->actor;
    bucket *home = bucket_of(actor);
    pthread_mutex_lock(&home->lock);
    line *self = turn ? find_line(home, actor) : NULL;
    if (turn && !self)
        self = make_line(home, actor);
    if (self) {
        *turn = (octi_turn){
            .waiter = {NULL, job_ended}, .previous = self->last, .line = self, .job = job, .hand_over = fn};
        *(self->last ? &self->last->next : &self->first) = turn;
        self->last = turn;
        if (!self->unsent)
            self->unsent = turn;
        job->more->turn = turn;
    }
    pthread_mutex_unlock(&home->lock);
    if (!self) {
        free(turn);
        return OCT_E_NOMEM;
    }
    if (!octi_job_listen(job, &turn->waiter)) /* oct_pool_cancel was quick */
        job_ended(&turn->waiter, job);
    return OCT_OK;
}

void octi_turn_ready(octi_job *job)
{
    bucket *home = bucket_of(job->more->actor);
    pthread_mutex_lock(&home->lock);
    octi_turn *turn = job->more->turn;
    if (turn) {
        turn->ready = true;
        hand_over(home, turn->line);
    }
    pthread_mutex_unlock(&home->lock);
    if (!turn)
        octi_job_unref(job); /* cancelled just now */
}

octi_job *octi_turn_ahead(octi_job *job)
{
    bucket *home = bucket_of(job->more->actor);
    octi_job *ahead = NULL;
    pthread_mutex_lock(&home->lock);
    octi_turn *turn = job->more->turn;
    if (turn && !turn->sent && turn->line->first != turn) {
        ahead = turn->line->first->job; /* not freed before it has left the line */
        octi_job_ref(ahead);
    }
    pthread_mutex_unlock(&home->lock);
    return ahead;
}
