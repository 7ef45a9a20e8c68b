#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "oct/trace.h"
#include "runtime/base/clock.h"
#include "runtime/trace/record.h"

enum { BAR = 30, TERMINAL_MS = 100, PLAIN_MS = 2000 };

struct oct_progress {
    char label[64];
    bool on_terminal;
    int64_t began_ns;
    int64_t expected_before, ended_before;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop; /* guarded by lock */
};

static void count(int64_t *expected, int64_t *ended)
{
    *expected = *ended = 0;
    for (const octi_trace_thread *thread = octi_trace_threads(); thread; thread = thread->next) {
        *expected += atomic_load_explicit(&thread->expected, memory_order_relaxed);
        *ended += atomic_load_explicit(&thread->ended, memory_order_relaxed);
    }
}

/* ", about 12 s left", by what was done so far; "" where that tells nothing yet, or no more. */
static void estimate(double share, double seconds, char *text, size_t size)
{
    text[0] = '\0';
    if (share > 0 && share < 1 && seconds >= 1)
        snprintf(text, size, ", about %.0f s left", seconds * (1 - share) / share);
}

static void show(const oct_progress *self, bool last)
{
    int64_t expected, ended;
    count(&expected, &ended);
    expected -= self->expected_before;
    ended -= self->ended_before;
    double seconds = 1e-9 * (double)(octi_clock_ns() - self->began_ns);
    double share = expected > 0 ? (double)ended / (double)expected : 0;
    char bar[BAR + 1], left[48];
    estimate(share, seconds, left, sizeof(left));
    for (int i = 0; i < BAR; i++)
        bar[i] = i < share * BAR ? '#' : '.';
    bar[BAR] = '\0';
    if (self->on_terminal)
        fprintf(stderr, "\r%s [%s] %lld/%lld  %.1f s%s\033[K%s", self->label, bar, (long long)ended,
                (long long)expected, seconds, left, last ? "\n" : "");
    else
        fprintf(stderr, "%s: %lld of %lld, %.1f s%s\n", self->label, (long long)ended, (long long)expected,
                seconds, left);
}

static void *run(void *arg)
{
    oct_progress *self = arg;
    long period = (self->on_terminal ? TERMINAL_MS : PLAIN_MS) * 1000000L;
    pthread_mutex_lock(&self->lock);
    while (!self->stop) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (until.tv_nsec + period) / 1000000000;
        until.tv_nsec = (until.tv_nsec + period) % 1000000000;
        pthread_cond_timedwait(&self->changed, &self->lock, &until);
        if (!self->stop)
            show(self, false);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

oct_progress *oct_progress_open(oct_pool *pool, const char *label)
{
    oct_progress *self = pool ? calloc(1, sizeof(*self)) : NULL;
    oct_err code = self && !octi_trace_on() ? oct_trace_start(NULL) : OCT_OK;
    if (!self || code != OCT_OK) {
        free(self);
        return NULL;
    }
    snprintf(self->label, sizeof(self->label), "%s", label);
    self->on_terminal = isatty(STDERR_FILENO);
    self->began_ns = octi_clock_ns();
    count(&self->expected_before, &self->ended_before);
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&self->thread, NULL, run, self) == 0)
        return self;
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
    return NULL;
}

void oct_progress_close(oct_progress *self)
{
    if (!self)
        return;
    pthread_mutex_lock(&self->lock);
    self->stop = true;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    show(self, true);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
}
