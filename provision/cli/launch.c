#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "provision/cli/hangup.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/launch.h"
#include "provision/cli/stream.h"
#include "provision/cli/verdict.h"
#include "provision/core/digest.h"
#include "runtime/base/clock.h"

static const int64_t cancel_again_ns = 1000000000;  /* the job may not be queued yet at the first try */
static const int64_t cancel_limit_ns = 15000000000; /* then the job is left to itself */

struct running {
    const cli_session *session;
    cli_launch *launch;
    int64_t cancelled_ns; /* when cancelling began, or 0 */
    int64_t last_try_ns;
    bool output_lost;    /* nobody reads our output any more */
    cli_verdict verdict; /* of standard error */
    cli_hangup hangup;   /* what that lets pass */
    uint64_t repeated;   /* bytes of standard output that an earlier attempt wrote, too */
    uint64_t repeated_digest;
    cli_guard guard;
};

/* Cancels by name, since srun does not tell the job's number. Failures show in the job's
 * going on, and are tried again. */
static void cancel_job(struct running *running)
{
    static const char *const argv[] = {"octavo-slurm", NULL};
    octi_provider *control = cli_guard_control(&running->guard);
    if (!control)
        return;
    char request[80];
    int length =
        snprintf(request, sizeof(request), "{\"op\":\"cancel\",\"name\":\"%s\"}\n", running->launch->job);
    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.input = request;
    exec.input_size = (size_t)length;
    exec.timeout = 5;
    int status;
    oct_err ignored =
        control->ops->exec(control->self, &running->session->cluster.nodes[0], &exec, &status, NULL);
    (void)ignored;
}

/* Called at least every 200 ms while the program runs. */
static bool should_leave(void *ctx)
{
    struct running *running = ctx;
    if (cli_interrupts() == 0 && !running->output_lost)
        return running->launch->guarded && cli_guard_look(&running->guard);
    int64_t now = octi_clock_ns();
    if (cli_interrupts() > 1 || (running->cancelled_ns && now - running->cancelled_ns > cancel_limit_ns))
        return true;
    if (!running->cancelled_ns)
        running->cancelled_ns = now;
    else if (now - running->last_try_ns < cancel_again_ns)
        return false;
    running->last_try_ns = now;
    cancel_job(running);
    return false;
}

static oct_err write_error(void *ctx, const void *bytes, size_t size)
{
    (void)ctx;
    return cli_stream_write(STDERR_FILENO, bytes, size);
}

static oct_err leave_hangups_out(void *ctx, const void *bytes, size_t size)
{
    return cli_hangup_feed(ctx, bytes, size);
}

/* Passes on what no earlier attempt has. */
static oct_err write_output(struct running *running, const char *bytes, size_t size)
{
    cli_launch *launch = running->launch;
    if (running->repeated < launch->output_size) {
        uint64_t left = launch->output_size - running->repeated;
        size_t known = size < left ? size : (size_t)left;
        running->repeated_digest = octi_digest_add(running->repeated_digest, bytes, known);
        running->repeated += known;
        launch->output_differs |=
            running->repeated == launch->output_size && running->repeated_digest != launch->output_digest;
        bytes += known;
        size -= known;
    }
    launch->output_digest = octi_digest_add(launch->output_digest, bytes, size);
    launch->output_size += size;
    running->repeated += size;
    return cli_stream_write(STDOUT_FILENO, bytes, size);
}

/* When our own output is gone the rest is dropped, and the job is cancelled. */
static oct_err pass_on(void *ctx, int stream, const void *bytes, size_t size)
{
    struct running *running = ctx;
    if (running->output_lost)
        return OCT_OK;
    oct_err code =
        stream == 1 ? write_output(running, bytes, size) : cli_verdict_feed(&running->verdict, bytes, size);
    running->output_lost = code != OCT_OK;
    return OCT_OK;
}

/* Also what `octavo-slurm cancel` is asked for. */
static oct_err name_job(char job[32], oct_error *err)
{
    uint32_t number;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return oct_fail(err, OCT_E_IO, "cannot get a random number: %s", strerror(errno));
    snprintf(job, 32, "octavo-run-%08x", number);
    return OCT_OK;
}

struct command_text {
    char nodes[24], tasks[24], job[48];
};

/* Results that outlived the program, and notes of what ran where (journal/suspects.h), are of no use once it
 * has succeeded. */
static const char journal_script[] =
    "journal=$1; shift\n"
    "OCTAVO_JOURNAL=$journal \"$@\"\n"
    "status=$?\n"
    "[ $status -ne 0 ] || rm -f \"$journal\" \"$journal\".on-* \"$journal\".lost-*\n"
    "exit $status\n";

/* srun gives what it reads to every rank; sbcast needs daemons that are root. The head is a node as
 * well, so that the copy has another name. */
static const char broadcast_script[] =
    "from=$1 to=$2; shift 2\n"
    "receive='mkdir -p \"${1%/*}\" && cat >\"$1.part\" && chmod 755 \"$1.part\" && mv \"$1.part\" \"$1\"'\n"
    "srun --ntasks-per-node=1 sh -c \"$receive\" sh \"$to\" <\"$from\" && exec \"$@\"\n";

/* srun's command line, ending in the program's; some of it points into *text. The caller
 * frees the array. */
static const char **command_line(const cli_launch *launch, struct command_text *text)
{
    const char *const job[] = {
        "salloc", "--quiet", text->nodes,      text->tasks,  "--ntasks-per-node=1", text->job,
        "sh",     "-c",      broadcast_script, "octavo-run", launch->broadcast,     launch->argv[0]};
    const char *const shell[] = {"sh", "-c", journal_script, "octavo-run", launch->journal};
    const char *const head[] = {"srun",        text->nodes,
                                text->tasks,   "--ntasks-per-node=1",
                                "--mpi=pmix",  "--kill-on-bad-exit=1",
                                text->job,     launch->input_fd >= 0 ? "--input=0" : "--input=none",
                                "octavo-node", "task",
                                "--"};
    size_t job_count = launch->broadcast ? sizeof(job) / sizeof(job[0]) : 0;
    size_t shell_count = launch->journal ? sizeof(shell) / sizeof(shell[0]) : 0;
    size_t head_count = sizeof(head) / sizeof(head[0]), count = 0;
    while (launch->argv[count])
        count++;
    snprintf(text->nodes, sizeof(text->nodes), "--nodes=%u", launch->ranks);
    snprintf(text->tasks, sizeof(text->tasks), "--ntasks=%u", launch->ranks);
    snprintf(text->job, sizeof(text->job), "--job-name=%s", launch->job);
    const char **argv = calloc(job_count + shell_count + head_count + count + 1, sizeof(*argv)),
               **next = argv;
    if (argv) {
        next = mempcpy(next, job, job_count * sizeof(*argv));
        next = mempcpy(next, shell, shell_count * sizeof(*argv));
        next = mempcpy(next, head, sizeof(head));
        memcpy(next, launch->argv, count * sizeof(*argv));
    }
    return argv;
}

static void say(struct running *running, const char *line)
{
    if (line)
        running->output_lost |= cli_stream_write(STDERR_FILENO, line, strlen(line)) != OCT_OK;
}

/* Whether something other than the program ended it: the node under a rank, or whoever killed
 * the rank. What the ranks' ends were is told where that is the reason. */
static void find_loss(struct running *running, oct_err code, int status)
{
    cli_launch *launch = running->launch;
    const cli_verdict *verdict = &running->verdict;
    bool failed = (code != OCT_OK || status != 0) && code != OCT_E_TIMEOUT;
    if (launch->guarded && failed && cli_interrupts() == 0 && !running->output_lost) {
        cli_guard_judge(&running->guard, status == 128 + SIGTERM && verdict->status == 0);
        launch->loss = running->guard.loss;
    }
    if (launch->loss.node[0])
        return;
    if (!verdict->ended[0]) { /* nothing else tells of a peer that has gone */
        say(running, running->hangup.first.data);
        return;
    }
    if (launch->guarded && failed && verdict->foreign) {
        launch->loss.rank = true;
        memcpy(launch->loss.node, verdict->node, sizeof(launch->loss.node));
        memcpy(launch->loss.cause, verdict->ended, sizeof(verdict->ended));
    } else if (verdict->keeps_ends) {
        char line[300];
        snprintf(line, sizeof(line), "octavo: %s: %s\n", verdict->node, verdict->ended);
        say(running, line);
    }
}

static oct_err end(struct running *running, oct_err code, double timeout, oct_error *err)
{
    if (running->launch->loss.node[0] && cli_interrupts() == 0) {
        /* Slurm may not have heard of it, and would go on holding the nodes. */
        if (code != OCT_OK && !running->launch->loss.head)
            cancel_job(running);
        code = OCT_OK;
    } else if (code == OCT_E_TIMEOUT) {
        cancel_job(running);
        oct_fail(err, code, "the program did not end within %g s, and was cancelled", timeout);
    } else if (code == OCT_E_CANCELLED || cli_interrupts() > 0) {
        bool waited = code == OCT_OK;
        code = oct_fail(err, OCT_E_CANCELLED, "interrupted: the job is %s",
                        waited ? "cancelled" : "told to end, but has not yet");
        oct_hint(err, "the cluster is still up");
    } else if (code == OCT_OK && running->output_lost) {
        code = oct_fail(err, OCT_E_IO, "cannot write the program's output, so its job was cancelled");
    }
    cli_guard_deinit(&running->guard);
    return code;
}

oct_err cli_launch_run(const cli_session *session, cli_launch *launch, int *status, oct_error *err)
{
    struct running running = {.session = session,
                              .launch = launch,
                              .repeated_digest = OCTI_DIGEST_INIT,
                              .verdict = {.output = write_error, .keeps_ends = launch->guarded},
                              .hangup = {.output = write_error}};
    if (launch->guarded) {
        running.verdict.output = leave_hangups_out;
        running.verdict.ctx = &running.hangup;
    }
    struct command_text text;
    oct_err code = name_job(launch->job, err);
    if (code != OCT_OK)
        return code;
    if (launch->output_size == 0)
        launch->output_digest = OCTI_DIGEST_INIT;
    launch->loss = (cli_loss){0};
    const char **argv = command_line(launch, &text);
    if (!argv)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");

    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.input_fd = launch->input_fd;
    exec.output = pass_on;
    exec.interrupted = should_leave;
    exec.ctx = &running;
    exec.timeout = launch->timeout;
    cli_guard_init(&running.guard, session, launch->ranks);
    cli_interrupt_count(true);
    *status = 0;
    code =
        session->provider.ops->exec(session->provider.self, &session->cluster.nodes[0], &exec, status, err);
    if (cli_verdict_finish(&running.verdict) != OCT_OK || cli_hangup_finish(&running.hangup) != OCT_OK)
        running.output_lost = true;
    if (*status != 0 && running.verdict.status != 0)
        *status = running.verdict.status;
    find_loss(&running, code, *status);
    if (launch->loss.node[0] && *status == 0)
        *status = 128 + SIGKILL;
    code = end(&running, code, launch->timeout, err);
    cli_interrupt_count(false);
    cli_hangup_deinit(&running.hangup);
    free(argv);
    return code;
}
