#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/fanout.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/providers.h"
#include "provision/cli/stream.h"
#include "provision/core/lines.h"

enum { THREADS_MAX = CLI_FANOUT_MAX };

struct fanout {
    const cli_session *session;
    const octi_node *const *nodes;
    size_t count;
    cli_fanout_fn fn;
    void *ctx;
    int name_width;
    atomic_size_t next; /* relaxed: only hands out numbers */

    pthread_mutex_t lock; /* guards all below and keeps lines whole */
    int worst;
    oct_error first;
};

/* One node's output; a line goes out as a whole. */
struct sink {
    struct fanout *fanout;
    const char *node;
    octi_lines lines[2]; /* standard output and error */
};

static oct_err write_line(struct sink *sink, int fd, const char *line, size_t length)
{
    octi_buffer whole = {0};
    oct_err code = octi_buffer_printf(&whole, "%-*s | ", sink->fanout->name_width, sink->node);
    if (code == OCT_OK)
        code = octi_buffer_append(&whole, line, length);
    if (code == OCT_OK)
        code = octi_buffer_append(&whole, "\n", 1);
    if (code == OCT_OK) {
        pthread_mutex_lock(&sink->fanout->lock);
        code = cli_stream_write(fd, whole.data, whole.size);
        pthread_mutex_unlock(&sink->fanout->lock);
    }
    octi_buffer_deinit(&whole);
    return code;
}

static oct_err write_output(void *ctx, const char *line, size_t length)
{
    return write_line(ctx, STDOUT_FILENO, line, length);
}

static oct_err write_errors(void *ctx, const char *line, size_t length)
{
    return write_line(ctx, STDERR_FILENO, line, length);
}

static oct_err feed(void *ctx, int stream, const void *bytes, size_t size)
{
    struct sink *sink = ctx;
    return octi_lines_feed(&sink->lines[stream == 1 ? 0 : 1], bytes, size);
}

static bool interrupted(void *ctx)
{
    (void)ctx;
    return cli_interrupts() > 0 || cli_stream_abandoned();
}

static void note_end(struct fanout *fanout, const octi_node *node, oct_err code, int status,
                     const oct_error *err)
{
    pthread_mutex_lock(&fanout->lock);
    if (code == OCT_OK && status > fanout->worst)
        fanout->worst = status;
    if (code != OCT_OK && fanout->first.code == OCT_OK)
        fanout->first = *err;
    if (code != OCT_OK && code != OCT_E_CANCELLED && !cli_stream_abandoned())
        fprintf(stderr, "%-*s | error: %s\n", fanout->name_width, node->name, err->what);
    pthread_mutex_unlock(&fanout->lock);
}

static void do_node(struct fanout *fanout, const octi_provider *provider, const octi_node *node)
{
    struct sink sink = {fanout, node->name, {{.line = write_output}, {.line = write_errors}}};
    sink.lines[0].ctx = sink.lines[1].ctx = &sink;
    octi_exec exec = OCTI_EXEC_INIT;
    exec.output = feed;
    exec.interrupted = interrupted;
    exec.ctx = &sink;
    int status = 0;
    oct_error err = OCT_ERROR_INIT;
    oct_err code = fanout->fn(fanout->ctx, provider, node, &exec, &status, &err);
    for (size_t i = 0; i < 2; i++)
        if (octi_lines_finish(&sink.lines[i]) != OCT_OK && code == OCT_OK)
            code = oct_fail(&err, OCT_E_IO, "cannot write the output");
    note_end(fanout, node, code, status, &err);
}

static void *work(void *argument)
{
    struct fanout *fanout = argument;
    octi_provider provider = {.ops = fanout->session->provider.ops};
    oct_error err = OCT_ERROR_INIT;
    oct_err code = provider.ops->open(&provider.self, &fanout->session->cluster.spec, &err);
    for (;;) {
        size_t i = atomic_fetch_add_explicit(&fanout->next, 1, memory_order_relaxed);
        if (i >= fanout->count || cli_interrupts() > 0 || cli_stream_abandoned())
            break;
        if (code == OCT_OK)
            do_node(fanout, &provider, fanout->nodes[i]);
        else
            note_end(fanout, fanout->nodes[i], code, 0, &err);
    }
    if (code == OCT_OK)
        provider.ops->close(provider.self);
    return NULL;
}

/* Signals stay with the calling thread, which only waits: they are counted, and the
 * threads poll the count. */
static size_t start_threads(struct fanout *fanout, pthread_t *threads, size_t wanted)
{
    sigset_t all, before;
    size_t started = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < wanted && pthread_create(&threads[started], NULL, work, fanout) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

oct_err cli_fanout(const cli_session *session, const octi_node *const *nodes, size_t count, cli_fanout_fn fn,
                   void *ctx, int *worst, oct_error *err)
{
    struct fanout fanout = {
        .session = session, .nodes = nodes, .count = count, .fn = fn, .ctx = ctx, .first = OCT_ERROR_INIT};
    for (size_t i = 0; i < count; i++)
        if ((int)strlen(nodes[i]->name) > fanout.name_width)
            fanout.name_width = (int)strlen(nodes[i]->name);
    pthread_mutex_init(&fanout.lock, NULL);
    cli_interrupt_count(true);

    pthread_t threads[THREADS_MAX];
    size_t started = start_threads(&fanout, threads, count < THREADS_MAX ? count : THREADS_MAX);
    if (started == 0)
        work(&fanout);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);

    if (cli_interrupts() > 0)
        oct_fail(&fanout.first, OCT_E_CANCELLED, "interrupted");
    cli_interrupt_count(false);
    pthread_mutex_destroy(&fanout.lock);
    *worst = fanout.worst;
    if (fanout.first.code != OCT_OK && err)
        *err = fanout.first;
    return fanout.first.code;
}
