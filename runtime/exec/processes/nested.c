#include <signal.h>
#include <string.h>

#include "runtime/exec/executor.h"
#include "runtime/exec/gate.h"
#include "runtime/exec/pool.h"
#include "runtime/exec/processes/nested.h"
#include "runtime/exec/wire.h"

/* One a worker process. */
typedef struct nested {
    octi_executor base; /* first */
    octi_port *port;
    _Atomic uint64_t sent; /* requests: the way to their answers is through another process, and what
                              threads of this one may see of it they must be told here */
    pthread_mutex_t lock;  /* guards what follows */
    bool receiving;
    octi_buffer request;
} nested;

static nested self = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* A thread rather than whoever waits: tasks may wait by callbacks, for many, or not at all. */
static void *receive_answers(void *unused)
{
    octi_incoming inbox = {0};
    octi_slot *slot = self.port->slot;
    (void)unused;
    for (;;) {
        octi_message answer = octi_port_receive(self.port, &slot->answers, &slot->answers_bell, &inbox);
        octi_nested from;
        (void)atomic_load_explicit(&self.sent, memory_order_acquire);
        if (answer.kind == OCTI_MSG_ANSWER && answer.data && answer.size >= sizeof(from)) {
            memcpy(&from, answer.data, sizeof(from));
            octi_wire_reply((octi_job *)(uintptr_t)from.job, answer.data + sizeof(from),
                            answer.size - sizeof(from));
        }
        atomic_fetch_add_explicit(&slot->heard, 1, memory_order_release);
    }
    return NULL;
}

static oct_err start_receiving(oct_error *err)
{
    if (self.receiving)
        return OCT_OK;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, receive_answers, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return oct_fail(err, OCT_E_EXHAUSTED, "cannot start a thread in a worker: %s", strerror(error));
    pthread_detach(thread);
    self.receiving = true;
    return OCT_OK;
}

/* The program counts the attempts: here the job runs once. */
static oct_err send_request(octi_job *job, oct_error *err)
{
    octi_nested from = {.job = (uintptr_t)job, .role = job->task->role};
    if (job->more) {
        from.actor = job->more->actor;
        from.retries = job->more->options.retries;
        from.priority = job->more->options.priority;
        from.time_limit = job->more->options.time_limit;
        job->more->options.retries = 0;
    }
    oct_err code = start_receiving(err);
    if (code != OCT_OK)
        return code;
    self.request.size = 0;
    code = octi_buffer_append(&self.request, &from, sizeof(from));
    if (code == OCT_OK)
        code = octi_wire_request(job, &self.request, err);
    else
        oct_fail(err, code, "out of memory for '%s'", job->task->name);
    atomic_fetch_add_explicit(&self.sent, 1, memory_order_release);
    if (code == OCT_OK)
        octi_port_send(self.port, OCTI_MSG_NESTED, self.request.data, self.request.size, true);
    return code;
}

static void submit(octi_executor *executor, octi_job *job)
{
    (void)executor;
    if (!octi_job_start(job)) {
        octi_job_unref(job); /* cancelled while it was queued */
        return;
    }
    oct_error error;
    pthread_mutex_lock(&self.lock);
    oct_err code = send_request(job, &error);
    pthread_mutex_unlock(&self.lock);
    if (code != OCT_OK)
        octi_job_fail(job, &error);
}

/* The program has messages of one worker in their order. */
static bool in_order(octi_executor *executor, const octi_job *job)
{
    (void)executor, (void)job;
    return true;
}

/* By the thread that hears the answer, however long it takes until the one that waits runs: so
 * who is counted when all answers have been heard really waits. */
static void stop_waiting(octi_waiter *waiter, octi_job *job)
{
    atomic_fetch_sub_explicit(&self.port->slot->waiting, 1, memory_order_relaxed);
    octi_gate_fire(waiter, job);
}

/* Tells the program that this worker is of no use meanwhile, so that another takes its place. With
 * a time limit it goes on by itself. */
static bool help(octi_executor *executor, octi_job *job, int64_t deadline_ns)
{
    (void)executor;
    if (deadline_ns > 0)
        return octi_job_sleep(job, deadline_ns);
    octi_gate gate;
    octi_gate_init(&gate);
    gate.waiter.fn = stop_waiting;
    atomic_fetch_add_explicit(&self.port->slot->waiting, 1, memory_order_seq_cst);
    if (!octi_job_listen(job, &gate.waiter)) {
        atomic_fetch_sub_explicit(&self.port->slot->waiting, 1, memory_order_relaxed);
        return true;
    }
    octi_bell_ring(self.port->program);
    octi_gate_wait(&gate);
    return true;
}

static const octi_executor_class nested_class = {
    .kind = "processes", .submit = submit, .in_order = in_order, .help = help};

void octi_nested_install(octi_port *port, oct_pool *pool)
{
    self.base = *pool->executor;
    self.base.class = &nested_class;
    self.base.is_program = false;
    self.port = port;
    pool->executor = &self.base;
}
